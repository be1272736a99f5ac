//! Laws of environment variables and of references to secrets.

use super::containers::containers;
use crate::refusal;
use crate::reply::Reply;
use crate::world::{SecretTrouble, Trouble, World};
use serde_json::{Map, Value};

/// Set by Cloud Run itself in the containers of services.
pub(super) const RESERVED: [&str; 4] = ["PORT", "K_SERVICE", "K_REVISION", "K_CONFIGURATION"];

/// The longest value of a variable.
const LONGEST: usize = 32 << 10;

/// Every container's variables.
pub(super) fn check(config: &Map<String, Value>, reserved: &[&str]) -> Result<(), Reply> {
    for (index, container) in containers(config).enumerate() {
        let mut seen: Vec<&str> = Vec::new();
        let list = container.get("env").and_then(Value::as_array).into_iter().flatten();
        for (number, variable) in list.enumerate() {
            let bad =
                |text: String| Err(refusal::bad_field(&format!("template.containers[{index}].env[{number}]"), &text));
            let name = variable["name"].as_str().unwrap_or_default();
            if name.is_empty() || name.contains(['=', '\0']) || name.starts_with("X_GOOGLE_") {
                return bad(format!("Invalid environment variable name '{name}'."));
            }
            if reserved.contains(&name) {
                return bad(format!(
                    "The following reserved env names were provided: {name}. These values are automatically set by the system."
                ));
            }
            if seen.contains(&name) {
                return bad(format!("Environment variable '{name}' is set more than once."));
            }
            seen.push(name);
            let secret = variable.get("valueSource");
            if secret.is_some() && variable.get("value").is_some() {
                return bad(format!("Environment variable '{name}' has both a value and a value source."));
            }
            if variable["value"].as_str().is_some_and(|value| value.len() > LONGEST) {
                return bad(format!("Environment variable '{name}' is longer than {LONGEST} bytes."));
            }
            let reference = secret.map(|secret| &secret["secretKeyRef"]);
            let given = |field: &str| {
                reference.is_none_or(|reference| reference[field].as_str().is_some_and(|text| !text.is_empty()))
            };
            if !given("secret") || !given("version") {
                return bad(format!("Environment variable '{name}' must name a secret and a version."));
            }
        }
    }
    Ok(())
}

/// Can the template's account read every secret the template names? Asked when the revision starts.
pub(super) fn check_secrets(world: &World, project: &str, template: &Map<String, Value>) -> Result<(), Trouble> {
    let account = template.get("serviceAccount").and_then(Value::as_str).unwrap_or_default();
    for (path, secret, version) in references(template) {
        let (owner, name) = match secret.split('/').collect::<Vec<_>>().as_slice() {
            ["projects", owner, "secrets", name] => ((*owner).to_owned(), (*name).to_owned()),
            _ => (project.to_owned(), secret.clone()),
        };
        let number = world.project(&owner).map_or(owner.clone(), |project| project.number.clone());
        let full = format!("projects/{number}/secrets/{name}/versions/{version}");
        let why = match world.read_secret(account, &owner, &name, &version) {
            Ok(_) => continue,
            Err(SecretTrouble::Denied) => format!(
                "{path}: Permission denied on secret: {full} for Revision service account {account}. The service account \
                 used must be granted the 'Secret Manager Secret Accessor' role (roles/secretmanager.secretAccessor) at \
                 the secret, project or higher level."
            ),
            Err(SecretTrouble::NoVersion) => format!("{path}: Secret {full} was not found"),
            Err(SecretTrouble::State(state)) => {
                let named = format!("projects/{project}/secrets/{name}/versions/{version}");
                format!("{path}: Failed to access secret {named}: Secret Version [{full}] is in {state} state.")
            }
        };
        return Err(Trouble {
            reason: Some("SECRETS_ACCESS_CHECK_FAILED".to_owned()),
            revision_reason: None,
            message: why,
            code: 9,
        });
    }
    Ok(())
}

/// Where a template names a secret, which, and which version.
fn references(template: &Map<String, Value>) -> Vec<(String, String, String)> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut found = Vec::new();
    for (index, container) in template.get("containers").map(list).unwrap_or_default().iter().enumerate() {
        for (number, variable) in list(&container["env"]).iter().enumerate() {
            let reference = &variable["valueSource"]["secretKeyRef"];
            if reference.is_object() {
                let path =
                    format!("spec.template.spec.containers[{index}].env[{number}].value_from.secret_key_ref.name");
                found.push((path, text(&reference["secret"]), text(&reference["version"])));
            }
        }
    }
    for (index, volume) in template.get("volumes").map(list).unwrap_or_default().iter().enumerate() {
        let secret = &volume["secret"];
        if secret.is_object() {
            let version = secret["items"][0]["version"].as_str().unwrap_or("latest").to_owned();
            found.push((
                format!("spec.template.spec.volumes[{index}].secret.items[0]"),
                text(&secret["secret"]),
                version,
            ));
        }
    }
    found
}
