//! How the image is built: source, recipe, tags, where Cloud Build works.

use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use super::own_build::{name_rule, own_config};
use super::{Give, NOT_CHECKED_OUT};
use crate::cloud_build::image::{Budgets, Build, Builder, Destination, LayerCache, LogBucket, Recipe};
use crate::inputs::engine::scalar;
use crate::inputs::spec::deploy::name;
use slipway_names::dockerfile::Dockerfile;
use slipway_names::ids::{AccountEmail, BucketName, ProjectId, Region, ServiceName};
use slipway_names::image::{ImageRef, ImageRepository, Tag};
use slipway_names::place::{self as place, PlaceError};
use slipway_names::shown::QuotedText;
use slipway_runner::env::Runner;
use slipway_runner::workspace;

/// The longest name of a bucket without dots (<https://cloud.google.com/storage/docs/naming-buckets>).
const LONGEST_BUCKET: usize = 63;

/// Builds may run this long at most: Cloud Build takes no `timeout` above 24 h.
const LONGEST_BUILD: Duration = Duration::from_secs(24 * 3600);

pub(crate) fn build(
    give: &mut Give<'_>,
    runner: &Runner,
    image: Option<ImageRef>,
    project: Option<&ProjectId>,
    region: Option<&Region>,
    service: Option<&ServiceName>,
) -> Option<Build> {
    let source_shown = give.text(name::SOURCE).unwrap_or_else(|| ".".into());
    let has_source = !give.switch(name::BUILD_WITHOUT_SOURCE).unwrap_or(false);
    let source = if has_source {
        directory(give, runner, &source_shown)
    } else {
        without_source(give);
        Some(runner.workspace.clone())
    };
    let recipe = recipe(give, runner, source.as_deref());
    let mut tags: Vec<Tag> = Vec::new();
    let to = match image {
        Some(image) => {
            if image.digest.is_some() {
                give.findings.wrong(
                    name::IMAGE,
                    "an image with a digest cannot be built again",
                    "write the repository without `@sha256:…`, or remove `source` to deploy it as it is",
                );
            }
            tags.extend(image.tag);
            Some(Destination::Named(image.repository))
        }
        None if give.raw.has(name::IMAGE) => None,
        None => default_repository(project, region, service).map(Destination::OfService),
    };
    if to.is_none() && !give.raw.has(name::IMAGE) && project.is_some() && region.is_some() && service.is_some() {
        give.findings.wrong(name::IMAGE, "no repository can be made of the project and the service", "name one");
    }
    for text in give.raw.get(name::IMAGE_TAGS).map(scalar::list).unwrap_or_default() {
        match Tag::parse(&text) {
            Ok(tag) if tags.contains(&tag) => {}
            Ok(tag) => tags.push(tag),
            Err(why) => give.findings.wrong(name::IMAGE_TAGS, why, ""),
        }
    }
    let timeout = give.with(name::BUILD_TIMEOUT, scalar::duration).unwrap_or(Duration::from_secs(20 * 60));
    if timeout.is_zero() || timeout > LONGEST_BUILD {
        give.findings.wrong(
            name::BUILD_TIMEOUT,
            format!("{} s is not a time a build may take", timeout.as_secs()),
            "write up to 24h",
        );
    }
    let pool = give.text(name::BUILD_WORKER_POOL);
    let location = location(give, pool.as_deref());
    let account = give.parsed(name::BUILD_SERVICE_ACCOUNT, |text| {
        AccountEmail::parse(text.rsplit_once("/serviceAccounts/").map_or(text, |(_, email)| email))
    });
    let bucket = match give
        .parsed(name::STAGING_BUCKET, |text| BucketName::parse(text.trim_start_matches("gs://").trim_end_matches('/')))
    {
        None if !give.raw.has(name::STAGING_BUCKET) => default_bucket(project, region),
        bucket => bucket,
    };
    if bucket.is_none() && project.is_some() && region.is_some() && !give.raw.has(name::STAGING_BUCKET) {
        give.findings.wrong(
            name::STAGING_BUCKET,
            "no name for a bucket can be made of the project and the region",
            "give one",
        );
    }
    let machine = give.with(name::BUILD_MACHINE_TYPE, |text| {
        let word = text.to_ascii_uppercase().replace('-', "_");
        let fits = word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        if fits { Ok(word) } else { Err("write a machine type such as E2_HIGHCPU_8") }
    });
    if machine.is_some() && pool.is_some() {
        give.findings.wrong(
            name::BUILD_MACHINE_TYPE,
            "a private pool has its own machines",
            "remove it or `build_worker_pool`",
        );
    }
    let disk_gb = give.with(name::BUILD_DISK_SIZE, disk);
    if disk_gb.is_some() && pool.is_some() {
        give.findings.wrong(
            name::BUILD_DISK_SIZE,
            "a private pool's machines have their own disks",
            "remove it or `build_worker_pool`",
        );
    }
    let ignore_file = source.as_deref().and_then(|source| ignore_file(give, runner, source));
    let logs = give.with(name::BUILD_LOGS, logs);
    Some(Build {
        has_source,
        ignore_file,
        logs,
        disk_gb,
        source: source?,
        source_shown,
        recipe: recipe?,
        to: to?,
        tags,
        timeout,
        timeout_given: give.raw.has(name::BUILD_TIMEOUT),
        location: location?,
        machine,
        account,
        pool,
        bucket: bucket?,
        bucket_given: give.raw.has(name::STAGING_BUCKET),
        budgets: budgets(give),
    })
}

