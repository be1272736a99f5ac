//! Signing in without a key: through an account, by itself, by the auth action's file; and every way it can fail.

use std::io::{Read as _, Write as _};

use fakecloud::{Action, Fault, Page, RevisionScript, Site, World};
use serde_json::{Value, json};

use crate::support::{Run, Scene};

/// A deploy without a key, in a world that trusts GitHub.
fn scene() -> Scene {
    let mut scene = Scene::new();
    without_key(&mut scene);
    scene
}

/// Signs in as the deployer without its key.
pub fn without_key(scene: &mut Scene) {
    scene.cloud.world(World::trust_github);
    scene.input("credentials_json", "");
    scene.input("workload_identity_provider", World::PROVIDER).input("service_account", World::DEPLOYER);
    in_job(scene);
}

/// A job that may ask GitHub for its identity.
pub fn in_job(scene: &mut Scene) {
    for (name, value) in scene.cloud.identity_variables() {
        scene.variable(name, &value);
    }
    scene.variable("GITHUB_REPOSITORY_ID", "4711");
}

/// A deploy whose roles are the run's own.
fn direct() -> Scene {
    let mut scene = scene();
    scene.input("service_account", "").input("project_id", World::PROJECT);
    scene.cloud.world(|world| {
        for role in World::DEPLOYER_ROLES {
            world.home().policy.grant(role, World::RUNS);
        }
    });
    scene
}

/// The credentials file that google-github-actions/auth writes in this job.
pub fn auth_file(scene: &Scene, account: Option<&str>) -> Value {
    let [(_, url), (_, token)] = scene.cloud.identity_variables();
    let audience = format!("https%3A%2F%2Fiam.googleapis.com%2F{}", World::PROVIDER.replace('/', "%2F"));
    let mut file = json!({
        "universe_domain": "googleapis.com",
        "type": "external_account",
        "audience": format!("//iam.googleapis.com/{}", World::PROVIDER),
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": format!("{}/v1/token", scene.cloud.address("sts")),
        "credential_source": {
            "url": format!("{url}&audience={audience}"),
            "headers": {"Authorization": format!("Bearer {token}")},
            "format": {"type": "json", "subject_token_field_name": "value"},
        },
    });
    if let Some(account) = account {
        let root = scene.cloud.address("iamcredentials");
        let url = format!("{root}/v1/projects/-/serviceAccounts/{account}:generateAccessToken");
        file["service_account_impersonation_url"] = url.into();
    }
    file
}

/// A deploy by a credentials file in the workspace.
fn with_file(mut scene: Scene, file: &Value) -> Scene {
    scene.input("workload_identity_provider", "").input("service_account", "");
    scene.file("gha-creds-0123456789abcdef.json", file.to_string());
    scene.variable("GOOGLE_APPLICATION_CREDENTIALS", "/home/runner/work/r/r/gha-creds-0123456789abcdef.json");
    scene
}

fn count(scene: &Scene, call: &str) -> usize {
    scene.cloud.calls(call).len()
}

fn accounts(scene: &Scene) -> Vec<String> {
    let journal = scene.cloud.journal();
    let ours = journal.into_iter().filter(|entry| !["sts", "iamcredentials"].contains(&entry.api.as_str()));
    let mut accounts: Vec<String> = ours.filter_map(|entry| entry.account).collect();
    accounts.sort();
    accounts.dedup();
    accounts
}

