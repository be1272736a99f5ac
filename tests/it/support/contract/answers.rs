//! Whether an answer is one that Google could give: the method's schema, the error body of the API's family, and
//! what is packed into a field of any type.

use super::shape::{Side, check};
use super::{Request, documents, find, is_upload};
use fakecloud::Recorded;
use serde_json::{Map, Value, json};
use std::sync::OnceLock;

/// What in an answer breaks the contract. What a fault was told to say is the story's and not checked.
pub(super) fn breaches(entry: &Recorded) -> Vec<String> {
    let Some(status) = entry.status.filter(|_| !entry.scripted) else { return Vec::new() };
    let mut breaches = Vec::new();
    match status {
        200..300 => success(entry, &mut breaches),
        // Resumable uploads and conditional reads answer by status and headers alone.
        304 | 308 if entry.answer.is_empty() => {}
        // This cloud's own voice, about what it has not; no API of Google's speaks so.
        501 => {}
        // Nothing is left of a session to tell of.
        499 if is_upload(&entry.call) && entry.answer.is_empty() => {}
        400.. => failure(entry, status, &mut breaches),
        _ => breaches.push(format!("{status} is none of Google's answers")),
    }
    breaches
}

/// An answer's JSON; a breach where it is none.
fn json_of(entry: &Recorded, breaches: &mut Vec<String>) -> Option<Value> {
    if !entry.answer_type.starts_with("application/json") {
        breaches.push(format!("the content type is `{}`", entry.answer_type));
    }
    let parsed = serde_json::from_slice(&entry.answer);
    parsed.inspect_err(|error| breaches.push(format!("the body is no JSON: {error}"))).ok()
}

fn success(entry: &Recorded, breaches: &mut Vec<String>) {
    let is_content = entry.query("alt") == Some("media");
    let is_session = entry.query("uploadType") == Some("resumable") && entry.verb == "POST";
    if is_content || entry.answer.is_empty() && (is_session || is_upload(&entry.call)) {
        return;
    }
    if entry.api == "oauth2" {
        let Some(json) = json_of(entry, breaches) else { return };
        let schema = if entry.call == "oauth2.tokeninfo" { token_info() } else { token() };
        return check(Side::Answer, &Value::Null, schema, &json, "token", breaches);
    }
    let api = entry.api.to_uppercase();
    let request =
        Request { api: &api, method: &entry.verb, path: &entry.path, query: &entry.query, content_type: "", body: &[] };
    let found = documents(&api).iter().find_map(|document| find(document, &request).map(|method| (document, method)));
    let schema = match &found {
        Some((_, method)) => method["response"].as_str(),
        None if entry.call.starts_with("storage.upload.") => Some("Object"),
        None => return breaches.push("an answer to a method that Google has not".into()),
    };
    let document = found.map_or_else(|| &documents("STORAGE")[0], |(document, _)| document);
    match schema {
        Some(schema) => {
            let Some(json) = json_of(entry, breaches) else { return };
            check(Side::Answer, document, &document["schemas"][schema], &json, schema, breaches);
        }
        None if entry.answer.is_empty() => {}
        None => breaches.push("the method answers nothing".into()),
    }
}

fn failure(entry: &Recorded, status: u16, breaches: &mut Vec<String>) {
    // The front end speaks where no API was reached; Cloud Storage says in plain text why it gives no content.
    let is_page = matches!(status, 408 | 411 | 412 | 502) && entry.api != "storage";
    if (is_page || entry.query("alt") == Some("media")) && entry.answer_type.starts_with("text/html") {
        return;
    }
    let Some(json) = json_of(entry, breaches) else { return };
    let family = match entry.api.as_str() {
        "oauth2" | "sts" if json["error"].is_string() => "oauth",
        "storage" => "storage",
        _ => "rpc",
    };
    check(Side::Answer, errors(), &errors()["schemas"][family], &json, "error", breaches);
    if family == "oauth" {
        return;
    }
    let error = &json["error"];
    if error["code"] != status {
        breaches.push(format!("the code {} came with status {status}", error["code"]));
    }
    if error["message"].as_str().is_none_or(str::is_empty) {
        breaches.push("the error has no message".into());
    }
    let word = error["status"].as_str();
    if family == "rpc" && word.is_none_or(|word| status_of(word) != Some(status)) {
        breaches.push(format!("{word:?} does not come with status {status}"));
    }
    if family == "storage" && error["errors"][0]["reason"].as_str().is_none() {
        breaches.push("the error has no reason".into());
    }
}

