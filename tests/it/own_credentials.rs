//! Signing in as a person on a terminal, by a token at hand, or as a machine: where each is found, in which order, what
//! it may do, and that a job uses none of it unless it was told to.

use fakecloud::World;
use serde_json::{Value, json};

use crate::support::{Run, Scene};

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

fn deploy(scene: &Scene) -> Run {
    scene.command(&["deploy"])
}

/// What a terminal shows of a failure.
fn failure(run: &Run) -> String {
    let log = run.log();
    log.find("error: ").map_or(log.clone(), |at| log[at..].to_owned())
}

/// Whose tokens Google's APIs were asked with.
fn callers(scene: &Scene) -> Vec<String> {
    let journal = scene.cloud.journal();
    let apis = journal.into_iter().filter(|entry| entry.api != "iamcredentials" && entry.api != "site");
    let mut callers: Vec<String> = apis.filter_map(|entry| entry.account).collect();
    callers.sort();
    callers.dedup();
    callers
}

fn count(scene: &Scene, call: &str) -> usize {
    scene.cloud.calls(call).len()
}

#[test]
fn a_person_deploys_by_what_gcloud_keeps() {
    let mut scene = Scene::new();
    as_person(&mut scene);
    let run = deploy(&scene).expect(0);
    run.says("1. Sign in: as `your own account`").says(&format!("Sign in: as `{ANN}`"));
    assert_eq!(callers(&scene), [ANN]);
    // Whose they are came with the token: nothing else was asked for it.
    assert_eq!((count(&scene, "oauth2.token"), count(&scene, "oauth2.tokeninfo")), (1, 0));
    let form: Vec<(String, String)> =
        url::form_urlencoded::parse(&scene.cloud.calls("oauth2.token")[0].body).into_owned().collect();
    let names: Vec<&str> = form.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["client_id", "client_secret", "refresh_token", "grant_type"]);
}

/// Where credentials are, from the first place that is looked at to the last.
#[test]
fn the_first_place_counts() {
    let mut scene = Scene::new();
    let key = scene.cloud.key_json(World::DEPLOYER);
    as_person(&mut scene);
    let bob = "bob@example.com";
    let (token, machine) = scene.cloud.world(|world| {
        world.add_person(bob);
        world.home().policy.grant("roles/editor", &format!("user:{bob}"));
        (world.give_token(bob), "vm@harbour-dev.iam.gserviceaccount.com")
    });
    scene.cloud.world(|world| {
        world.add_account(World::PROJECT, machine);
        world.add_machine(machine);
    });
    let elsewhere = scene.directory.join("key.json");
    std::fs::write(&elsewhere, key).unwrap();
    scene.variable("GOOGLE_OAUTH_ACCESS_TOKEN", &token);
    scene.variable("GOOGLE_APPLICATION_CREDENTIALS", elsewhere.to_str().unwrap());
    for (name, value) in scene.cloud.own_variables() {
        scene.variable(name, &value);
    }
    scene.variable("NO_GCE_CHECK", "").input("dry_run", "true");
    let signed_in = |scene: &Scene| {
        let log = deploy(scene).log();
        let line = log.lines().find_map(|line| line.strip_prefix("✓ Sign in: as `").map(str::to_owned));
        line.unwrap_or(log).split('`').next().unwrap().to_owned()
    };
    assert_eq!(signed_in(&scene), bob);
    scene.variable("GOOGLE_OAUTH_ACCESS_TOKEN", "").variable("CLOUDSDK_AUTH_ACCESS_TOKEN", &token);
    assert_eq!(signed_in(&scene), bob);
    scene.variable("CLOUDSDK_AUTH_ACCESS_TOKEN", "");
    assert_eq!(signed_in(&scene), World::DEPLOYER);
    scene.variable("GOOGLE_APPLICATION_CREDENTIALS", "");
    assert_eq!(signed_in(&scene), ANN);
    // gcloud's directory may be elsewhere; there is nothing in this one.
    scene.variable("CLOUDSDK_CONFIG", scene.directory.clone().to_str().unwrap());
    assert_eq!(signed_in(&scene), machine);
    std::fs::write(scene.directory.join("application_default_credentials.json"), of_ann(&scene).to_string()).unwrap();
    assert_eq!(signed_in(&scene), ANN);
    // What is given goes before what is found.
    scene.input("machine_account", "true");
    assert_eq!(signed_in(&scene), machine);
}

