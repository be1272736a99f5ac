//! Asking the deployed service until it answers as promised, or the time is up.

use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use url::Url;

use super::Context;
use crate::clock::jitter;
use crate::explain::{Class, Failure};
use crate::google::http::{Body, Call};
use crate::google::retry::{Patience, Repeat};
use crate::inputs::deploy::Check;
use crate::model::facts::{CheckFact, Facts};
use crate::model::ids::RevisionName;
use crate::plan::rollout::Rollout;
use crate::probe::{Answer, Probe};

/// Enough for a few tries.
const BRIEF: Duration = Duration::from_secs(20);

/// Pause after the first round; it grows to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Who is asked, and who must answer.
pub(super) struct Place {
    /// `candidate` or `service`.
    name: &'static str,
    /// The address.
    base: Url,
    /// What an identity token is for: always the service's own address.
    audience: String,
    /// The revision whose answers count; where nothing was moved, everybody's do.
    revision: Option<RevisionName>,
    /// Revisions that served before; an answer that names one of them does not count.
    others: Vec<RevisionName>,
}

/// An address during a rollout: answers of the new revision count, and nobody else's.
pub(super) fn place(
    context: &Context<'_>,
    name: &'static str,
    uri: &str,
    audience: &str,
    rollout: &Rollout,
) -> Result<Place, Failure> {
    let base = Url::parse(uri).map_err(|_| no_address(context))?;
    Ok(Place {
        name,
        base,
        audience: audience.to_owned(),
        revision: Some(rollout.revision.clone()),
        others: super::rollout::others(rollout),
    })
}

/// The service's own address.
pub(super) fn service_place(context: &Context<'_>, facts: &Facts, rollout: Option<&Rollout>) -> Result<Place, Failure> {
    let url = facts.service.url.clone().ok_or_else(|| no_address(context))?;
    match rollout {
        Some(rollout) => place(context, "service", &url, &url, rollout),
        None => Ok(Place {
            name: "service",
            base: Url::parse(&url).map_err(|_| no_address(context))?,
            audience: url,
            revision: None,
            others: Vec::new(),
        }),
    }
}

fn no_address(context: &Context<'_>) -> Failure {
    Failure::plain(Class::Verify, format!("Service `{}` has no address to ask", context.deploy.service))
        .hint("Its default URL is disabled; leave the checks out, or enable the URL")
}

/// Asks until everything passes, as often in a row as was asked for, or the time is up.
pub(super) async fn run(context: &Context<'_>, facts: &mut Facts, place: &Place) -> Result<((), String), Failure> {
    ask_for(context, facts, place, context.deploy.checks.timeout).await
}

/// The same with little time: for looks that are repeated anyway.
pub(super) async fn briefly(context: &Context<'_>, facts: &mut Facts, place: &Place) -> Result<(), Failure> {
    ask_for(context, facts, place, BRIEF.min(context.deploy.checks.timeout)).await.map(|_| ())
}

