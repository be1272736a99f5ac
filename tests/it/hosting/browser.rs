//! A real browser opens a released page: its encoding, its type, its clean address and its scripts. The browser is
//! the program that `CHROMIUM` names, else `chromium`; `.ci/run` has it: `cargo test --test it browser -- --ignored`.

use std::path::Path;
use std::process::Command;

use super::scene;

const PAGE: &str = r#"<!doctype html>
<html><head><meta charset="utf-8"><title>About</title><link rel="stylesheet" href="/assets/style.css"></head>
<body><h1>About the harbour</h1><p id="script">no script ran</p>
<script src="/assets/app.js"></script>
<script>
  const line = (id, text) => document.body.insertAdjacentHTML('beforeend', `<p id="${id}">${text}</p>`);
  line('address', location.pathname);
  line('type', document.contentType);
  line('colour', getComputedStyle(document.querySelector('h1')).color);
</script></body></html>
"#;

const SCRIPT: &str =
    "document.getElementById('script').textContent = 'the script ran: ' + 'ahoy '.repeat(3) + 'ümläut';\n";

const STYLE: &str = "body { background: #eef; font-family: sans-serif } h1 { color: rgb(1, 102, 203) }\n";

#[test]
#[ignore = "needs Chromium: .ci/run"]
fn a_browser_opens_a_released_page() {
    let mut scene = scene();
    scene.file("dist/about.html", PAGE).file("dist/assets/app.js", SCRIPT).file("dist/assets/style.css", STYLE);
    let run = scene.command(&["hosting"]).expect(0);
    let url = run.outputs["url"].trim_end_matches('/');

    let before = scene.cloud.journal().len();
    for path in ["/about", "/about.html"] {
        let page = browse(&scene.directory, &["--dump-dom"], &format!("{url}{path}"));
        for text in [
            r#"<p id="script">the script ran: ahoy ahoy ahoy ümläut</p>"#,
            r#"<p id="address">/about</p>"#,
            r#"<p id="type">text/html</p>"#,
            r#"<p id="colour">rgb(1, 102, 203)</p>"#,
        ] {
            assert!(page.contains(text), "{path} has no {text}:\n{page}");
        }
    }
    let asked: Vec<_> = scene.cloud.journal().into_iter().skip(before).collect();
    // Hosting hands the bytes out as they were sent where a client says it can unpack them.
    assert!(asked.iter().all(|one| one.header("accept-encoding").is_some_and(|text| text.contains("gzip"))));
    let asked: Vec<(&str, Option<u16>)> = asked.iter().map(|one| (one.path.as_str(), one.status)).collect();
    for (path, status) in [("/about", 200), ("/about.html", 301), ("/assets/app.js", 200), ("/assets/style.css", 200)] {
        assert!(asked.contains(&(path, Some(status))), "{path} was not answered with {status}: {asked:?}");
    }

    let picture = scene.directory.join("about.png");
    let option = format!("--screenshot={}", picture.display());
    browse(&scene.directory, &[&option, "--window-size=800,600"], &format!("{url}/about"));
    let png = std::fs::read(&picture).expect("a screenshot");
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
    // Width and height stand in the first chunk; one flat colour would be some hundred bytes.
    assert_eq!(png[16..24], [0, 0, 3, 32, 0, 0, 2, 88]);
    assert!(png.len() > 3_000, "{} bytes are an empty page", png.len());
}

/// Opens an address in a browser that knows nothing from before, and gives back what it printed.
fn browse(directory: &Path, options: &[&str], address: &str) -> String {
    let profile = tempfile::tempdir_in(directory).unwrap();
    let browser = std::env::var("CHROMIUM").unwrap_or_else(|_| "chromium".to_owned());
    let output = Command::new(&browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"])
        .args(["--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .env("HOME", profile.path())
        .args(options)
        .arg(address)
        .output()
        .unwrap_or_else(|error| panic!("{browser} does not start: {error}"));
    assert!(output.status.success(), "{browser}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