#[test]
fn nobody_is_told_where_to_sign_in() {
    let mut scene = Scene::new();
    terminal(&mut scene);
    let run = deploy(&scene).expect(2);
    run.says("no credentials were given; sign in: `gcloud auth application-default login`");
    run.says(".config/gcloud/application_default_credentials.json`)").says("--machine-account");
    scene.variable("HOME", "");
    deploy(&scene).expect(2).says("which is found where gcloud puts it; or set");
    assert_eq!(scene.cloud.journal().len(), 0);
}

/// Everything that a terminal would use is there, and a job uses none of it.
#[test]
fn a_job_uses_what_it_was_given_and_nothing_else() {
    let mut scene = Scene::new();
    as_person_who_acts(&mut scene);
    let token = scene.cloud.world(|world| {
        world.add_machine(World::DEPLOYER);
        world.give_token(ANN)
    });
    for (name, value) in scene.cloud.own_variables() {
        scene.variable(name, &value);
    }
    scene.variable("NO_GCE_CHECK", "").variable("GITHUB_ACTIONS", "true").input("service_account", "");
    scene.variable("GOOGLE_OAUTH_ACCESS_TOKEN", &token).variable("CLOUDSDK_AUTH_ACCESS_TOKEN", &token);
    scene.variable("CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT", World::DEPLOYER);
    let run = deploy(&scene).expect(2);
    run.says("no credentials were given");
    run.says("GOOGLE_OAUTH_ACCESS_TOKEN, CLOUDSDK_AUTH_ACCESS_TOKEN, CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT is not read in a job");
    // A person's file is none of a job's either, however it is named.
    let home = scene.directory.join("home/.config/gcloud/application_default_credentials.json");
    scene.variable("GOOGLE_APPLICATION_CREDENTIALS", home.to_str().unwrap());
    deploy(&scene).expect(2).says("the credentials of a person, which are for a terminal alone");
    scene.variable("GOOGLE_APPLICATION_CREDENTIALS", "");
    scene.input("credentials_json", &of_ann(&scene).to_string());
    deploy(&scene).expect(2).says("the credentials of a person, which are for a terminal alone");
    assert_eq!(scene.cloud.journal().len(), 0, "nobody was asked anything");
}

#[test]
fn a_role_that_is_missing_is_granted_to_the_person() {
    let mut scene = Scene::new();
    as_person(&mut scene);
    scene.cloud.world(|world| world.home().policy.revoke("roles/run.admin", &format!("user:{ANN}")));
    let run = deploy(&scene).expect(4);
    run.says(&format!("`{ANN}` lacks")).says(&format!("--member=user:{ANN} --role=roles/run.admin"));
}

#[test]
fn a_private_service_is_asked_as_the_person() {
    let mut scene = Scene::new();
    as_person(&mut scene);
    scene.input("health_path", "/health");
    deploy(&scene).expect(0).says("with an identity token (it is private)");
    assert_eq!(scene.cloud.calls("site.request").last().unwrap().account.as_deref(), Some(ANN));

    let mut scene = Scene::new();
    as_person(&mut scene);
    scene.cloud.world(|world| world.people.get_mut(ANN).unwrap().openid = false);
    scene.input("health_path", "/health").input("health_timeout", "5s");
    let run = deploy(&scene).expect(9);
    run.says("No identity token: Could not get an identity token: your own credentials bring no identity token");
    // Who it is was never said, and the hints do not pretend to know.
    run.says("Sign in: as `your own account`");
}

