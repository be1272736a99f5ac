//! Making a build: who it runs as, where its log goes, and how it reads from then on.

use super::{API, laws, operations, substitutions};
use crate::call::Call;
use crate::refusal;
use crate::reply::{Answer, Reply};
use crate::world::{Build, Outcome, Project, World};
use serde_json::{Map, Value, json};

/// `builds.create`.
pub(super) fn create(world: &mut World, call: &Call, project: &str) -> Answer {
    let location = call.hole("locationsId");
    let Some(project) = world.project(project).cloned() else { return Err(refusal::not_found(super::NOT_FOUND)) };
    laws::location(&project, location)?;
    let mut build = call.json.as_object().cloned().unwrap_or_default();
    for bucket in world.buckets.values_mut() {
        if let Some((_, left)) = &mut bucket.stale_policy {
            *left = left.saturating_sub(1);
        }
    }
    let id = world.fresh_uuid("build");
    let account = account(world, &project, &build, &call.account)?;
    let facts = Facts { project: &project, location, id: &id, account: &account };
    substitutions::apply(&mut build, &facts.built_in()).map_err(refusal::invalid)?;
    laws::steps(&build)?;
    laws::pool(world, &build, &call.account, &project.id)?;
    laws::logging(&build)?;
    let logs = logs_bucket(world, &project, &build, location, &account)?;
    laws::source(world, &build, &account)?;

    let script = world.next_builds.pop_front().unwrap_or_default();
    let pending = script.outcome == Outcome::PendingApproval;
    let mut document = facts.document(build, world.stamp(9), logs, pending);
    if world.makes_nothing_up {
        document.remove("logUrl");
    }
    let operation = operations::view(&project.id, location, &id, &document);
    world.effect("build created", id.clone());
    world.builds.push(Build {
        id,
        project: project.id,
        location: location.to_owned(),
        document,
        account,
        script,
        looks: 0,
        work: None,
    });
    Ok(Reply::ok(&operation))
}

/// What is known of a build before its own text is read.
struct Facts<'a> {
    project: &'a Project,
    location: &'a str,
    id: &'a str,
    account: &'a str,
}

/// The account the build runs as; the caller must be allowed to act as it.
fn account(world: &World, project: &Project, build: &Map<String, Value>, caller: &str) -> Result<String, Reply> {
    let named = build.get("serviceAccount").and_then(Value::as_str);
    let email = match named {
        Some(name) => name.rsplit('/').next().unwrap_or_default().to_owned(),
        None => project.default_build_account().ok_or_else(|| {
            refusal::invalid(
                "build.service_account must be specified: the project has no default service account for builds",
            )
        })?,
    };
    let full = format!("projects/{}/serviceAccounts/{email}", project.id);
    if named.is_some_and(|name| !name.starts_with("projects/") || !name.contains("/serviceAccounts/")) {
        return Err(refusal::invalid(format!(
            "invalid value for 'build.service_account': {}",
            named.unwrap_or_default()
        )));
    }
    let known = world.accounts.get(&email);
    let legacy = email == project.legacy_build_account();
    let home = known.map_or(project.id.as_str(), |account| account.project.as_str());
    // Google owns the legacy account; nobody needs a right on it.
    if !legacy && !world.allows(caller, "iam.serviceAccounts.actAs", home, known.map(|account| &account.policy)) {
        let message = format!("caller does not have permission to act as service account {full}");
        return Err(refusal::rpc(403, "PERMISSION_DENIED", message, Vec::new()));
    }
    match known {
        None => Err(refusal::precondition(format!("service account {full} does not exist"))),
        Some(account) if account.disabled => Err(refusal::precondition(format!("service account {full} is disabled"))),
        Some(_) => Ok(email),
    }
}

