//! What releasing a site costs: `cargo bench --bench hosting`.
//!
//! The real binary, and firebase-tools where `FIREBASE_TOOLS` says it is, release the same tree to the same embedded
//! cloud, in turn, so that a busy machine slows both. Wall time, requests, peak memory; and how much of the time the
//! embedded cloud works, which both wait for.
#![expect(clippy::print_stdout, reason = "a measuring program")]
#![expect(clippy::disallowed_methods, reason = "every measured thing runs in a process of its own")]

mod firebase;
#[path = "../shared/measure.rs"]
mod measure;
#[path = "../shared/random.rs"]
mod random;
mod tree;

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use fakecloud::{FakeCloud, World};

use firebase::Firebase;
use measure::{Measured, Outcome, measure, measured, median};

/// What is done in turn, each beginning where the one before ended.
const SCENARIOS: [Scenario; 6] = [
    Scenario { name: "first deploy", caches: false, change: Change::Nothing },
    Scenario { name: "nothing changed", caches: false, change: Change::Nothing },
    Scenario { name: "one file changed", caches: false, change: Change::OneFile },
    Scenario { name: "nothing changed, hash caches", caches: true, change: Change::Nothing },
    Scenario { name: "one file changed, hash caches", caches: true, change: Change::OneFile },
    Scenario { name: "new checkout, hash caches", caches: true, change: Change::Times },
];

/// What happens to the site before it is released.
enum Change {
    Nothing,
    OneFile,
    /// The same files are written again, as a checkout and a build do.
    Times,
}

struct Scenario {
    name: &'static str,
    /// Whether both may use what they learned of the files before.
    caches: bool,
    change: Change,
}

/// Who releases the site.
enum Tool<'a> {
    Slipway,
    Firebase(&'a Firebase),
}

/// One release.
struct Figures {
    seconds: f64,
    processor: f64,
    /// Processor time of this process: the embedded cloud.
    cloud: f64,
    peak: f64,
    requests: usize,
}

fn main() -> Outcome<()> {
    let firebase = Firebase::find()?;
    match &firebase {
        Some(firebase) => println!("against {}", firebase.version()?),
        None => println!("FIREBASE_TOOLS does not say where firebase.js is: slipway alone"),
    }
    first_request()?;
    for (files, runs) in [(300, 5), (10_000, 3)] {
        site(files, runs, firebase.as_ref())?;
    }
    Ok(())
}

/// How long it takes from the start of the process until its first request arrives.
fn first_request() -> Outcome<()> {
    let directory = project(3)?.0;
    let cloud = cloud();
    let mut seconds = Vec::new();
    for _ in 0..9 {
        let before = cloud.journal().len();
        let begun = Instant::now();
        let mut command = Command::new(env!("CARGO_BIN_EXE_slipway"));
        arguments(&mut command, &cloud, directory.path());
        let output = command.output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stdout).into_owned().into());
        }
        let first = cloud.journal().into_iter().nth(before).ok_or("a request")?;
        seconds.push(first.at.duration_since(begun).as_secs_f64());
    }
    println!("slipway, start to first request: {:.1} ms", median(&mut seconds) * 1_000.0);
    Ok(())
}

/// All scenarios with a site of so many files.
fn site(files: usize, runs: usize, firebase: Option<&Firebase>) -> Outcome<()> {
    let (directory, bytes) = project(files)?;
    println!("\na site of {files} files, {:.1} MB; medians of {runs} runs", bytes as f64 / 1e6);
    let tools: Vec<Tool> = [Tool::Slipway].into_iter().chain(firebase.map(Tool::Firebase)).collect();
    let mut figures: Vec<Vec<Vec<Figures>>> =
        SCENARIOS.iter().map(|_| tools.iter().map(|_| vec![]).collect()).collect();
    for run in 0..runs {
        for (place, tool) in tools.iter().enumerate() {
            let cloud = cloud();
            let mut cached = false;
            for (scenario, into) in SCENARIOS.iter().zip(&mut figures) {
                if scenario.caches && !cached {
                    // Fills the caches.
                    release(tool, &cloud, directory.path(), true)?;
                    cached = true;
                }
                let public = directory.path().join("dist");
                match scenario.change {
                    Change::Nothing => {}
                    Change::OneFile => {
                        let text = format!("console.log('run {run} of {place}, {}')\n", scenario.name);
                        tree::write(&public.join(format!("{}.js", scenario.name)), text.as_bytes())?;
                    }
                    Change::Times => tree::touch(&public)?,
                }
                into[place].push(release(tool, &cloud, directory.path(), scenario.caches)?);
            }
        }
    }
    println!("| scenario | who | seconds | processor | cloud's processor | peak MiB | requests | times as fast |");
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for (scenario, figures) in SCENARIOS.iter().zip(&figures) {
        for (tool, own) in tools.iter().zip(figures) {
            let (name, ratio) = match tool {
                Tool::Slipway => ("slipway", ratio(figures).unwrap_or_default()),
                Tool::Firebase(_) => ("firebase-tools", String::new()),
            };
            let of = |pick: fn(&Figures) -> f64| median(&mut own.iter().map(pick).collect::<Vec<_>>());
            println!(
                "| {} | {name} | {:.2} | {:.2} | {:.2} | {:.1} | {} | {ratio} |",
                scenario.name,
                of(|one| one.seconds),
                of(|one| one.processor),
                of(|one| one.cloud),
                of(|one| one.peak),
                of(|one| one.requests as f64)
            );
        }
    }
    Ok(())
}

