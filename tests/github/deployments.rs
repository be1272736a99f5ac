//! Deployments: one for each run, job and environment; what ends when; what is deleted.

use crate::support::{Forge, HEAD, MAIN, NEXT, REPOSITORY};
use fakecloud::{Action, Fault, Moment};
use slipway_github::deployments::{Deployment, DeploymentState, DeploymentStatus, DeploymentsEnded, NewDeployment};

const CREATE: &str = "github.deployments.create";
const TELL: &str = "github.deployments.statuses.create";

fn begin<'a>(environment: &'a str, run: &'a str) -> NewDeployment<'a> {
    static WEB: std::sync::LazyLock<Vec<String>> = std::sync::LazyLock::new(|| places(&["web"]));
    NewDeployment {
        commit: NEXT,
        environment,
        description: "Slipway deploys `web`",
        transient: environment.starts_with("preview"),
        production: environment == "production",
        run,
        job: "deploy",
        places: &WEB,
    }
}

fn places(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| format!("service harbour-dev/us-central1/{name}")).collect()
}

fn status(state: DeploymentState) -> DeploymentStatus<'static> {
    DeploymentStatus {
        state,
        environment_url: Some("https://web.example"),
        log_url: Some("https://github.example/runs/1"),
        description: "It serves",
    }
}

async fn deployed(forge: &Forge, environment: &str, run: &str) -> Deployment {
    let made = forge.client.begin(&begin(environment, run)).await.unwrap();
    forge.client.status(&made, &status(DeploymentState::Success)).await.unwrap();
    made
}

fn states(forge: &Forge, environment: &str) -> String {
    forge.repository(|repository| repository.states(environment).join(" "))
}

#[tokio::test]
async fn a_run_has_one_deployment_however_often_it_is_run() {
    let forge = Forge::new();
    let first = forge.client.begin(&begin("production", "1")).await.unwrap();
    assert!(!first.found);
    let again = forge.another_client().begin(&begin("production", "1")).await.unwrap();
    assert_eq!((again.id, again.found), (first.id, true));
    let others = [
        begin("production", "2"),
        begin("staging", "1"),
        NewDeployment { job: "deploy-web", ..begin("production", "1") },
        NewDeployment { commit: HEAD, ..begin("production", "1") },
        NewDeployment { commit: "feature/lights", ..begin("preview/7", "1") },
    ];
    for other in others {
        let made = forge.client.begin(&other).await.unwrap();
        assert!(!made.found && made.id != first.id, "{other:?}");
        assert_eq!(forge.client.begin(&other).await.unwrap().id, made.id, "{other:?}");
    }
    assert_eq!(forge.count("deployment created"), 6);
    forge.repository(|repository| {
        let made = repository.deployment(first.id).unwrap();
        assert_eq!((made.sha.as_str(), made.task.as_str()), (NEXT, "deploy"));
        assert_eq!(made.payload, serde_json::json!({
            "slipway": "1/deploy/service harbour-dev/us-central1/web", "places": ["service harbour-dev/us-central1/web"],
        }));
        assert!(made.production && !made.transient);
    });
}

#[tokio::test]
async fn a_creation_whose_answer_is_lost_is_looked_up() {
    for moment in [Moment::AfterEffect, Moment::Before] {
        for action in [Action::Reset, Action::status(502), Action::Truncate, Action::Garbage, Action::Empty] {
            let forge = Forge::new();
            forge.fault(Fault { moment, ..Fault::next(CREATE, action.clone()) });
            let made = forge.client.begin(&begin("production", "1")).await.unwrap();
            assert!(!made.found);
            assert_eq!(forge.count("deployment created"), 1, "{moment:?} {action:?}");
            assert_eq!(forge.asked(CREATE), if moment == Moment::Before { 2 } else { 1 }, "{moment:?} {action:?}");
        }
    }
    let forge = Forge::new();
    forge.fault(Fault::next(CREATE, Action::status(500)).times(Fault::FOREVER));
    let error = forge.client.begin(&begin("production", "1")).await.unwrap_err();
    assert_eq!(error.to_string(), "could not begin a deployment of `production`: GitHub answered 500 `Server Error`");
    assert_eq!(forge.asked(CREATE), 3);
}

