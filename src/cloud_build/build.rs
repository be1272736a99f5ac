//! The build as Cloud Build takes it. Pure.

use serde_json::{Map, Value, json};

use crate::cloud_build::image::{Build, Builder, LayerCache, LogBucket, Recipe};
use slipway_names::dockerfile::{Dockerfile, Want};
use slipway_names::image::{ImageRepository, Tag};
use slipway_names::json::{object, set};
use slipway_runner::env::Origin;

/// Tag of the image that carries the layer cache.
const CACHE_TAG: &str = "buildcache";

/// Tag of the cache of every stage, which is no image that could run.
const WHOLE_CACHE_TAG: &str = "buildcache-max";

/// Google's docker image.
const DOCKER: &str = "gcr.io/cloud-builders/docker";

/// The same with a tag: without one it is older than `buildx` (GoogleCloudPlatform/cloud-builders, docker).
const DOCKER_WITH_BUILDX: &str = "gcr.io/cloud-builders/docker:24.0.9";

/// The builder that can write a cache into a registry: docker's own cannot.
const BUILDER: &str = "slipway";

/// Cloud Build's engine is Docker 20.10 and speaks no newer API. A newer buildx asks for its own all the same and is
/// refused (docker/buildx#3654, kubernetes/release#4255), unless it is told.
const API_VERSION: &str = "DOCKER_API_VERSION=1.41";

/// The frontend that reads what the one inside Docker 20.10 does not know; from Docker Hub.
pub const FRONTEND: &str = "docker/dockerfile:1";

/// The same as the one inside Docker 20.10.
pub const OWN_FRONTEND: &str = "docker/dockerfile:1.2";

/// Where the staged source is.
#[derive(Debug, Clone)]
pub struct Staged {
    /// The bucket.
    pub bucket: String,
    /// The object.
    pub object: String,
    /// Which writing of it.
    pub generation: String,
}

/// What the log of this build can be expected to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogPlace {
    /// In a bucket we may read.
    Bucket,
    /// Where the user's configuration sends it; not followed.
    Elsewhere,
}

/// The tag that all builds of the same source by the same steps carry, whichever run submits them.
pub fn likeness_of(body: &Value) -> Option<&str> {
    let tags = body.get("tags")?.as_array()?;
    tags.iter().filter_map(Value::as_str).find(|tag| tag.starts_with(LIKENESS))
}

/// Begins the tag of [`likeness_of`].
const LIKENESS: &str = "same_";

fn likeness(body: &Map<String, Value>) -> String {
    let text = serde_json::to_string(body).unwrap_or_default();
    let hash = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    let digits: String = hash.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("{LIKENESS}{digits}")
}

