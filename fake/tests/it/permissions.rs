//! Every call is refused to those who may not make it, in Google's words.

use crate::scene::{BUCKET, BUILDS, JOBS, SERVICES, Scene, hello, hello_job};
use fakecloud::World;
use serde_json::{Value, json};

/// Takes one permission from the deployer and makes a call that needs it.
#[track_caller]
fn needs(permission: &str, call: impl FnOnce(&Scene) -> crate::client::Reply) {
    let scene = Scene::new();
    scene.stage("a", b"1");
    scene.deploy("web", &hello());
    scene.cloud.world(|world| {
        world.add_secret("harbour-dev", "db", "x");
        world.deny(World::DEPLOYER, permission);
    });
    let reply = call(&scene);
    assert_eq!(reply.status, 403, "{permission}: {}", reply.text());
    assert!(reply.text().contains(permission), "{permission}: {}", reply.text());
}

#[test]
fn each_call_needs_its_permission() {
    let get = |api: &'static str, path: String| move |scene: &Scene| scene.get(api, &path);
    let post = |api: &'static str, path: String, body: Value| move |scene: &Scene| scene.post(api, &path, &body);
    needs("cloudbuild.builds.create", post("cloudbuild", BUILDS.to_owned(), json!({})));
    needs("cloudbuild.builds.get", get("cloudbuild", format!("{BUILDS}/x")));
    needs("cloudbuild.builds.list", get("cloudbuild", BUILDS.to_owned()));
    needs("cloudbuild.builds.update", post("cloudbuild", format!("{BUILDS}/x:cancel"), json!({})));
    needs(
        "cloudbuild.builds.get",
        get("cloudbuild", "/v1/projects/harbour-dev/locations/global/defaultServiceAccount".into()),
    );
    needs("run.services.get", get("run", format!("{SERVICES}/web")));
    needs("run.services.list", get("run", SERVICES.to_owned()));
    needs("run.services.update", |scene| scene.call("run", "PATCH", &format!("{SERVICES}/web"), Some(&hello())));
    needs("run.services.create", |scene| {
        scene.call("run", "PATCH", &format!("{SERVICES}/new?allowMissing=true"), Some(&hello()))
    });
    needs("run.services.delete", |scene| scene.call("run", "DELETE", &format!("{SERVICES}/web"), None));
    needs("run.services.getIamPolicy", get("run", format!("{SERVICES}/web:getIamPolicy")));
    needs("run.services.setIamPolicy", post("run", format!("{SERVICES}/web:setIamPolicy"), json!({"policy": {}})));
    needs("run.revisions.get", get("run", format!("{SERVICES}/web/revisions/x")));
    needs("run.revisions.list", get("run", format!("{SERVICES}/web/revisions")));
    needs("run.revisions.delete", |scene| scene.call("run", "DELETE", &format!("{SERVICES}/web/revisions/x"), None));
    needs("run.operations.get", get("run", "/v2/projects/harbour-dev/locations/us-central1/operations/x".into()));
    needs("storage.buckets.get", get("storage", format!("/storage/v1/b/{BUCKET}")));
    needs(
        "storage.buckets.create",
        post("storage", "/storage/v1/b?project=harbour-dev".into(), json!({"name": "abc"})),
    );
    needs("storage.buckets.list", get("storage", "/storage/v1/b?project=harbour-dev".into()));
    needs("storage.buckets.getIamPolicy", get("storage", format!("/storage/v1/b/{BUCKET}/iam")));
    needs("storage.buckets.setIamPolicy", |scene| {
        scene.call("storage", "PUT", &format!("/storage/v1/b/{BUCKET}/iam"), Some(&json!({})))
    });
    needs("storage.objects.get", get("storage", format!("/storage/v1/b/{BUCKET}/o/a")));
    needs("storage.objects.get", get("storage", format!("/storage/v1/b/{BUCKET}/o/a?alt=media")));
    needs("storage.objects.delete", |scene| {
        scene.call("storage", "DELETE", &format!("/storage/v1/b/{BUCKET}/o/a"), None)
    });
    needs(
        "storage.objects.create",
        post("storage", format!("/upload/storage/v1/b/{BUCKET}/o?uploadType=media&name=x"), json!({})),
    );
    needs(
        "storage.objects.create",
        post("storage", format!("/upload/storage/v1/b/{BUCKET}/o?uploadType=resumable&name=x"), json!({})),
    );
    needs("resourcemanager.projects.get", get("cloudresourcemanager", "/v3/projects/harbour-dev".into()));
    needs(
        "orgpolicy.policy.get",
        post(
            "cloudresourcemanager",
            "/v1/projects/harbour-dev:getEffectiveOrgPolicy".into(),
            json!({"constraint": "constraints/x"}),
        ),
    );
    needs(
        "iam.serviceAccounts.get",
        get("iam", format!("/v1/projects/harbour-dev/serviceAccounts/{}", World::COMPUTE)),
    );
    needs("iam.serviceAccounts.getIamPolicy", |scene| {
        scene.send("iam", "POST", &format!("/v1/projects/-/serviceAccounts/{}:getIamPolicy", World::COMPUTE), &[], None)
    });
    needs(
        "secretmanager.versions.access",
        get("secretmanager", "/v1/projects/harbour-dev/secrets/db/versions/1:access".into()),
    );
    needs(
        "serviceusage.services.get",
        get("serviceusage", "/v1/projects/harbour-dev/services/run.googleapis.com".into()),
    );
    needs(
        "artifactregistry.projectsettings.get",
        get("artifactregistry", "/v1/projects/harbour-dev/projectSettings".into()),
    );
    needs(
        "artifactregistry.tags.get",
        get("artifactregistry", "/v1/projects/harbour-dev/locations/us/repositories/gcr.io/packages/web/tags/1".into()),
    );
    needs(
        "artifactregistry.dockerimages.get",
        get(
            "artifactregistry",
            "/v1/projects/harbour-dev/locations/us/repositories/gcr.io/dockerImages/web@sha256:1".into(),
        ),
    );
    needs(
        "logging.logEntries.list",
        post("logging", "/v2/entries:list".into(), json!({"resourceNames": ["projects/harbour-dev"]})),
    );
}

