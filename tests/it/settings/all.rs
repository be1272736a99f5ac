//! Every setting that has an input, together: what is in the world afterwards, what the plan says before, how each is taken
//! back, and what is said about texts that mean nothing.

use fakecloud::{Page, RevisionScript, Site, World};
use serde_json::{Value, json};

use crate::support::Scene;

const IMAGE: &str = "us-central1-docker.pkg.dev/harbour-dev/app/tool:v1";
const PROXY: &str = "us-central1-docker.pkg.dev/harbour-dev/app/proxy:v1";
const KEY: &str = "projects/harbour-dev/locations/us-central1/keyRings/r/cryptoKeys/k";

fn scene() -> Scene {
    let mut scene = Scene::new();
    scene.cloud.world(|world| {
        world.push_image(IMAGE);
        world.push_image(PROXY);
        world.add_secret("harbour-dev", "db", "s3cret");
        world.secret_mut("db").unwrap().aliases.insert("current".into(), 1);
        world.share_secret("harbour-dev", "db", World::COMPUTE);
        world.add_account("harbour-dev", "runner@harbour-dev.iam.gserviceaccount.com");
        world.share_secret("harbour-dev", "db", "runner@harbour-dev.iam.gserviceaccount.com");
    });
    scene.input("source", "").input("image", IMAGE).input("skip_default_labels", "true");
    scene
}

fn with(scene: &mut Scene, inputs: &[(&str, &str)]) {
    for (name, text) in inputs {
        scene.input(name, text);
    }
}

fn without(scene: &mut Scene, inputs: &[(&str, &str)]) {
    for (name, _) in inputs {
        scene.input(name, "");
    }
}

/// A document without what marks a run, and without the digests of images.
fn plain(mut config: Value) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(map) => {
                map.retain(|name, _| {
                    !["client", "clientVersion", "annotations", "revision", "traffic", "launchStage"]
                        .contains(&name.as_str())
                });
                if let Some(image) = map.get_mut("image") {
                    let name = image.as_str().unwrap_or_default();
                    *image = name.split(['@', ':']).next().unwrap_or_default().into();
                }
                map.values_mut().for_each(strip);
            }
            Value::Array(list) => list.iter_mut().for_each(strip),
            _ => {}
        }
    }
    strip(&mut config);
    config
}

fn service(scene: &Scene) -> Value {
    plain(scene.cloud.world(|world| Value::Object(world.service("us-central1", "web").unwrap().config.clone())))
}

/// What all three have in common.
const COMMON: &[(&str, &str)] = &[
    ("binary_authorization", "default"),
    ("breakglass", "ticket 7"),
    ("encryption_key", KEY),
    ("network", "net"),
    ("subnet", "sub"),
    ("network_tags", "allow-db, allow-cache"),
    ("vpc_egress", "all"),
    ("gpu", "1"),
    ("gpu_type", "nvidia-l4"),
    ("gpu_zonal_redundancy", "false"),
    ("cpu", "4"),
    ("memory", "16Gi"),
    ("startup_probe", "tcp:8080 every 10s"),
    ("working_dir", "/srv"),
    (
        "volumes",
        "data: gs://shop-data readonly implicit-dirs\nshare: nfs://10.0.0.2/share\nfast: memory 1.5Gi\nkeys: {secret: db, version: 1, path: key, mode: 0400}",
    ),
    ("volume_mounts", "/data: data\n/share: share\n/fast: fast\n/keys: keys"),
    ("secrets", "TOKEN: db:current"),
    ("runtime_service_account", "runner"),
    ("container", "app"),
];

fn volumes() -> Value {
    json!([
        {"name": "data", "gcs": {"bucket": "shop-data", "readOnly": true, "mountOptions": ["implicit-dirs"]}},
        {"name": "share", "nfs": {"server": "10.0.0.2", "path": "/share"}},
        {"name": "fast", "emptyDir": {"medium": "MEMORY", "sizeLimit": "1.5Gi"}},
        {"name": "keys", "secret": {"secret": "db", "items": [{"path": "key", "version": "1", "mode": 256}]}}])
}

fn mounts() -> Value {
    json!([
        {"name": "data", "mountPath": "/data"}, {"name": "share", "mountPath": "/share"},
        {"name": "fast", "mountPath": "/fast"}, {"name": "keys", "mountPath": "/keys"}])
}

