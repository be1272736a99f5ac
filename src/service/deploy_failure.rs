//! Why the new revision does not serve, in words: Google's enum, Google's sentence, the cure.

use serde_json::{Map, Value, json};

use super::Context;
use super::causes::{self, Cause};
use super::cures::{self, CureSubject, Refused};
use super::reading::see;
use crate::cloud_run::base;
use crate::cloud_run::difference::between;
use crate::cloud_run::read_only::settings_of;
use crate::facts::Facts;
use slipway_failure::{Class, Failure};
use slipway_google::cloud_run::{self as cloud_run, Condition, Revision};
use slipway_google::error::ApiError;
use slipway_google::{logging, roles};

/// Log lines shown with a failure.
const SHOWN: usize = 30;

/// Google did not take the write.
pub(super) fn refused(context: &Context<'_>, sentence: String, error: ApiError) -> Failure {
    let conflict = error.is_conflict();
    // Which permission is missing, and for whom, the refusal has said already.
    let refusal = error.refusal().filter(|refusal| refusal.permission().is_none());
    let message = refusal.map(|refusal| refusal.message.clone()).unwrap_or_default();
    let failure = Failure::of(sentence, error);
    if conflict {
        return failure.hint(
            "Other runs write this service at the same time; give the workflow a `concurrency:` group per service",
        );
    }
    let template = context.deploy.manifest.as_ref().and_then(|manifest| manifest.get("template"));
    cures::of(&causes::of("", &message), &subject(context, template)).into_iter().rev().fold(failure, Failure::hint)
}

/// What the cures are about.
fn subject<'a>(context: &'a Context<'_>, template: Option<&'a Value>) -> CureSubject<'a> {
    CureSubject {
        project: context.deploy.project.as_str(),
        region: context.deploy.region.as_str(),
        who: &context.deploy.credentials.principal,
        template,
        timeout_input: None,
    }
}

/// A revision of the name that this run's was to have is there already, and was made by another run. `wanted` is the
/// service as it was to be, where that is known.
pub(super) fn taken(context: &Context<'_>, made: &Value, wanted: Option<&Value>) -> Failure {
    let revision = &context.marks.revision;
    let template = |template: Map<String, Value>| json!({ "template": template });
    let there = template(base::template_of(made, &Map::new()));
    let images = Revision::read(made).asked_images;
    let what = match images.first() {
        Some(image) => format!("Revision `{revision}` exists already, with image `{image}`"),
        None => format!("Revision `{revision}` exists already"),
    };
    let wanted = wanted.and_then(|wanted| wanted.get("template")?.as_object().cloned()).map(template);
    let differences = wanted.map(|wanted| between(Some(&there), &settings_of(&wanted))).unwrap_or_default();
    let lines = differences.iter().filter(|change| change.what != "revision").map(|change| {
        let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "(not there)".to_owned());
        format!("{}: there {}, here {}", change.what, shown(&change.before), shown(&change.after))
    });
    let suffix = context.deploy.settings.suffix.as_deref().unwrap_or("SUFFIX");
    Failure::plain(Class::Config, format!("{what}: a revision is never changed, so its name cannot be used again"))
        .evidence(lines.collect())
        .hint(format!(
            "Give each run a suffix of its own: `suffix: {suffix}-${{{{ github.run_number }}}}-${{{{ github.run_attempt }}}}`; or leave `suffix` out"
        ))
        .more_hints([format!("To send requests to the revision that is there: `traffic: {revision}=100`")])
}

/// The write was taken and the revision failed: gathers what says why.
pub(super) async fn explain(context: &Context<'_>, facts: &mut Facts, operation: Option<String>) -> Failure {
    let deploy = context.deploy;
    let revision = &context.marks.revision;
    let (service, now) = tokio::join!(
        cloud_run::service(context.http, &context.service_name),
        cloud_run::revision(context.http, &context.service_name, revision),
    );
    let service = service.ok().flatten();
    let now = now.ok().flatten();
    if let Some(service) = &service {
        see(facts, service);
    }
    // The most telling condition: the revision's own failure, before those that repeat it.
    let conditions: Vec<Condition> = now
        .iter()
        .flat_map(|now| now.conditions.clone())
        .chain(service.as_ref().and_then(|service| service.ready()))
        .collect();
    let failed = |kind: &str| {
        conditions
            .iter()
            .find(|condition| condition.holds == Some(false) && (kind.is_empty() || condition.kind == kind))
    };
    let condition = failed("ContainerReady")
        .or_else(|| failed("ContainerHealthy"))
        .or_else(|| failed("ResourcesAvailable"))
        .or_else(|| failed("Ready"))
        .or_else(|| failed(""));
    let reason = condition.map(|condition| condition.reason.clone()).unwrap_or_default();
    let message = condition
        .map(|condition| condition.message.clone())
        .filter(|text| !text.is_empty())
        .or(operation)
        .unwrap_or_default();
    let log_url = now.as_ref().map(|now| now.log_uri.clone()).unwrap_or_default();
    let mut cause = causes::of(&reason, &message);
    let tells = cures::log_tells(&cause);
    let lines = if tells { lines(context).await } else { Lines::NotAsked };
    if let Lines::Shown(lines) = &lines {
        // Its own last words are nearer to the cause than that it did not come up.
        cause = causes::of_log(lines).unwrap_or(cause);
    }
    if let Cause::Port(port @ None) = &mut cause {
        *port = deploy.settings.port;
    }

    let sentence = format!(
        "Revision `{revision}` of {} `{}` did not become ready: {}",
        deploy.kind.word(),
        deploy.service,
        cures::words(&cause)
    );
    let mut failure = Failure::of(sentence, Refused { reason, message: first_paragraph(&message).to_owned() });
    let template = service.as_ref().and_then(|service| service.json().get("template"));
    let mut hints = cures::of(&cause, &subject(context, template));
    match lines {
        Lines::Shown(lines) => failure = failure.evidence(lines),
        Lines::Forbidden => hints.push(format!(
            "The container's log may say more: {}",
            if log_url.is_empty() {
                format!(
                    "https://console.cloud.google.com/run/detail/{}/{}/logs?project={}",
                    deploy.region, deploy.service, deploy.project
                )
            } else {
                log_url.clone()
            }
        )),
        Lines::NotAsked => {}
    }
    if failure.evidence_lines().is_empty() && tells {
        hints.push(format!(
            "To see those lines here, grant roles/logging.viewer: {}",
            roles::grant_on_project(
                deploy.project.as_str(),
                deploy.credentials.principal.member(),
                "roles/logging.viewer"
            )
        ));
        hints.push(super::verify::log_hint(context, revision));
    }
    for hint in hints.into_iter().rev() {
        failure = failure.hint(hint);
    }
    failure
}

enum Lines {
    NotAsked,
    Forbidden,
    Shown(Vec<String>),
}

async fn lines(context: &Context<'_>) -> Lines {
    let deploy = context.deploy;
    match logging::revision_lines(
        context.http,
        deploy.region.as_str(),
        deploy.kind,
        deploy.service.as_str(),
        context.marks.revision.as_str(),
    )
    .await
    {
        Ok(lines) => Lines::Shown(lines.split_at(lines.len().saturating_sub(SHOWN)).1.to_vec()),
        Err(_) => Lines::Forbidden,
    }
}

fn first_paragraph(message: &str) -> &str {
    message.split("\n\n").next().unwrap_or(message)
}
