//! Paths that lead elsewhere, or to what is no file: told, nothing read, nothing sent, and no run hangs.

use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;

use crate::support::Scene;

/// The inputs that name a file, with the words of a command that has them.
const FILES: [(&str, &str); 6] = [
    ("deploy", "build_config"),
    ("deploy", "env_vars_file"),
    ("deploy", "manifest"),
    ("deploy", "ca_certificates"),
    ("job", "env_vars_file"),
    ("release", "manifest"),
];

/// The inputs that name a directory.
const DIRECTORIES: [(&str, &str); 4] =
    [("deploy", "source"), ("hosting", "entry_point"), ("hosting", "public"), ("hosting", "cache_directory")];

fn refused(scene: &Scene, words: &str, input: &str, path: &str) {
    let run = scene.command(&[words]);
    assert_eq!(run.code, 2, "{input}: {path}\n{}", run.log());
    run.says(&format!("* {input}")).does_not_say("root:").does_not_say("nobody");
    assert_eq!(scene.cloud.journal().len(), 0, "{input}: {path}");
}

fn scene(words: &str) -> Scene {
    let mut scene = Scene::new();
    if words == "hosting" {
        scene.input("service", "").input("source", "").input("site", "harbour-dev").file("dist/index.html", "x");
        scene.input("public", "dist");
    }
    if words == "release" {
        scene.input("service", "").input("source", "");
    }
    if words == "job" {
        scene.input("service", "").input("source", "").input("job", "nightly");
    }
    scene
}

#[test]
fn a_file_that_is_none_of_ours_is_not_read() {
    for (words, input) in FILES {
        let mut scene = scene(words);
        let root = scene.workspace();
        symlink("/etc/passwd", root.join("link")).unwrap();
        symlink("/dev/zero", root.join("zero")).unwrap();
        symlink("/etc", root.join("etc")).unwrap();
        assert!(Command::new("mkfifo").arg(root.join("pipe")).status().unwrap().success());
        scene.file("large", vec![b'#'; 5 << 20]);
        for path in [
            "link",
            "zero",
            "etc/passwd",
            "pipe",
            "large",
            "app",
            "/etc/passwd",
            "../../../etc/passwd",
            "/dev/zero",
            "nothing",
        ] {
            scene.input(input, path);
            refused(&scene, words, input, path);
        }
    }
}

#[test]
fn a_directory_that_is_none_of_ours_is_not_packed() {
    for (words, input) in DIRECTORIES {
        let mut scene = scene(words);
        symlink("/etc", scene.workspace().join("etc")).unwrap();
        scene.file("text", "x");
        for path in ["etc", "/etc", "../..", "etc/ssl", "app/../../..", "/"] {
            scene.input(input, path);
            refused(&scene, words, input, path);
        }
    }
}

#[test]
fn a_dockerfile_and_a_configuration_that_lead_away_are_not_read() {
    let scene = scene("deploy");
    std::fs::remove_file(scene.workspace().join("app/Dockerfile")).unwrap();
    symlink("/etc/passwd", scene.workspace().join("app/Dockerfile")).unwrap();
    refused(&scene, "deploy", "dockerfile", "app/Dockerfile");
    for name in ["firebase.json", ".firebaserc"] {
        let scene = self::scene("hosting");
        symlink("/etc/passwd", scene.workspace().join(name)).unwrap();
        refused(&scene, "hosting", "entry_point", name);
    }
}

#[test]
fn what_the_job_keeps_for_itself_may_be_named() {
    let mut scene = scene("job");
    let temp: PathBuf = scene.directory.join("temp");
    std::fs::create_dir_all(&temp).unwrap();
    std::fs::write(temp.join("vars"), "A: 1\n").unwrap();
    scene.cloud.world(|world| world.push_image(super::IMAGE));
    scene.input("image", super::IMAGE).input("run", "false");
    let path = temp.join("vars").to_str().unwrap().to_owned();
    scene.input("env_vars_file", &path);
    refused(&scene, "job", "env_vars_file", &path);
    scene.variable("RUNNER_TEMP", temp.to_str().unwrap());
    scene.command(&["job"]).expect(0);
    // On a terminal the path is the person's own.
    scene.variable("RUNNER_TEMP", "").variable("GITHUB_ACTIONS", "");
    let run = scene.command(&["job"]);
    assert!(!run.log().contains("env_vars_file"), "{}", run.log());
}

#[test]
fn the_default_bucket_has_a_name_for_every_project() {
    for project in [
        "example.com:a-long-project-name-of-thirty",
        "google.com:goog",
        "goog-le",
        "averyveryverylong.example.com:a-long-project-name-of-thirty",
    ] {
        for region in ["us-central1", "northamerica-northeast1", "a-region-with-the-longest-name-there-can-be"] {
            let mut scene = scene("deploy");
            scene.input("project_id", project).input("region", region);
            let run = scene.command(&["deploy"]);
            run.does_not_say("0 settings").does_not_say("it was not found out");
            assert!(
                run.code != 2 || run.log().contains("* region") || run.log().contains("* project_id"),
                "{project} {region}\n{}",
                run.log()
            );
        }
    }
}
