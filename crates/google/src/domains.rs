//! Domain mappings of Cloud Run: version 1 of the API, on the host of the service's region.

use reqwest::Method;
use serde_json::{Value, json};

use super::endpoints::{Api, segment};
use super::error::ApiError;
use super::http::{Body, Call, Http};
use slipway_names::domain::{DnsRecord, Domain};
use slipway_names::ids::{Region, ServiceName};
use slipway_wire::repeat::Repeat;

/// A mapping, as Google describes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mapping {
    /// The service it leads to.
    pub service: String,
    /// What must stand in the domain's DNS.
    pub records: Vec<DnsRecord>,
    /// Whether it works; `None` while that is not settled.
    pub ready: Option<bool>,
    /// Google's sentence about what is missing.
    pub message: String,
}

impl Mapping {
    fn read(json: &Value) -> Self {
        let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let list = |pointer: &str| json.pointer(pointer).and_then(Value::as_array).cloned().unwrap_or_default();
        let conditions = list("/status/conditions");
        let of = |kind: &str| conditions.iter().find(|condition| text(condition, "type") == kind);
        let status = |condition: &Value| match text(condition, "status").as_str() {
            "True" => Some(true),
            "False" => Some(false),
            _ => None,
        };
        let missing = ["CertificateProvisioned", "DomainRoutable", "Ready"]
            .iter()
            .filter_map(|kind| of(kind))
            .find(|condition| status(condition) != Some(true));
        Self {
            service: json.pointer("/spec/routeName").and_then(Value::as_str).unwrap_or_default().to_owned(),
            records: list("/status/resourceRecords")
                .iter()
                .map(|record| DnsRecord {
                    name: text(record, "name"),
                    kind: text(record, "type"),
                    data: text(record, "rrdata"),
                })
                .collect(),
            ready: of("Ready").and_then(status),
            message: missing.map(|condition| text(condition, "message")).unwrap_or_default(),
        }
    }
}

/// Reads a domain's mapping; `None` when there is none.
///
/// # Errors
/// When it may not be read.
pub async fn mapping(http: &Http, region: &Region, domain: &Domain) -> Result<Option<Mapping>, ApiError> {
    let path = format!("{}/{}", path(http), segment(domain.as_str()));
    let call = call(http, region, Method::GET, &path, Body::Empty, Repeat::Always, format!("read domain `{domain}`"));
    match http.json(&call).await {
        Ok(json) => Ok(Some(Mapping::read(&json))),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Maps a domain to a service. The domain's name is the mapping's, so a second one is refused and cannot
/// be made by a repetition.
///
/// # Errors
/// When Google refuses: the domain is not verified, the account may not map domains.
pub async fn map(http: &Http, region: &Region, domain: &Domain, service: &ServiceName) -> Result<Mapping, ApiError> {
    let body = json!({
        "apiVersion": "domains.cloudrun.com/v1", "kind": "DomainMapping",
        "metadata": {"name": domain.as_str(), "namespace": http.project()},
        "spec": {"routeName": service.as_str(), "certificateMode": "AUTOMATIC"},
    });
    let doing = format!("map domain `{domain}` to service `{service}`");
    let call = call(http, region, Method::POST, &path(http), Body::Json(body), Repeat::WithoutEffect, doing);
    http.json(&call).await.map(|json| Mapping::read(&json))
}

fn path(http: &Http) -> String {
    format!("apis/domains.cloudrun.com/v1/namespaces/{}/domainmappings", segment(http.project()))
}

fn call(http: &Http, region: &Region, method: Method, path: &str, body: Body, repeat: Repeat, doing: String) -> Call {
    let mut call = http.call(method, Api::Run, path, body, repeat, doing);
    call.url = http.endpoints().regional(Api::Run, region.as_str(), path);
    call
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_says_what_is_missing() {
        let mapping = Mapping::read(&json!({
            "spec": {"routeName": "web"},
            "status": {
                "resourceRecords": [{"name": "www", "type": "CNAME", "rrdata": "ghs.googlehosted.com."}],
                "conditions": [
                    {"type": "Ready", "status": "Unknown"},
                    {"type": "CertificateProvisioned", "status": "Unknown", "message": "waiting for DNS"},
                    {"type": "DomainRoutable", "status": "True"}]},
        }));
        assert_eq!(
            (mapping.ready, mapping.message.as_str(), mapping.service.as_str()),
            (None, "waiting for DNS", "web")
        );
        assert_eq!(mapping.records[0].to_string(), "www CNAME ghs.googlehosted.com.");
    }
}
