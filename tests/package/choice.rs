//! What the ignore files decide.

use std::fs;
use std::process::Command;

use crate::package::RulesSource;
use crate::support::{Fixture, Packed, told};

/// What is packed besides the ignore files themselves.
fn kept(fixture: &Fixture) -> Vec<String> {
    let Packed { bytes, .. } = fixture.pack();
    let paths = crate::support::entries(&bytes).into_iter().map(|entry| String::from_utf8(entry.path).unwrap());
    paths.filter(|path| !path.contains("ignore")).collect()
}

fn refused(fixture: &Fixture) -> String {
    told(&fixture.survey().unwrap_err())
}

#[test]
fn without_rules_only_the_files_of_git_stay_behind() {
    let fixture = Fixture::with(&[
        (".git/config", "token"),
        ("sub/.gitignore", "*"),
        ("sub/a", ""),
        (".dockerignore", "*"),
        ("node_modules/x", ""),
    ]);
    let packed = fixture.pack();
    assert_eq!(packed.paths(), [".dockerignore", "node_modules", "node_modules/x", "sub", "sub/a"]);
    assert_eq!((packed.survey.rules, packed.survey.excluded), (RulesSource::Defaults, 2));
    assert!(packed.survey.withheld.is_empty(), "what the rules leave out anyway is no news");
}

#[test]
fn without_a_gcloudignore_the_gitignore_of_the_root_decides() {
    let fixture = Fixture::with(&[
        (".gitignore", "*.log\n!keep.log\n/dist/\n"),
        ("a.log", ""),
        ("keep.log", ""),
        ("dist/x", ""),
        ("sub/dist/x", ""),
        ("sub/.gitignore", "x"),
    ]);
    let packed = fixture.pack();
    assert_eq!(packed.paths(), ["keep.log", "sub", "sub/dist", "sub/dist/x"]);
    assert_eq!((packed.survey.rules, packed.survey.excluded), (RulesSource::Gitignore, 4));
}

#[test]
fn a_gcloudignore_decides_alone() {
    let fixture = Fixture::with(&[
        (".gcloudignore", "*.txt\n"),
        (".gitignore", "*.log\n"),
        (".git/config", "token"),
        ("a.log", ""),
        ("a.txt", ""),
    ]);
    let packed = fixture.pack();
    assert_eq!(packed.paths(), [".gcloudignore", ".gitignore", "a.log"]);
    assert_eq!(packed.survey.rules, RulesSource::Gcloudignore);
    assert_eq!(packed.withheld(), [".git"], "out all the same, and said so");
}

#[test]
fn a_left_out_directory_is_not_entered() {
    let fixture = Fixture::with(&[(".gcloudignore", "build\n!build/keep\n"), ("build/keep", ""), ("a", "")]);
    assert_eq!(kept(&fixture), ["a"]);
    fixture.file(".gcloudignore", "build/*\n!build/keep\n");
    fixture.file("build/other", "");
    assert_eq!(kept(&fixture), ["a", "build", "build/keep"]);
}

#[test]
fn a_link_to_a_directory_is_no_directory_to_the_rules() {
    let fixture = Fixture::with(&[(".gcloudignore", "modules/\n"), ("sub/modules/x", ""), ("real/x", "")]);
    fixture.link("modules", "real");
    assert_eq!(kept(&fixture), ["modules", "real", "real/x", "sub"]);
}

#[test]
fn rules_are_read_as_git_reads_them() {
    let fixture = Fixture::new();
    ["a", "b ", "#c", "!d", "e", "\u{feff}e"].iter().for_each(|name| fixture.file(name, ""));
    fixture.file(".gcloudignore", "\u{feff}e\r\na  \r\nb\\ \r\n\\#c\r\n\\!d\r\n# e\r\n\r\n*ignore");
    assert_eq!(kept(&fixture), ["\u{feff}e"]);
}

#[test]
fn included_rules_stand_where_the_directive_stands() {
    let fixture = Fixture::with(&[
        (".gcloudignore", "#!include:.gitignore\n!b.log\n"),
        (".gitignore", "*.log\n#!include: more-ignored \n"),
        ("more-ignored", "c\n"),
        ("a.log", ""),
        ("b.log", ""),
        ("c", ""),
        ("d", ""),
    ]);
    assert_eq!(kept(&fixture), ["b.log", "d"]);
    fixture.file(".gcloudignore", "!b.log\n#!include:.gitignore");
    assert_eq!(kept(&fixture), ["d"]);
}

#[test]
fn includes_that_lead_nowhere_are_refused() {
    let fixture = Fixture::with(&[("a", ""), (".gcloudignore", "x\n#!include:.missing\n")]);
    assert_eq!(
        refused(&fixture),
        "`.gcloudignore`, line 2: could not include `.missing`\n  cause: No such file or directory (os error 2)\n  hint: Add `.missing` to \
         the source directory, or remove the line from `.gcloudignore`"
    );
    for name in ["../x", "/etc/passwd", "sub/x", "", ".."] {
        fixture.file(".gcloudignore", format!("#!include:{name}"));
        assert_eq!(
            refused(&fixture),
            format!(
                "`.gcloudignore`, line 1: cannot include `{name}`, only files next to it\n  hint: Copy the rules into \
                 `.gcloudignore`: `#!include:` takes a file name without a directory"
            )
        );
    }
    fixture.file(".gcloudignore", "#!include:one");
    fixture.file("one", "\n#!include:two");
    fixture.file("two", "#!include:one");
    assert_eq!(
        refused(&fixture),
        "`two`, line 1: including `one` goes round in a circle or too deep\n  hint: Remove the `#!include:` line from \
         `two`"
    );
    fixture.file(".gcloudignore", "#!include:sub");
    fixture.directory("sub");
    assert!(
        refused(&fixture)
            .starts_with("`.gcloudignore`, line 1: could not include `sub`\n  cause: it is not a regular file")
    );
}

#[test]
fn includes_cannot_multiply_without_end() {
    let fixture = Fixture::with(&[("a", "")]);
    let deep = |level: u32| format!("#!include:{}\n", level + 1);
    fixture.file(".gcloudignore", deep(0));
    (1..50).for_each(|level| fixture.file(level.to_string(), deep(level)));
    assert!(refused(&fixture).contains("too deep"));
    (1..8).for_each(|level| fixture.file(level.to_string(), deep(level).repeat(20)));
    fixture.file("8", "x\n".repeat(1000));
    assert!(refused(&fixture).starts_with("The rules of `8` with everything it includes are longer than 262144 bytes"));
}

#[test]
fn an_ignore_file_that_is_none_is_refused() {
    let fixture = Fixture::with(&[("a", ""), ("real", "b\n"), ("b", "")]);
    fixture.link(".gcloudignore", "real");
    assert_eq!(kept(&fixture), ["a", "real"], "a link to a file will do");
    fs::remove_file(fixture.path(".gcloudignore")).unwrap();
    assert!(Command::new("mkfifo").arg(fixture.path(".gcloudignore")).status().unwrap().success());
    assert_eq!(
        refused(&fixture),
        "Could not read the ignore file `.gcloudignore`\n  cause: it is not a regular file\n  hint: Make \
         `.gcloudignore` a readable text file, or remove it"
    );
    fs::remove_file(fixture.path(".gcloudignore")).unwrap();
    fixture.file(".gcloudignore", "x\n".repeat(600_000));
    assert!(refused(&fixture).contains("longer than 262144 bytes"));
}
