//! The transaction table: for each setting that holds for all revisions, and for who may call the service, what it was
//! and what it is after each way in which a deploy can end.

use std::collections::BTreeMap;

use fakecloud::{Action, Fault};
use serde_json::{Value, json};

use super::config;
use crate::interrupted::reach;
use crate::rollout::{ill, next_answers, record, revisions, traffic};
use crate::support::Scene;

const PATCH: &str = "run.projects.locations.services.patch";
const SET_POLICY: &str = "run.projects.locations.services.setIamPolicy";

/// Settings by which nobody outside can ask the service any more.
const SHUT: [&str; 3] = ["ingress", "iapEnabled", "defaultUriDisabled"];

/// Who may call the service by its policy, before and then; nothing where the deploy says nothing about that.
type Public = Option<[bool; 2]>;

/// Settings that hold for all revisions: before, and as the deploy wants them. Where its invoker check is switched off, a
/// grant to everybody would change nothing: that one changes alone.
fn settings(public: Public) -> Vec<(&'static str, Value, Value)> {
    let all = [
        ("ingress", json!("INGRESS_TRAFFIC_ALL"), json!("INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER")),
        ("description", json!("old"), json!("new")),
        ("labels", json!({"team": "a", "stays": "x"}), json!({"team": "b", "stays": "x", "new": "y"})),
        ("annotations", json!({"example.com/a": "1"}), json!({"example.com/a": "2", "example.com/b": "3"})),
        ("scaling", json!({"minInstanceCount": 1}), json!({"minInstanceCount": 2, "maxInstanceCount": 9})),
        ("invokerIamDisabled", Value::Null, json!(true)),
        ("iapEnabled", Value::Null, json!(true)),
        ("defaultUriDisabled", Value::Null, json!(true)),
        ("customAudiences", Value::Null, json!(["https://web.example.com"])),
        ("binaryAuthorization", Value::Null, json!({"useDefault": true})),
        ("sshEnabled", Value::Null, json!(true)),
    ];
    all.into_iter().filter(|(name, ..)| public.is_none() || *name != "invokerIamDisabled").collect()
}

/// A manifest with these settings.
fn manifest(public: Public, pick: impl Fn((&'static str, Value, Value)) -> (&'static str, Value)) -> String {
    let mut document = json!({"template": {"containers": [{"image": "x"}]}});
    for (name, value) in settings(public).into_iter().map(pick).filter(|(_, value)| !value.is_null()) {
        document[name] = value;
    }
    document.to_string()
}

/// A service with the settings of before, and a deploy that wants others.
fn scene(public: Public) -> Scene {
    let word = |public: bool| if public { "true" } else { "false" };
    let mut scene = Scene::new();
    scene.file("before.yaml", manifest(public, |(name, before, _)| (name, before)));
    scene.file("after.yaml", manifest(public, |(name, _, after)| (name, after)));
    scene.input("manifest", "before.yaml").input("skip_default_labels", "true");
    scene.input("allow_unauthenticated", public.map(|public| word(public[0])).unwrap_or_default()).run().expect(0);
    scene.input("manifest", "after.yaml").input("env_vars", "CHANGED: 1");
    scene.input("allow_unauthenticated", public.map(|public| word(public[1])).unwrap_or_default());
    scene
}

/// A manifest of the scene.
fn read(scene: &Scene, name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(scene.workspace().join(name)).unwrap()).unwrap()
}

/// Wants only what leaves the service within reach, so that the checks can be asked.
fn within_reach(scene: &mut Scene) {
    let mut document = read(scene, "after.yaml");
    let before = read(scene, "before.yaml");
    for name in SHUT {
        document.as_object_mut().unwrap().remove(name);
        if let Some(value) = before.get(name) {
            document[name] = value.clone();
        }
    }
    scene.file("after.yaml", document.to_string());
}

/// With a check, which private services are asked with an identity.
fn checked(scene: &mut Scene) -> &mut Scene {
    scene.input("health_path", "/health").input("health_timeout", "5s")
}

