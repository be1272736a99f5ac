//! Every character that YAML or a `.env` file gives a meaning, wherever it stands in a value that the runner put into a
//! map: the value arrives as it is, or the run is refused with a sentence that names the variable and the way.

use serde_json::Value;

use super::{in_parallel, job};
use crate::support::{Run, Scene};

/// The characters with a meaning, and some that look as if they had one.
const SIGNS: [&str; 44] = [
    "#", "&", "*", "!", "|", ">", "'", "\"", "%", "@", "`", "{", "}", "[", "]", ",", "?", ":", "-", "=", "~", "<",
    "<<", "---", "...", "\\", "$", "${", "{{", " ", "  ", "\t", "\n", "\r", "\n\n", "\n  ", "|-", ">+", "- ", "? ",
    ": ", "!!", "\u{85}", "\u{2028}",
];

/// Values with a sign at the beginning, in the middle and at the end, joined to a text and apart from it.
fn values() -> Vec<String> {
    let mut values = Vec::new();
    for sign in SIGNS {
        values.push(sign.to_owned());
        for (before, after) in
            [("", "abc"), ("ab", "cd"), ("abc", ""), ("", " abc"), ("ab ", "cd"), ("ab ", " cd"), ("abc ", "")]
        {
            values.push(format!("{before}{sign}{after}"));
        }
    }
    values.sort();
    values.dedup();
    values
}

/// What no grammar can tell from the lines around it: line breaks at the end are empty lines.
fn without_empty_lines(value: &str) -> &str {
    let kept = value.trim_end();
    if value[kept.len()..].starts_with(['\n', '\r']) { kept } else { value }
}

fn variable(scene: &Scene, name: &str) -> Option<String> {
    scene.cloud.world(|world| {
        let job = world.job("us-central1", "nightly")?;
        let config = Value::Object(job.config.clone());
        let env = config["template"]["template"]["containers"][0]["env"].as_array()?.clone();
        env.iter().find(|entry| entry["name"] == name)?["value"].as_str().map(str::to_owned)
    })
}

/// What became of a value: nothing but itself may arrive.
fn judge(scene: &Scene, run: &Run, value: &str, way: &str) {
    match run.code {
        0 => {
            let arrived = variable(scene, "V").or_else(|| Some(String::new()));
            let same = [value, without_empty_lines(value)].contains(&arrived.as_deref().unwrap_or_default());
            // A comment that is taken for one is said to be one.
            let said = run.log().contains("is a comment; quote the value");
            assert!(same || said, "{way}: {value:?} arrives as {arrived:?}\n{}", run.log());
            assert_eq!(variable(scene, "TOKEN").as_deref(), Some("x"), "{way}: {value:?}");
        }
        2 => {
            let log = run.log();
            assert!(log.contains("env_vars, line "), "{way}: {value:?}\n{log}");
            assert!(
                log.contains("toJSON(secrets.NAME)") || log.contains("quotes") || log.contains("close it"),
                "{way}: {value:?}\n{log}"
            );
            assert!(!log.contains("abc") && !log.contains("cd"), "{way}: {value:?}\n{log}");
        }
        code => panic!("{way}: {value:?}: exit code {code}\n{}", run.log()),
    }
}

/// A map with a value in it.
type Written = fn(&str) -> String;

#[test]
fn a_value_in_a_map_arrives_as_it_is_or_is_refused() {
    let ways: [(&str, Written); 4] = [
        ("YAML, in the middle", |value| format!("STAGE: staging\nV: {value}\nTOKEN: x")),
        ("YAML, at the end", |value| format!("TOKEN: x\nV: {value}")),
        ("lines, in the middle", |value| format!("STAGE=staging\nV={value}\nTOKEN=x")),
        ("lines, at the end", |value| format!("TOKEN=x\nV={value}\n")),
    ];
    let mut all: Vec<(&str, String, String)> = Vec::new();
    for (number, (way, text)) in ways.into_iter().enumerate() {
        // What follows a value matters little: a part of them shows it.
        let every = if number % 2 == 0 { 1 } else { 4 };
        all.extend(values().into_iter().step_by(every).map(|value| (way, text(&value), value)));
    }
    in_parallel(&all, |part| {
        let scene = job();
        for (way, text, value) in part {
            let before = scene.cloud.journal().len();
            let run = scene.start_beside(&[("INPUT_ENV_VARS", text)], &["job"]).finish();
            judge(&scene, &run, value, way);
            assert!(run.code == 0 || scene.cloud.journal().len() == before, "{way}: {value:?} was sent");
            scene.cloud.world(|world| world.jobs.clear());
        }
    });
}

