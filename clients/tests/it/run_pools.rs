//! Cloud Run's worker pools, by google-cloud-run-v2.

use crate::run_services::{HELLO, mask};
use crate::scene::{PLACE, Scene, known, story};
use google_cloud_gax::paginator::ItemPaginator;
use google_cloud_lro::Poller;
use google_cloud_run_v2::client::WorkerPools;
use google_cloud_run_v2::model::{Container, WorkerPool, WorkerPoolRevisionTemplate, WorkerPoolScaling};

fn queue() -> String {
    format!("{PLACE}/workerPools/queue")
}

#[test]
pub(crate) fn a_pool_is_made_changed_and_deleted() {
    let scene = Scene::new();
    story(async {
        let pools = scene.client("run", WorkerPools::builder()).build().await.expect("a client");
        let template = WorkerPoolRevisionTemplate::new().set_containers([Container::new().set_image(HELLO)]);
        let pool = WorkerPool::new().set_template(template.set_revision("queue-1"));
        let pool = pool.set_scaling(WorkerPoolScaling::new().set_manual_instance_count(2));
        let made = pools.create_worker_pool().set_parent(PLACE).set_worker_pool_id("queue").set_worker_pool(pool);
        let made = known(made.poller().until_done().await);
        assert_eq!((made.name.as_str(), made.instance_split_statuses[0].percent), (queue().as_str(), 100));
        let read = known(pools.get_worker_pool().set_name(queue()).send().await);
        assert_eq!(read, made);
        let scaled = WorkerPool::new().set_name(queue());
        let scaled = scaled.set_scaling(WorkerPoolScaling::new().set_manual_instance_count(0));
        let request = pools.update_worker_pool().set_worker_pool(scaled).set_update_mask(mask(["scaling"]));
        let scaled = known(request.poller().until_done().await);
        assert_eq!(scaled.scaling.and_then(|scaling| scaling.manual_instance_count), Some(0));
        let mut list = pools.list_worker_pools().set_parent(PLACE).by_item();
        assert_eq!(known(list.next().await.expect("a pool")).name, queue());
        assert_eq!(scene.cloud.world(|world| world.revisions.len()), 1, "a number of instances makes no revision");
        assert_eq!(known(pools.delete_worker_pool().set_name(queue()).poller().until_done().await).name, queue());
    });
}
