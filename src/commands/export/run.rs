//! What a service, a job or a worker pool is: looks alone, nothing is changed.

use serde_json::Value;

use crate::cloud_run::document::Resource;
use crate::cloud_run::export::{self as export, ExportedFile as File};
use crate::commands::export::inputs::{ExportInput, ExportTarget};
use crate::service::region;
use slipway_failure::{Class, Failure};
use slipway_google::cloud_run::{self as cloud_run, Service};
use slipway_google::http::Http;
use slipway_google::jobs;

/// Reads it, and makes the file of it. With it what is worth a warning.
///
/// # Errors
/// When it cannot be read, is not there, or cannot be said in the form that is wanted.
pub async fn export(http: &Http, wanted: &ExportInput) -> Result<(File, Vec<String>), Failure> {
    let (what, resource) = (&wanted.what, wanted.what.resource());
    let whose = format!("{} `{}`", resource.word(), what.name());
    http.sign_in().await.map_err(|error| Failure::of("Could not sign in", error))?;
    region::check(http, &wanted.region).await?;
    let answer = read(http, wanted)
        .await
        .map_err(|error| Failure::of(format!("Could not read {whose} in `{}`", wanted.region), error))?;
    let Some(answer) = answer else {
        let text = format!("There is no {whose} in `{}`", wanted.region);
        return Err(Failure::plain(Class::Config, text).hint(format!("See which there are: {}", list(http, resource))));
    };
    let file = export::export(resource, wanted.form, what.name(), &answer)
        .map_err(|error| Failure::of(format!("Could not write {whose}"), error))?;
    let mut warnings = Vec::new();
    if !file.unknown.is_empty() {
        let fields: Vec<String> = file.unknown.iter().map(|field| format!("`{field}`")).collect();
        warnings
            .push(format!("Not in the file, because this version of Slipway does not know it: {}", fields.join(", ")));
    }
    warnings.extend(idle_template(resource, answer));
    Ok((file, warnings))
}

async fn read(http: &Http, wanted: &ExportInput) -> Result<Option<Value>, slipway_google::error::ApiError> {
    let project = http.project();
    match &wanted.what {
        ExportTarget::Service(kind, name) => {
            let name = cloud_run::resource_name(*kind, project, &wanted.region, name);
            Ok(cloud_run::service(http, &name).await?.map(|service| service.json().clone()))
        }
        ExportTarget::Job(name) => {
            let name = jobs::job_name(project, &wanted.region, name);
            Ok(jobs::job(http, &name).await?.map(|job| job.json().clone()))
        }
    }
}

fn list(http: &Http, resource: Resource) -> String {
    let words = match resource {
        Resource::Service => "run services",
        Resource::Job => "run jobs",
        Resource::WorkerPool => "beta run worker-pools",
    };
    format!("gcloud {words} list --project={}", http.project())
}

/// The template of a service is that of the revision which came last, which need not be one that serves.
fn idle_template(resource: Resource, answer: Value) -> Option<String> {
    if resource != Resource::Service {
        return None;
    }
    let service = Service::from_json(answer);
    let last = service.latest_created()?;
    let share = service.serving().share_of(&last, service.latest_ready().as_ref());
    (share == 0).then(|| format!("The file describes revision `{last}`, which came last and gets no requests"))
}
