//! A scene: a fake cloud, a caller with a token, and the steps most tests begin with.

use crate::client::{self, Reply};
use crate::contract;
use base64::Engine;
use base64::engine::general_purpose::{GeneralPurpose, STANDARD, URL_SAFE_NO_PAD};
use fakecloud::{FakeCloud, World};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};
use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

pub(crate) const BUCKET: &str = "harbour-dev-slipway-us-central1";
pub(crate) const REGION: &str = "us-central1";
pub(crate) const IMAGE: &str = "us-central1-docker.pkg.dev/harbour-dev/app/web";

/// A running fake and a token of the deployer.
pub(crate) struct Scene {
    pub(crate) cloud: FakeCloud,
    pub(crate) token: String,
}

impl Scene {
    /// The seed's world.
    pub(crate) fn new() -> Scene {
        Scene::with(|_| ())
    }

    /// The seed's world, changed.
    pub(crate) fn with(change: impl FnOnce(&mut World)) -> Scene {
        let mut world = World::new();
        change(&mut world);
        let cloud = FakeCloud::start(world);
        let token = token_for(&cloud, World::DEPLOYER);
        Scene { cloud, token }
    }

    /// A request as the deployer.
    pub(crate) fn call(&self, api: &str, verb: &str, path: &str, body: Option<&Value>) -> Reply {
        let text = body.map(Value::to_string);
        let headers = [("Content-Type", "application/json")];
        self.send(api, verb, path, &headers[..usize::from(text.is_some())], text.as_ref().map(String::as_bytes))
    }

    /// A request as the deployer with these headers and this body.
    pub(crate) fn send(&self, api: &str, verb: &str, path: &str, more: &[(&str, &str)], body: Option<&[u8]>) -> Reply {
        let bearer = format!("Bearer {}", self.token);
        let mut headers = vec![("Authorization", bearer.as_str())];
        headers.extend_from_slice(more);
        // A POST without a body still has a length.
        let body = body.or((verb != "GET" && verb != "DELETE").then_some(&[][..]));
        client::send(&self.cloud.address(api), verb, path, &headers, body).expect("a whole reply")
    }

    pub(crate) fn get(&self, api: &str, path: &str) -> Reply {
        self.call(api, "GET", path, None)
    }

    pub(crate) fn post(&self, api: &str, path: &str, body: &Value) -> Reply {
        self.call(api, "POST", path, Some(body))
    }

    /// Makes the bucket and stores an object in it; returns its generation.
    pub(crate) fn stage(&self, object: &str, content: &[u8]) -> String {
        let exists = self.cloud.world(|world| world.buckets.contains_key(BUCKET));
        if !exists {
            let body = json!({"name": BUCKET, "location": "US-CENTRAL1"});
            assert_eq!(self.post("storage", "/storage/v1/b?project=harbour-dev", &body).status, 200);
        }
        let path = format!("/upload/storage/v1/b/{BUCKET}/o?uploadType=media&name={}", object.replace('/', "%2F"));
        let reply = self.send("storage", "POST", &path, &[("Content-Type", "application/gzip")], Some(content));
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()["generation"].as_str().expect("a generation").to_owned()
    }

    /// A build of this source by docker, ready to be changed and created.
    pub(crate) fn build_of(&self, files: &[(&str, &str)]) -> Value {
        let generation = self.stage("source/one.tar.gz", &archive(files));
        self.cloud.world(|world| world.add_repository("harbour-dev", REGION, "app"));
        json!({
            "source": {"storageSource": {"bucket": BUCKET, "object": "source/one.tar.gz", "generation": generation}},
            "steps": [{"name": "gcr.io/cloud-builders/docker", "id": "build", "env": ["DOCKER_BUILDKIT=1"],
                "args": ["build", "-t", format!("{IMAGE}:one"), "."]}],
            "images": [format!("{IMAGE}:one")],
            "timeout": "1800s",
            "queueTtl": "900s",
            "logsBucket": format!("gs://{BUCKET}/logs"),
            "options": {"logging": "GCS_ONLY", "logStreamingOption": "STREAM_ON", "substitutionOption": "ALLOW_LOOSE"},
            "serviceAccount": format!("projects/harbour-dev/serviceAccounts/{}", World::COMPUTE),
            "tags": ["slipway", "req-1"]
        })
    }

    /// Creates a build and returns its id.
    pub(crate) fn create(&self, build: &Value) -> String {
        let reply = self.post("cloudbuild", BUILDS, build);
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()["metadata"]["build"]["id"].as_str().expect("an id").to_owned()
    }

    /// Why a build is not created.
    pub(crate) fn refused(&self, build: &Value) -> (u16, String) {
        let reply = self.post("cloudbuild", BUILDS, build);
        (reply.status, reply.message())
    }

    /// Looks at a build until it is over.
    pub(crate) fn finish(&self, id: &str) -> Value {
        for _ in 0..20 {
            let build = self.get("cloudbuild", &format!("{BUILDS}/{id}")).json();
            if !matches!(build["status"].as_str(), Some("QUEUED" | "WORKING" | "PENDING")) {
                return build;
            }
        }
        panic!("the build does not end");
    }

    /// The whole log of a build.
    pub(crate) fn log(&self, id: &str) -> String {
        self.get("storage", &format!("/storage/v1/b/{BUCKET}/o/logs%2Flog-{id}.txt?alt=media")).text()
    }

