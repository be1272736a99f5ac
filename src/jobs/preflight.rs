//! Permissions on jobs, asked for before anything is written.

use crate::cloud_run::job::overrides_anything;
use crate::commands::job::inputs::Job;
use crate::service::runs_as;
use slipway_failure::{Class, Explain, Failure};
use slipway_google::http::Http;
use slipway_google::jobs;
use slipway_google::projects::{self as projects, PermissionTarget};
use slipway_google::roles::{self as roles, NEEDS, Need};
use slipway_runner::Console;

/// Names what the account lacks for this run of the job command. What may not be looked at is passed over.
pub(crate) async fn look_ahead(http: &Http, console: &Console, job: &Job, full_name: &str) -> Result<(), Failure> {
    let needs: Vec<&Need> = NEEDS.iter().filter(|need| is_needed(need, job)).collect();
    let asked: Vec<&str> = needs.iter().map(|need| need.permission).collect();
    let held = match projects::held(http, PermissionTarget::Project, &asked).await {
        Ok(held) => held,
        Err(error) if error.class() == Class::Auth => {
            return Err(Failure::of("Google does not accept the account's token", error));
        }
        Err(error) => {
            console.line(&format!("Permissions were not looked at beforehand: {error}"));
            return Ok(());
        }
    };
    let missing: Vec<&Need> =
        needs.into_iter().filter(|need| !held.iter().any(|other| other == need.permission)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    // A grant on the job alone does not show at the project.
    let asked: Vec<&str> =
        missing.iter().map(|need| need.permission).filter(|permission| permission.starts_with("run.")).collect();
    let held = match asked.as_slice() {
        [] => Vec::new(),
        asked => projects::held(http, PermissionTarget::Run(full_name), asked).await.unwrap_or_default(),
    };
    let mut lacking = Vec::new();
    let of_the_job = missing.iter().copied().filter(|need| need.permission != runs_as::ACT_AS);
    for need in of_the_job.filter(|need| !held.iter().any(|other| other == need.permission)) {
        // Whoever may not create a job may still change one that is there.
        let needless = need.permission == "run.jobs.create" && matches!(jobs::job(http, full_name).await, Ok(Some(_)));
        if !needless {
            lacking.push(need);
        }
    }
    if !lacking.is_empty() {
        return Err(failure(http, job, &lacking));
    }
    if missing.iter().any(|need| need.permission == runs_as::ACT_AS) {
        acts(http, job, full_name).await
    } else {
        Ok(())
    }
}

/// Asks the account that the job will run as: the input's, the job's, else the default one.
async fn acts(http: &Http, job: &Job, full_name: &str) -> Result<(), Failure> {
    let named = match &job.settings.shared.runtime_account {
        Some(account) => Some(account.clone()),
        None => {
            let there = jobs::job(http, full_name).await.ok().flatten();
            runs_as::of_template(there.as_ref().and_then(|there| there.json().pointer("/template/template")))
        }
    };
    let account = match named {
        Some(account) => Some(account),
        None => projects::number(http).await.ok().flatten().as_deref().and_then(runs_as::default_of),
    };
    let Some(account) = account else { return Ok(()) };
    if runs_as::may(http, &account).await != Some(false) {
        return Ok(());
    }
    let (caller, project) = (http.principal(), job.project.as_str());
    let what = runs_as::lacks(caller, &account);
    let sentence = format!("Project `{project}` is not ready for job `{}`: {what}", job.name);
    Err(Failure::plain(Class::Permission, sentence).hint(runs_as::cure(project, account.as_str(), caller)))
}

fn is_needed(need: &Need, job: &Job) -> bool {
    match need.permission {
        "run.jobs.runWithOverrides" => job.run.as_ref().is_some_and(overrides_anything),
        "run.jobs.run" => job.run.is_some(),
        "run.operations.get" | runs_as::ACT_AS => true,
        permission if permission.starts_with("run.executions.") => job.run.is_some(),
        permission => roles::is_of_jobs(permission),
    }
}

fn failure(http: &Http, job: &Job, lacking: &[&Need]) -> Failure {
    let caller = http.principal();
    let problems: Vec<String> =
        lacking.iter().map(|need| format!("`{caller}` lacks `{}`, to {}", need.permission, need.why)).collect();
    let what = match problems.as_slice() {
        [one] => one.clone(),
        many => format!("{} permissions are missing", many.len()),
    };
    let sentence = format!("Project `{}` is not ready for job `{}`: {what}", job.project, job.name);
    let failure = Failure::plain(Class::Permission, sentence);
    let failure = if problems.len() > 1 { failure.evidence(problems) } else { failure };
    let failure = failure.more_hints(lacking.iter().map(|need| {
        let grant = roles::grant_on_project(job.project.as_str(), caller.member(), need.role);
        format!("Grant {}: {grant}", need.role)
    }));
    failure.more_hints(caller.mapped().iter().cloned())
}
