//! The same fault has the same cure everywhere: what a deploy that fails says to type, the doctor says too.

use fakecloud::{BuildAccount, BuildScript, Outcome, World};
use serde_json::Value;

use crate::support::Scene;

/// The commands in a list of sentences. A project is the same by its number, which is what Google names.
fn commands<'a>(hints: impl Iterator<Item = &'a Value>) -> Vec<String> {
    let hints = hints.filter_map(Value::as_str);
    let project = format!("--project={}", World::NUMBER);
    let commands = hints.filter_map(|hint| Some(format!("gcloud {}", hint.split_once(": gcloud ")?.1)));
    commands.map(|command| command.replace(&project, "--project=harbour-dev")).collect()
}

/// What a deploy says to type, and what the doctor does, of the same fault.
fn told(scene: &mut Scene, code: i32) -> (Vec<String>, Vec<String>) {
    let run = scene.run().expect(code);
    let report = run.report();
    let deploy = commands(report["failure"]["hints"].as_array().unwrap().iter());
    scene.input("source", "");
    let doctor = scene.command(&["doctor"]).report();
    scene.input("source", "app");
    let blocking = doctor["findings"].as_array().unwrap().iter().filter(|one| one["state"] == "blocking");
    let mut all = Vec::new();
    for finding in blocking {
        all.extend(finding["commands"].as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()));
        all.extend(commands(finding["cures"].as_array().unwrap().iter()));
    }
    (deploy, all)
}

type Change = fn(&mut World);

#[test]
fn what_a_deploy_says_to_type_the_doctor_says_too() {
    const BUCKET: &str = "harbour-dev-slipway-us-central1";
    let without_storage: Change = |world| world.revoke("harbour-dev", World::DEPLOYER, "roles/storage.admin");
    let cases: [(&str, i32, Change); 9] = [
        ("no bucket, no role", 4, without_storage),
        ("a bucket, no role", 4, |world| {
            world.add_bucket(BUCKET, World::NUMBER, "US-CENTRAL1");
            world.revoke("harbour-dev", World::DEPLOYER, "roles/storage.admin");
        }),
        ("no account for builds", 2, |world| world.home().build_account = BuildAccount::Nobody),
        ("a disabled account", 2, |world| world.accounts.get_mut(World::COMPUTE).unwrap().disabled = true),
        ("an account that is not there", 2, |world| world.delete_account(World::COMPUTE)),
        ("a disabled API", 4, |world| world.disable_api("run.googleapis.com")),
        ("no actAs", 4, |world| world.revoke("harbour-dev", World::DEPLOYER, "roles/iam.serviceAccountUser")),
        ("no run.admin", 4, |world| world.revoke("harbour-dev", World::DEPLOYER, "roles/run.admin")),
        ("a refused push", 6, |world| {
            world.next_builds.push_back(BuildScript::ending(Outcome::PushNotAuthorized));
        }),
    ];
    for (name, code, change) in cases {
        let mut scene = Scene::new();
        scene.cloud.world(change);
        let (deploy, doctor) = told(&mut scene, code);
        let unknown: Vec<&String> = deploy.iter().filter(|command| !doctor.contains(command)).collect();
        assert!(unknown.is_empty(), "{name}: the doctor does not say\n{unknown:#?}\nbut\n{doctor:#?}");
    }
}

#[test]
fn a_refused_push_to_a_repository_that_is_seen_is_a_grant_alone() {
    for there in [false, true] {
        let mut scene = Scene::new();
        scene.input("image", "us-central1-docker.pkg.dev/harbour-dev/app/web");
        scene.cloud.world(|world| {
            world.grant("harbour-dev", World::DEPLOYER, "roles/artifactregistry.reader");
            if there {
                world.push_image("us-central1-docker.pkg.dev/harbour-dev/app/web:v1");
            }
            world.next_builds.push_back(BuildScript::ending(Outcome::PushNotAuthorized));
        });
        let (deploy, doctor) = told(&mut scene, 6);
        let makes = |all: &[String]| all.iter().any(|one| one.contains("artifacts repositories create"));
        assert_eq!((makes(&deploy), makes(&doctor)), (!there, !there), "{deploy:#?} {doctor:#?}");
        assert!(deploy.iter().all(|one| doctor.contains(one)), "{deploy:#?} {doctor:#?}");
    }
}

/// Somebody has granted it, and Google does not know it everywhere yet.
#[test]
fn a_push_that_is_refused_after_its_grant_is_a_matter_of_minutes_everywhere() {
    const MINUTES: &str = "A grant takes 2 minutes to arrive, and 7 or longer now and then: run again";
    for sees in [false, true] {
        let mut scene = Scene::new();
        scene.cloud.world(|world| {
            if sees {
                world.grant("harbour-dev", World::DEPLOYER, "roles/iam.securityReviewer");
            }
            world.grant("harbour-dev", World::COMPUTE, "roles/artifactregistry.createOnPushWriter");
            world.next_builds.push_back(BuildScript::ending(Outcome::PushNotAuthorized));
        });
        scene.run().expect(6).says(MINUTES);
        let doctor = scene.input("source", "").command(&["doctor"]);
        doctor.says("was refused (PUSH_NOT_AUTHORIZED)").says(MINUTES);
        // Whoever sees that it is granted does not say to grant it.
        let grant = format!("--member=serviceAccount:{} --role=roles/artifactregistry", World::COMPUTE);
        assert_eq!(doctor.stdout.contains(&grant), !sees, "{}", doctor.log());
    }
}
