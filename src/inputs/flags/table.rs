//! The one table of gcloud's flags: which commands have each, how its value is written, and what it means here.
//!
//! The parser of the input `flags` and docs/PARITY.md are made of it; `tests/gcloud/flags.txt` is the list of gcloud's
//! own that it is held against.

mod build;
mod everywhere;
mod hidden;
mod network;
mod run;
mod traffic;

/// How a flag's value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// It has none; gcloud knows a `--no-` of it that does nothing.
    Alone,
    /// It has none; `--no-` says the opposite.
    Switch,
    /// One text.
    One,
    /// A list.
    List,
    /// A map of keys and values.
    Map,
}

/// The commands of gcloud that have a flag, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlagCommands(u8);

impl FlagCommands {
    /// `gcloud run deploy`.
    pub const SERVICE: FlagCommands = FlagCommands(1);
    /// `gcloud run jobs deploy`.
    pub const JOB: FlagCommands = FlagCommands(2);
    /// `gcloud run worker-pools deploy`.
    pub const POOL: FlagCommands = FlagCommands(4);
    /// `gcloud builds submit`.
    pub const BUILD: FlagCommands = FlagCommands(8);
    /// `gcloud run services update-traffic`.
    pub const TRAFFIC: FlagCommands = FlagCommands(16);
    /// The three that write something that runs.
    pub const RUN: FlagCommands = FlagCommands(7);
    /// Services and worker pools.
    pub const SERVING: FlagCommands = FlagCommands(5);
    /// Every one.
    pub const ALL: FlagCommands = FlagCommands(31);

    /// Each command, with its words.
    pub const EACH: [(FlagCommands, &'static str); 5] = [
        (FlagCommands::SERVICE, "gcloud run deploy"),
        (FlagCommands::JOB, "gcloud run jobs deploy"),
        (FlagCommands::POOL, "gcloud run worker-pools deploy"),
        (FlagCommands::BUILD, "gcloud builds submit"),
        (FlagCommands::TRAFFIC, "gcloud run services update-traffic"),
    ];

    /// Whether a command is among these.
    pub fn has(self, command: FlagCommands) -> bool {
        self.0 & command.0 != 0
    }

    /// The words of one command.
    pub fn words(self) -> &'static str {
        Self::EACH.iter().find(|(of, _)| *of == self).map_or("gcloud", |(_, words)| words)
    }
}

/// A map that gcloud has several flags for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Environment variables.
    Env,
    /// References to secrets.
    Secrets,
    /// Labels.
    Labels,
    /// Environment of the build.
    BuildEnv,
    /// Traffic tags.
    Tags,
}

impl Family {
    /// Each of them.
    pub const ALL: [Family; 5] = [Family::Env, Family::Secrets, Family::Labels, Family::BuildEnv, Family::Tags];

    /// The input that holds it.
    pub fn input(self) -> &'static str {
        match self {
            Family::Env => "env_vars",
            Family::Secrets => "secrets",
            Family::Labels => "labels",
            Family::BuildEnv => "build_args",
            Family::Tags => "traffic_tags",
        }
    }

    /// The input that says what becomes of the others.
    pub fn strategy(self) -> &'static str {
        match self {
            Family::Env => "env_vars_update_strategy",
            Family::Secrets => "secrets_update_strategy",
            Family::Labels | Family::BuildEnv => "",
            Family::Tags => "traffic_tags_update_strategy",
        }
    }
}

/// What a flag does to a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// These and no others.
    Set,
    /// These too, or with these values.
    Update,
    /// Without these.
    Remove,
    /// None.
    Clear,
    /// Those of a file and no others.
    File,
}

