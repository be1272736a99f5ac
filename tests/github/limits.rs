//! Waiting as GitHub asks, and giving up with a sentence; permissions; addresses; tokens.

use std::time::Duration;

use crate::support::{Forge, READ_ONLY, connect};
use fakecloud::{Action, Fault};
use slipway_failure::{Class, Explain};
use slipway_github::deployments::NewDeployment;
use slipway_github::{GitHub, GitHubError};
use slipway_names::secret::Secret;
use slipway_wire::clock::Clock;
use slipway_wire::net::Net;

const READ: &str = "github.pulls.get";

/// Reads the pull request after these faults; tells what came of it, how often was asked and how long was waited.
async fn after(faults: Vec<Fault>) -> (Result<bool, GitHubError>, usize, u64) {
    let forge = Forge::new();
    faults.into_iter().for_each(|fault| forge.fault(fault));
    let begun = forge.clock.now();
    let answer = forge.client.is_closed(7).await;
    (answer, forge.asked(READ), (forge.clock.now() - begun).as_secs())
}

fn in_seconds(seconds: u64) -> i64 {
    let now = std::time::SystemTime::now() + Duration::from_secs(seconds);
    i64::try_from(now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

#[tokio::test]
async fn a_limit_is_waited_for_as_told() {
    let (answer, asked, waited) = after(vec![Fault::next(READ, Action::github_secondary_limit(403, Some(20)))]).await;
    assert!(!answer.unwrap());
    assert_eq!((asked, waited), (2, 20));
    let (answer, asked, waited) = after(vec![Fault::next(READ, Action::github_secondary_limit(429, None))]).await;
    assert!(answer.is_ok());
    assert_eq!((asked, waited), (2, 60));
    let (answer, asked, waited) = after(vec![Fault::next(READ, Action::github_rate_limit(403, in_seconds(30)))]).await;
    assert!(answer.is_ok());
    assert!(asked == 2 && (28..=30).contains(&waited), "{waited}");
    // Three waits for limits that name themselves are no three attempts.
    let (answer, asked, waited) =
        after(vec![Fault::next(READ, Action::github_secondary_limit(403, Some(10))).times(5)]).await;
    assert!(answer.is_ok());
    assert_eq!((asked, waited), (6, 50));
}

#[tokio::test]
async fn a_limit_that_lasts_is_given_up_with_a_sentence() {
    let (answer, asked, waited) =
        after(vec![Fault::next(READ, Action::github_rate_limit(403, in_seconds(1800)))]).await;
    let error = answer.unwrap_err();
    assert_eq!((asked, waited, error.class()), (1, 0, Class::Quota));
    let text = error.to_string();
    assert!(text.starts_with("could not read pull request #7: GitHub takes no more requests for 1"), "{text}");
    assert!(text.ends_with(" s (`API rate limit exceeded for installation ID 4711.`)"), "{text}");
    let (answer, asked, waited) =
        after(vec![Fault::next(READ, Action::github_secondary_limit(403, Some(25))).times(Fault::FOREVER)]).await;
    assert!(answer.unwrap_err().to_string().contains("secondary rate limit"));
    assert_eq!((asked, waited), (3, 50), "a third wait would make it 75 s");
}

#[tokio::test]
async fn the_patience_is_that_of_the_whole_run() {
    let forge = Forge::new();
    let limit = || Fault::next(READ, Action::github_secondary_limit(403, Some(40)));
    forge.fault(limit());
    assert!(forge.client.is_closed(7).await.is_ok());
    forge.fault(limit());
    assert!(forge.client.is_closed(7).await.is_err());
    assert!(forge.another_client().is_closed(7).await.is_ok());
}

#[tokio::test]
async fn reads_are_repeated_through_passing_trouble() {
    for action in [
        Action::status(500),
        Action::Html(502),
        Action::status(503),
        Action::Reset,
        Action::Truncate,
        Action::Garbage,
        Action::Empty,
    ] {
        let (answer, asked, _) = after(vec![Fault::lost_reply(READ, action.clone()).times(2)]).await;
        assert!(answer.is_ok(), "{action:?}: {answer:?}");
        assert_eq!(asked, 3);
    }
    let (answer, asked, waited) = after(vec![Fault::next(READ, Action::Html(502)).times(3)]).await;
    let text = answer.unwrap_err().to_string();
    assert_eq!(text, "could not read pull request #7: GitHub answered 502 `Bad Gateway`");
    assert!(asked == 3 && waited <= 3, "{asked} {waited}");
}

#[tokio::test]
async fn a_refusal_is_told_once_and_names_the_permission() {
    let forge = Forge::with("github-actions[bot]", READ_ONLY, "");
    let begin = NewDeployment {
        commit: crate::support::NEXT,
        environment: "production",
        description: "",
        transient: false,
        production: true,
        run: "1",
        job: "deploy",
        places: &[],
    };
    let cases = [
        (forge.client.begin(&begin).await.unwrap_err(), "begin a deployment of `production`", "deployments: write"),
        (forge.client.comment(7, "web", "x").await.unwrap_err(), "write the comment on #7", "pull-requests: write"),
    ];
    for (error, doing, permission) in cases {
        let text = format!("could not {doing}: GitHub answered 403 `Resource not accessible by integration`");
        assert_eq!(error.to_string(), text);
        assert!(error.is_forbidden() && error.class() == Class::Permission);
        assert!(error.hints()[0].contains(&format!("`{permission}` below `permissions:`")), "{:?}", error.hints());
        assert!(error.hints()[1].contains("fork"));
    }
    assert_eq!((forge.asked("github.deployments.create"), forge.asked("github.comments.create")), (1, 1));
    // Without the permission to read, what is missing is the reading.
    let forge = Forge::with("github-actions[bot]", &[], "");
    let error = forge.client.pull(7).await.unwrap_err();
    assert!(error.hints()[0].contains("`pull-requests: read`"), "{:?}", error.hints());
    let error = forge.client.comment(7, "web", "x").await.unwrap_err();
    assert!(error.hints()[0].contains("`pull-requests: write`"), "{:?}", error.hints());
}

#[tokio::test]
async fn a_token_that_ended_is_said_to_be_one() {
    let forge = Forge::new();
    let client = connect(&forge.cloud.github_url(), "ghs_ended", &forge.clock);
    let error = client.pull(7).await.unwrap_err();
    assert_eq!(error.to_string(), "could not read pull request #7: GitHub answered 401 `Bad credentials`");
    assert_eq!(error.class(), Class::Auth);
}

#[tokio::test]
async fn an_enterprise_server_is_asked_below_its_path() {
    let forge = Forge::with("github-actions[bot]", crate::support::USUAL, "/api/v3/");
    for number in 1..=120 {
        forge.cloud.world(|world| world.github.comment("harbour/app", 7, "somebody", &format!("comment {number}")));
    }
    assert!(!forge.client.is_closed(7).await.unwrap());
    forge.client.comment(7, "web", "x").await.unwrap();
    assert!(forge.cloud.journal().iter().all(|entry| entry.path.starts_with("/api/v3/repos/harbour/app/")));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_not_reached() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let clock = Clock::with_pace(0.0);
    let client = connect(&format!("http://{closed}"), "ghs_x", &clock);
    let error = client.pull(7).await.unwrap_err();
    assert!(matches!(error, GitHubError::NotSent { .. }), "{error:?}");
    assert!(error.to_string().starts_with("could not read pull request #7: GitHub cannot be reached ("), "{error}");
}

#[tokio::test]
async fn a_redirect_elsewhere_does_not_get_the_token() {
    let (forge, other) = (Forge::new(), Forge::new());
    let elsewhere = format!("http://localhost:{}/repos/harbour/app/pulls/7", port(&other.cloud.github_url()));
    forge.fault(Fault::next(READ, Action::Redirect(elsewhere)));
    let _ = forge.client.pull(7).await;
    let asked = other.cloud.journal();
    assert_eq!(asked.len(), 1, "it was followed");
    assert!(asked.iter().all(|entry| entry.header("authorization").is_none()), "{asked:?}");
    other.cloud.world(|world| world.unexpected.clear());
}

fn port(url: &str) -> &str {
    url.rsplit(':').next().unwrap()
}

#[test]
fn addresses_and_tokens_are_looked_at_first() {
    let net = Net::new(None).unwrap();
    let make = |url: &str, token: &str| {
        GitHub::new(&net, Clock::with_pace(0.0), url, "o/r", &Secret::new(token).unwrap()).map(|_| ())
    };
    assert!(matches!(make("http://github.example", "x"), Err(GitHubError::Address(_))));
    assert!(matches!(make("https://ghe.example/api/v3", "a\nb"), Err(GitHubError::Token)));
}
