//! Asking an address until it answers as promised, or the time is up.

use std::time::Duration;

use url::Url;

use crate::clock::jitter;
use crate::console::Console;
use crate::explain::Failure;
use crate::google::http::Http;
use crate::inputs::deploy::{Check, Checks};
use crate::model::facts::{CheckFact, Facts};
use crate::model::ids::RevisionName;
use crate::probe::{Answer, Probe};

/// Pause after the first round; it grows to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Who is asked, and who must answer.
pub(super) struct Place {
    /// A word for tables, such as `candidate` or `service`.
    pub name: String,
    /// The address.
    pub base: Url,
    /// What an identity token is for: a service's own address. Where nobody is asked who they are, none.
    pub audience: Option<String>,
    /// The revision whose answers count; where nothing was moved, everybody's do.
    pub revision: Option<RevisionName>,
    /// Whether the address leads to that revision alone.
    pub alone: bool,
    /// Revisions that served before; an answer that names one of them does not count.
    pub others: Vec<RevisionName>,
}

/// What asking takes.
pub(super) struct Asker<'a> {
    /// Google, for identity tokens.
    pub http: &'a Http,
    /// The user's program.
    pub probe: &'a Probe,
    /// Text.
    pub console: &'a Console,
    /// What is asked, and what is expected.
    pub checks: &'a Checks,
    /// Who is asked.
    pub place: &'a Place,
}

/// What asking came to.
pub(super) enum Asked {
    /// Everything passed; in words.
    Passed(String),
    /// The time was up.
    TimeUp {
        /// Whether an identity was asked for, and taken.
        private: bool,
        /// How long it was asked.
        limit: Duration,
    },
}

/// Asks until everything passes, as often in a row as was asked for, or the time is up.
pub(super) async fn ask(asker: &Asker<'_>, facts: &mut Facts, time: Duration) -> Asked {
    let (checks, place, clock) = (asker.checks, asker.place, asker.http.clock());
    facts.checks.retain(|check| check.at != place.name);
    let first = facts.checks.len();
    facts.checks.extend(checks.checks.iter().map(|check| pending(place, check)));
    let limit = clock.limit(time);
    let mut asking = Asking { asker, identity: None, private: false, told: false };
    let mut pause = FIRST_PAUSE;
    let mut round = 1;
    let mut passes = 0;
    loop {
        let mut all = true;
        for (index, check) in checks.checks.iter().enumerate() {
            let (passed, shown, proof) = asking.ask(check).await;
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
            return Asked::Passed(format!("{0} of {0} checks passed{times}{how}{who}", checks.checks.len()));
        }
        if limit.reached(clock) {
            return Asked::TimeUp { private: asking.private, limit: limit.length };
        }
        let ours = facts.checks[first..].iter();
        let waiting: Vec<&str> = ours.filter(|check| !check.passed).map(|check| check.request.as_str()).collect();
        let again = if waiting.is_empty() { "all, once more".to_owned() } else { waiting.join(", ") };
        asker.console.live(&format!("Asking again: {again}"));
        clock.sleep(jitter(pause, 0.8, 1.2).min(limit.left(clock).max(Duration::from_millis(100)))).await;
        pause = pause.mul_f64(1.5).min(LONGEST_PAUSE);
        round += 1;
    }
}

fn pending(place: &Place, check: &Check) -> CheckFact {
    let body = check.body.as_ref().map(|_| " and the expected text").unwrap_or_default();
    CheckFact {
        at: place.name.clone(),
        proof: String::new(),
        request: format!("{} {}", check.method, check.path),
        expected: format!("{}{body}", check.statuses),
        answer: String::new(),
        passed: false,
        attempts: 0,
    }
}

/// Asks without identity first, and with one from the moment the service wants to know who asks.
struct Asking<'a> {
    asker: &'a Asker<'a>,
    identity: Option<String>,
    private: bool,
    told: bool,
}

impl Asking<'_> {
    /// Whether it passed, what was answered, and how it is known who answered.
    async fn ask(&mut self, check: &Check) -> (bool, String, String) {
        let place = self.asker.place;
        let Ok(url) = place.base.join(check.path.trim_start_matches('/')) else {
            return (false, "the path makes no address".into(), String::new());
        };
        let probe = self.asker.probe;
        let settles = |status| check.statuses.contains(status);
        let mut answer = probe.ask(check.method, &url, self.identity.as_deref(), settles).await;
        let refused = matches!(answer.status, Some(401 | 403)) && !passes(check, &answer);
        if let Some(audience) = place.audience.as_ref().filter(|_| refused && self.identity.is_none()) {
            match self.asker.http.identity_token(audience.trim_end_matches('/')).await {
                Ok(token) => {
                    answer = probe.ask(check.method, &url, Some(&token), settles).await;
                    self.private = !matches!(answer.status, Some(401 | 403));
                    self.identity = Some(token);
                }
                Err(error) => {
                    let failure = Failure::of("Could not get an identity token", error);
                    // Every round asks; what is wrong is said in words once.
                    if !std::mem::replace(&mut self.told, true) {
                        let causes = failure.causes().join(": ");
                        self.asker.console.line(&format!("No identity token: {failure}: {causes}"));
                    }
                }
            }
        }
        let shown = answer.shown();
        if !passes(check, &answer) {
            return (false, shown, String::new());
        }
        if let Some(other) = place.others.iter().find(|other| answer.names(other.as_str())) {
            return (false, format!("{shown} (from revision {other}, which served before)"), String::new());
        }
        (true, shown, proof(place, &answer))
    }
}

/// How it is known which revision answered. A tag's address leads to its revision alone; the
/// service's own address leads where the traffic goes, unless the answer itself says more.
fn proof(place: &Place, answer: &Answer) -> String {
    let Some(revision) = &place.revision else { return String::new() };
    if answer.names(revision.as_str()) {
        format!("revision `{revision}` answered, as its answer says")
    } else if place.alone {
        format!("revision `{revision}` answered, at an address of its own")
    } else {
        format!("revision `{revision}` answered, as it has all the traffic")
    }
}

fn passes(check: &Check, answer: &Answer) -> bool {
    answer.status.is_some_and(|status| check.statuses.contains(status))
        && check.body.as_ref().is_none_or(|text| answer.text.contains(text))
}
