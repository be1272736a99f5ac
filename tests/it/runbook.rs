//! `docs/RUNBOOK.md` is true: every section is met in a world that is as bad as it says, every command in it is run, and
//! what the page shows is what is printed.
//!
//! A `text` block shows what the command before it printed, or, at the head of a section, what the incident did. A line
//! `…` stands for any lines, `…` inside a line for any text. A comment `# exit code N` is checked.

use fakecloud::{
    Access, Action, ActionsSecret, BuildScript, Fault, Outcome, RevisionOutcome, RevisionScript, Snapshot, World,
};

use crate::interrupted::reach_command;
use crate::rollout::{ill, next_answers, record, revisions, set_traffic, traffic};
use crate::support::{Run, Scene, normal, runner};

const PAGE: &str = include_str!("../../docs/RUNBOOK.md");

/// What a section of the page is made of, in its order.
#[derive(Debug)]
enum Part {
    Command(String),
    Shows(String),
}

/// A world in which a section of the page is met.
struct Incident {
    scene: Scene,
    /// What the run that went wrong printed.
    seen: Option<Run>,
    /// What stands in the page for names that differ from run to run.
    names: Vec<(&'static str, String)>,
    /// What the person at the terminal does before each command.
    before: fn(&mut Scene),
    /// What must hold when all commands have run.
    mended: fn(&Scene),
}

/// The sections of the page: title and parts. The blocks before the first section are none of a story.
fn sections() -> Vec<(String, Vec<Part>)> {
    let mut found: Vec<(String, Vec<Part>)> = Vec::new();
    let mut block: Option<(String, Vec<&str>)> = None;
    for line in PAGE.lines() {
        match (&mut block, line.strip_prefix("```")) {
            (None, Some(kind)) => block = Some((kind.to_owned(), Vec::new())),
            (Some((kind, lines)), Some(_)) => {
                match kind.as_str() {
                    // What every section begins with.
                    "sh" if found.is_empty() => assert!(lines.iter().all(|line| line.starts_with("export "))),
                    "sh" => parts(&mut found).extend(commands(lines).into_iter().map(Part::Command)),
                    "text" => parts(&mut found).push(Part::Shows(lines.join("\n"))),
                    other => panic!("what is a block of {other:?}?"),
                }
                block = None;
            }
            (Some((_, lines)), None) => lines.push(line),
            (None, None) => {
                if let Some(title) = line.strip_prefix("## ") {
                    found.push((title.to_owned(), Vec::new()));
                }
            }
        }
    }
    assert!(block.is_none(), "a block without an end");
    found
}

fn parts(found: &mut [(String, Vec<Part>)]) -> &mut Vec<Part> {
    &mut found.last_mut().expect("blocks stand in sections").1
}

/// The commands of a block; one that ends in `\` goes on in the next line.
fn commands(lines: &[&str]) -> Vec<String> {
    let text = lines.join("\n").replace("\\\n", " ");
    text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

/// A terminal in the project, with the service's name left to the command.
fn terminal(mut scene: Scene) -> Scene {
    for name in
        ["service", "source", "health_path", "health_timeout", "allow_unauthenticated", "env_vars", "build_config"]
    {
        scene.input(name, "");
    }
    scene
}

/// A scene whose runs print what a terminal shows.
fn plain(mut scene: Scene) -> Scene {
    scene.variable("GITHUB_ACTIONS", "");
    scene
}

fn prepare(title: &str) -> Incident {
    let nothing = |_: &Scene| {};
    match title {
        "A bad revision serves" => {
            let mut scene = plain(Scene::deployed());
            next_answers(&scene, ill());
            scene.input("env_vars", "CHANGED: 1").input("allow_unauthenticated", "true").command(&["deploy"]).expect(0);
            let there = revisions(&scene);
            scene.cloud.world(|world| {
                let at = world.minutes_ago(7);
                world.metrics("web", &there[1]).at(at, Snapshot::new(&[("2xx", 540), ("5xx", 60)], &[40.0]), 3);
            });
            let names = vec![("REVISION", there[1].clone()), ("BEFORE", there[0].clone())];
            Incident { scene: terminal(scene), seen: None, names, before: stays, mended: serves_the_first }
        }
        "A build fails" => {
            let scene = plain(Scene::deployed());
            scene.cloud.world(|world| {
                let lines = vec!["ERROR: Could not find a version that satisfies the requirement fastapo".to_owned()];
                world.next_builds.push_back(BuildScript::ending(Outcome::StepFails { step: 0, exit: 1, lines }));
            });
            let mut scene = scene;
            scene.file("app/main.py", "print('changed')\n");
            let seen = scene.command(&["deploy"]).expect(6);
            let build = scene.cloud.world(|world| world.last_build().unwrap().id.clone());
            Incident {
                scene: terminal(scene),
                seen: Some(seen),
                names: vec![("BUILD", build)],
                before: stays,
                mended: nothing,
            }
        }
        "A revision does not start" => {
            let mut scene = plain(Scene::deployed());
            scene.cloud.world(|world| {
                let log = vec!["Traceback (most recent call last):".into(), "KeyError: 'DATABASE_URL'".into()];
                let script = RevisionScript { log, ..RevisionScript::ending(RevisionOutcome::DoesNotListen) };
                world.next_revisions.push_back(script);
            });
            let seen = scene.input("env_vars", "CHANGED: 1").command(&["deploy"]).expect(8);
            let there = revisions(&scene);
            let names = vec![("REVISION", there[1].clone()), ("BEFORE", there[0].clone())];
            Incident { scene: terminal(scene), seen: Some(seen), names, before: stays, mended: nothing }
        }
        "Traffic is stuck between two revisions" => {
            let mut scene = plain(crate::rollout::running());
            scene.input("strategy", "canary").input("canary_steps", "25,100").input("canary_interval", "1s");
            scene.cloud.world(|world| world.faults.push(Fault::next("site.request", Action::Hang).skip(1)));
            let running = reach_command(&scene, &["deploy"], "site.request", 1);
            running.signal("KILL");
            assert_eq!(running.finish().code, 137);
            assert!(record(&scene).is_some(), "the rollout is left over");
            for name in ["strategy", "canary_steps", "canary_interval"] {
                scene.input(name, "");
            }
            let there = revisions(&scene);
            let names = vec![("REVISION", there[1].clone()), ("BEFORE", there[0].clone())];
            Incident { scene: terminal(scene), seen: None, names, before: stays, mended: serves_the_first }
        }
        "The newest revision gets no requests" => {
            let mut scene = plain(Scene::deployed());
            let first = revisions(&scene)[0].clone();
            set_traffic(&scene, &[(&first, 100, "")]);
            let seen = scene.input("env_vars", "CHANGED: 1").input("strategy", "direct").command(&["deploy"]).expect(8);
            scene.input("strategy", "");
            let names = vec![("REVISION", revisions(&scene)[1].clone()), ("BEFORE", first)];
            let mended = |scene: &Scene| assert_eq!(traffic(scene)[0].0, "latest");
            Incident { scene: terminal(scene), seen: Some(seen), names, before: stays, mended }
        }
        "A key has leaked" => {
            let mut scene = plain(Scene::deployed());
            let (key, role) = (scene.key(), "roles/iam.serviceAccountKeyAdmin");
            let token = scene.cloud.world(|world| {
                world.grant(World::PROJECT, World::DEPLOYER, role);
                let held = ActionsSecret {
                    sealed: String::new(),
                    opened: Some(key.to_string()),
                    created: "2026-01-01T00:00:00Z".to_owned(),
                    updated: "2026-01-01T00:00:00Z".to_owned(),
                };
                world.github.add_repository("o/r").secrets.insert("GCP_KEY".into(), held);
                // Whoever has the key may have made another one.
                world.add_key(World::DEPLOYER);
                world.github.add_token_of("owner", "o/r", &[("secrets", Access::Write)])
            });
            scene.variable("GITHUB_API_URL", &scene.cloud.github_url());
            let mut names = vec![("\"$ROTATION_TOKEN\"", token)];
            let keys = scene.cloud.world(|world| world.accounts[World::DEPLOYER].keys.clone());
            names.extend(["LEAKED", "STRANGE"].into_iter().zip(keys.into_iter().map(|key| key.id)));
            Incident { scene: terminal(scene), seen: None, names, before: with_the_secret, mended: one_key_works }
        }
        "A quota is used up" => {
            let mut scene = plain(Scene::deployed());
            scene.file("app/main.py", "print('changed')\n");
            let create = "cloudbuild.projects.locations.builds.create";
            scene.cloud.world(|world| world.faults.push(Fault::next(create, Action::status(429)).times(5)));
            let seen = scene.command(&["deploy"]).expect(5);
            Incident { scene: terminal(scene), seen: Some(seen), names: Vec::new(), before: stays, mended: nothing }
        }
        "A permission is missing" => {
            let mut scene = plain(Scene::deployed());
            scene.file("app/main.py", "print('changed')\n");
            scene.cloud.world(|world| world.revoke(World::PROJECT, World::DEPLOYER, "roles/cloudbuild.builds.editor"));
            let seen = scene.command(&["deploy"]).expect(4);
            Incident { scene: terminal(scene), seen: Some(seen), names: Vec::new(), before: stays, mended: nothing }
        }
        other => panic!("nothing prepares the section {other:?} of docs/RUNBOOK.md"),
    }
}

fn stays(_: &mut Scene) {}

/// Signs in with the key that the secret holds now.
fn with_the_secret(scene: &mut Scene) {
    let held = scene.cloud.world(|world| world.github.repository("o/r").secrets["GCP_KEY"].opened.clone().unwrap());
    scene.input("credentials_json", &held);
}

fn serves_the_first(scene: &Scene) {
    let first = revisions(scene)[0].clone();
    let shares: Vec<_> = traffic(scene).into_iter().filter(|share| share.1 > 0).collect();
    assert_eq!(shares, [(first, 100, String::new())]);
    assert_eq!(record(scene), None);
}

/// Every key but the new one is off, and that one is in the secret.
fn one_key_works(scene: &Scene) {
    let works = scene.cloud.world(|world| {
        let keys = world.accounts[World::DEPLOYER].keys.iter().filter(|key| !key.disabled);
        keys.map(|key| key.id.clone()).collect::<Vec<_>>()
    });
    let stored = scene.cloud.world(|world| world.github.repository("o/r").secrets["GCP_KEY"].opened.clone().unwrap());
    assert!(works.len() == 1 && stored.contains(&works[0]), "{works:?}");
}

/// What an owner does with gcloud, in the world: what the page has and no more.
fn owner(scene: &Scene, command: &str) {
    let words: Vec<&str> = command.split_whitespace().collect();
    let value =
        |flag: &str| words.iter().find_map(|word| word.strip_prefix(flag)).unwrap_or_else(|| panic!("{command}"));
    match words.as_slice() {
        ["gcloud", "projects", "add-iam-policy-binding", project, ..] => {
            let member = value("--member=serviceAccount:");
            scene.cloud.world(|world| world.grant(project, member, value("--role=")));
        }
        ["gcloud", "iam", "service-accounts", verb @ ("disable" | "enable"), account, ..] => {
            scene.cloud.world(|world| {
                world.accounts.get_mut(*account).expect("the account").disabled = *verb == "disable";
            })
        }
        _ => panic!("docs/RUNBOOK.md has a command that no story knows: {command}"),
    }
}

/// Runs one line of the page and gives what it printed.
fn run(incident: &mut Incident, line: &str) -> Option<Run> {
    let (command, comment) = line.split_once(" # ").map_or((line, ""), |(command, comment)| (command, comment));
    let mut command = command.trim().to_owned();
    for (name, value) in &incident.names {
        command = command.replace(name, value);
    }
    let Some(arguments) = command.strip_prefix("slipway ") else {
        owner(&incident.scene, &command);
        return None;
    };
    let arguments: Vec<&str> = arguments.split_whitespace().collect();
    let code = comment.strip_prefix("exit code ").map_or(0, |code| code.trim().parse().expect("a number"));
    (incident.before)(&mut incident.scene);
    // GitHub counts in whole seconds, and a person types slowly.
    incident.scene.cloud.world(|world| world.clock_skew += 2);
    Some(incident.scene.command(&arguments).expect(code))
}

/// What was printed, as the page would show it.
fn shown(incident: &Incident, run: &Run) -> Vec<String> {
    let mut text = runner::visible(&run.stdout);
    for (name, value) in &incident.names {
        text = text.replace(value, name);
    }
    normal::text(&text).lines().map(|line| line.trim_end().to_owned()).collect()
}

/// Whether a line of the page is a printed one.
fn same(wanted: &str, line: &str) -> bool {
    let mut rest = line;
    let mut pieces = wanted.trim_end().split('…');
    let first = pieces.next().unwrap_or_default();
    let Some(after) = rest.strip_prefix(first) else { return false };
    rest = after;
    let pieces: Vec<&str> = pieces.collect();
    let Some((last, between)) = pieces.split_last() else { return rest.is_empty() };
    for piece in between {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

/// Whether the lines of the page stand in what was printed, from its first of them on without a gap.
fn stands_in(wanted: &[&str], printed: &[String]) -> bool {
    match wanted.split_first() {
        None => true,
        Some((&"…", rest)) => (0..=printed.len()).any(|from| stands_in(rest, &printed[from..])),
        Some((line, rest)) => printed.first().is_some_and(|first| same(line, first)) && stands_in(rest, &printed[1..]),
    }
}

/// Fails where a block of a page does not show what was printed.
#[track_caller]
pub(crate) fn check(title: &str, block: &str, printed: &[String]) {
    let wanted: Vec<&str> = std::iter::once("…").chain(block.lines()).collect();
    assert!(
        stands_in(&wanted, printed),
        "{title}: the page shows\n{block}\n\nand this is printed\n{}",
        printed.join("\n")
    );
}

#[test]
fn every_section_is_true() {
    let sections = sections();
    assert!(sections.len() >= 8, "{sections:#?}");
    for (title, parts) in sections {
        let mut incident = prepare(&title);
        let mut printed = incident.seen.as_ref().map(|run| shown(&incident, run));
        let mut ran = 0;
        for part in parts {
            match part {
                Part::Command(line) => {
                    printed = run(&mut incident, &line).map(|run| shown(&incident, &run)).or(printed);
                    ran += 1;
                }
                Part::Shows(block) => {
                    let printed = printed.as_deref().unwrap_or_else(|| panic!("{title}: nothing was printed yet"));
                    check(&title, &block, printed);
                }
            }
        }
        assert!(ran > 0, "{title}: there is nothing to run");
        (incident.mended)(&incident.scene);
    }
}

/// Commands in running text are not run: they name a command, and say nothing of how it is used.
#[test]
fn commands_outside_of_blocks_are_names_alone() {
    let outside: String = PAGE.split("```").step_by(2).collect();
    let words: Vec<&str> = slipway::inputs::spec::CommandName::ALL.into_iter().map(|command| command.word()).collect();
    for command in outside.split('`').skip(1).step_by(2).filter_map(|code| code.strip_prefix("slipway ")) {
        assert!(words.contains(&command), "`slipway {command}` stands in the page and is not run");
    }
}

#[test]
fn a_page_that_shows_something_else_is_found() {
    let printed: Vec<String> = ["one", "two  three", "four"].map(str::to_owned).to_vec();
    for (block, fits) in [
        ("one\ntwo  three", true),
        ("two  three\nfour", true),
        ("one\n…\nfour", true),
        ("two …", true),
        ("…three", true),
        ("one\nfour", false),
        ("two", false),
        ("five", false),
        ("one\n…\nfive", false),
    ] {
        let wanted: Vec<&str> = std::iter::once("…").chain(block.lines()).collect();
        assert_eq!(stands_in(&wanted, &printed), fits, "{block}");
    }
}
