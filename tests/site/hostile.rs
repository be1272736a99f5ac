//! Trees that would make a careless reader hang, leak or lie.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixListener;
use std::process::Command;
use std::time::Instant;

use crate::site::{ListOptions, list};
use crate::support::{Fixture, paths, told};

#[test]
fn links_are_followed_inside_the_workspace() {
    let fixture = Fixture::with(&[("a.html", "x")]);
    std::fs::create_dir(fixture.workspace().join("shared")).unwrap();
    std::fs::write(fixture.workspace().join("shared/logo.svg"), "<svg/>").unwrap();
    fixture.link("assets", "../shared");
    fixture.link("b.html", "a.html");
    assert_eq!(paths(&fixture.list(&[]).unwrap()), ["a.html", "assets/logo.svg", "b.html"]);
}

#[test]
fn links_out_of_the_workspace_are_refused_by_name() {
    for target in ["/etc/passwd", "/etc", "../../"] {
        let fixture = Fixture::with(&[("a.html", "x")]);
        fixture.link("out", target);
        let error = told(&fixture.list(&[]).unwrap_err());
        assert!(error.starts_with("`out` is a link to `/"), "{error}");
        assert!(
            error.ends_with(
                "`, outside the workspace\n  hint: Replace the link by what it shall publish, or put `out` and \
                 `out/**` in `ignore`"
            ),
            "{error}"
        );
        assert_eq!(paths(&fixture.list(&["out", "out/**"]).unwrap()), ["a.html"]);
    }
    let fixture = Fixture::new();
    fixture.link("inside/out", "/etc/hostname");
    assert!(told(&fixture.list(&[]).unwrap_err()).contains("inside/out"));
}

#[test]
fn links_to_nothing_are_refused_by_name() {
    for target in ["missing", "broken", "a.html/x"] {
        let fixture = Fixture::with(&[("a.html", "x")]);
        fixture.link("broken", target);
        assert_eq!(
            told(&fixture.list(&[]).unwrap_err()),
            "`broken` is a link to nothing\n  hint: Remove `broken` before this step, or let `ignore` name it"
        );
        assert_eq!(paths(&fixture.list(&["broken"]).unwrap()), ["a.html"]);
    }
}

#[test]
fn loops_are_refused_by_name() {
    let fixture = Fixture::with(&[("a/b/c.html", "x")]);
    fixture.link("a/b/up", "../../a");
    let error = told(&fixture.list(&[]).unwrap_err());
    assert!(error.starts_with("`a/b/up` is a link back to a directory that holds it\n  hint: Replace"), "{error}");
    assert_eq!(paths(&fixture.list(&["**/up/**"]).unwrap()), ["a/b/c.html"]);
    let fixture = Fixture::new();
    fixture.link("itself", ".");
    assert!(told(&fixture.list(&[]).unwrap_err()).starts_with("`itself` is a link back"));
}

#[test]
fn links_that_multiply_end_in_time() {
    let fixture = Fixture::new();
    for level in 0..30 {
        for twin in ["a", "b"] {
            fixture.link(&format!("{level}/{twin}"), &format!("../{}", level + 1));
        }
    }
    fixture.file("30/x", "");
    let begun = Instant::now();
    assert_eq!(
        told(&fixture.list(&[]).unwrap_err()),
        "The public directory leads on through more than 10000 links to directories\n  hint: Replace links by what they \
         shall publish, or leave them out with `ignore`"
    );
    assert!(begun.elapsed().as_secs() < 30, "took {:?}", begun.elapsed());
}

#[test]
fn names_must_be_text() {
    let fixture = Fixture::with(&[("a.html", "x")]);
    std::fs::write(fixture.public().join(OsStr::from_bytes(b"caf\xe9")), "x").unwrap();
    assert_eq!(
        told(&fixture.list(&[]).unwrap_err()),
        "The name of `caf\\xe9` is not UTF-8, as the path of a web page must be\n  hint: Remove `caf\\xe9` before this \
         step, or let `ignore` name it"
    );
    assert_eq!(paths(&fixture.list(&["caf*"]).unwrap()), ["a.html"]);
}

