//! What the rotate-secret command is told, with every mistake at once.

use std::time::Duration;

use crate::cloud_run::wanted::place::ServicePlace;
use crate::cloud_run::wanted::rollout::{OnUnknown, RolloutStrategy};
use crate::cloud_run::wanted::settings::Settings;
use crate::commands::deploy::inputs::resolve::{Give, SECRET_MAX_AGE, check, project, region, rollout};
use crate::commands::deploy::inputs::{Deploy, DeployWhat};
use crate::commands::rotate_secret::inputs::{NewValue, RotateSecret};
use crate::inputs::credentials;
use crate::inputs::engine::Resolved;
use crate::inputs::engine::error::{Findings, InputErrors};
use crate::inputs::engine::raw::RawInputs;
use crate::inputs::engine::scalar;
use crate::inputs::spec::rotate_secret::name;
use slipway_names::ids::ServiceName;
use slipway_names::kind::ResourceKind;
use slipway_names::secret::Secret;
use slipway_names::secret_version::SecretName;
use slipway_runner::env::Runner;

/// Long enough to notice that something else still reads the old version.
const GRACE: Duration = Duration::from_secs(7 * 86_400);

/// 32 letters and digits are 190 bits: more than anybody guesses, and welcome to every database.
const LENGTH: u32 = 32;

/// Secret Manager takes 64 KiB; nothing that is made of chance gains by more than this.
const LONGEST: u32 = 4096;

/// Fewer bits than this can be guessed by trying.
const LEAST_BITS: f64 = 80.0;

/// Shorter values cannot be hidden: the runner would take them out of every word that holds them.
const SHORTEST: usize = 8;

/// The largest value that Secret Manager takes, in bytes.
const LARGEST: usize = 64 << 10;

/// Resolves the inputs of the rotate-secret command.
///
/// # Errors
/// Every mistake in every input.
pub fn run(raw: &RawInputs, runner: &Runner, mut findings: Findings) -> Result<Resolved<RotateSecret>, InputErrors> {
    let credentials = credentials::find(raw, runner, &mut findings);
    let mut give = Give { raw, findings: &mut findings };
    let project = project(&mut give, credentials.as_ref());
    let region = region(&mut give);
    let service = give.parsed(name::SERVICE, ServiceName::parse);
    let home = project.as_ref().map(|project| project.as_str().to_owned()).unwrap_or_default();
    let secret = give.with(name::SECRET, |text| SecretName::parse(text, &home));
    for (name, cure) in
        [(name::SERVICE, "name the Cloud Run service"), (name::SECRET, "name the secret that gets a new version")]
    {
        if !raw.has(name) {
            give.findings.wrong(name, "it was not given", cure);
        }
    }
    let value = value(&mut give);
    let checks = check::checks(&mut give, check::CheckTarget::Service(None));
    let rollout = way(&mut give);
    let grace = give.with(name::GRACE, scalar::days).unwrap_or(GRACE);
    let max_age = give.with(name::SECRET_MAX_AGE, scalar::days).unwrap_or(SECRET_MAX_AGE);
    let only_when_due = give.switch(name::ONLY_WHEN_DUE).unwrap_or(false);
    let dry_run = give.switch(name::DRY_RUN).unwrap_or(false);
    if raw.has(name::SECRET_MAX_AGE) && !only_when_due {
        give.findings.wrong(
            name::SECRET_MAX_AGE,
            "every run makes a new version, however old the one in use is",
            "add `only_when_due: true`, or remove it",
        );
    }
    if checks.checks.is_empty() {
        give.findings.warnings.push(
            "health_path: no check is given, so that a revision starts is all that is known of the new value".into(),
        );
    }
    let (Some(credentials), Some(project), Some(region), Some(service), Some(secret), Some(value)) =
        (credentials, project, region, service, secret, value)
    else {
        return Err(InputErrors::of(findings));
    };
    if !findings.mistakes.is_empty() {
        return Err(InputErrors::of(findings));
    }
    let place = ServicePlace { project: project.clone(), region: region.clone(), service: service.clone() };
    let deploy = Deploy {
        credential_files: Vec::new(),
        credentials,
        project,
        region,
        regions: Vec::new(),
        kind: ResourceKind::Service,
        service,
        github_token: None,
        key_max_age: Duration::ZERO,
        secret_max_age: Duration::ZERO,
        what: DeployWhat::Promoted(Box::new(place)),
        changed_paths: Vec::new(),
        environment: None,
        manifest: None,
        settings: Settings::default(),
        domain: None,
        pre_deploy: None,
        checks,
        rollout,
        guest: None,
        dry_run,
    };
    let rotate = RotateSecret { deploy, secret, value, grace, max_age, only_when_due };
    Ok(Resolved { meaning: rotate, warnings: findings.warnings })
}

