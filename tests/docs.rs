//! The documents say what the code does: `action.yml` and the tables are made from the code's own
//! tables. `UPDATE_DOCS=1 cargo test --test docs` writes them anew.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![expect(clippy::disallowed_methods, reason = "the switch to write instead of compare is a variable")]

#[path = "docs/parity.rs"]
mod parity;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use slipway::cloud_run::document::Resource;
use slipway::cloud_run::document::knative::{AnnotationRule, annotations};
use slipway::commands::doctor::report as doctor;
use slipway::commands::export::report as export;
use slipway::commands::hosting::report as hosting;
use slipway::commands::job::report as job;
use slipway::commands::logs::report as logs;
use slipway::commands::monitoring::report as monitoring;
use slipway::commands::preview::report as preview;
use slipway::commands::release::report as release;
use slipway::commands::rotate_key::report as rotate_key;
use slipway::commands::rotate_secret::report as rotate_secret;
use slipway::commands::status::report as status;
use slipway::inputs::spec::{CommandName, Input, InputGroup};
use slipway::report::outputs::OUTPUTS;
use slipway_failure::Class;
use slipway_google::roles::{self, Need};
use slipway_google::services;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Compares a file with what it should be, or writes it when asked to.
fn check(file: &str, expected: &str) {
    let path = root().join(file);
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    if found == expected {
        return;
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, expected).unwrap();
        return;
    }
    let line = found.lines().zip(expected.lines()).position(|(a, b)| a != b).unwrap_or(0);
    panic!(
        "{file} is not what the code says, from line {}:\n  is      {:?}\n  must be {:?}\nRun UPDATE_DOCS=1 cargo test --test docs",
        line + 1,
        found.lines().nth(line),
        expected.lines().nth(line)
    );
}

/// Parts of one document are written one after the other.
static WRITING: std::sync::Mutex<()> = std::sync::Mutex::new(());