#[test]
fn a_sign_in_that_has_ended_is_told_with_what_to_type() {
    let mut scene = Scene::new();
    as_person(&mut scene);
    scene.cloud.world(|world| world.people.get_mut(ANN).unwrap().must_sign_in_again = true);
    let run = deploy(&scene).expect(3);
    insta::assert_snapshot!("must_sign_in_again", failure(&run));
    scene.cloud.world(|world| world.people.clear());
    let run = deploy(&scene).expect(3);
    insta::assert_snapshot!("sign_in_revoked", failure(&run));
    assert_eq!(count(&scene, "oauth2.token"), 2, "a refusal is not asked again");
    assert!(scene.cloud.world(|world| world.effects.is_empty()));
}

#[test]
fn a_person_acts_as_an_account_in_three_ways() {
    let mut scene = Scene::new();
    as_person_who_acts(&mut scene);
    let run = deploy(&scene).expect(0);
    run.says(&format!("Sign in: as `{}`", World::DEPLOYER));
    assert_eq!(callers(&scene), [World::DEPLOYER]);

    scene.input("service_account", "").variable("CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT", World::DEPLOYER);
    deploy(&scene).expect(0).says(&format!("Sign in: as `{}`", World::DEPLOYER));

    scene.variable("CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT", "");
    gcloud(&scene, &acting_file(&scene));
    deploy(&scene).expect(0).says(&format!("Sign in: as `{}`", World::DEPLOYER));
    assert_eq!(callers(&scene), [World::DEPLOYER]);
}

/// What `gcloud auth application-default login --impersonate-service-account` writes.
fn acting_file(scene: &Scene) -> Value {
    let root = scene.cloud.address("iamcredentials");
    json!({"type": "impersonated_service_account", "delegates": [], "source_credentials": of_ann(scene),
        "service_account_impersonation_url":
            format!("{root}/v1/projects/-/serviceAccounts/{}:generateAccessToken", World::DEPLOYER)})
}

#[test]
fn whoever_may_not_act_is_told_the_grant() {
    let mut scene = Scene::new();
    as_person_who_acts(&mut scene);
    scene.cloud.world(|world| {
        let account = world.accounts.get_mut(World::DEPLOYER).unwrap();
        account.policy.revoke("roles/iam.serviceAccountTokenCreator", &format!("user:{ANN}"));
    });
    let run = deploy(&scene).expect(3);
    insta::assert_snapshot!("a_person_may_not_act", failure(&run));
    scene.input("delegates", "middle@harbour-dev.iam.gserviceaccount.com");
    let run = deploy(&scene).expect(3);
    insta::assert_snapshot!("a_person_may_not_act_through_another", failure(&run));
}

#[test]
fn a_private_service_is_asked_as_the_account_that_a_person_acts_as() {
    let mut scene = Scene::new();
    as_person_who_acts(&mut scene);
    scene.input("health_path", "/health");
    deploy(&scene).expect(0).says("with an identity token (it is private)");
    assert_eq!(scene.cloud.calls("site.request").last().unwrap().account.as_deref(), Some(World::DEPLOYER));
}

