//! The one table of inputs, a file for each command and for what several have. The parser, `--help`, `action.yml` and
//! the docs are made of it or checked against it; `engine::declare` says how an input is declared.

pub(crate) mod build;
mod command;
pub(crate) mod deploy;
pub(crate) mod doctor;
pub(crate) mod export;
pub(crate) mod gcloud;
pub(crate) mod hosting;
pub(crate) mod job;
pub(crate) mod logs;
pub(crate) mod monitoring;
pub(crate) mod preview;
pub(crate) mod recurring;
pub(crate) mod release;
pub(crate) mod rotate_key;
pub(crate) mod rotate_secret;
pub(crate) mod settings;
pub(crate) mod sign_in;
pub(crate) mod status;

pub(crate) use super::engine::declare::InputName;
pub use super::engine::declare::{Input, InputGroup, InputKind};
pub use command::CommandName;
pub use deploy::DEPLOY;
pub use doctor::DOCTOR;
pub use export::EXPORT;
pub use hosting::{HOSTING, HOSTING_MORE};
pub use job::JOB;
pub use logs::LOGS;
pub use monitoring::MONITORING;
pub use preview::PREVIEW;
pub use release::RELEASE;
pub use rotate_key::ROTATE_KEY;
pub use rotate_secret::ROTATE_SECRET;
pub use status::STATUS;

/// The input of that name: its grammar, and whether it may hold secrets, are the same in every command.
pub fn find(name: &str) -> Option<&'static Input> {
    let more = JOB
        .iter()
        .chain(HOSTING)
        .chain(HOSTING_MORE)
        .chain(RELEASE)
        .chain(PREVIEW)
        .chain(DOCTOR)
        .chain(ROTATE_KEY)
        .chain(ROTATE_SECRET)
        .chain(MONITORING)
        .chain(STATUS)
        .chain(EXPORT)
        .chain(LOGS);
    DEPLOY.iter().chain(deploy::MORE).chain(more).find(|input| input.name == name)
}

/// What users of other actions write, and what to write here in its place.
pub const ELSEWHERE: &[(&str, &str)] = &[
    (
        "multi_region",
        "a service of several regions behind one address of Google's is not written yet; `regions` deploys the same side by side, all or none",
    ),
    ("firebasetoolsversion", "no firebase-tools is used; remove it"),
    ("disablecomment", "this action writes no comment; remove it"),
    ("token_format", "tokens are made and renewed inside; remove it"),
    ("create_credentials_file", "no credentials file is ever written; remove it"),
    ("export_environment_variables", "nothing is exported; remove it"),
    ("project", "write `project_id`"),
    ("credentials", "write `credentials_json`"),
    ("env", "write `env_vars`"),
    ("environment_variables", "write `env_vars`"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_well_formed() {
        for (index, input) in DEPLOY.iter().enumerate() {
            assert!(
                input.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'),
                "{}",
                input.name
            );
            assert!(DEPLOY[index + 1..].iter().all(|other| other.name != input.name), "{} twice", input.name);
            assert!(!input.doc.ends_with('.') && !input.doc.is_empty(), "{}", input.name);
            assert!(ELSEWHERE.iter().all(|(name, _)| *name != input.name), "{} is ours", input.name);
        }
    }

    #[test]
    fn an_input_of_several_commands_has_one_grammar() {
        for command in CommandName::ALL {
            let all = command.inputs();
            for (index, input) in all.iter().enumerate() {
                assert!(all[index + 1..].iter().all(|other| other.name != input.name), "{} twice", input.name);
                let first = find(input.name).expect("in a table");
                assert_eq!((first.kind, first.secret), (input.kind, input.secret), "{command:?} {}", input.name);
            }
        }
    }

    #[test]
    fn the_table_is_grouped_in_the_order_of_its_headings() {
        let order: Vec<usize> = DEPLOY
            .iter()
            .map(|input| InputGroup::ALL.iter().position(|g| *g == input.group).expect("listed"))
            .collect();
        assert!(order.is_sorted(), "{order:?}");
    }
}