/// The request body of a build whose image is pushed to `repository`.
pub fn request(
    build: &Build,
    repository: &ImageRepository,
    project: &str,
    staged: Option<&Staged>,
    tags: &[Tag],
    marks: &[String],
    origin: &Origin,
) -> Value {
    let mut body = match &build.recipe {
        Recipe::Dockerfile { path, file, target, args, builder } => {
            let frontend = other_frontend(&build.recipe).is_some().then_some(FRONTEND);
            let builder = if unkept(file, *builder).is_some() { Builder::BuildKit(LayerCache::None) } else { *builder };
            docker(repository, path, target.as_deref(), args, builder, frontend, tags)
        }
        Recipe::Buildpacks { env } => buildpacks(repository, env, tags),
        Recipe::Config { document, substitutions, .. } => config(document, substitutions, origin),
    };
    if let Some(Staged { bucket, object, generation }) = staged {
        let source = json!({"bucket": bucket, "object": object, "generation": generation});
        body.insert("source".into(), json!({ "storageSource": source }));
    }
    // Both limits are always sent: Google's defaults are an hour each (docs: build/docs/build-config-file-schema, timeout and queueTtl).
    let timeout = format!("{}s", build.timeout.as_secs());
    if build.timeout_given {
        body.insert("timeout".into(), timeout.clone().into());
    }
    body.entry("timeout").or_insert_with(|| timeout.clone().into());
    body.entry("queueTtl").or_insert_with(|| timeout.into());
    let options = body.entry("options").or_insert_with(|| json!({}));
    let logging_given = options.get("logging").is_some() || options.get("defaultLogsBucketBehavior").is_some();
    if let Some(gigabytes) = build.disk_gb {
        set(options, "diskSizeGb", gigabytes.to_string());
    }
    object(options).entry("logStreamingOption").or_insert_with(|| "STREAM_ON".into());
    if let Some(machine) = &build.machine {
        set(options, "machineType", machine.as_str());
    }
    if let Some(pool) = &build.pool {
        set(options, "pool", json!({ "name": pool }));
    }
    if let Some(LogBucket::By(rule)) = &build.logs {
        set(options, "defaultLogsBucketBehavior", *rule);
        body.remove("logsBucket");
    } else if let Some(LogBucket::In(place)) = &build.logs {
        body.insert("logsBucket".into(), place.as_str().into());
        set(body.entry("options").or_insert(Value::Null), "logging", "GCS_ONLY");
    } else if !logging_given {
        set(options, "logging", "GCS_ONLY");
        body.entry("logsBucket").or_insert_with(|| format!("gs://{}/logs", build.bucket).into());
    }
    if let Some(account) = &build.account {
        let name = format!("projects/{}/serviceAccounts/{account}", account.project().unwrap_or(project));
        body.insert("serviceAccount".into(), name.into());
    }
    let likeness = likeness(&body);
    let mut all_tags: Vec<Value> = body.get("tags").and_then(Value::as_array).cloned().unwrap_or_default();
    all_tags.extend(marks.iter().map(|mark| Value::from(mark.as_str())));
    all_tags.push(likeness.into());
    body.insert("tags".into(), all_tags.into());
    Value::Object(body)
}

/// Where a build that was asked for like this writes its log.
pub fn log_place(body: &Value) -> LogPlace {
    match body.pointer("/options/logging").and_then(Value::as_str) {
        Some("CLOUD_LOGGING_ONLY" | "NONE" | "STACKDRIVER_ONLY") => LogPlace::Elsewhere,
        _ => LogPlace::Bucket,
    }
}

/// Why another frontend than docker's own is chosen for a Dockerfile, by a build argument; `None` when it is not.
pub fn other_frontend(recipe: &Recipe) -> Option<Vec<&Want>> {
    let Recipe::Dockerfile { file, args, builder: Builder::BuildKit(cache), .. } = recipe else { return None };
    let chosen = file.names_frontend || args.iter().any(|(name, _)| name == "BUILDKIT_SYNTAX");
    // The builder of a cache in the registry brings a frontend of its own, as new as itself.
    if chosen || *cache == LayerCache::Registry {
        return None;
    }
    let wants: Vec<&Want> = file.newer().collect();
    (!wants.is_empty()).then_some(wants)
}

/// The line for which no layers are kept in the image: the engine may not survive it.
fn unkept(file: &Dockerfile, builder: Builder) -> Option<usize> {
    file.copies_between_empty_stages.filter(|_| builder == Builder::BuildKit(LayerCache::Inline))
}

/// What is to be known of a build before it begins: what it fetches from Docker Hub for its own sake (base images are the
/// user's own affair), and what it does otherwise than it was asked.
pub fn notes(build: &Build) -> Vec<String> {
    let Recipe::Dockerfile { path, file, builder, .. } = &build.recipe else { return Vec::new() };
    let mut fetched = Vec::new();
    let unkept = unkept(file, *builder).map(|line| {
        format!("no layers are kept: Docker 20.10 may break down when it keeps those of `{path}` (line {line} copies between stages that begin with `scratch`)")
    });
    if *builder == Builder::BuildKit(LayerCache::Registry) {
        fetched.push("`build_cache: registry` fetches `moby/buildkit` from Docker Hub".to_owned());
    } else if let Some(wants) = other_frontend(&build.recipe) {
        let wants: Vec<String> = wants.iter().map(ToString::to_string).collect();
        fetched.push(format!(
            "`{path}` needs a newer frontend than Cloud Build's docker has ({}): it fetches `{FRONTEND}` from Docker Hub, as a first line `# syntax={FRONTEND}` would",
            wants.join("; ")
        ));
    } else if file.names_frontend && *builder != Builder::Legacy {
        fetched.push(format!("the `# syntax=` line of `{path}` fetches a frontend"));
    }
    if let (Some(pool), false) = (&build.pool, fetched.is_empty()) {
        let name = pool.rsplit('/').next().unwrap_or(pool);
        fetched.push(format!("pool `{name}` must reach it"));
    }
    fetched.extend(unkept);
    fetched
}