/// How the traffic moves: never unverified, and to one end or the other.
fn way(give: &mut Give<'_>) -> crate::commands::deploy::inputs::RolloutSettings {
    let mut rollout = rollout::rollout(give);
    if rollout.way == RolloutStrategy::Direct {
        give.findings.wrong(
            name::STRATEGY,
            "`direct` would send requests to a revision that nobody has tried",
            "write `candidate` or `canary`",
        );
    }
    match rollout.gates.on_unknown {
        OnUnknown::Hold if give.raw.has(name::ON_UNKNOWN) => give.findings.wrong(
            name::ON_UNKNOWN,
            "`hold` would leave the service between two versions",
            "write `rollback` or `continue`",
        ),
        OnUnknown::Hold => rollout.gates.on_unknown = OnUnknown::Rollback,
        OnUnknown::Continue | OnUnknown::Rollback => {}
    }
    rollout
}

fn value(give: &mut Give<'_>) -> Option<NewValue> {
    let length = give.with(name::LENGTH, |text| scalar::number(text, 1, LONGEST));
    let alphabet = give.with(name::ALPHABET, alphabet);
    if let Some(given) = give.raw.get(name::VALUE).and_then(Secret::new) {
        for name in [name::LENGTH, name::ALPHABET] {
            if give.raw.has(name) {
                give.findings.wrong(name, "the value is given, and not made of chance", format!("remove `{name}`"));
            }
        }
        if given.expose().len() < SHORTEST {
            give.findings.wrong(
                name::VALUE,
                format!("it has fewer than {SHORTEST} characters"),
                "give a longer one: a short one can be guessed, and cannot be hidden in a log",
            );
        }
        if given.expose().len() > LARGEST {
            give.findings.wrong(name::VALUE, "it is larger than 64 KiB", "Secret Manager takes no more");
        }
        return Some(NewValue::Given(given));
    }
    let wrong = |name| give.raw.has(name);
    if wrong(name::LENGTH) && length.is_none() || wrong(name::ALPHABET) && alphabet.is_none() {
        return None;
    }
    let (length, alphabet) = (length.unwrap_or(LENGTH), alphabet.unwrap_or_else(alphanumeric));
    let per_character = f64::from(u32::try_from(alphabet.len()).unwrap_or(u32::MAX)).log2();
    let bits = f64::from(length) * per_character;
    if bits < LEAST_BITS {
        let enough = (LEAST_BITS / per_character).ceil();
        give.findings.wrong(
            name::LENGTH,
            format!("{length} characters out of {} are {bits:.0} bits, which can be guessed", alphabet.len()),
            format!("write {enough:.0} or more; a value that must be short can be given in `value`"),
        );
    }
    Some(NewValue::Generated { length: usize::try_from(length).unwrap_or(usize::MAX), alphabet })
}

fn alphanumeric() -> Vec<u8> {
    (b'0'..=b'9').chain(b'A'..=b'Z').chain(b'a'..=b'z').collect()
}

/// A named set of characters, or the characters themselves.
fn alphabet(text: &str) -> Result<Vec<u8>, &'static str> {
    const CURE: &str = "write `alphanumeric`, `hex`, `url-safe`, `printable`, or at least two different visible ASCII characters, each once";
    match text.to_ascii_lowercase().as_str() {
        "alphanumeric" => return Ok(alphanumeric()),
        "hex" => return Ok(b"0123456789abcdef".to_vec()),
        "url-safe" => return Ok(alphanumeric().into_iter().chain(*b"-_").collect()),
        "printable" => return Ok((b'!'..=b'~').collect()),
        _ => {}
    }
    let mut characters = text.as_bytes().to_vec();
    characters.sort_unstable();
    characters.dedup();
    let fits = characters.len() == text.len() && characters.len() >= 2 && characters.iter().all(u8::is_ascii_graphic);
    if fits { Ok(characters) } else { Err(CURE) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alphabets_are_named_or_written_out() {
        for (text, size) in [("alphanumeric", 62), ("HEX", 16), ("url-safe", 64), ("printable", 94), ("abc123", 6)] {
            assert_eq!(alphabet(text).map(|characters| characters.len()), Ok(size), "{text}");
        }
        for wrong in ["a", "aab", "äö", "a b"] {
            assert!(alphabet(wrong).is_err(), "{wrong}");
        }
    }
}
