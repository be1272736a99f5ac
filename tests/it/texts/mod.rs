//! Texts that come in: what arrives, what is said of what cannot arrive, and what is never printed.

mod maps;
mod places;
mod secrets;
mod shapes;

use crate::support::Scene;

const IMAGE: &str = "us-central1-docker.pkg.dev/harbour-dev/app/tool:v1";

/// A job that is written and not run: the shortest way of a text to Google.
fn job() -> Scene {
    let mut scene = Scene::new();
    scene.cloud.world(|world| world.push_image(IMAGE));
    scene.input("service", "").input("source", "");
    scene.input("job", "nightly").input("image", IMAGE).input("run", "false");
    scene
}

/// Does work for every item, on as many threads as there are processors.
fn in_parallel<T: Sync>(items: &[T], work: impl Fn(&[T]) + Sync) {
    let threads = std::thread::available_parallelism().map_or(2, |threads| threads.get().min(8));
    std::thread::scope(|scope| {
        for part in items.chunks(items.len().div_ceil(threads).max(1)) {
            scope.spawn(|| work(part));
        }
    });
}