/// What a template has of it.
fn assert_common(template: &Value) {
    assert_eq!(template["encryptionKey"], KEY);
    assert_eq!(
        template["vpcAccess"],
        json!({"egress": "ALL_TRAFFIC", "networkInterfaces": [{"network": "net", "subnetwork": "sub", "tags": ["allow-db", "allow-cache"]}]})
    );
    assert_eq!(template["nodeSelector"], json!({"accelerator": "nvidia-l4"}));
    assert_eq!(template["gpuZonalRedundancyDisabled"], true);
    assert_eq!(template["serviceAccount"], "runner@harbour-dev.iam.gserviceaccount.com");
    assert_eq!(template["volumes"], volumes());
    let app = &template["containers"][0];
    assert_eq!((&app["name"], &app["workingDir"], &app["volumeMounts"]), (&json!("app"), &json!("/srv"), &mounts()));
    assert_eq!(app["resources"]["limits"], json!({"cpu": "4", "memory": "16Gi", "nvidia.com/gpu": "1"}));
    assert_eq!(app["startupProbe"]["tcpSocket"]["port"], 8080);
    let token = json!({"name": "TOKEN", "valueSource": {"secretKeyRef": {"secret": "db", "version": "current"}}});
    assert_eq!(app["env"], json!([token]));
}

const OF_SERVICES: &[(&str, &str)] = &[
    ("iap", "true"),
    ("default_url", "true"),
    ("custom_audiences", "https://shop.example"),
    ("min", "1"),
    ("max", "9"),
    ("http2", "true"),
    ("port", "8080"),
    ("deploy_health_check", "false"),
    ("mesh", "harbour"),
    ("key_revocation_action", "shut-down"),
    ("key_shutdown_hours", "2"),
    ("liveness_probe", "{http: /alive, port: 8080, period: 30}"),
    ("readiness_probe", "httpGet.path=/ready,periodSeconds=5"),
    ("depends_on", "proxy"),
    (
        "containers",
        "proxy:\n  image: us-central1-docker.pkg.dev/harbour-dev/app/proxy:v1\n  memory: 512Mi\n  args: [--listen, '9000']\n  env_vars:\n    LEVEL: info\n  startup_probe: tcp:9000 every 2s\n  volume_mounts:\n    /shared: fast",
    ),
    ("invokers", "user:ada@example.com\ngroup:shop@example.com"),
];

#[test]
fn a_new_service_has_all_of_them_and_the_plan_names_each() {
    let mut scene = scene();
    with(&mut scene, COMMON);
    with(&mut scene, OF_SERVICES);
    let plan = scene.input("dry_run", "true").run().expect(0);
    for (name, _) in OF_SERVICES.iter().chain(COMMON) {
        // True by itself, other words for lists, and what is no field.
        if ["default_url", "container", "vpc_egress"].contains(name) {
            continue;
        }
        let shown = match *name {
            "volumes" => "volume data.gcs.bucket",
            "volume_mounts" => "mount /data",
            "secrets" => "env TOKEN",
            "http2" => "container app.http2 = true",
            "containers" => "container proxy.memory",
            name => name,
        };
        assert!(plan.stdout.contains(shown), "{name} as {shown}:\n{}", plan.log());
    }
    scene.input("dry_run", "").run().expect(0).says("`user:ada@example.com`, `group:shop@example.com` may call it now");
    let web = service(&scene);
    assert_common(&web["template"]);
    assert_eq!(web["binaryAuthorization"], json!({"useDefault": true, "breakglassJustification": "ticket 7"}));
    assert_eq!((&web["iapEnabled"], &web["customAudiences"]), (&json!(true), &json!(["https://shop.example"])));
    assert_eq!(web["scaling"], json!({"minInstanceCount": 1, "maxInstanceCount": 9}));
    let template = &web["template"];
    assert_eq!(template["serviceMesh"]["mesh"], "projects/harbour-dev/locations/global/meshes/harbour");
    assert_eq!(
        (&template["encryptionKeyRevocationAction"], &template["encryptionKeyShutdownDuration"]),
        (&json!("SHUTDOWN"), &json!("7200s"))
    );
    assert_eq!(template["healthCheckDisabled"], true);
    let app = &template["containers"][0];
    assert_eq!(
        (&app["ports"], &app["dependsOn"]),
        (&json!([{"name": "h2c", "containerPort": 8080}]), &json!(["proxy"]))
    );
    assert!(!app["resources"]["cpuIdle"].as_bool().unwrap_or(false), "a GPU needs CPU that is always on");
    assert_eq!(app["livenessProbe"]["httpGet"], json!({"path": "/alive", "port": 8080}));
    assert_eq!(app["readinessProbe"]["periodSeconds"], 5);
    let proxy = &template["containers"][1];
    assert_eq!(
        (&proxy["name"], &proxy["image"]),
        (&json!("proxy"), &json!("us-central1-docker.pkg.dev/harbour-dev/app/proxy"))
    );
    assert_eq!(
        (&proxy["args"], &proxy["env"]),
        (&json!(["--listen", "9000"]), &json!([{"name": "LEVEL", "value": "info"}]))
    );
    assert_eq!(proxy["resources"]["limits"]["memory"], "512Mi");
    assert_eq!(proxy["volumeMounts"], json!([{"name": "fast", "mountPath": "/shared"}]));
    let policy = scene.cloud.world(|world| {
        let policy = &world.service("us-central1", "web").unwrap().policy;
        policy
            .bindings
            .iter()
            .filter(|one| one.role == "roles/run.invoker")
            .flat_map(|one| one.members.clone())
            .collect::<Vec<_>>()
    });
    assert!(
        policy.contains(&"user:ada@example.com".to_owned()) && policy.contains(&"group:shop@example.com".to_owned()),
        "{policy:?}"
    );

    // A deploy that names none of them changes none of them.
    without(&mut scene, OF_SERVICES);
    without(&mut scene, COMMON);
    scene.run().expect(0).does_not_say("Besides");
    assert_eq!(service(&scene), web);
}

