//! The same cases, here and through firebase-tools: `data/answers.json` holds what `oracle.mjs` was told.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use slipway::commands::hosting::serving::{
    Generation, RewriteService, RewriteTargets, config, functions, pins, tag_for, unsafe_pins,
};
use slipway::inputs::firebase::{Chosen, JsonMistake, channel, choose, parse, parse_rc};

use crate::differences::{DIFFERENCES, Here};

const CASES: &str = include_str!("data/cases.json");
const ANSWERS: &str = include_str!("data/answers.json");
const SCHEMA: &str = include_str!("../schemas/firebasehosting.v1beta1.json");
/// The project's default site, and the version, that the oracle was told of.
const DEFAULT_SITE: &str = "harbour-dev";
const VERSION: &str = "0123456789abcdef";

fn object(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).unwrap()
}

/// A file of a case: text as it is, or a document to be written.
fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What the case says about the world: what the product would learn by asking.
fn learn(case: &Value, chosen: &Chosen) -> RewriteTargets {
    let mut resolved = RewriteTargets::default();
    for function in functions(&chosen.config.serving) {
        let found = &case["functions"][format!("{}/{}", function.region(), function.id)];
        let generation = match found["generation"].as_u64() {
            Some(1) => Generation::First { region: function.region().to_owned() },
            Some(2) => {
                // The name is worked out, not looked up: it must be the one that is deployed.
                assert_eq!(found["service"], function.service().name);
                Generation::Second(function.service())
            }
            _ => continue,
        };
        resolved.functions.insert(function, generation);
    }
    let tag = |service: &RewriteService| match case["services"][format!("{}/{}", service.region, service.name)].as_str()
    {
        Some(tag) => tag.to_owned(),
        None => tag_for(VERSION, &service.name).unwrap(),
    };
    resolved.tags = pins(&chosen.config.serving, &resolved).into_iter().map(|one| (one.clone(), tag(&one))).collect();
    resolved
}

fn told(mistakes: Vec<JsonMistake>) -> String {
    mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The answer of this program, in the form of the oracle's.
fn ours(case: &Value) -> Result<Vec<Value>, String> {
    let json = parse(&text_of(&case["firebase"])).map_err(told)?;
    let rc = match case.get("rc") {
        Some(rc) => parse_rc(&text_of(rc)).map_err(told)?,
        None => Default::default(),
    };
    let project = rc.project(Some(case["project"].as_str().unwrap_or("harbour-dev"))).unwrap();
    let chosen = choose(&json, &rc, &project, case["only"].as_str()).map_err(told)?;
    chosen.iter().map(|one| answer(case, one)).collect()
}

fn answer(case: &Value, chosen: &Chosen) -> Result<Value, String> {
    let resolved = learn(case, chosen);
    let serving = &chosen.config.serving;
    let config = config(serving, &resolved).map_err(|error| error.to_string())?;
    let mut answer = json!({"site": chosen.site.as_deref().unwrap_or(DEFAULT_SITE), "config": config});
    chosen.config.public.iter().for_each(|public| answer["public"] = public.as_str().into());
    if !chosen.config.ignore.is_empty() {
        answer["ignore"] = chosen.config.ignore.clone().into();
    }
    if case["channel"].as_str().is_some_and(|channel| channel != "live") {
        let unsafe_ones = unsafe_pins(serving, &resolved, &case["live"]);
        if !unsafe_ones.is_empty() {
            answer["unsafe"] = unsafe_ones.into();
        }
    }
    Ok(answer)
}

/// What means the same to Hosting is made the same: an empty list or a `null` says nothing, and a redirect without a
/// status, which the API's reference does not allow, is written as the 301 that firebase-tools documents.
fn normal(mut answer: Value) -> Value {
    let config = answer["config"].as_object_mut().unwrap();
    config.retain(|_, value| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty()));
    for redirect in config.get_mut("redirects").and_then(Value::as_array_mut).into_iter().flatten() {
        redirect.as_object_mut().unwrap().entry("statusCode").or_insert_with(|| 301.into());
    }
    answer
}

