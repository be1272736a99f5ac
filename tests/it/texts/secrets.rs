//! Secrets planted in every input of every action, each broken in many ways: nothing of them is printed. The inputs are
//! read from the actions' own files, so that a new one is covered by being there.

use std::path::Path;

use super::{in_parallel, job};
use crate::support::{Scene, runner};

/// Secrets, and what of them nobody may see: any five characters in a row.
const SECRETS: [(&str, &str); 5] = [
    ("pA55w0rdXyZ9qW", "pA55w0rdXyZ9qW"),
    ("postgres://app:pA55w0rdXyZ9qW@db.internal/app?sslmode=require", "pA55w0rdXyZ9qW"),
    ("-----BEGIN PRIVATE KEY-----\nMIIEvQ8zL3kTqPn2\nRs7+uV4x/Yb==\n-----END PRIVATE KEY-----\n", "MIIEvQ8zL3kTqPn2"),
    ("{\"type\": \"service_account\", \"private_key\": \"pA55w0rdXyZ9qW\"}", "pA55w0rdXyZ9qW"),
    ("pA55w0rdXyZ9qW #&*!|>'\"%@`{}[],?:-=~ x7KpQ2", "pA55w0rdXyZ9qW"),
];

/// What goes wrong when a secret is put into a workflow.
const BREAKS: [fn(&str) -> String; 24] = [
    |secret| secret.to_owned(),
    |secret| format!("\"{secret}"),
    |secret| format!("{secret}\""),
    |secret| format!("'{secret}"),
    |secret| format!("{{{secret}"),
    |secret| format!("{secret}}}"),
    |secret| format!("[{secret}"),
    |secret| format!("DATABASE_URL {secret}"),
    |secret| format!("KEY={secret},OTHER={secret}"),
    |secret| format!("KEY={secret}\n{secret}"),
    |secret| format!("KEY: {secret} # x"),
    |secret| format!("KEY: &{secret}"),
    |secret| format!("KEY: *{secret}"),
    |secret| format!("KEY: !{secret}"),
    |secret| format!("KEY: \"{secret}"),
    |secret| format!("KEY: {secret}: {secret}"),
    |secret| format!("KEY:\n  {secret}: {secret}"),
    |secret| format!("KEY:\n- {secret}"),
    |secret| format!("{secret}=1"),
    |secret| format!("{secret}: 1\n{secret}: 2"),
    |secret| format!("{{\"KEY\": {secret}}}"),
    |secret| format!("{{\"KEY\": \"{secret}\", }}"),
    |secret| secret.chars().flat_map(|c| if c == 'r' { vec![c, '\n'] } else { vec![c] }).collect(),
    |secret| secret.repeat(40),
];

/// The words of an action's command, and its inputs.
fn actions() -> Vec<(Vec<String>, Vec<String>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![root.join("action.yml")];
    for entry in std::fs::read_dir(root.join("actions")).unwrap() {
        files.push(entry.unwrap().path().join("action.yml"));
    }
    files.sort();
    files.iter().map(|file| inputs_of(&std::fs::read_to_string(file).unwrap())).collect()
}

fn inputs_of(text: &str) -> (Vec<String>, Vec<String>) {
    let (_, rest) = text.split_once("\ninputs:\n").unwrap();
    let end = rest.find("\noutputs:").or_else(|| rest.find("\nruns:")).unwrap();
    let key = |line: &str| {
        let name = line.strip_prefix("  ")?.strip_suffix(':')?;
        name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_').then(|| name.to_owned())
    };
    let inputs: Vec<String> = rest[..end].lines().filter_map(key).collect();
    assert!(inputs.len() > 5, "{text}");
    let runs = text.split_once("\nruns:").unwrap().1;
    let words = runs.split_once("\n  args:\n").map_or("", |(_, words)| words);
    let words = words.lines().map_while(|line| line.trim().strip_prefix("- ").map(str::to_owned)).collect();
    (words, inputs)
}

/// What of a secret was printed or written.
fn leaked(run: &crate::support::Run, core: &str) -> Option<String> {
    let printed: Vec<&str> = runner::lines(&run.stdout)
        .into_iter()
        .filter(|line| runner::command(line).is_none_or(|command| command.name != "add-mask"))
        .collect();
    let everything =
        format!("{}\n{}\n{:?}\n{:?}\n{}", printed.join("\n"), run.summary, run.outputs, run.state, run.stderr);
    core.as_bytes()
        .windows(5)
        .map(|five| String::from_utf8_lossy(five).into_owned())
        .find(|five| everything.contains(five))
        .map(|five| format!("{five:?} of {core:?} in\n{everything}"))
}

