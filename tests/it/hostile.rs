//! Text of others: nothing in it commands the runner, the terminal, or the page.

use fakecloud::{BuildScript, Outcome};

use crate::support::{Scene, runner};

pub const LINES: [&str; 12] = [
    "::set-output name=url::https://evil.example",
    "  ::add-mask::e",
    "x ##[error]gone",
    "##\u{200b}[group]hidden",
    "a\r::stop-commands::pause\rb",
    "\u{1b}[2J\u{1b}]8;;https://evil.example\u{7}click\u{1b}]8;;\u{7}",
    "::endgroup::",
    "``` </summary><img src=https://evil.example/x> @everyone #1 | a | b |",
    "\u{202e}txt.exe\u{0}",
    "##[add-path]/tmp",
    "::error file=a::b%0A::group::x",
    "[click](javascript:alert(1)) ![](https://evil.example/y)",
];

#[test]
fn a_hostile_log_is_shown_and_obeyed_by_nobody() {
    let scene = Scene::new();
    let raw = LINES.join("\n") + "\n";
    let alive =
        LINES.iter().filter(|line| runner::lines(line).into_iter().any(|line| runner::command(line).is_some())).count();
    assert!(alive >= 7, "the lines must be ones the runner would obey");
    scene.cloud.world(|world| {
        // In pieces that end inside lines and characters.
        let log = raw.as_bytes().chunks(37).map(<[u8]>::to_vec).collect();
        world.next_builds.push_back(BuildScript {
            working: 8,
            log: Some(log),
            ..BuildScript::ending(Outcome::Success)
        });
    });
    let run = scene.run().expect(0);
    assert!(!run.stdout.contains('\u{1b}') && !run.stdout.contains('\u{202e}') && !run.stdout.contains('\u{0}'));
    run.says("│ ::set-output name=url::https://evil.example").says("│ x # #[error]gone");
}

#[test]
fn a_hostile_failure_stays_inside_its_block() {
    let scene = Scene::new();
    let lines = LINES.iter().map(|line| (*line).to_owned()).collect();
    scene.cloud.world(|world| {
        world.next_builds.push_back(BuildScript::ending(Outcome::StepFails { step: 0, exit: 1, lines }))
    });
    let run = scene.run().expect(6);
    let block = run.summary.split("````text\n").nth(1).unwrap().split("\n````").next().unwrap();
    assert!(block.contains("</summary><img"), "shown, inside the block");
    let outside = run.summary.replace(block, "");
    assert!(!outside.contains("<img") && !outside.contains("evil.example"), "{outside}");
    assert_eq!(
        run.outputs.keys().collect::<Vec<_>>(),
        ["build_id", "build_seconds", "build_url", "report", "result"]
            .iter()
            .filter(|name| run.outputs.contains_key(**name))
            .collect::<Vec<_>>()
    );
}

#[test]
fn hostile_names_in_the_source_are_shown_harmlessly() {
    let mut scene = Scene::new();
    scene.file("app/::error::x\n##[group]y/.env", "SECRET=1");
    let run = scene.run().expect(0);
    run.says("may hold a secret and is packed");
}
