//! Reading Google's error answers, in all the shapes they come in.

use std::time::Duration;

use serde_json::Value;

/// An answer that says no, in Google's own words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// Google's word for it, such as `PERMISSION_DENIED`; empty where it gives none.
    pub word: String,
    /// Google's sentence.
    pub message: String,
    /// `ErrorInfo.reason`, or the reason of a Cloud Storage error.
    pub reason: String,
    /// `ErrorInfo.metadata`.
    pub metadata: Vec<(String, String)>,
    /// Types of violated preconditions, such as an organisation policy's constraint.
    pub constraints: Vec<String>,
    /// Fields that were refused, with why.
    pub fields: Vec<(String, String)>,
    /// How long Google asks to wait.
    pub retry_after: Option<Duration>,
}

/// Bodies that are no JSON come from front ends; their first words are enough to tell which.
const SHOWN_OF_OTHER_BODIES: usize = 200;

impl Refusal {
    /// Reads an error answer. `retry_after` is the header's text.
    pub fn read(status: u16, retry_after: Option<&str>, body: &[u8]) -> Self {
        let mut refusal = match serde_json::from_slice::<Value>(body) {
            Ok(Value::Array(items)) => items.first().map(Self::from_json).unwrap_or_default(),
            Ok(value @ Value::Object(_)) => Self::from_json(&value),
            _ => Self { message: words(body), ..Self::default() },
        };
        refusal.status = status;
        if let Some(after) = retry_after.and_then(parse_retry_after) {
            refusal.retry_after = Some(after);
        }
        refusal
    }

    fn from_json(body: &Value) -> Self {
        // The registry's own protocol has a list, and quotes with two strokes.
        if let Some(first) = body.pointer("/errors/0").filter(|_| body.get("error").is_none()) {
            let part = |name: &str| first.get(name).map(text).unwrap_or_default();
            return Self { word: clip(&part("code")), message: clip(&part("message")), ..Self::default() };
        }
        // google.rpc.Status below `error`; OAuth's `error` text beside `error_description`; Cloud
        // Storage's `errors` list; and emulators with a text for a code or an object for a message.
        let Some(error) = body.get("error") else {
            return Self { message: clip(&body.to_string()), ..Self::default() };
        };
        if let Some(word) = error.as_str() {
            let message = body.get("error_description").map(text).unwrap_or_default();
            return Self { word: clip(word), message: clip(&message), ..Self::default() };
        }
        let mut refusal = Self {
            word: error.get("status").map(text).unwrap_or_default(),
            message: error.get("message").map(text).unwrap_or_default(),
            reason: error.pointer("/errors/0/reason").map(text).unwrap_or_default(),
            ..Self::default()
        };
        for detail in error.get("details").and_then(Value::as_array).into_iter().flatten() {
            refusal.take_detail(detail);
        }
        refusal
    }

    fn take_detail(&mut self, detail: &Value) {
        let kind = detail.get("@type").and_then(Value::as_str).unwrap_or_default();
        match kind.rsplit('.').next().unwrap_or_default() {
            "ErrorInfo" => {
                self.reason = detail.get("reason").map(text).unwrap_or_default();
                let metadata = detail.get("metadata").and_then(Value::as_object).into_iter().flatten();
                self.metadata = metadata.map(|(key, value)| (key.clone(), text(value))).collect();
            }
            "PreconditionFailure" => {
                let violations = detail.get("violations").and_then(Value::as_array).into_iter().flatten();
                self.constraints.extend(violations.filter_map(|v| v.get("type").map(text)));
            }
            "BadRequest" => {
                let violations = detail.get("fieldViolations").and_then(Value::as_array).into_iter().flatten();
                self.fields.extend(violations.map(|v| {
                    let part = |name: &str| v.get(name).map(text).unwrap_or_default();
                    (part("field"), part("description"))
                }));
            }
            "RetryInfo" => {
                self.retry_after = detail.get("retryDelay").and_then(Value::as_str).and_then(google_duration)
            }
            _ => {}
        }
    }

    /// A value of `ErrorInfo.metadata`.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// The API that is not enabled: from the details, else from the page to which Google's sentence leads.
    pub fn disabled_api(&self) -> Option<&str> {
        self.metadata("service").or_else(|| api_in(&self.message))
    }

