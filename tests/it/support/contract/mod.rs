//! Google's contract: every request and every answer is checked against Google's own schemas: a known
//! method and path, known query parameters, no unknown field in a body, the right JSON types, legal values.

mod answers;
mod shape;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::OnceLock;

use fakecloud::Recorded;
use serde_json::Value;
use shape::{Side, check, scalar};

/// What no schema of Google's describes: GitHub, deployed services, docker's registry.
const STRANGERS: [&str; 6] = ["actions", "metadata", "site", "hosting", "github", "docker"];

/// What in these answers, and in the requests unless they misspeak on purpose, breaks the contract, in sentences.
/// `future` are fields and words which the fake was told of and which today's schemas lack.
pub(crate) fn judge(entries: &[Recorded], future: &BTreeSet<String>, misspeaking: bool) -> Vec<String> {
    let mut found = Vec::new();
    for entry in entries.iter().filter(|entry| !STRANGERS.contains(&entry.api.as_str())) {
        if !misspeaking {
            found.extend(told(entry, "request", request_breaches(entry), future));
        }
        found.extend(told(entry, "answer", answers::breaches(entry), future));
    }
    found
}

/// A sentence about these breaches; none where all of them are the future's.
fn told(entry: &Recorded, what: &str, breaches: Vec<String>, future: &BTreeSet<String>) -> Option<String> {
    let known = |breach: &String| {
        let told = |word: &String| {
            breach.ends_with(&format!("has no field `{word}`")) || breach.contains(&format!("\"{word}\" is none of"))
        };
        future.iter().any(told)
    };
    let breaches: Vec<String> = breaches.into_iter().filter(|breach| !known(breach)).collect();
    let body = if what == "answer" { &entry.answer } else { &entry.body };
    let text = String::from_utf8_lossy(body);
    let sentence = format!("{} {}: the {what} breaks Google's contract: {breaches:#?}\n{text}", entry.verb, entry.path);
    (!breaches.is_empty()).then_some(sentence)
}

/// What in a recorded request breaks the contract. Tokens are asked for, and content is sent, outside the schemas.
fn request_breaches(entry: &Recorded) -> Vec<String> {
    let outside = entry.api == "oauth2" || is_upload(&entry.call);
    if outside {
        return Vec::new();
    }
    breaches(&Request {
        api: &entry.api.to_uppercase(),
        method: &entry.verb,
        path: &entry.path,
        query: &entry.query,
        content_type: entry.header("content-type").unwrap_or_default(),
        body: &entry.body,
    })
}

/// Whether the call goes to an address that an upload was given.
fn is_upload(call: &str) -> bool {
    call.starts_with("storage.upload.") || call == "firebasehosting.upload.file"
}

/// The APIs, by the name the journal gives them, and their schemas.
const FILES: [(&str, &[&str]); 16] = [
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
    ("IDENTITYTOOLKIT", &["identitytoolkit.v2.json"]),
];

/// Fields that Google takes and never gives back ("Input only" in the descriptions' prose): schema and field.
const TAKEN_ONLY: [(&str, &str); 6] = [
    ("Channel", "ttl"),
    ("Project", "tags"),
    ("RemoteRepositoryConfig", "disableUpstreamValidation"),
    ("Secret", "tags"),
    ("Secret", "ttl"),
    ("TimeSeries", "description"),
];

fn documents(api: &str) -> &'static [Value] {
    static ALL: OnceLock<BTreeMap<&str, Vec<Value>>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        // Other crates of this repository use this file too.
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
        let schemas = crates.map(|folder| folder.join("tests/schemas")).find(|folder| folder.is_dir());
        let schemas = schemas.expect("the schemas");
        let read = |file: &&str| {
            let path = schemas.join(file);
            let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let mut document: Value = serde_json::from_str(&text).expect("a schema is JSON");
            for (schema, field) in TAKEN_ONLY {
                if let Some(field) = document.pointer_mut(&format!("/schemas/{schema}/properties/{field}")) {
                    field["writeOnly"] = true.into();
                }
            }
            document
        };
        FILES.iter().map(|(api, files)| (*api, files.iter().map(read).collect())).collect()
    });
    all.get(api).map(Vec::as_slice).unwrap_or_default()
}

/// A request as the contract sees it.
struct Request<'a> {
    /// The API it went to.
    api: &'a str,
    /// `GET`, …
    method: &'a str,
    /// The path without the query, percent-encoded.
    path: &'a str,
    /// The query.
    query: &'a [(String, String)],
    /// The content type.
    content_type: &'a str,
    /// The body.
    body: &'a [u8],
}

/// What in a request breaks the contract.
fn breaches(request: &Request<'_>) -> Vec<String> {
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
            Some(schema) => check(Side::Request, document, &document["schemas"][schema], &json, schema, &mut breaches),
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

/// Whether a segment is a name and a verb, as `web:wait`; a digest after a colon is none.
fn ends_in_verb(segment: &str) -> bool {
    segment.rsplit_once(':').is_some_and(|(_, end)| end.bytes().all(|byte| byte.is_ascii_alphabetic()))
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
                        inner.is_some_and(|inner| !inner.is_empty() && (!after.is_empty() || !ends_in_verb(inner)))
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