/// What holds for all revisions, and who may call the service.
fn level(scene: &Scene) -> BTreeMap<&'static str, String> {
    let config = config(scene);
    let mut all: BTreeMap<&str, String> = settings(None)
        .into_iter()
        .map(|(name, ..)| {
            let mut value = config[name].clone();
            if let Some(notes) = value.as_object_mut().filter(|_| name == "annotations") {
                notes.retain(|name, _| !name.starts_with("slipway.dev/"));
            }
            (name, value.to_string())
        })
        .collect();
    let public = scene.cloud.world(|world| {
        let bindings = &world.service("us-central1", "web").unwrap().policy.bindings;
        bindings.iter().any(|binding| binding.members.iter().any(|member| member == "allUsers"))
    });
    all.insert("allUsers", public.to_string());
    all.insert("agent of IAP", agent_is_granted(scene).to_string());
    all
}

/// Whether Identity-Aware Proxy may pass on whom it lets in.
fn agent_is_granted(scene: &Scene) -> bool {
    scene.cloud.world(|world| {
        let agent = format!("serviceAccount:{}", world.home().proxy_agent());
        world.service("us-central1", "web").unwrap().policy.holds("roles/run.invoker", &agent)
    })
}

/// A way in which the deploy ends: its name, and what brings it about and says what is expected of it.
type Ending = (&'static str, fn(&mut Scene));

const ACCESS_REFUSED: &str = "access refused";
const AGENT_REFUSED: &str = "agent of IAP refused";

const ENDINGS: [Ending; 12] = [
    ("ends well", |scene| {
        scene.run().expect(0);
    }),
    ("candidate does not start", |scene| {
        scene.cloud.world(|world| {
            let script = fakecloud::RevisionScript::ending(fakecloud::RevisionOutcome::DoesNotListen);
            world.next_revisions.push_back(script);
        });
        scene.run().expect(8);
    }),
    ("candidate fails", |scene| {
        next_answers(scene, ill());
        checked(scene).run().expect(9).says("serves as before");
    }),
    ("shift refused", |scene| {
        scene.cloud.world(|world| world.faults.push(Fault::next(PATCH, Action::status(403)).skip(1)));
        checked(scene).run().expect(4).says("serves as before");
    }),
    ("service fails after the shift", |scene| {
        within_reach(scene);
        // The candidate is asked without an identity and with one, or is open.
        scene.cloud.world(|world| {
            world.faults.push(Fault::next("site.request", Action::status(500)).skip(2).times(Fault::FOREVER))
        });
        let run = checked(scene).run().expect(9);
        scene.cloud.world(|world| world.faults.clear());
        run.says("so are its settings that had changed with the traffic");
    }),
    (AGENT_REFUSED, |scene| {
        scene.cloud.world(|world| world.faults.push(Fault::next(SET_POLICY, Action::status(403))));
        let run = checked(scene).run().expect(4);
        run.says("serves as before").says("gcloud run services add-iam-policy-binding web --region=us-central1");
    }),
    (ACCESS_REFUSED, |scene| {
        scene.cloud.world(|world| world.faults.push(Fault::next(SET_POLICY, Action::status(403)).skip(1)));
        checked(scene).run().expect(4).says("serves as before");
    }),
    ("cancelled at the candidate", |scene| {
        scene.cloud.world(|world| world.faults.push(Fault::next("site.request", Action::Hang)));
        let running = reach(checked(scene), "site.request", 0);
        running.signal("TERM");
        assert_eq!(running.finish().code, 143);
    }),
    ("cancelled after the shift", |scene| {
        scene.cloud.world(|world| world.faults.push(Fault::lost_reply(PATCH, Action::Hang).skip(1)));
        let running = reach(checked(scene), PATCH, 1);
        running.signal("TERM");
        assert_eq!(running.finish().code, 143);
    }),
    ("killed after the shift, then the post step", |scene| {
        scene.cloud.world(|world| world.faults.push(Fault::lost_reply(PATCH, Action::Hang).skip(1)));
        let running = reach(checked(scene), PATCH, 1);
        running.signal("KILL");
        let run = running.finish();
        assert_ne!(level(scene)["ingress"], "\"INGRESS_TRAFFIC_ALL\"", "it had changed");
        scene.cloud.world(|world| world.faults.clear());
        scene.post(&run).expect(0);
    }),
    ("killed before the end, then the post step", |scene| {
        // Traffic, settings and who may call it have changed; what is left is the end of the rollout.
        scene.cloud.world(|world| world.faults.push(Fault::next(PATCH, Action::Hang).skip(2)));
        let running = reach(checked(scene), PATCH, 2);
        running.signal("KILL");
        let run = running.finish();
        assert_eq!(level(scene)["iapEnabled"], "true", "it had changed");
        scene.cloud.world(|world| world.faults.clear());
        scene.post(&run).expect(0);
    }),
    ("killed after the shift, then a deploy of something else", |scene| {
        scene.cloud.world(|world| world.faults.push(Fault::lost_reply(PATCH, Action::Hang).skip(1)));
        let running = reach(checked(scene), PATCH, 1);
        running.signal("KILL");
        assert_eq!(running.finish().code, 137);
        scene.cloud.world(|world| world.faults.clear());
        scene.input("manifest", "").input("allow_unauthenticated", "").input("env_vars", "OTHER: 1");
        scene.run().expect(0).says("was left unfinished");
    }),
];

#[test]
fn what_changes_with_the_traffic_goes_back_with_it() {
    let mut table = String::new();
    for public in [None, Some([false, true]), Some([true, false])] {
        let mut wanted = BTreeMap::new();
        let mut back: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (ending, run) in ENDINGS {
            // Where nobody's identity is asked for, nobody needs a grant.
            if public.is_none() && [ACCESS_REFUSED, AGENT_REFUSED].contains(&ending) {
                continue;
            }
            let mut scene = scene(public);
            let before = level(&scene);
            let served = revisions(&scene)[0].clone();
            run(&mut scene);
            let after = level(&scene);
            let good = ending == "ends well";
            let (there, then) = (read(&scene, "before.yaml"), read(&scene, "after.yaml"));
            for (name, was) in &before {
                let asked = match *name {
                    "allUsers" => public.is_some(),
                    "agent of IAP" => public.is_some() && then.get("iapEnabled").is_some(),
                    name => there.get(name) != then.get(name),
                };
                assert_eq!(*was != after[name], good && asked, "{ending}: {name}: {was} -> {}", after[name]);
                if !asked {
                    continue;
                }
                if good {
                    wanted.insert(*name, format!("{was} -> {}", after[name]));
                } else {
                    back.entry(name).or_default().push(ending);
                }
            }
            assert_eq!(record(&scene), None, "{ending}");
            if !good && !ending.ends_with("something else") {
                let serving = traffic(&scene).into_iter().filter(|share| share.1 > 0).map(|share| share.0);
                assert_eq!(serving.collect::<Vec<_>>(), [served], "{ending}");
            }
        }
        for (name, change) in wanted {
            table.push_str(&format!("{name}: {change}\n"));
            back[name].iter().for_each(|ending| table.push_str(&format!("    as before: {ending}\n")));
        }
    }
    insta::assert_snapshot!("table", table);
}

/// Before its candidate has passed, a deploy writes the template, its own traffic entry and its notes; afterwards never
/// the template.
#[test]
fn what_is_written_before_and_after_the_candidate_has_passed() {
    for strategy in ["candidate", "canary"] {
        let mut scene = scene(Some([false, true]));
        scene.input("strategy", strategy);
        if strategy == "canary" {
            scene.input("canary_steps", "50,100").input("canary_interval", "1s");
        }
        let before = scene.cloud.calls(PATCH).len();
        scene.run().expect(0);
        let masks: Vec<String> = scene.cloud.calls(PATCH)[before..]
            .iter()
            .map(|request| request.query("updateMask").unwrap_or("(everything)").to_owned())
            .collect();
        let (first, rest) = masks.split_first().unwrap();
        assert_eq!(first, "template,traffic,annotations", "{strategy}");
        let level = |mask: &&String| mask.contains("ingress") && mask.contains("iapEnabled");
        let (last, moves) = rest.split_last().unwrap();
        assert!(rest.iter().all(|mask| !mask.contains("template")), "{strategy}: {masks:?}");
        assert_eq!(last, "traffic,annotations", "{strategy}: the end of the rollout");
        assert_eq!(moves.iter().filter(level).count(), 1, "{strategy}: {masks:?}");
        assert!(level(&moves.last().unwrap()), "{strategy}: with the last step: {masks:?}");
    }
}

/// What a candidate that waits would change is noted, shown, and comes with its promotion.
#[test]
fn a_candidate_that_waits_changes_nothing_until_it_is_promoted() {
    let mut scene = scene(Some([false, true]));
    let before = level(&scene);
    scene.input("no_traffic", "true").input("tag", "next");
    let plan = scene.command(&["plan"]).expect(0);
    plan.says("would change with the promotion, not before").says("`ingress`");
    let run = scene.run().expect(0);
    run.says("with its promotion come").says("ingress");
    assert_eq!(level(&scene), before);
    assert_eq!(record(&scene), None);
    for name in ["no_traffic", "source", "env_vars", "allow_unauthenticated", "manifest"] {
        scene.input(name, "");
    }
    let plan = scene.command(&["promote", "--dry-run"]).expect(0);
    plan.says("ingress = INGRESS_TRAFFIC_ALL -> INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER");
    assert_eq!(level(&scene), before);
    // A promotion that fails takes them back, and they wait again.
    scene.cloud.world(|world| world.faults.push(Fault::next(SET_POLICY, Action::status(403))));
    checked(&mut scene).command(&["promote"]).expect(4);
    assert_eq!(level(&scene), before);
    scene.input("health_path", "").input("health_timeout", "").command(&["promote"]).expect(0);
    for (name, was) in level(&scene) {
        assert_eq!(was == before[name], name == "invokerIamDisabled", "{name} came with the promotion");
    }
    assert_eq!(super::note(&scene, "candidates"), Value::Null);
}

/// With `direct` everything is written at once, and what stays is told.
#[test]
fn a_direct_deploy_that_fails_says_what_has_changed() {
    let mut scene = scene(Some([false, false]));
    scene.cloud.world(|world| {
        let script = fakecloud::RevisionScript::ending(fakecloud::RevisionOutcome::DoesNotListen);
        world.next_revisions.push_back(script);
    });
    let run = scene.input("strategy", "direct").run().expect(8);
    run.says("Settings of service `web` changed in the same write, and are so now: `").says("`ingress`");
}

#[test]
fn what_could_not_be_taken_back_is_tried_again_by_the_post_step() {
    let mut scene = scene(Some([false, true]));
    let before = level(&scene);
    checked(&mut scene);
    // The deploy, the shift; then nothing that would go on, or go back, is taken. The agent of IAP came before.
    scene.cloud.world(|world| {
        world.faults.push(Fault::next(PATCH, Action::status(403)).skip(2));
        world.faults.push(Fault::next(SET_POLICY, Action::status(403)).skip(1));
    });
    let run = scene.run().expect(10);
    run.says("These settings of the service have changed with the traffic and are still so: ").says("ingress");
    assert_ne!(level(&scene), before);
    scene.post(&run).expect(0).says("Put back what the run left");
    assert_eq!(level(&scene), before);
    assert_eq!(record(&scene), None);
}

#[test]
fn who_may_call_it_is_taken_back_even_where_the_policy_resists_at_first() {
    let mut scene = scene(Some([false, true]));
    let before = level(&scene);
    within_reach(&mut scene);
    scene.cloud.world(|world| {
        world.faults.push(Fault::next("site.request", Action::status(500)).skip(2).times(Fault::FOREVER));
        world.faults.push(Fault::next(SET_POLICY, Action::status(403)).skip(1));
    });
    let run = checked(&mut scene).run();
    assert_eq!(run.code, 10, "{}", run.log());
    scene.cloud.world(|world| world.faults.clear());
    run.says("Close it to everybody again: gcloud run services remove-iam-policy-binding web");
    assert!(record(&scene).is_some(), "the next try finds it");
    scene.post(&run).expect(0);
    assert_eq!(level(&scene), before);
    assert_eq!(record(&scene), None);
}