#[test]
fn every_case_gets_the_answer_of_firebase_tools() {
    let (cases, all) = (object(CASES), object(ANSWERS));
    let answers = all["answers"].as_object().unwrap();
    assert!(all["firebase_tools"].as_str().unwrap().starts_with("15."), "the rules are those of 15");
    assert_eq!(cases.keys().collect::<BTreeSet<_>>(), answers.keys().collect(), "run tests/firebase/oracle.mjs");
    assert!(cases.len() >= 150, "{} cases", cases.len());
    let listed: BTreeMap<&str, Here> = DIFFERENCES.iter().map(|(case, here, _)| (*case, *here)).collect();
    assert_eq!(listed.len(), DIFFERENCES.len(), "a case is listed twice");
    let mut found = BTreeMap::new();
    let mut unexpected = Vec::new();
    for (name, case) in &cases {
        let theirs =
            answers[name]["sites"].as_array().map(|sites| sites.iter().cloned().map(normal).collect::<Vec<_>>());
        let ours = ours(case);
        let difference = match (&ours, &theirs) {
            (Ok(ours), Some(theirs)) if ours == theirs => None,
            (Ok(_), Some(_)) => Some(Here::Other),
            (Err(_), Some(_)) => Some(Here::Refused),
            (Ok(_), None) => Some(Here::Taken),
            (Err(_), None) => None,
        };
        if difference != listed.get(name.as_str()).copied() {
            unexpected.push(format!("{name}: {difference:?}\n  ours   {ours:?}\n  theirs {}", answers[name]));
        }
        found.extend(difference.map(|here| (name.as_str(), here)));
    }
    assert!(unexpected.is_empty(), "{}", unexpected.join("\n"));
    assert_eq!(found, listed);
}

/// Whether a value has only what the schema of its message has.
fn fits(value: &Value, schema: &Value, schemas: &Value, place: &str) {
    let schema = schema["$ref"].as_str().map_or(schema, |name| &schemas[name]);
    match schema["type"].as_str().unwrap() {
        "object" => {
            for (name, value) in value.as_object().unwrap() {
                let place = format!("{place}.{name}");
                let inner = schema["properties"].get(name).or_else(|| schema.get("additionalProperties"));
                fits(value, inner.unwrap_or_else(|| panic!("{place} is not in the schema")), schemas, &place);
            }
        }
        "array" => value.as_array().unwrap().iter().for_each(|item| fits(item, &schema["items"], schemas, place)),
        "string" => {
            let text = value.as_str().unwrap_or_else(|| panic!("{place} is no text"));
            let words = schema["enum"].as_array();
            assert!(words.is_none_or(|words| words.iter().any(|word| word == text)), "{place}: {text}");
        }
        "boolean" => assert!(value.is_boolean(), "{place}"),
        "integer" => assert!(value.is_u64(), "{place}"),
        other => panic!("{place}: {other}"),
    }
}

#[test]
fn every_config_is_one_that_hosting_knows() {
    let schemas = &object(SCHEMA)["schemas"];
    let mut checked = 0;
    for (name, case) in &object(CASES) {
        for answer in ours(case).unwrap_or_default() {
            fits(&answer["config"], &json!({"$ref": "ServingConfig"}), schemas, name);
            checked += 1;
        }
    }
    assert!(checked > 80, "{checked} configs");
}

#[test]
fn channels_are_named_as_firebase_tools_names_them() {
    let all = object(ANSWERS);
    let pairs = all["channels"].as_array().unwrap();
    assert!(pairs.len() > 10);
    for pair in pairs {
        let given = pair[0].as_str().unwrap();
        let ours = channel::channel_id(given).map(|id| id.to_string()).ok();
        // A name of dashes alone is one that Hosting refuses.
        let theirs = pair[1].as_str().filter(|name| !name.ends_with('-')).map(str::to_owned);
        assert_eq!(ours, theirs, "{given}");
    }
}

#[test]
fn previews_live_as_long_as_with_firebase_tools() {
    let all = object(ANSWERS);
    let pairs = all["lives"].as_array().unwrap();
    assert!(pairs.len() > 15);
    for pair in pairs {
        let given = pair[0].as_str().unwrap();
        let ours = channel::expires(given).map(|life| life.as_secs()).ok();
        // A preview that ends at once is a slip here, and nothing of use there.
        let theirs = pair[1].as_u64().filter(|seconds| *seconds > 0);
        assert_eq!(ours, theirs, "{given}");
    }
}
