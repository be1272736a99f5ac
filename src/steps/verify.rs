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
use crate::probe::{Answer, Probe};

/// Pause after the first round; it grows to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

pub(super) async fn run(context: &Context<'_>, facts: &mut Facts) -> Result<((), String), Failure> {
    let checks = &context.deploy.checks;
    let base = base_url(facts).ok_or_else(|| {
        Failure::plain(Class::Verify, format!("Service `{}` has no address to ask", context.deploy.service))
            .hint("Its default URL is disabled; leave the checks out, or enable the URL")
    })?;
    facts.checks = checks.checks.iter().map(pending).collect();
    let limit = context.clock().limit(checks.timeout);
    let mut asking = Asking { context, base, identity: None, private: false };
    let mut pause = FIRST_PAUSE;
    let mut round = 1;
    loop {
        let mut all = true;
        for (index, check) in checks.checks.iter().enumerate() {
            let (passed, shown) = asking.ask(check).await?;
            let fact = &mut facts.checks[index];
            fact.attempts = round;
            fact.passed = passed;
            fact.answer = shown;
            all &= passed;
        }
        if all {
            let how = if asking.private { " with an identity token (it is private)" } else { "" };
            return Ok(((), format!("{} of {} checks passed{how}", checks.checks.len(), checks.checks.len())));
        }
        if limit.reached(context.clock()) {
            return Err(failure(context, facts, &asking, limit.length));
        }
        let waiting: Vec<&str> =
            facts.checks.iter().filter(|check| !check.passed).map(|check| check.request.as_str()).collect();
        context.console.live(&format!("Asking again: {}", waiting.join(", ")));
        context
            .clock()
            .sleep(jitter(pause, 0.8, 1.2).min(limit.left(context.clock()).max(Duration::from_millis(100))))
            .await;
        pause = pause.mul_f64(1.5).min(LONGEST_PAUSE);
        round += 1;
    }
}

fn base_url(facts: &Facts) -> Option<Url> {
    Url::parse(facts.service.url.as_deref()?).ok()
}

fn pending(check: &Check) -> CheckFact {
    let body = check.body.as_ref().map(|_| " and the expected text").unwrap_or_default();
    CheckFact {
        request: format!("{} {}", check.method, check.path),
        expected: format!("{}{body}", check.statuses),
        answer: String::new(),
        passed: false,
        attempts: 0,
    }
}

fn failure(context: &Context<'_>, facts: &Facts, asking: &Asking<'_>, limit: Duration) -> Failure {
    let failed: Vec<&CheckFact> = facts.checks.iter().filter(|check| !check.passed).collect();
    let what = match failed.as_slice() {
        [one] => format!("`{}` is not answered with {}", one.request, one.expected),
        many => format!("{} of {} checks do not pass", many.len(), facts.checks.len()),
    };
    let evidence = failed
        .iter()
        .map(|check| format!("{}: expected {}, last answer {}", check.request, check.expected, check.answer))
        .collect();
    let mut failure = Failure::plain(
        Class::Verify,
        format!(
            "Service `{}` is deployed but not healthy: {what} (asked {} times in {} s)",
            context.deploy.service,
            failed.first().map_or(0, |check| check.attempts),
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
        failure = failure.more_hints([format!("Check the path: the service was asked at {}", asking.base)]);
    }
    let back = facts.service.previous.as_ref().map(|previous| {
        format!(
            "Go back to what served before: gcloud run services update-traffic {} --region={} --project={} --to-revisions={previous}=100",
            context.deploy.service, context.deploy.region, context.deploy.project
        )
    });
    failure.more_hints(back)
}

/// Asks without identity first, and with one from the moment the service wants to know who asks.
struct Asking<'a> {
    context: &'a Context<'a>,
    base: Url,
    identity: Option<String>,
    private: bool,
}

impl Asking<'_> {
    async fn ask(&mut self, check: &Check) -> Result<(bool, String), Failure> {
        let Ok(url) = self.base.join(check.path.trim_start_matches('/')) else {
            return Ok((false, "the path makes no address".into()));
        };
        let probe: &Probe = self.context.probe;
        let settles = |status| check.statuses.contains(status);
        let mut answer = probe.ask(check.method, &url, self.identity.as_deref(), settles).await;
        let refused = matches!(answer.status, Some(401 | 403)) && !passes(check, &answer);
        if refused && self.identity.is_none() {
            let audience = self.base.as_str().trim_end_matches('/').to_owned();
            match identity_token(self.context, &audience).await {
                Ok(token) => {
                    answer = probe.ask(check.method, &url, Some(&token), settles).await;
                    self.private = !matches!(answer.status, Some(401 | 403));
                    self.identity = Some(token);
                }
                Err(failure) => self.context.console.line(&format!("No identity token: {failure}")),
            }
        }
        Ok((passes(check, &answer), answer.shown()))
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
