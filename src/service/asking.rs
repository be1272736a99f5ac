//! Asking an address until it answers as promised, or the time is up.

use std::time::Duration;

use url::Url;

use super::door;
use crate::commands::deploy::inputs::{Check, Checks};
use crate::facts::{CheckFact, Facts};
use crate::probe::{Answer, Probe};
use slipway_failure::Failure;
use slipway_google::http::Http;
use slipway_google::invoker;
use slipway_names::ids::RevisionName;
use slipway_runner::{Console, duration};
use slipway_wire::clock::{Limit, jitter};

/// Pause after the first round; it grows to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);

/// Who is asked, and who must answer.
pub(crate) struct Audience {
    /// A word for tables, such as `candidate` or `service`.
    pub name: String,
    /// The address.
    pub base: Url,
    /// How whoever asks is let in.
    pub entry: SignIn,
    /// Whether only the project's own networks reach it.
    pub internal: bool,
    /// The revision whose answers count; where nothing was moved, everybody's do.
    pub revision: Option<RevisionName>,
    /// Whether the address leads to that revision alone.
    pub alone: bool,
    /// Revisions that served before; an answer that names one of them does not count.
    pub others: Vec<RevisionName>,
}

/// How whoever asks is let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SignIn {
    /// Without saying who it is, at a place where nobody is asked that.
    Free,
    /// Without saying who it is, because everybody shall be let in; what is turned away at the door is not counted
    /// against the checks until a change of access has had its time. Since when it was on its way, by the run's clock;
    /// nothing where this run has not changed it.
    Everybody(Option<Duration>),
    /// With an identity token where one is asked for, unless the service's policy lets everybody in.
    Identity(TokenAudience),
    /// With a token that Identity-Aware Proxy takes; the command that lets whoever asks through it.
    Proxy(String),
}

/// What an identity token is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TokenAudience {
    /// The service's own address.
    pub audience: String,
    /// The service's full name, whose policy says who is to be let in.
    pub service: String,
    /// Whether the service is to be opened to everybody later, by this run.
    pub opens: bool,
    /// When this run opened it, by the run's clock.
    pub opened: Option<Duration>,
}

/// What asking takes.
pub(crate) struct Asker<'a> {
    /// Google, for identity tokens.
    pub http: &'a Http,
    /// The user's program.
    pub probe: &'a Probe,
    /// Text.
    pub console: &'a Console,
    /// What is asked, and what is expected.
    pub checks: &'a Checks,
    /// Who is asked.
    pub place: &'a Audience,
    /// How long a door that shall open is waited for.
    pub patience: Duration,
}

/// What asking came to.
pub(crate) enum Asked {
    /// Everything passed.
    Passed {
        /// In words.
        told: String,
        /// Whether an identity was asked for, and taken.
        private: bool,
    },
    /// Nobody can ask from here, whatever the program does; why, and what would change that.
    Unreachable(String, Vec<String>),
    /// Everybody shall be let in, and whoever does not say who it is still is not.
    Closed {
        /// How long it was waited for.
        limit: Duration,
    },
    /// The time was up.
    TimeUp {
        /// Whether an identity was asked for, and taken.
        private: bool,
        /// How long it was asked.
        limit: Duration,
    },
}

/// Asks until everything passes, as often in a row as was asked for, or the time is up.
pub(crate) async fn ask(asker: &Asker<'_>, facts: &mut Facts, time: Duration) -> Asked {
    let (checks, place, clock) = (asker.checks, asker.place, asker.http.clock());
    facts.checks.retain(|check| check.at != place.name);
    let first = facts.checks.len();
    facts.checks.extend(checks.checks.iter().map(|check| pending(place, check)));
    let mut limit = clock.limit(time);
    let mut asking = Asking::new(asker);
    let mut pause = FIRST_PAUSE;
    let mut round = 1;
    let mut passes = 0;
    loop {
        let mut all = true;
        asking.turned_away = false;
        for (check, fact) in checks.checks.iter().zip(facts.checks.iter_mut().skip(first)) {
            let seen = match asking.ask(check).await {
                Ok(seen) => seen,
                Err((why, hints)) => {
                    // What nobody could ask has neither passed nor failed.
                    facts.checks.truncate(first);
                    return Asked::Unreachable(why, hints);
                }
            };
            fact.attempts = round;
            fact.not_run = seen.not_run;
            (fact.passed, fact.answer, fact.proof) = (seen.passed, seen.shown, seen.proof);
            // What no program can answer is no reason to wait, nor to go back.
            all &= fact.passed || fact.not_run;
        }
        passes = if all { passes + 1 } else { 0 };
        if passes >= checks.successes {
            let proof = facts.checks.get(first).map(|check| check.proof.as_str()).unwrap_or_default();
            let ours = facts.checks.get(first..).unwrap_or_default();
            let told = not_run(ours).unwrap_or_else(|| asking.told(checks, passes, proof));
            return Asked::Passed { told, private: asking.private };
        }
        if asking.turned_away {
            let door = asking.door();
            if door.reached(clock) {
                return Asked::Closed { limit: door.length };
            }
            // The program has not been asked yet: its own time begins when somebody is let in.
            limit = clock.limit(time);
            asker
                .console
                .live(&format!("Not everybody is let in yet; asking again for {}", duration(door.left(clock))));
            clock.sleep(jitter(pause, 0.8, 1.2).min(door.left(clock).max(SHORTEST_PAUSE))).await;
        } else {
            if limit.reached(clock) {
                return Asked::TimeUp { private: asking.private, limit: limit.length };
            }
            let ours = facts.checks.iter().skip(first);
            let waiting: Vec<&str> = ours.filter(|check| check.failed()).map(|check| check.request.as_str()).collect();
            let again = if waiting.is_empty() { "all, once more".to_owned() } else { waiting.join(", ") };
            asker.console.live(&format!("Asking again: {again}"));
            clock.sleep(jitter(pause, 0.8, 1.2).min(limit.left(clock).max(SHORTEST_PAUSE))).await;
        }
        pause = pause.mul_f64(1.5).min(LONGEST_PAUSE);
        round += 1;
    }
}