#[test]
fn what_is_no_file_is_skipped_with_a_warning() {
    let fixture = Fixture::with(&[("a.html", "x")]);
    assert!(Command::new("mkfifo").arg(fixture.path("pipe")).status().unwrap().success());
    let _socket = UnixListener::bind(fixture.path("socket")).unwrap();
    let listing = fixture.list(&[]).unwrap();
    assert_eq!(paths(&listing), ["a.html"]);
    assert_eq!(
        listing.warnings,
        ["`pipe` is a FIFO and was not published", "`socket` is a socket and was not published"]
    );
    assert!(fixture.list(&["pipe", "socket"]).unwrap().warnings.is_empty());
}

#[test]
fn the_public_directory_must_be_there_and_in_the_workspace() {
    let fixture = Fixture::new();
    let at = |public| list(&ListOptions { public, ..fixture.options() }).map(|_| ()).map_err(|error| told(&error));
    let missing = at(fixture.path("missing")).unwrap_err();
    assert!(missing.starts_with("Could not open the public directory `"), "{missing}");
    assert!(missing.contains("No such file") && missing.contains("hint: Check `public`"), "{missing}");
    fixture.file("file", "");
    assert!(at(fixture.path("file")).unwrap_err().contains("Not a directory"));
    let no_workspace = ListOptions { workspace: fixture.path("missing"), ..fixture.options() };
    assert!(told(&list(&no_workspace).unwrap_err()).starts_with("Could not open the workspace `"));
    let elsewhere = tempfile::tempdir().unwrap();
    assert!(at(elsewhere.path().to_owned()).unwrap_err().contains("lies outside the workspace"));
    std::os::unix::fs::symlink(elsewhere.path(), fixture.workspace().join("link")).unwrap();
    assert!(at(fixture.workspace().join("link")).unwrap_err().contains("lies outside the workspace"));
}

#[test]
fn an_empty_directory_is_a_site_with_a_warning() {
    let listing = Fixture::new().list(&[]).unwrap();
    assert!(listing.files.is_empty());
    assert_eq!(listing.warnings, ["The public directory holds no file to publish"]);
}

#[test]
fn patterns_that_do_not_do_what_they_seem_to_are_warned_of() {
    let fixture = Fixture::with(&[("a", "")]);
    let public = fixture.public();
    let absolute = format!("{}/b", public.display());
    let warnings = fixture.list(&["/a", "!a", "!(b)c", &absolute]).unwrap().warnings;
    assert_eq!(
        warnings,
        [
            "The ignore pattern `/a` is a path from the root of the file system; write it without the first slash to \
             begin at the public directory",
            "The ignore pattern `!a` takes nothing back: `ignore` has no negation, and a `!` is part of a name",
        ]
    );
}

#[test]
fn hostile_patterns_end_in_time_or_are_refused() {
    let fixture = Fixture::new();
    let name = "a".repeat(200);
    fixture.file(&[name.as_str(); 4].join("/"), "");
    fixture.file(&["a"; 200].join("/"), "");
    let begun = Instant::now();
    let refused = [
        "{a,b}".repeat(40),
        "{1..99999999}".to_owned(),
        format!("{}{}", "{a,".repeat(30_000), "}".repeat(30_000)),
        "!(a".repeat(20_000) + &")".repeat(20_000),
        "@(".repeat(1_000) + &")".repeat(1_000),
        "a".repeat(70_000),
        "**/../a/b/".repeat(40) + "x",
        "!(a)".repeat(3_000),
    ];
    for pattern in &refused {
        let error = told(&fixture.list(&[pattern]).map(|_| pattern.chars().take(20).collect::<String>()).unwrap_err());
        assert!(error.starts_with("The ignore pattern `") && error.contains("` cannot be used\n  cause: "), "{error}");
        assert!(error.len() < 400, "the pattern is cut in {error}");
    }
    let endured = [
        "*a".repeat(100) + "b",
        "+(a|aa)".repeat(12) + "b",
        "*(*(*(*(a))))b".to_owned(),
        "@(+(a|+(aa|+(aaa))))b".to_owned(),
        "!(!(!(a)*)*)*b".to_owned(),
        "**/a/".repeat(150) + "b",
        "**/".repeat(3_000) + "b",
        "+(+(+(a)+(a))+(a))b".repeat(3),
        "[".repeat(2_000),
        "[".repeat(1_998) + "\\]",
    ];
    for pattern in &endured {
        let listing =
            fixture.list(&[pattern]).unwrap_or_else(|error| panic!("{}: {error}", &pattern[..20.min(pattern.len())]));
        assert_eq!(listing.files.len(), 2, "{pattern}");
    }
    assert!(begun.elapsed().as_secs() < 30, "took {:?}", begun.elapsed());
}