/// A build from nothing needs steps of its own.
fn without_source(give: &mut Give<'_>) {
    if !give.raw.has(name::BUILD_CONFIG) {
        give.findings.wrong(
            name::BUILD_WITHOUT_SOURCE,
            "the ready-made steps build what is uploaded",
            "give `build_config`, or remove it",
        );
    }
    for other in [name::SOURCE, name::BUILD_IGNORE_FILE] {
        if give.raw.has(other) {
            give.findings.wrong(
                other,
                "nothing is uploaded with `build_without_source`",
                format!("remove `{other}`, or `build_without_source`"),
            );
        }
    }
}

/// Gigabytes, with or without the unit. More than 4000 are refused (`cloudbuild.v1`, BuildOptions.diskSizeGb).
fn disk(text: &str) -> Result<u32, &'static str> {
    let number = text.trim_end_matches(['b', 'B']).trim_end_matches(['g', 'G']).trim_end();
    scalar::number(number, 1, 4000).map_err(|_| "write gigabytes, 1 to 4000, such as 200")
}

/// The file whose rules leave files out of the source: a plain one in it.
fn ignore_file(give: &mut Give<'_>, runner: &Runner, source: &Path) -> Option<String> {
    let shown = give.text(name::BUILD_IGNORE_FILE)?;
    let name = shown.trim_start_matches("./").to_owned();
    if Path::new(&name).components().count() != 1 || name == ".." {
        give.findings.wrong(
            name::BUILD_IGNORE_FILE,
            format!("{} is no file in the directory `source`", QuotedText(&shown)),
            "write its name alone",
        );
        return None;
    }
    match runner.places().bytes(&source.join(&name), place::LARGEST) {
        Ok(_) => Some(name),
        Err(error) => {
            let problem = match error {
                PlaceError::Missing => format!("there is no {} in `source`", QuotedText(&name)),
                error => format!("{} {error}", QuotedText(&name)),
            };
            give.findings.wrong(name::BUILD_IGNORE_FILE, problem, "it must be a plain file in `source`");
            None
        }
    }
}

/// A directory of a bucket, or one of Cloud Build's own rules.
fn logs(text: &str) -> Result<LogBucket, &'static str> {
    const CURE: &str = "write gs://BUCKET/DIRECTORY, `regional-user-owned-bucket` or `legacy-bucket`";
    match text {
        "regional-user-owned-bucket" => return Ok(LogBucket::By("REGIONAL_USER_OWNED_BUCKET")),
        "legacy-bucket" => return Ok(LogBucket::By("LEGACY_BUCKET")),
        _ => {}
    }
    let place = text.strip_prefix("gs://").ok_or(CURE)?;
    let (bucket, directory) = place.split_once('/').unwrap_or((place, ""));
    let bucket = BucketName::parse(bucket).map_err(|_| CURE)?;
    Ok(LogBucket::In(format!("gs://{bucket}/{directory}").trim_end_matches('/').to_owned()))
}

/// What a build may cost where nothing is said: five minutes, and 200 MB.
const BUILD_TIME: Duration = Duration::from_secs(300);
const IMAGE_BYTES: u64 = 200_000_000;

pub(crate) fn budgets(give: &mut Give<'_>) -> Budgets {
    let time = give.with(name::MAX_BUILD_TIME, |text| scalar::open(text, scalar::duration));
    let image_bytes = give.with(name::MAX_IMAGE_SIZE, |text| scalar::open(text, scalar::image_size));
    Budgets {
        time: time.unwrap_or(Some(BUILD_TIME)),
        image_bytes: image_bytes.unwrap_or(Some(IMAGE_BYTES)),
        image_given: give.raw.has(name::MAX_IMAGE_SIZE),
        enforce: give.switch(name::ENFORCE_BUDGETS).unwrap_or(false),
    }
}