/// What a flag means here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Means {
    /// Its value is the text of an input.
    Text(&'static str),
    /// Its value is the text of an input, and an empty one takes the setting away.
    OrNone(&'static str),
    /// An input that is `true`, or `false` with `--no-`.
    Switch(&'static str),
    /// Inputs with these texts.
    Fixed(&'static [(&'static str, &'static str)]),
    /// Its list is the lines of an input, all of them.
    Lines(&'static str),
    /// Its list is the words of an input.
    Words(&'static str),
    /// A change of a map.
    Map(Family, Op),
    /// A change of a list.
    Several(&'static str, Op),
    /// A probe.
    Probe(&'static str),
    /// A change of the volumes.
    Volumes(Op),
    /// A change of a container's mounts.
    Mounts(Op),
    /// What follows is about one container.
    Section,
    /// Nothing, and why.
    Nothing(&'static str),
    /// Nothing with this value; it is refused with another one, and why.
    Only(&'static str, &'static str),
    /// It is refused: why, and what to write.
    Refused(&'static str, &'static str),
}

/// A flag of gcloud's.
#[derive(Debug, Clone, Copy)]
pub struct Flag {
    /// Its name, without `--`.
    pub name: &'static str,
    /// How its value is written.
    pub shape: Shape,
    /// The commands that have it.
    pub of: FlagCommands,
    /// Whether it is about one container, and stands behind its `--container` where there is one.
    pub each: bool,
    /// What it means.
    pub means: Means,
}

const fn flag(name: &'static str, shape: Shape, of: FlagCommands, means: Means) -> Flag {
    Flag { name, shape, of, each: false, means }
}

/// A flag about one container.
const fn each(name: &'static str, shape: Shape, of: FlagCommands, means: Means) -> Flag {
    Flag { name, shape, of, each: true, means }
}

const SHOWN: [&[Flag]; 5] = [run::FLAGS, network::FLAGS, everywhere::FLAGS, build::FLAGS, traffic::FLAGS];

/// Every flag that gcloud's help shows, a row for each meaning.
pub fn shown() -> impl Iterator<Item = &'static Flag> {
    SHOWN.iter().flat_map(|table| table.iter())
}

/// Flags that gcloud takes and its help leaves out.
pub fn hidden() -> impl Iterator<Item = &'static Flag> {
    hidden::FLAGS.iter()
}

/// Every flag.
pub fn all() -> impl Iterator<Item = &'static Flag> {
    shown().chain(hidden())
}

/// A command's flag of that name.
pub fn find(of: FlagCommands, name: &str) -> Option<&'static Flag> {
    all().find(|flag| flag.of.has(of) && flag.name == name)
}

/// Flags whose input is none of those that a command here has: there must be none.
pub fn without_input() -> impl Iterator<Item = (&'static str, &'static str)> {
    let known = |input: &&str| super::super::spec::find(input).is_some();
    all()
        .flat_map(|flag| inputs(flag.means).into_iter().map(|input| (flag.name, input)))
        .filter(move |(_, input)| !known(input))
}

/// The inputs that a flag says something about.
pub fn inputs(means: Means) -> Vec<&'static str> {
    match means {
        Means::Text(input)
        | Means::OrNone(input)
        | Means::Switch(input)
        | Means::Lines(input)
        | Means::Words(input) => {
            vec![input]
        }
        Means::Fixed(all) => all.iter().map(|(input, _)| *input).collect(),
        Means::Map(_, Op::File) => vec!["env_vars_file", "env_vars_update_strategy"],
        Means::Map(family, _) => {
            [family.input(), family.strategy()].into_iter().filter(|name| !name.is_empty()).collect()
        }
        Means::Several(input, _) | Means::Probe(input) => vec![input],
        Means::Volumes(_) => vec!["volumes"],
        Means::Mounts(_) => vec!["volume_mounts"],
        Means::Section => vec!["container", "containers"],
        Means::Nothing(_) | Means::Only(..) | Means::Refused(..) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_has_each_flag_once() {
        for (of, words) in FlagCommands::EACH {
            let mut names: Vec<&str> = all().filter(|flag| flag.of.has(of)).map(|flag| flag.name).collect();
            let all = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), all, "{words}");
        }
    }
}