/// Compares the part of a document between `<!-- NAME -->` and `<!-- /NAME -->`.
fn check_part(file: &str, name: &str, expected: &str) {
    let _alone = WRITING.lock();
    let text = std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let (before, rest) = text.split_once(&open).unwrap_or_else(|| panic!("{file} has no {open}"));
    let (_, after) = rest.split_once(&close).unwrap_or_else(|| panic!("{file} has no {close}"));
    check(file, &format!("{before}{open}{expected}{close}{after}"));
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn description(input: &Input) -> String {
    if let Some(means) = input.means {
        return format!("The same as `{means}`");
    }
    if input.default.is_empty() || input.default.starts_with('$') {
        input.doc.to_owned()
    } else {
        format!("{}. Default: {}", input.doc, input.default)
    }
}

/// A command's action: where its file lies, how it is called in lists, and what its run has to tell.
struct Action {
    command: CommandName,
    file: &'static str,
    name: &'static str,
    description: &'static str,
    outputs: Vec<&'static (&'static str, &'static str)>,
}

fn actions() -> Vec<Action> {
    let some = |names: &[&str]| -> Vec<&'static (&'static str, &'static str)> {
        OUTPUTS.iter().filter(|(name, _)| names.contains(name)).collect()
    };
    let with_sites = |names: &[&str], of_sites: &[&str]| -> Vec<&'static (&'static str, &'static str)> {
        let sites = hosting::OUTPUTS.iter().filter(|(name, _)| of_sites.contains(name));
        some(names).into_iter().chain(sites).collect()
    };
    vec![
        Action {
            command: CommandName::Deploy,
            file: "action.yml",
            name: "Slipway",
            description: "Build, deploy and verify a Cloud Run service. No log streaming, deployed by digest, green only when the new revision serves.",
            outputs: OUTPUTS.iter().collect(),
        },
        Action {
            command: CommandName::Rollback,
            file: "actions/rollback/action.yml",
            name: "Slipway rollback",
            description: "Send the traffic of a Cloud Run service back to a revision that served before, or a Firebase Hosting site to a version, verified.",
            outputs: with_sites(
                &["url", "revision", "previous_revision", "traffic", "result", "report"],
                &["version", "release", "previous_version"],
            ),
        },
        Action {
            command: CommandName::Promote,
            file: "actions/promote/action.yml",
            name: "Slipway promote",
            description: "Send all traffic to a tagged candidate, deploy the very image that serves in another Cloud Run service, or release what a Firebase Hosting preview shows.",
            outputs: with_sites(
                &[
                    "url",
                    "revision",
                    "previous_revision",
                    "image",
                    "digest",
                    "deploy_seconds",
                    "traffic",
                    "result",
                    "report",
                ],
                &["version", "release", "previous_version"],
            ),
        },
        Action {
            command: CommandName::Job,
            file: "actions/job/action.yml",
            name: "Slipway job",
            description: "Create or update a Cloud Run job, run it exactly once, and be green only when every task succeeded.",
            outputs: job::OUTPUTS.iter().collect(),
        },
        Action {
            command: CommandName::Hosting,
            file: "actions/hosting/action.yml",
            name: "Slipway hosting",
            description: "Upload a Firebase Hosting site, release it live or as a preview, verify it, and take it back when it does not answer as it should. No Node, no firebase-tools.",
            outputs: hosting::OUTPUTS.iter().collect(),
        },
        Action {
            command: CommandName::Release,
            file: "actions/release/action.yml",
            name: "Slipway release",
            description: "Release the Cloud Run services and Firebase Hosting sites of a manifest as one; all of them are out and healthy, or all are as they were.",
            outputs: release::OUTPUTS.iter().collect(),
        },
        Action {
            command: CommandName::Preview,
            file: "actions/preview/action.yml",
            name: "Slipway preview",
            description: "Make, renew or remove the preview of a pull request, front and back, told in one comment that is always current.",
            outputs: preview::OUTPUTS.iter().collect(),
        },
        Action {
            command: CommandName::Status,
            file: "actions/status/action.yml",
            name: "Slipway status",
            description: "Show who serves a Cloud Run service, and requests, errors, latency and instances of its last hour and day. Changes nothing.",
            outputs: status::OUTPUTS.iter().collect(),
        },
        Action {
            command: CommandName::Logs,
            file: "actions/logs/action.yml",
            name: "Slipway logs",
            description: "Show the log of a build, followed to its end, or what a Cloud Run service wrote to Cloud Logging. The verdict on a build is its status. Changes nothing.",
            outputs: logs::OUTPUTS.iter().collect(),
        },
        Action {
            command: CommandName::Export,
            file: "actions/export/action.yml",
            name: "Slipway export",
            description: "Write a Cloud Run service, job or worker pool to a file that can be committed and deployed again. Changes nothing in the cloud.",
            outputs: export::OUTPUTS.iter().collect(),
        },
        Action {
            command: CommandName::Monitoring,
            file: "actions/monitoring/action.yml",
            name: "Slipway monitoring",
            description: "Set up alerts on errors and latency and an uptime check of a Cloud Run service, or remove them. A second run changes nothing.",
            outputs: monitoring::OUTPUTS.iter().collect(),
        },
        Action {
            command: CommandName::Doctor,
            file: "actions/doctor/action.yml",
            name: "Slipway doctor",
            description: "Look at everything a deploy to Google Cloud needs, change nothing, and say what to mend with which command.",
            outputs: doctor::OUTPUTS.iter().collect(),
        },
        Action {
            command: CommandName::RotateKey,
            file: "actions/rotate-key/action.yml",
            name: "Slipway rotate-key",
            description: "Give a Google service account a new key, prove it, store it as a GitHub Actions secret, and disable the old one. Whatever fails, the secret holds a key that works.",
            outputs: rotate_key::OUTPUTS.iter().collect(),
        },
        Action {
            command: CommandName::RotateSecret,
            file: "actions/rotate-secret/action.yml",
            name: "Slipway rotate-secret",
            description: "Give a secret of Google's Secret Manager a new version, move the Cloud Run service that reads it there, verified, and disable the old one. Whatever fails, the service reads what it read before.",
            outputs: rotate_secret::OUTPUTS.iter().collect(),
        },
    ]
}