async fn ask_for(
    context: &Context<'_>,
    facts: &mut Facts,
    place: &Place,
    time: Duration,
) -> Result<((), String), Failure> {
    let checks = &context.deploy.checks;
    facts.checks.retain(|check| check.at != place.name);
    let first = facts.checks.len();
    facts.checks.extend(checks.checks.iter().map(|check| pending(place, check)));
    let limit = context.clock().limit(time);
    let mut asking = Asking { context, place, identity: None, private: false };
    let mut pause = FIRST_PAUSE;
    let mut round = 1;
    let mut passes = 0;
    loop {
        let mut all = true;
        for (index, check) in checks.checks.iter().enumerate() {
            let (passed, shown, proof) = asking.ask(check).await?;
            let fact = &mut facts.checks[first + index];
            fact.attempts = round;
            fact.passed = passed;
            fact.answer = shown;
            fact.proof = proof;
            all &= passed;
        }
        passes = if all { passes + 1 } else { 0 };
        if passes >= checks.successes {
            let how = if asking.private { " with an identity token (it is private)" } else { "" };
            let times = if passes > 1 { format!(" {passes} times in a row") } else { String::new() };
            let proof = facts.checks[first..].first().map(|check| check.proof.as_str()).unwrap_or_default();
            let who = if proof.is_empty() { String::new() } else { format!("; {proof}") };
            return Ok(((), format!("{0} of {0} checks passed{times}{how}{who}", checks.checks.len())));
        }
        if limit.reached(context.clock()) {
            return Err(failure(context, facts, &asking, limit.length));
        }
        let ours = facts.checks[first..].iter();
        let waiting: Vec<&str> = ours.filter(|check| !check.passed).map(|check| check.request.as_str()).collect();
        let again = if waiting.is_empty() { "all, once more".to_owned() } else { waiting.join(", ") };
        context.console.live(&format!("Asking again: {again}"));
        context
            .clock()
            .sleep(jitter(pause, 0.8, 1.2).min(limit.left(context.clock()).max(Duration::from_millis(100))))
            .await;
        pause = pause.mul_f64(1.5).min(LONGEST_PAUSE);
        round += 1;
    }
}

fn pending(place: &Place, check: &Check) -> CheckFact {
    let body = check.body.as_ref().map(|_| " and the expected text").unwrap_or_default();
    CheckFact {
        at: place.name,
        proof: String::new(),
        request: format!("{} {}", check.method, check.path),
        expected: format!("{}{body}", check.statuses),
        answer: String::new(),
        passed: false,
        attempts: 0,
    }
}

fn failure(context: &Context<'_>, facts: &Facts, asking: &Asking<'_>, limit: Duration) -> Failure {
    let place = asking.place;
    let asked = || facts.checks.iter().filter(|check| check.at == place.name);
    let failed: Vec<&CheckFact> = asked().filter(|check| !check.passed).collect();
    let what = match failed.as_slice() {
        [] => "not often enough in a row".to_owned(),
        [one] => format!("`{}` is not answered with {}", one.request, one.expected),
        many => format!("{} of {} checks do not pass", many.len(), asked().count()),
    };
    let who = match (&place.revision, place.name) {
        (Some(revision), "candidate") => format!("Revision `{revision}` is ready but not healthy"),
        (Some(revision), _) => {
            format!("Service `{}` is not healthy with revision `{revision}`", context.deploy.service)
        }
        (None, _) => format!("Service `{}` is deployed but not healthy", context.deploy.service),
    };
    let evidence = failed
        .iter()
        .map(|check| format!("{}: expected {}, last answer {}", check.request, check.expected, check.answer))
        .collect();
    let mut failure = Failure::plain(
        Class::Verify,
        format!(
            "{who}: {what} (asked {} times in {} s)",
            asked().next().map_or(0, |check| check.attempts),
            limit.as_secs()
        ),
    )
    .evidence(evidence);
    if failed.iter().any(|check| check.answer.starts_with("403") || check.answer.starts_with("401")) {
        let principal = context.deploy.key.email.as_str();
        failure = failure.hint(if asking.private {
            format!("The service is private; check that `{principal}` may call it (run.routes.invoke, in roles/run.admin and roles/run.invoker)")
        } else {
            "The service does not let this caller in; `allow_unauthenticated: true` would make it public".to_owned()
        });
    }
    if failed.iter().any(|check| check.answer.starts_with("404")) {
        failure = failure.more_hints([format!("Check the path: the service was asked at {}", place.base)]);
    }
    failure = failure.more_hints(facts.service.revision.as_ref().map(|revision| log_hint(context, revision)));
    // A rollout goes back by itself.
    let back = facts.service.previous.as_ref().filter(|_| place.revision.is_none()).map(|previous| {
        format!(
            "Go back to what served before: gcloud run services update-traffic {} --region={} --project={} --to-revisions={previous}=100",
            context.deploy.service, context.deploy.region, context.deploy.project
        )
    });
    failure.more_hints(back)
}

