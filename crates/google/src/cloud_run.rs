//! Cloud Run: services, revisions, their conditions and traffic. Services stay JSON, so that
//! fields this product does not know survive being read and written back.

use reqwest::Method;
use serde_json::Value;

use super::endpoints::{Api, segment};
use super::error::ApiError;
use super::http::{Body, Call, Http};
use super::operation::Operation;
use slipway_names::access::Front;
use slipway_names::ids::{Region, RevisionName, ServiceName};
use slipway_names::kind::ResourceKind;
use slipway_names::traffic::{Share, Traffic, TrafficTarget};
use slipway_wire::repeat::Repeat;

/// The full name of a service.
pub fn service_name(project: &str, region: &Region, service: &ServiceName) -> String {
    resource_name(ResourceKind::Service, project, region, service)
}

/// The full name of a service or a worker pool.
pub fn resource_name(kind: ResourceKind, project: &str, region: &Region, name: &ServiceName) -> String {
    format!("projects/{}/locations/{region}/{}/{name}", segment(project), kind.collection())
}

/// A service as Google describes it.
#[derive(Debug, Clone)]
pub struct Service {
    json: Value,
}

/// How one aspect of a service or revision is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// `Ready`, `ContainerHealthy`, …
    pub kind: String,
    /// Whether it holds; `None` while that is not settled.
    pub holds: Option<bool>,
    /// Google's enum word for why not; from whichever of the three fields carries it.
    pub reason: String,
    /// Google's sentence.
    pub message: String,
}

impl Condition {
    pub(super) fn read(json: &Value) -> Self {
        let text = |key: &str| json.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let reason =
            ["revisionReason", "reason", "executionReason"].iter().map(|key| text(key)).find(|word| !word.is_empty());
        Self {
            kind: text("type"),
            holds: match text("state").as_str() {
                "CONDITION_SUCCEEDED" => Some(true),
                "CONDITION_FAILED" => Some(false),
                _ => None,
            },
            reason: reason.unwrap_or_default(),
            message: text("message"),
        }
    }

    pub(super) fn list(json: Option<&Value>) -> Vec<Self> {
        json.and_then(Value::as_array).into_iter().flatten().map(Self::read).collect()
    }
}

impl Service {
    /// Wraps a service's JSON.
    pub fn from_json(json: Value) -> Self {
        Self { json }
    }

    /// The whole document.
    pub fn json(&self) -> &Value {
        &self.json
    }

    fn text(&self, pointer: &str) -> &str {
        self.json.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// The version this reading is of.
    pub fn etag(&self) -> &str {
        self.text("/etag")
    }

    /// Its address.
    pub fn uri(&self) -> &str {
        self.text("/uri")
    }

    /// Whether Google still works on it.
    pub fn is_settled(&self) -> bool {
        let generation = |key: &str| self.json.get(key).map(ToString::to_string);
        self.json.get("reconciling").and_then(Value::as_bool) != Some(true)
            && generation("generation") == generation("observedGeneration")
    }

    /// Its overall condition.
    pub fn ready(&self) -> Option<Condition> {
        self.json.get("terminalCondition").map(Condition::read)
    }

    /// The revision `LATEST` stands for.
    pub fn latest_ready(&self) -> Option<RevisionName> {
        last_segment(self.text("/latestReadyRevision"))
    }

    /// The revision its template made last.
    pub fn latest_created(&self) -> Option<RevisionName> {
        last_segment(self.text("/latestCreatedRevision"))
    }

    /// The revision name its template asks for, when it asks for one.
    pub fn template_revision(&self) -> &str {
        self.text("/template/revision")
    }

    /// The traffic that was asked for.
    pub fn traffic(&self) -> Traffic {
        read_traffic(self.json.get("traffic").or_else(|| self.json.get("instanceSplits")))
    }

    /// The traffic that is.
    pub fn serving(&self) -> Traffic {
        read_traffic(self.json.get("trafficStatuses").or_else(|| self.json.get("instanceSplitStatuses")))
    }

    /// The address of its own that a traffic tag gives its revision.
    pub fn tag_uri(&self, tag: &str) -> Option<&str> {
        let statuses = self.json.get("trafficStatuses")?.as_array()?;
        statuses.iter().find(|status| status.get("tag").and_then(Value::as_str) == Some(tag))?.get("uri")?.as_str()
    }

    /// What stands between a request and its program.
    pub fn front(&self) -> Front {
        let on = |field: &str| self.json.get(field).and_then(Value::as_bool) == Some(true);
        let internal = matches!(
            self.text("/ingress"),
            "INGRESS_TRAFFIC_INTERNAL_ONLY" | "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER" | "INGRESS_TRAFFIC_NONE"
        );
        Front {
            proxy: on("iapEnabled"),
            unchecked: on("invokerIamDisabled"),
            internal,
            no_address: on("defaultUriDisabled"),
        }
    }

    /// A label of the service.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.json.get("labels")?.get(key)?.as_str()
    }
}