/// The way that every mistake shows: what `toJSON` makes of a value.
#[test]
fn as_json_every_value_arrives() {
    let all = values();
    in_parallel(&all, |part| {
        let scene = job();
        let mut yaml = String::new();
        for (number, value) in part.iter().enumerate() {
            yaml.push_str(&format!("V{number}: {}\n", Value::from(value.as_str())));
        }
        let json: serde_json::Map<String, Value> =
            part.iter().enumerate().map(|(number, value)| (format!("V{number}"), value.as_str().into())).collect();
        for text in [yaml, Value::Object(json).to_string()] {
            let run = scene.start_beside(&[("INPUT_ENV_VARS", &text)], &["job"]).finish();
            assert_eq!(run.code, 0, "{}", run.log());
            for (number, value) in part.iter().enumerate() {
                assert_eq!(variable(&scene, &format!("V{number}")).as_ref(), Some(value), "{value:?}");
            }
            scene.cloud.world(|world| world.jobs.clear());
        }
    });
}

#[test]
fn the_cases_are_refused_by_their_own_cause() {
    for (text, says) in [
        (
            "STAGE: staging\nPASSWORD: abc #def\nTOKEN: x",
            "takes what follows the `#` behind the value of `PASSWORD` for a comment; write `PASSWORD: ${{ toJSON(secrets.NAME) }}`",
        ),
        (
            "STAGE: staging\nPASSWORD: &amp1\nTOKEN: x",
            "the value of `PASSWORD` begins with `&`, which YAML takes for an anchor",
        ),
        ("A=1,B=2", "`A=1` and `B=2`; write each in a line of its own"),
        (
            "DATABASE_URL postgres://app:pA55w0rdXyZ@db.internal/app?sslmode=require",
            "env_vars, line 1: no `=` behind `DATABASE_URL`",
        ),
    ] {
        let mut scene = job();
        scene.input("env_vars", text);
        let run = scene.command(&["job"]).expect(2);
        run.says(says).does_not_say("pA55").does_not_say("def").does_not_say("amp1");
        assert_eq!(scene.cloud.journal().len(), 0);
    }
    let mut scene = job();
    scene.input("env_vars", "OTEL_RESOURCE_ATTRIBUTES=service.name=web,deployment.environment=x");
    scene.command(&["job"]).expect(0);
    assert_eq!(
        variable(&scene, "OTEL_RESOURCE_ATTRIBUTES").as_deref(),
        Some("service.name=web,deployment.environment=x")
    );
}

#[test]
fn files_that_people_commit_keep_their_comments() {
    let mut scene = job();
    scene.input("env_vars_file", "vars");
    for text in ["V: abc # why\nTOKEN: x  # and\n", "V=abc # why\nTOKEN=x #and\n"] {
        scene.file("vars", text);
        scene.command(&["job"]).expect(0).does_not_say("comment");
        assert_eq!((variable(&scene, "V").as_deref(), variable(&scene, "TOKEN").as_deref()), (Some("abc"), Some("x")));
    }
}

/// A run that goes through all variables for each of them takes most of a minute here, and is ended then.
#[test]
fn twenty_thousand_variables_are_no_trouble() {
    let mut scene = job();
    let lines: String = (0..20_000).map(|number| format!("VARIABLE_{number}=value {number}\n")).collect();
    scene.file("vars", &lines).input("env_vars_file", "vars");
    scene.command(&["job"]).expect(0);
    assert_eq!(variable(&scene, "VARIABLE_19999").as_deref(), Some("value 19999"));
}