#[test]
fn files_that_lead_elsewhere_are_refused_on_a_terminal_too() {
    type Change = fn(&mut Value);
    let cases: [(Change, &str); 9] = [
        (
            |file| file["service_account_impersonation_url"] = "https://evil.example/v1/x".into(),
            "leads to `https://evil.example`",
        ),
        (|file| file["service_account_impersonation_url"] = 7.into(), "`service_account_impersonation_url` is missing"),
        (|file| file["delegates"] = json!(["me"]), "`delegates` is missing"),
        (|file| file["source_credentials"] = json!({"type": "service_account"}), "are not a person's"),
        (|file| file["source_credentials"] = json!([]), "are not a person's"),
        (|file| file["source_credentials"]["refresh_token"] = "".into(), "it has no `refresh_token`"),
        (|file| file["source_credentials"]["universe_domain"] = "evil.example".into(), "is not googleapis.com"),
        (|file| file["source_credentials"]["client_id"] = json!({}), "is not a service-account key file"),
        (
            |file| file["type"] = "external_account_authorized_user".into(),
            "its `type` is `external_account_authorized_user`",
        ),
    ];
    let mut scene = Scene::new();
    as_person_who_acts(&mut scene);
    scene.input("service_account", "");
    for (change, says) in cases {
        let mut file = acting_file(&scene);
        change(&mut file);
        gcloud(&scene, &file);
        let run = deploy(&scene);
        assert_eq!(run.code, 2, "{says}\n{}", run.log());
        run.says(says);
    }
    // A token endpoint in the file is never asked: a person's is Google's, always.
    let mut file = of_ann(&scene);
    file["token_uri"] = "http://127.0.0.1:9/steal".into();
    gcloud(&scene, &file);
    deploy(&scene).expect(0);
}

#[test]
fn requests_of_a_person_count_for_the_project_that_is_named() {
    let counted = |scene: &Scene| {
        let mut calls: Vec<String> = scene
            .cloud
            .journal()
            .into_iter()
            .filter(|entry| entry.header("x-goog-user-project") == Some(World::PROJECT))
            .map(|entry| entry.api)
            .collect();
        calls.sort();
        calls.dedup();
        calls
    };
    // Where nobody says which, only those that Google refuses otherwise.
    let mut scene = Scene::new();
    as_person(&mut scene);
    deploy(&scene).expect(0).does_not_say("not looked at beforehand");
    assert_eq!(counted(&scene), ["cloudresourcemanager"]);

    let mut file = of_ann(&scene);
    file["quota_project_id"] = World::PROJECT.into();
    gcloud(&scene, &file);
    let asked = |scene: &Scene| scene.cloud.journal().len();
    let before = asked(&scene);
    scene.input("dry_run", "true");
    deploy(&scene).expect(0);
    let journal = scene.cloud.journal();
    let all = journal[before..].iter().filter(|entry| entry.account.is_some());
    assert!(all.clone().count() > 3);
    assert!(all.clone().all(|entry| entry.header("x-goog-user-project") == Some(World::PROJECT)));

    scene.cloud.world(|world| {
        world.home().policy.revoke("roles/serviceusage.serviceUsageConsumer", &format!("user:{ANN}"));
    });
    let run = deploy(&scene);
    assert_ne!(run.code, 0);
    run.says(&format!("--member=user:{ANN} --role=roles/serviceusage.serviceUsageConsumer"));
}

#[test]
fn a_token_at_hand_is_used_until_google_takes_it_no_more() {
    let mut scene = Scene::new();
    terminal(&mut scene);
    add_ann(&scene);
    let token = scene.cloud.world(|world| world.give_token(ANN));
    scene.variable("GOOGLE_OAUTH_ACCESS_TOKEN", &format!("{token}\n"));
    deploy(&scene).expect(0).says(&format!("Sign in: as `{ANN}`"));
    assert_eq!((count(&scene, "oauth2.tokeninfo"), count(&scene, "oauth2.token")), (1, 0));
    let asked = &scene.cloud.calls("oauth2.tokeninfo")[0];
    assert_eq!((asked.query.len(), asked.header("authorization")), (0, None), "the token stands in the body alone");

    scene.input("health_path", "/health").input("health_timeout", "5s").file("app/main.py", "print('two')\n");
    let run = deploy(&scene).expect(9);
    run.says("the token in GOOGLE_OAUTH_ACCESS_TOKEN brings no identity token, which a private service asks for");

    scene.cloud.world(World::expire_tokens);
    let run = deploy(&scene).expect(3);
    insta::assert_snapshot!("token_has_ended", failure(&run));

    for nonsense in ["two words", "{}\n{}", "ä"] {
        scene.variable("GOOGLE_OAUTH_ACCESS_TOKEN", nonsense);
        deploy(&scene).expect(2).says("GOOGLE_OAUTH_ACCESS_TOKEN: it holds something else than an access token");
    }
}

