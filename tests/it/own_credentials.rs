//! Signing in as a person on a terminal, by a token at hand, or as a machine: where each is found, in which order, what
//! it may do, and that a job uses none of it unless it was told to.

use fakecloud::World;
use serde_json::{Value, json};

use crate::support::Scene;

/// Somebody with the deployer's roles.
pub const ANN: &str = "ann@example.com";

/// A terminal: no job, a home of its own, nobody signed in.
fn terminal(scene: &mut Scene) {
    for (name, value) in scene.cloud.own_variables().into_iter().take(1) {
        scene.variable(name, &value);
    }
    let home = scene.directory.join("home");
    std::fs::create_dir_all(&home).unwrap();
    scene.variable("GITHUB_ACTIONS", "").variable("HOME", home.to_str().unwrap()).variable("NO_GCE_CHECK", "true");
    scene.input("credentials_json", "").input("project_id", World::PROJECT);
}

/// Adds Ann with roles of her own.
fn add_ann(scene: &Scene) {
    scene.cloud.world(|world| {
        world.add_person(ANN);
        for role in World::DEPLOYER_ROLES.into_iter().chain(["roles/serviceusage.serviceUsageConsumer"]) {
            world.home().policy.grant(role, &format!("user:{ANN}"));
        }
    });
}

/// Writes a file where gcloud would.
fn gcloud(scene: &Scene, file: &Value) {
    let directory = scene.directory.join("home/.config/gcloud");
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join("application_default_credentials.json"), file.to_string()).unwrap();
}

fn of_ann(scene: &Scene) -> Value {
    scene.cloud.world(|world| world.person_json(ANN))
}

/// Ann on her terminal, after `gcloud auth application-default login`.
pub fn as_person(scene: &mut Scene) {
    terminal(scene);
    add_ann(scene);
    gcloud(scene, &of_ann(scene));
}

/// Ann, who may act as the deployer and does.
pub fn as_person_who_acts(scene: &mut Scene) {
    as_person(scene);
    scene.cloud.world(|world| {
        let account = world.accounts.get_mut(World::DEPLOYER).unwrap();
        account.policy.grant("roles/iam.serviceAccountTokenCreator", &format!("user:{ANN}"));
    });
    scene.input("service_account", World::DEPLOYER);
}

/// A job on a machine in Google Cloud that is told to use its account.
pub fn as_machine(scene: &mut Scene) {
    scene.cloud.world(|world| world.add_machine(World::DEPLOYER));
    for (name, value) in scene.cloud.own_variables() {
        scene.variable(name, &value);
    }
    scene.input("credentials_json", "").input("project_id", World::PROJECT).input("machine_account", "true");
}
