//! What the doctor is told, with every mistake at once.

use std::path::{Component, Path};

use crate::cloud_build::image::Destination;
use crate::commands::deploy::inputs::resolve::{Give, build, own_build, project, region};
use crate::commands::doctor::inputs::{Doctor, Script};
use crate::inputs::credentials;
use crate::inputs::engine::error::{Findings, InputErrors};
use crate::inputs::engine::raw::RawInputs;
use crate::inputs::engine::scalar;
use crate::inputs::spec::doctor::name;
use slipway_names::domain::Domain;
use slipway_names::ids::{AccountEmail, BucketName, Region, ServiceName, SiteId};
use slipway_names::image::ImageRef;
use slipway_runner::env::Runner;

/// Resolves the inputs of the doctor.
///
/// # Errors
/// Every mistake in every input.
pub fn run(raw: &RawInputs, runner: &Runner, mut findings: Findings) -> Result<Doctor, InputErrors> {
    let credentials = credentials::find(raw, runner, &mut findings);
    let mut give = Give { raw, findings: &mut findings };
    let project = project(&mut give, credentials.as_ref());
    let region = region(&mut give);
    let service = give.parsed(name::SERVICE, ServiceName::parse);
    let site = give.parsed(name::SITE, SiteId::parse);
    let domain = give.with(name::DOMAIN, Domain::parse);
    if raw.has(name::DOMAIN) && !raw.has(name::SERVICE) {
        give.findings.wrong(name::DOMAIN, "there is no `service` it could lead to", "give `service` too");
    }
    let image = match give.with(name::IMAGE, ImageRef::parse) {
        None if !raw.has(name::IMAGE) => {
            build::default_repository(project.as_ref(), region.as_ref(), service.as_ref()).map(Destination::OfService)
        }
        image => image.map(|image| Destination::Named(image.repository)),
    };
    let build = own_build::own_config(&mut give, runner);
    let build_location = match give.parsed(name::BUILD_REGION, Region::parse) {
        None if !raw.has(name::BUILD_REGION) => Region::parse("global").ok(),
        location => location,
    };
    let build_account = give.parsed(name::BUILD_SERVICE_ACCOUNT, AccountEmail::parse);
    let bucket = give
        .parsed(name::STAGING_BUCKET, |text| BucketName::parse(text.trim_start_matches("gs://").trim_end_matches('/')))
        .or_else(|| build::default_bucket(project.as_ref(), region.as_ref()));
    let runtime_account = give.parsed(name::RUNTIME_SERVICE_ACCOUNT, AccountEmail::parse);
    let key_max_age =
        give.with(name::KEY_MAX_AGE, scalar::days).unwrap_or(crate::commands::deploy::inputs::resolve::KEY_MAX_AGE);
    let secret_max_age = give
        .with(name::SECRET_MAX_AGE, scalar::days)
        .unwrap_or(crate::commands::deploy::inputs::resolve::SECRET_MAX_AGE);
    let budgets = build::budgets(&mut give);
    let script = give.with(name::FIX_SCRIPT, script).unwrap_or(Script::None);
    let (Some(credentials), Some(project), Some(region), Some(build_location)) =
        (credentials, project, region, build_location)
    else {
        return Err(InputErrors::of(findings));
    };
    if !findings.mistakes.is_empty() {
        return Err(InputErrors::of(findings));
    }
    Ok(Doctor {
        credentials,
        project,
        region,
        service,
        site,
        domain,
        image,
        build,
        origin: runner.origin.clone(),
        build_location,
        build_account,
        bucket,
        runtime_account,
        key_max_age,
        secret_max_age,
        budgets,
        script,
    })
}

/// `true`, `false`, or a path that stays in the workspace.
fn script(text: &str) -> Result<Script, &'static str> {
    if let Ok(on) = scalar::switch(text) {
        return Ok(if on { Script::Print } else { Script::None });
    }
    let path = Path::new(text);
    let stays = path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if stays && path.file_name().is_some() {
        Ok(Script::File(path.to_owned()))
    } else {
        Err("write `true`, or a path in the workspace such as `fix.sh`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_stays_in_the_workspace() {
        assert_eq!(script("true"), Ok(Script::Print));
        assert_eq!(script("out/fix.sh"), Ok(Script::File("out/fix.sh".into())));
        for path in ["/etc/x", "../x", "a/../../x", "."] {
            assert!(script(path).is_err(), "{path}");
        }
    }
}
