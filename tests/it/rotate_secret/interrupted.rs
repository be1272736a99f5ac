//! Rotations that are cut off: killed and cancelled at each point, and met by others.

use std::time::Duration;

use fakecloud::{Action, Fault, World};
use serde_json::{Value, json};

use super::{
    ADD, DISABLE, LIST, PATCH, SECRET, WAIT, asked, count, enabled, fault, rotate, scene, scene_of, serving, template,
    works,
};
use crate::interrupted::reach_command;
use crate::rollout::record;
use crate::support::Scene;

/// Long enough for somebody to come between.
const A_WHILE: Duration = Duration::from_millis(500);

#[test]
fn somebody_who_deploys_meanwhile_is_not_overwritten() {
    let scene = scene();
    let old = serving(&scene).0;
    // The service was looked at; its template is another one when the write comes.
    fault(&scene, Fault::next(ADD, Action::Slow(A_WHILE)));
    let running = reach_command(&scene, &["rotate-secret"], ADD, 0);
    scene.cloud.world(|world| {
        let name = world.services.keys().next().unwrap().clone();
        let service = world.services.get_mut(&name).unwrap();
        service.config["template"]["containers"][0]["env"]
            .as_array_mut()
            .unwrap()
            .push(json!({"name": "NEW", "value": "x"}));
        service.version += 1;
    });
    let run = running.finish().expect(11);
    run.says("somebody deployed to the service meanwhile");
    run.says("Version 4 is disabled: it was made by this run, and nothing reads it");
    assert!(template(&scene).to_string().contains("NEW"));
    assert_eq!((serving(&scene).0, enabled(&scene)), (old, vec![3]));
}

#[test]
fn versions_of_two_runs_at_a_time_are_both_named() {
    let scene = scene();
    fault(&scene, Fault::lost_reply(ADD, Action::Reset));
    fault(&scene, Fault::next(LIST, Action::Slow(A_WHILE)).skip(2));
    let running = reach_command(&scene, &["rotate-secret"], LIST, 2);
    scene.cloud.world(|world| world.add_secret(World::PROJECT, SECRET, "of somebody else"));
    let run = running.finish().expect(11);
    run.says("Somebody else adds versions to `db-password` at the same time");
    assert_eq!(run.outputs["left_versions"], "5,4");
    assert_eq!((serving(&scene).1, enabled(&scene)), (vec!["3".to_owned()], vec![3, 4, 5]));
}

#[test]
fn a_killed_pin_leaves_no_version_and_the_next_run_ends_it() {
    for (call, skip, after) in
        [(PATCH, 0, true), ("site.request", 0, false), (PATCH, 1, true), (PATCH, 2, false), (PATCH, 2, true)]
    {
        let mut scene = scene_of("DB_PASSWORD: db-password:latest");
        scene.input("grace", "0");
        hanging(&scene, (call, skip, after));
        let running = reach_command(&scene, &["rotate-secret"], call, skip);
        running.signal("KILL");
        running.finish_lenient();
        let context = format!("{call} {skip} {after}");
        assert_eq!((count(&scene, "secret version added"), works(&scene)), (0, true), "{context}");
        rotate(&scene).expect(0);
        assert_eq!((serving(&scene).1, enabled(&scene)), (vec!["4".to_owned()], vec![4]), "{context}");
    }
}

/// Where a rotation can be cut off: the call, how many of its kind come before, and whether its effect happens.
const POINTS: [(&str, u32, bool); 14] = [
    (LIST, 0, false),
    (LIST, 1, false),
    (ADD, 0, false),
    (ADD, 0, true),
    (PATCH, 0, false),
    (PATCH, 0, true),
    (WAIT, 0, false),
    ("site.request", 0, false),
    (PATCH, 1, false),
    (PATCH, 1, true),
    (PATCH, 2, false),
    (PATCH, 2, true),
    (DISABLE, 0, false),
    (DISABLE, 0, true),
];

