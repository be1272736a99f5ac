//! The documents say what the code does: `action.yml` and the tables are made from the code's own
//! tables. `UPDATE_DOCS=1 cargo test --test docs` writes them anew.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![expect(clippy::disallowed_methods, reason = "the switch to write instead of compare is a variable")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use slipway::explain::Class;
use slipway::google::roles::{self, Need};
use slipway::inputs::spec::{self, Group, Input};
use slipway::report::outputs::OUTPUTS;

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
    if input.default.is_empty() || input.default.starts_with('$') {
        input.doc.to_owned()
    } else {
        format!("{}. Default: {}", input.doc, input.default)
    }
}

#[test]
fn action_yml_is_the_table_of_inputs_and_outputs() {
    let mut text = String::from(
        "# Inputs and outputs are checked against src/inputs/spec.rs and src/report/outputs.rs by tests/docs.rs.\n\
         name: Slipway\n\
         description: Build, deploy and verify a Cloud Run service. No log streaming, deployed by digest, green only when the new revision serves.\n\
         author: Slipway\n\
         branding:\n  icon: anchor\n  color: blue\n\ninputs:\n",
    );
    for group in Group::ALL {
        writeln!(text, "  # {}", group.title()).unwrap();
        for input in spec::DEPLOY.iter().filter(|input| input.group == group) {
            writeln!(text, "  {}:\n    description: {}", input.name, quoted(&description(input))).unwrap();
            writeln!(text, "    required: {}", input.name == "service").unwrap();
            if input.default.starts_with('$') {
                writeln!(text, "    default: {}", input.default).unwrap();
            }
        }
    }
    text.push_str("\noutputs:\n");
    for (name, doc) in OUTPUTS {
        writeln!(text, "  {name}:\n    description: {}", quoted(doc)).unwrap();
    }
    text.push_str(
        "\nruns:\n  using: docker\n  image: Dockerfile\n  entrypoint: /slipway\n  post-entrypoint: /slipway-post\n  post-if: cancelled() || failure()\n",
    );
    check("action.yml", &text);
}

#[test]
fn the_readme_has_every_input_and_output() {
    let mut inputs = String::new();
    for group in Group::ALL {
        write!(inputs, "\n**{}**\n\n| input | default | meaning |\n| --- | --- | --- |\n", group.title()).unwrap();
        for input in spec::DEPLOY.iter().filter(|input| input.group == group) {
            let default = if input.default.is_empty() { String::new() } else { format!("`{}`", input.default) };
            writeln!(inputs, "| `{}` | {default} | {} |", input.name, input.doc.replace('|', "\\|")).unwrap();
        }
    }
    inputs.push('\n');
    check_part("README.md", "inputs", &inputs);
    let mut outputs = String::from("\n| output | meaning |\n| --- | --- |\n");
    for (name, doc) in OUTPUTS {
        writeln!(outputs, "| `{name}` | {doc} |").unwrap();
    }
    outputs.push('\n');
    check_part("README.md", "outputs", &outputs);
}

#[test]
fn the_readme_shows_the_example_that_is_linted() {
    let example = std::fs::read_to_string(root().join("examples/deploy-staging.yml")).unwrap();
    check_part("README.md", "quick-start", &format!("```yaml\n{example}```\n"));
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
    check_part("docs/PERMISSIONS.md", "helpful", &table(roles::HELPFUL));
    check_part("docs/PERMISSIONS.md", "build-account", &table(roles::BUILD_ACCOUNT));
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
            let ours = ["src/", "tests/", "docs/", "fake/", "examples/", "benches/", ".github/", "release/"]
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