/// The file of an action. The program is told its command by `args`: without them the runner would pass
/// an input named `args` to it as arguments, and inputs come by their variables.
fn action_yml(action: &Action) -> String {
    let word = action.command.word();
    let up = "../".repeat(action.file.matches('/').count());
    // zizmor knows a Dockerfile of the repository only by its bare name.
    let pardon = if up.is_empty() { "" } else { " # zizmor: ignore[unpinned-images] built from this repository" };
    let mut text = format!(
        "# Inputs and outputs are checked against src/inputs/spec.rs and src/report/ by tests/docs.rs.\n\
         name: {}\n\
         description: {}\n\
         author: Slipway\n",
        action.name, action.description
    );
    if up.is_empty() {
        text.push_str("branding:\n  icon: anchor\n  color: blue\n");
    }
    text.push_str("\ninputs:\n");
    let inputs = action.command.inputs();
    for group in InputGroup::ALL {
        let own: Vec<&&Input> = inputs.iter().filter(|input| input.group == group).collect();
        if !own.is_empty() {
            writeln!(text, "  # {}", group.title()).unwrap();
        }
        for input in own {
            writeln!(text, "  {}:\n    description: {}", input.name, quoted(&description(input))).unwrap();
            let required = match action.command {
                CommandName::Deploy => input.name == "service",
                CommandName::Job => input.name == "job",
                CommandName::Status | CommandName::Monitoring => input.name == "service",
                CommandName::RotateKey => ["secret", "github_token"].contains(&input.name),
                CommandName::RotateSecret => ["secret", "service"].contains(&input.name),
                // A rollback or a promotion is about a service or a site.
                _ => false,
            };
            writeln!(text, "    required: {required}").unwrap();
            if input.default.starts_with('$') {
                writeln!(text, "    default: {}", input.default).unwrap();
            }
        }
    }
    text.push_str("\noutputs:\n");
    for (name, doc) in &action.outputs {
        writeln!(text, "  {name}:\n    description: {}", quoted(doc)).unwrap();
    }
    write!(
        text,
        "\nruns:\n  using: docker\n  image: {up}Dockerfile{pardon}\n  entrypoint: /slipway\n  args:\n    - {word}\n  post-entrypoint: /slipway-post\n  post-if: cancelled() || failure()\n"
    )
    .unwrap();
    text
}

#[test]
fn every_command_has_its_action() {
    let actions = actions();
    let own: Vec<CommandName> = CommandName::ALL.into_iter().filter(|command| !command.word().contains(' ')).collect();
    assert_eq!(actions.iter().map(|action| action.command).collect::<Vec<_>>(), own);
    for action in &actions {
        let lies_in = action.file.strip_suffix("/action.yml").unwrap_or_default();
        assert!(action.command == CommandName::Deploy || lies_in == format!("actions/{}", action.command.word()));
        check(action.file, &action_yml(action));
    }
}