    /// The project that the request counted for, by its number or its id, where Google names it.
    pub fn consumer(&self) -> Option<&str> {
        let project = self.metadata("consumer")?.strip_prefix("projects/")?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "-:.".contains(c);
        (!project.is_empty() && project.chars().all(plain)).then_some(project)
    }

    /// The permission that is missing: from the details, else from Google's usual sentences.
    pub fn permission(&self) -> Option<&str> {
        if let Some(permission) = self.metadata("permission") {
            return Some(permission);
        }
        let between = |before: &str, end: char| self.message.split(before).nth(1)?.split(end).next();
        let quoted = between("Permission '", '\'').or_else(|| between("Permission \"", '"'));
        let storage = self.message.split(" does not have ").nth(1).and_then(|rest| rest.split(" access").next());
        let act_as =
            self.message.contains("permission to act as service account").then_some("iam.serviceAccounts.actAs");
        // Cloud Run's own agent is not the caller; its sentence begins with its name.
        let image = (image_not_read(&self.message).is_some() && !self.message.contains("Service Agent"))
            .then_some("artifactregistry.repositories.downloadArtifacts");
        quoted.or(act_as).or(image).or(storage).filter(|word| word.contains('.') && !word.contains(' '))
    }

    /// Whether this says that too much was asked in a short time. Some quota refusals come as 403.
    pub fn is_rate_limit(&self) -> bool {
        match self.status {
            429 => self.reason != "RESOURCE_QUOTA_EXCEEDED",
            403 => {
                matches!(self.reason.as_str(), "RATE_LIMIT_EXCEEDED" | "rateLimitExceeded" | "userRateLimitExceeded")
                    || self.message.contains("Quota exceeded for quota metric") && self.message.contains("per minute")
            }
            _ => false,
        }
    }

    /// Whether a token endpoint says of itself that it is in trouble. Such answers come with any status, 400 among
    /// them (google-auth-library-python, `oauth2/_client.py`, asks again by the same words).
    pub fn is_passing(&self) -> bool {
        const WORDS: [&str; 5] =
            ["internal_failure", "temporarily_unavailable", "server_error", "rate_limit_exceeded", "backend_error"];
        WORDS.contains(&self.word.as_str())
    }

