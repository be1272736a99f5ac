//! firebase-tools, told by its own environment variables to ask nobody but this machine.
//!
//! Its whole command line runs as it is. What it asks besides Hosting, and the embedded cloud has no part for, is
//! answered here: whether the API is enabled, which site is the default one. Where an address is not encrypted it takes
//! itself to be among emulators, and signs in nowhere; the embedded cloud is told to know the token it sends there.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fakecloud::{FakeCloud, Token, World};

/// The variable with the path of `firebase.js`.
const PROGRAM: &str = "FIREBASE_TOOLS";

/// The access token it sends to addresses that are not encrypted.
const TOKEN: &str = "owner";

/// A firebase-tools that is there.
pub(crate) struct Firebase {
    program: PathBuf,
    address: String,
    answered: Arc<AtomicUsize>,
}

impl Firebase {
    /// The one of the environment, with the answers it needs.
    pub(crate) fn find() -> std::io::Result<Option<Self>> {
        let Some(program) = std::env::var_os(PROGRAM) else { return Ok(None) };
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = format!("http://{}", listener.local_addr()?);
        let answered = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&answered);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::Relaxed);
                // A client that goes away has its own reasons.
                let _gone = answer(stream);
            }
        });
        Ok(Some(Self { program: program.into(), address, answered }))
    }

    /// What it calls itself, and its engine.
    pub(crate) fn version(&self) -> std::io::Result<String> {
        let tell = |command: &mut Command| {
            // What it keeps of itself goes to a home that is not the user's.
            let command = command.env("HOME", std::env::temp_dir()).env("CI", "true").env("NO_UPDATE_NOTIFIER", "1");
            let output = command.output()?;
            Ok::<_, std::io::Error>(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        };
        let own = tell(Command::new("node").arg(&self.program).arg("--version"))?;
        Ok(format!("firebase-tools {own} on Node.js {}", tell(Command::new("node").arg("--version"))?))
    }

    /// Requests that were answered here so far.
    pub(crate) fn answered(&self) -> usize {
        self.answered.load(Ordering::Relaxed)
    }

    /// Adds the command line that releases the site in `project`.
    pub(crate) fn deploy(&self, command: &mut Command, cloud: &FakeCloud, project: &Path) {
        cloud.world(|world| {
            let token = Token { account: World::DEPLOYER.to_owned(), expires: i64::MAX };
            world.tokens.insert(TOKEN.to_owned(), token);
        });
        command.arg("node").arg(&self.program).args(["deploy", "--only", "hosting", "--project", World::PROJECT]);
        command.arg("--non-interactive").current_dir(project);
        command.env("CI", "true").env("NO_UPDATE_NOTIFIER", "1").env("FIREBASE_TOKEN", "a-refresh-token");
        command.env("FIREBASE_HOSTING_API_URL", cloud.address("firebasehosting"));
        command.env("FIREBASE_RESOURCEMANAGER_URL", cloud.address("cloudresourcemanager"));
        for name in ["API", "SERVICE_USAGE", "TOKEN", "REALTIME", "HOSTING"] {
            command.env(format!("FIREBASE_{name}_URL"), &self.address);
        }
    }
}

fn answer(stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let line = line.trim().to_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(text) = line.strip_prefix("content-length:") {
            length = text.trim().parse().unwrap_or(0);
        }
    }
    std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink())?;
    let path = first.split(' ').nth(1).unwrap_or_default();
    let project = World::PROJECT;
    let (status, body) = if path.starts_with(&format!("/v1/projects/{project}/services/")) {
        (200, r#"{"state":"ENABLED"}"#.to_owned())
    } else if path == format!("/v1beta1/projects/{project}") {
        (200, format!(r#"{{"projectId":"{project}","resources":{{"hostingSite":"{project}"}}}}"#))
    } else {
        (404, "{}".to_owned())
    };
    let mut stream = reader.into_inner();
    write!(
        stream,
        "HTTP/1.1 {status} OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}