#[test]
fn the_readme_has_every_input_and_output() {
    let table_of_inputs = |command: CommandName| {
        let mut text = String::new();
        let all = command.inputs();
        for group in InputGroup::ALL.into_iter().filter(|group| all.iter().any(|input| input.group == *group)) {
            if group == InputGroup::Spelling {
                let pairs = all.iter().filter_map(|input| Some(format!("`{}` for `{}`", input.name, input.means?)));
                write!(text, "\n{} are taken as well: {}.\n", group.title(), pairs.collect::<Vec<_>>().join(", "))
                    .unwrap();
                continue;
            }
            write!(text, "\n**{}**\n\n| input | default | meaning |\n| --- | --- | --- |\n", group.title()).unwrap();
            for input in all.iter().filter(|input| input.group == group) {
                let default = if input.default.is_empty() { String::new() } else { format!("`{}`", input.default) };
                writeln!(text, "| `{}` | {default} | {} |", input.name, input.doc.replace('|', "\\|")).unwrap();
            }
        }
        text + "\n"
    };
    check_part("README.md", "inputs", &table_of_inputs(CommandName::Deploy));
    check_part("docs/JOBS.md", "inputs", &table_of_inputs(CommandName::Job));
    check_part("docs/HOSTING.md", "inputs", &table_of_inputs(CommandName::Hosting));
    let table_of_outputs = |outputs: &[(&str, &str)]| {
        let mut text = String::from("\n| output | meaning |\n| --- | --- |\n");
        for (name, doc) in outputs {
            writeln!(text, "| `{name}` | {doc} |").unwrap();
        }
        text + "\n"
    };
    check_part("docs/PREVIEWS.md", "inputs", &table_of_inputs(CommandName::Preview));
    check_part("docs/PREVIEWS.md", "outputs", &table_of_outputs(preview::OUTPUTS));
    check_part("docs/DOCTOR.md", "inputs", &table_of_inputs(CommandName::Doctor));
    check_part("docs/DOCTOR.md", "outputs", &table_of_outputs(doctor::OUTPUTS));
    check_part("docs/ROTATION.md", "inputs", &table_of_inputs(CommandName::RotateKey));
    check_part("docs/ROTATION.md", "outputs", &table_of_outputs(rotate_key::OUTPUTS));
    check_part("docs/ROTATION.md", "secret-inputs", &table_of_inputs(CommandName::RotateSecret));
    check_part("docs/ROTATION.md", "secret-outputs", &table_of_outputs(rotate_secret::OUTPUTS));
    check_part("docs/RELEASE.md", "inputs", &table_of_inputs(CommandName::Release));
    check_part("docs/RELEASE.md", "outputs", &table_of_outputs(release::OUTPUTS));
    check_part("docs/MONITORING.md", "inputs", &table_of_inputs(CommandName::Monitoring));
    check_part("docs/MONITORING.md", "outputs", &table_of_outputs(monitoring::OUTPUTS));
    check_part("docs/MONITORING.md", "status-inputs", &table_of_inputs(CommandName::Status));
    check_part("docs/MONITORING.md", "status-outputs", &table_of_outputs(status::OUTPUTS));
    check_part("docs/MANIFESTS.md", "inputs", &table_of_inputs(CommandName::Export));
    check_part("docs/MANIFESTS.md", "outputs", &table_of_outputs(export::OUTPUTS));
    check_part("docs/LOGS.md", "inputs", &table_of_inputs(CommandName::Logs));
    check_part("docs/LOGS.md", "outputs", &table_of_outputs(logs::OUTPUTS));
    check_part("README.md", "outputs", &table_of_outputs(OUTPUTS));
    check_part("docs/JOBS.md", "outputs", &table_of_outputs(job::OUTPUTS));
    check_part("docs/HOSTING.md", "outputs", &table_of_outputs(hosting::OUTPUTS));
}

#[test]
fn the_documents_show_the_examples_that_are_linted() {
    for (document, part, example) in [
        ("README.md", "quick-start", "examples/deploy-staging.yml"),
        ("docs/JOBS.md", "workflow", "examples/job.yml"),
        ("docs/HOSTING.md", "workflow", "examples/hosting.yml"),
        ("docs/PREVIEWS.md", "workflow", "examples/preview.yml"),
        ("docs/RELEASE.md", "workflow", "examples/release.yml"),
        ("docs/RELEASE.md", "manifest", "examples/slipway.yml"),
        ("docs/DOCTOR.md", "workflow", "examples/doctor.yml"),
        ("docs/ROTATION.md", "workflow", "examples/rotate.yml"),
        ("docs/CREDENTIALS.md", "workflow", "examples/keyless.yml"),
        ("docs/MONITORING.md", "workflow", "examples/monitoring.yml"),
    ] {
        let text = std::fs::read_to_string(root().join(example)).unwrap();
        check_part(document, part, &format!("```yaml\n{text}```\n"));
    }
}