#[test]
fn a_token_that_ends_in_the_middle_ends_the_run() {
    let mut scene = Scene::new();
    terminal(&mut scene);
    add_ann(&scene);
    let token = scene.cloud.world(|world| world.give_token(ANN));
    scene.variable("GOOGLE_OAUTH_ACCESS_TOKEN", &token).input("health_path", "/health");
    scene.input("allow_unauthenticated", "true");
    deploy(&scene).expect(0);
    scene.file("app/main.py", "print('two')\n");
    // The candidate is there, and the traffic is to move.
    scene.cloud.world(|world| {
        let fault = fakecloud::Fault::next("run.projects.locations.services.patch", fakecloud::Action::status(401));
        world.faults.push(fault.skip(1).times(2));
    });
    let run = deploy(&scene);
    // Nothing can be put back without a token, and nothing was moved.
    assert!([3, 10].contains(&run.code), "{}", run.log());
    run.says("the token in GOOGLE_OAUTH_ACCESS_TOKEN is not accepted any more");
    let served = scene.cloud.world(|world| world.service("us-central1", "web").unwrap().serving.clone());
    assert_eq!(served.iter().filter(|share| share.percent > 0).count(), 1, "{served:?}");
    // Which is why one that ends soon is not used at all.
    scene.cloud.world(|world| world.tokens.values_mut().for_each(|token| token.expires -= 3400));
    let run = deploy(&scene).expect(3);
    run.says("the token in GOOGLE_OAUTH_ACCESS_TOKEN ends within five minutes, and cannot be renewed");
}

#[test]
fn a_machine_signs_in_as_its_account_when_a_job_says_so() {
    let mut scene = Scene::new();
    as_machine(&mut scene);
    scene.input("health_path", "/health");
    let run = deploy(&scene).expect(0);
    run.says("1. Sign in: as `the machine's service account`").says(&format!("Sign in: as `{}`", World::DEPLOYER));
    run.says("with an identity token (it is private)");
    assert_eq!(callers(&scene), [World::DEPLOYER]);
    assert_eq!((count(&scene, "metadata.account"), count(&scene, "metadata.token")), (1, 1));
    let identity = &scene.cloud.calls("metadata.identity")[0];
    assert_eq!(identity.query("format"), Some("full"));

    // And may act as another one from there.
    scene.cloud.world(|world| {
        world.add_account(World::PROJECT, "vm@harbour-dev.iam.gserviceaccount.com");
        world.add_machine("vm@harbour-dev.iam.gserviceaccount.com");
    });
    scene.input("service_account", World::DEPLOYER);
    let run = deploy(&scene).expect(3);
    run.says("--member=serviceAccount:vm@harbour-dev.iam.gserviceaccount.com");
    scene.cloud.world(|world| {
        let account = world.accounts.get_mut(World::DEPLOYER).unwrap();
        let member = "serviceAccount:vm@harbour-dev.iam.gserviceaccount.com";
        account.policy.grant("roles/iam.serviceAccountTokenCreator", member);
    });
    deploy(&scene).expect(0);
}

#[test]
fn a_machine_that_has_no_account_or_is_none_is_told() {
    let mut scene = Scene::new();
    as_machine(&mut scene);
    scene.cloud.world(|world| {
        world.machine.as_mut().unwrap().scopes = vec!["https://www.googleapis.com/auth/devstorage.read_only".into()];
    });
    let run = deploy(&scene).expect(3);
    insta::assert_snapshot!("machine_scopes", run.failure());
    scene.cloud.world(|world| world.machine = None);
    let run = deploy(&scene).expect(3);
    insta::assert_snapshot!("machine_without_account", run.failure());
    // Whatever answers there must say that it is what it seems to be.
    let other = crate::support::listener::Listener::start(|_| {
        let body = r#"{"email": "eve@evil.example", "access_token": "ya29.eve", "expires_in": 3599}"#;
        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
    });
    scene.variable("GCE_METADATA_HOST", other.url().trim_start_matches("http://"));
    deploy(&scene).expect(7).says("this is not Google's metadata server");
    assert!(other.heads()[0].to_lowercase().contains("metadata-flavor: google"), "{:?}", other.heads());
    for stranger in
        ["evil.example", "metadata.google.internal.evil.example", "10.0.0.1", "x@127.0.0.1", "127.0.0.1/x", ""]
    {
        let host = if stranger.is_empty() { "a b" } else { stranger };
        scene.variable("GCE_METADATA_HOST", host);
        deploy(&scene).expect(2).says("is not where a metadata server can be");
    }
    assert!(scene.cloud.world(|world| world.effects.is_empty()));
}

