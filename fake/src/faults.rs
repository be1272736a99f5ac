//! Faults: what goes wrong with which call, when, and how often.

use crate::refusal::{self, Family, github};
use crate::reply::{Manner, Reply};
use serde_json::{Value, json};
use std::time::Duration;

/// One thing that goes wrong.
#[derive(Debug, Clone)]
pub struct Fault {
    /// The call it befalls: a method id such as `run.projects.locations.services.patch`, with
    /// query pairs behind a `?` where only some of its calls are meant
    /// (`storage.objects.get?alt=media`).
    pub call: &'static str,
    /// So many of these calls pass first.
    pub skip: u32,
    /// Then it befalls so many; [`Fault::FOREVER`] for all.
    pub times: u32,
    /// Whether the call still has its effect.
    pub moment: Moment,
    /// What happens.
    pub action: Action,
}

/// When a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Before the call is looked at: no effect.
    Before,
    /// The effect happens and only the reply is lost.
    AfterEffect,
}

/// What a fault does.
#[derive(Debug, Clone)]
pub enum Action {
    /// Answers with this status; without a body, with what Google says in such a case.
    Status(u16, Option<Value>, Vec<(String, String)>),
    /// Answers with this status, these headers, these bytes.
    Raw(u16, Vec<(String, String)>, Vec<u8>),
    /// Answers with this status and these bytes, and then with the letter `x` for ever.
    Endless(u16, Vec<u8>),
    /// Answers with this status, the first of these bytes, and then keeps silent.
    Stuck(u16, Vec<u8>),
    /// Answers with a front end's HTML page.
    Html(u16),
    /// Resets the TCP connection without a reply.
    Reset,
    /// Announces the full length, sends half of it and closes. After [`Moment::Before`] the
    /// half is of an error body.
    Truncate,
    /// Answers 200 with something that is not JSON.
    Garbage,
    /// Answers 200 with nothing.
    Empty,
    /// Never answers.
    Hang,
    /// Answers 307 to this address.
    Redirect(String),
    /// Answers as it should, but so much later.
    Slow(Duration),
}

impl Fault {
    /// For `times`: every call from then on.
    pub const FOREVER: u32 = u32::MAX;

    /// Befalls the next such call, before its effect.
    pub fn next(call: &'static str, action: Action) -> Fault {
        Fault { call, skip: 0, times: 1, moment: Moment::Before, action }
    }

    /// Befalls the next such call, after its effect.
    pub fn lost_reply(call: &'static str, action: Action) -> Fault {
        Fault { moment: Moment::AfterEffect, ..Fault::next(call, action) }
    }

    /// Befalls so many calls.
    #[must_use]
    pub fn times(self, times: u32) -> Fault {
        Fault { times, ..self }
    }

    /// Lets so many calls pass first.
    #[must_use]
    pub fn skip(self, skip: u32) -> Fault {
        Fault { skip, ..self }
    }

    /// Whether calls it was meant for are still to come. A fault for ever is used up once hit.
    pub fn is_unused(&self) -> bool {
        self.times == Fault::FOREVER || (self.times > 0 && self.times < Fault::FOREVER / 2)
    }
}

impl Action {
    /// A status with Google's usual body.
    pub fn status(code: u16) -> Action {
        Action::Status(code, None, Vec::new())
    }

    /// A status with `Retry-After`.
    pub fn retry_after(code: u16, value: &str) -> Action {
        Action::Status(code, None, vec![("Retry-After".to_owned(), value.to_owned())])
    }

    /// GitHub's primary rate limit is reached; it ends at this moment, in seconds since 1970.
    pub fn github_rate_limit(status: u16, resets: i64) -> Action {
        let headers = [("x-ratelimit-limit", "1000"), ("x-ratelimit-remaining", "0"), ("x-ratelimit-resource", "core")];
        let mut headers: Vec<(String, String)> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        headers.push(("x-ratelimit-reset".to_owned(), resets.to_string()));
        Action::Status(status, Some(json!({"message": github::PRIMARY, "status": status.to_string()})), headers)
    }