#[test]
fn the_permissions_page_has_every_permission() {
    let table = |needs: &[Need]| {
        let mut text = String::from("\n| permission | to | smallest role |\n| --- | --- | --- |\n");
        for need in needs {
            writeln!(text, "| `{}` | {} | `{}` |", need.permission, need.why, need.role).unwrap();
        }
        text.push('\n');
        text
    };
    check_part("docs/PERMISSIONS.md", "needed", &table(roles::NEEDS));
    check_part("docs/PERMISSIONS.md", "hosting", &table(roles::HOSTING_NEEDS));
    check_part("docs/PERMISSIONS.md", "auth", &table(roles::AUTH_NEEDS));
    check_part("docs/PERMISSIONS.md", "monitoring", &table(roles::MONITORING_NEEDS));
    check_part("docs/PERMISSIONS.md", "budgets", &table(roles::BUDGET_NEEDS));
    check_part("docs/PERMISSIONS.md", "keys", &table(roles::KEY_NEEDS));
    check_part("docs/PERMISSIONS.md", "secrets", &table(roles::SECRET_NEEDS));
    check_part("docs/PERMISSIONS.md", "helpful", &table(roles::HELPFUL));
    check_part("docs/PERMISSIONS.md", "build-account", &table(roles::BUILD_ACCOUNT));
    let mut apis = String::from("\n| API | to |\n| --- | --- |\n");
    for (api, why) in services::NEEDED {
        writeln!(apis, "| `{api}` | {why} |").unwrap();
    }
    let command = services::enable("\"$PROJECT\"", services::NEEDED.map(|(api, _)| api));
    write!(
        apis,
        "\n```bash\n{}\n```\n",
        command.replace(" storage.", " \\\n  storage.").replace(" run.", " \\\n  run.")
    )
    .unwrap();
    check_part("docs/PERMISSIONS.md", "apis", &apis);
}

#[test]
fn the_manifests_page_has_every_annotation() {
    let table = |resource: Resource| {
        let mut text = String::from("\n| annotation | stands on the | becomes |\n| --- | --- | --- |\n");
        // Notes of the past, and what v2 has no field for, are the same on all.
        let all = annotations(resource).into_iter();
        for (name, on, fate, field) in all.filter(|one| resource == Resource::Service || one.2 == AnnotationRule::Field)
        {
            let becomes = match fate {
                AnnotationRule::Field => {
                    field.split(", ").map(|field| format!("`{field}`")).collect::<Vec<_>>().join(", ")
                }
                AnnotationRule::LeftOut => "nothing: a note of the past".into(),
                AnnotationRule::Mistake => "a mistake: v2 has no field for it".into(),
            };
            writeln!(text, "| `{name}` | {on} | {becomes} |").unwrap();
        }
        text + "\n"
    };
    check_part("docs/MANIFESTS.md", "annotations", &table(Resource::Service));
    check_part("docs/MANIFESTS.md", "annotations-of-jobs", &table(Resource::Job));
    check_part("docs/MANIFESTS.md", "annotations-of-pools", &table(Resource::WorkerPool));
}

#[test]
fn the_exit_codes_are_documented() {
    let mut text = String::from("\n| code | class | meaning |\n| --- | --- | --- |\n| 0 | | deployed, or planned |\n");
    let mut classes = Class::ALL.to_vec();
    classes.sort_by_key(|class| class.exit_code());
    for class in classes {
        writeln!(text, "| {} | `{}` | {} |", class.exit_code(), class.word(), class.meaning()).unwrap();
    }
    text.push_str("| 130, 143 | | cancelled by SIGINT or SIGTERM |\n\n");
    check_part("docs/TROUBLESHOOTING.md", "exit-codes", &text);
}

fn documents() -> Vec<PathBuf> {
    let mut found = vec![root().join("fake/README.md")];
    for directory in [root().to_path_buf(), root().join("docs")] {
        found.extend(
            std::fs::read_dir(directory)
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .filter(|path| path.extension().is_some_and(|ending| ending == "md")),
        );
    }
    found
}

#[test]
fn every_path_in_a_document_exists() {
    for document in documents() {
        let text = std::fs::read_to_string(&document).unwrap();
        let base = document.parent().unwrap();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if target.starts_with("http") || target.starts_with('#') || target.is_empty() {
                continue;
            }
            let path = target.split('#').next().unwrap();
            assert!(base.join(path).exists(), "{} links to {target}, which is not there", document.display());
        }
        // Names of our files between backticks.
        for word in text.split('`').skip(1).step_by(2) {
            let ours = [
                "src/",
                "crates/",
                "tests/",
                "docs/",
                "fake/",
                "examples/",
                "actions/",
                "benches/",
                ".github/",
                "release/",
            ]
            .iter()
            .any(|start| word.starts_with(start));
            if ours && !word.contains(['*', ' ', '<', '{']) && !word.contains("NAME") {
                let path = word.split(['#', ':']).next().unwrap();
                let there = [base, root()].iter().any(|from| from.join(path).exists());
                assert!(there, "{} names {word}, which is not there", document.display());
            }
        }
    }
}
