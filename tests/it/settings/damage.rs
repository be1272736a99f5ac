//! Settings that damaged what was there: each stands beside what it must leave alone.

use fakecloud::{RevisionScript, World};
use serde_json::{Value, json};

use crate::support::Scene;

fn service(scene: &Scene) -> Value {
    scene.cloud.world(|world| Value::Object(world.service("us-central1", "web").unwrap().config.clone()))
}

fn container(scene: &Scene) -> Value {
    service(scene)["template"]["containers"][0].clone()
}

/// Changes the service behind everybody's back.
fn edit(scene: &Scene, change: impl FnOnce(&mut Value)) {
    scene.cloud.world(|world| {
        let service = world.services.values_mut().next().unwrap();
        let mut config = Value::Object(std::mem::take(&mut service.config));
        change(&mut config);
        service.config = config.as_object().unwrap().clone();
    });
}

#[test]
fn a_new_port_takes_the_probes_on_the_old_one_along() {
    let mut scene = Scene::deployed();
    assert_eq!(container(&scene)["startupProbe"]["tcpSocket"]["port"], 8080, "Cloud Run's default");
    edit(&scene, |service| {
        let container = &mut service["template"]["containers"][0];
        container["livenessProbe"] =
            json!({"httpGet": {"path": "/live", "port": 8080}, "periodSeconds": 10, "timeoutSeconds": 1});
        container["readinessProbe"] = json!({"grpc": {"port": 9000}, "periodSeconds": 10, "timeoutSeconds": 1});
    });
    let run = scene.input("port", "3000").run().expect(0);
    run.says("Besides what the inputs name: `startupProbe.tcpSocket.port` becomes 3000, and is 8080");
    run.says("`livenessProbe.httpGet.port` becomes 3000").does_not_say("readinessProbe");
    let now = container(&scene);
    assert_eq!(now["ports"][0], json!({"name": "http1", "containerPort": 3000}));
    assert_eq!(
        (&now["startupProbe"]["tcpSocket"]["port"], &now["livenessProbe"]["httpGet"]["port"]),
        (&json!(3000), &json!(3000))
    );
    assert_eq!(now["readinessProbe"]["grpc"]["port"], 9000);
}

#[test]
fn a_startup_probe_on_a_port_of_its_own_stays() {
    let mut scene = Scene::deployed();
    edit(&scene, |service| {
        service["template"]["containers"][0]["startupProbe"] =
            json!({"tcpSocket": {"port": 9000}, "periodSeconds": 10, "timeoutSeconds": 1});
    });
    scene.cloud.world(|world| {
        world.next_revisions.push_back(RevisionScript { listens: vec![9000], ..RevisionScript::default() });
    });
    scene.input("port", "3000").run().expect(0).does_not_say("Besides");
    assert_eq!(container(&scene)["startupProbe"]["tcpSocket"]["port"], 9000);
}

#[test]
fn an_interface_keeps_its_firewall_tags() {
    let mut scene = Scene::deployed();
    let access = json!({"egress": "PRIVATE_RANGES_ONLY", "networkInterfaces": [{"network": "net", "subnetwork": "sub", "tags": ["allow-db"]}]});
    edit(&scene, |service| service["template"]["vpcAccess"] = access.clone());
    scene.input("network", "net").input("subnet", "sub").run().expect(0).does_not_say("Besides");
    assert_eq!(service(&scene)["template"]["vpcAccess"], access);
    // A connector takes the interface's place, and that is said.
    let run = scene.input("network", "").input("subnet", "").input("vpc_connector", "c").run().expect(0);
    run.says("`vpcAccess.networkInterfaces.tags` goes, which is [\"allow-db\"]: a connector and an interface exclude each other");
    assert_eq!(service(&scene)["template"]["vpcAccess"], json!({"egress": "PRIVATE_RANGES_ONLY", "connector": "c"}));
}

#[test]
fn a_network_that_leaves_its_subnetwork_behind_is_refused_before_anything_is_built() {
    let mut scene = Scene::deployed();
    edit(&scene, |service| {
        service["template"]["vpcAccess"] = json!({"networkInterfaces": [{"network": "net", "subnetwork": "sub"}]})
    });
    scene.file("app/main.py", "print('new')\n").input("network", "other");
    let (before, builds) = (service(&scene), scene.cloud.world(|world| world.builds.len()));
    let run = scene.run().expect(2);
    run.says("`network` is `other`, and subnetwork `sub` that is there is one of network `net`");
    run.says("Name a subnetwork of `other` as well: `subnet`");
    assert_eq!((service(&scene), scene.cloud.world(|world| world.builds.len())), (before, builds));
}

#[test]
fn a_bucket_is_never_turned_into_a_secret() {
    let mut scene = Scene::deployed();
    scene.cloud.world(|world| {
        world.add_secret("harbour-dev", "db", "s3cret");
        world.share_secret("harbour-dev", "db", World::COMPUTE);
    });
    edit(&scene, |service| {
        service["template"]["volumes"] = json!([{"name": "uploads", "gcs": {"bucket": "harbour-uploads"}}]);
        service["template"]["containers"][0]["volumeMounts"] = json!([{"name": "uploads", "mountPath": "/data"}]);
    });
    let before = service(&scene);
    scene.input("secrets", "/data/key: db:1").file("app/main.py", "print('new')\n");
    for dry in ["true", ""] {
        let builds = scene.cloud.world(|world| world.builds.len());
        let run = scene.input("dry_run", dry).run().expect(2);
        run.says("`/data` is where the bucket `harbour-uploads` is mounted, and `secrets` would take its place");
        assert_eq!(
            (service(&scene), scene.cloud.world(|world| world.builds.len())),
            (before.clone(), builds),
            "nothing is sent"
        );
    }
    scene.input("secrets", "/keys/key: db:1").run().expect(0);
    let volumes = service(&scene)["template"]["volumes"].clone();
    assert_eq!((&volumes[0], volumes.as_array().unwrap().len()), (&before["template"]["volumes"][0], 2));
}