fn docker(
    repository: &ImageRepository,
    path: &str,
    target: Option<&str>,
    build_args: &[(String, String)],
    builder: Builder,
    frontend: Option<&str>,
    tags: &[Tag],
) -> Map<String, Value> {
    let mut images: Vec<String> = tags.iter().map(|tag| repository.tagged(tag)).collect();
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let cached = |tag: &str| format!("{repository}:{tag}");
    let registry = builder == Builder::BuildKit(LayerCache::Registry);
    let (name, env, mut args) = match builder {
        Builder::Legacy => (DOCKER, vec!["DOCKER_BUILDKIT=0"], words(&["build", "--network=cloudbuild"])),
        // BuildKit refuses a network by its name (docker/buildx#591), so it is given none.
        Builder::BuildKit(LayerCache::None) => (DOCKER, vec!["DOCKER_BUILDKIT=1"], words(&["build", "--no-cache"])),
        Builder::BuildKit(LayerCache::Inline) => {
            let mut args = words(&["build"]);
            args.push(format!("--cache-from={}", cached(CACHE_TAG)));
            args.push("--build-arg=BUILDKIT_INLINE_CACHE=1".to_owned());
            images.push(cached(CACHE_TAG));
            (DOCKER, vec!["DOCKER_BUILDKIT=1"], args)
        }
        Builder::BuildKit(LayerCache::Registry) => {
            let place = cached(WHOLE_CACHE_TAG);
            // A cache that cannot be written costs the next build time, and this one nothing. The image is brought
            // back to docker, so that Cloud Build itself pushes it and reports its digest.
            let mut args = words(&["buildx", "build", "--builder", BUILDER, "--load"]);
            args.push(format!("--cache-from=type=registry,ref={place}"));
            args.push(format!("--cache-to=type=registry,ref={place},mode=max,image-manifest=true,oci-mediatypes=true,ignore-error=true"));
            (DOCKER_WITH_BUILDX, vec![API_VERSION, "BUILDX_NO_DEFAULT_ATTESTATIONS=1"], args)
        }
    };
    args.extend(frontend.map(|frontend| format!("--build-arg=BUILDKIT_SYNTAX={frontend}")));
    args.extend(images.iter().flat_map(|image| ["-t".to_owned(), image.clone()]));
    args.extend(["-f".to_owned(), path.to_owned()]);
    args.extend(target.into_iter().flat_map(|target| ["--target".to_owned(), target.to_owned()]));
    args.extend(build_args.iter().map(|(key, value)| format!("--build-arg={key}={value}")));
    args.push(".".to_owned());
    let args: Vec<String> = args.iter().map(|arg| literal(arg)).collect();
    let mut steps = vec![json!({"name": name, "id": "build", "env": env, "args": args})];
    if registry {
        let network = ["--driver", "docker-container", "--driver-opt", "network=cloudbuild"];
        let args: Vec<&str> =
            ["buildx", "create", "--name", BUILDER].into_iter().chain(network).chain(["--bootstrap"]).collect();
        steps.insert(0, json!({"name": DOCKER_WITH_BUILDX, "id": "builder", "env": [API_VERSION], "args": args}));
    }
    pairs([
        ("steps", steps.into()),
        ("images", json!(images)),
        ("options", json!({"substitutionOption": "ALLOW_LOOSE"})),
    ])
}