    /// One line: word and sentence, as Google put them.
    pub fn words(&self) -> String {
        let mut line = String::new();
        if !self.word.is_empty() {
            line = format!("{}: ", self.word);
        }
        line.push_str(if self.message.is_empty() { "(no explanation was given)" } else { &self.message });
        for (field, why) in &self.fields {
            if !self.message.contains(field.as_str()) {
                line.push_str(&format!(" [{field}: {why}]"));
            }
        }
        line
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn clip(text: &str) -> String {
    text.chars().take(300).collect()
}

/// The API on whose page, as Google's sentence on a disabled one has it, somebody may enable it. What stands in a text
/// becomes part of a command, so it is a plain name or nothing.
pub fn api_in(text: &str) -> Option<&str> {
    let (api, _) = text.split_once("/apis/api/")?.1.split_once("/overview")?;
    let plain = api.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b'-');
    (plain && api.ends_with(".googleapis.com")).then_some(api)
}

fn words(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    // The text between the tags of an HTML page.
    let mut out = String::new();
    let mut inside_tag = false;
    for c in text.chars() {
        match c {
            '<' => inside_tag = true,
            '>' => {
                inside_tag = false;
                out.push(' ');
            }
            c if !inside_tag => out.push(c),
            _ => {}
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(SHOWN_OF_OTHER_BODIES).collect()
}

/// Google's JSON durations: seconds with a fraction and an `s`.
fn google_duration(text: &str) -> Option<Duration> {
    let seconds: f64 = text.strip_suffix('s')?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// `Retry-After`: whole seconds, or a date; nothing for anything else.
fn parse_retry_after(text: &str) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let format = time::macros::format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let when = time::PrimitiveDateTime::parse(text, format).ok()?.assume_utc();
    Some((when - time::OffsetDateTime::now_utc()).try_into().unwrap_or(Duration::ZERO))
}

/// The image of "must have permission to read the image, IMAGE. Ensure …": Cloud Run says so of the deployer ("User")
/// and of its own agent.
pub fn image_not_read(message: &str) -> Option<&str> {
    let rest = message.split("must have permission to read the image, ").nth(1)?;
    let image = rest.split_whitespace().next()?;
    Some(image.trim_end_matches(['.', ',']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(status: u16, body: &Value) -> Refusal {
        Refusal::read(status, None, body.to_string().as_bytes())
    }

    #[test]
    fn google_rpc_errors_keep_their_details() {
        let refusal = read(
            403,
            &json!({"error": {"code": 403, "status": "PERMISSION_DENIED", "message": "no", "details": [
                {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "IAM_PERMISSION_DENIED",
                 "metadata": {"permission": "run.services.update"}},
                {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1.5s"}]}}),
        );
        assert_eq!(refusal.permission(), Some("run.services.update"));
        assert_eq!(refusal.retry_after, Some(Duration::from_millis(1500)));
        assert_eq!(refusal.words(), "PERMISSION_DENIED: no");
    }

    #[test]
    fn permissions_are_found_in_googles_sentences() {
        for (message, permission) in [
            (
                "Permission 'iam.serviceaccounts.actAs' denied on service account x (or it may not exist).",
                Some("iam.serviceaccounts.actAs"),
            ),
            (
                "d@p.iam.gserviceaccount.com does not have storage.buckets.create access to the Google Cloud project.",
                Some("storage.buckets.create"),
            ),
            (
                "caller does not have permission to act as service account projects/p/serviceAccounts/x",
                Some("iam.serviceAccounts.actAs"),
            ),
            (
                "User must have permission to read the image, us-docker.pkg.dev/p/app/web:1. Ensure that the provided",
                Some("artifactregistry.repositories.downloadArtifacts"),
            ),
            ("Google Cloud Run Service Agent x must have permission to read the image, gcr.io/p/web. Ensure", None),
            ("Permission denied for all log views", None),
        ] {
            let refusal = read(403, &json!({"error": {"message": message}}));
            assert_eq!(refusal.permission(), permission, "{message}");
        }
    }

    #[test]
    fn a_disabled_api_is_found_in_details_or_in_googles_sentence() {
        let sentence = |api: &str| {
            format!(
                "… is disabled. Enable it by visiting https://console.developers.google.com/apis/api/{api}/overview?project=1 then retry."
            )
        };
        let of = |api: &str| {
            let errors = json!([{"domain": "usageLimits", "reason": "accessNotConfigured"}]);
            read(403, &json!({"error": {"message": sentence(api), "errors": errors}}))
        };
        assert_eq!(of("storage.googleapis.com").disabled_api(), Some("storage.googleapis.com"));
        // Names that `gcloud services enable` does not take, and what is none.
        for other in ["storage_api", "x; rm -rf /.googleapis.com", ""] {
            assert_eq!(of(other).disabled_api(), None, "{other}");
        }
        let details = json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED",
            "metadata": {"service": "run.googleapis.com"}}]);
        assert_eq!(read(403, &json!({"error": {"details": details}})).disabled_api(), Some("run.googleapis.com"));
    }

    #[test]
    fn other_shapes_are_read_too() {
        assert_eq!(
            read(400, &json!({"error": "invalid_grant", "error_description": "Invalid JWT Signature."})).words(),
            "invalid_grant: Invalid JWT Signature."
        );
        assert_eq!(read(500, &json!([{"error": {"message": "in a list"}}])).message, "in a list");
        assert_eq!(read(400, &json!({"error": {"code": "400", "message": {"a": 1}}})).message, "{\"a\":1}");
        assert_eq!(
            read(412, &json!({"error": {"message": "m", "errors": [{"reason": "conditionNotMet"}]}})).reason,
            "conditionNotMet"
        );
        assert_eq!(
            Refusal::read(502, None, b"<html><title>502</title> Bad \xff Gateway</html>").message,
            "502 Bad \u{fffd} Gateway"
        );
        assert_eq!(Refusal::read(503, None, b"").words(), "(no explanation was given)");
        assert_eq!(read(400, &json!("text")).message, "\"text\"");
    }

    #[test]
    fn quotas_are_told_from_refusals() {
        assert!(read(429, &json!({})).is_rate_limit());
        let per_minute = "Quota exceeded for quota metric 'Write' and limit 'Write requests per minute' of service";
        assert!(read(403, &json!({"error": {"message": per_minute}})).is_rate_limit());
        assert!(!read(403, &json!({"error": {"message": "no"}})).is_rate_limit());
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!(parse_retry_after("7"), Some(Duration::from_secs(7)));
        assert_eq!(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        for garbage in ["", "-1", "soon", "1e9"] {
            assert_eq!(parse_retry_after(garbage), None, "{garbage}");
        }
    }
}