/// The bucket the log goes to, `gs://…`, if it goes to one; the build account must be able to
/// write there.
fn logs_bucket(
    world: &mut World,
    project: &Project,
    build: &Map<String, Value>,
    location: &str,
    account: &str,
) -> Result<Option<String>, Reply> {
    let options = build.get("options").cloned().unwrap_or_default();
    if matches!(options["logging"].as_str(), Some("CLOUD_LOGGING_ONLY" | "NONE")) {
        return Ok(None);
    }
    let own = build.get("logsBucket").and_then(Value::as_str).filter(|bucket| !bucket.is_empty());
    let refuse = |bucket: &str| {
        refusal::precondition(format!(
            "invalid bucket \"{bucket}\"; service account {account} does not have access to the bucket"
        ))
    };
    if let Some(given) = own {
        let path = given.strip_prefix("gs://").unwrap_or(given);
        let name = path.split('/').next().unwrap_or_default();
        let bucket = world.buckets.get(name);
        let may = |permission: &str| {
            bucket.is_some_and(|bucket| {
                world.allows(account, permission, &bucket.project_number, Some(bucket.policy_of_builds()))
            })
        };
        return match may("storage.buckets.get") && may("storage.objects.create") {
            true => Ok(Some(format!("gs://{path}"))),
            false => Err(refuse(name)),
        };
    }
    if options["defaultLogsBucketBehavior"] == "REGIONAL_USER_OWNED_BUCKET" {
        let name = format!("{}-{location}-cloudbuild-logs", project.number);
        if !world.buckets.contains_key(&name) {
            if !world.allows(account, "storage.buckets.create", &project.id, None) {
                return Err(refuse(&name));
            }
            world.add_bucket(&name, &project.number, location);
        }
        return Ok(Some(format!("gs://{name}")));
    }
    // Google's own bucket: the build account reaches it by its project role, people by the basic
    // roles alone.
    let name = format!("{}.cloudbuild-logs.googleusercontent.com", project.number);
    if !world.allows(account, "storage.objects.create", &project.id, None) {
        return Err(refuse(&name));
    }
    if !world.buckets.contains_key(&name) {
        world.add_bucket(&name, "0", "US");
        if let Some(bucket) = world.buckets.get_mut(&name) {
            for role in ["projectViewer", "projectOwner"] {
                bucket.policy.grant("roles/storage.legacyObjectReader", &format!("{role}:{}", project.id));
            }
            bucket.policy.grant("roles/storage.objectAdmin", &format!("serviceAccount:{account}"));
        }
    }
    Ok(Some(format!("gs://{name}")))
}

impl Facts<'_> {
    /// The substitutions every build has.
    fn built_in(&self) -> [(&'static str, String); 5] {
        [
            ("PROJECT_ID", self.project.id.clone()),
            ("PROJECT_NUMBER", self.project.number.clone()),
            ("BUILD_ID", self.id.to_owned()),
            ("LOCATION", self.location.to_owned()),
            ("SERVICE_ACCOUNT_EMAIL", self.account.to_owned()),
        ]
    }

    /// The build as the API writes it from now on.
    fn document(
        &self,
        mut build: Map<String, Value>,
        created: String,
        logs: Option<String>,
        pending: bool,
    ) -> Map<String, Value> {
        let Facts { project, location, id, account } = self;
        let mut document = Map::new();
        let mut put = |name: &str, value: Value| document.insert(name.to_owned(), value);
        put("name", json!(format!("projects/{}/locations/{location}/builds/{id}", project.number)));
        put("id", json!(id));
        put("projectId", json!(project.id));
        put("status", json!(if pending { "PENDING" } else { "QUEUED" }));
        put("createTime", json!(created));
        put("timeout", json!("3600s"));
        put("queueTtl", json!("3600s"));
        put("options", json!({}));
        // The log bucket and the account are written out below, in full.
        build.retain(|field, _| !OUTPUT_ONLY.contains(&field.as_str()));
        for (field, value) in build {
            put(&field, value);
        }
        if let Some(logs) = logs {
            put("logsBucket", json!(logs));
        }
        let region = if *location == "global" { String::new() } else { format!(";region={location}") };
        let console = "https://console.cloud.google.com/cloud-build/builds";
        put("logUrl", json!(format!("{console}{region}/{id}?project={}", project.number)));
        put("serviceAccount", json!(format!("projects/{}/serviceAccounts/{account}", project.id)));
        if pending {
            put("approval", json!({"state": "PENDING", "config": {"approvalRequired": true}}));
        }
        if let Some(Value::Object(options)) = document.get_mut("options") {
            options.entry("pool").or_insert_with(|| json!({}));
        }
        let whole = Value::Object(document);
        let known = crate::api::document(API.service, "Build");
        match known.map_or_else(|| whole.clone(), |known| crate::shape::canonical(known, "Build", &whole)) {
            Value::Object(canonical) => canonical,
            _ => Map::new(),
        }
    }
}

/// What only Cloud Build writes.
const OUTPUT_ONLY: [&str; 18] = [
    "name",
    "id",
    "projectId",
    "status",
    "statusDetail",
    "results",
    "createTime",
    "startTime",
    "finishTime",
    "sourceProvenance",
    "buildTriggerId",
    "logUrl",
    "logsBucket",
    "serviceAccount",
    "timing",
    "approval",
    "warnings",
    "failureInfo",
];