fn buildpacks(repository: &ImageRepository, env: &[(String, String)], tags: &[Tag]) -> Map<String, Value> {
    let images: Vec<String> = tags.iter().map(|tag| repository.tagged(tag)).collect();
    let mut args: Vec<String> = ["build"].map(str::to_owned).to_vec();
    args.extend(images.first().cloned());
    args.extend(["--network", "cloudbuild", "--builder", "gcr.io/buildpacks/builder:latest"].map(str::to_owned));
    args.extend(env.iter().flat_map(|(key, value)| ["--env".to_owned(), format!("{key}={value}")]));
    let args: Vec<String> = args.iter().map(|arg| literal(arg)).collect();
    let mut steps =
        vec![json!({"name": "gcr.io/k8s-skaffold/pack", "id": "build", "entrypoint": "pack", "args": args})];
    // pack gives the image one name; docker gives it the others.
    for other in images.iter().skip(1) {
        let id = format!("tag-{}", steps.len());
        steps.push(json!({"name": "gcr.io/cloud-builders/docker", "id": id, "args": ["tag", images[0], other]}));
    }
    pairs([
        ("steps", steps.into()),
        ("images", json!(images)),
        ("options", json!({"substitutionOption": "ALLOW_LOOSE"})),
    ])
}

/// Cloud Build replaces `$NAME` in arguments; a dollar that is meant is written twice.
fn literal(text: &str) -> String {
    text.replace('$', "$$")
}

pub(super) fn config(document: &Map<String, Value>, given: &[(String, String)], origin: &Origin) -> Map<String, Value> {
    let mut body = camel_map(document);
    if let Some(timeout) = body.get("timeout").and_then(Value::as_u64) {
        body.insert("timeout".into(), format!("{timeout}s").into());
    }
    let text = Value::Object(body.clone()).to_string();
    let mut values = body.get("substitutions").and_then(Value::as_object).cloned().unwrap_or_default();
    // Cloud Build knows the commit of builds that a trigger starts; for ours, GitHub does.
    for (name, value) in git_values(origin) {
        let used = text.contains(&format!("${name}")) || text.contains(&format!("${{{name}}}"));
        if used && !values.contains_key(name) {
            values.insert(name.to_owned(), value.into());
        }
    }
    values.extend(given.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))));
    // Numbers and switches in YAML; the API takes texts only.
    for value in values.values_mut() {
        if !value.is_string() {
            *value = value.to_string().into();
        }
    }
    if !values.is_empty() {
        body.insert("substitutions".into(), values.into());
    }
    body
}

fn git_values(origin: &Origin) -> Vec<(&'static str, String)> {
    let mut values = Vec::new();
    if let Some(sha) = &origin.sha {
        values.push(("COMMIT_SHA", sha.clone()));
        values.push(("REVISION_ID", sha.clone()));
        values.push(("SHORT_SHA", sha.chars().take(7).collect()));
    }
    if let Some(repository) = &origin.repository {
        values.push(("REPO_FULL_NAME", repository.clone()));
        values.push(("REPO_NAME", repository.rsplit('/').next().unwrap_or(repository).to_owned()));
    }
    if let Some(name) = &origin.ref_name {
        values.push(("BRANCH_NAME", name.clone()));
        values.push(("REF_NAME", name.clone()));
    }
    values
}

/// gcloud takes `snake_case` keys in a cloudbuild.yaml, the API only `camelCase`. Names inside
/// `substitutions` are the user's own.
fn camel_map(map: &Map<String, Value>) -> Map<String, Value> {
    map.iter()
        .map(|(key, value)| {
            let value = if key == "substitutions" { value.clone() } else { camel(value) };
            (camel_key(key), value)
        })
        .collect()
}

fn camel(value: &Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(camel_map(map)),
        Value::Array(items) => items.iter().map(camel).collect(),
        other => other.clone(),
    }
}

fn camel_key(key: &str) -> String {
    let mut parts = key.split('_');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut chars = part.chars();
        out.extend(chars.next().map(|c| c.to_ascii_uppercase()));
        out.extend(chars);
    }
    out
}