/// A revision.
#[derive(Debug, Clone)]
pub struct Revision {
    /// Its name; `None` when Google gives one that is none.
    pub name: Option<RevisionName>,
    /// When it was made, in RFC 3339.
    pub made: String,
    /// Its images, as they were asked for.
    pub asked_images: Vec<String>,
    /// Its conditions.
    pub conditions: Vec<Condition>,
    /// The images of its containers, by digest, as Cloud Run resolved them.
    pub images: Vec<String>,
    /// The page with its log.
    pub log_uri: String,
    /// Whether Google still works on it.
    pub reconciling: bool,
    /// The commit it was deployed from, by the label that deploys give it.
    pub commit: Option<String>,
}

impl Revision {
    /// From Google's document.
    pub fn read(json: &Value) -> Self {
        let statuses = json.get("containerStatuses").and_then(Value::as_array).into_iter().flatten();
        let containers = json.get("containers").and_then(Value::as_array).into_iter().flatten();
        let text = |key: &str| json.get(key).and_then(Value::as_str).unwrap_or_default();
        Self {
            name: last_segment(text("name")),
            made: text("createTime").to_owned(),
            asked_images: containers.filter_map(|one| one.get("image")?.as_str().map(str::to_owned)).collect(),
            conditions: Condition::list(json.get("conditions")),
            images: statuses.filter_map(|status| status.get("imageDigest")?.as_str().map(str::to_owned)).collect(),
            log_uri: json.get("logUri").and_then(Value::as_str).unwrap_or_default().to_owned(),
            reconciling: json.get("reconciling").and_then(Value::as_bool) == Some(true),
            commit: json.pointer("/labels/commit-sha").and_then(Value::as_str).map(str::to_owned),
        }
    }

    /// The condition of that kind.
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.kind == kind)
    }
}

fn last_segment(name: &str) -> Option<RevisionName> {
    RevisionName::parse(name.rsplit('/').next()?).ok()
}

fn read_traffic(list: Option<&Value>) -> Traffic {
    let shares = list.and_then(Value::as_array).into_iter().flatten().filter_map(|target| {
        let revision = target.get("revision").and_then(Value::as_str).and_then(last_segment);
        Some(Share {
            // TRAFFIC_TARGET_… of a service, INSTANCE_SPLIT_… of a worker pool.
            target: match target.get("type").and_then(Value::as_str) {
                Some(kind) if kind.ends_with("_ALLOCATION_TYPE_REVISION") => TrafficTarget::Revision(revision?),
                _ => TrafficTarget::Latest,
            },
            percent: target
                .get("percent")
                .and_then(Value::as_u64)
                .and_then(|percent| u8::try_from(percent).ok())
                .unwrap_or(0),
            tag: target.get("tag").and_then(Value::as_str).map(str::to_owned),
        })
    });
    Traffic { shares: shares.collect() }
}

