//! What went wrong with a request to Google: what was being done, Google's own words, the cure.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::enabling;
use super::grants::Denied;
use super::refusal::Refusal;
use super::roles;
use slipway_failure::{Class, Explain};
use slipway_names::principal::Principal;
use slipway_wire::repeat::{Failed, is_open};

/// A request that did not do what it was for.
#[derive(Debug)]
pub struct ApiError {
    /// What was being done, as in "read the service `web`".
    pub doing: String,
    /// Method and address, without the query.
    pub request: String,
    /// Who asked.
    pub principal: Arc<Principal>,
    /// The project it concerned.
    pub project: String,
    /// How often it was tried.
    pub attempts: u32,
    /// For how long it was tried.
    pub elapsed: Duration,
    /// What went wrong.
    pub kind: ErrorKind,
}

/// The ways a request can go wrong.
#[derive(Debug)]
pub enum ErrorKind {
    /// Google said no.
    Refused(Box<Refusal>),
    /// The request certainly never arrived.
    NotSent(String),
    /// The other side's certificate is not to be trusted.
    Untrusted(String),
    /// No whole answer came; whether the request had its effect is unknown.
    NoAnswer(String),
    /// The answer made no sense.
    Unreadable(String),
    /// There was no token to send it with.
    Token(NoToken),
}

/// Why there is no token, in the words of whoever was to give it; requests that waited for the same one share it.
#[derive(Debug, Clone)]
pub struct NoToken(Arc<dyn Explain>);

impl NoToken {
    /// For this reason.
    pub(super) fn of(why: impl Explain) -> Self {
        Self(Arc::new(why))
    }
}

impl fmt::Display for NoToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for NoToken {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

impl Explain for NoToken {
    fn class(&self) -> Class {
        self.0.class()
    }

    fn hints(&self) -> Vec<String> {
        self.0.hints()
    }
}

impl ApiError {
    /// How it failed, as far as repeating it goes.
    pub(super) fn failed(&self) -> Failed {
        if self.is_rate_limit() {
            return Failed::TurnedAway(self.retry_after());
        }
        match &self.kind {
            ErrorKind::NotSent(_) => Failed::NotSent,
            ErrorKind::NoAnswer(_) | ErrorKind::Unreadable(_) => Failed::Open,
            ErrorKind::Refused(refusal) if refusal.is_passing() => Failed::Open,
            ErrorKind::Refused(refusal) => Failed::with(refusal.status),
            ErrorKind::Untrusted(_) | ErrorKind::Token(_) => Failed::ForGood,
        }
    }

    /// Google's refusal, if it is one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match &self.kind {
            ErrorKind::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// The HTTP status of a refusal.
    pub fn status(&self) -> Option<u16> {
        self.refusal().map(|refusal| refusal.status)
    }

    /// The thing does not exist (or must not be seen).
    pub fn is_missing(&self) -> bool {
        self.status() == Some(404)
    }

    /// Somebody else changed the thing meanwhile, or it exists already.
    pub fn is_conflict(&self) -> bool {
        self.status() == Some(409)
    }

    /// A precondition of the request does not hold.
    pub fn is_precondition(&self) -> bool {
        self.status() == Some(412)
    }

    /// The account may not do this; not a quota, not a disabled API.
    pub fn is_forbidden(&self) -> bool {
        let forbidden = self.refusal().is_some_and(|refusal| refusal.status == 403 && !refusal.is_rate_limit());
        forbidden && !self.is_api_disabled()
    }

    /// The API is not enabled in the project.
    pub fn is_api_disabled(&self) -> bool {
        self.refusal()
            .is_some_and(|refusal| refusal.reason == "SERVICE_DISABLED" || refusal.reason == "accessNotConfigured")
    }

    /// The API is not enabled in gcloud's own projects, which a person's requests count for where they name no other
    /// (docs: authentication/adc-troubleshooting/user-creds; hashicorp/terraform-provider-google#20644).
    pub(super) fn wants_quota_project(&self) -> bool {
        const GCLOUDS: [&str; 2] = ["projects/764086051850", "projects/32555940559"];
        let consumer = self.refusal().and_then(|refusal| refusal.metadata("consumer"));
        self.is_api_disabled() && consumer.is_some_and(|consumer| GCLOUDS.contains(&consumer))
    }

    /// Too much was asked in a short time.
    pub fn is_rate_limit(&self) -> bool {
        self.refusal().is_some_and(Refusal::is_rate_limit)
    }

    /// Whether the request may have had its effect although no answer says so: look before
    /// repeating it.
    pub fn is_ambiguous(&self) -> bool {
        match &self.kind {
            ErrorKind::NoAnswer(_) | ErrorKind::Unreadable(_) => true,
            ErrorKind::Refused(refusal) => is_open(refusal.status),
            ErrorKind::NotSent(_) | ErrorKind::Untrusted(_) | ErrorKind::Token(_) => false,
        }
    }