#[test]
fn each_call_about_jobs_needs_its_permission() {
    let get = |path: String| move |scene: &Scene| scene.get("run", &path);
    let post = |path: String, body: Value| move |scene: &Scene| scene.post("run", &path, &body);
    let patch = |job: &'static str, body: Value| {
        move |scene: &Scene| scene.call("run", "PATCH", &format!("{JOBS}/{job}?allowMissing=true"), Some(&body))
    };
    needs("run.jobs.get", get(format!("{JOBS}/x")));
    needs("run.jobs.update", patch("x", hello_job()));
    needs("run.jobs.create", patch("x", hello_job()));
    let mut with_token = hello_job();
    with_token["startExecutionToken"] = json!("one");
    needs("run.jobs.run", patch("x", with_token));
    needs("run.jobs.run", post(format!("{JOBS}/x:run"), json!({})));
    needs("run.jobs.delete", |scene| scene.call("run", "DELETE", &format!("{JOBS}/x"), None));
    needs("run.executions.get", get(format!("{JOBS}/x/executions/y")));
    needs("run.executions.list", get(format!("{JOBS}/x/executions")));
    needs("run.executions.cancel", post(format!("{JOBS}/x/executions/y:cancel"), json!({})));
    needs("run.tasks.list", get(format!("{JOBS}/x/executions/y/tasks")));
    needs("run.tasks.get", get(format!("{JOBS}/x/executions/y/tasks/z")));
    let scene = Scene::with(|world| world.deny(World::DEPLOYER, "run.jobs.runWithOverrides"));
    scene.set_job("x", &hello_job());
    let run = |body: Value| scene.post("run", &format!("{JOBS}/x:run"), &body);
    assert_eq!(run(json!({})).status, 200);
    let reply = run(json!({"overrides": {"taskCount": 2}}));
    assert_eq!((reply.status, reply.reason().as_deref()), (403, Some("IAM_PERMISSION_DENIED")));
}

#[test]
fn refusals_name_permission_and_resource_as_in_the_sample() {
    let scene = Scene::with(|world| world.deny(World::DEPLOYER, "run.services.update"));
    let reply = scene.call("run", "PATCH", &format!("{SERVICES}/web?allowMissing=true"), Some(&hello()));
    assert_eq!(
        reply.json(),
        json!({"error": {"code": 403, "status": "PERMISSION_DENIED",
            "message": "Permission 'run.services.update' denied on resource '//run.googleapis.com/projects/harbour-dev/locations/us-central1/services/web' (or it may not exist).",
            "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "IAM_PERMISSION_DENIED",
                "domain": "iam.googleapis.com", "metadata": {"permission": "run.services.update",
                "resource": "projects/harbour-dev/locations/us-central1/services/web"}}]}})
    );
    let scene = Scene::with(|world| world.deny(World::DEPLOYER, "storage.buckets.create"));
    let reply = scene.post("storage", "/storage/v1/b?project=harbour-dev", &json!({"name": "abc"}));
    assert_eq!(reply.json()["error"]["errors"][0]["reason"], "forbidden");
    assert_eq!(
        reply.message(),
        format!(
            "{} does not have storage.buckets.create access to the Google Cloud project. Permission 'storage.buckets.create' denied on resource (or it may not exist).",
            World::DEPLOYER
        )
    );
}

