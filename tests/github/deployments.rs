//! Deployments: one for each run, job and environment; what ends when; what is deleted.

use crate::support::{Forge, HEAD, MAIN, NEXT, REPOSITORY};
use fakecloud::{Action, Fault, Moment};
use slipway::github::deployments::{Begin, Deployment, Ended, State, Status};

const CREATE: &str = "github.deployments.create";
const TELL: &str = "github.deployments.statuses.create";

fn begin<'a>(environment: &'a str, run: &'a str) -> Begin<'a> {
    Begin {
        commit: NEXT,
        environment,
        description: "Slipway deploys `web`",
        transient: environment.starts_with("preview"),
        production: environment == "production",
        run,
        job: "deploy",
    }
}

fn status(state: State) -> Status<'static> {
    Status {
        state,
        environment_url: Some("https://web.example"),
        log_url: Some("https://github.example/runs/1"),
        description: "It serves",
    }
}

async fn deployed(forge: &Forge, environment: &str, run: &str) -> Deployment {
    let made = forge.client.begin(&begin(environment, run)).await.unwrap();
    forge.client.status(&made, &status(State::Success)).await.unwrap();
    made
}

fn states(forge: &Forge, environment: &str) -> String {
    forge.repository(|repository| repository.states(environment).join(" "))
}

#[tokio::test]
async fn a_run_has_one_deployment_however_often_it_is_run() {
    let forge = Forge::new();
    let first = forge.client.begin(&begin("production", "1")).await.unwrap();
    assert!(!first.found && first.production && !first.transient);
    let again = forge.another_client().begin(&begin("production", "1")).await.unwrap();
    assert_eq!((again.id, again.found), (first.id, true));
    let others = [
        begin("production", "2"),
        begin("staging", "1"),
        Begin { job: "deploy-web", ..begin("production", "1") },
        Begin { commit: HEAD, ..begin("production", "1") },
        Begin { commit: "feature/lights", ..begin("preview/7", "1") },
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
        assert_eq!(made.payload, serde_json::json!({"slipway": "1/deploy"}));
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
    let error = forge.client.begin(&Begin { commit: "gone", ..begin("production", "1") }).await.unwrap_err();
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
    let told = Status { description: &long, environment_url: Some("web.example"), ..status(State::InProgress) };
    forge.client.status(&made, &told).await.unwrap();
    forge.client.status(&made, &status(State::Success)).await.unwrap();
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
        forge.client.status(&made, &status(State::InProgress)).await.unwrap();
        forge.fault(Fault { moment, ..Fault::next(TELL, Action::Reset) });
        forge.client.status(&made, &status(State::Success)).await.unwrap();
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
        forge.client.status(&failed, &status(State::Failure)).await.unwrap();
        deployed(&forge, environment, "3").await;
        deployed(&forge, environment, "4").await;
        assert_eq!(states(&forge, environment), "inactive failure inactive success", "{environment}");
        deployed(&forge, "other", "5").await;
        assert!(states(&forge, environment).ends_with("success"), "another environment's success ends nothing here");
    }
}

#[tokio::test]
async fn an_older_run_that_ends_late_ends_nothing_newer() {
    let forge = Forge::new();
    let old = forge.client.begin(&begin("production", "1")).await.unwrap();
    deployed(&forge, "production", "2").await;
    forge.client.status(&old, &status(State::Success)).await.unwrap();
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
    assert_eq!(forge.client.end_all("preview/7").await.unwrap(), Ended { deleted: 5, kept: 0 });
    assert_eq!((states(&forge, "preview/7").as_str(), states(&forge, "preview/77").as_str()), ("", "success"));
    assert_eq!(forge.client.end_all("preview/7").await.unwrap(), Ended::default());
}

#[tokio::test]
async fn what_github_keeps_is_at_least_inactive() {
    let forge = Forge::new();
    deployed(&forge, "preview/7", "1").await;
    deployed(&forge, "preview/7", "2").await;
    forge.fault(Fault::next("github.deployments.delete", Action::status(422)).times(4));
    assert_eq!(forge.client.end_all("preview/7").await.unwrap(), Ended { deleted: 0, kept: 2 });
    assert_eq!(states(&forge, "preview/7"), "inactive inactive");
    // Answers that are lost on the way make no difference.
    forge.fault(Fault::lost_reply("github.deployments.delete", Action::Reset).times(2));
    assert_eq!(forge.client.end_all("preview/7").await.unwrap(), Ended { deleted: 2, kept: 0 });
}
