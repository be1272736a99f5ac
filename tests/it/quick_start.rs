//! The quick start of `README.md` is true: its commands are run as they stand there, what each does is done in a project
//! that nobody has touched, and then its workflow deploys.

use std::collections::{BTreeMap, BTreeSet};

use fakecloud::{FakeCloud, World};
use serde_json::Value;

use slipway_google::services::{HOSTING, NEEDED};

use crate::runbook;
use crate::support::terminal::{self, Call};
use crate::support::{Run, Scene, runner};

const PAGE: &str = include_str!("../../README.md");
const WORKFLOW: &str = include_str!("../../examples/deploy-staging.yml");

/// What the person types where the page's last command asks for a value.
const DATABASE_URL: &str = "postgres://app:pA55w0rd-of-the-first-day@db.internal/app";

/// The page's commands, for the project that there is here.
fn commands() -> Vec<String> {
    let (_, section) = PAGE.split_once("\n## Quick start\n").unwrap();
    terminal::commands(&terminal::block(&section.replace("my-project", World::PROJECT), "bash"))
}

/// What the commands have made.
#[derive(Default)]
struct Made {
    /// GitHub's secrets.
    secrets: BTreeMap<String, String>,
    /// Whether Firebase was added to the project.
    firebase: bool,
    /// Accounts of which a key was made.
    keys: BTreeSet<String>,
    /// What Google refused to the person at the terminal.
    refused: Vec<String>,
}

impl Made {
    /// What a call does in the world. A program's call that is not in this table fails the test.
    fn carry_out(&mut self, cloud: &FakeCloud, call: &Call) {
        let words: Vec<&str> = call.words.iter().map(String::as_str).collect();
        let flag = |name: &str| {
            let found = words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
            found.unwrap_or_else(|| panic!("{name} is missing: {words:?}"))
        };
        let of_project = || assert_eq!(flag("--project"), World::PROJECT, "{words:?}");
        match words.as_slice() {
            ["gcloud", "services", "enable", rest @ ..] => {
                of_project();
                let services = rest.iter().filter(|word| !word.starts_with("--"));
                services.for_each(|service| cloud.world(|world| world.enable_api(service)));
            }
            ["gcloud", "iam", "service-accounts", "create", name, _] => {
                of_project();
                // gcloud offers to enable the API of the command it runs, and the person says yes.
                let email = format!("{name}@{}.iam.gserviceaccount.com", World::PROJECT);
                cloud.world(|world| {
                    world.enable_api("iam.googleapis.com");
                    world.add_account(World::PROJECT, &email);
                });
            }
            ["gcloud", "projects", "describe", World::PROJECT, "--format=value(projectNumber)"] => {}
            ["gcloud", "projects", "add-iam-policy-binding", World::PROJECT, ..] => {
                assert_eq!(flag("--condition"), "None", "without it gcloud asks: {words:?}");
                let member = flag("--member").strip_prefix("serviceAccount:").expect("an account");
                if !cloud.world(|world| world.accounts.contains_key(member)) {
                    return self.refused.push(format!("Service account {member} does not exist."));
                }
                cloud.world(|world| world.grant(World::PROJECT, member, flag("--role")));
            }
            ["npx", "firebase-tools", "projects:addfirebase", World::PROJECT] => self.firebase = true,
            ["npx", "firebase-tools", "hosting:sites:create", site, _] => {
                of_project();
                if !self.firebase {
                    return self.refused.push(format!("{} is no Firebase project", World::PROJECT));
                }
                // Whether Hosting calls a site that is made so the default is not known: worked with either way.
                cloud.world(|world| world.add_site(World::PROJECT, site, false));
            }
            ["gcloud", "iam", "service-accounts", "keys", "create", "-", _] => {
                let account = flag("--iam-account");
                if !cloud.world(|world| world.accounts.contains_key(account)) {
                    return self.refused.push(format!("Unknown service account {account}"));
                }
                self.keys.insert(account.to_owned());
            }
            ["jq", "-c", "."] => {}
            ["gh", "secret", "set", name] => {
                let account =
                    call.input.trim_end().strip_prefix("{  \"key_of\": \"").and_then(|rest| rest.strip_suffix("\"}"));
                let value = match account {
                    Some(account) if self.keys.contains(account) => cloud.key_json(account),
                    Some(_) => String::new(),
                    None => call.input.trim_end().to_owned(),
                };
                assert!(!call.input.trim_end().contains('\n'), "GitHub would hide each line of {name} by itself");
                self.secrets.insert((*name).to_owned(), value);
            }
            _ => panic!("README.md has a command that no story knows: {words:?}"),
        }
    }
}

