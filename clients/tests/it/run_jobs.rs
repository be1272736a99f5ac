//! Cloud Run's jobs, executions and tasks, by google-cloud-run-v2.

use crate::run_services::HELLO;
use crate::scene::{PLACE, Scene, known, story};
use google_cloud_gax::error::rpc::Code;
use google_cloud_gax::paginator::ItemPaginator;
use google_cloud_lro::Poller;
use google_cloud_run_v2::client::{Executions, Jobs, Tasks};
use google_cloud_run_v2::model::run_job_request::Overrides;
use google_cloud_run_v2::model::run_job_request::overrides::ContainerOverride;
use google_cloud_run_v2::model::{Container, ExecutionTemplate, Job, TaskTemplate};

fn nightly() -> String {
    format!("{PLACE}/jobs/nightly")
}

fn job() -> Job {
    let task = TaskTemplate::new().set_containers([Container::new().set_image(HELLO)]).set_max_retries(0);
    Job::new().set_template(ExecutionTemplate::new().set_template(task).set_task_count(2))
}

async fn client(scene: &Scene) -> Jobs {
    scene.client("run", Jobs::builder()).build().await.expect("a client")
}

async fn make(jobs: &Jobs) -> Job {
    let request = jobs.create_job().set_parent(PLACE).set_job_id("nightly").set_job(job());
    known(request.poller().until_done().await)
}

#[test]
pub(crate) fn a_job_is_made_changed_and_deleted() {
    let scene = Scene::new();
    story(async {
        let jobs = client(&scene).await;
        let made = make(&jobs).await;
        assert_eq!(made.name, nightly());
        let template = made.template.clone().and_then(|template| template.template).expect("a template");
        assert_eq!(template.max_retries(), Some(&0));
        let twice = jobs.create_job().set_parent(PLACE).set_job_id("nightly").set_job(job());
        let refusal = twice.send().await.expect_err("a refusal");
        assert_eq!(refusal.status().map(|status| status.code), Some(Code::AlreadyExists));
        let read = known(jobs.get_job().set_name(nightly()).send().await);
        let labelled = read.clone().set_labels([("team", "shop")]);
        let changed = known(jobs.update_job().set_job(labelled).poller().until_done().await);
        assert_eq!((changed.generation, changed.labels["team"].as_str()), (2, "shop"));
        let stale = jobs.update_job().set_job(read).send().await.expect_err("a refusal");
        assert_eq!(stale.status().map(|status| status.code), Some(Code::Aborted));
        let mut list = jobs.list_jobs().set_parent(PLACE).by_item();
        assert_eq!(known(list.next().await.expect("a job")).name, nightly());
        let asked = jobs.test_iam_permissions().set_resource(nightly()).set_permissions(["run.jobs.run"]);
        assert_eq!(known(asked.send().await).permissions, ["run.jobs.run"]);
        assert_eq!(known(jobs.delete_job().set_name(nightly()).poller().until_done().await).name, nightly());
    });
}

#[test]
pub(crate) fn a_job_runs_and_its_tasks_are_told() {
    let scene = Scene::new();
    story(async {
        let jobs = client(&scene).await;
        let executions = scene.client("run", Executions::builder()).build().await.expect("a client");
        let tasks = scene.client("run", Tasks::builder()).build().await.expect("a client");
        make(&jobs).await;
        let other = ContainerOverride::new().set_args(["--all"]);
        let overrides = Overrides::new().set_container_overrides([other]).set_task_count(2);
        let run = jobs.run_job().set_name(nightly()).set_overrides(overrides);
        let done = known(run.poller().until_done().await);
        assert_eq!((done.succeeded_count, done.failed_count, done.task_count), (2, 0, 2));
        let read = known(executions.get_execution().set_name(&done.name).send().await);
        assert_eq!((read.name.as_str(), read.job.as_str()), (done.name.as_str(), "nightly"));
        assert!(read.completion_time.is_some());
        let mut list = executions.list_executions().set_parent(nightly()).by_item();
        assert_eq!(known(list.next().await.expect("an execution")).name, done.name);
        let mut list = tasks.list_tasks().set_parent(&done.name).by_item();
        let first = known(list.next().await.expect("a task"));
        assert_eq!((first.index, first.last_attempt_result.as_ref().map(|result| result.exit_code)), (0, Some(0)));
        assert_eq!(known(tasks.get_task().set_name(&first.name).send().await).name, first.name);
        // One that is under way is told to end.
        let begun = known(jobs.run_job().set_name(nightly()).send().await);
        assert!(!begun.done);
        let running = executions.list_executions().set_parent(nightly()).by_item().next().await;
        let running = known(running.expect("an execution"));
        let cancelled = executions.cancel_execution().set_name(&running.name).poller().until_done().await;
        assert_eq!(known(cancelled).cancelled_count, 2);
    });
}
