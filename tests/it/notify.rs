//! `notify_webhook`: a chat is told how a run ended; what becomes of that changes nothing.

use crate::support::Scene;
use crate::support::listener::Listener;

fn chat(answer: &'static str) -> Listener {
    Listener::start(move |_| answer.to_owned())
}

const FINE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
const ILL: &str = "HTTP/1.1 500 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

fn scene(chat: &Listener) -> Scene {
    let mut scene = Scene::new();
    scene.input("notify_webhook", &format!("{}/services/T0/B0/a-secret-path", chat.url()));
    scene
}

#[test]
fn success_and_failure_are_told_and_the_address_never_shown() {
    let chat = chat(FINE);
    let mut scene = scene(&chat);
    let run = scene.run().expect(0);
    run.says("The webhook was told").does_not_say("a-secret-path");
    assert!(run.stdout.contains("::add-mask::") && !run.summary.contains("a-secret-path"));
    scene.file("app/Dockerfile", "FROM x\nCOPY missing .\n");
    scene.run().expect(6);
    let heads = chat.heads();
    assert_eq!(heads.len(), 2);
    assert!(heads.iter().all(|head| head.starts_with("POST /services/T0/B0/a-secret-path")), "{heads:?}");
    assert!(heads.iter().all(|head| !head.to_lowercase().contains("authorization")), "no token of Google's goes there");
}

#[test]
fn a_chat_that_fails_is_a_warning() {
    let chat = chat(ILL);
    scene(&chat).run().expect(0).says("The webhook could not be told how the run ended: it answered 500");
    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let mut scene = Scene::new();
    scene.input("notify_webhook", &format!("http://{gone}/a-secret-path"));
    scene.run().expect(0).says("no connection").does_not_say("a-secret-path");
}

#[test]
fn a_plan_tells_nobody_and_a_bad_address_is_a_mistake() {
    let chat = chat(FINE);
    let mut scene = scene(&chat);
    scene.input("dry_run", "true");
    scene.run().expect(0);
    assert!(chat.heads().is_empty());
    scene.input("notify_webhook", "http://hooks.example/a-secret-path");
    scene.run().expect(2).says("it is not an address that can be told").does_not_say("a-secret-path");
}