/// Asks GitHub for an identity, as another step of the job would.
fn identity(scene: &Scene) -> String {
    let [(_, url), (_, token)] = scene.cloud.identity_variables();
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let audience = format!("https://iam.googleapis.com/{}", World::PROVIDER);
    let mut stream = std::net::TcpStream::connect(host).unwrap();
    let head = "Connection: close\r\nHost: fake";
    write!(stream, "GET /{path}&audience={audience} HTTP/1.1\r\n{head}\r\nAuthorization: Bearer {token}\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let json: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    json["value"].as_str().unwrap().to_owned()
}

const ACT_AS: &str = "iamcredentials.projects.serviceAccounts.generateAccessToken";
const IDENTITY: &str = "iamcredentials.projects.serviceAccounts.generateIdToken";

#[test]
fn a_run_deploys_as_an_account() {
    let scene = scene();
    let run = scene.run().expect(0);
    run.says(&format!("Sign in: as `{}`", World::DEPLOYER));
    assert_eq!(accounts(&scene), [World::DEPLOYER]);
    let once = ["actions.idtoken", "sts.token", ACT_AS].map(|call| count(&scene, call));
    assert_eq!((once, count(&scene, "oauth2.token")), ([1, 1, 1], 0));
    let audience = scene.cloud.calls("actions.idtoken")[0].query("audience").unwrap().to_owned();
    assert_eq!(audience, format!("https://iam.googleapis.com/{}", World::PROVIDER));
    // The job that is shown to GitHub, and every token, is hidden before it is used.
    let masked = crate::support::runner::commands(&run.stdout);
    let masked = masked.iter().filter(|command| command.name == "add-mask").count();
    assert!(masked >= 4, "{masked}");
}

#[test]
fn a_run_deploys_by_itself() {
    let scene = direct();
    let run = scene.run().expect(0);
    run.says("Sign in: as `o/r in pool github`");
    assert_eq!(count(&scene, ACT_AS), 0);
    let who = accounts(&scene);
    assert!(who.len() == 1 && who[0].starts_with("principal://"), "{who:?}");
}

#[test]
fn every_command_signs_in_without_a_key() {
    let mut scene = scene();
    scene.cloud.world(|world| world.grant(World::PROJECT, World::DEPLOYER, "roles/firebasehosting.admin"));
    scene.run().expect(0);
    scene.file("app/main.py", "print('two')\n").run().expect(0);
    scene.input("source", "");
    scene.command(&["rollback"]).expect(0);
    scene.input("tag", "blue").input("image", "us-docker.pkg.dev/cloudrun/container/hello").input("no_traffic", "true");
    scene.run().expect(0);
    scene.input("image", "").input("no_traffic", "");
    scene.command(&["promote"]).expect(0);
    scene.input("tag", "").input("service", "").input("job", "migrate");
    scene.input("image", "us-docker.pkg.dev/cloudrun/container/hello");
    scene.command(&["job"]).expect(0);
    scene.input("job", "").input("image", "").input("channel", "live").input("site", World::PROJECT);
    scene.file("firebase.json", r#"{"hosting": {"public": "dist"}}"#).file("dist/index.html", "<h1>1</h1>\n");
    scene.command(&["hosting"]).expect(0);
    scene.file("dist/index.html", "<h1>2</h1>\n").command(&["hosting"]).expect(0);
    scene.command(&["hosting", "rollback"]).expect(0);
    scene.input("channel", "").input("site", "");
    scene.file("slipway.yml", "services:\n  web:\n    source: app\n");
    scene.command(&["release"]).expect(0);
    assert_eq!((count(&scene, "oauth2.token"), accounts(&scene)), (0, vec![World::DEPLOYER.to_owned()]));
}

#[test]
fn a_part_of_a_release_may_act_as_an_account_of_its_own() {
    let mut scene = scene();
    scene.input("service", "").input("source", "").input("service_account", "");
    let of_part =
        format!("    workload_identity_provider: {}\n    service_account: {}\n", World::PROVIDER, World::DEPLOYER);
    scene.file("slipway.yml", format!("services:\n  web:\n    source: app\n{of_part}"));
    scene.command(&["release"]).expect(0).says(World::DEPLOYER);
    assert_eq!(accounts(&scene), [World::DEPLOYER]);
    scene.file("slipway.yml", "services:\n  web:\n    source: app\n    service_account: x\n");
    scene.command(&["release"]).expect(2).says("services.web.service_account, line 4: there is no `workload_identity");
}

#[test]
fn a_chain_of_accounts_is_passed_on() {
    let mut scene = scene();
    let middle = "middle@harbour-dev.iam.gserviceaccount.com";
    scene.input("delegates", middle);
    scene.cloud.world(|world| {
        world.add_account(World::PROJECT, middle);
        let creator = "roles/iam.serviceAccountTokenCreator";
        world.accounts.get_mut(middle).unwrap().policy.grant(creator, World::RUNS);
    });
    let run = scene.run().expect(3);
    insta::assert_snapshot!("chain_refused", run.failure());
    scene.cloud.world(|world| {
        let account = world.accounts.get_mut(World::DEPLOYER).unwrap();
        account.policy.grant("roles/iam.serviceAccountTokenCreator", &format!("serviceAccount:{middle}"));
    });
    scene.run().expect(0);
}

/// Calls take minutes here: GitHub's tokens live for ten, all of Google's too, and the run takes hours.
#[test]
fn a_run_of_hours_outlives_all_its_tokens() {
    for mut scene in [scene(), direct()] {
        scene.input("health_path", "/health").input("allow_unauthenticated", "true");
        scene.run().expect(0);
        scene.cloud.world(|world| {
            (world.seconds_per_call, world.token_lifetime) = (150, 600);
        });
        scene.file("app/main.py", "print('two')\n").input("strategy", "canary");
        let before = scene.cloud.world(|world| world.clock_skew);
        scene.run().expect(0);
        let took = scene.cloud.world(|world| world.clock_skew) - before;
        assert!(took > 2 * 3600, "{took} s");
        let (identities, exchanges) = (count(&scene, "actions.idtoken"), count(&scene, "sts.token"));
        assert!(identities > 10, "{identities}");
        assert_eq!(identities, exchanges, "no identity is used twice");
    }
}

#[test]
fn tokens_are_renewed_before_they_end() {
    let mut scene = direct();
    scene.input("health_path", "/health").input("allow_unauthenticated", "true");
    scene.run().expect(0);
    let before = count(&scene, "sts.token");
    // The run waits for half an hour at each step, as it counts; Google's clock says that nothing ended.
    scene.file("app/main.py", "print('two')\n").input("strategy", "canary").input("canary_interval", "30m");
    scene.run().expect(0);
    assert!(count(&scene, "sts.token") - before >= 4, "{}", count(&scene, "sts.token"));
    assert!(scene.cloud.journal().iter().all(|entry| entry.status != Some(401)), "none was used after its end");
}

#[test]
fn a_token_that_ends_early_is_renewed_once() {
    let scene = scene();
    scene
        .cloud
        .world(|world| world.faults.push(Fault::next("run.projects.locations.services.patch", Action::status(401))));
    scene.run().expect(0);
    assert_eq!(count(&scene, ACT_AS), 2);
}

#[test]
fn passing_trouble_at_every_link_passes() {
    for call in ["actions.idtoken", "sts.token", ACT_AS] {
        for action in [Action::status(503), Action::Html(502), Action::Reset, Action::Garbage, Action::Truncate] {
            let mut scene = scene();
            scene.cloud.world(|world| world.faults.push(Fault::next(call, action.clone()).times(2)));
            scene.input("dry_run", "true");
            let run = scene.run();
            assert_eq!(run.code, 0, "{call} {action:?}\n{}", run.log());
        }
    }
    let scene = scene();
    scene.cloud.world(|world| world.faults.push(Fault::next("sts.token", Action::status(503)).times(Fault::FOREVER)));
    scene.run().expect(7).says("5 attempts");
}

#[test]
fn a_redirect_carries_nothing_away() {
    let thief =
        crate::support::listener::Listener::start(|_| "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_owned());
    for call in ["actions.idtoken", "sts.token", ACT_AS] {
        let scene = scene();
        scene.cloud.world(|world| world.faults.push(Fault::next(call, Action::Redirect(thief.url()))));
        scene.run().expect(3).says("which is not followed");
    }
    assert_eq!(thief.heads(), [""; 0]);
}

fn refused(name: &str, change: impl FnOnce(&mut Scene)) -> Run {
    let mut scene = scene();
    change(&mut scene);
    let run = scene.run().expect(3);
    insta::assert_snapshot!(name, run.failure());
    assert!(scene.cloud.world(|world| world.effects.is_empty()), "{name}: something was changed");
    run
}

fn provider(scene: &Scene, change: impl FnOnce(&mut fakecloud::Provider)) {
    scene.cloud.world(|world| change(world.providers.get_mut(World::PROVIDER).unwrap()));
}

#[test]
fn each_link_that_breaks_is_told_with_its_cure() {
    refused("no_permission", |scene| {
        scene.variable("ACTIONS_ID_TOKEN_REQUEST_URL", "").variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "");
    });
    refused("identity_refused", |scene| {
        scene.variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "the-token-of-another-job");
    });
    refused("no_provider", |scene| {
        scene.input("workload_identity_provider", &World::PROVIDER.replace("/actions", "/others"));
    });
    refused("condition", |scene| {
        provider(scene, |provider| provider.condition.push_str(" && assertion.ref == 'refs/heads/main'"));
    });
    refused("audience", |scene| provider(scene, |provider| provider.audiences.push("https://github.com/o".into())));
    refused("issuer", |scene| {
        provider(scene, |provider| provider.issuer = "https://ghe.example/_services/token".into())
    });
    refused("may_not_act_as", |scene| {
        scene.cloud.world(|world| {
            let account = world.accounts.get_mut(World::DEPLOYER).unwrap();
            account.policy.revoke("roles/iam.workloadIdentityUser", World::RUNS);
        });
    });
}

#[test]
fn an_audience_of_its_own_is_asked_for() {
    let mut scene = scene();
    provider(&scene, |provider| provider.audiences.push("https://github.com/o".into()));
    scene.input("audience", "https://github.com/o").input("dry_run", "true");
    scene.run().expect(0);
}

#[test]
fn an_api_that_is_not_enabled_is_enabled_first() {
    let scene = scene();
    scene.cloud.world(|world| world.disable_api("iamcredentials.googleapis.com"));
    scene.run().expect(4).says("gcloud services enable iamcredentials.googleapis.com");
}

#[test]
fn a_role_that_is_missing_is_granted_to_whoever_asked() {
    let scene = direct();
    scene.cloud.world(|world| world.home().policy.revoke("roles/run.admin", World::RUNS));
    let run = scene.run().expect(4);
    run.says(&format!("--member={} --role=roles/run.admin", World::RUNS)).says("`o/r in pool github` lacks");
}

#[test]
fn a_private_service_is_asked_as_the_account() {
    let mut scene = scene();
    scene.input("health_path", "/health");
    scene.run().expect(0).says("with an identity token (it is private)");
    assert_eq!(count(&scene, IDENTITY), 1);
    let visits = scene.cloud.calls("site.request");
    assert_eq!(visits.last().unwrap().account.as_deref(), Some(World::DEPLOYER));
}

#[test]
fn a_run_by_itself_has_no_identity_for_a_private_service() {
    let mut scene = direct();
    scene.cloud.world(|world| world.next_revisions.push_back(RevisionScript::answering(Site::always(Page::Fine))));
    scene.input("health_path", "/health").input("health_timeout", "5s");
    let run = scene.run().expect(9);
    insta::assert_snapshot!("no_identity", run.failure());
    let log = run.log();
    assert_eq!(log.matches("No identity token").count(), 1, "it is said once: {log}");
}

#[test]
fn the_auth_actions_file_is_taken() {
    for account in [Some(World::DEPLOYER), None] {
        let scene = direct();
        let file = auth_file(&scene, account);
        let scene = with_file(scene, &file);
        scene.run().expect(0);
        assert_eq!(count(&scene, "oauth2.token"), 0);
        assert_eq!(count(&scene, ACT_AS), usize::from(account.is_some()));
    }
    // A key file of the same action.
    let mut scene = scene();
    let key = scene.cloud.key_json(World::DEPLOYER);
    scene.input("workload_identity_provider", "").input("service_account", "");
    scene.file("gha-creds-0123456789abcdef.json", key);
    scene.variable("GOOGLE_GHA_CREDS_PATH", "/github/workspace/gha-creds-0123456789abcdef.json");
    scene.run().expect(0);
    assert_eq!(count(&scene, "sts.token"), 0);
}

#[test]
fn a_file_may_lead_to_a_token_that_something_else_writes() {
    let scene = direct();
    let mut file = auth_file(&scene, Some(World::DEPLOYER));
    file["service_account_impersonation"] = json!({"token_lifetime_seconds": 900});
    file["credential_source"] = json!({"file": "oidc/token.json",
        "format": {"type": "json", "subject_token_field_name": "id_token"}});
    let mut scene = with_file(scene, &file);
    let identity = identity(&scene);
    scene.file("oidc/token.json", json!({"id_token": identity}).to_string());
    scene.file("Dockerfile", "FROM python:3.13-slim\nCOPY app/main.py .\n").input("source", ".");
    // It lies in what is packed, and is not packed.
    scene.run().expect(0).says("`oidc/token.json` was left out");
    let lifetime = scene.cloud.calls(ACT_AS)[0].json()["lifetime"].clone();
    assert_eq!(lifetime, "900s");
    assert_eq!(count(&scene, "actions.idtoken"), 1, "the one that the test asked for");
}

#[test]
fn contradictions_are_told_all_at_once() {
    let mut scene = scene();
    let key = scene.cloud.key_json(World::DEPLOYER);
    scene
        .input("credentials_json", &key)
        .input("workload_identity_provider", "https://iam.googleapis.com/projects/1/x");
    scene.input("service_account", "me").input("audience", "two words").input("delegates", "a, b");
    let run = scene.run().expect(2);
    insta::assert_snapshot!("contradictions", run.failure());
    scene.input("workload_identity_provider", "");
    let run = scene.run().expect(2);
    insta::assert_snapshot!("federation_without_provider", run.failure());
    assert_eq!(scene.cloud.journal().len(), 0);
}

#[test]
fn a_provider_that_is_none_says_what_to_write() {
    for (text, says) in [
        (format!("//iam.googleapis.com/{}", World::PROVIDER), "leave out everything before `projects/`"),
        (World::PROVIDER.replace("123456789012", "harbour-dev"), "gcloud projects describe harbour-dev"),
        (World::PROVIDER.replace("/providers/actions", ""), "add `/providers/PROVIDER`"),
        ("actions".to_owned(), "write `projects/NUMBER/locations/global"),
    ] {
        let mut scene = scene();
        scene.input("workload_identity_provider", &text);
        scene.run().expect(2).says(says);
    }
    let mut scene = scene();
    scene.input("service_account", "");
    scene.run().expect(2).says("project_id: without a `service_account` nothing says which project is meant");
}

#[test]
fn the_post_step_signs_in_without_a_key_too() {
    let scene = scene();
    scene.cloud.world(|world| {
        world.faults.push(Fault::next("cloudbuild.projects.locations.builds.get", Action::Hang).times(Fault::FOREVER))
    });
    let running = scene.start(&[]);
    running.until("cloudbuild.projects.locations.builds.get");
    running.signal("KILL");
    let run = running.finish_lenient();
    scene.post(&run).expect(0).says("Cancelled what the run left behind");
}