#[test]
fn each_is_taken_back() {
    let mut scene = scene();
    with(&mut scene, COMMON);
    with(&mut scene, OF_SERVICES);
    scene.run().expect(0);
    without(&mut scene, OF_SERVICES);
    without(&mut scene, COMMON);
    let back: &[(&str, &str)] = &[
        ("binary_authorization", "none"),
        ("encryption_key", "default"),
        ("network", "none"),
        ("gpu", "0"),
        ("cpu", "default"),
        ("memory", "default"),
        ("startup_probe", "default"),
        ("liveness_probe", "default"),
        ("readiness_probe", "none"),
        ("working_dir", "default"),
        ("depends_on", "default"),
        ("remove_containers", "proxy"),
        ("volumes", "default"),
        ("secrets", "TOKEN: null"),
        ("runtime_service_account", "default"),
        ("custom_audiences", "default"),
        ("min", "default"),
        ("max", "default"),
        ("http2", "false"),
        ("iap", "false"),
        ("deploy_health_check", "true"),
        ("mesh", "none"),
        ("gpu_zonal_redundancy", "true"),
        ("container", "app"),
        ("skip_default_labels", "true"),
    ];
    with(&mut scene, back);
    let plan = scene.input("dry_run", "true").run().expect(0);
    plan.says("removes encryption_key")
        .says("removes mount /data")
        .says("removes volume keys.secret")
        .says("removes env TOKEN");
    plan.says("null takes `TOKEN` away; `toJSON` of a secret that does not exist is null too");
    scene.input("dry_run", "").run().expect(0);
    let web = service(&scene);
    for gone in ["binaryAuthorization", "customAudiences"] {
        assert!(web.get(gone).is_none_or(|value| value == &json!([])), "{gone}: {}", web[gone]);
    }
    assert!(web["scaling"].get("minInstanceCount").is_none() && web["iapEnabled"] != true, "{web}");
    let template = &web["template"];
    for gone in [
        "encryptionKey",
        "encryptionKeyRevocationAction",
        "encryptionKeyShutdownDuration",
        "vpcAccess",
        "nodeSelector",
        "volumes",
        "serviceMesh",
    ] {
        assert!(template.get(gone).is_none(), "{gone}: {}", template[gone]);
    }
    assert_eq!(template["containers"].as_array().map(Vec::len), Some(1));
    let app = &template["containers"][0];
    for gone in ["dependsOn", "workingDir", "livenessProbe", "readinessProbe", "volumeMounts", "env"] {
        assert!(app.get(gone).is_none(), "{gone}: {}", app[gone]);
    }
    assert_eq!(app["ports"], json!([{"name": "http1", "containerPort": 8080}]));
    assert!(app["resources"]["limits"].get("nvidia.com/gpu").is_none());
}