fn directory(give: &mut Give<'_>, runner: &Runner, shown: &str) -> Option<PathBuf> {
    // What is only removed is never built.
    if runner.removing {
        return Some(runner.workspace.join(shown));
    }
    let empty = runner.actions && workspace::is_empty(&runner.workspace);
    let error = match runner.places().directory(&runner.workspace.join(shown)) {
        Ok(whole) if !empty => return Some(whole),
        Ok(_) => {
            let problem = format!("there is nothing in {} to build", QuotedText(shown));
            give.findings.wrong(name::SOURCE, problem, NOT_CHECKED_OUT);
            return None;
        }
        Err(error) => error,
    };
    let cure = match error {
        PlaceError::Outside => "write a path inside the repository",
        _ if empty => NOT_CHECKED_OUT,
        _ => "write a directory of the workspace",
    };
    let problem = match error {
        PlaceError::Missing => format!("there is no directory {}", QuotedText(shown)),
        error => format!("{} {error}", QuotedText(shown)),
    };
    give.findings.wrong(name::SOURCE, problem, cure);
    None
}

fn recipe(give: &mut Give<'_>, runner: &Runner, source: Option<&Path>) -> Option<Recipe> {
    let args = give.map(name::BUILD_ARGS, |key, _| name_rule(key, "a build argument", false));
    let builder = builder(give);
    if runner.removing {
        return Some(Recipe::Buildpacks { env: Vec::new() });
    }
    if give.raw.has(name::BUILD_CONFIG) {
        for other in [name::DOCKERFILE, name::BUILD_TARGET, name::BUILD_ARGS, name::BUILD_CACHE, name::BUILD_NETWORK] {
            if give.raw.has(other) {
                give.findings.wrong(
                    other,
                    "the steps come from `build_config`",
                    format!("remove `{other}`; the file decides that"),
                );
            }
        }
        return own_config(give, runner);
    }
    own_config(give, runner);
    let source = source?;
    let path = give.text(name::DOCKERFILE).unwrap_or_else(|| "Dockerfile".into());
    let path = path.trim_start_matches("./").to_owned();
    let leaves = Path::new(&path).components().any(|part| !matches!(part, Component::Normal(_)));
    if leaves {
        give.findings.wrong(
            name::DOCKERFILE,
            format!("{} lies outside `source`", QuotedText(&path)),
            "only what lies in `source` is uploaded; move `source` up, or the Dockerfile in",
        );
        return None;
    }
    let text = match runner.places().bytes(&source.join(&path), place::LARGEST) {
        Ok(text) => Some(text),
        Err(PlaceError::Missing) => None,
        Err(error) => {
            give.findings.wrong(
                name::DOCKERFILE,
                format!("{} {error}", QuotedText(&path)),
                "it must be a plain file in `source`",
            );
            return None;
        }
    };
    if let Some(text) = text {
        let file = Dockerfile::read(&String::from_utf8_lossy(&text));
        if builder == Builder::Legacy {
            wants_of_legacy(give, &path, &file);
        }
        let (target, args) = (give.text(name::BUILD_TARGET), args.unwrap_or_default());
        return Some(Recipe::Dockerfile { path, file, target, args, builder });
    }
    let shown = give.text(name::SOURCE).unwrap_or_else(|| ".".into());
    let below = |directory: &str| match shown.trim_start_matches("./").trim_end_matches('/') {
        "" | "." => directory.to_owned(),
        shown => format!("{shown}/{directory}"),
    };
    let down = workspace::one_level_down(source, &path).first().map(|directory| below(directory));
    if give.raw.has(name::DOCKERFILE) {
        let cure = match &down {
            Some(down) => format!("there is one in {}: write `source: {down}`", QuotedText(down)),
            None => "it is looked for relative to `source`".to_owned(),
        };
        give.findings.wrong(
            name::DOCKERFILE,
            format!("there is no {} in {}", QuotedText(&path), QuotedText(&shown)),
            cure,
        );
        return None;
    }
    if let Some(down) = down {
        give.findings.warnings.push(format!(
            "source: there is no Dockerfile in `{shown}`, so buildpacks build it; there is one in `{down}`: if that is meant, write `source: {down}`"
        ));
    }
    if give.raw.has(name::BUILD_TARGET) {
        give.findings.wrong(
            name::BUILD_TARGET,
            "there is no Dockerfile whose stage it could be",
            "buildpacks have no stages; add a Dockerfile or remove it",
        );
    }
    if give.raw.has(name::BUILD_NETWORK) {
        give.findings.wrong(
            name::BUILD_NETWORK,
            "there is no Dockerfile whose steps it could be for",
            "remove it: buildpacks are always in the network `cloudbuild`",
        );
    }
    let mut env = args.unwrap_or_default();
    if let Some(function) = give.text(name::FUNCTION) {
        // Functions of Cloud Run are asked by HTTP (gcloud's `--function` builds with the same two).
        let of_functions = [("GOOGLE_FUNCTION_SIGNATURE_TYPE", "http"), ("GOOGLE_FUNCTION_TARGET", function.as_str())];
        for (name, value) in of_functions {
            if !env.iter().any(|(other, _)| other == name) {
                env.push((name.to_owned(), value.to_owned()));
            }
        }
    }
    Some(Recipe::Buildpacks { env })
}