/// Reads a service; `None` when there is none of that name.
///
/// # Errors
/// When it may not be read.
pub async fn service(http: &Http, name: &str) -> Result<Option<Service>, ApiError> {
    let call = http.get(Api::Run, &format!("v2/{name}"), format!("read {}", shown(name)));
    match http.json(&call).await {
        Ok(json) => Ok(Some(Service { json })),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes a service, making it when it is missing. The etag in the body makes it repeatable: a
/// second time finds a newer version and answers 409, and then the caller looks.
///
/// # Errors
/// When Google refuses, or the reply is lost (`is_ambiguous`).
pub async fn apply(http: &Http, name: &str, service: &Value) -> Result<Operation, ApiError> {
    let doing = format!("deploy {}", shown(name));
    let mut call = http.call(
        Method::PATCH,
        Api::Run,
        &format!("v2/{name}"),
        Body::Json(service.clone()),
        Repeat::WithoutEffect,
        doing,
    );
    call.query.push(("allowMissing", "true".into()));
    begun(http, &call, &http.json(&call).await?)
}

/// Makes a service that is not there yet; one that is there by now answers 409, and nothing of it changes (`run.v2`,
/// projects.locations.services.create).
///
/// # Errors
/// When Google refuses, or the reply is lost (`is_ambiguous`).
pub async fn create(http: &Http, name: &str, service: &Value) -> Result<Operation, ApiError> {
    let (collection, id) = name.rsplit_once('/').unwrap_or_default();
    let path = format!("v2/{collection}");
    let doing = format!("make {}", shown(name));
    let mut call = http.call(Method::POST, Api::Run, &path, Body::Json(service.clone()), Repeat::WithoutEffect, doing);
    call.query.push(("serviceId", id.to_owned()));
    begun(http, &call, &http.json(&call).await?)
}

/// Writes the named fields of a service, and nothing else. A revision is made where `template` is one of them. The
/// etag in the body guards it as in [`apply`].
///
/// # Errors
/// When Google refuses, or the reply is lost (`is_ambiguous`).
pub async fn write_fields(http: &Http, name: &str, service: &Value, fields: &[String]) -> Result<Operation, ApiError> {
    let template = fields.iter().any(|field| field == "template");
    let verb = if template { "deploy" } else { "move the traffic of" };
    let doing = format!("{verb} {}", shown(name));
    let body: serde_json::Map<String, Value> = std::iter::once("etag")
        .chain(fields.iter().map(String::as_str))
        .filter_map(|key| Some((key.to_owned(), service.get(key)?.clone())))
        .collect();
    let mut call = http.call(
        Method::PATCH,
        Api::Run,
        &format!("v2/{name}"),
        Body::Json(body.into()),
        Repeat::WithoutEffect,
        doing,
    );
    call.query.push(("updateMask", fields.join(",")));
    begun(http, &call, &http.json(&call).await?)
}

/// The operation in an answer.
pub(super) fn begun(http: &Http, call: &Call, answer: &Value) -> Result<Operation, ApiError> {
    Operation::read(answer).ok_or_else(|| http.unreadable(call, "the answer names no operation"))
}

/// Every revision of a service, newest first.
///
/// # Errors
/// When they may not be listed.
pub async fn revisions(http: &Http, service: &str) -> Result<Vec<Revision>, ApiError> {
    let mut all = Vec::new();
    let mut page = None;
    loop {
        let doing = format!("list the revisions of service `{}`", short(service));
        let mut call = http.get(Api::Run, &format!("v2/{service}/revisions"), doing);
        call.query.push(("pageSize", "100".into()));
        call.query.extend(page.take().map(|token| ("pageToken", token)));
        let answer = http.json(&call).await?;
        let listed = answer.get("revisions").and_then(Value::as_array).into_iter().flatten();
        all.extend(listed.map(Revision::read));
        match answer.get("nextPageToken").and_then(Value::as_str).filter(|token| !token.is_empty()) {
            Some(token) => page = Some(token.to_owned()),
            None => return Ok(all),
        }
    }
}

/// Every service of a region.
///
/// # Errors
/// When they may not be listed.
pub async fn services(http: &Http, region: &Region) -> Result<Vec<Service>, ApiError> {
    Ok(listed(http, region, "services").await?.into_iter().map(Service::from_json).collect())
}

/// The region and the name of every service of the project, in all regions. Only the older API lists them at once, as
/// gcloud does (`v2` takes no `-` for the region).
///
/// # Errors
/// When they may not be listed.
pub async fn everywhere(http: &Http) -> Result<Vec<(String, String)>, ApiError> {
    let path = format!("v1/projects/{}/locations/-/services", segment(http.project()));
    let mut all = Vec::new();
    let mut page: Option<String> = None;
    loop {
        let mut call = http.get(Api::Run, &path, "list the services of all regions");
        call.query.extend(page.take().map(|token| ("continue", token)));
        let answer = http.json(&call).await?;
        let items = answer.get("items").and_then(Value::as_array).into_iter().flatten();
        all.extend(items.filter_map(|item| {
            let region = item.pointer("/metadata/labels/cloud.googleapis.com~1location")?.as_str()?;
            Some((region.to_owned(), item.pointer("/metadata/name")?.as_str()?.to_owned()))
        }));
        match answer.pointer("/metadata/continue").and_then(Value::as_str).filter(|token| !token.is_empty()) {
            Some(token) => page = Some(token.to_owned()),
            None => return Ok(all),
        }
    }
}

/// Everything of one collection in a region: `services` or `jobs`, as Google describes it.
///
/// # Errors
/// When it may not be listed.
pub(super) async fn listed(http: &Http, region: &Region, collection: &'static str) -> Result<Vec<Value>, ApiError> {
    let path = format!("v2/projects/{}/locations/{region}/{collection}", segment(http.project()));
    let mut all = Vec::new();
    let mut page = None;
    loop {
        let mut call = http.get(Api::Run, &path, format!("list the {collection} in `{region}`"));
        call.query.push(("pageSize", "100".into()));
        call.query.extend(page.take().map(|token| ("pageToken", token)));
        let answer = http.json(&call).await?;
        all.extend(answer.get(collection).and_then(Value::as_array).into_iter().flatten().cloned());
        match answer.get("nextPageToken").and_then(Value::as_str).filter(|token| !token.is_empty()) {
            Some(token) => page = Some(token.to_owned()),
            None => return Ok(all),
        }
    }
}

/// Begins to delete a service with all its revisions. A second time finds it gone, which is as good: nothing then.
///
/// # Errors
/// When Google keeps it.
pub async fn delete_service(http: &Http, name: &str) -> Result<Option<Operation>, ApiError> {
    let doing = format!("delete service `{}`", short(name));
    let call = http.call(Method::DELETE, Api::Run, &format!("v2/{name}"), Body::Empty, Repeat::Always, doing);
    match http.json(&call).await {
        Ok(answer) => begun(http, &call, &answer).map(Some),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Deletes a revision. A second time finds it gone, which is as good.
///
/// # Errors
/// When Google keeps it.
pub async fn delete_revision(http: &Http, service: &str, revision: &RevisionName) -> Result<(), ApiError> {
    let path = format!("v2/{service}/revisions/{revision}");
    let call = http.call(
        Method::DELETE,
        Api::Run,
        &path,
        Body::Empty,
        Repeat::Always,
        format!("delete revision `{revision}`"),
    );
    match http.json(&call).await {
        Err(error) if !error.is_missing() => Err(error),
        _ => Ok(()),
    }
}

/// Asks Google whether it would take a service, without changing anything.
///
/// # Errors
/// Why it would not.
pub async fn validate(http: &Http, name: &str, service: &Value) -> Result<(), ApiError> {
    let doing = format!("have Google check {}", shown(name));
    let mut call =
        http.call(Method::PATCH, Api::Run, &format!("v2/{name}"), Body::Json(service.clone()), Repeat::Always, doing);
    call.query = vec![("allowMissing", "true".into()), ("validateOnly", "true".into())];
    http.json(&call).await.map(drop)
}

/// Reads a revision; `None` when there is none of that name.
///
/// # Errors
/// When it may not be read.
pub async fn revision(http: &Http, service: &str, revision: &RevisionName) -> Result<Option<Revision>, ApiError> {
    Ok(revision_json(http, service, revision).await?.as_ref().map(Revision::read))
}

/// Reads a revision as the whole document that Google gives; `None` when there is none of that name.
///
/// # Errors
/// When it may not be read.
pub async fn revision_json(http: &Http, service: &str, revision: &RevisionName) -> Result<Option<Value>, ApiError> {
    let call = http.get(Api::Run, &format!("v2/{service}/revisions/{revision}"), format!("read revision `{revision}`"));
    match http.json(&call).await {
        Ok(json) => Ok(Some(json)),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Kind and name, for a sentence.
fn shown(name: &str) -> String {
    let kind = if name.contains("/workerPools/") { ResourceKind::WorkerPool } else { ResourceKind::Service };
    format!("{} `{}`", kind.word(), short(name))
}

pub(super) fn short(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn traffic_is_read_with_its_tags() {
        let service = Service::from_json(json!({
            "traffic": [
                {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 40},
                {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "web-1", "percent": 60},
                {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "web-2", "tag": "c1"}],
            "latestReadyRevision": "projects/p/locations/r/services/web/revisions/web-2",
        }));
        assert_eq!(service.traffic().words(None), "40 % latest, 60 % `web-1`, 0 % `web-2` (tag `c1`)");
        assert_eq!(service.latest_ready().map(|name| name.to_string()).as_deref(), Some("web-2"));
    }

    #[test]
    fn a_service_is_settled_when_google_has_seen_its_generation() {
        let service = |json| Service::from_json(json).is_settled();
        assert!(service(json!({"generation": "7", "observedGeneration": "7"})));
        assert!(!service(json!({"generation": "7", "observedGeneration": "6"})));
        assert!(!service(json!({"generation": "7", "observedGeneration": "7", "reconciling": true})));
    }

    #[test]
    fn a_conditions_reason_stands_in_one_of_three_fields() {
        let condition = Condition::read(
            &json!({"type": "Ready", "state": "CONDITION_FAILED", "revisionReason": "HEALTH_CHECK_CONTAINER_ERROR"}),
        );
        assert_eq!((condition.holds, condition.reason.as_str()), (Some(false), "HEALTH_CHECK_CONTAINER_ERROR"));
        assert_eq!(Condition::read(&json!({"state": "CONDITION_RECONCILING"})).holds, None);
    }
}