/// Inputs that are given one text, and the words of a command that has them.
struct Planted {
    words: Vec<String>,
    inputs: Vec<String>,
    how: usize,
}

impl Planted {
    fn run(&self, scene: &Scene) {
        let (secret, core) = SECRETS[(self.how + self.inputs.len()) % SECRETS.len()];
        let text = BREAKS[self.how % BREAKS.len()](secret);
        let names: Vec<String> = self.inputs.iter().map(|input| format!("INPUT_{}", input.to_uppercase())).collect();
        let mut variables: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), text.as_str())).collect();
        // The one mistake that is always there keeps the run from going on where the text is good.
        variables.push(("INPUT_NONSENSE", "1"));
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        let run = scene.start_beside(&variables, &words).finish();
        assert_eq!(run.code, 2, "{words:?}, {:?}, {}: {}", self.inputs, self.how, run.log());
        assert_eq!(leaked(&run, core), None, "{words:?}, {:?}: {text:?}", self.inputs);
    }
}

#[test]
fn nothing_of_a_secret_is_printed_wherever_it_was_put() {
    let mut all: Vec<Planted> = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for (words, inputs) in actions() {
        // All inputs at once in every way, since every mistake is told; and each by itself, where no other hides it.
        all.extend((0..2 * BREAKS.len()).map(|how| Planted { words: words.clone(), inputs: inputs.clone(), how }));
        for input in inputs {
            if !seen.insert(input.clone()) {
                continue;
            }
            let ways = (0..BREAKS.len()).step_by(if MAPS.contains(&input.as_str()) { 1 } else { 4 });
            let shift = seen.len();
            all.extend(ways.map(|how| Planted {
                words: words.clone(),
                inputs: vec![input.clone()],
                how: how + shift % 4,
            }));
        }
    }
    assert!(seen.len() > 100 && all.len() > 1000, "{} inputs, {} runs", seen.len(), all.len());
    in_parallel(&all, |part| {
        let scene = Scene::new();
        part.iter().for_each(|planted| planted.run(&scene));
        assert_eq!(scene.cloud.journal().len(), 0);
    });
}

/// The inputs whose text is taken apart the most: broken in every way one by one.
const MAPS: [&str; 10] = [
    "env_vars",
    "build_args",
    "substitutions",
    "values",
    "run_env",
    "pre_deploy_job",
    "secrets",
    "labels",
    "args",
    "credentials_json",
];

/// The files that inputs name may hold secrets as well.
#[test]
fn nothing_of_a_secret_in_a_file_is_printed() {
    for (words, input) in
        [("job", "env_vars_file"), ("deploy", "env_vars_file"), ("deploy", "manifest"), ("deploy", "build_config")]
    {
        let mut scene = Scene::new();
        scene.input(input, "text").input("nonsense", "1");
        for (how, broken) in BREAKS.iter().enumerate() {
            let (secret, core) = SECRETS[how % SECRETS.len()];
            scene.file("text", broken(secret));
            let run = scene.command(&[words]).expect(2);
            assert_eq!(leaked(&run, core), None, "{words} {input} {how}: {:?}", broken(secret));
        }
    }
}

#[test]
fn a_plan_shows_no_words_of_a_command() {
    let mut scene = job();
    scene.input("command", "tool --token=pA55w0rdXyZ9qW").input("args", "[\"--key\", \"pA55w0rdXyZ9qW\"]");
    scene.input("dry_run", "true");
    let run = scene.command(&["job"]).expect(0);
    assert_eq!(leaked(&run, "pA55w0rdXyZ9qW"), None);
    run.says("command").says("args");
    let mut scene = Scene::deployed();
    scene.input("command", "tool --token=pA55w0rdXyZ9qW").input("args", "--key pA55w0rdXyZ9qW");
    let run = scene.command(&["plan"]).expect(0);
    assert_eq!(leaked(&run, "pA55w0rdXyZ9qW"), None);
    run.says("command").says("args");
    let run = scene.run().expect(0);
    assert_eq!(leaked(&run, "pA55w0rdXyZ9qW"), None);
}
