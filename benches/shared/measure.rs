//! Running a program and measuring it: time, processor time, peak memory.

use std::error::Error;
use std::process::Command;

pub(crate) type Outcome<T> = Result<T, Box<dyn Error>>;

/// What a finished program printed and took.
pub(crate) struct Measured {
    /// Its standard output.
    pub(crate) text: String,
    /// Seconds from its start to its end.
    pub(crate) seconds: f64,
    /// Seconds of processor time, all threads together.
    pub(crate) processor: f64,
    /// Peak memory in MiB. A program that needs less than Python, which begins it, shows what Python has: some 14 MiB.
    pub(crate) peak: f64,
}

/// Runs a command and adds a line with seconds, processor seconds and peak memory in MiB.
const MEASURE: &str = "
import resource, subprocess, sys, time
# Wrappers around Python may have had children before.
before = resource.getrusage(resource.RUSAGE_CHILDREN)
begun = time.perf_counter()
done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
seconds = time.perf_counter() - begun
sys.stdout.write(done.stdout)
sys.stderr.write(done.stderr)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
processor = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
print('measured', seconds, processor, used.ru_maxrss / 1024)
sys.exit(done.returncode)
";

/// The command that measures the one whose program and arguments are added to it.
pub(crate) fn measured() -> Command {
    let mut command = Command::new("python3");
    command.args(["-c", MEASURE]);
    command
}

/// Runs what [`measured`] began.
pub(crate) fn measure(command: &mut Command) -> Outcome<Measured> {
    let output = command.output()?;
    let text = String::from_utf8(output.stdout)?;
    if !output.status.success() {
        return Err(format!("{text}{}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let (before, figures) = text.rsplit_once("measured ").ok_or("no figures")?;
    let figures: Vec<f64> = figures.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    let [seconds, processor, peak] = figures[..] else { return Err("not three figures".into()) };
    Ok(Measured { text: before.to_owned(), seconds, processor, peak })
}

/// The one in the middle.
pub(crate) fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
