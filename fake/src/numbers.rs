//! Enum words given by their numbers, which protobuf's JSON reader takes as well; Google's own clients send them so.
//!
//! The descriptions have the words in order. Where a number is not a word's place, it is from Google's published
//! protocol buffers.

use crate::discovery::Document;
use serde_json::{Value, json};

/// The numbers that are not a word's place, by the first word of their enum.
const ELSEWHERE: [(&str, &[(&str, usize)]); 9] = [
    (
        "LAUNCH_STAGE_UNSPECIFIED",
        &[
            ("UNIMPLEMENTED", 6),
            ("PRELAUNCH", 7),
            ("EARLY_ACCESS", 1),
            ("ALPHA", 2),
            ("BETA", 3),
            ("GA", 4),
            ("DEPRECATED", 5),
        ],
    ),
    ("STATUS_UNKNOWN", &[("PENDING", 10), ("QUEUED", 1), ("WORKING", 2), ("SUCCESS", 3), ("FAILURE", 4)]),
    ("LOGGING_UNSPECIFIED", &[("CLOUD_LOGGING_ONLY", 5), ("NONE", 4)]),
    ("UNSPECIFIED", &[("E2_HIGHCPU_8", 5), ("E2_HIGHCPU_32", 6), ("E2_MEDIUM", 7), ("E2_STANDARD_2", 11)]),
    ("SECRET_TYPE_UNSPECIFIED", &[("OTHER", 50)]),
    ("NOTIFICATION_PROMPT_UNSPECIFIED", &[("CLOSED", 3)]),
    (
        "STATUS_CLASS_UNSPECIFIED",
        &[
            ("STATUS_CLASS_1XX", 100),
            ("STATUS_CLASS_2XX", 200),
            ("STATUS_CLASS_3XX", 300),
            ("STATUS_CLASS_4XX", 400),
            ("STATUS_CLASS_5XX", 500),
            ("STATUS_CLASS_ANY", 1000),
        ],
    ),
    (
        "ALIGN_NONE",
        &[
            ("ALIGN_MIN", 10),
            ("ALIGN_MAX", 11),
            ("ALIGN_MEAN", 12),
            ("ALIGN_COUNT", 13),
            ("ALIGN_SUM", 14),
            ("ALIGN_STDDEV", 15),
            ("ALIGN_COUNT_TRUE", 16),
            ("ALIGN_COUNT_FALSE", 24),
            ("ALIGN_FRACTION_TRUE", 17),
            ("ALIGN_PERCENTILE_99", 18),
            ("ALIGN_PERCENTILE_95", 19),
            ("ALIGN_PERCENTILE_50", 20),
            ("ALIGN_PERCENTILE_05", 21),
            ("ALIGN_PERCENT_CHANGE", 23),
        ],
    ),
    (
        "REDUCE_NONE",
        &[
            ("REDUCE_COUNT_FALSE", 15),
            ("REDUCE_FRACTION_TRUE", 8),
            ("REDUCE_PERCENTILE_99", 9),
            ("REDUCE_PERCENTILE_95", 10),
            ("REDUCE_PERCENTILE_50", 11),
            ("REDUCE_PERCENTILE_05", 12),
        ],
    ),
];

/// Writes the words into a value of the named schema.
pub(crate) fn to_words(document: &Document, schema: &str, value: &mut Value) {
    if let Some(schema) = document.schemas.get(schema) {
        walk(document, schema, value);
    }
}

fn walk(document: &Document, schema: &Value, value: &mut Value) {
    if let Some(name) = schema["$ref"].as_str() {
        return to_words(document, name, value);
    }
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| walk(document, &schema["items"], item)),
        Value::Object(fields) => {
            for (name, value) in fields {
                if let Some(schema) = schema["properties"].get(name).or(schema.get("additionalProperties")) {
                    walk(document, schema, value);
                }
            }
        }
        Value::Number(number) => {
            if let Some(word) = number.as_u64().and_then(|number| word(schema, number)) {
                *value = json!(word);
            }
        }
        _ => {}
    }
}

/// The word of an enum with this number; none where the schema has no words or none such.
pub(crate) fn word(schema: &Value, number: u64) -> Option<&str> {
    let words = schema["enum"].as_array()?;
    let elsewhere = ELSEWHERE.iter().find(|(first, _)| words.first().is_some_and(|word| word == first));
    let number_of = |place: usize, word: &str| {
        let known = elsewhere.and_then(|(_, known)| known.iter().find(|(known, _)| *known == word));
        known.map_or(place, |(_, number)| *number)
    };
    let mut words = words.iter().filter_map(Value::as_str).enumerate();
    words.find(|(place, word)| number_of(*place, word) as u64 == number).map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_the_words_they_stand_for() {
        let run = Document::read(include_str!("../../tests/schemas/run.v2.json"));
        let mut body = json!({"ingress": 1, "launchStage": 4, "template": {"maxInstanceRequestConcurrency": 4,
            "containers": [{"image": "i", "env": []}]}, "traffic": [{"type": 2, "percent": 100}]});
        to_words(&run, "GoogleCloudRunV2Service", &mut body);
        assert_eq!((&body["ingress"], &body["launchStage"]), (&json!("INGRESS_TRAFFIC_ALL"), &json!("GA")));
        assert_eq!(body["template"]["maxInstanceRequestConcurrency"], 4, "a number stays one");
        assert_eq!(body["traffic"][0]["type"], "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION");
        let statuses = json!({"enum": ["STATUS_UNKNOWN", "PENDING", "QUEUED", "WORKING", "SUCCESS", "FAILURE"]});
        assert_eq!(
            (word(&statuses, 10), word(&statuses, 1), word(&statuses, 7)),
            (Some("PENDING"), Some("QUEUED"), None)
        );
    }
}