    /// Whether another look later may well succeed. A failed look is not a failed operation.
    pub fn is_transient(&self) -> bool {
        self.is_ambiguous()
            || self.is_rate_limit()
            || matches!(self.kind, ErrorKind::NotSent(_))
            || matches!(&self.kind, ErrorKind::Token(why) if matches!(why.class(), Class::Infrastructure | Class::Quota))
            || self.status() == Some(429)
    }

    /// Whether the other side's certificate was refused.
    pub(super) fn is_distrusted(&self) -> bool {
        matches!(self.kind, ErrorKind::Untrusted(_))
    }

    /// Whether it is a no that stays one, and not a passing trouble.
    pub(super) fn is_refused(&self) -> bool {
        self.refusal().is_some_and(|refusal| refusal.status < 500 && !refusal.is_rate_limit() && !refusal.is_passing())
    }

    /// Whose fault it is when the request was a link of signing in.
    pub(super) fn sign_in_class(&self) -> Class {
        match self.class() {
            _ if self.is_api_disabled() => Class::Permission,
            class @ (Class::Infrastructure | Class::Quota) => class,
            _ if !self.is_refused() => Class::Infrastructure,
            _ => Class::Auth,
        }
    }

    /// How long Google asks to wait before the next try.
    pub fn retry_after(&self) -> Option<Duration> {
        self.refusal().and_then(|refusal| refusal.retry_after)
    }

    fn permission_hints(&self, refusal: &Refusal) -> Vec<String> {
        let Some(permission) = refusal.permission() else {
            return vec!["Ask an owner of the project which permission is missing; docs/PERMISSIONS.md lists all that are needed".into()];
        };
        let need = roles::find(permission);
        let role = need.map_or("a role that holds it", |need| need.role);
        let resource = refusal.metadata("resource").map(|resource| format!(" on `{resource}`")).unwrap_or_default();
        let mut hints = vec![format!("`{}` lacks `{permission}`{resource}; {role} holds it", self.principal)];
        if let Some(need) = need {
            let (request, project, member) = (&self.request, &self.project, self.principal.member());
            let denied = Denied { refusal, request, project, member };
            hints.push(format!("An owner grants it with: {}", denied.command(need)));
            hints.extend(self.principal.mapped().iter().cloned());
        }
        hints
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "could not {}: ", self.doing)?;
        match &self.kind {
            ErrorKind::Refused(refusal) => write!(f, "{} {}", refusal.status, refusal.words())?,
            ErrorKind::NotSent(why) => write!(f, "no connection: {why}")?,
            ErrorKind::Untrusted(why) => write!(f, "the connection is not trusted: {why}")?,
            ErrorKind::NoAnswer(why) => write!(f, "no answer: {why}")?,
            ErrorKind::Unreadable(why) => write!(f, "the answer makes no sense: {why}")?,
            ErrorKind::Token(_) => f.write_str("there is no access token")?,
        }
        let times = if self.attempts == 1 { "attempt" } else { "attempts" };
        write!(f, " ({}, {} {times}, {:.1}s)", self.request, self.attempts, self.elapsed.as_secs_f64())
    }
}

impl std::error::Error for ApiError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            ErrorKind::Token(error) => Some(error),
            _ => None,
        }
    }
}

impl Explain for ApiError {
    fn class(&self) -> Class {
        match &self.kind {
            ErrorKind::Token(error) => error.class(),
            ErrorKind::NotSent(_) | ErrorKind::Untrusted(_) | ErrorKind::NoAnswer(_) | ErrorKind::Unreadable(_) => {
                Class::Infrastructure
            }
            ErrorKind::Refused(refusal) => match refusal.status {
                _ if refusal.is_rate_limit() => Class::Quota,
                429 => Class::Quota,
                401 => Class::Auth,
                403 => Class::Permission,
                408 | 500.. => Class::Infrastructure,
                _ => Class::Deploy,
            },
        }
    }