    /// Patches a service and waits for the operation; returns its end.
    pub(crate) fn deploy(&self, service: &str, body: &Value) -> Value {
        let reply = self.call("run", "PATCH", &format!("{SERVICES}/{service}?allowMissing=true"), Some(body));
        assert_eq!(reply.status, 200, "{}", reply.text());
        self.wait(&reply.json())
    }

    /// Why a service is not patched.
    pub(crate) fn undeployable(&self, service: &str, body: &Value) -> (u16, String) {
        let reply = self.call("run", "PATCH", &format!("{SERVICES}/{service}?allowMissing=true"), Some(body));
        (reply.status, reply.message())
    }

    /// Patches a job and waits for the operation; returns its end.
    pub(crate) fn set_job(&self, job: &str, body: &Value) -> Value {
        let reply = self.call("run", "PATCH", &format!("{JOBS}/{job}?allowMissing=true"), Some(body));
        assert_eq!(reply.status, 200, "{}", reply.text());
        self.wait(&reply.json())
    }

    /// Runs a job; returns the operation and the execution's full name.
    pub(crate) fn run_job(&self, job: &str, body: &Value) -> (Value, String) {
        let reply = self.post("run", &format!("{JOBS}/{job}:run"), body);
        assert_eq!(reply.status, 200, "{}", reply.text());
        let operation = reply.json();
        let name = operation["metadata"]["name"].as_str().expect("a name").to_owned();
        (operation, name)
    }

    /// Waits for an operation; returns its end.
    pub(crate) fn wait(&self, operation: &Value) -> Value {
        let path = format!("/v2/{}:wait", operation["name"].as_str().expect("a name"));
        for _ in 0..10 {
            let now = self.post("run", &path, &json!({"timeout": "30s"})).json();
            if now["done"] == true {
                return now;
            }
        }
        panic!("the operation does not end");
    }

    pub(crate) fn service(&self, name: &str) -> Value {
        self.get("run", &format!("{SERVICES}/{name}")).json()
    }
}

/// Every answer of a story is held against Google's contract when it is over.
impl Drop for Scene {
    fn drop(&mut self) {
        let future = self.cloud.world(|world| world.future());
        let breaches = contract::judge(&self.cloud.journal(), &future, true);
        assert!(breaches.is_empty() || std::thread::panicking(), "{}", breaches.join("\n"));
    }
}

pub(crate) const BUILDS: &str = "/v1/projects/harbour-dev/locations/us-central1/builds";
pub(crate) const SERVICES: &str = "/v2/projects/harbour-dev/locations/us-central1/services";

pub(crate) const JOBS: &str = "/v2/projects/harbour-dev/locations/us-central1/jobs";

/// The smallest job body: Google's sample image.
pub(crate) fn hello_job() -> Value {
    json!({"template": {"template": {"containers": [{"image": "us-docker.pkg.dev/cloudrun/container/hello"}]}}})
}

/// The smallest service body: Google's sample image.
pub(crate) fn hello() -> Value {
    json!({"template": {"containers": [{"image": "us-docker.pkg.dev/cloudrun/container/hello"}]}})
}

/// A gzipped tar of these files.
pub(crate) fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, path, content.as_bytes()).expect("an entry");
    }
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&tar.into_inner().expect("a tar")).expect("written");
    encoder.finish().expect("a member")
}

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64)
}

/// An assertion with these claims, signed by the key of a key file.
pub(crate) fn assertion(key_file: &str, change: impl FnOnce(&mut Value)) -> String {
    let key: Value = serde_json::from_str(key_file).expect("a key file");
    let mut claims = json!({"iss": key["client_email"], "aud": key["token_uri"], "iat": now(), "exp": now() + 3600,
        "scope": "https://www.googleapis.com/auth/cloud-platform"});
    change(&mut claims);
    let header = json!({"alg": "RS256", "typ": "JWT", "kid": key["private_key_id"]});
    sign(&key, &header, &claims, &URL_SAFE_NO_PAD)
}

/// A token of these parts, signed by the key of a key file.
pub(crate) fn sign(key: &Value, header: &Value, claims: &Value, base64: &GeneralPurpose) -> String {
    let signed = format!("{}.{}", base64.encode(header.to_string()), base64.encode(claims.to_string()));
    let pem = key["private_key"].as_str().expect("a key");
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let pair = RsaKeyPair::from_pkcs8(&STANDARD.decode(body).expect("base64")).expect("an RSA key");
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).expect("a signature");
    format!("{signed}.{}", base64.encode(signature))
}

/// Asks the token endpoint.
pub(crate) fn exchange(cloud: &FakeCloud, assertion: &str) -> Reply {
    let body = format!("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={assertion}");
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    client::send(&cloud.address("oauth2"), "POST", "/token", &headers, Some(body.as_bytes())).expect("a reply")
}

/// A fresh access token for an account.
pub(crate) fn token_for(cloud: &FakeCloud, email: &str) -> String {
    let reply = exchange(cloud, &assertion(&cloud.key_json(email), |_| ()));
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["access_token"].as_str().expect("a token").to_owned()
}

/// A fresh ID token for an account.
pub(crate) fn id_token_for(cloud: &FakeCloud, email: &str, audience: &str) -> String {
    let signed = assertion(&cloud.key_json(email), |claims| {
        claims["target_audience"] = json!(audience);
        claims.as_object_mut().expect("claims").remove("scope");
    });
    exchange(cloud, &signed).json()["id_token"].as_str().expect("a token").to_owned()
}
