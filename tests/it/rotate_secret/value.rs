//! The value: what it is made of, and that it stands nowhere but in the request that must carry it.

use fakecloud::{Page, RevisionOutcome, RevisionScript, Site, World};

use super::{ADD, payload, rotate, scene};
use crate::rollout::{ill, next_answers};
use crate::support::listener::Listener;
use crate::support::{Run, Scene, files_below};

#[test]
fn a_chat_is_told_how_it_ended_and_never_the_value() {
    let chat = Listener::start(|_| "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok".to_owned());
    let mut scene = scene();
    scene.input("notify_webhook", &format!("{}/a-secret-path", chat.url()));
    rotate(&scene).expect(0).says("The webhook was told");
    next_answers(&scene, ill());
    rotate(&scene).expect(9).says("The webhook was told");
    scene.input("dry_run", "true");
    rotate(&scene).expect(0).does_not_say("webhook");
    assert_eq!(chat.heads().len(), 2);
}

#[test]
fn a_given_value_is_stored_as_it_is_and_stands_nowhere() {
    let mut scene = scene();
    let value = "given+value/with=specials&and$more-9f2c";
    scene.input("value", value);
    let run = rotate(&scene).expect(0);
    assert_eq!(payload(&scene, 4), value);
    hidden(&scene, &run, value);
    let generated = super::scene();
    let run = rotate(&generated).expect(0);
    hidden(&generated, &run, &payload(&generated, 4));
}

#[test]
fn a_container_that_tells_the_value_is_not_quoted() {
    let mut scene = scene();
    let value = r#"told|by_"them"*all*<b>-77"#;
    scene.input("value", value);
    scene.cloud.world(|world| {
        world.grant(World::PROJECT, World::DEPLOYER, "roles/logging.viewer");
        world.next_revisions.push_back(RevisionScript {
            log: vec![format!("Error: password {value} is refused")],
            ..RevisionScript::ending(RevisionOutcome::DoesNotListen)
        });
    });
    let run = rotate(&scene).expect(8);
    run.says("Error: password *** is refused");
    hidden(&scene, &run, value);
    let page = Page::text(500, &format!("no: {value}"));
    next_answers(&scene, Site::healthy().with("/health", page));
    let run = rotate(&scene).expect(9);
    assert!(run.summary.contains("no: \\*\\*\\*") || run.summary.contains("no: ***"), "{}", run.summary);
    for form in [value.to_owned(), value.replace('|', "\\|"), value.replace('"', "\\\"")] {
        assert!(!run.summary.contains(&form) && !format!("{:?}", run.outputs).contains(&form), "{form}");
    }
}

/// The value stands in the one request that must carry it, and nowhere else.
fn hidden(scene: &Scene, run: &Run, value: &str) {
    use base64::Engine as _;
    let encoded = base64::engine::general_purpose::STANDARD.encode(value);
    let unmasked = |text: &str| -> String { text.lines().filter(|line| !line.starts_with("::add-mask::")).collect() };
    let masked = run.stdout.lines().position(|line| line == format!("::add-mask::{value}"));
    let told = run.stdout.lines().position(|line| line.contains("New version: version")).unwrap();
    assert!(masked.is_some_and(|line| line < told), "the runner is told to hide it before it is anywhere");
    for form in [value, encoded.as_str()] {
        for text in [unmasked(&run.stdout), run.summary.clone(), format!("{:?}{:?}", run.outputs, run.state)] {
            assert!(!text.contains(form));
        }
        for file in files_below(&scene.directory) {
            let text = std::fs::read(&file).unwrap();
            let text = String::from_utf8_lossy(&text);
            assert!(!text.contains(form), "it is in {}", file.display());
        }
        for request in scene.cloud.journal().iter().filter(|request| !request.is(ADD)) {
            let text = format!("{} {:?} {}", request.path, request.query, String::from_utf8_lossy(&request.body));
            assert!(!text.contains(form), "it went out with {}", request.call);
        }
    }
}

#[test]
fn length_and_alphabet_make_the_value() {
    let mut scene = scene();
    scene.input("length", "64").input("alphabet", "hex");
    rotate(&scene).expect(0);
    let value = payload(&scene, 4);
    assert_eq!((value.len(), value.bytes().all(|byte| b"0123456789abcdef".contains(&byte))), (64, true));
    scene.input("length", "100").input("alphabet", "xyz");
    rotate(&scene).expect(0);
    let value = payload(&scene, 5);
    assert_eq!((value.len(), value.bytes().all(|byte| b"xyz".contains(&byte))), (100, true));
}
