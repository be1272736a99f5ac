//! Credentials files that somebody else wrote: each is refused with what is wrong with it, before any socket is opened.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fakecloud::World;
use serde_json::{Value, json};

use crate::keyless::{auth_file, in_job};
use crate::support::Scene;

/// A listener that must see no connection: what it counts is whoever connects, whatever they say.
struct Stranger {
    address: String,
    seen: Arc<AtomicUsize>,
}

impl Stranger {
    fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let seen: Arc<AtomicUsize> = Arc::default();
        let counted = Arc::clone(&seen);
        std::thread::spawn(move || {
            for _ in listener.incoming() {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        });
        Self { address, seen }
    }

    fn url(&self, path: &str) -> Value {
        format!("http://{}{path}", self.address).into()
    }
}

/// Changes a good file; what leads elsewhere leads to the stranger.
type Change = fn(&mut Value, &Stranger);

/// Removes a field.
fn without(file: &mut Value, field: &str) {
    file.as_object_mut().unwrap().remove(field);
}

fn edit(file: &mut Value, pointer: &str, from: &str, to: &str) {
    let value = file.pointer_mut(pointer).unwrap();
    let text = value.as_str().unwrap().replacen(from, to, 1);
    assert_ne!(*value, text, "{pointer} is changed");
    *value = text.into();
}

const URL: &str = "/credential_source/url";
const ACT_AS: &str = "service_account_impersonation_url";