fn hanging(scene: &Scene, (call, skip, after): (&'static str, u32, bool)) {
    let strike = if after { Fault::lost_reply(call, Action::Hang) } else { Fault::next(call, Action::Hang) };
    fault(scene, strike.skip(skip));
}

fn short(call: &str) -> &str {
    call.rsplit_once("secrets.").or(call.rsplit_once("locations.")).map_or(call, |(_, short)| short)
}

/// The table of the closing note: killed at each point, what serves, what is enabled, and what the next run makes of it.
#[test]
fn a_killed_rotation_leaves_a_service_that_works_and_the_next_run_ends_it() {
    let mut table = String::from(
        "killed at | serves version | template | enabled | works | next run serves | enabled | named | waiting\n",
    );
    for by_post in [false, true] {
        table.push_str(if by_post { "with the post step\n" } else { "without the post step\n" });
        for point in POINTS {
            let (call, skip, after) = point;
            let mut scene = scene();
            scene.input("grace", "0");
            hanging(&scene, point);
            let running = reach_command(&scene, &["rotate-secret"], call, skip);
            running.signal("KILL");
            let killed = running.finish_lenient();
            assert_eq!(killed.code, 137, "{point:?}");
            if by_post {
                scene.post(&killed).expect(0);
                assert_eq!(record(&scene), None, "{point:?}");
            }
            let list = |numbers: Vec<usize>| numbers.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
            let meets = |scene: &Scene| {
                scene.cloud.world(|world| {
                    let service = world.service("us-central1", "web").unwrap();
                    let shares = service.serving.iter().filter(|share| share.percent > 0);
                    let names = shares.map(|share| world.revision(&share.revision).unwrap().template.clone());
                    names.map(|template| asked(&Value::from(template)).join(",")).collect::<Vec<_>>().join("+")
                })
            };
            let serves = meets(&scene);
            let alive = works(&scene);
            assert!(alive, "{point:?}");
            let then = list(enabled(&scene));
            let stands = asked(&template(&scene)).join(",");
            let next = rotate(&scene).expect(0);
            assert!(works(&scene), "{point:?}");
            assert_eq!(record(&scene), None, "{point:?}");
            let in_use = serving(&scene).1.join(",");
            let named = next.outputs["left_versions"].clone();
            let waiting = next.outputs["waiting_versions"].clone();
            // Whatever is enabled and not read has been named, or waits.
            let loose: Vec<String> =
                enabled(&scene).iter().map(usize::to_string).filter(|number| *number != in_use).collect();
            let mut told: Vec<&str> = named.split(',').chain(waiting.split(',')).filter(|n| !n.is_empty()).collect();
            told.sort_unstable();
            assert_eq!(loose, told, "{point:?}");
            let dash = |text: String| if text.is_empty() { "-".to_owned() } else { text };
            table.push_str(&format!(
                "{} #{skip}{} | {serves} | {stands} | {then} | {} | {in_use} | {} | {} | {}\n",
                short(call),
                if after { ", done" } else { "" },
                if alive { "yes" } else { "NO" },
                list(enabled(&scene)),
                dash(named),
                dash(waiting),
            ));
        }
    }
    insta::assert_snapshot!("killed_at_each_point", table);
}

#[test]
fn a_cancelled_rotation_puts_everything_back() {
    for point in POINTS {
        let (call, skip, after) = point;
        let mut scene = scene();
        scene.input("grace", "0");
        let old = serving(&scene).0;
        hanging(&scene, point);
        let running = reach_command(&scene, &["rotate-secret"], call, skip);
        running.signal("TERM");
        let run = running.finish_lenient();
        let context = format!("{point:?}\n{}", run.log());
        assert_eq!(run.code, 143, "{context}");
        assert!(works(&scene), "{context}");
        assert_eq!(record(&scene), None, "{context}");
        if call == DISABLE {
            // All was done but this.
            assert_eq!(serving(&scene).1, ["4"], "{context}");
            continue;
        }
        if call == PATCH && skip == 2 {
            // The finish: either end is whole.
            continue;
        }
        assert_eq!(serving(&scene).0, old, "{context}");
        assert_eq!(asked(&template(&scene)), ["3"], "{context}");
        let strays: Vec<String> =
            enabled(&scene).into_iter().filter(|number| *number != 3).map(|number| number.to_string()).collect();
        assert!(strays.iter().all(|number| run.log().contains(&format!("version {number}"))), "{context} {after}");
        assert!(strays.is_empty() || run.log().contains("Look at version"), "{context}");
    }
}