    fn hints(&self) -> Vec<String> {
        let refusal = match &self.kind {
            ErrorKind::Token(error) => return error.hints(),
            ErrorKind::NotSent(_) => {
                return vec![
                    "Check that the runner reaches *.googleapis.com (firewall, HTTPS_PROXY, DNS), then run again"
                        .into(),
                ];
            }
            ErrorKind::Untrusted(_) => {
                return vec!["Something between here and Google shows another certificate; where that is your proxy, name its certificates with `ca_certificates` (on a terminal also SSL_CERT_FILE)".into()];
            }
            ErrorKind::NoAnswer(_) | ErrorKind::Unreadable(_) => {
                return vec!["Run again; if it stays, look at https://status.cloud.google.com".into()];
            }
            ErrorKind::Refused(refusal) => refusal,
        };
        match (refusal.status, refusal.reason.as_str()) {
            (_, "SERVICE_DISABLED" | "accessNotConfigured") => {
                let Some(service) = refusal.disabled_api() else {
                    return vec!["Enable the API that Google names above; it takes a few minutes to work".into()];
                };
                let project = refusal.consumer().unwrap_or(&self.project);
                let enable = enabling::enable(project, [service]);
                let mut hints = vec![format!("Enable it, which takes a few minutes to work: {enable}")];
                hints.extend(refusal.metadata("activationUrl").map(|url| format!("Or enable it here: {url}")));
                hints
            }
            (_, "BILLING_DISABLED" | "accountDisabled") => vec![format!(
                "Link a billing account: https://console.cloud.google.com/billing/linkedaccount?project={}",
                self.project
            )],
            (_, "USER_PROJECT_DENIED") => {
                let member = self.principal.member();
                let role = "roles/serviceusage.serviceUsageConsumer";
                vec![
                    format!("`{}` may not have requests counted for a project: {}", self.principal, roles::grant_on_project(&self.project, member, role)),
                    "Or name a project in which it may with `quota_project`".to_owned(),
                    format!("Check that project `{}` exists", self.project),
                ]
            }
            (_, "CONSUMER_INVALID") => {
                vec![format!("Check `project_id`: `{}` is deleted, or not the id of a project this account may use", self.project)]
            }
            (_, "SECURITY_POLICY_VIOLATED" | "VPC_SERVICE_CONTROLS") => vec![
                "A VPC Service Controls perimeter refuses this; an administrator must let the runner or the account in (show them the message above)".into(),
            ],
            _ if refusal.is_rate_limit() || refusal.status == 429 => {
                let quota = refusal.metadata("quota_metric").map(|metric| format!(" (`{metric}`)")).unwrap_or_default();
                vec![
                    format!("A quota of the project is used up{quota}; run again later, or spread runs with a `concurrency:` group"),
                    format!("Raise it here: https://console.cloud.google.com/iam-admin/quotas?project={}", self.project),
                ]
            }
            (401, _) => vec!["Google does not accept the token any more: check that the account, and its key or its federation, still exist".into()],
            (403, _) => self.permission_hints(refusal),
            (_, _) if !refusal.constraints.is_empty() || refusal.message.contains("constraints/") => {
                vec![format!("An organisation policy forbids this ({}); an administrator of the organisation can change it", self.constraint(refusal))]
            }
            (500.., _) => vec!["Run again; if it stays, look at https://status.cloud.google.com".into()],
            _ => Vec::new(),
        }
    }
}

impl ApiError {
    fn constraint(&self, refusal: &Refusal) -> String {
        let from_message =
            || refusal.message.split('\'').find(|part| part.starts_with("constraints/")).map(str::to_owned);
        refusal.constraints.first().cloned().or_else(from_message).unwrap_or_else(|| "see the message above".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(kind: ErrorKind) -> Failed {
        let (doing, request, project) = ("test".into(), "GET /".into(), String::new());
        let (principal, elapsed) = (Arc::default(), Duration::ZERO);
        ApiError { doing, request, principal, project, attempts: 1, elapsed, kind }.failed()
    }

    fn refused(status: u16, word: &str, retry_after: Option<Duration>) -> Failed {
        let refusal = Refusal { status, word: word.to_owned(), retry_after, ..Refusal::default() };
        failed(ErrorKind::Refused(Box::new(refusal)))
    }

    #[test]
    fn what_google_answers_is_told_by_whether_it_may_be_repeated() {
        let told = Some(Duration::from_secs(7));
        assert_eq!(refused(429, "", told), Failed::TurnedAway(told));
        assert_eq!(refused(429, "", None), Failed::TurnedAway(None));
        assert_eq!(refused(503, "", told), Failed::Open, "only a limit is waited out as long as it says");
        assert_eq!(refused(400, "temporarily_unavailable", None), Failed::Open);
        assert_eq!(refused(403, "", None), Failed::ForGood);
    }

    #[test]
    fn what_broke_underway_is_open_and_what_is_not_trusted_is_over() {
        assert_eq!(failed(ErrorKind::NotSent("refused".into())), Failed::NotSent);
        assert_eq!(failed(ErrorKind::NoAnswer("reset".into())), Failed::Open);
        assert_eq!(failed(ErrorKind::Unreadable("cut".into())), Failed::Open);
        assert_eq!(failed(ErrorKind::Untrusted("unknown issuer".into())), Failed::ForGood);
    }
}
