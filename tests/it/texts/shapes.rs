//! Answers that are JSON and not what was asked for: an error of the API, or nothing at all, and never a panic.

use fakecloud::{Action, Fault};
use serde_json::{Value, json};

use super::in_parallel;
use crate::support::{Run, Scene};

fn shapes() -> Vec<Value> {
    vec![
        json!([]),
        json!([[1]]),
        json!("text"),
        json!(7),
        json!(null),
        json!(true),
        json!({"bindings": 1, "items": "x"}),
    ]
}

fn answer(body: &Value) -> Action {
    let json = vec![("Content-Type".to_owned(), "application/json; charset=UTF-8".to_owned())];
    Action::Raw(200, json, body.to_string().into_bytes())
}

fn judge(run: &Run, what: &str) {
    let known = [0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
    assert!(known.contains(&run.code), "{what}: exit code {}\n{}", run.code, run.log());
    assert!(
        !run.stdout.contains("panicked") && !run.stderr.contains("panicked"),
        "{what}: {}{}",
        run.stdout,
        run.stderr
    );
}

/// What a deploy asks for, each once.
fn calls(scene: &Scene) -> Vec<&'static str> {
    let mut calls: Vec<String> = scene.calls();
    calls.sort();
    calls.dedup();
    calls.into_iter().filter(|call| call.contains('.') && !call.starts_with("site")).map(|call| &*call.leak()).collect()
}

fn deploy() -> Scene {
    let mut scene = Scene::deployed();
    scene.input("allow_unauthenticated", "true").input("health_path", "/").input("env_vars", "A: 1");
    scene
}

#[test]
fn an_answer_of_another_shape_stops_no_program() {
    let scene = deploy();
    scene.run().expect(0);
    let all: Vec<(&'static str, Value)> =
        calls(&scene).into_iter().flat_map(|call| shapes().into_iter().map(move |shape| (call, shape))).collect();
    assert!(all.len() > 80, "{}", all.len());
    in_parallel(&all, |part| {
        let scene = deploy();
        for (call, shape) in part {
            scene.cloud.world(|world| world.faults.push(Fault::next(call, answer(shape))));
            let run = scene.start(&[]).finish_unjudged();
            judge(&run, &format!("{call} answers {shape}"));
        }
    });
}

#[test]
fn a_policy_that_is_a_list_leaves_no_traffic_behind() {
    let scene = deploy();
    let fault = Fault::next("run.projects.locations.services.getIamPolicy", answer(&json!([]))).times(Fault::FOREVER);
    scene.cloud.world(|world| world.faults.push(fault));
    let run = scene.start(&[]).finish_unjudged();
    judge(&run, "getIamPolicy");
    assert_ne!(run.code, 0, "{}", run.log());
    run.says("with a list where an object belongs");
}

/// Every place in a value, as pointers.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| {
            let at = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
            found.push(at.clone());
            places(value, &at, found);
        }),
        Value::Array(list) => list.iter().enumerate().for_each(|(index, value)| {
            let at = format!("{at}/{index}");
            found.push(at.clone());
            places(value, &at, found);
        }),
        _ => {}
    }
}

/// A service with one place of it garbled, wherever that is.
#[test]
fn a_garbled_service_stops_no_program() {
    let mut scene = deploy();
    scene.input("secrets", "/k/a: db:1\nB: db:1");
    scene.cloud.world(|world| world.add_secret(fakecloud::World::PROJECT, "db", "x"));
    scene.run();
    let service = scene.cloud.world(|world| world.service("us-central1", "web").unwrap().config.clone());
    let service = Value::Object(service);
    let mut found = Vec::new();
    places(&service, "", &mut found);
    assert!(found.len() > 30, "{found:?}");
    let all: Vec<(String, Value)> = found
        .into_iter()
        .enumerate()
        .flat_map(|(index, place)| {
            let shapes = [json!([]), json!({}), json!("text"), json!(7), json!(null), json!([[]])];
            [0, 3].map(|next| (place.clone(), shapes[(index + next) % shapes.len()].clone()))
        })
        .collect();
    in_parallel(&all, |part| {
        let mut scene = deploy();
        scene.cloud.world(|world| world.add_secret(fakecloud::World::PROJECT, "db", "x"));
        scene.input("secrets", "/k/a: db:1\nB: db:1").input("port", "3000").input("max_instances", "3");
        for (place, shape) in part {
            let mut garbled = service.clone();
            *garbled.pointer_mut(place).unwrap() = shape.clone();
            let fault = Fault::next("run.projects.locations.services.get", answer(&garbled));
            scene.cloud.world(|world| world.faults.push(fault));
            let run = scene.start(&[]).finish_unjudged();
            judge(&run, &format!("{place} is {shape}"));
        }
    });
}

/// A command, and a scene in which it goes well.
type Command = (&'static str, fn() -> Scene);

/// The commands that ask for more than a deploy does.
const COMMANDS: [Command; 9] = [
    ("job", super::job),
    ("hosting", crate::hosting::scene),
    ("status", read),
    ("doctor", crate::doctor::fresh),
    ("monitoring", crate::monitoring::scene),
    ("rotate-key", crate::rotate_key::scene),
    ("rotate-secret", crate::rotate_secret::scene),
    ("release", crate::release::scene),
    ("preview", crate::preview::scene),
];

fn read() -> Scene {
    let mut scene = Scene::deployed();
    scene.input("source", "");
    scene
}

/// The answers that a command gets, each call's first one.
fn answers(words: &str, scene: &Scene) -> Vec<(&'static str, Value)> {
    let since = scene.cloud.journal().len();
    let run = scene.start(&[words]).finish_unjudged();
    assert_eq!(run.code, 0, "{words}\n{}", run.log());
    let mut found: Vec<(&'static str, Value)> = Vec::new();
    for request in scene.cloud.journal().into_iter().skip(since) {
        let answer = request.answer_json();
        let known = found.iter().any(|(call, _)| *call == request.call);
        if !known && !matches!(request.api.as_str(), "site" | "hosting") && !answer.is_null() {
            found.push((request.call.leak(), answer));
        }
    }
    found
}

/// The same objects and lists with something else in them: every text and switch a number, every number a text.
fn other_leaves(value: &Value) -> Value {
    match value {
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), other_leaves(value))).collect(),
        Value::Array(list) => list.iter().map(other_leaves).collect(),
        Value::Number(_) | Value::Null => json!("text"),
        Value::String(_) | Value::Bool(_) => json!(7),
    }
}

/// The same keys, and nothing that belongs behind them.
fn other_branches(value: &Value, with: &Value) -> Value {
    match value {
        Value::Object(map) => map.keys().map(|key| (key.clone(), with.clone())).collect(),
        _ => with.clone(),
    }
}

#[test]
fn no_command_is_stopped_by_the_shape_of_an_answer() {
    let mut all = Vec::new();
    for (words, scene) in COMMANDS {
        for (call, answer) in answers(words, &scene()) {
            all.push((words, scene, call, other_leaves(&answer)));
            let with = if all.len() % 4 == 1 { json!([7]) } else { json!({"a": 7}) };
            all.push((words, scene, call, other_branches(&answer, &with)));
        }
    }
    assert!(all.len() > 150, "{}", all.len());
    in_parallel(&all, |part| {
        for (words, scene, call, shape) in part {
            let scene = scene();
            scene.cloud.world(|world| world.faults.push(Fault::next(call, answer(shape))));
            let run = scene.start(&[words]).finish_unjudged();
            judge(&run, &format!("{words}: {call} answers {shape}"));
        }
    });
}