#[test]
fn a_volume_that_nothing_mounts_is_kept() {
    let mut scene = Scene::deployed();
    let volumes = json!([{"name": "spare", "gcs": {"bucket": "b"}}, {"name": "keys", "secret": {"secret": "db"}}]);
    edit(&scene, |service| service["template"]["volumes"] = volumes.clone());
    scene.cloud.world(|world| {
        world.add_secret("harbour-dev", "db", "s3cret");
        world.share_secret("harbour-dev", "db", World::COMPUTE);
    });
    scene.input("memory", "1Gi").run().expect(0).does_not_say("Besides");
    assert_eq!(service(&scene)["template"]["volumes"], volumes);
}

#[test]
fn a_label_that_says_who_manages_the_service_changes_hands_aloud() {
    let mut scene = Scene::deployed();
    edit(&scene, |service| service["labels"]["managed-by"] = "terraform".into());
    let run = scene.input("memory", "1Gi").run().expect(0);
    run.says("Besides what the inputs name: `labels.managed-by` becomes slipway, and is terraform");
}

#[test]
fn a_job_keeps_what_is_mounted_too() {
    let mut scene = Scene::new();
    scene.cloud.world(|world| {
        world.push_image("us-central1-docker.pkg.dev/harbour-dev/app/tool:v1");
        world.add_secret("harbour-dev", "db", "s3cret");
        world.share_secret("harbour-dev", "db", World::COMPUTE);
    });
    scene.input("service", "").input("source", "").input("job", "nightly").input("run", "false");
    scene.input("image", "us-central1-docker.pkg.dev/harbour-dev/app/tool:v1");
    scene.command(&["job"]).expect(0);
    let task = |scene: &Scene| {
        scene.cloud.world(|world| world.jobs.values().next().unwrap().config["template"]["template"].clone())
    };
    scene.cloud.world(|world| {
        let task = &mut world.jobs.values_mut().next().unwrap().config["template"]["template"];
        task["volumes"] =
            json!([{"name": "v", "nfs": {"server": "10.0.0.2", "path": "/share"}}, {"name": "spare", "emptyDir": {}}]);
        task["containers"][0]["volumeMounts"] = json!([{"name": "v", "mountPath": "/data"}]);
        task["vpcAccess"] = json!({"networkInterfaces": [{"network": "net", "subnetwork": "sub", "tags": ["t"]}]});
    });
    let before = task(&scene);
    scene.input("secrets", "/data/key: db:1").command(&["job"]).expect(2).says("the directory `/share` of `10.0.0.2`");
    assert_eq!(task(&scene), before);
    let run =
        scene.input("secrets", "").input("vpc_connector", "c").input("dry_run", "true").command(&["job"]).expect(0);
    run.says("Besides what the inputs name: `vpcAccess.networkInterfaces.network` goes, which is net");
    scene.input("vpc_connector", "").input("dry_run", "").input("subnet", "other").command(&["job"]).expect(0);
    let mut expected = before;
    expected["vpcAccess"]["networkInterfaces"][0]["subnetwork"] = "other".into();
    assert_eq!(task(&scene), expected);
}

/// A service whose pre-deploy job has run.
fn migrated() -> Scene {
    let mut scene = Scene::deployed();
    scene.input("pre_deploy_job", "name: migrate\ncommand: migrate").run().expect(0);
    scene
}

fn edit_job(scene: &Scene, change: impl FnOnce(&mut Value)) {
    scene.cloud.world(|world| change(&mut world.jobs.values_mut().next().unwrap().config["template"]));
}

#[test]
fn a_pre_deploy_job_does_not_take_the_containers_of_another_job_away() {
    let mut scene = migrated();
    edit_job(&scene, |execution| {
        let containers = execution["template"]["containers"].as_array_mut().unwrap();
        containers[0]["name"] = "main".into();
        containers.push(json!({"name": "proxy", "image": containers[0]["image"]}));
    });
    let built = scene.cloud.world(|world| world.builds.len());
    for dry in ["true", ""] {
        let run = scene.input("dry_run", dry).run().expect(2);
        run.says("the job has the containers `main`, `proxy`, and a pre-deploy job has one: the others would go");
    }
    assert_eq!(scene.cloud.world(|world| world.builds.len()), built, "nothing is built for it");
    edit_job(&scene, |execution| assert_eq!(execution["template"]["containers"].as_array().unwrap().len(), 2));
}

#[test]
fn a_job_that_somebody_else_made_says_what_it_gives_up() {
    let mut scene = migrated();
    edit_job(&scene, |execution| {
        execution["annotations"] = json!({});
        execution["template"]["containers"][0]["env"] = json!([{"name": "MODE", "value": "hunter2"}]);
    });
    for dry in ["true", ""] {
        let run = scene.input("dry_run", dry).run().expect(0);
        run.says("Job `migrate` was made by somebody else: `env[MODE].value` goes, which is •••")
            .does_not_say("hunter2");
    }
    // The next time it is ours.
    scene.run().expect(0).does_not_say("somebody else");
}