fn pairs<const N: usize>(pairs: [(&str, Value); N]) -> Map<String, Value> {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use crate::cloud_build::image::{Budgets, Destination};
    use slipway_names::ids::{BucketName, Region};

    fn repository() -> ImageRepository {
        ImageRepository::parse("gcr.io/p/web").expect("a repository")
    }

    fn build(recipe: Recipe) -> Build {
        Build {
            source: "/s".into(),
            source_shown: ".".into(),
            recipe,
            to: Destination::Named(repository()),
            tags: Vec::new(),
            timeout: Duration::from_secs(1200),
            timeout_given: false,
            location: Region::parse("global").expect("a location"),
            has_source: true,
            ignore_file: None,
            logs: None,
            disk_gb: None,
            machine: None,
            account: None,
            pool: None,
            bucket: BucketName::parse("p-slipway-r").expect("a bucket"),
            bucket_given: false,
            budgets: Budgets { time: None, image_bytes: None, image_given: false, enforce: false },
        }
    }

    fn body(recipe: Recipe) -> Value {
        let staged = Staged { bucket: "b".into(), object: "o.tar.gz".into(), generation: "7".into() };
        let tags = ["abc1234", "latest"].map(|tag| Tag::parse(tag).expect("a tag"));
        let origin = Origin { sha: Some("0f0f0f0f".into()), repository: Some("o/r".into()), ..Origin::default() };
        let body = request(
            &build(recipe),
            &repository(),
            "p",
            Some(&staged),
            &tags,
            &["slipway".into(), "req_1".into()],
            &origin,
        );
        // What a hash is made of is told by the stories; here it stands for itself.
        let likeness = likeness_of(&body).expect("a likeness").to_owned();
        assert_eq!(likeness.len(), LIKENESS.len() + 32);
        serde_json::from_str(&body.to_string().replace(&likeness, "same_LIKENESS")).expect("JSON")
    }

    #[test]
    fn a_docker_build_is_cached_tagged_and_logged_in_our_bucket() {
        let args = vec![("KEY".to_owned(), "a $HOME b".to_owned())];
        let recipe = Recipe::Dockerfile {
            path: "docker/Dockerfile".into(),
            file: Dockerfile::default(),
            target: Some("prod".into()),
            args,
            builder: Builder::BuildKit(LayerCache::Inline),
        };
        assert_eq!(
            body(recipe),
            json!({
                "steps": [{"name": "gcr.io/cloud-builders/docker", "id": "build", "env": ["DOCKER_BUILDKIT=1"], "args": [
                    "build", "--cache-from=gcr.io/p/web:buildcache", "--build-arg=BUILDKIT_INLINE_CACHE=1",
                    "-t", "gcr.io/p/web:abc1234", "-t", "gcr.io/p/web:latest", "-t", "gcr.io/p/web:buildcache",
                    "-f", "docker/Dockerfile", "--target", "prod", "--build-arg=KEY=a $$HOME b", "."]}],
                "images": ["gcr.io/p/web:abc1234", "gcr.io/p/web:latest", "gcr.io/p/web:buildcache"],
                "options": {"substitutionOption": "ALLOW_LOOSE", "logStreamingOption": "STREAM_ON", "logging": "GCS_ONLY"},
                "source": {"storageSource": {"bucket": "b", "object": "o.tar.gz", "generation": "7"}},
                "timeout": "1200s", "queueTtl": "1200s", "logsBucket": "gs://p-slipway-r/logs", "tags": ["slipway", "req_1", "same_LIKENESS"],
            })
        );
    }

    #[test]
    fn a_cache_of_every_stage_needs_a_builder_of_its_own() {
        let body = body(plain("FROM x", Builder::BuildKit(LayerCache::Registry)));
        assert_eq!(
            body["steps"],
            json!([
                {"name": "gcr.io/cloud-builders/docker:24.0.9", "id": "builder", "env": ["DOCKER_API_VERSION=1.41"], "args": [
                    "buildx", "create", "--name", "slipway", "--driver", "docker-container", "--driver-opt", "network=cloudbuild", "--bootstrap"]},
                {"name": "gcr.io/cloud-builders/docker:24.0.9", "id": "build", "env": ["DOCKER_API_VERSION=1.41", "BUILDX_NO_DEFAULT_ATTESTATIONS=1"], "args": [
                    "buildx", "build", "--builder", "slipway", "--load",
                    "--cache-from=type=registry,ref=gcr.io/p/web:buildcache-max",
                    "--cache-to=type=registry,ref=gcr.io/p/web:buildcache-max,mode=max,image-manifest=true,oci-mediatypes=true,ignore-error=true",
                    "-t", "gcr.io/p/web:abc1234", "-t", "gcr.io/p/web:latest", "-f", "Dockerfile", "."]},
            ])
        );
        // The cache is no image that Cloud Build could push.
        assert_eq!(body["images"], json!(["gcr.io/p/web:abc1234", "gcr.io/p/web:latest"]));
    }

    fn plain(text: &str, builder: Builder) -> Recipe {
        let file = Dockerfile::read(text);
        Recipe::Dockerfile { path: "Dockerfile".into(), file, target: None, args: vec![], builder }
    }

    #[test]
    fn the_network_of_cloud_build_takes_the_builder_that_knows_it() {
        let body = body(plain("FROM x", Builder::Legacy));
        assert_eq!(
            body["steps"],
            json!([{"name": "gcr.io/cloud-builders/docker", "id": "build", "env": ["DOCKER_BUILDKIT=0"], "args": [
                "build", "--network=cloudbuild", "-t", "gcr.io/p/web:abc1234", "-t", "gcr.io/p/web:latest", "-f", "Dockerfile", "."]}])
        );
    }

    #[test]
    fn another_frontend_is_chosen_where_the_dockerfile_needs_one_and_names_none() {
        let linked = "FROM x\nCOPY --link a /a\n";
        let chosen = |recipe: &Recipe| other_frontend(recipe).is_some();
        for cache in [LayerCache::Inline, LayerCache::None] {
            let recipe = plain(linked, Builder::BuildKit(cache));
            assert!(chosen(&recipe));
            assert!(
                body(recipe)["steps"][0].to_string().contains("\"--build-arg=BUILDKIT_SYNTAX=docker/dockerfile:1\"")
            );
        }
        assert!(!chosen(&plain("FROM x\nCOPY a /a", Builder::BuildKit(LayerCache::Inline))));
        assert!(!chosen(&plain(
            &format!("# syntax=docker/dockerfile:1\n{linked}"),
            Builder::BuildKit(LayerCache::Inline)
        )));
        assert!(!chosen(&plain(linked, Builder::BuildKit(LayerCache::Registry))));
        let mut named = plain(linked, Builder::BuildKit(LayerCache::Inline));
        if let Recipe::Dockerfile { args, .. } = &mut named {
            args.push(("BUILDKIT_SYNTAX".into(), "example.com/mine".into()));
        }
        assert!(!chosen(&named));
    }

    #[test]
    fn a_users_configuration_is_kept_and_completed() {
        let document = json!({
            "steps": [{"name": "x", "args": ["$COMMIT_SHA", "$_A"], "wait_for": ["-"]}], "timeout": 60, "tags": ["mine"],
            "substitutions": {"_some_name": 1}, "options": {"machine_type": "E2_MEDIUM", "logging": "CLOUD_LOGGING_ONLY"}});
        let Value::Object(document) = document else { panic!("an object") };
        let body =
            body(Recipe::Config { path: "c.yaml".into(), document, substitutions: vec![("_A".into(), "v".into())] });
        assert_eq!(body["substitutions"], json!({"_some_name": "1", "COMMIT_SHA": "0f0f0f0f", "_A": "v"}));
        assert_eq!(body["steps"][0]["waitFor"], json!(["-"]));
        assert_eq!(
            (&body["timeout"], &body["tags"]),
            (&json!("60s"), &json!(["mine", "slipway", "req_1", "same_LIKENESS"]))
        );
        assert_eq!(body["options"]["machineType"], "E2_MEDIUM");
        assert!(body.get("logsBucket").is_none());
        assert_eq!(log_place(&body), LogPlace::Elsewhere);
    }

    #[test]
    fn buildpacks_push_every_tag() {
        let body = body(Recipe::Buildpacks { env: vec![("A".into(), "1".into())] });
        assert_eq!(
            body["steps"][0]["args"],
            json!([
                "build",
                "gcr.io/p/web:abc1234",
                "--network",
                "cloudbuild",
                "--builder",
                "gcr.io/buildpacks/builder:latest",
                "--env",
                "A=1"
            ])
        );
        assert_eq!(body["steps"][1]["args"], json!(["tag", "gcr.io/p/web:abc1234", "gcr.io/p/web:latest"]));
    }
}