/// The HTTP status of a code of google.rpc.Code, by the comments in google/rpc/code.proto.
fn status_of(word: &str) -> Option<u16> {
    Some(match word {
        "INVALID_ARGUMENT" | "FAILED_PRECONDITION" | "OUT_OF_RANGE" => 400,
        "UNAUTHENTICATED" => 401,
        "PERMISSION_DENIED" => 403,
        "NOT_FOUND" => 404,
        "ALREADY_EXISTS" | "ABORTED" => 409,
        "RESOURCE_EXHAUSTED" => 429,
        "CANCELLED" => 499,
        "UNKNOWN" | "INTERNAL" | "DATA_LOSS" => 500,
        "UNIMPLEMENTED" => 501,
        "UNAVAILABLE" => 503,
        "DEADLINE_EXCEEDED" => 504,
        _ => return None,
    })
}

/// What a field of any type holds: its `@type` names a message, which it must fit.
pub(super) fn typed(document: &Value, fields: &Map<String, Value>, place: &str, breaches: &mut Vec<String>) {
    let kind = fields.get("@type").and_then(Value::as_str).unwrap_or_default();
    let Some(name) = kind.strip_prefix("type.googleapis.com/") else {
        return breaches.push(format!("{place}: the type is `{kind}`"));
    };
    let value =
        Value::Object(fields.iter().filter(|(key, _)| *key != "@type").map(|(k, v)| (k.clone(), v.clone())).collect());
    let place = format!("{place}({name})");
    if name == "google.protobuf.Empty" {
        return check(Side::Answer, document, &json!({"type": "object"}), &value, &place, breaches);
    }
    if let Some(detail) = name.strip_prefix("google.rpc.") {
        return match errors()["schemas"].get(detail) {
            Some(schema) => check(Side::Answer, errors(), schema, &value, &place, breaches),
            None => breaches.push(format!("{place}: there is no such detail")),
        };
    }
    // google.cloud.run.v2.Service is GoogleCloudRunV2Service in one description and Service in another.
    let capital = |part: &str| part[..1].to_uppercase() + &part[1..];
    let long: String = name.split('.').map(capital).collect();
    let short = name.rsplit('.').next().unwrap_or_default();
    match document["schemas"].get(&long).or_else(|| document["schemas"].get(short)) {
        Some(schema) => check(Side::Answer, document, schema, &value, &place, breaches),
        None => breaches.push(format!("{place}: there is no such message")),
    }
}

/// What an endpoint of OAuth answers: RFC 6749, with the ID token of OpenID Connect.
fn token() -> &'static Value {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    let text = || json!({"type": "string"});
    SCHEMA.get_or_init(|| {
        json!({"type": "object", "properties": {"access_token": text(), "token_type": text(), "id_token": text(),
            "scope": text(), "expires_in": {"type": "integer"}}})
    })
}

/// What is answered about a token: the Discovery document's `Tokeninfo` as the endpoint of Google Identity has it,
/// where every number is a text (docs: identity/protocols/oauth2, "tokeninfo").
fn token_info() -> &'static Value {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    let text = || json!({"type": "string"});
    SCHEMA.get_or_init(|| {
        json!({"type": "object", "properties": {"azp": text(), "aud": text(), "scope": text(), "exp": text(),
            "expires_in": text(), "email": text(), "email_verified": text(), "access_type": text(), "sub": text()}})
    })
}

/// The bodies of errors and the messages of google/rpc/error_details.proto.
fn errors() -> &'static Value {
    static SCHEMAS: OnceLock<Value> = OnceLock::new();
    let text = || json!({"type": "string"});
    let object = |properties: Value| json!({"type": "object", "properties": properties});
    let list = |items: Value| json!({"type": "array", "items": items});
    let texts = || json!({"type": "object", "additionalProperties": {"type": "string"}});
    let detail = || json!({"type": "object", "additionalProperties": {"type": "any"}});
    SCHEMAS.get_or_init(|| {
        let number = || json!({"type": "integer", "format": "int32"});
        let older = || list(object(json!({"message": text(), "domain": text(), "reason": text(), "location": text(),
            "locationType": text(), "extendedHelp": text(), "debugInfo": text()})));
        let localized = || object(json!({"locale": text(), "message": text()}));
        json!({"schemas": {
            "rpc": object(json!({"error": object(json!({"code": number(), "message": text(), "status": text(),
                "details": list(detail()), "errors": older()}))})),
            "storage": object(json!({"error": object(json!({"code": number(), "message": text(), "errors": older()}))})),
            "oauth": object(json!({"error": text(), "error_description": text(), "error_uri": text(),
                "error_subtype": text()})),
            "ErrorInfo": object(json!({"reason": text(), "domain": text(), "metadata": texts()})),
            "RetryInfo": object(json!({"retryDelay": {"type": "string", "format": "google-duration"}})),
            "DebugInfo": object(json!({"stackEntries": list(text()), "detail": text()})),
            "QuotaFailure": object(json!({"violations": list(object(json!({"subject": text(), "description": text(),
                "apiService": text(), "quotaMetric": text(), "quotaId": text(), "quotaDimensions": texts(),
                "quotaValue": {"type": "string", "format": "int64"},
                "futureQuotaValue": {"type": "string", "format": "int64"}})))})),
            "PreconditionFailure": object(json!({"violations": list(object(json!({"type": text(), "subject": text(),
                "description": text()})))})),
            "BadRequest": object(json!({"fieldViolations": list(object(json!({"field": text(), "description": text(),
                "reason": text(), "localizedMessage": localized()})))})),
            "RequestInfo": object(json!({"requestId": text(), "servingData": text()})),
            "ResourceInfo": object(json!({"resourceType": text(), "resourceName": text(), "owner": text(),
                "description": text()})),
            "Help": object(json!({"links": list(object(json!({"description": text(), "url": text()})))})),
            "LocalizedMessage": localized(),
        }})
    })
}

