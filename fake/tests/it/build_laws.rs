//! What a build must satisfy to be created.

use crate::scene::{BUCKET, BUILDS, Scene};
use fakecloud::World;
use serde_json::{Value, json};

const APP: &[(&str, &str)] = &[("Dockerfile", "FROM python:3.12\n")];

/// A scene with a build that would be created, and what a change of either makes of it.
#[track_caller]
fn refused(world: impl FnOnce(&mut World), change: impl FnOnce(&mut Value), status: u16, sentence: &str) {
    let scene = Scene::new();
    let mut body = scene.build_of(APP);
    scene.cloud.world(world);
    change(&mut body);
    let (code, message) = scene.refused(&body);
    assert_eq!(code, status, "{message}");
    assert!(message.contains(sentence), "{message}");
    assert_eq!(scene.cloud.world(|world| world.builds.len()), 0);
}

#[track_caller]
fn created(world: impl FnOnce(&mut World), change: impl FnOnce(&mut Value)) {
    let scene = Scene::new();
    let mut body = scene.build_of(APP);
    scene.cloud.world(world);
    change(&mut body);
    scene.create(&body);
}

fn untouched(_: &mut World) {}

fn same(_: &mut Value) {}

fn without(field: &'static str) -> impl FnOnce(&mut Value) {
    move |body| drop(body.as_object_mut().expect("a build").remove(field))
}

#[test]
fn the_plain_build_is_created() {
    created(untouched, same);
}

#[test]
fn a_named_account_needs_somewhere_for_the_log() {
    let sentence = "if 'build.service_account' is specified, the build must either (a) specify 'build.logs_bucket'";
    refused(untouched, without("logsBucket"), 400, sentence);
    for logging in ["CLOUD_LOGGING_ONLY", "NONE"] {
        created(untouched, |body| {
            without("logsBucket")(body);
            body["options"]["logging"] = json!(logging);
        });
    }
    created(untouched, |body| {
        without("logsBucket")(body);
        body["options"] = json!({"defaultLogsBucketBehavior": "REGIONAL_USER_OWNED_BUCKET"});
    });
    // Without a named account Google's own bucket is taken.
    created(untouched, |body| {
        without("logsBucket")(body);
        without("serviceAccount")(body);
    });
}

#[test]
fn a_log_bucket_and_cloud_logging_exclude_each_other() {
    let change = |body: &mut Value| body["options"]["logging"] = json!("CLOUD_LOGGING_ONLY");
    refused(untouched, change, 400, "build.logs_bucket cannot be used with option CLOUD_LOGGING_ONLY");
}

#[test]
fn the_build_account_must_reach_the_log_bucket() {
    let sentence =
        format!("invalid bucket \"{BUCKET}\"; service account {} does not have access to the bucket", World::COMPUTE);
    let source_only = |world: &mut World| {
        world.compute_account_may_not_build();
        world.grant(World::PROJECT, World::COMPUTE, "roles/storage.objectViewer");
    };
    refused(source_only, same, 400, &sentence);
    // It takes both: to see the bucket and to write into it.
    for half in ["roles/storage.legacyBucketReader", "roles/storage.objectAdmin"] {
        let half_open = |world: &mut World| {
            world.compute_account_may_not_build();
            let policy = &mut world.buckets.get_mut(BUCKET).expect("a bucket").policy;
            policy.grant(half, &format!("serviceAccount:{}", World::COMPUTE));
        };
        refused(half_open, same, 400, &sentence);
    }
    refused(
        untouched,
        |body| body["logsBucket"] = json!("gs://no-such-bucket"),
        400,
        "invalid bucket \"no-such-bucket\"",
    );
    // A grant on this one bucket is enough.
    created(
        |world| {
            world.compute_account_may_not_build();
            let policy = &mut world.buckets.get_mut(BUCKET).expect("a bucket").policy;
            for role in ["roles/storage.objectAdmin", "roles/storage.legacyBucketReader"] {
                policy.grant(role, &format!("serviceAccount:{}", World::COMPUTE));
            }
        },
        same,
    );
    refused(
        World::compute_account_may_not_build,
        |body| {
            without("logsBucket")(body);
            without("serviceAccount")(body);
            without("options")(body);
        },
        400,
        "invalid bucket \"123456789012.cloudbuild-logs.googleusercontent.com\"",
    );
}