#[tokio::test]
async fn a_refusal_is_told_in_githubs_words_and_not_repeated() {
    let forge = Forge::new();
    let error = forge.client.begin(&NewDeployment { commit: "gone", ..begin("production", "1") }).await.unwrap_err();
    let text = "could not begin a deployment of `production`: GitHub answered 422 `No ref found for: gone`";
    assert_eq!(error.to_string(), text);
    assert_eq!(forge.asked(CREATE), 1);
    // Red checks are none of ours: the workflow decided to deploy.
    forge.repository(|repository| repository.failing.insert(NEXT.to_owned(), vec!["ci".to_owned()]));
    assert!(forge.client.begin(&begin("production", "1")).await.is_ok());
}

#[tokio::test]
async fn a_status_is_told_with_its_addresses() {
    let forge = Forge::new();
    let made = forge.client.begin(&begin("staging", "1")).await.unwrap();
    let long = "ü".repeat(200);
    let told = DeploymentStatus {
        description: &long,
        environment_url: Some("web.example"),
        ..status(DeploymentState::InProgress)
    };
    forge.client.status(&made, &told).await.unwrap();
    forge.client.status(&made, &status(DeploymentState::Success)).await.unwrap();
    forge.repository(|repository| {
        let told = &repository.deployment(made.id).unwrap().statuses;
        assert_eq!((told[0].state.as_str(), told[0].description.chars().count()), ("in_progress", 140));
        assert_eq!(told[0].environment_url, "");
        assert_eq!((told[1].state.as_str(), told[1].description.as_str()), ("success", "It serves"));
        assert_eq!(told[1].environment_url, "https://web.example");
        assert_eq!(told[1].log_url, "https://github.example/runs/1");
    });
}

#[tokio::test]
async fn a_status_whose_answer_is_lost_is_looked_up() {
    for moment in [Moment::AfterEffect, Moment::Before] {
        let forge = Forge::new();
        let made = forge.client.begin(&begin("staging", "1")).await.unwrap();
        forge.client.status(&made, &status(DeploymentState::InProgress)).await.unwrap();
        forge.fault(Fault { moment, ..Fault::next(TELL, Action::Reset) });
        forge.client.status(&made, &status(DeploymentState::Success)).await.unwrap();
        assert_eq!(forge.count("deployment status created"), 2, "{moment:?}");
        assert_eq!(forge.asked(TELL), if moment == Moment::Before { 3 } else { 2 });
    }
}

#[tokio::test]
async fn a_success_ends_the_one_before_it_in_every_kind_of_environment() {
    for environment in ["staging", "production", "preview/7"] {
        let forge = Forge::new();
        deployed(&forge, environment, "1").await;
        let failed = forge.client.begin(&begin(environment, "2")).await.unwrap();
        forge.client.status(&failed, &status(DeploymentState::Failure)).await.unwrap();
        deployed(&forge, environment, "3").await;
        deployed(&forge, environment, "4").await;
        assert_eq!(states(&forge, environment), "inactive failure inactive success", "{environment}");
        deployed(&forge, "other", "5").await;
        assert!(states(&forge, environment).ends_with("success"), "another environment's success ends nothing here");
    }
}

#[tokio::test]
async fn a_success_ends_only_what_was_at_the_same_places() {
    for environment in ["staging", "production", "preview"] {
        let forge = Forge::new();
        let client = &forge.client;
        let of = async |names: &[&str], run: &str| {
            let places = places(names);
            let made = client.begin(&NewDeployment { places: &places, ..begin(environment, run) }).await.unwrap();
            client.status(&made, &status(DeploymentState::Success)).await.unwrap();
        };
        forge.cloud.world(|world| world.github.deploy(REPOSITORY, MAIN, environment));
        of(&["web"], "1").await;
        of(&["api"], "2").await;
        assert_eq!(states(&forge, environment), " success success", "{environment}");
        // What shows a part of both stays; what is wholly replaced ends.
        of(&["web", "admin"], "3").await;
        assert_eq!(states(&forge, environment), " inactive success success");
        of(&["admin"], "4").await;
        assert_eq!(states(&forge, environment), " inactive success success success");
        of(&["admin", "api", "web"], "5").await;
        assert_eq!(states(&forge, environment), " inactive inactive inactive inactive success");
    }
}