#[test]
fn ways_that_contradict_each_other_are_told_at_once() {
    let mut scene = Scene::new();
    scene.input("machine_account", "true").input("workload_identity_provider", World::PROVIDER);
    let run = deploy(&scene).expect(2);
    run.says("machine_account: `credentials_json` signs in as somebody else; keep one of them");
    run.says("machine_account: `workload_identity_provider` signs in as somebody else; keep one of them");
    scene.input("machine_account", "perhaps").input("workload_identity_provider", "");
    deploy(&scene).expect(2).says("machine_account: it does not fit");
    scene
        .input("machine_account", "")
        .input("credentials_json", "")
        .input("service_account", "me")
        .input("delegates", "x");
    scene.variable("GITHUB_ACTIONS", "");
    let run = deploy(&scene).expect(2);
    run.says("--service-account: `me` is not a service account").says("--delegates: `x` is not a service account");
}

/// Whatever a person has that opens something stays where it is.
#[test]
fn nothing_of_a_person_is_packed_or_printed() {
    let mut scene = Scene::new();
    as_person(&mut scene);
    let file = of_ann(&scene);
    scene.file("app/gcloud/application_default_credentials.json", file.to_string());
    scene.file("app/notes.txt", format!("what I have: {file:#}"));
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("{file:#}"));
    scene.file("app/settings.yaml", format!("adc: {encoded}\n"));
    let workforce = json!({"type": "external_account_authorized_user", "refresh_token": "secret", "client_id": "x"});
    scene.file("app/workforce.json", workforce.to_string());
    scene.file("app/acting.json", acting_file(&scene).to_string());
    scene.variable("CLOUDSDK_CONFIG", scene.workspace().join("app/gcloud").to_str().unwrap());
    let run = deploy(&scene).expect(0);
    for name in
        ["gcloud/application_default_credentials.json", "notes.txt", "settings.yaml", "workforce.json", "acting.json"]
    {
        run.says(&format!("`{name}` was left out"));
    }
    scene.cloud.world(|world| {
        let objects = &world.buckets["harbour-dev-slipway-us-central1"].objects;
        let (_, source) = objects.iter().find(|(name, _)| name.starts_with("source/")).unwrap();
        let mut archive = tar::Archive::new(flate2::read::MultiGzDecoder::new(&source.content[..]));
        let names = archive.entries().unwrap().map(|entry| entry.unwrap().path().unwrap().display().to_string());
        assert_eq!(names.collect::<Vec<_>>(), ["Dockerfile", "gcloud/", "main.py"]);
    });
}

#[test]
fn every_command_signs_in_as_a_person() {
    let mut scene = Scene::new();
    as_person(&mut scene);
    deploy(&scene).expect(0);
    scene.file("app/main.py", "print('two')\n");
    deploy(&scene).expect(0);
    scene.input("source", "");
    scene.command(&["rollback"]).expect(0);
    scene.command(&["status"]);
    scene.input("health_path", "");
    scene.command(&["doctor"]);
    scene.input("service", "").input("job", "migrate").input("image", "us-docker.pkg.dev/cloudrun/container/hello");
    scene.command(&["job"]).expect(0);
    assert_eq!(callers(&scene), [ANN]);
}