/// A project after these commands, and what they made.
fn after(commands: &[String]) -> (Scene, Made) {
    let scene = with_the_source(Scene::with(World::empty()));
    let calls = terminal::run(&commands.join("\n"), DATABASE_URL, &scene.directory);
    let mut made = Made::default();
    calls.iter().for_each(|call| made.carry_out(&scene.cloud, call));
    (scene, made)
}

/// The repository that the page speaks of.
fn with_the_source(mut scene: Scene) -> Scene {
    scene.file("packages/backend/Dockerfile", "FROM python:3.13-slim\nCOPY main.py .\nCMD [\"python\", \"main.py\"]\n");
    scene.file("packages/backend/main.py", "print('hello')\n");
    scene.file("packages/frontend/firebase.json", "{\"hosting\": {\"public\": \"out\"}}\n");
    scene.file("packages/frontend/out/index.html", "<!doctype html>\n<title>Hello</title>\n");
    scene
}

/// Runs the step of a job of the workflow that is ours, with its inputs as the runner makes them on a push.
fn step(scene: &mut Scene, job: &str, secrets: &BTreeMap<String, String>) -> Run {
    let workflow: Value = serde_saphyr::from_str(WORKFLOW).unwrap();
    let steps = workflow["jobs"][job]["steps"].as_array().unwrap();
    let ours = |step: &&Value| step["uses"].as_str().is_some_and(|uses| uses.starts_with("OWNER/slipway"));
    let step = steps.iter().find(ours).expect("a step of ours");
    let command = match step["uses"].as_str().unwrap() {
        "OWNER/slipway@v1" => "deploy",
        "OWNER/slipway/actions/hosting@v1" => "hosting",
        other => panic!("{other}"),
    };
    for name in ["credentials_json", "service", "source"] {
        scene.input(name, "");
    }
    for (name, text) in step["with"].as_object().unwrap() {
        let text = text.as_str().map_or_else(|| text.to_string(), str::to_owned);
        scene.input(name, &evaluated(&text, secrets));
    }
    let run = scene.command(&[command]);
    for name in step["with"].as_object().unwrap().keys() {
        scene.input(name, "");
    }
    run
}

/// A text of the workflow with its expressions replaced as the runner does: a secret that is not there is null, which is
/// nothing in a text and `null` in JSON (actions/runner, `Index.cs` and `ToJson.cs`).
fn evaluated(text: &str, secrets: &BTreeMap<String, String>) -> String {
    let Some((before, rest)) = text.split_once("${{") else { return text.to_owned() };
    let (expression, after) = rest.split_once("}}").expect("the end of an expression");
    let secret = |name: &str| secrets.get(name).filter(|value| !value.is_empty());
    let value = match expression.trim() {
        "inputs.dry_run || false" => "false".to_owned(),
        other => match other.strip_prefix("toJSON(secrets.").and_then(|rest| rest.strip_suffix(')')) {
            Some(name) => {
                secret(name).map_or_else(|| "null".to_owned(), |value| Value::from(value.as_str()).to_string())
            }
            None => {
                let name = other.strip_prefix("secrets.").unwrap_or_else(|| panic!("no story knows {other:?}"));
                secret(name).cloned().unwrap_or_default()
            }
        },
    };
    format!("{before}{value}{}", evaluated(after, secrets))
}

