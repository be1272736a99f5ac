//! Cloud Run's services, their revisions and policies, by google-cloud-run-v2.

use crate::scene::{PLACE, Scene, known, story};
use fakecloud::{RevisionOutcome, RevisionScript};
use google_cloud_gax::error::rpc::Code;
use google_cloud_gax::paginator::ItemPaginator;
use google_cloud_iam_v1::model::{Binding, Policy};
use google_cloud_lro::{Poller, PollingResult};
use google_cloud_run_v2::client::{Revisions, Services};
use google_cloud_run_v2::model::condition::State;
use google_cloud_run_v2::model::{
    Container, IngressTraffic, RevisionTemplate, Service, TrafficTarget, TrafficTargetAllocationType,
};
use google_cloud_wkt::FieldMask;

pub(crate) const HELLO: &str = "us-docker.pkg.dev/cloudrun/container/hello";

fn web() -> String {
    format!("{PLACE}/services/web")
}

fn template(revision: &str) -> RevisionTemplate {
    let container = Container::new().set_image(HELLO);
    RevisionTemplate::new().set_containers([container]).set_revision(revision)
}

async fn clients(scene: &Scene) -> (Services, Revisions) {
    let services = scene.client("run", Services::builder()).build().await.expect("a client");
    (services, scene.client("run", Revisions::builder()).build().await.expect("a client"))
}

async fn make(services: &Services) -> Service {
    let service = Service::new().set_template(template("web-1")).set_ingress(IngressTraffic::All);
    let made = services.create_service().set_parent(PLACE).set_service_id("web").set_service(service);
    known(made.poller().until_done().await)
}

