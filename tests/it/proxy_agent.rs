//! The agent of Identity-Aware Proxy: whoever switches the proxy on lets it call the service, as gcloud does.

use fakecloud::{Action, Fault, World};
use serde_json::{Value, json};

use crate::support::Scene;

const SET: &str = "run.projects.locations.services.setIamPolicy";
const PATCH: &str = "run.projects.locations.services.patch";
const GRANT: &str = "gcloud run services add-iam-policy-binding web --region=us-central1 --project=harbour-dev \
                     --member=serviceAccount:service-";
const MAKE: &str = "gcloud beta services identity create --service=iap.googleapis.com --project=harbour-dev";

/// A manifest in either form that puts the service behind the proxy.
const FORMS: [&str; 2] = [
    r#"{"iapEnabled": true, "template": {"containers": [{"image": "x"}]}}"#,
    r#"{"apiVersion": "serving.knative.dev/v1", "kind": "Service",
        "metadata": {"name": "web", "annotations": {"run.googleapis.com/iap-enabled": "true"}},
        "spec": {"template": {"spec": {"containers": [{"image": "x"}]}}}}"#,
];

fn behind(mut scene: Scene, form: &str) -> Scene {
    scene.file("service.yaml", form).input("manifest", "service.yaml");
    scene
}

fn agent(scene: &Scene) -> String {
    scene.cloud.world(|world| format!("serviceAccount:{}", world.home().proxy_agent()))
}

fn granted(scene: &Scene) -> bool {
    let agent = agent(scene);
    scene.cloud.world(|world| world.service("us-central1", "web").unwrap().policy.holds("roles/run.invoker", &agent))
}

fn is_behind(scene: &Scene) -> bool {
    crate::transaction::config(scene)["iapEnabled"] == true
}

fn without_agent(scene: &Scene) {
    scene.cloud.world(|world| world.home().has_proxy_agent = false);
}

#[test]
fn it_may_call_the_service_before_the_proxy_stands_in_front_of_it() {
    for (form, first) in [(FORMS[0], false), (FORMS[1], false), (FORMS[0], true)] {
        let mut scene = behind(if first { Scene::new() } else { Scene::deployed() }, form);
        scene.cloud.world(|world| world.grant("harbour-dev", World::DEPLOYER, "roles/iap.httpsResourceAccessor"));
        scene.input("health_path", "/health").input("env_vars", "A: 1");
        let plan = scene.command(&["plan"]).expect(0);
        plan.says(&format!("+ roles/run.invoker = {}", agent(&scene)));
        let run = scene.run().expect(0);
        assert!(granted(&scene) && is_behind(&scene));
        run.says("Identity-Aware Proxy may pass on whom it lets in");
        run.says("checks passed through Identity-Aware Proxy");
        if !first {
            let order = scene.cloud.journal();
            let grant = order.iter().position(|call| call.is(SET));
            let mask =
                |call: &fakecloud::Recorded| call.query("updateMask").is_some_and(|mask| mask.contains("iapEnabled"));
            let shift = order.iter().position(|call| call.is(PATCH) && mask(call));
            assert!(grant.is_some() && grant < shift, "before the traffic");
        }
        // Once is enough, and where no manifest says anything nothing is asked.
        let before = scene.cloud.calls(SET).len();
        scene.input("env_vars", "A: 2").run().expect(0);
        assert_eq!(scene.cloud.calls(SET).len(), before);
    }
}

#[test]
fn where_the_project_has_no_such_agent_yet_the_command_that_makes_it_is_printed() {
    let mut scene = behind(Scene::deployed(), FORMS[0]);
    without_agent(&scene);
    let run = scene.input("env_vars", "A: 1").run();
    assert_ne!(run.code, 0);
    run.says(MAKE).says(GRANT).says("serves as before");
    assert!(!is_behind(&scene), "it stands open as before, and nobody was locked out");
    // A service that is new stands behind the proxy at once: the agent that comes with it is waited for.
    let scene = behind(Scene::new(), FORMS[0]);
    without_agent(&scene);
    let run = scene.run();
    assert_ne!(run.code, 0);
    run.says(MAKE).says("Google makes it where the proxy is first used");
    assert!(scene.cloud.calls(SET).len() >= 5, "gcloud tries 10 times");
    let scene = behind(Scene::new(), FORMS[0]);
    scene.cloud.world(|world| world.faults.push(Fault::next(SET, Action::status(400)).times(3)));
    scene.run().expect(0);
    assert!(granted(&scene));
}

#[test]
fn who_may_not_grant_it_is_told_what_to_type() {
    let mut scene = behind(Scene::deployed(), FORMS[0]);
    scene.cloud.world(|world| world.deny(World::DEPLOYER, "run.services.setIamPolicy"));
    scene.input("env_vars", "A: 1").run().expect(4).says(GRANT).says("serves as before");
    assert!(!is_behind(&scene));
    // Somebody has typed it.
    let agent = agent(&scene);
    scene.cloud.world(|world| {
        let name = world.service("us-central1", "web").unwrap().name.clone();
        world.services.get_mut(&name).unwrap().policy.grant("roles/run.invoker", &agent);
    });
    scene.run().expect(0);
    assert!(is_behind(&scene));
}

#[test]
fn where_it_cannot_be_looked_at_the_run_goes_on_and_says_what_to_type() {
    for permission in ["run.services.getIamPolicy", "resourcemanager.projects.get"] {
        let mut scene = behind(Scene::deployed(), FORMS[0]);
        scene.cloud.world(|world| world.deny(World::DEPLOYER, permission));
        let run = scene.input("env_vars", "A: 1").run().expect(0);
        run.says("could not be looked at").says("--role=roles/run.invoker");
        assert!(is_behind(&scene) && !granted(&scene));
    }
}

#[test]
fn a_service_that_asks_nobody_needs_no_grant() {
    let form = json!({"iapEnabled": true, "invokerIamDisabled": true, "template": {"containers": [{"image": "x"}]}});
    let mut scene = behind(Scene::deployed(), &Value::to_string(&form));
    scene.input("env_vars", "A: 1").run().expect(0);
    assert!(is_behind(&scene) && !granted(&scene));
}