#[test]
fn an_empty_project_deploys_after_the_page_s_commands() {
    let (mut scene, made) = after(&commands());
    assert_eq!(made.refused, [""; 0]);
    let word = |text: &'static str| text.split(|c: char| !(c.is_ascii_uppercase() || c == '_')).next().unwrap();
    let used: BTreeSet<&str> = WORKFLOW.split("secrets.").skip(1).map(word).collect();
    let stored: BTreeSet<&str> = made.secrets.keys().map(String::as_str).collect();
    assert_eq!(stored, used, "each secret is made, and no other");

    let backend = step(&mut scene, "backend", &made.secrets).expect(0);
    assert_eq!(backend.outputs["result"], "deployed");
    scene.cloud.world(|world| {
        let env = &world.service("us-central1", "backend-staging").unwrap().config["template"]["containers"][0]["env"];
        let url = env.as_array().unwrap().iter().find(|variable| variable["name"] == "DATABASE_URL").unwrap();
        assert_eq!(url["value"], DATABASE_URL);
    });
    let frontend = step(&mut scene, "frontend", &made.secrets).expect(0);
    assert_eq!(frontend.outputs["result"], "deployed");
    assert!(frontend.outputs["url"].starts_with("http"), "{:?}", frontend.outputs);

    // What the page shows of it.
    let (_, rest) = PAGE.split_once("<!-- first-run -->").unwrap();
    let (shown, _) = rest.split_once("<!-- /first-run -->").unwrap();
    let printed: Vec<String> =
        runner::visible(&backend.stdout).lines().map(|line| line.trim_end().to_owned()).collect();
    runbook::check("Quick start", &terminal::block(&shown.replace("my-project", World::PROJECT), "text"), &printed);
}

/// How a key is made and stored.
const MAKE_A_KEY: &str =
    "gcloud iam service-accounts keys create - --iam-account=ACCOUNT | jq -c . | gh secret set NAME";

/// What is missing when a command of the page is left out: the job that fails, its exit code, and the command in its hints.
fn without(command: &str) -> Option<(&'static str, i32, &'static str)> {
    let begins = |start: &str| command.starts_with(start);
    Some(match command {
        _ if begins("gcloud services enable") => (
            "backend",
            4,
            "gcloud services enable cloudresourcemanager.googleapis.com iam.googleapis.com cloudbuild.googleapis.com storage.googleapis.com artifactregistry.googleapis.com run.googleapis.com --project=harbour-dev",
        ),
        // Of an account that is not there no key can be made, as gcloud says on the spot.
        _ if begins("gcloud iam service-accounts create deployer") => ("backend", 2, MAKE_A_KEY),
        _ if begins("gcloud iam service-accounts create publisher") => ("frontend", 2, MAKE_A_KEY),
        _ if begins("gcloud iam service-accounts keys create - --iam-account=\"$DEPLOYER\"") => {
            ("backend", 2, MAKE_A_KEY)
        }
        _ if begins("gcloud iam service-accounts keys create - --iam-account=\"$PUBLISHER\"") => {
            ("frontend", 2, MAKE_A_KEY)
        }
        _ if command.contains("cloudbuild.builds.builder") => ("backend", 6, "createOnPushWriter"),
        _ if begins("for ROLE") => ("backend", 4, "--role=roles/run.admin"),
        _ if command.contains("firebasehosting.admin") => ("frontend", 4, "--role=roles/firebasehosting.admin"),
        _ if begins("npx firebase-tools projects:addfirebase") => {
            ("frontend", 2, "npx firebase-tools projects:addfirebase harbour-dev")
        }
        _ if begins("npx firebase-tools hosting:sites:create") => {
            ("frontend", 2, "npx firebase-tools hosting:sites:create harbour-dev --project=harbour-dev")
        }
        "gh secret set DATABASE_URL" => ("backend", 2, "gh secret set DATABASE_URL"),
        // Names that later commands need; bash itself stops without them.
        _ if command.split('=').next().is_some_and(|name| name.bytes().all(|b| b.is_ascii_uppercase())) => return None,
        _ => panic!("what if {command:?} is left out?"),
    })
}