/// How many times as fast the first is as the second, of runs in turn.
fn ratio(figures: &[Vec<Figures>]) -> Option<String> {
    let [ours, theirs] = figures else { return None };
    let mut ratios: Vec<f64> = ours.iter().zip(theirs).map(|(ours, theirs)| theirs.seconds / ours.seconds).collect();
    Some(format!("{:.1}", median(&mut ratios)))
}

/// Releases the site once.
fn release(tool: &Tool, cloud: &FakeCloud, project: &Path, caches: bool) -> Outcome<Figures> {
    if !caches {
        for directory in [".cache", ".firebase"] {
            std::fs::remove_dir_all(project.join(directory))
                .or_else(|error| if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(error) })?;
        }
    }
    let asked = |tool: &Tool| match tool {
        Tool::Slipway => cloud.journal().len(),
        Tool::Firebase(firebase) => cloud.journal().len() + firebase.answered(),
    };
    let before = asked(tool);
    let mut command = measured();
    match tool {
        Tool::Slipway => {
            command.arg(env!("CARGO_BIN_EXE_slipway"));
            arguments(&mut command, cloud, project);
            if caches {
                command.args(["--cache-directory", ".cache"]);
            }
        }
        Tool::Firebase(firebase) => {
            command.env_clear();
            keep(&mut command, project);
            firebase.deploy(&mut command, cloud, project);
        }
    }
    let released = cloud.world(|world| world.count("release created"));
    let worked = own_processor()?;
    let Measured { text, seconds, processor, peak } = measure(&mut command)?;
    let cloud_worked = own_processor()? - worked;
    if cloud.world(|world| world.count("release created")) != released + 1 {
        return Err(format!("nothing was released:\n{text}").into());
    }
    Ok(Figures { seconds, processor, cloud: cloud_worked, peak, requests: asked(tool) - before })
}

/// The arguments and the environment of `slipway hosting`.
fn arguments(command: &mut Command, cloud: &FakeCloud, project: &Path) {
    command.env_clear();
    keep(command, project);
    command.args(["hosting", "--channel", "live"]).current_dir(project);
    command.envs(cloud.endpoints()).env("INPUT_CREDENTIALS_JSON", cloud.key_json(World::DEPLOYER));
}

/// What either needs of the machine: programs, and a home of its own.
fn keep(command: &mut Command, project: &Path) {
    command.env("HOME", project).env("PATH", std::env::var_os("PATH").unwrap_or_default());
}

/// A new cloud whose deployer may release sites.
fn cloud() -> FakeCloud {
    let mut world = World::new();
    world.grant(World::PROJECT, World::DEPLOYER, "roles/firebasehosting.admin");
    FakeCloud::start(world)
}

/// A directory with a site of so many files, and their bytes.
fn project(files: usize) -> Outcome<(tempfile::TempDir, usize)> {
    let directory = tempfile::tempdir()?;
    let config = format!(r#"{{"hosting": {{"site": "{}", "public": "dist", "ignore": ["**/.*"]}}}}"#, World::PROJECT);
    std::fs::write(directory.path().join("firebase.json"), config)?;
    let bytes = tree::generate(&directory.path().join("dist"), files)?;
    Ok((directory, bytes))
}

/// Seconds of processor time that this process has taken so far; the embedded cloud runs in it.
fn own_processor() -> Outcome<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(')').ok_or("fields")?;
    // Fields 14 and 15 of proc_pid_stat(5), in hundredths of a second.
    let ticks: Vec<f64> = fields.split_whitespace().skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
    Ok(ticks.iter().sum::<f64>() / 100.0)
}