/// Name, and what is done to a file that would be taken.
const CASES: &[(&str, Change)] = &[
    ("token_url: a stranger", |file, to| file["token_url"] = to.url("/v1/token")),
    ("token_url: plain http", |file, _| file["token_url"] = "http://sts.googleapis.com/v1/token".into()),
    ("token_url: a look-alike", |file, _| {
        file["token_url"] = "https://sts.googleapis.com.evil.example/v1/token".into()
    }),
    ("token_url: a name before the host", |file, to| {
        file["token_url"] = format!("https://sts.googleapis.com@{}/v1/token", to.address).into()
    }),
    ("token_url: another port", |file, _| file["token_url"] = "https://sts.googleapis.com:444/v1/token".into()),
    ("token_url: another path", |file, _| edit(file, "/token_url", "/v1/token", "/v1/introspect")),
    ("token_url: with a query", |file, _| edit(file, "/token_url", "/v1/token", "/v1/token?to=x")),
    ("token_url: with dots", |file, _| edit(file, "/token_url", "/v1/token", "/x/../v1/token")),
    ("token_url: the metadata server", |file, _| file["token_url"] = "http://169.254.169.254/v1/token".into()),
    ("token_url: a file", |file, _| file["token_url"] = "file:///etc/passwd".into()),
    ("token_url: missing", |file, _| without(file, "token_url")),
    ("token_url: a list", |file, _| file["token_url"] = json!(["https://sts.googleapis.com/v1/token"])),
    ("token_url: another Google host", |file, _| file["token_url"] = "https://storage.googleapis.com/v1/token".into()),
    ("token_info_url: a stranger", |file, to| file["token_info_url"] = to.url("/v1/introspect")),
    ("impersonation: a stranger", |file, to| {
        file[ACT_AS] = to.url("/v1/projects/-/serviceAccounts/a@b.iam.gserviceaccount.com:generateAccessToken")
    }),
    ("impersonation: another method", |file, _| edit(file, &format!("/{ACT_AS}"), "generateAccessToken", "signBlob")),
    ("impersonation: no method", |file, _| edit(file, &format!("/{ACT_AS}"), ":generateAccessToken", "")),
    ("impersonation: another path", |file, _| edit(file, &format!("/{ACT_AS}"), "/v1/projects/-/", "/v1/projects/p/")),
    ("impersonation: dots in the account", |file, _| edit(file, &format!("/{ACT_AS}"), "deployer@", "../x@")),
    ("impersonation: a slash in the account", |file, _| edit(file, &format!("/{ACT_AS}"), "deployer@", "a%2Fb@")),
    ("impersonation: no account", |file, _| edit(file, &format!("/{ACT_AS}"), World::DEPLOYER, "")),
    ("impersonation: a query", |file, _| edit(file, &format!("/{ACT_AS}"), "AccessToken", "AccessToken?alt=media")),
    ("impersonation: a number", |file, _| file[ACT_AS] = 7.into()),
    ("impersonation: a look-alike", |file, _| {
        file[ACT_AS] =
            "https://iamcredentials.googleapis.com.evil.example/v1/projects/-/serviceAccounts/a@b.c:generateAccessToken"
                .into()
    }),
    ("lifetime: a day", |file, _| file["service_account_impersonation"] = json!({"token_lifetime_seconds": 86_400})),
    ("lifetime: a text", |file, _| file["service_account_impersonation"] = json!({"token_lifetime_seconds": "3600"})),
    ("lifetime: something besides", |file, _| {
        file["service_account_impersonation"] = json!({"token_lifetime_seconds": 900, "delegates": ["x"]})
    }),
    ("source url: a stranger", |file, to| file["credential_source"]["url"] = to.url("/token?audience=x")),
    ("source url: the metadata server", |file, _| {
        file["credential_source"]["url"] =
            "http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token?audience=x".into()
    }),
    ("source url: another port", |file, to| {
        let own = file.pointer(URL).unwrap().as_str().unwrap().to_owned();
        let (_, rest) = own["http://".len()..].split_once('/').unwrap();
        file["credential_source"]["url"] = to.url(&format!("/{rest}"));
    }),
    ("source url: another scheme", |file, _| edit(file, URL, "http://", "https://")),
    ("source url: another path", |file, _| edit(file, URL, "/idtoken", "/idtoken/x")),
    ("source url: another job", |file, _| edit(file, URL, "/jobs/1a2b3c4d", "/jobs/1a2b3c4e")),
    ("source url: dots", |file, _| edit(file, URL, "/_apis/", "/../x/_apis/")),
    ("source url: a user before the host", |file, _| edit(file, URL, "http://", "http://x:y@")),
    ("source url: a fragment", |file, _| {
        file["credential_source"]["url"] = format!("{}#x", file.pointer(URL).unwrap().as_str().unwrap()).into()
    }),
    ("source url: two audiences", |file, _| edit(file, URL, "&audience=", "&audience=x&audience=")),
    ("source url: no audience", |file, _| edit(file, URL, "&audience=", "&audienze=")),
    ("source url: something else added", |file, _| edit(file, URL, "&audience=", "&to=x&audience=")),
    ("source url: something taken away", |file, _| edit(file, URL, "api-version=2.0&", "")),
    ("source url: line breaks in the audience", |file, _| edit(file, URL, "audience=", "audience=x%0D%0AHost:%20evil")),
    ("source url: no address", |file, _| file["credential_source"]["url"] = "idtoken".into()),
    ("source headers: a further one", |file, _| {
        file["credential_source"]["headers"]["X-Forwarded-Host"] = "evil.example".into()
    }),
    ("source headers: another token", |file, _| {
        file["credential_source"]["headers"]["Authorization"] = "Bearer stolen".into()
    }),
    ("source headers: none", |file, _| without(&mut file["credential_source"], "headers")),
    ("source headers: another name", |file, _| {
        let token = file["credential_source"]["headers"]["Authorization"].clone();
        file["credential_source"]["headers"] = json!({ "X-Token": token });
    }),
    ("source format: a text", |file, _| file["credential_source"]["format"] = json!({"type": "text"})),
    ("source format: another field", |file, _| {
        file["credential_source"]["format"]["subject_token_field_name"] = "access_token".into()
    }),
    ("source: a program", |file, _| {
        file["credential_source"] = json!({"executable": {"command": "/bin/sh -c id", "timeout_millis": 5000}})
    }),
    ("source: a program beside the address", |file, _| {
        file["credential_source"]["executable"] = json!({"command": "/bin/sh"})
    }),
    ("source: AWS", |file, to| {
        file["credential_source"] = json!({"environment_id": "aws1", "region_url": to.url("/region"),
            "url": to.url("/creds"), "regional_cred_verification_url": to.url("/verify")})
    }),
    ("source: AWS with a session", |file, to| {
        file["credential_source"]["imdsv2_session_token_url"] = to.url("/session")
    }),
    ("source: a certificate", |file, _| {
        file["credential_source"] = json!({"certificate": {"use_default_certificate_config": true}})
    }),
    ("source: something unknown", |file, _| file["credential_source"]["proxy"] = "http://evil.example".into()),
    ("source: address and file", |file, _| file["credential_source"]["file"] = "token".into()),
    ("source: neither", |file, _| file["credential_source"] = json!({})),
    ("source: a list", |file, _| file["credential_source"] = json!([])),
    ("source: missing", |file, _| without(file, "credential_source")),
    ("source file: the system's", |file, _| file["credential_source"] = json!({"file": "/etc/passwd"})),
    ("source file: dots", |file, _| file["credential_source"] = json!({"file": "../../../../../../etc/hostname"})),
    ("source file: a link that leads out", |file, _| file["credential_source"] = json!({"file": "link"})),
    ("source file: a link of a directory", |file, _| file["credential_source"] = json!({"file": "away/passwd"})),
    ("source file: the environment", |file, _| file["credential_source"] = json!({"file": "/proc/self/environ"})),
    ("source file: without an end", |file, _| file["credential_source"] = json!({"file": "/dev/zero"})),
    ("source file: too large", |file, _| file["credential_source"] = json!({"file": "large"})),
    ("source file: a directory", |file, _| file["credential_source"] = json!({"file": "app"})),
    ("source file: not there", |file, _| file["credential_source"] = json!({"file": "token.json"})),
    ("source file: no token", |file, _| file["credential_source"] = json!({"file": "app/main.py"})),
    ("source file: no such field", |file, _| {
        file["credential_source"] =
            json!({"file": "app/config.json", "format": {"type": "json", "subject_token_field_name": "t"}})
    }),
    ("source file: with headers", |file, _| {
        file["credential_source"] = json!({"file": "app/word", "headers": {"X": "y"}})
    }),
    ("audience: a stranger", |file, _| file["audience"] = "https://evil.example".into()),
    ("audience: a workforce pool", |file, _| {
        file["audience"] = "//iam.googleapis.com/locations/global/workforcePools/people/providers/x".into()
    }),
    ("audience: missing", |file, _| without(file, "audience")),
    ("audience: a look-alike", |file, _| {
        edit(file, "/audience", "//iam.googleapis.com/", "//iam.googleapis.com.evil.example/")
    }),
    ("subject type: SAML", |file, _| file["subject_token_type"] = "urn:ietf:params:oauth:token-type:saml2".into()),
    ("subject type: AWS", |file, _| file["subject_token_type"] = "urn:ietf:params:aws:token-type:aws4_request".into()),
    ("subject type: missing", |file, _| without(file, "subject_token_type")),
    ("universe: another one", |file, _| file["universe_domain"] = "evil.example".into()),
    ("universe: a number", |file, _| file["universe_domain"] = 1.into()),
    ("people: a workforce's project", |file, _| file["workforce_pool_user_project"] = "p".into()),
    ("people: a client", |file, _| {
        file["client_id"] = "x".into();
        file["client_secret"] = "y".into();
    }),
    ("type: a person", |file, _| {
        *file = json!({"type": "authorized_user", "client_id": "x", "client_secret": "y", "refresh_token": "1//z"})
    }),
    ("type: an account by means of another", |file, to| {
        *file = json!({"type": "impersonated_service_account", "source_credentials": file.clone(),
            "service_account_impersonation_url": to.url("/x")})
    }),
    ("type: unknown", |file, _| file["type"] = "gdch_service_account".into()),
    ("type: missing", |file, _| without(file, "type")),
    ("type: a key that leads to a stranger", |file, to| {
        *file = json!({"type": "service_account", "client_email": World::DEPLOYER, "token_uri": "https://evil.example/",
            "private_key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "x": to.url("/")})
    }),
];

fn scene() -> Scene {
    let mut scene = Scene::new();
    scene.cloud.world(World::trust_github);
    scene.input("credentials_json", "");
    in_job(&mut scene);
    scene.variable("GOOGLE_APPLICATION_CREDENTIALS", "creds.json");
    scene.file("large", "x".repeat(100_000)).file("app/word", "token").file("app/config.json", "{\"a\": 1}");
    std::os::unix::fs::symlink("/etc/passwd", scene.workspace().join("link")).unwrap();
    std::os::unix::fs::symlink("/etc", scene.workspace().join("away")).unwrap();
    scene
}

#[test]
fn every_hostile_file_is_refused_before_a_socket_is_opened() {
    let stranger = Stranger::start();
    let mut scene = scene();
    // Whatever is not on this machine would be asked through the stranger.
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        scene.variable(name, stranger.url("").as_str().unwrap());
    }
    scene.variable("NO_PROXY", "127.0.0.1");
    let good = auth_file(&scene, Some(World::DEPLOYER));
    assert!(CASES.len() >= 60, "{}", CASES.len());
    let mut told = String::new();
    for (name, change) in CASES {
        let mut file = good.clone();
        change(&mut file, &stranger);
        assert_ne!(file, good, "{name}");
        scene.file("creds.json", file.to_string());
        let run = scene.run();
        assert_eq!(run.code, 2, "{name}:\n{}", run.log());
        let lines = run.failure();
        let lines = lines.lines().filter_map(|line| line.split_once("(from GOOGLE_APPLICATION_CREDENTIALS): "));
        let mistakes: Vec<String> = lines.map(|(_, mistake)| format!("    {mistake}\n")).collect();
        assert!(!mistakes.is_empty(), "{name}:\n{}", run.log());
        told.push_str(&format!("{name}\n{}", mistakes.concat()));
        assert_eq!(scene.cloud.journal().len(), 0, "{name}: something was asked");
        assert_eq!(stranger.seen.load(Ordering::SeqCst), 0, "{name}: the stranger was asked");
    }
    insta::assert_snapshot!("hostile_credentials", told);
    // The same file unchanged is taken: it is the changes that are refused.
    scene.file("creds.json", good.to_string());
    scene.run().expect(0);
    assert_eq!(stranger.seen.load(Ordering::SeqCst), 0);
}

#[test]
fn a_file_that_is_no_text_of_json_is_refused_too() {
    let stranger = Stranger::start();
    let mut scene = scene();
    let good = auth_file(&scene, None).to_string();
    let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &good);
    let twice = good.replacen('{', "{\"type\": \"service_account\", ", 1);
    let texts: [(&str, Vec<u8>); 7] = [
        ("empty", Vec::new()),
        ("cut off", good.as_bytes()[..good.len() / 2].to_vec()),
        ("two types", twice.into_bytes()),
        ("in base64", base64.into_bytes()),
        ("no text", vec![0xff, 0xfe, 0x00]),
        ("deep", format!("{{\"type\": {}", "[".repeat(100_000)).into_bytes()),
        ("large", vec![b' '; 2 << 20]),
    ];
    for (name, text) in texts {
        scene.file("creds.json", text);
        let run = scene.run();
        assert_eq!(run.code, 2, "{name}:\n{}", run.log());
        run.says("creds.json");
        assert_eq!((scene.cloud.journal().len(), stranger.seen.load(Ordering::SeqCst)), (0, 0), "{name}");
    }
}

/// The file that is read at the start is read again at each exchange, and may be another one by then.
#[test]
fn a_token_file_that_becomes_a_link_is_not_followed() {
    let mut scene = scene();
    let mut file = auth_file(&scene, Some(World::DEPLOYER));
    file["credential_source"] = json!({"file": "app/word"});
    scene.file("creds.json", file.to_string()).file("app/word", "eyJ.a.b");
    // It holds no token that Google takes; the first look finds a plain file.
    scene.run().expect(3).says("STS did not accept the token");
    std::fs::remove_file(scene.workspace().join("app/word")).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", scene.workspace().join("app/word")).unwrap();
    let before = scene.cloud.journal().len();
    scene.run().expect(2).says("a link leads out");
    assert_eq!(scene.cloud.journal().len(), before);
}