#[test]
fn a_command_that_is_left_out_is_red_and_named() {
    let all = commands();
    let mut tried = 0;
    for (index, left_out) in all.iter().enumerate() {
        let Some((job, code, hint)) = without(left_out) else { continue };
        let fewer: Vec<String> =
            all.iter().enumerate().filter(|(at, _)| *at != index).map(|(_, one)| one.clone()).collect();
        let (mut scene, made) = after(&fewer);
        if job == "frontend" {
            step(&mut scene, "backend", &made.secrets).expect(0);
        }
        let run = step(&mut scene, job, &made.secrets).expect(code);
        assert!(run.failure().contains(hint), "without {left_out:?} nothing names {hint:?}:\n{}", run.failure());
        tried += 1;
    }
    assert_eq!(tried, 11);
}

#[test]
fn each_role_of_the_deployer_is_needed() {
    let all = commands();
    let the_loop = all.iter().position(|command| command.starts_with("for ROLE")).unwrap();
    let (head, body) = all[the_loop].split_once("; do").unwrap();
    let roles: Vec<&str> = head.trim_start_matches("for ROLE in ").split_whitespace().collect();
    assert!(roles.len() == 4 && roles.iter().all(|role| World::DEPLOYER_ROLES.contains(role)), "{roles:?}");
    for role in &roles {
        let others: Vec<&str> = roles.iter().filter(|other| *other != role).copied().collect();
        let mut fewer = all.clone();
        fewer[the_loop] = format!("for ROLE in {}; do{body}", others.join(" "));
        let (mut scene, made) = after(&fewer);
        let run = step(&mut scene, "backend", &made.secrets).expect(4);
        run.says(&format!("--role={role}"));
    }
}

/// The page enables what a deploy and a site need and nothing else: each one that is left out is named, by the deploy or,
/// where a deploy passes it over, by the doctor.
#[test]
fn the_page_enables_exactly_what_is_needed() {
    let all = commands();
    let at = all.iter().position(|command| command.starts_with("gcloud services enable")).unwrap();
    let enabled: BTreeSet<&str> = all[at].split_whitespace().filter(|word| word.ends_with(".googleapis.com")).collect();
    let needed = NEEDED.iter().map(|(api, _)| *api).chain([HOSTING]).collect::<BTreeSet<_>>();
    assert_eq!(enabled, needed);
    for api in enabled {
        let (mut scene, made) = after(&all);
        scene.cloud.world(|world| world.disable_api(api));
        let (job, code) = match api {
            "firebasehosting.googleapis.com" => ("frontend", 4),
            // Neither hinders a deploy; both are needed by the page's own commands, and by the doctor.
            "cloudresourcemanager.googleapis.com" | "iam.googleapis.com" => ("backend", 0),
            "artifactregistry.googleapis.com" => ("backend", 6),
            _ => ("backend", 4),
        };
        let mut run = step(&mut scene, job, &made.secrets).expect(code);
        if code == 0 {
            scene
                .input("credentials_json", &made.secrets["GCP_SERVICE_ACCOUNT_KEY"])
                .input("service", "backend-staging");
            run = scene.command(&["doctor"]).expect(4);
        }
        // The project as Google names it, or as the job does.
        let cures =
            ["harbour-dev", World::NUMBER].map(|project| format!("gcloud services enable {api} --project={project}"));
        assert!(cures.iter().any(|cure| run.stdout.contains(cure)), "{api}: {}", run.log());
    }
}