#[tokio::test]
async fn the_one_before_is_found_among_those_of_many_others_and_known_by_its_words_where_it_has_no_places() {
    let forge = Forge::new();
    let old = forge.cloud.world(|world| world.github.deploy(REPOSITORY, MAIN, "staging"));
    forge.repository(|repository| {
        let made = repository.deployments.iter_mut().find(|known| known.id == old).unwrap();
        made.payload = serde_json::json!({"slipway": "7/deploy/ship/web"});
        made.description = Some("Slipway deploys `web`".to_owned());
    });
    let made = forge.client.begin(&begin("staging", "1")).await.unwrap();
    forge.client.status(&Deployment { id: old, ..made.clone() }, &status(DeploymentState::Success)).await.unwrap();
    for _ in 0..150 {
        forge.cloud.world(|world| world.github.deploy(REPOSITORY, MAIN, "staging"));
    }
    forge.client.status(&made, &status(DeploymentState::Success)).await.unwrap();
    let shown = states(&forge, "staging");
    assert!(shown.starts_with("inactive success"), "{shown}");
    deployed(&forge, "staging", "2").await;
    let shown = states(&forge, "staging");
    assert!(shown.starts_with("inactive inactive") && shown.ends_with(" success"), "{shown}");
}

#[tokio::test]
async fn a_server_without_deployments_is_no_matter_of_permissions() {
    for (path, cure) in [
        ("/api/v1", "Gitea and Forgejo have no deployments API"),
        ("/api/v3", "If this server has no deployments API, leave `environment` out"),
        ("", "If it is there, the token may not see it: write `deployments: write`"),
    ] {
        let forge = Forge::with("github-actions[bot]", crate::support::USUAL, path);
        if path != "/api/v1" {
            forge.fault(Fault::next("github.deployments.list", Action::status(404)));
        }
        let error = forge.client.begin(&begin("staging", "1")).await.unwrap_err();
        let hints = slipway_failure::Explain::hints(&error);
        assert!(hints[0].starts_with(cure), "{path}: {hints:?}");
        assert_eq!(error.is_lacking(), path == "/api/v1");
    }
}

#[tokio::test]
async fn an_older_run_that_ends_late_ends_nothing_newer() {
    let forge = Forge::new();
    let old = forge.client.begin(&begin("production", "1")).await.unwrap();
    deployed(&forge, "production", "2").await;
    forge.client.status(&old, &status(DeploymentState::Success)).await.unwrap();
    assert_eq!(states(&forge, "production"), "success success");
}

#[tokio::test]
async fn an_environment_that_is_gone_leaves_nothing_behind() {
    let forge = Forge::new();
    for run in 1..=3 {
        deployed(&forge, "preview/7", &run.to_string()).await;
    }
    forge.client.begin(&begin("preview/7", "4")).await.unwrap();
    forge.cloud.world(|world| world.github.deploy(REPOSITORY, MAIN, "preview/7"));
    deployed(&forge, "preview/77", "1").await;
    assert_eq!(forge.client.end_all("preview/7").await.unwrap(), DeploymentsEnded { deleted: 5, kept: 0 });
    assert_eq!((states(&forge, "preview/7").as_str(), states(&forge, "preview/77").as_str()), ("", "success"));
    assert_eq!(forge.client.end_all("preview/7").await.unwrap(), DeploymentsEnded::default());
}

#[tokio::test]
async fn what_github_keeps_is_at_least_inactive() {
    let forge = Forge::new();
    deployed(&forge, "preview/7", "1").await;
    deployed(&forge, "preview/7", "2").await;
    forge.fault(Fault::next("github.deployments.delete", Action::status(422)).times(4));
    assert_eq!(forge.client.end_all("preview/7").await.unwrap(), DeploymentsEnded { deleted: 0, kept: 2 });
    assert_eq!(states(&forge, "preview/7"), "inactive inactive");
    // Answers that are lost on the way make no difference.
    forge.fault(Fault::lost_reply("github.deployments.delete", Action::Reset).times(2));
    assert_eq!(forge.client.end_all("preview/7").await.unwrap(), DeploymentsEnded { deleted: 2, kept: 0 });
}