#[cfg(test)]
fn answered(call: &str, verb: &str, path: &str, status: u16, body: &Value) -> Recorded {
    Recorded {
        api: call.split('.').next().unwrap_or_default().into(),
        call: call.into(),
        verb: verb.into(),
        path: path.into(),
        query: Vec::new(),
        headers: Vec::new(),
        body: fakecloud::Bytes::new(),
        account: None,
        status: Some(status),
        answer_type: "application/json; charset=UTF-8".into(),
        answer: body.to_string().into(),
        scripted: false,
        effect: false,
        revision: None,
        at: std::time::Instant::now(),
    }
}

#[test]
fn an_answer_that_google_could_not_give_is_caught() {
    let path = "/v2/projects/p/locations/r/services/s";
    let of =
        |status, body: Value| breaches(&answered("run.projects.locations.services.get", "GET", path, status, &body));
    let detail = |detail: Value| json!({"error": {"code": 403, "message": "No.", "status": "PERMISSION_DENIED", "details": [detail]}});
    let info = "type.googleapis.com/google.rpc.ErrorInfo";
    for (status, body) in [
        (200, json!({"generation": "7", "createTime": "2026-11-30T12:00:00.123456Z", "template": {"timeout": "3.5s"}})),
        (404, json!({"error": {"code": 404, "message": "Gone.", "status": "NOT_FOUND"}})),
        (403, detail(json!({"@type": info, "reason": "R", "domain": "d", "metadata": {"a": "b"}}))),
    ] {
        assert_eq!(of(status, body), [""; 0]);
    }
    for (status, body) in [
        (200, json!({"generation": 7})),
        (200, json!({"generations": "7"})),
        (200, json!({"createTime": "2026-11-30 12:00:00Z"})),
        (200, json!({"createTime": "2026-11-30T12:00:00.1234567890Z"})),
        (200, json!({"template": {"timeout": "3m"}})),
        (200, json!({"template": {"containers": []}})),
        (200, json!({"uri": null})),
        (200, json!({"uri": ""})),
        (200, json!({"reconciling": false})),
        (200, json!({"ingress": "INGRESS_TRAFFIC_UNSPECIFIED"})),
        (200, json!({"ingress": "EVERYBODY"})),
        (200, json!({"terminalCondition": {"state": 4}})),
        (404, json!({"error": {"code": 403, "message": "Gone.", "status": "NOT_FOUND"}})),
        (404, json!({"error": {"code": 404, "message": "Gone.", "status": "PERMISSION_DENIED"}})),
        (404, json!({"error": {"code": 404, "status": "NOT_FOUND"}})),
        (404, json!({"error": {"code": 404, "message": "Gone.", "status": "NOT_FOUND", "why": "so"}})),
        (403, detail(json!({"@type": info, "reason": "R", "metadata": {"a": 1}}))),
        (403, detail(json!({"@type": "type.googleapis.com/google.rpc.Info"}))),
        (403, detail(json!({"@type": "google.rpc.ErrorInfo", "reason": "R"}))),
    ] {
        assert_eq!(of(status, body.clone()).len(), 1, "{status} {body}");
    }
    let wait = "/v2/projects/p/locations/r/operations/o";
    let of = |body: Value| breaches(&answered("run.projects.locations.operations.get", "GET", wait, 200, &body));
    let service = "type.googleapis.com/google.cloud.run.v2.Service";
    assert_eq!(of(json!({"done": true, "response": {"@type": service, "uid": "u"}})), [""; 0]);
    assert_eq!(of(json!({"done": true, "response": {"@type": service, "uid": 1}})).len(), 1);
    assert_eq!(of(json!({"done": true, "response": {"uid": "u"}})).len(), 1);
    assert_eq!(of(json!({"error": {"code": 5, "message": "m", "details": [{"reason": "r"}]}})).len(), 1);
}