#[test]
fn the_source_must_be_there_and_readable() {
    let source = |field: &'static str, value: &'static str| {
        move |body: &mut Value| body["source"]["storageSource"][field] = json!(value)
    };
    refused(untouched, source("object", "source/two.tar.gz"), 400, "could not resolve source: googleapi: Error 404");
    refused(untouched, source("generation", "1"), 400, "could not resolve source: googleapi: Error 404");
    refused(untouched, source("object", "source/one.rar"), 400, "unsupported archive type");
    created(untouched, |body| {
        drop(body["source"]["storageSource"].as_object_mut().expect("a source").remove("generation"))
    });
    let logs_only = |world: &mut World| {
        world.compute_account_may_not_build();
        let policy = &mut world.buckets.get_mut(BUCKET).expect("a bucket").policy;
        policy.grant("roles/storage.legacyBucketWriter", &format!("serviceAccount:{}", World::COMPUTE));
    };
    refused(logs_only, same, 400, "does not have storage.objects.get access to the Google Cloud Storage object");
    // The same can show only once the build works.
    let scene = Scene::new();
    let body = scene.build_of(APP);
    scene.cloud.world(|world| {
        logs_only(world);
        world.source_refused_late = true;
    });
    let build = scene.finish(&scene.create(&body));
    assert_eq!(build["failureInfo"]["type"], "FETCH_SOURCE_FAILED");
}

#[test]
fn the_caller_must_be_allowed_to_act_as_the_build_account() {
    let sentence = "caller does not have permission to act as service account projects/harbour-dev/serviceAccounts/123456789012-compute@developer.gserviceaccount.com";
    let revoke = |world: &mut World| world.revoke(World::PROJECT, World::DEPLOYER, "roles/iam.serviceAccountUser");
    refused(revoke, same, 403, sentence);
    refused(revoke, without("serviceAccount"), 403, sentence);
    // A grant on the account itself is enough, and the legacy account needs none.
    created(
        |world| {
            revoke(world);
            let account = world.accounts.get_mut(World::COMPUTE).expect("an account");
            account.policy.grant("roles/iam.serviceAccountUser", &format!("serviceAccount:{}", World::DEPLOYER));
        },
        same,
    );
    created(
        |world| {
            revoke(world);
            world.home().build_account = fakecloud::BuildAccount::Legacy;
        },
        without("serviceAccount"),
    );
}

#[test]
fn the_build_account_must_exist() {
    refused(|world| world.delete_account(World::COMPUTE), same, 400, "does not exist");
    refused(
        |world| world.accounts.get_mut(World::COMPUTE).expect("an account").disabled = true,
        same,
        400,
        "is disabled",
    );
    refused(
        |world| world.home().build_account = fakecloud::BuildAccount::Nobody,
        without("serviceAccount"),
        400,
        "build.service_account must be specified",
    );
    refused(untouched, |body| body["serviceAccount"] = json!("me@x"), 400, "invalid value for 'build.service_account'");
}

#[test]
fn dollars_must_be_substitutions_or_escaped() {
    let argument = |text: &'static str| {
        move |body: &mut Value| body["steps"][0]["args"].as_array_mut().expect("args").push(json!(text))
    };
    refused(
        untouched,
        argument("--build-arg=HOME=$FOO"),
        400,
        "key in the template \"FOO\" is not a valid built-in substitution",
    );
    created(untouched, argument("--build-arg=HOME=$$FOO"));
    created(untouched, argument("--build-arg=P=$PROJECT_ID"));
    let scene = Scene::new();
    let mut body = scene.build_of(APP);
    body["steps"][0]["args"][3] = json!("$_IMAGE:$BUILD_ID-$$x");
    body["images"] = json!([]);
    body["substitutions"] = json!({"_IMAGE": "gcr.io/harbour-dev/web"});
    let id = scene.create(&body);
    let replaced = scene.get("cloudbuild", &format!("{BUILDS}/{id}")).json();
    assert_eq!(replaced["steps"][0]["args"][3], format!("gcr.io/harbour-dev/web:{id}-$x"));
}