fn builder(give: &mut Give<'_>) -> Builder {
    let cache = give.choice(
        name::BUILD_CACHE,
        &[("inline", LayerCache::Inline), ("registry", LayerCache::Registry), ("none", LayerCache::None)],
    );
    let legacy = give.choice(name::BUILD_NETWORK, &[("default", false), ("cloudbuild", true)]).unwrap_or(false);
    if !legacy {
        return Builder::BuildKit(cache.unwrap_or(LayerCache::Inline));
    }
    if matches!(cache, Some(LayerCache::Inline | LayerCache::Registry)) {
        give.findings.wrong(
            name::BUILD_CACHE,
            "the builder that can use the network `cloudbuild` keeps no layers for the next build",
            "remove it, or remove `build_network`",
        );
    }
    Builder::Legacy
}

/// The builder before BuildKit refuses these one by one, after the upload; here they are named together.
fn wants_of_legacy(give: &mut Give<'_>, path: &str, file: &Dockerfile) {
    if file.wants.is_empty() {
        return;
    }
    let wants: Vec<String> = file.wants.iter().map(ToString::to_string).collect();
    give.findings.wrong(
        name::BUILD_NETWORK,
        format!("the builder that can use the network `cloudbuild` does not understand `{path}`, {}", wants.join("; ")),
        "take that out of it, or remove `build_network`: BuildKit understands it, without that network",
    );
}

/// `gcr.io/PROJECT/SERVICE`, on the host of the region's continent; a domain-scoped project `example.com:id` is written
/// as a path there.
pub(crate) fn default_repository(
    project: Option<&ProjectId>,
    region: Option<&Region>,
    service: Option<&ServiceName>,
) -> Option<ImageRepository> {
    let (project, host) = (project?.as_str().replace(':', "/"), continent(region?));
    ImageRepository::parse(&format!("{host}/{project}/{}", service?)).ok()
}

/// The `gcr.io` host whose images are stored nearest to a region.
fn continent(region: &Region) -> &'static str {
    match region.as_str().split('-').next() {
        Some("europe" | "me" | "africa") => "eu.gcr.io",
        Some("asia" | "australia") => "asia.gcr.io",
        _ => "gcr.io",
    }
}

/// `PROJECT-slipway-REGION`: our own, so that its clean-up rule can delete nobody else's objects. The name of a project
/// that leaves no room for the rest is cut, and marked by its hash so that it stays the project's own.
pub(crate) fn default_bucket(project: Option<&ProjectId>, region: Option<&Region>) -> Option<BucketName> {
    let (project, region) = (project?.as_str(), region?.as_str());
    // `google` may not stand in a bucket's name nor `goog` at its beginning, nor a colon, as the same page says.
    let mut name = project.replace([':', '.'], "-");
    while name.contains("google") {
        name = name.replace("google", "elgoog");
    }
    if name.starts_with("goog") {
        name.insert_str(0, "p-");
    }
    let end = format!("-slipway-{region}");
    if name.len() + end.len() > LONGEST_BUCKET {
        let hash = ring::digest::digest(&ring::digest::SHA256, project.as_bytes());
        let hash: String = hash.as_ref().iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        name.truncate(LONGEST_BUCKET.saturating_sub(end.len() + hash.len() + 1));
        name = format!("{}-{hash}", name.trim_end_matches('-'));
    }
    BucketName::parse(&format!("{name}{end}")).ok()
}

fn location(give: &mut Give<'_>, pool: Option<&str>) -> Option<Region> {
    let given = give.parsed(name::BUILD_REGION, Region::parse);
    let Some(pool) = pool else {
        return if give.raw.has(name::BUILD_REGION) { given } else { Region::parse("global").ok() };
    };
    let parts: Vec<&str> = pool.split('/').collect();
    let ["projects", _, "locations", location, "workerPools", name] = parts.as_slice() else {
        give.findings.wrong(
            name::BUILD_WORKER_POOL,
            format!("{} is not a pool", QuotedText(pool)),
            "write projects/PROJECT/locations/REGION/workerPools/NAME",
        );
        return None;
    };
    if name.is_empty() {
        give.findings.wrong(name::BUILD_WORKER_POOL, format!("{} has no name at its end", QuotedText(pool)), "");
    }
    match given {
        Some(given) if given.as_str() != *location => {
            give.findings.wrong(
                name::BUILD_REGION,
                format!("`{given}` is not where the pool is ({})", QuotedText(location)),
                "remove `build_region`",
            );
            None
        }
        _ => Region::parse(location).ok(),
    }
}