/// What is told where there was no program for some checks to ask.
fn not_run(checks: &[CheckFact]) -> Option<String> {
    let (all, not_run) = (checks.len(), checks.iter().filter(|check| check.not_run).count());
    match (all - not_run, not_run) {
        (_, 0) => None,
        (0, _) => Some(format!("{not_run} of {all} checks not run: there is no program to ask")),
        (passed, _) => Some(format!("{passed} of {all} checks passed, {not_run} not run: there is no program to ask")),
    }
}

fn pending(place: &Audience, check: &Check) -> CheckFact {
    let body = check.body.as_ref().map(|_| " and the expected text").unwrap_or_default();
    CheckFact {
        at: place.name.clone(),
        proof: String::new(),
        request: format!("{} {}", check.method, check.path),
        expected: format!("{}{body}", check.statuses),
        answer: String::new(),
        passed: false,
        not_run: false,
        attempts: 0,
    }
}

/// What a check came to: whether it passed, what was answered, and how it is known who answered.
struct CheckAnswer {
    passed: bool,
    /// Whether there was no program to be asked.
    not_run: bool,
    shown: String,
    proof: String,
}

impl CheckAnswer {
    fn failed(shown: impl Into<String>) -> Self {
        Self { passed: false, not_run: false, shown: shown.into(), proof: String::new() }
    }
}

/// Why nobody can ask from here, and what would change that.
type OutOfReach = (String, Vec<String>);

/// Asks without identity first, and with one from the moment the service wants to know who asks.
struct Asking<'a> {
    asker: &'a Asker<'a>,
    entry: SignIn,
    token: Option<String>,
    /// Whether an identity was asked for, and taken.
    private: bool,
    /// Whether somebody who shall be let in was turned away in this round.
    turned_away: bool,
    /// Until when that is waited out, once it was met.
    door: Option<Limit>,
    told: bool,
    /// Whether the policy has said that not everybody is let in.
    closed: bool,
}

impl<'a> Asking<'a> {
    fn new(asker: &'a Asker<'a>) -> Self {
        let entry = asker.place.entry.clone();
        let (token, door) = (None, None);
        Self { asker, entry, token, private: false, turned_away: false, door, told: false, closed: false }
    }

    /// How long the door is waited for: since access was changed, else since somebody was turned away.
    fn door(&mut self) -> Limit {
        if let Some(door) = self.door {
            return door;
        }
        let clock = self.asker.http.clock();
        let since = match self.entry {
            SignIn::Everybody(since) => since,
            _ => None,
        };
        let passed = since.map(|since| clock.now().saturating_sub(since)).unwrap_or_default();
        let door = clock.limit(self.asker.patience.saturating_sub(passed));
        if !door.reached(clock) {
            self.asker.console.line(&format!(
                "The service is open to everybody, and Google still turns callers away: a change of access takes 2 minutes as a rule and 7 or more at times. Asking again for up to {}",
                duration(door.length)
            ));
        }
        self.door = Some(door);
        door
    }