/// Where the reason stands that an answer does not give.
pub(super) fn log_hint(context: &Context<'_>, revision: &RevisionName) -> String {
    format!(
        "Read the revision's log: gcloud logging read 'resource.labels.revision_name=\"{revision}\"' --project={} --limit=50",
        context.deploy.project
    )
}

/// Asks without identity first, and with one from the moment the service wants to know who asks.
struct Asking<'a> {
    context: &'a Context<'a>,
    place: &'a Place,
    identity: Option<String>,
    private: bool,
}

impl Asking<'_> {
    /// Whether it passed, what was answered, and how it is known who answered.
    async fn ask(&mut self, check: &Check) -> Result<(bool, String, String), Failure> {
        let Ok(url) = self.place.base.join(check.path.trim_start_matches('/')) else {
            return Ok((false, "the path makes no address".into(), String::new()));
        };
        let probe: &Probe = self.context.probe;
        let settles = |status| check.statuses.contains(status);
        let mut answer = probe.ask(check.method, &url, self.identity.as_deref(), settles).await;
        let refused = matches!(answer.status, Some(401 | 403)) && !passes(check, &answer);
        if refused && self.identity.is_none() {
            let audience = self.place.audience.trim_end_matches('/').to_owned();
            match identity_token(self.context, &audience).await {
                Ok(token) => {
                    answer = probe.ask(check.method, &url, Some(&token), settles).await;
                    self.private = !matches!(answer.status, Some(401 | 403));
                    self.identity = Some(token);
                }
                Err(failure) => self.context.console.line(&format!("No identity token: {failure}")),
            }
        }
        let shown = answer.shown();
        if !passes(check, &answer) {
            return Ok((false, shown, String::new()));
        }
        if let Some(other) = self.place.others.iter().find(|other| answer.names(other.as_str())) {
            return Ok((false, format!("{shown} (from revision {other}, which served before)"), String::new()));
        }
        Ok((true, shown, self.proof(&answer)))
    }

    /// How it is known which revision answered. A tag's address leads to its revision alone; the
    /// service's own address leads where the traffic goes, unless the answer itself says more.
    fn proof(&self, answer: &Answer) -> String {
        let Some(revision) = &self.place.revision else { return String::new() };
        if answer.names(revision.as_str()) {
            format!("revision `{revision}` answered, as its answer says")
        } else if self.place.name == "candidate" {
            format!("revision `{revision}` answered, at an address of its own")
        } else {
            format!("revision `{revision}` answered, as it has all the traffic")
        }
    }
}

fn passes(check: &Check, answer: &Answer) -> bool {
    answer.status.is_some_and(|status| check.statuses.contains(status))
        && check.body.as_ref().is_none_or(|text| answer.text.contains(text))
}

/// An identity token for the service: it says who asks and opens nothing else.
async fn identity_token(context: &Context<'_>, audience: &str) -> Result<String, Failure> {
    let sentence = || "Could not get an identity token".to_owned();
    let tokens = context.http.tokens();
    let assertion = tokens.identity_assertion(audience).map_err(|error| Failure::of(sentence(), error))?;
    let call = Call {
        doing: "get an identity token".into(),
        method: Method::POST,
        url: tokens.endpoint().to_string(),
        query: Vec::new(),
        headers: Vec::new(),
        body: Body::Form(vec![
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer".into()),
            ("assertion", assertion),
        ]),
        repeat: Repeat::Always,
        patience: Patience::USUAL,
        authorized: false,
        timeout: Duration::from_secs(30),
        secret_url: false,
    };
    let answer = context.http.json(&call).await.map_err(|error| Failure::of(sentence(), error))?;
    let token = answer.get("id_token").and_then(Value::as_str).unwrap_or_default();
    if token.is_empty() {
        return Err(Failure::plain(Class::Auth, "Could not get an identity token: the answer holds none"));
    }
    tokens.hide(token);
    Ok(token.to_owned())
}