#[test]
fn what_holds_for_all_revisions_waits_until_the_candidate_has_passed() {
    let mut scene = scene();
    scene.run().expect(0);
    let before = service(&scene);
    let level = [
        ("min", "2"),
        ("custom_audiences", "https://shop.example"),
        ("iap", "false"),
        ("binary_authorization", "default"),
    ];
    with(&mut scene, &level);
    scene.input("working_dir", "/srv").input("health_path", "/health").input("health_timeout", "1s");
    scene
        .cloud
        .world(|world| world.next_revisions.push_back(RevisionScript::answering(Site::always(Page::status(500)))));
    scene.run().expect(9);
    let after = service(&scene);
    for field in ["scaling", "customAudiences", "binaryAuthorization"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    scene.run().expect(0);
    assert_eq!(service(&scene)["scaling"]["minInstanceCount"], 2);
}

fn job(scene: &Scene) -> Value {
    plain(scene.cloud.world(|world| Value::Object(world.jobs.values().next().unwrap().config.clone())))
}

#[test]
fn a_job_has_them_too() {
    let mut scene = scene();
    scene.input("service", "").input("job", "nightly").input("run", "false");
    with(&mut scene, COMMON);
    scene.input("execution_environment", "gen2").input("depends_on", "proxy");
    scene.input("containers", &format!("proxy: {{image: '{PROXY}', startup_probe: 'tcp:9000 every 2s'}}"));
    let plan = scene.input("dry_run", "true").command(&["job"]).expect(0);
    plan.says("encryption_key")
        .says("volume data.gcs.bucket")
        .says("container proxy.image")
        .says("working_dir")
        .says("gpu_type");
    scene.input("dry_run", "").command(&["job"]).expect(0);
    let made = job(&scene);
    assert_eq!(made["binaryAuthorization"], json!({"useDefault": true, "breakglassJustification": "ticket 7"}));
    let task = &made["template"]["template"];
    assert_common(task);
    assert_eq!(task["executionEnvironment"], "EXECUTION_ENVIRONMENT_GEN2");
    assert_eq!(
        (&task["containers"][0]["dependsOn"], &task["containers"][1]["name"]),
        (&json!(["proxy"]), &json!("proxy"))
    );
    without(&mut scene, COMMON);
    for name in ["containers", "depends_on", "execution_environment"] {
        scene.input(name, "");
    }
    scene.command(&["job"]).expect(0).does_not_say("Besides");
    assert_eq!(job(&scene), made);
    scene.input("container", "app").input("encryption_key", "none").input("volumes", "default");
    scene.input("remove_containers", "proxy").input("task_timeout", "default").input("tasks", "default");
    scene.command(&["job"]).expect(0);
    let task = job(&scene)["template"]["template"].clone();
    assert!(["encryptionKey", "volumes"].iter().all(|gone| task.get(gone).is_none()), "{task}");
    assert_eq!(task["containers"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_worker_pool_has_them_too() {
    let mut scene = scene();
    scene.input("kind", "worker-pool").input("instances", "2");
    with(&mut scene, COMMON);
    let more = [
        ("mesh", "harbour"),
        ("key_revocation_action", "prevent-new"),
        ("depends_on", "proxy"),
        ("liveness_probe", "grpc:9000 every 20s"),
    ];
    with(&mut scene, &more);
    scene.input("containers", &format!("proxy: {{image: '{PROXY}', startup_probe: 'tcp:9000 every 2s'}}"));
    scene.run().expect(0);
    let pool =
        plain(scene.cloud.world(|world| Value::Object(world.worker_pools.values().next().unwrap().config.clone())));
    assert_common(&pool["template"]);
    assert_eq!(pool["template"]["encryptionKeyRevocationAction"], "PREVENT_NEW");
    assert_eq!(pool["template"]["containers"][0]["livenessProbe"]["grpc"]["port"], 9000);
    assert_eq!(pool["template"]["containers"][1]["name"], "proxy");
    for (name, text) in [("min", "1"), ("iap", "true"), ("http2", "true"), ("scaling", "3")] {
        scene.input(name, text);
    }
    let run = scene.run().expect(2);
    run.says("min: it is not for worker pools")
        .says("iap: it is not")
        .says("http2: it is not")
        .says("scaling: a worker pool always has");
}

#[test]
fn containers_come_change_and_go() {
    let mut scene = scene();
    scene.run().expect(0);
    let fails = |scene: &Scene, text: &str| {
        scene.run().expect(2).says(text);
    };
    scene.input("containers", "proxy: {memory: 512Mi}");
    fails(&scene, "container `proxy` is not there yet, and has no `image`");
    scene.input("containers", &format!("proxy: {{image: '{PROXY}', depends_on: [nobody]}}"));
    fails(&scene, "container `proxy` waits for `nobody`, and there is none");
    scene.input("containers", &format!("proxy: {{image: '{PROXY}', volume_mounts: {{/x: nothing}}}}"));
    fails(&scene, "`volume_mounts` mounts volume `nothing` at `/x`, and there is none");
    scene.input("containers", &format!("proxy: {{image: '{PROXY}', memory: 512Mi}}"));
    let plan = scene.input("dry_run", "true").run().expect(0);
    plan.says("container proxy.memory").does_not_say("Besides").does_not_say("removes");
    scene.input("dry_run", "").run().expect(0);
    let before = service(&scene);
    scene.input("containers", "proxy: {memory: 1Gi}").run().expect(0).does_not_say("Besides");
    let mut wanted = before;
    wanted["template"]["containers"][1]["resources"]["limits"]["memory"] = "1Gi".into();
    assert_eq!(service(&scene), wanted);
    scene.input("containers", "proxy: null").run().expect(0);
    assert_eq!(service(&scene)["template"]["containers"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_function_is_built_by_buildpacks_alone() {
    let mut scene = Scene::new();
    scene.input("function", "hello").run().expect(2).says("function: only buildpacks make a server of a function");
    std::fs::remove_file(scene.workspace().join("app/Dockerfile")).unwrap();
    scene.file("app/package.json", "{}").run().expect(0);
    let steps = scene.cloud.world(|world| format!("{:?}", world.builds[0].document));
    assert!(
        steps.contains("GOOGLE_FUNCTION_TARGET=hello") && steps.contains("GOOGLE_FUNCTION_SIGNATURE_TYPE=http"),
        "{steps}"
    );
    scene
        .input("base_image", "nodejs22")
        .run()
        .expect(2)
        .says("base_image: the image that is built has its base inside");
}

#[test]
fn twenty_wrong_texts_are_told_in_one_run() {
    let mut scene = scene();
    let wrong: &[(&str, &str, &str)] = &[
        ("iap", "maybe", "iap: `maybe` does not fit; write `true` or `false`"),
        ("custom_audiences", "# none", "custom_audiences: "),
        ("min", "few", "min: `few` does not fit"),
        ("max", "0", "max: `0` does not fit; write a whole number from 1"),
        ("scaling", "much", "scaling: `much` does not fit; write `auto` or a number"),
        ("binary_authorization", "strict", "binary_authorization: `strict` does not fit; write `default`"),
        ("encryption_key", "k", "encryption_key: `k` does not fit; write projects/"),
        (
            "key_revocation_action",
            "burn",
            "key_revocation_action: `burn` does not fit; write `prevent-new` or `shut-down`",
        ),
        ("key_shutdown_hours", "2h", "key_shutdown_hours: `2h` does not fit"),
        ("network_tags", "Allow", "network_tags: `Allow` is not a firewall tag"),
        ("gpu", "one", "gpu: `one` does not fit"),
        ("mesh", "a/b", "mesh: `a/b` does not fit"),
        ("working_dir", "srv", "working_dir: `srv` does not fit; write a path that begins with `/`"),
        ("startup_probe", "soon", "startup_probe: `soon` says nothing about a probe"),
        ("liveness_probe", "tcp:8080", "liveness_probe: Cloud Run has no TCP probe of this kind"),
        ("readiness_probe", "GET /a every 6m", "readiness_probe: `period` is 360 s; write 1s to 300s"),
        ("volumes", "data: floppy", "volumes, line 1: `floppy` is no volume; write `gs://BUCKET`"),
        ("volume_mounts", "data: data", "volume_mounts, line 1: `data` is no path in a container"),
        (
            "containers",
            "proxy: {imgae: x}",
            "containers.proxy, line 1: `imgae` is no setting of a container; did you mean `image`?",
        ),
        ("invokers", "ada", "invokers: `ada` is nobody who could be named; write user:ADDRESS"),
        (
            "env_vars",
            "{}",
            "env_vars: it names nothing, and changes nothing; name something, or write `env_vars_update_strategy: overwrite` too",
        ),
        ("automatic_updates", "true", "automatic_updates: it is not said which base image"),
        ("memory", "1.5.5Gi", "memory: `1.5.5Gi` does not fit"),
        ("runtime_service_account", "me", "runtime_service_account: `me` is not a service account"),
    ];
    for (name, text, _) in wrong {
        scene.input(name, text);
    }
    let run = scene.run().expect(2);
    for (_, _, said) in wrong {
        run.says(said);
    }
    assert!(scene.cloud.world(|world| world.services.is_empty()));
    without(&mut scene, &wrong.iter().map(|(name, text, _)| (*name, *text)).collect::<Vec<_>>());
    scene
        .input("multi_region", "us")
        .run()
        .expect(2)
        .says("multi_region: there is no such input; a service of several regions behind one address");
}
