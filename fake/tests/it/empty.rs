//! A project that nobody has touched, what enabling an API makes, and a world that makes nothing up.

use crate::client;
use crate::scene::{Scene, hello, token_for};
use fakecloud::{FakeCloud, World};

const APIS: [&str; 3] = ["run.googleapis.com", "cloudbuild.googleapis.com", "artifactregistry.googleapis.com"];

#[test]
fn google_makes_the_accounts_with_cloud_run_s_api_and_gives_them_nothing() {
    let cloud = FakeCloud::start(World::empty());
    cloud.world(|world| {
        assert_eq!(world.accounts.keys().collect::<Vec<_>>(), [""; 0]);
        assert!(world.hosting.is_empty() && world.home().policy.bindings.is_empty());
        assert!(world.home().enabled.contains("storage.googleapis.com"), "on in every new project");
        assert!(APIS.iter().all(|api| !world.home().enabled.contains(*api)));
        world.enable_api("cloudbuild.googleapis.com");
        assert!(!world.accounts.contains_key(World::COMPUTE));
        world.enable_api("run.googleapis.com");
        world.enable_api("run.googleapis.com");
        let held: Vec<&str> = world.home().policy.bindings.iter().map(|binding| binding.role.as_str()).collect();
        assert_eq!(held, ["roles/run.serviceAgent"], "the agent's own, and nothing for builds");
        assert!(world.accounts.contains_key(World::COMPUTE));
    });
}

#[test]
fn an_api_that_is_off_refuses_and_names_itself() {
    let cloud = FakeCloud::start(World::empty());
    cloud.world(|world| world.add_account(World::PROJECT, World::DEPLOYER));
    let bearer = format!("Bearer {}", token_for(&cloud, World::DEPLOYER));
    let headers = [("Authorization", bearer.as_str())];
    let path = "/v2/projects/harbour-dev/locations/us-central1/services/web";
    let reply = client::send(&cloud.address("run"), "GET", path, &headers, None).expect("a reply");
    assert_eq!((reply.status, &reply.json()["error"]["details"][0]["reason"]), (403, &"SERVICE_DISABLED".into()));
}

#[test]
fn a_push_is_refused_while_the_registry_s_api_is_off() {
    let scene = Scene::with(|world| world.disable_api("artifactregistry.googleapis.com"));
    let id = scene.create(&scene.build_of(&[("Dockerfile", "FROM scratch\nCOPY x /\n"), ("x", "1")]));
    let build = scene.finish(&id);
    assert_eq!(build["status"], "FAILURE");
    let detail = build["failureInfo"]["detail"].as_str().expect("a detail");
    assert!(detail.contains("apis/api/artifactregistry.googleapis.com/overview?project=123456789012"), "{detail}");
}

#[test]
fn nothing_is_made_up_that_no_machine_did() {
    let scene = Scene::with(|world| world.makes_nothing_up = true);
    let source = |dockerfile| [("Dockerfile", dockerfile), ("x", "1")];
    let id = scene.create(&scene.build_of(&source("FROM scratch\nCOPY x /\n")));
    let build = scene.finish(&id);
    assert!(build["status"] == "SUCCESS" && build.get("logUrl").is_none(), "{build}");
    let read = "The embedded cloud has read the source and what the build asks for; it builds nothing\n";
    assert_eq!(scene.log(&id), format!("{read}DONE\n"));
    let id = scene.create(&scene.build_of(&source("FROM scratch\nCOPY x /\nCOPY y /\n")));
    assert_eq!(scene.finish(&id)["status"], "FAILURE");
    let log = scene.log(&id);
    let rest = log.strip_prefix(read).expect("what was done");
    assert!(rest.starts_with("------\n") && rest.contains("COPY y /") && rest.contains("\"/y\" not found"), "{log}");

    let mut body = hello();
    body["invokerIamDisabled"] = true.into();
    scene.deploy("web", &body);
    let uri = scene.service("web")["uri"].as_str().expect("an address").to_owned();
    let reply = client::send(&uri, "GET", "/", &[], None).expect("a reply");
    assert_eq!((reply.status, reply.header("x-fake-not-run")), (501, Some("true")));
    assert!(reply.text().starts_with("No program runs here"), "{}", reply.text());
}