#[test]
fn a_build_must_be_well_formed() {
    refused(untouched, |body| body["steps"] = json!([]), 400, "must specify at least one step");
    refused(untouched, |body| body["steps"][0]["name"] = json!(""), 400, "must specify name");
    refused(untouched, |body| body["steps"][0]["env"] = json!(["NO_VALUE"]), 400, "KEY=VALUE");
    refused(untouched, |body| body["steps"][0]["secretEnv"] = json!(["TOKEN"]), 400, "secret env");
    refused(untouched, |body| body["images"] = json!(["Not An Image"]), 400, "could not parse reference");
    refused(untouched, |body| body["tags"] = json!(["with space"]), 400, "invalid build tag");
    refused(untouched, |body| body["timeout"] = json!("90000s"), 400, "invalid timeout");
    refused(
        untouched,
        |body| {
            let step = body["steps"][0].clone();
            body["steps"] = json!([step.clone(), step]);
        },
        400,
        "is not unique",
    );
}

#[test]
fn misspelt_and_mistyped_fields_are_refused_and_noted() {
    let scene = Scene::new();
    let mut body = scene.build_of(APP);
    body["options"]["machinetype"] = json!("E2_HIGHCPU_8");
    let reply = scene.post("cloudbuild", BUILDS, &body);
    assert_eq!(reply.status, 400);
    assert_eq!(
        reply.message(),
        "Invalid JSON payload received. Unknown name \"machinetype\" at 'build.options': Cannot find field."
    );
    assert_eq!(reply.json()["error"]["details"][0]["fieldViolations"][0]["field"], "build.options");
    assert_eq!(scene.cloud.unexpected().len(), 1);
    let mut body = scene.build_of(APP);
    body["timeout"] = json!(1800);
    assert!(scene.refused(&body).1.contains("Invalid value at 'build.timeout'"));
    let mut body = scene.build_of(APP);
    body["options"]["logging"] = json!("GCS");
    assert_eq!(scene.refused(&body).0, 400);
}

#[test]
fn a_private_pool_takes_a_right_of_its_own() {
    let pool = "projects/harbour-dev/locations/us-central1/workerPools/big";
    refused(untouched, |body| body["options"]["pool"] = json!({"name": pool}), 403, "cloudbuild.workerpools.use");
}

#[test]
fn what_the_fake_does_not_use_is_kept() {
    let scene = Scene::new();
    let mut body = scene.build_of(APP);
    body["artifacts"] = json!({"objects": {"location": "gs://x", "paths": ["y"]}});
    body["status"] = json!("SUCCESS");
    let id = scene.create(&body);
    let build = scene.get("cloudbuild", &format!("{BUILDS}/{id}")).json();
    assert_eq!((&build["artifacts"], &build["status"]), (&body["artifacts"], &json!("QUEUED")));
}

#[test]
fn regions_may_be_unknown_or_closed_by_quota() {
    let scene = Scene::new();
    let body = scene.build_of(APP);
    assert_eq!(scene.post("cloudbuild", "/v1/projects/harbour-dev/locations/atlantis/builds", &body).status, 404);
    scene.cloud.world(|world| world.home().closed_build_regions.insert("us-central1".to_owned()));
    let (status, message) = scene.refused(&body);
    assert!(status == 400 && message.contains("due to quota restrictions, cannot run builds in this region"));
    assert_eq!(scene.post("cloudbuild", "/v1/projects/harbour-dev/locations/global/builds", &body).status, 200);
}
