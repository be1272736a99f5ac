//! What Slipway costs: `cargo bench`.
//!
//! Packing a generated tree against Python's `tarfile` at level 9 (what gcloud does), and whole
//! deploys of the real binary against the embedded cloud, which answers without delay: wall time,
//! requests, peak memory. Ratios come from runs in turn, so that a busy machine slows both.
#![expect(clippy::print_stdout, reason = "a measuring program")]
#![expect(clippy::disallowed_methods, reason = "every measured thing runs in a process of its own")]

#[path = "../shared/measure.rs"]
mod measure;
#[path = "../shared/random.rs"]
mod random;
mod tree;

use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Instant;

use fakecloud::{FakeCloud, World};
use slipway_packing::{PackOptions, survey};

use measure::{Measured, Outcome, measure, measured, median};

/// Looks at something that goes on; their number is a matter of how long it takes.
const POLLS: [&str; 2] = ["cloudbuild.projects.locations.builds.get", "run.projects.locations.operations.wait"];

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().collect();
    // Started by itself, to measure packing alone in a process of its own.
    if let [_, word, directory] = &arguments[..]
        && word == "pack"
    {
        return pack(Path::new(directory));
    }
    let directory = tempfile::tempdir()?;
    println!("tree: {}", tree::generate(&directory.path().join("tree"))?);
    packing(&directory.path().join("tree"))?;
    let small = directory.path().join("small");
    std::fs::create_dir_all(&small)?;
    std::fs::write(small.join("Dockerfile"), "FROM scratch\nCOPY main.py /\n")?;
    std::fs::write(small.join("main.py"), "print('hello')\n")?;
    deploys("small source", &small, 9)?;
    std::fs::write(directory.path().join("tree/Dockerfile"), "FROM scratch\nCOPY . /\n")?;
    deploys("the whole tree", &directory.path().join("tree"), 3)
}

fn pack(directory: &Path) -> Outcome<()> {
    let options = PackOptions {
        credential_files: vec![],
        ignore_file: None,
        threads: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
    };
    let begun = Instant::now();
    let written = survey(directory, &options)?.write(&mut |_| Ok(()), &mut |_| ())?;
    println!("{} {}", begun.elapsed().as_secs_f64(), written.bytes);
    Ok(())
}

/// gcloud's way: one thread, zlib at level 9, `tarfile`.
const TARFILE: &str = "
import os, sys, tarfile, time
begun = time.time()
with tarfile.open(os.devnull, 'w') as nothing: pass
class Count:
    size = 0
    def write(self, data): self.size += len(data); return len(data)
count = Count()
import gzip
with gzip.GzipFile('file.tgz', 'wb', 9, count) as zipped, tarfile.open(fileobj=zipped, mode='w|') as tar:
    os.chdir(sys.argv[1])
    for name in os.listdir('.'): tar.add(name)
print(time.time() - begun, count.size)
";

fn packing(directory: &Path) -> Outcome<()> {
    let (mut ours, mut theirs, mut ratios, mut peaks) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut sizes = (0, 0);
    for _ in 0..3 {
        let Measured { text, peak, .. } = measure(measured().arg(std::env::current_exe()?).arg("pack").arg(directory))?;
        let (seconds, size) = pair(&text)?;
        let Measured { text, .. } = measure(measured().args(["python3", "-c", TARFILE]).arg(directory))?;
        let (tarfile, tarfile_size) = pair(&text)?;
        (sizes.0, sizes.1) = (size, tarfile_size);
        ours.push(seconds);
        theirs.push(tarfile);
        ratios.push(tarfile / seconds);
        peaks.push(peak);
    }
    println!("packing: {:.2} s, {} bytes, peak {:.1} MiB", median(&mut ours), sizes.0, median(&mut peaks));
    println!("  tarfile at level 9: {:.2} s, {} bytes", median(&mut theirs), sizes.1);
    let percent = (f64::from(u32::try_from(sizes.0)?) / f64::from(u32::try_from(sizes.1)?) - 1.0) * 100.0;
    println!("  {:.1} times as fast (of three runs in turn), size {percent:+.2} %", median(&mut ratios));
    Ok(())
}

fn pair(text: &str) -> Outcome<(f64, u64)> {
    let (seconds, size) = text.trim().split_once(' ').ok_or("two figures")?;
    Ok((seconds.parse()?, size.parse()?))
}

/// Deploys a source again and again to a service that exists, each time with a changed file, so
/// that it is uploaded each time.
fn deploys(what: &str, source: &Path, runs: usize) -> Outcome<()> {
    let (mut seconds, mut processor, mut peaks) = (Vec::new(), Vec::new(), Vec::new());
    let (mut requests, mut polls) = (Vec::new(), Vec::new());
    let cloud = FakeCloud::start(World::new());
    for run in 0..=runs {
        std::fs::write(source.join("changing.txt"), format!("run {run}\n"))?;
        let before = cloud.journal().len();
        let mut command = measured();
        command.arg(env!("CARGO_BIN_EXE_slipway")).args(["deploy", "--service", "bench", "--source"]).arg(source);
        command.envs(cloud.endpoints()).env("INPUT_CREDENTIALS_JSON", cloud.key_json(World::DEPLOYER));
        command.env("SLIPWAY_PACE", "0");
        let Measured { peak, seconds: taken, processor: worked, .. } = measure(&mut command)?;
        // The first makes bucket and service; the others are what everyday looks like.
        if run == 0 {
            continue;
        }
        seconds.push(taken);
        processor.push(worked);
        peaks.push(peak);
        let calls: Vec<String> = cloud.journal().into_iter().skip(before).map(|request| request.call).collect();
        let looks =
            calls.iter().filter(|call| POLLS.contains(&call.as_str()) || *call == "storage.objects.get").count();
        // One look-up of the source object is no poll, though it goes by the name of the log's reads.
        polls.push(f64::from(u32::try_from(looks)?) - 1.0);
        let chunks = calls.iter().filter(|call| call.starts_with("storage.upload.")).count();
        requests.push(f64::from(u32::try_from(calls.len() - looks - chunks)?) + 1.0);
    }
    println!(
        "deploying {what}: {:.3} s, {:.3} s of processor time, {} requests, {} polls and reads of the log, peak {:.1} MiB",
        median(&mut seconds),
        median(&mut processor),
        median(&mut requests),
        median(&mut polls),
        median(&mut peaks)
    );
    Ok(())
}
