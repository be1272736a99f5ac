//! What the rotate-key command is told, with every mistake at once.

use std::time::Duration;

use crate::commands::deploy::inputs::resolve::{Give, project};
use crate::commands::rotate_key::inputs::{Retire, RotateKey};
use crate::inputs::credentials;
use crate::inputs::engine::error::{Findings, InputErrors};
use crate::inputs::engine::raw::RawInputs;
use crate::inputs::engine::scalar;
use crate::inputs::spec::InputName;
use crate::inputs::spec::rotate_key::name;
use slipway_names::credentials::{Credentials, SignInMethod};
use slipway_names::ids::AccountEmail;
use slipway_names::rotation::{Owner, SecretPlace};
use slipway_names::secret::Secret;
use slipway_names::shown::QuotedText;
use slipway_runner::env::Runner;

/// Long enough to notice that something still needed the old key, short enough that few are left over.
const GRACE: Duration = Duration::from_secs(7 * 24 * 3600);

/// Resolves the inputs of the rotate-key command.
///
/// # Errors
/// Every mistake in every input.
pub fn run(raw: &RawInputs, runner: &Runner, mut findings: Findings) -> Result<RotateKey, InputErrors> {
    let credentials = credentials::find(raw, runner, &mut findings);
    let mut give = Give { raw, findings: &mut findings };
    let project = project(&mut give, credentials.as_ref());
    let account = account(&mut give, credentials.as_ref());
    let place = place(&mut give, runner);
    let token = raw.get(name::GITHUB_TOKEN).and_then(Secret::new);
    if token.is_none() {
        give.findings.wrong(
            name::GITHUB_TOKEN,
            "it was not given",
            "give a fine-grained personal access token, or a GitHub App's, with `Secrets: Read and write`; the workflow's own token can never write secrets",
        );
    }
    let used = credentials.as_ref().zip(account.as_ref()).and_then(|(known, account)| used(known, account));
    let retire = retire(&mut give, used.is_some());
    let keep = ids(&mut give, name::KEEP_KEYS);
    let grace = give.with(name::GRACE, scalar::days).unwrap_or(GRACE);
    let dry_run = give.switch(name::DRY_RUN).unwrap_or(false);
    let (Some(credentials), Some(project), Some(account), Some(place), Some(token), Some(retire)) =
        (credentials, project, account, place, token, retire)
    else {
        return Err(InputErrors::of(findings));
    };
    if !findings.mistakes.is_empty() {
        return Err(InputErrors::of(findings));
    }
    Ok(RotateKey { credentials, project, account, used, place, token, retire, keep, grace, dry_run })
}

fn account(give: &mut Give<'_>, credentials: Option<&Credentials>) -> Option<AccountEmail> {
    if give.raw.has(name::ACCOUNT) {
        return give.parsed(name::ACCOUNT, AccountEmail::parse);
    }
    let own = credentials?.principal.service_account().and_then(|email| AccountEmail::parse(email).ok());
    if own.is_none() {
        give.findings.wrong(
            name::ACCOUNT,
            "this run signs in as no service account",
            "name the one that gets a new key",
        );
    }
    own
}

/// The id of the key in use, where it is one of the account's.
fn used(credentials: &Credentials, account: &AccountEmail) -> Option<String> {
    match &credentials.way {
        SignInMethod::Key(key) if key.email == *account => key.key_id.clone(),
        _ => None,
    }
}

fn place(give: &mut Give<'_>, runner: &Runner) -> Option<SecretPlace> {
    let name = give.with(name::SECRET, secret_name);
    if !give.raw.has(name::SECRET) {
        give.findings.wrong(name::SECRET, "it was not given", "name the secret that holds the key");
    }
    let environment = give.text(name::ENVIRONMENT);
    if let Some(organization) = give.text(name::ORGANIZATION) {
        for other in [name::REPOSITORY, name::ENVIRONMENT] {
            if give.raw.has(other) {
                let cure = "keep one of them";
                give.findings.wrong(name::ORGANIZATION, format!("`{other}` says already whose secret it is"), cure);
            }
        }
        return Some(SecretPlace { owner: Owner::Organization(organization), name: name? });
    }
    let repository = give.text(name::REPOSITORY).or_else(|| runner.origin.repository.clone());
    let Some(repository) = repository else {
        give.findings.wrong(name::REPOSITORY, "this run belongs to no repository", "name it as owner/name");
        return None;
    };
    if !repository
        .split_once('/')
        .is_some_and(|(owner, name)| !owner.is_empty() && !name.is_empty() && !name.contains('/'))
    {
        give.findings.wrong(
            name::REPOSITORY,
            format!("{} does not fit", QuotedText(&repository)),
            "write it as owner/name",
        );
        return None;
    }
    let owner = match environment {
        Some(name) => Owner::Environment { repository, name },
        None => Owner::Repository(repository),
    };
    Some(SecretPlace { owner, name: name? })
}

/// GitHub's rule for names of secrets, which it keeps in capitals.
fn secret_name(text: &str) -> Result<String, &'static str> {
    let lawful = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !text.starts_with(|first: char| first.is_ascii_digit())
        && !text.to_ascii_uppercase().starts_with("GITHUB_");
    if lawful {
        Ok(text.to_ascii_uppercase())
    } else {
        Err("write letters, digits and underscores, not beginning with a digit or `GITHUB_`")
    }
}

fn retire(give: &mut Give<'_>, uses_its_key: bool) -> Option<Retire> {
    let text = give.text(name::RETIRE).unwrap_or_else(|| "used".to_owned());
    match text.to_ascii_lowercase().as_str() {
        "all" => Some(Retire::All),
        "used" if uses_its_key => Some(Retire::Used),
        "used" => {
            give.findings.wrong(
                name::RETIRE,
                "this run does not sign in with a key of the account, so it does not know which one is old",
                "write `all`, or the ids of the keys that the new one replaces",
            );
            None
        }
        _ => Some(Retire::Named(ids(give, name::RETIRE))),
    }
}

/// Ids of keys.
fn ids(give: &mut Give<'_>, name: InputName) -> Vec<String> {
    let ids = scalar::list(give.raw.whole(name).unwrap_or_default());
    for id in ids.iter().filter(|id| id.len() < 20 || !id.bytes().all(|byte| byte.is_ascii_hexdigit())) {
        give.findings.wrong(
            name,
            format!("{} is no id of a key", QuotedText(id)),
            "write the `private_key_id` of its file: 40 hexadecimal digits",
        );
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_githubs() {
        assert_eq!(secret_name("gcp_key").as_deref(), Ok("GCP_KEY"));
        for wrong in ["1KEY", "github_token", "a-b", "a b"] {
            assert!(secret_name(wrong).is_err(), "{wrong}");
        }
    }
}
