//! Google's contract: every request is checked against Google's own schemas: a known method and
//! path, known query parameters, no unknown field in the body, the right JSON types, legal values.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::Value;

/// The APIs, by the name the journal gives them, and their schemas.
const FILES: [(&str, &[&str]); 15] = [
    ("STS", &["sts.v1.json"]),
    ("IAMCREDENTIALS", &["iamcredentials.v1.json"]),
    ("SERVICEUSAGE", &["serviceusage.v1.json"]),
    ("SECRETMANAGER", &["secretmanager.v1.json"]),
    ("CLOUDBUILD", &["cloudbuild.v1.json"]),
    ("RUN", &["run.v2.json", "run.v1.json"]),
    ("STORAGE", &["storage.v1.json"]),
    ("IAM", &["iam.v1.json"]),
    ("CLOUDRESOURCEMANAGER", &["cloudresourcemanager.v3.json", "cloudresourcemanager.v1.json"]),
    ("ARTIFACTREGISTRY", &["artifactregistry.v1.json"]),
    ("LOGGING", &["logging.v2.json"]),
    ("MONITORING", &["monitoring.v3.json"]),
    ("CLOUDBILLING", &["cloudbilling.v1.json"]),
    ("BILLINGBUDGETS", &["billingbudgets.v1.json"]),
    ("FIREBASEHOSTING", &["firebasehosting.v1beta1.json"]),
];

fn documents(api: &str) -> &'static [Value] {
    static ALL: OnceLock<BTreeMap<&str, Vec<Value>>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        let read = |file: &&str| {
            let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemas").join(file);
            let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            serde_json::from_str(&text).expect("a schema is JSON")
        };
        FILES.iter().map(|(api, files)| (*api, files.iter().map(read).collect())).collect()
    });
    all.get(api).map(Vec::as_slice).unwrap_or_default()
}

/// A request as the contract sees it.
pub struct Request<'a> {
    /// The API it went to.
    pub api: &'a str,
    /// `GET`, …
    pub method: &'a str,
    /// The path without the query, percent-encoded.
    pub path: &'a str,
    /// The query.
    pub query: &'a [(String, String)],
    /// The content type.
    pub content_type: &'a str,
    /// The body.
    pub body: &'a [u8],
}

/// What in a request breaks the contract.
pub fn breaches(request: &Request<'_>) -> Vec<String> {
    let documents = documents(request.api);
    if documents.is_empty() {
        return vec![format!("there is no schema for {}", request.api)];
    }
    let Some((document, method)) =
        documents.iter().find_map(|document| find(document, request).map(|method| (document, method)))
    else {
        return vec![format!("no method is {} {}", request.method, request.path)];
    };
    let mut breaches = Vec::new();
    for (name, value) in request.query {
        let parameter = method["parameters"].get(name).or_else(|| document["globalParameters"].get(name));
        let allowed_upload = request.path.contains("upload/") && ["uploadType", "upload_id"].contains(&name.as_str());
        match parameter {
            None if allowed_upload => {}
            None => breaches.push(format!("there is no query parameter `{name}`")),
            Some(parameter) => breaches.extend(
                scalar(parameter, &Value::from(value.as_str()), true).map(|why| format!("query `{name}`: {why}")),
            ),
        }
    }
    for (name, parameter) in method["parameters"].as_object().into_iter().flatten() {
        if parameter["location"] == "query"
            && parameter["required"] == true
            && !request.query.iter().any(|(other, _)| other == name)
        {
            breaches.push(format!("the query parameter `{name}` is missing"));
        }
    }
    if let Some(json) = json_of(request) {
        match method["request"].as_str() {
            Some(schema) => check(document, &document["schemas"][schema], &json, schema, &mut breaches),
            None if json.is_null() => {}
            None => breaches.push("the method takes no body".into()),
        }
    }
    breaches
}

/// The JSON a request carries: its whole body, or the first part of a multipart one.
fn json_of(request: &Request<'_>) -> Option<Value> {
    if request.content_type.starts_with("application/json") {
        return Some(serde_json::from_slice(request.body).expect("the body is JSON"));
    }
    if request.content_type.starts_with("multipart/related") {
        let text = String::from_utf8_lossy(request.body);
        let json = text.split("\r\n\r\n").nth(1)?.split("\r\n--").next()?;
        return Some(serde_json::from_str(json).expect("the metadata is JSON"));
    }
    None
}

fn find<'a>(document: &'a Value, request: &Request<'_>) -> Option<&'a Value> {
    let service = document["servicePath"].as_str().unwrap_or_default();
    document["methods"].as_object()?.values().find(|method| {
        let flat = method["flatPath"].as_str().or(method["path"].as_str()).unwrap_or_default();
        let upload = method["mediaUpload"]["paths"]["simple"].as_str();
        method["httpMethod"] == request.method
            && (matches(&format!("{service}{flat}"), request.path)
                || upload.is_some_and(|upload| matches(upload, request.path)))
    })
}