    /// GitHub's secondary rate limit is reached; it says for how many seconds, or does not.
    pub fn github_secondary_limit(status: u16, retry_after: Option<u64>) -> Action {
        let headers = retry_after.map(|seconds| ("retry-after".to_owned(), seconds.to_string()));
        let body = json!({"message": github::SECONDARY, "status": status.to_string(),
            "documentation_url": "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"});
        Action::Status(status, Some(body), headers.into_iter().collect())
    }

    /// Whether what is answered is the script's and not what this cloud would say.
    pub(crate) fn has_words_of_its_own(&self) -> bool {
        !matches!(self, Action::Status(_, None, _) | Action::Slow(_))
    }

    /// The reply that takes the place of `real`, where one does.
    pub(crate) fn reply(&self, family: Family, service: &str, number: &str, real: Option<Reply>) -> Option<Reply> {
        Some(match self {
            Action::Status(code, body, headers) => {
                let mut reply = match body {
                    Some(body) => Reply::json(*code, body),
                    None => refusal::standard(family, *code, service, number),
                };
                reply.headers.extend(headers.iter().cloned());
                reply
            }
            Action::Raw(code, headers, body) => {
                Reply { status: *code, headers: headers.clone(), body: body.clone().into(), ..Reply::empty(*code) }
            }
            Action::Endless(code, body) => {
                Reply { manner: Manner::Endless, ..Reply::new(*code, "application/json; charset=UTF-8", body.clone()) }
            }
            Action::Stuck(code, body) => {
                Reply { manner: Manner::Stuck, ..Reply::new(*code, "application/json; charset=UTF-8", body.clone()) }
            }
            Action::Html(code) => {
                Reply::page(*code, "Server Error", "The server encountered a temporary error. Please try again.")
            }
            Action::Reset => Reply::lost(Manner::Cut),
            Action::Hang => Reply::lost(Manner::Never),
            Action::Truncate => {
                let whole = real.unwrap_or_else(|| refusal::standard(family, 503, service, number));
                Reply { manner: Manner::Half, ..whole }
            }
            Action::Garbage => Reply::new(200, "application/json; charset=UTF-8", "{\"name\": <b>oops"),
            Action::Empty => Reply::empty(200),
            Action::Redirect(url) => Reply::empty(307).with("Location", url.clone()),
            Action::Slow(_) => return None,
        })
    }
}

/// The fault that strikes this call, if any; uses it up.
pub(crate) fn strike(faults: &mut [Fault], id: &str, query: &[(String, String)]) -> Option<(Moment, Action)> {
    for fault in faults.iter_mut().filter(|fault| fault.times > 0) {
        if !names(fault.call, id, query) {
            continue;
        }
        if fault.skip > 0 {
            fault.skip -= 1;
            continue;
        }
        fault.times -= 1;
        return Some((fault.moment, fault.action.clone()));
    }
    None
}

/// Whether `pattern` (a method id, maybe with query pairs) means this call.
pub(crate) fn names(pattern: &str, id: &str, query: &[(String, String)]) -> bool {
    let (wanted, pairs) = pattern.split_once('?').unwrap_or((pattern, ""));
    wanted == id && crate::uri::pairs(pairs).iter().all(|pair| query.contains(pair))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_waits_strikes_and_is_used_up() {
        let mut faults = [Fault::next("x.get?alt=media", Action::Reset).skip(1).times(2)];
        let media = [("alt".to_owned(), "media".to_owned())];
        assert!(strike(&mut faults, "x.get", &[]).is_none());
        assert!(strike(&mut faults, "x.get", &media).is_none());
        assert!(strike(&mut faults, "x.get", &media).is_some());
        assert!(faults[0].is_unused());
        assert!(strike(&mut faults, "x.get", &media).is_some());
        assert!(strike(&mut faults, "x.get", &media).is_none());
        assert!(!faults[0].is_unused());
    }

    #[test]
    fn a_fault_for_ever_is_used_once_it_struck() {
        let mut faults = [Fault::next("x.get", Action::Empty).times(Fault::FOREVER)];
        assert!(faults[0].is_unused());
        assert!(strike(&mut faults, "x.get", &[]).is_some());
        assert!(!faults[0].is_unused());
        assert!(strike(&mut faults, "x.get", &[]).is_some());
    }
}