    fn told(&self, checks: &Checks, passes: u32, proof: &str) -> String {
        let how = match (&self.entry, self.private) {
            (SignIn::Identity(TokenAudience { opens: true, .. }), true) => {
                " with an identity token (it is not open yet)"
            }
            (_, true) => " with an identity token (it is private)",
            (SignIn::Proxy(_), false) => " through Identity-Aware Proxy",
            (SignIn::Everybody(_), false) => " without an identity",
            (SignIn::Free | SignIn::Identity(_), false) => "",
        };
        let times = if passes > 1 { format!(" {passes} times in a row") } else { String::new() };
        let who = if proof.is_empty() { String::new() } else { format!("; {proof}") };
        format!("{0} of {0} checks passed{times}{how}{who}", checks.checks.len())
    }

    async fn ask(&mut self, check: &Check) -> Result<CheckAnswer, OutOfReach> {
        let place = self.asker.place;
        let Ok(url) = place.base.join(check.path.trim_start_matches('/')) else {
            return Ok(CheckAnswer::failed("the path makes no address"));
        };
        if matches!(self.entry, SignIn::Proxy(_)) && self.token.is_none() {
            self.token = Some(self.proxy_token().await?);
        }
        let answer = self.answer(check, &url).await;
        if let SignIn::Proxy(grant) = &self.entry
            && door::by_proxy(&answer)
        {
            return Err(kept_out(self.asker, &answer, grant));
        }
        if place.internal && door::found_nothing(&answer) {
            let why = "its ingress lets only the project's own networks in, and this runner is not there";
            return Err((why.to_owned(), Vec::new()));
        }
        self.turned_away |= matches!(self.entry, SignIn::Everybody(_)) && door::turned_away(check.method, &answer);
        let shown = if door::found_nothing(&answer) { door::NOT_FOUND.to_owned() } else { answer.shown() };
        if answer.not_run {
            return Ok(CheckAnswer { not_run: true, ..CheckAnswer::failed("no program runs") });
        }
        if !passes(check, &answer) {
            return Ok(CheckAnswer::failed(shown));
        }
        if let Some(other) = place.others.iter().find(|other| answer.names(other.as_str())) {
            return Ok(CheckAnswer::failed(format!("{shown} (from revision {other}, which served before)")));
        }
        Ok(CheckAnswer { passed: true, not_run: false, shown, proof: proof(place, &answer) })
    }

    /// Asks once; again with an identity, when one is asked for and may help.
    async fn answer(&mut self, check: &Check, url: &Url) -> Answer {
        let probe = self.asker.probe;
        let settles = |status| check.statuses.contains(status);
        let answer = probe.ask(check.method, url, self.token.as_deref(), settles).await;
        let refused = matches!(answer.status, Some(401 | 403)) && !passes(check, &answer);
        let SignIn::Identity(identity) = &self.entry else { return answer };
        if !refused || self.token.is_some() {
            return answer;
        }
        // A door that shall be open is no reason to show an identity, which would open any.
        if door::turned_away(check.method, &answer) && !self.closed {
            self.closed = !invoker::is_everybody(self.asker.http, &identity.service).await.unwrap_or(false);
            if !self.closed {
                self.entry = SignIn::Everybody(identity.opened);
                return answer;
            }
        }
        match self.asker.http.identity_token(identity.audience.trim_end_matches('/')).await {
            Ok(token) => {
                let answer = probe.ask(check.method, url, Some(&token), settles).await;
                self.private = !matches!(answer.status, Some(401 | 403));
                self.token = Some(token);
                answer
            }
            Err(error) => {
                let failure = Failure::of("Could not get an identity token", error);
                // Every round asks; what is wrong is said in words once.
                if !std::mem::replace(&mut self.told, true) {
                    let causes = failure.causes().join(": ");
                    self.asker.console.line(&format!("No identity token: {failure}: {causes}"));
                }
                answer
            }
        }
    }

    async fn proxy_token(&self) -> Result<String, OutOfReach> {
        let token = self.asker.http.proxy_token(self.asker.place.base.as_str()).await;
        token.map_err(|error| {
            let failure = Failure::of("no token for it can be had", error);
            let causes = failure.causes().join(": ");
            let hints = failure.hints().into_iter().map(str::to_owned).collect();
            (format!("Identity-Aware Proxy stands in front of it, and {failure}: {causes}"), hints)
        })
    }
}

/// Identity-Aware Proxy did not let the deployer in.
fn kept_out(asker: &Asker<'_>, answer: &Answer, grant: &str) -> OutOfReach {
    let who = asker.http.principal();
    let status = answer.status.map_or_else(|| "nothing".to_owned(), |status| status.to_string());
    let why = format!("Identity-Aware Proxy stands in front of it and does not let `{who}` in (it answered {status})");
    (why, vec![format!("To have the checks asked, let the deployer through: {grant}")])
}

/// How it is known which revision answered. A tag's address leads to its revision alone; the
/// service's own address leads where the traffic goes, unless the answer itself says more.
fn proof(place: &Audience, answer: &Answer) -> String {
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