#[test]
fn the_five_roles_cannot_do_what_they_cannot() {
    let scene = Scene::new();
    for (api, path) in [
        ("serviceusage", "/v1/projects/harbour-dev/services/run.googleapis.com"),
        ("artifactregistry", "/v1/projects/harbour-dev/projectSettings"),
    ] {
        assert_eq!(scene.get(api, path).reason().as_deref(), Some("IAM_PERMISSION_DENIED"), "{path}");
    }
    let reply = scene.post("logging", "/v2/entries:list", &json!({"resourceNames": ["projects/harbour-dev"]}));
    assert_eq!((reply.status, reply.message()), (403, "Permission denied for all log views".to_owned()));
}

#[test]
fn a_disabled_api_is_refused_as_in_the_sample() {
    let scene = Scene::with(|world| world.disable_api("run.googleapis.com"));
    let reply = scene.get("run", &format!("{SERVICES}/web"));
    let url = "https://console.developers.google.com/apis/api/run.googleapis.com/overview?project=123456789012";
    let short = format!(
        "Cloud Run Admin API has not been used in project 123456789012 before or it is disabled. Enable it by visiting {url} then retry."
    );
    assert_eq!(
        reply.json(),
        json!({"error": {"code": 403, "status": "PERMISSION_DENIED",
        "message": format!("{short} If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry."),
        "details": [
            {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED", "domain": "googleapis.com",
                "metadata": {"service": "run.googleapis.com", "serviceTitle": "Cloud Run Admin API",
                    "consumer": "projects/123456789012", "containerInfo": "123456789012", "activationUrl": url}},
            {"@type": "type.googleapis.com/google.rpc.LocalizedMessage", "locale": "en-US", "message": short},
            {"@type": "type.googleapis.com/google.rpc.Help", "links": [{"description": "Google developers console API activation", "url": url}]}
        ]}})
    );
    // The other APIs go on.
    assert_eq!(scene.get("cloudresourcemanager", "/v3/projects/harbour-dev").status, 200);
    let scene = Scene::with(|world| world.disable_api("cloudresourcemanager.googleapis.com"));
    assert_eq!(
        scene.get("cloudresourcemanager", "/v3/projects/harbour-dev").reason().as_deref(),
        Some("SERVICE_DISABLED")
    );
    // Cloud Storage in its own shape.
    let scene = Scene::with(|world| world.disable_api("storage.googleapis.com"));
    let error = &scene.get("storage", "/storage/v1/b/anything").json()["error"];
    assert_eq!((&error["code"], error.get("details"), error.get("status")), (&json!(403), None, None));
    assert_eq!(error["errors"][0]["reason"], "accessNotConfigured");
    assert!(error["message"].as_str().is_some_and(|text| text.contains("/apis/api/storage.googleapis.com/overview")));
}

#[test]
fn an_unpaid_project_is_refused_as_in_the_sample() {
    let scene = Scene::with(|world| world.home().billing = false);
    let reply = scene.get("cloudbuild", BUILDS);
    assert!(reply.message().starts_with(
        "This API method requires billing to be enabled. Please enable billing on project #123456789012 by visiting"
    ));
    let details = reply.json()["error"]["details"].clone();
    assert_eq!(details[0]["@type"], "type.googleapis.com/google.rpc.Help");
    assert_eq!(
        (&details[1]["reason"], &details[1]["metadata"]["service"]),
        (&json!("BILLING_DISABLED"), &json!("cloudbuild.googleapis.com"))
    );
    assert_eq!(scene.get("cloudresourcemanager", "/v3/projects/harbour-dev").status, 200);
}

#[test]
fn grants_on_one_resource_count_there_and_only_there() {
    let scene = Scene::new();
    scene.stage("a", b"1");
    scene.deploy("web", &hello());
    scene.deploy("api", &hello());
    let member = format!("serviceAccount:{}", World::DEPLOYER);
    scene.cloud.world(|world| {
        for role in ["roles/run.admin", "roles/storage.admin"] {
            world.revoke(World::PROJECT, World::DEPLOYER, role);
        }
        let name = "projects/harbour-dev/locations/us-central1/services/web";
        world.services.get_mut(name).expect("a service").policy.grant("roles/run.viewer", &member);
        world.buckets.get_mut(BUCKET).expect("a bucket").policy.grant("roles/storage.objectViewer", &member);
    });
    assert_eq!(scene.get("run", &format!("{SERVICES}/web")).status, 200);
    assert_eq!(scene.get("run", &format!("{SERVICES}/api")).status, 403);
    assert_eq!(scene.get("storage", &format!("/storage/v1/b/{BUCKET}/o/a")).status, 200);
    assert_eq!(scene.get("storage", &format!("/storage/v1/b/{BUCKET}")).status, 403);
}

#[test]
fn an_unknown_project_is_no_consumer() {
    let scene = Scene::new();
    let reply = scene.get("run", "/v2/projects/elsewhere/locations/us-central1/services/web");
    assert_eq!((reply.status, reply.reason().as_deref()), (403, Some("CONSUMER_INVALID")));
}