/// Whether a concrete path is an instance of a template such as `v2/{a}/b/{c}:verb`.
fn matches(template: &str, path: &str) -> bool {
    let (mut template, mut path) =
        (template.trim_start_matches('/').split('/'), path.trim_start_matches('/').split('/'));
    loop {
        match (template.next(), path.next()) {
            (None, None) => return true,
            (Some(pattern), Some(part)) => {
                let fits = match pattern.find('{') {
                    None => pattern == part,
                    Some(open) => {
                        let close = pattern.find('}').unwrap_or(pattern.len() - 1);
                        let (before, after) = (&pattern[..open], &pattern[close + 1..]);
                        // `{+parent}` stands for several segments in upload paths; none is used here.
                        let inner = part.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
                        inner.is_some_and(|inner| !inner.is_empty() && (!after.is_empty() || !inner.contains(':')))
                    }
                };
                if !fits {
                    return false;
                }
            }
            _ => return false,
        }
    }
}

fn check(document: &Value, schema: &Value, value: &Value, place: &str, breaches: &mut Vec<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        return check(document, &document["schemas"][name], value, place, breaches);
    }
    match schema["type"].as_str() {
        Some("object") => {
            let Some(object) = value.as_object() else {
                breaches.push(format!("{place} is no object: {value}"));
                return;
            };
            for (key, inner) in object {
                let known = schema["properties"].get(key).or_else(|| schema.get("additionalProperties"));
                match known {
                    Some(schema) if schema["readOnly"] == true => {
                        breaches.push(format!("{place}.{key} is for Google to write"))
                    }
                    Some(schema) => check(document, schema, inner, &format!("{place}.{key}"), breaches),
                    None => breaches.push(format!("{place} has no field `{key}`")),
                }
            }
        }
        Some("array") => match value.as_array() {
            Some(items) => items.iter().enumerate().for_each(|(index, item)| {
                check(document, &schema["items"], item, &format!("{place}[{index}]"), breaches)
            }),
            None => breaches.push(format!("{place} is no list: {value}")),
        },
        Some("any") | None => {}
        Some(_) => breaches.extend(scalar(schema, value, false).map(|why| format!("{place}: {why}"))),
    }
}

/// Why a scalar does not fit. 64-bit numbers are texts in Google's JSON; in a query all are.
fn scalar(schema: &Value, value: &Value, query: bool) -> Option<String> {
    let format = schema["format"].as_str().unwrap_or_default();
    let text = value.as_str();
    let fits = match schema["type"].as_str().unwrap_or_default() {
        "string" if ["int64", "uint64"].contains(&format) => text.is_some_and(|text| text.parse::<i128>().is_ok()),
        "string" if format == "google-duration" => {
            text.is_some_and(|text| text.strip_suffix('s').is_some_and(|text| text.parse::<f64>().is_ok()))
        }
        "string" => text.is_some(),
        "boolean" => value.is_boolean() || query && matches!(text, Some("true" | "false")),
        "integer" => value.is_i64() || value.is_u64() || query && text.is_some_and(|text| text.parse::<i64>().is_ok()),
        "number" => value.is_number() || query && text.is_some_and(|text| text.parse::<f64>().is_ok()),
        _ => true,
    };
    if !fits {
        return Some(format!("{value} is no {} {format}", schema["type"].as_str().unwrap_or_default()));
    }
    let legal = schema["enum"].as_array().is_none_or(|words| words.iter().any(|word| word == value));
    (!legal).then(|| format!("{value} is none of {}", schema["enum"]))
}

#[test]
fn the_contract_catches_what_google_would_refuse() {
    let request = |method, path, query: &[(&str, &str)], body: &str| {
        let query: Vec<(String, String)> = query.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        breaches(&Request {
            api: "RUN",
            method,
            path,
            query: &query,
            content_type: "application/json",
            body: body.as_bytes(),
        })
    };
    let path = "/v2/projects/p/locations/r/services/s";
    assert_eq!(
        request(
            "PATCH",
            path,
            &[("allowMissing", "true")],
            r#"{"template": {"timeout": "300s", "scaling": {"minInstanceCount": 1}}}"#
        ),
        [""; 0]
    );
    for (path, query, body) in [
        ("/v2/projects/p/locations/r/service/s", &[][..], "{}"),
        (path, &[("allowMissin", "true")][..], "{}"),
        (path, &[("allowMissing", "maybe")][..], "{}"),
        (path, &[][..], r#"{"template": {"tiemout": "300s"}}"#),
        (path, &[][..], r#"{"template": {"timeout": 300}}"#),
        (path, &[][..], r#"{"template": {"scaling": {"minInstanceCount": "1"}}}"#),
        (path, &[][..], r#"{"ingress": "EVERYBODY"}"#),
        (path, &[][..], r#"{"uid": "x"}"#),
    ] {
        assert_eq!(request("PATCH", path, query, body).len(), 1, "{path} {query:?} {body}");
    }
}
