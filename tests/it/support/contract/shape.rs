//! Whether a JSON value has the shape that its schema gives: known fields, JSON types, formats, enum words.

use serde_json::Value;

/// Whose words are checked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// The caller's: fields that are Google's to write are breaches.
    Request,
    /// Google's: what protobuf's JSON writer never writes is a breach.
    Answer,
}

/// Fields that Google writes even when they hold their default: optional ones and members of a oneof (what Google's
/// Rust clients have as an `Option`), and those of Cloud Billing, as its tools show them.
const WRITTEN: [&str; 9] = [
    "billingAccountName",
    "billingEnabled",
    "boolValue",
    "doubleValue",
    "enabled",
    "int64Value",
    "manualInstanceCount",
    "maxRetries",
    "stringValue",
];

/// Whether a field holds what protobuf's JSON writer leaves out.
fn is_default(schema: &Value, value: &Value) -> bool {
    match value {
        Value::Bool(value) => !value,
        Value::Number(value) => value.as_f64() == Some(0.0),
        Value::String(value) => {
            let unsaid = schema["enum"].is_array() && value.ends_with("_UNSPECIFIED");
            value.is_empty() || unsaid || value == "0" && schema["format"].is_string()
        }
        _ => false,
    }
}

/// Adds what in `value` breaks `schema` to `breaches`; `place` is how sentences name the value.
pub(super) fn check(
    side: Side,
    document: &Value,
    schema: &Value,
    value: &Value,
    place: &str,
    breaches: &mut Vec<String>,
) {
    if let Some(name) = schema["$ref"].as_str() {
        return check(side, document, &document["schemas"][name], value, place, breaches);
    }
    if side == Side::Answer && value.is_null() {
        breaches.push(format!("{place} is null, which Google leaves out"));
        return;
    }
    match schema["type"].as_str() {
        Some("object") => {
            let Some(object) = value.as_object() else {
                breaches.push(format!("{place} is no object: {value}"));
                return;
            };
            let properties = schema["properties"].as_object().filter(|known| !known.is_empty());
            if side == Side::Answer && properties.is_none() && schema.get("additionalProperties").is_none() {
                breaches.extend(object.keys().map(|key| format!("{place} has no field `{key}`")));
                return;
            }
            // Cloud Storage and the token endpoint have none behind their JSON.
            let of_protobuf = document["name"].as_str().is_some_and(|name| name != "storage");
            for (key, inner) in object {
                let known = schema["properties"].get(key).or_else(|| schema.get("additionalProperties"));
                match known {
                    Some(schema) if side == Side::Request && schema["readOnly"] == true => {
                        breaches.push(format!("{place}.{key} is for Google to write"))
                    }
                    Some(schema) if side == Side::Answer && schema["writeOnly"] == true => {
                        breaches.push(format!("{place}.{key} is for callers to write"))
                    }
                    Some(schema)
                        if side == Side::Answer
                            && properties.is_some()
                            && of_protobuf
                            && is_default(schema, inner)
                            && !WRITTEN.contains(&key.as_str()) =>
                    {
                        breaches.push(format!("{place}.{key} is {inner}, which Google leaves out"))
                    }
                    Some(schema) => check(side, document, schema, inner, &format!("{place}.{key}"), breaches),
                    None => breaches.push(format!("{place} has no field `{key}`")),
                }
            }
            if side == Side::Answer {
                // An operation's outcome and an error's details may be any message, and name which.
                let any = properties.into_iter().flat_map(|known| match known.contains_key("done") {
                    true => ["metadata", "response"].as_slice(),
                    false => ["details"].as_slice(),
                });
                let packed = any.filter_map(|name| object.get(*name)).flat_map(|value| match value {
                    Value::Array(items) => items.as_slice(),
                    other => std::slice::from_ref(other),
                });
                let nameless = packed.filter(|value| value.is_object() && value.get("@type").is_none());
                breaches.extend(nameless.map(|value| format!("{place} holds what names no type: {value}")));
                if object.contains_key("@type") {
                    super::answers::typed(document, object, place, breaches);
                }
            }
        }
        Some("array") => match value.as_array() {
            Some(items) if items.is_empty() && side == Side::Answer => {
                breaches.push(format!("{place} is an empty list, which Google leaves out"))
            }
            Some(items) => items.iter().enumerate().for_each(|(index, item)| {
                check(side, document, &schema["items"], item, &format!("{place}[{index}]"), breaches)
            }),
            None => breaches.push(format!("{place} is no list: {value}")),
        },
        Some("any") | None => {}
        Some(_) => breaches.extend(scalar(schema, value, false).map(|why| format!("{place}: {why}"))),
    }
}

/// Why a scalar does not fit. 64-bit numbers are texts in Google's JSON; in a query all are.
pub(super) fn scalar(schema: &Value, value: &Value, query: bool) -> Option<String> {
    let format = schema["format"].as_str().unwrap_or_default();
    let text = value.as_str();
    let fits = match schema["type"].as_str().unwrap_or_default() {
        "string" => text.is_some_and(|text| is_of_format(format, text)),
        "boolean" => value.is_boolean() || query && matches!(text, Some("true" | "false")),
        "integer" => {
            let number = value.as_i64().or(text.filter(|_| query).and_then(|text| text.parse().ok()));
            number.is_some_and(|number| i32::try_from(number).is_ok())
        }
        "number" => value.is_number() || query && text.is_some_and(|text| text.parse::<f64>().is_ok()),
        _ => true,
    };
    if !fits {
        return Some(format!("{value} is no {} {format}", schema["type"].as_str().unwrap_or_default()));
    }
    let legal = schema["enum"].as_array().is_none_or(|words| words.iter().any(|word| word == value));
    (!legal).then(|| format!("{value} is none of {}", schema["enum"]))
}

/// Whether a text is what protobuf's JSON form makes of the format.
fn is_of_format(format: &str, text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match format {
        "int64" => text.parse::<i64>().is_ok(),
        "uint64" => text.parse::<u64>().is_ok(),
        "google-duration" => text.strip_suffix('s').is_some_and(|number| {
            let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
            digits(whole.trim_start_matches('-')) && digits(fraction) && fraction.len() <= 9
        }),
        "google-datetime" | "date-time" => is_moment(text),
        "date" => text.len() == 10 && is_moment(&format!("{text}T00:00:00Z")),
        "byte" => text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=-_".contains(&byte)),
        _ => true,
    }
}

/// Whether a text is a moment of RFC 3339, as `2026-11-30T12:00:00.123456Z`.
fn is_moment(text: &str) -> bool {
    let form = b"dddd-dd-ddTdd:dd:dd";
    let bytes = text.as_bytes();
    let begins = bytes.len() > form.len()
        && form.iter().zip(bytes).all(|(form, byte)| match form {
            b'd' => byte.is_ascii_digit(),
            other => byte == other,
        });
    let rest = bytes.get(form.len()..).unwrap_or_default();
    let zone = rest.iter().position(|byte| b"Z+-".contains(byte)).unwrap_or(rest.len());
    let (fraction, zone) = rest.split_at(zone);
    let fraction_fits = match fraction {
        [] => true,
        [b'.', digits @ ..] => !digits.is_empty() && digits.len() <= 9 && digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    begins && fraction_fits && (zone == b"Z" || zone.len() == 6)
}
