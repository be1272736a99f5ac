//! The inputs that sign in without a key.

use url::Url;

use crate::inputs::engine::error::Findings;
use crate::inputs::engine::raw::RawInputs;
use crate::inputs::engine::scalar;
use crate::inputs::spec::InputName;
use crate::inputs::spec::sign_in::name;
use slipway_names::address::is_loopback;
use slipway_names::credentials::Credentials;
use slipway_names::federation::{Federation, OidcDoor, Provider, SUBJECT_TYPES, SubjectToken};
use slipway_names::ids::AccountEmail;
use slipway_names::own::Acting;
use slipway_names::shown::QuotedText;
use slipway_runner::env::Runner;

/// What of a federation is meaningless without its provider, and what was perhaps meant.
const PARTS: [(InputName, &str); 3] = [
    (
        name::SERVICE_ACCOUNT,
        "give `workload_identity_provider` too; a key signs in as its own account, and `runtime_service_account` is the account that a service or a job runs as",
    ),
    (name::AUDIENCE, "give `workload_identity_provider` too"),
    (name::DELEGATES, "give `workload_identity_provider` and `service_account` too"),
];

/// Google's most accounts between a caller and the one it acts as; more would be a mistake.
const MOST_DELEGATES: usize = 20;

/// Tells of every part of a federation that is given without its provider, to whom it could mean nothing else.
pub(super) fn without_provider(raw: &RawInputs, findings: &mut Findings) {
    if raw.has(name::WORKLOAD_IDENTITY_PROVIDER) {
        return;
    }
    for (name, cure) in PARTS.into_iter().filter(|(name, _)| raw.has(*name)) {
        findings.wrong(name, "there is no `workload_identity_provider` it could be about", cure);
    }
}

/// What the inputs say, where they say anything. What is wrong with the parts is told in any case.
pub(super) fn read(raw: &RawInputs, runner: &Runner, findings: &mut Findings) -> Option<Credentials> {
    let account = raw.get(name::SERVICE_ACCOUNT).and_then(|text| email(name::SERVICE_ACCOUNT, text, findings));
    let delegates = delegates(raw, findings);
    let audience = raw.get(name::AUDIENCE).and_then(|text| {
        let cure = "write the audience that the provider allows: at most 256 characters without blanks";
        let fits = text.len() <= 256 && text.bytes().all(|b| b.is_ascii_graphic());
        if !fits {
            findings.wrong(name::AUDIENCE, "it does not fit", cure);
        }
        fits.then(|| text.to_owned())
    });
    let text = raw.get(name::WORKLOAD_IDENTITY_PROVIDER)?;
    let provider = Provider::parse(text).map_err(|error| {
        findings.wrong(name::WORKLOAD_IDENTITY_PROVIDER, format!("{}: {error}", QuotedText(text)), error.cure());
    });
    let door = door(runner, findings);
    let provider = provider.ok()?;
    let audience = audience.unwrap_or_else(|| provider.default_audience());
    let subject = SubjectToken::GitHub { door, audience };
    let federation = Federation {
        provider,
        subject,
        subject_type: SUBJECT_TYPES[0],
        acting: account.map(|account| Acting { account, delegates, lifetime: None }),
        repository: runner.origin.of_repository(),
    };
    Some(Credentials::of_federation(federation))
}

fn delegates(raw: &RawInputs, findings: &mut Findings) -> Vec<AccountEmail> {
    let Some(text) = raw.whole(name::DELEGATES) else { return Vec::new() };
    if raw.has(name::WORKLOAD_IDENTITY_PROVIDER) && !raw.has(name::SERVICE_ACCOUNT) {
        findings.wrong(name::DELEGATES, "there is no account at the end of the chain", "give `service_account` too");
    }
    let names = scalar::list(text);
    if names.len() > MOST_DELEGATES {
        findings.wrong(name::DELEGATES, format!("{} accounts are too many", names.len()), "write 20 at most");
    }
    names.iter().filter_map(|name| email(name::DELEGATES, name, findings)).collect()
}

/// An account's address, or a mistake in the input that gives it.
pub(super) fn email(input: impl AsRef<str>, text: &str, findings: &mut Findings) -> Option<AccountEmail> {
    match AccountEmail::parse(text) {
        Ok(email) => Some(email),
        Err(error) => {
            findings.wrong(input, error.to_string(), "");
            None
        }
    }
}

/// Where GitHub is asked. That there is no such place is told when it is needed: it is a missing permission of the
/// job and no mistake in an input.
pub(super) fn door(runner: &Runner, findings: &mut Findings) -> Option<OidcDoor> {
    let (url, token) = (runner.oidc_url.as_deref()?, runner.oidc_token.clone()?);
    match Url::parse(url).ok().filter(|url| url.scheme() == "https" && url.has_host() || is_loopback(url)) {
        Some(url) => Some(OidcDoor { url, token }),
        None => {
            findings.wrong(
                "ACTIONS_ID_TOKEN_REQUEST_URL",
                "it is no https address, and the request carries this job's right to an identity",
                "leave the variable as the runner sets it",
            );
            None
        }
    }
}
