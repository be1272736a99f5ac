//! What holds for any text: nothing panics, every mistake has a place, and every channel's name is a good one.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use slipway::commands::hosting::serving::{RewriteTargets, config, functions, pins, runs, unsafe_pins};
use slipway::inputs::firebase::channel::{ChannelId, channel_id, expires, for_pull_request};
use slipway::inputs::firebase::keys::KEYS;
use slipway::inputs::firebase::{FirebaseRc, choose, parse, parse_rc};

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() })
}

/// A key that is known somewhere, or one that is nearly known.
fn name() -> impl Strategy<Value = String> {
    let known: Vec<&str> = KEYS.iter().map(|key| key.path.rsplit('.').next().unwrap()).collect();
    prop_oneof![12 => prop::sample::select(known).prop_map(str::to_owned), 1 => "[a-z]{0,9}", 1 => ".{0,6}"]
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (295_u16..405).prop_map(Value::from),
        "[a-z/*.-]{0,9}".prop_map(Value::from),
        ".{0,9}".prop_map(Value::from),
        prop::sample::select(vec!["AUTO", "NONE", "dist", "..", "**", "us-central1"]).prop_map(Value::from),
    ]
}

/// Documents made of the right words in the wrong places.
fn tree() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            4 => prop::collection::vec((name(), inner), 0..6)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

/// A rule that may well be a good one.
fn rule() -> impl Strategy<Value = Value> {
    let pattern = prop::sample::select(vec!["source", "glob", "regex"]);
    let to = prop_oneof![
        4 => "/[a-z]{1,5}".prop_map(|path| json!({"destination": path})),
        4 => ("[a-z]{1,5}", any::<bool>()).prop_map(|(id, pin)| json!({"run": {"serviceId": id, "pinTag": pin}})),
        2 => "[a-zA-Z_]{1,9}".prop_map(|id| json!({"function": id})),
        1 => leaf().prop_map(|leaf| json!({"run": leaf})),
    ];
    (pattern, "[a-z/*]{1,6}", to).prop_map(|(pattern, text, mut to)| {
        to[pattern] = text.into();
        to
    })
}

/// Everything that can be done with a text; gives back what was chosen, as a config of each.
fn all_the_way(text: &str, only: Option<&str>) -> Result<Vec<Value>, Vec<String>> {
    let json = parse(text).map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    let chosen = choose(&json, &FirebaseRc::default(), "p", only)
        .map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    let resolved = RewriteTargets::default();
    Ok(chosen
        .iter()
        .map(|one| {
            let serving = &one.config.serving;
            let config = config(serving, &resolved).unwrap();
            assert!(functions(serving).len() + runs(serving).len() <= serving.rewrites.len());
            // A site that pins what it leaves open itself: whatever is pinned is unsafe.
            let open = json!({"rewrites": pins(serving, &resolved).iter().map(|service|
                json!({"glob": "x", "run": {"serviceId": service.name, "region": service.region}})).collect::<Vec<_>>()});
            assert!(unsafe_pins(serving, &resolved, &open).iter().all(|pattern| pattern == "x"));
            config
        })
        .collect())
}

#[test]
fn any_document_is_understood_or_refused_with_a_reason() {
    let document = prop_oneof![
        3 => tree().prop_map(|hosting| json!({"hosting": hosting})),
        1 => tree(),
        1 => prop::collection::vec(tree(), 1..4).prop_map(|sites| json!({"hosting": sites})),
    ];
    let result = runner(3000).run(&(document, prop::option::of("[a-z,:]{0,9}")), |(document, only)| {
        for text in [document.to_string(), serde_json::to_string_pretty(&document).unwrap()] {
            if let Err(told) = all_the_way(&text, only.as_deref()) {
                prop_assert!(!told.is_empty());
                prop_assert!(
                    told.iter().all(|line| line.starts_with("firebase.json") || line.starts_with(".firebaserc"))
                );
            }
            let _ = parse_rc(&text);
        }
        Ok(())
    });
    result.unwrap();
}

#[test]
fn any_text_is_understood_or_refused() {
    let pieces = prop::collection::vec(
        prop::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            "\"",
            "\\",
            ",",
            ":",
            "//",
            "/*",
            "*/",
            "\n",
            "\"hosting\"",
            "null",
            "1e999",
            "\u{feff}",
            "ä",
        ]),
        0..40,
    );
    let text = prop_oneof![pieces.prop_map(|pieces| pieces.concat()), ".{0,40}".prop_map(|text| text)];
    let result = runner(5000).run(&text, |text| {
        let _ = (parse(&text), parse_rc(&text));
        Ok(())
    });
    result.unwrap();
}

#[test]
fn good_rules_keep_their_number_and_their_order() {
    let good = std::sync::atomic::AtomicUsize::new(0);
    let result = runner(500).run(&prop::collection::vec(rule(), 1..8), |rules| {
        let text = json!({"hosting": {"public": "dist", "rewrites": rules}}).to_string();
        if let Ok(configs) = all_the_way(&text, None) {
            let made = configs[0]["rewrites"].as_array().unwrap().clone();
            prop_assert_eq!(made.len(), rules.len());
            for (made, rule) in made.iter().zip(&rules) {
                let glob = rule.get("source").or_else(|| rule.get("glob"));
                prop_assert_eq!(made.get("glob"), glob);
                prop_assert_eq!(made.get("regex"), rule.get("regex"));
                prop_assert_eq!(made.get("path"), rule.get("destination"));
            }
            good.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
        Ok(())
    });
    result.unwrap();
    let good = good.into_inner();
    assert!(good > 150, "only {good} of 500 were good");
}

fn is_good(channel: &ChannelId) -> bool {
    let name = channel.as_str();
    let edges = |c: char| c == '-' || c == '.';
    (1..=63).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b))
        && !name.starts_with(edges)
        && !name.ends_with(edges)
        && !name.eq_ignore_ascii_case("live")
}

#[test]
fn every_channel_has_a_good_name() {
    let text = prop_oneof![
        ".{0,80}",
        "[a-zA-Z0-9/_.#:-]{0,80}",
        prop::sample::select(vec!["live", "..", "-", "LIVE\n"]).prop_map(str::to_owned)
    ];
    let result = runner(5000).run(&(any::<u64>(), text), |(number, text)| {
        let channel = for_pull_request(number, &text);
        let start = format!("pr{number}");
        prop_assert!(is_good(&channel) && channel.as_str().starts_with(&start), "{channel}");
        match channel_id(&text) {
            Ok(channel) => {
                prop_assert!(is_good(&channel), "{channel}");
                prop_assert_eq!(channel_id(channel.as_str()), Ok(channel));
            }
            Err(error) => {
                // What is advised is taken.
                let cure = error.cure();
                if let Some(name) = cure.split('`').nth(1) {
                    prop_assert!(channel_id(name).is_ok(), "{cure}");
                }
            }
        }
        let _ = expires(&text);
        Ok(())
    });
    result.unwrap();
}
