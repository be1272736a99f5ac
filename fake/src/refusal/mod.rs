//! Google's refusals: the error body of each family of APIs, and the texts every API shares.

pub(crate) mod github;

use crate::reply::Reply;
use serde_json::{Value, json};

/// Which error body an API writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    /// `google.rpc.Status` as JSON: nearly all.
    Rpc,
    /// Cloud Storage's older shape with `errors[]`.
    Storage,
    /// `{"error":…,"error_description":…}`.
    OAuth,
    /// GitHub's `{"message":…}`.
    GitHub,
    /// Services of the user behind Google's front end: HTML.
    Site,
}

/// An error of the `google.rpc.Status` family.
pub(crate) fn rpc(code: u16, status: &str, message: impl Into<String>, details: Vec<Value>) -> Reply {
    let mut error = json!({"code": code, "message": message.into(), "status": status});
    if !details.is_empty() {
        error["details"] = Value::Array(details);
    }
    Reply::json(code, &json!({"error": error}))
}

/// 400 INVALID_ARGUMENT.
pub(crate) fn invalid(message: impl Into<String>) -> Reply {
    rpc(400, "INVALID_ARGUMENT", message, Vec::new())
}

/// 400 INVALID_ARGUMENT that names the field.
pub(crate) fn bad_field(field: &str, description: &str) -> Reply {
    let violations = json!([{"field": field, "description": description}]);
    let detail = json!({"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations});
    rpc(400, "INVALID_ARGUMENT", format!("{field}: {description}"), vec![detail])
}

/// 400 FAILED_PRECONDITION.
pub(crate) fn precondition(message: impl Into<String>) -> Reply {
    rpc(400, "FAILED_PRECONDITION", message, Vec::new())
}

/// 404 NOT_FOUND.
pub(crate) fn not_found(message: impl Into<String>) -> Reply {
    rpc(404, "NOT_FOUND", message, Vec::new())
}

/// 403 with the permission that is missing. `resource` is the bare name; `shown` is how the
/// service writes it in the sentence.
pub(crate) fn denied(permission: &str, resource: &str, shown: &str) -> Reply {
    let message = format!("Permission '{permission}' denied on resource '{shown}' (or it may not exist).");
    rpc(403, "PERMISSION_DENIED", message, vec![permission_info(permission, resource)])
}

/// The detail that names a missing permission.
pub(crate) fn permission_info(permission: &str, resource: &str) -> Value {
    let metadata = if resource.is_empty() {
        json!({"permission": permission})
    } else {
        json!({"permission": permission, "resource": resource})
    };
    info("IAM_PERMISSION_DENIED", "iam.googleapis.com", metadata)
}

/// A `google.rpc.ErrorInfo`.
pub(crate) fn info(reason: &str, domain: &str, metadata: Value) -> Value {
    json!({"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": domain, "metadata": metadata})
}

/// A `google.rpc.Help` with one link.
pub(crate) fn help(description: &str, url: &str) -> Value {
    json!({"@type": "type.googleapis.com/google.rpc.Help", "links": [{"description": description, "url": url}]})
}

/// A `google.rpc.PreconditionFailure` with one violation.
pub(crate) fn violation(kind: &str, subject: &str, description: &str) -> Value {
    let violations = json!([{"type": kind, "subject": subject, "description": description}]);
    json!({"@type": "type.googleapis.com/google.rpc.PreconditionFailure", "violations": violations})
}

/// 403: the API is not enabled in the project; Cloud Storage says so in its own shape, without details.
pub(crate) fn service_disabled(family: Family, service: &str, title: &str, number: &str) -> Reply {
    let url = format!("https://console.developers.google.com/apis/api/{service}/overview?project={number}");
    let short = format!(
        "{title} has not been used in project {number} before or it is disabled. Enable it by visiting {url} then retry."
    );
    let long = format!(
        "{short} If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry."
    );
    if family == Family::Storage {
        return storage(403, "accessNotConfigured", long);
    }
    let metadata = json!({"service": service, "serviceTitle": title, "consumer": format!("projects/{number}"),
        "containerInfo": number, "activationUrl": url});
    let details = vec![
        info("SERVICE_DISABLED", "googleapis.com", metadata),
        json!({"@type": "type.googleapis.com/google.rpc.LocalizedMessage", "locale": "en-US", "message": short}),
        help("Google developers console API activation", &url),
    ];
    rpc(403, "PERMISSION_DENIED", long, details)
}

/// The number of the project that requests by the first client count for.
const CLIENTS_PROJECT: &str = "764086051850";

/// 403: a person signed in with gcloud, whose own project the API is not enabled in.
pub(crate) fn no_quota_project(service: &str) -> Reply {
    let message = format!(
        "Your application is authenticating by using local Application Default Credentials. The {service} API requires \
         a quota project, which is not set by default. To learn how to set your quota project, see \
         https://cloud.google.com/docs/authentication/adc-troubleshooting/user-creds ."
    );
    let consumer = format!("projects/{}", CLIENTS_PROJECT);
    let details = vec![
        info("SERVICE_DISABLED", "googleapis.com", json!({"service": service, "consumer": consumer})),
        json!({"@type": "type.googleapis.com/google.rpc.LocalizedMessage", "locale": "en-US", "message": message}),
    ];
    rpc(403, "PERMISSION_DENIED", message, details)
}

/// 403: the project has no billing account.
pub(crate) fn billing_disabled(family: Family, service: &str, number: &str) -> Reply {
    if family == Family::Storage {
        let message = "The billing account for the owning project is disabled in state absent";
        return storage(403, "accountDisabled", message);
    }
    let url = format!("https://console.developers.google.com/billing/enable?project={number}");
    let message = format!(
        "This API method requires billing to be enabled. Please enable billing on project #{number} by visiting {url} \
         then retry. If you enabled billing for this project recently, wait a few minutes for the action to propagate \
         to our systems and retry."
    );
    let metadata = json!({"service": service, "consumer": format!("projects/{number}")});
    let details =
        vec![help("Google developers console billing", &url), info("BILLING_DISABLED", "googleapis.com", metadata)];
    rpc(403, "PERMISSION_DENIED", message, details)
}

/// 401 with this reason, in the family's words.
pub(crate) fn unauthenticated(family: Family, service: &str, reason: &str) -> Reply {
    let missing = reason == "CREDENTIALS_MISSING";
    if family == Family::Storage {
        let (reason, message) = match missing {
            true => ("required", "Anonymous caller does not have access to the Google Cloud Storage resource."),
            false => ("authError", "Invalid Credentials"),
        };
        let errors = json!([{"message": message, "domain": "global", "reason": reason,
            "locationType": "header", "location": "Authorization"}]);
        let error = json!({"error": {"code": 401, "message": message, "errors": errors}});
        return Reply::json(401, &error).with("WWW-Authenticate", "Bearer realm=\"https://accounts.google.com/\"");
    }
    let begin = match missing {
        true => "Request is missing required authentication credential.",
        false => "Request had invalid authentication credentials.",
    };
    let message = format!(
        "{begin} Expected OAuth 2 access token, login cookie or other valid authentication credential. See \
         https://developers.google.com/identity/sign-in/web/devconsole-project."
    );
    let details = vec![info(reason, "googleapis.com", json!({"service": service}))];
    let challenge = "Bearer realm=\"https://accounts.google.com/\"";
    let challenge = if missing { challenge.to_owned() } else { format!("{challenge}, error=\"invalid_token\"") };
    rpc(401, "UNAUTHENTICATED", message, details).with("WWW-Authenticate", challenge)
}

/// An error of Cloud Storage's JSON API.
pub(crate) fn storage(code: u16, reason: &str, message: impl Into<String>) -> Reply {
    let message = message.into();
    let domain = match reason {
        "rateLimitExceeded" | "accessNotConfigured" => "usageLimits",
        _ => "global",
    };
    let mut inner = json!({"message": message, "domain": domain, "reason": reason});
    if reason == "accessNotConfigured" {
        inner["extendedHelp"] = json!("https://console.developers.google.com");
    }
    if reason == "conditionNotMet" {
        inner["locationType"] = json!("header");
        inner["location"] = json!("If-Match");
    }
    Reply::json(code, &json!({"error": {"code": code, "message": message, "errors": [inner]}}))
}

/// An error of the token endpoint.
pub(crate) fn oauth(code: u16, error: &str, description: &str) -> Reply {
    Reply::json(code, &json!({"error": error, "error_description": description}))
}

/// 429 with the quota named.
pub(crate) fn rate_limit(service: &str, number: &str, quota: &Quota) -> Reply {
    let message = format!(
        "Quota exceeded for quota metric '{}' and limit '{}' of service '{service}' for consumer 'project_number:{number}'.",
        quota.metric_title, quota.limit_title
    );
    let metadata = json!({"service": service, "consumer": format!("projects/{number}"),
        "quota_metric": format!("{service}/{}", quota.metric), "quota_limit": quota.limit,
        "quota_limit_value": quota.value, "quota_unit": quota.unit, "quota_location": quota.location});
    let link = "https://cloud.google.com/docs/quotas/help/request_increase";
    let details =
        vec![info("RATE_LIMIT_EXCEEDED", "googleapis.com", metadata), help("Request a higher quota limit.", link)];
    rpc(429, "RESOURCE_EXHAUSTED", message, details)
}

/// One of Google's quotas as its errors name it.
pub(crate) struct Quota {
    /// Name of the metric in words.
    pub(crate) metric_title: &'static str,
    /// Name of the limit in words.
    pub(crate) limit_title: &'static str,
    /// Metric, without the service.
    pub(crate) metric: &'static str,
    /// Limit.
    pub(crate) limit: &'static str,
    /// How many.
    pub(crate) value: &'static str,
    /// Of what.
    pub(crate) unit: &'static str,
    /// Where.
    pub(crate) location: &'static str,
}

/// What Google usually says with this status, when nothing more is known.
pub(crate) fn standard(family: Family, code: u16, service: &str, number: &str) -> Reply {
    match (family, code) {
        (Family::Storage, 401) => unauthenticated(family, service, "ACCESS_TOKEN_EXPIRED"),
        (Family::Storage, _) => {
            let (reason, message) = match code {
                400 => ("invalid", "Invalid argument."),
                403 => ("forbidden", "Access denied."),
                404 => ("notFound", "Not Found"),
                408 => ("requestTimeout", "The request timed out. Please try again."),
                409 => ("conflict", "The operation conflicted with another."),
                410 => ("uploadBrokenConnection", "The upload session is no longer available."),
                412 => ("conditionNotMet", "At least one of the pre-conditions you specified did not hold."),
                429 => ("rateLimitExceeded", "The rate limit was exceeded. Please reduce your request rate."),
                503 => ("backendError", "We encountered an internal error. Please try again."),
                _ => ("internalError", "We encountered an internal error. Please try again."),
            };
            storage(code, reason, message)
        }
        (Family::OAuth, 500..) => oauth(code, "internal_failure", "Backend Error"),
        (Family::OAuth, 429) => oauth(code, "rate_limit_exceeded", "Rate limit exceeded."),
        (Family::OAuth, _) => oauth(code, "invalid_grant", "Invalid JWT Signature."),
        (Family::GitHub, _) => github::standard(code),
        (Family::Site, _) => Reply::page(code, "Server Error", "The server encountered an error."),
        (Family::Rpc, 401) => unauthenticated(family, service, "ACCESS_TOKEN_EXPIRED"),
        (Family::Rpc, 429) => rate_limit(
            service,
            number,
            &Quota {
                metric_title: "Requests",
                limit_title: "Requests per minute",
                metric: "requests",
                limit: "RequestsPerMinutePerProject",
                value: "60",
                unit: "1/min/{project}",
                location: "global",
            },
        ),
        // What no code of google.rpc.Code stands for is said by the front end, as a page.
        (Family::Rpc, 408) => Reply::page(code, "Request Timeout", "Your client has taken too long."),
        (Family::Rpc, 412) => Reply::page(code, "Precondition Failed", "A precondition of the request failed."),
        (Family::Rpc, 502) => Reply::page(code, "Server Error", "The server encountered a temporary error."),
        (Family::Rpc, _) => {
            let (status, message) = match code {
                400 => ("INVALID_ARGUMENT", "Request contains an invalid argument."),
                403 => ("PERMISSION_DENIED", "The caller does not have permission"),
                404 => ("NOT_FOUND", "Requested entity was not found."),
                504 => ("DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
                409 => ("ABORTED", "The operation was aborted."),
                499 => ("CANCELLED", "The operation was cancelled."),
                501 => ("UNIMPLEMENTED", "Operation is not implemented, or supported, or enabled."),
                503 => ("UNAVAILABLE", "The service is currently unavailable."),
                _ => ("INTERNAL", "Internal error encountered."),
            };
            rpc(code, status, message, Vec::new())
        }
    }
}
