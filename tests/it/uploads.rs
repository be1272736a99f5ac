//! Sources too large for one request: chunks, trouble between them, changes under the packer.

use fakecloud::{Action, Fault};

use crate::support::Scene;

/// A tree whose archive takes three chunks.
fn large() -> Scene {
    let mut scene = Scene::new();
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        u8::try_from(state & 0xff).unwrap()
    })
    .take(18 << 20)
    .collect();
    scene.file("app/noise.bin", noise);
    scene
}

fn stored(scene: &Scene) {
    scene.cloud.world(|world| {
        assert_eq!(world.count("object stored"), 1);
        let objects = &world.buckets["harbour-dev-slipway-us-central1"].objects;
        let (_, source) = objects.iter().find(|(name, _)| name.starts_with("source/")).unwrap();
        let mut archive = tar::Archive::new(flate2::read::MultiGzDecoder::new(&source.content[..]));
        let sizes: Vec<u64> = archive.entries().unwrap().map(|entry| entry.unwrap().size()).collect();
        assert_eq!(sizes, [63, 15, 18 << 20]);
    });
}

#[test]
fn a_large_source_goes_in_chunks() {
    let scene = large();
    scene.run().expect(0);
    stored(&scene);
    let ranges: Vec<String> = scene
        .cloud
        .calls("storage.upload.put")
        .iter()
        .map(|put| put.header("content-range").unwrap().to_owned())
        .collect();
    assert_eq!(ranges.len(), 3, "{ranges:?}");
    assert!(ranges[0].starts_with("bytes 0-8388607/*") && ranges[2].starts_with("bytes 16777216-"), "{ranges:?}");
}

#[test]
fn trouble_between_chunks_costs_a_question_and_no_more() {
    for (skip, action, effect) in [
        (0, Action::Reset, false),
        (1, Action::status(503), false),
        (1, Action::Reset, true),
        (2, Action::Reset, true),
        (2, Action::Truncate, true),
        (0, Action::status(429), false),
        (1, Action::status(408), false),
    ] {
        let name = format!("{skip} {action:?} {effect}");
        let scene = large();
        let fault = if effect {
            Fault::lost_reply("storage.upload.put", action)
        } else {
            Fault::next("storage.upload.put", action)
        };
        scene.cloud.world(|world| world.faults.push(fault.skip(skip)));
        let run = scene.run();
        assert_eq!(run.code, 0, "{name}\n{}", run.log());
        stored(&scene);
        let sent: usize = scene.cloud.calls("storage.upload.put").iter().map(|put| put.body.len()).sum();
        assert!(sent <= (19 << 20) + (8 << 20), "{name}: {sent} bytes for one fault");
    }
}

#[test]
fn a_server_that_stores_less_gets_the_rest() {
    let scene = large();
    scene.cloud.world(|world| world.store_at_most = Some(3 << 20));
    scene.run().expect(0);
    stored(&scene);
}

#[test]
fn a_lost_session_is_begun_again() {
    for status in [404, 410] {
        let scene = large();
        scene.cloud.world(|world| world.faults.push(Fault::next("storage.upload.put", Action::status(status)).skip(1)));
        let run = scene.run().expect(0);
        run.says("The upload session was lost; beginning again");
        stored(&scene);
    }
}

#[test]
fn a_lost_reply_to_a_small_upload_finds_the_object() {
    for action in [Action::Reset, Action::status(503), Action::Truncate] {
        let scene = Scene::new();
        scene.cloud.world(|world| world.faults.push(Fault::lost_reply("storage.objects.insert", action)));
        scene.run().expect(0).says("the same source is there already");
        assert_eq!(scene.cloud.world(|world| world.count("object stored")), 1);
    }
}

#[test]
fn an_empty_source_is_refused_by_name() {
    let mut scene = Scene::new();
    scene.input("source", "nothing").file("nothing/.gcloudignore", "*\n");
    let run = scene.run();
    assert_eq!(run.code, 2, "{}", run.log());
    run.says("nothing");
    assert_eq!(scene.cloud.world(|world| world.count("build created")), 0);
}