#[test]
pub(crate) fn a_service_is_made_and_read() {
    let scene = Scene::new();
    story(async {
        let (services, revisions) = clients(&scene).await;
        let made = make(&services).await;
        assert_eq!((&made.name, made.generation, &made.ingress), (&web(), 1, &IngressTraffic::All));
        let read = known(services.get_service().set_name(web()).send().await);
        assert_eq!((&read, read.reconciling), (&made, false));
        assert_eq!(read.terminal_condition.as_ref().map(|it| &it.state), Some(&State::ConditionSucceeded));
        let begun = services.update_service().set_service(read.clone().set_labels([("team", "shop")])).send().await;
        let waited = services.wait_operation().set_name(known(begun).name).send().await;
        assert!(known(waited).done);
        let share = &read.traffic_statuses[0];
        assert_eq!((&share.r#type, share.percent), (&TrafficTargetAllocationType::Latest, 100));
        let mut list = services.list_services().set_parent(PLACE).set_page_size(1).by_item();
        assert_eq!(known(list.next().await.expect("a service")).name, web());
        assert!(list.next().await.is_none());
        let revision = known(revisions.get_revision().set_name(format!("{}/revisions/web-1", web())).send().await);
        assert_eq!((revision.service.as_str(), revision.containers[0].image.as_str()), ("web", HELLO));
        // A second creation is refused in words that the client understands.
        let twice = services.create_service().set_parent(PLACE).set_service_id("web").set_service(Service::new());
        let refusal = twice.send().await.expect_err("a refusal");
        assert_eq!(refusal.status().map(|status| status.code), Some(Code::AlreadyExists));
        let absent = services.get_service().set_name(format!("{PLACE}/services/other")).send().await;
        assert_eq!(absent.expect_err("a refusal").status().map(|status| status.code), Some(Code::NotFound));
    });
}

#[test]
pub(crate) fn a_service_is_changed_by_a_mask_and_by_all_of_it() {
    let scene = Scene::new();
    story(async {
        let (services, revisions) = clients(&scene).await;
        let made = make(&services).await;
        // A candidate without traffic, under a tag.
        let latest = TrafficTarget::new().set_type(TrafficTargetAllocationType::Revision).set_revision("web-1");
        let tagged = TrafficTarget::new().set_type(TrafficTargetAllocationType::Revision).set_revision("web-2");
        let next = made.clone().set_template(template("web-2"));
        let next = next.set_traffic([latest.set_percent(100), tagged.set_tag("next")]);
        let next = known(services.update_service().set_service(next).poller().until_done().await);
        assert_eq!(next.latest_ready_revision, format!("{}/revisions/web-2", web()));
        assert!(next.traffic_statuses[1].uri.starts_with("http"), "{:?}", next.traffic_statuses);
        // All of the traffic, by a mask that names nothing else.
        let target = TrafficTarget::new().set_type(TrafficTargetAllocationType::Revision).set_revision("web-2");
        let moved = Service::new().set_name(web()).set_traffic([target.set_percent(100)]);
        let moved = services.update_service().set_service(moved).set_update_mask(mask(["traffic"]));
        let moved = known(moved.poller().until_done().await);
        assert_eq!(moved.template, next.template);
        assert_eq!((moved.traffic_statuses.len(), moved.traffic_statuses[0].percent), (1, 100));
        // What was read before is no longer what is there.
        let stale = services.update_service().set_service(made).send().await.expect_err("a refusal");
        assert_eq!(stale.status().map(|status| status.code), Some(Code::Aborted));
        let mut list = revisions.list_revisions().set_parent(web()).by_item();
        let mut names = Vec::new();
        while let Some(revision) = list.next().await {
            names.push(known(revision).name);
        }
        assert_eq!(names, ["web-2", "web-1"].map(|name| format!("{}/revisions/{name}", web())));
        let gone = revisions.delete_revision().set_name(format!("{}/revisions/web-1", web()));
        assert_eq!(known(gone.poller().until_done().await).name, format!("{}/revisions/web-1", web()));
        let gone = known(services.delete_service().set_name(web()).poller().until_done().await);
        assert_eq!(gone.name, web());
    });
}

pub(crate) fn mask<const N: usize>(paths: [&str; N]) -> FieldMask {
    FieldMask::default().set_paths(paths)
}

#[test]
pub(crate) fn an_operation_is_followed_to_its_bad_end() {
    let scene = Scene::with(|world| {
        world.next_revisions.push_back(RevisionScript::ending(RevisionOutcome::DoesNotListen));
    });
    story(async {
        let (services, revisions) = clients(&scene).await;
        let service = Service::new().set_template(template("web-1"));
        let request = services.update_service().set_service(service.set_name(web())).set_allow_missing(true);
        let mut poller = request.poller();
        let mut seen = Vec::new();
        let error = loop {
            match poller.poll().await.expect("an end") {
                PollingResult::InProgress(metadata) => {
                    let condition = known(metadata.ok_or("no metadata")).terminal_condition.expect("a condition");
                    seen.push(condition.state);
                }
                PollingResult::Completed(end) => break end.expect_err("a failure"),
                PollingResult::PollingError(error) => panic!("{error}"),
            }
        };
        assert!(!seen.is_empty() && seen.iter().all(|state| *state == State::ConditionReconciling), "{seen:?}");
        let status = error.status().expect("a status");
        assert_eq!(status.code, Code::FailedPrecondition);
        assert!(status.message.contains("web-1"), "{}", status.message);
        let revision = known(revisions.get_revision().set_name(format!("{}/revisions/web-1", web())).send().await);
        assert_eq!(revision.conditions[0].state, State::ConditionFailed);
    });
}

#[test]
pub(crate) fn a_dry_run_and_who_may_call() {
    let scene = Scene::new();
    story(async {
        let (services, _) = clients(&scene).await;
        make(&services).await;
        let dry = Service::new().set_name(web()).set_template(template("web-2"));
        let dry = known(services.update_service().set_service(dry).set_validate_only(true).send().await);
        assert!(!dry.done);
        let policy = known(services.get_iam_policy().set_resource(web()).send().await);
        assert!(policy.bindings.is_empty());
        let binding = Binding::new().set_role("roles/run.invoker").set_members(["allUsers"]);
        let open = Policy::new().set_etag(policy.etag.clone()).set_bindings([binding.clone()]);
        let set = services.set_iam_policy().set_resource(web()).set_policy(open.clone());
        let set = known(set.send().await);
        assert_eq!(set.bindings, [binding]);
        let stale = services.set_iam_policy().set_resource(web()).set_policy(open.set_etag("stale"));
        assert_eq!(stale.send().await.expect_err("a refusal").status().map(|it| it.code), Some(Code::Aborted));
        let asked = services.test_iam_permissions().set_resource(web()).set_permissions(["run.services.get"]);
        assert_eq!(known(asked.send().await).permissions, ["run.services.get"]);
    });
}
