//! What every error owes its reader: whose fault it is, and what to type next.

use std::error::Error;
use std::fmt;

/// The class of a failure; it decides the exit code (`docs/TROUBLESHOOTING.md` lists them).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// A mistake in this program.
    Internal,
    /// A setting is wrong; nothing was sent.
    Config,
    /// Google did not accept who we are.
    Auth,
    /// The account is known but may not do this, or an API is not enabled.
    Permission,
    /// A quota is used up and waiting did not help.
    Quota,
    /// The user's build failed.
    BuildFailed,
    /// Cloud Build, the network or Google itself failed.
    Infrastructure,
    /// Cloud Run did not take the change, or the revision did not start.
    Deploy,
    /// The new revision does not answer as it should.
    Verify,
    /// Putting the traffic back failed.
    Rollback,
    /// Something newer serves, or came meanwhile.
    Superseded,
    /// A limit in time was reached; what was begun may still be going on.
    Timeout,
}

impl Class {
    /// Every class, in the order of its exit code.
    pub const ALL: [Class; 12] = [
        Class::Internal,
        Class::Config,
        Class::Auth,
        Class::Permission,
        Class::Quota,
        Class::BuildFailed,
        Class::Infrastructure,
        Class::Deploy,
        Class::Verify,
        Class::Rollback,
        Class::Superseded,
        Class::Timeout,
    ];

    /// The process's exit code. 0 is success, 130 and 143 are signals.
    pub fn exit_code(self) -> u8 {
        match self {
            Class::Internal => 1,
            Class::Config => 2,
            Class::Auth => 3,
            Class::Permission => 4,
            Class::Quota => 5,
            Class::BuildFailed => 6,
            Class::Infrastructure => 7,
            Class::Deploy => 8,
            Class::Verify => 9,
            Class::Rollback => 10,
            Class::Superseded => 11,
            Class::Timeout => 12,
        }
    }

    /// What the class means, for the documents.
    pub fn meaning(self) -> &'static str {
        match self {
            Class::Internal => "a mistake in Slipway itself; please report it",
            Class::Config => "a setting is wrong, or something in the project is set up wrongly",
            Class::Auth => "Google does not accept the key, or GitHub or Google does not vouch for the run",
            Class::Permission => "a permission is missing, or an API is not enabled",
            Class::Quota => "a quota is used up and waiting did not help",
            Class::BuildFailed => "the build failed",
            Class::Infrastructure => {
                "Cloud Build, the network, Google itself or the runner's disk failed; running again may help"
            }
            Class::Deploy => {
                "Cloud Run refused the change, the revision did not start or serves nobody, or a job failed"
            }
            Class::Verify => "the new revision does not answer as it should",
            Class::Rollback => "something failed, and the traffic could not be put back: look at it now",
            Class::Superseded => "a newer commit serves already, or a newer run took over; nothing is broken",
            Class::Timeout => "a limit in time was reached; what was begun may still be going on",
        }
    }

    /// One word for the report.
    pub fn word(self) -> &'static str {
        match self {
            Class::Internal => "internal",
            Class::Config => "config",
            Class::Auth => "auth",
            Class::Permission => "permission",
            Class::Quota => "quota",
            Class::BuildFailed => "build_failed",
            Class::Infrastructure => "infrastructure",
            Class::Deploy => "deploy",
            Class::Verify => "verify",
            Class::Rollback => "rollback",
            Class::Superseded => "superseded",
            Class::Timeout => "timeout",
        }
    }
}

/// An error that knows its class and its cure.
pub trait Explain: Error + Send + Sync + 'static {
    /// Whose fault it is.
    fn class(&self) -> Class;

    /// What to do next, most helpful first; each a whole sentence or a command.
    fn hints(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Those who waited for the same thing share the reason why there is none.
impl<E: Explain> Explain for std::sync::Arc<E> {
    fn class(&self) -> Class {
        self.as_ref().class()
    }

    fn hints(&self) -> Vec<String> {
        self.as_ref().hints()
    }
}

/// What was being done, to which object, and why it failed.
#[derive(Debug)]
pub struct Failure {
    doing: String,
    class: Class,
    hints: Vec<String>,
    evidence: Vec<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
    echo: bool,
}

impl Failure {
    /// A failure of `doing` (a sentence such as "Could not read service `web` in `us-central1`").
    pub fn of(doing: impl Into<String>, error: impl Explain) -> Self {
        Self {
            doing: doing.into(),
            class: error.class(),
            hints: error.hints(),
            evidence: Vec::new(),
            source: Some(Box::new(error)),
            echo: false,
        }
    }

    /// A failure that is its own cause.
    pub fn plain(class: Class, doing: impl Into<String>) -> Self {
        Self { doing: doing.into(), class, hints: Vec::new(), evidence: Vec::new(), source: None, echo: false }
    }

    /// Adds what to do next, before the hints that are there.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.insert(0, hint.into());
        self
    }

    /// Adds what to do next, behind the hints that are there.
    pub fn more_hints(mut self, hints: impl IntoIterator<Item = String>) -> Self {
        self.hints.extend(hints);
        self
    }

    /// Adds lines that show the cause: the last lines of a log, the last answer of a service.
    pub fn evidence(mut self, lines: Vec<String>) -> Self {
        self.evidence = lines;
        self
    }

    /// Says that the failure belongs to another class than its error believed.
    pub fn with_class(mut self, class: Class) -> Self {
        self.class = class;
        self
    }

    /// Says where it happened, in front of the sentence.
    pub fn in_place(mut self, place: &str) -> Self {
        self.doing.insert_str(0, place);
        self
    }

    /// Says that it only follows from a failure elsewhere.
    pub fn echo(mut self) -> Self {
        self.echo = true;
        self
    }

    /// Whether it only follows from a failure elsewhere.
    pub fn is_an_echo(&self) -> bool {
        self.echo
    }

    /// Whose fault it is.
    pub fn class(&self) -> Class {
        self.class
    }

    /// The causes, nearest first, without repeating one that its neighbour already quotes.
    pub fn causes(&self) -> Vec<String> {
        let mut causes: Vec<String> = Vec::new();
        let mut next = self.source.as_deref().map(|error| error as &dyn Error);
        while let Some(error) = next {
            let text = error.to_string();
            if !causes.last().is_some_and(|before| before.contains(&text)) {
                causes.push(text);
            }
            next = error.source();
        }
        causes
    }

    /// What to do next, without repetitions.
    pub fn hints(&self) -> Vec<&str> {
        let mut seen: Vec<&str> = Vec::new();
        for hint in &self.hints {
            if !seen.contains(&hint.as_str()) {
                seen.push(hint);
            }
        }
        seen
    }

    /// Lines that show the cause.
    pub fn evidence_lines(&self) -> &[String] {
        &self.evidence
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.doing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_its_own_exit_code_and_word() {
        for (index, class) in Class::ALL.iter().enumerate() {
            for other in &Class::ALL[index + 1..] {
                assert_ne!(class.exit_code(), other.exit_code());
                assert_ne!(class.word(), other.word());
            }
        }
    }
}
