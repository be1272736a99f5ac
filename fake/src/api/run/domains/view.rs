//! Domain mappings as the API writes them.

use crate::world::{DomainMapping, World};
use serde_json::{Value, json};

/// A domain mapping: what was asked, the records its domain needs, and how far it is.
pub(super) fn mapping(world: &World, mapping: &DomainMapping) -> Value {
    let path = format!("/apis/{}/namespaces/{}/domainmappings/{}", super::VERSION, mapping.project, mapping.name);
    let number = world.project(&mapping.project).map_or("", |project| project.number.as_str());
    let mut metadata = json!({
        "name": mapping.name,
        "namespace": number,
        "selfLink": path,
        "uid": mapping.uid,
        "resourceVersion": mapping.version.to_string(),
        "generation": 1,
        "creationTimestamp": mapping.created,
    });
    for (name, value) in &mapping.metadata {
        metadata[name] = value.clone();
    }
    metadata["labels"]["cloud.googleapis.com/location"] = json!(mapping.region);
    metadata["annotations"]["serving.knative.dev/creator"] = json!(mapping.creator);
    let mut status = json!({"observedGeneration": 1, "conditions": conditions(world, mapping)});
    if world.is_verified(&mapping.name) {
        status["mappedRouteName"] = json!(mapping.service());
        status["resourceRecords"] = json!(records(&mapping.name));
        status["url"] = json!(format!("https://{}", mapping.name));
    }
    json!({"apiVersion": super::VERSION, "kind": "DomainMapping", "metadata": metadata, "spec": mapping.spec,
        "status": status})
}

fn conditions(world: &World, mapping: &DomainMapping) -> Value {
    let at = mapping.transition.as_str();
    let well = |kind: &str| json!({"type": kind, "status": "True", "lastTransitionTime": at});
    let not = |kind: &str, status: &str, reason: &str, message: &str| json!({"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": at});
    let is_there = world.services.values().any(|service| {
        service.project() == mapping.project
            && service.region() == mapping.region
            && service.short_name() == mapping.service()
    });
    if !world.is_verified(&mapping.name) {
        let message = format!(
            "Caller is not authorized to administer the domain '{0}'. If you own '{0}', you can obtain authorization by \
             verifying ownership of the domain, or any of its parent domains, via the Webmaster Central portal: \
             https://www.google.com/webmasters/verification/verification?domain={0}.",
            mapping.name
        );
        return json!([not("Ready", "False", "PermissionDenied", &message)]);
    }
    if !is_there {
        let message = format!("Route '{}' does not exist.", mapping.service());
        let ready = not("Ready", "False", "RouteMissing", &message);
        return json!([ready, not("DomainRoutable", "False", "RouteMissing", &message)]);
    }
    let needs_certificate = mapping.spec.get("certificateMode").and_then(Value::as_str) != Some("NONE");
    if needs_certificate && !mapping.certified {
        let message = "Waiting for certificate provisioning. You must configure your DNS records for certificate issuance \
                       to begin.";
        let pending = |kind: &str| not(kind, "Unknown", "CertificatePending", message);
        return json!([pending("Ready"), pending("CertificateProvisioned"), well("DomainRoutable")]);
    }
    json!([well("Ready"), well("CertificateProvisioned"), well("DomainRoutable")])
}

/// What its DNS must say: an alias for a name below a domain, addresses for the domain itself.
fn records(domain: &str) -> Vec<Value> {
    match domain.split('.').collect::<Vec<_>>().as_slice() {
        [_, _] => {
            let v4 = [32, 34, 36, 38].map(|part| json!({"type": "A", "rrdata": format!("216.239.{part}.21")}));
            let v6 =
                [32, 34, 36, 38].map(|part| json!({"type": "AAAA", "rrdata": format!("2001:4860:4802:{part}::15")}));
            v4.into_iter().chain(v6).collect()
        }
        parts => {
            let name = parts[..parts.len().saturating_sub(2)].join(".");
            vec![json!({"name": name, "type": "CNAME", "rrdata": "ghs.googlehosted.com."})]
        }
    }
}
