//! What the preview command is told: a manifest, a pull request, and what of the manifest is made for it.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::cloud_build::image::{Builder, LayerCache, Recipe};
use crate::cloud_run::wanted::rollout::RolloutStrategy;
use crate::commands::deploy::inputs::resolve::Give;
use crate::commands::deploy::inputs::{Deploy, DeployWhat};
use crate::commands::hosting::inputs::{Channel, Hosting, SiteWork};
use crate::commands::preview::inputs::{Guest, Preview, PreviewMode, labels, name, service_name};
use crate::commands::release::inputs::Release;
use crate::commands::release::inputs::resolve as release;
use crate::inputs::engine::Resolved;
use crate::inputs::engine::error::{Findings, InputErrors};
use crate::inputs::engine::raw::RawInputs;
use crate::inputs::engine::scalar;
use crate::inputs::firebase::channel::{DEFAULT_LIFE, channel_id, expires};
use crate::inputs::firebase::{RewriteTarget, Serving};
use crate::inputs::foreign::{approved, strange};
use crate::inputs::pull_request::{OF_FORKS, PullRequest, PullRequestSource, of_run, said};
use crate::inputs::spec::preview::name;
use slipway_names::image::Tag;
use slipway_names::kind::ResourceKind;
use slipway_names::run_repository::RunRepository;
use slipway_runner::env::Runner;

/// A tag and its service's name may have this many characters together: "Combined traffic tag and service name cannot
/// exceed 46 characters" (<https://github.com/PolicyEngine/policyengine-api/issues/3729>).
const TAG_AND_SERVICE: usize = 46;

/// Resolves the inputs of the preview command.
///
/// # Errors
/// Every mistake in every input, and in the manifest.
pub fn run(raw: &RawInputs, runner: &Runner, mut findings: Findings) -> Result<Resolved<Preview>, InputErrors> {
    let mut give = Give { raw, findings: &mut findings };
    let pull = pull_request(&mut give, runner);
    let closed = pull.as_ref().is_some_and(|pull| pull.closed);
    let mode = give
        .choice(name::MODE, &[("deploy", PreviewMode::Deploy), ("cleanup", PreviewMode::Cleanup)])
        .or_else(|| closed.then_some(PreviewMode::Cleanup));
    let own_services = give.switch(name::PREVIEW_SERVICE).unwrap_or(true);
    let comment = give.switch(name::COMMENT).unwrap_or(true);
    let life = give.with(name::EXPIRES, |text| expires(text).map_err(|error| error.cure())).unwrap_or(DEFAULT_LIFE);
    let forks = approved(&mut give);
    if let Some(pull) = pull.as_ref().filter(|_| mode != Some(PreviewMode::Cleanup)) {
        if pull.closed {
            give.findings.wrong(name::MODE, over(pull.number), "leave `mode` out: what is left of it is removed then");
        }
        // Of any other, GitHub is asked.
        if said(runner, pull) == PullRequestSource::Event
            && !forks
            && pull.is_from_fork(runner.origin.repository.as_deref())
        {
            give.findings.wrong(name::ALLOW_FORKS, strange(pull), OF_FORKS);
        }
    }
    // The manifest is read in any case: its mistakes are told together with these.
    let runner = &Runner { removing: mode == Some(PreviewMode::Cleanup), ..runner.clone() };
    let Resolved { meaning: release, warnings } = release::run(raw, runner, std::mem::take(&mut findings))?;
    // Without one there was a mistake, and that has been told.
    let Some(pull) = pull else { return Err(InputErrors::of(findings)) };
    let repository = runner.origin.of_repository();
    let mut shaped = Shaped { number: pull.number, name: name(pull.number), repository, life, own_services, warnings };
    let release = shaped.release(release, &mut findings);
    if !findings.mistakes.is_empty() {
        return Err(InputErrors::of(findings));
    }
    let manifest = raw.get(name::MANIFEST).unwrap_or("slipway.yml").to_owned();
    let said = said(runner, &pull);
    Ok(Resolved {
        meaning: Preview { pull, said, mode, forks, own_services, comment, manifest, release },
        warnings: shaped.warnings,
    })
}

/// That no preview is made any more.
pub fn over(number: u64) -> String {
    format!("pull request #{number} is closed, and a closed one gets no preview")
}

fn pull_request(give: &mut Give<'_>, runner: &Runner) -> Option<PullRequest> {
    let by_event = of_run(&runner.origin);
    let number = give.with(name::PULL_REQUEST, |text| scalar::number(text, 1, u32::MAX)).map(u64::from);
    match (number, by_event) {
        (Some(number), Some(pull)) if pull.number == number => Some(pull),
        // Nothing is known of it yet.
        (Some(number), _) => Some(PullRequest {
            number,
            branch: String::new(),
            head: None,
            from: None,
            closed: false,
            merged: false,
            became: None,
        }),
        (None, Some(pull)) => Some(pull),
        (None, None) => {
            if !give.raw.has(name::PULL_REQUEST) {
                let cure = "run it on `pull_request`, or give the number";
                give.findings.wrong(name::PULL_REQUEST, "this run is about no pull request", cure);
            }
            None
        }
    }
}

/// Takes out of a manifest what is the release's alone: the name of its revision, and instances of a service that only a
/// preview has. Whether it asks for warm instances of the revision.
fn of_the_release(manifest: &mut Map<String, Value>, own_services: bool) -> bool {
    let least =
        |map: &Map<String, Value>| map.get("scaling").and_then(|scaling| scaling.get("minInstanceCount")?.as_u64());
    if own_services {
        manifest.remove("scaling");
    }
    let Some(template) = manifest.get_mut("template").and_then(Value::as_object_mut) else { return false };
    template.remove("revision");
    least(template).is_some_and(|least| least > 0)
}

/// How parts of a release become parts of a preview.
struct Shaped {
    number: u64,
    name: String,
    repository: RunRepository,
    life: Duration,
    own_services: bool,
    warnings: Vec<String>,
}

impl Shaped {
    fn release(&mut self, mut release: Release, findings: &mut Findings) -> Release {
        let mut services = Vec::new();
        for part in &mut release.services {
            let before = part.deploy.service.to_string();
            self.service(&part.name, &mut part.deploy, findings);
            let regions = std::iter::once(&part.deploy.region).chain(&part.deploy.regions);
            services
                .extend(regions.map(|region| (before.clone(), region.to_string(), part.deploy.service.to_string())));
        }
        for part in &mut release.sites {
            self.site(&part.name, &mut part.hosting, &services, findings);
        }
        release
    }

    /// A service of its own, or a candidate with a tag of the pull request's.
    fn service(&mut self, part: &str, deploy: &mut Deploy, findings: &mut Findings) {
        let place = format!("services.{part}");
        if deploy.kind == ResourceKind::WorkerPool {
            let cure = "take it out of the environment that previews are made from (`null`)";
            findings.wrong(&place, "a worker pool has no address that could be looked at", cure);
        }
        if deploy.pre_deploy.take().is_some() {
            self.warnings.push(format!(
                "{place}: its `pre_deploy_job` is not run for a preview: it would change what the service that is there works with"
            ));
        }
        (deploy.domain, deploy.rollout.prune) = (None, None);
        let warm = deploy.manifest.as_mut().is_some_and(|manifest| of_the_release(manifest, self.own_services));
        // A name of the manifest's is the release's to use.
        deploy.settings.suffix = None;
        // A preview is of its own commit, whatever serves, and shows all of it.
        deploy.rollout.force = true;
        deploy.changed_paths.clear();
        if let DeployWhat::Build(build) = &mut deploy.what {
            // Neither `latest` nor the layers of the next real build are a preview's to move.
            build.tags = Tag::parse(&self.name).into_iter().collect();
            if let Recipe::Dockerfile { builder: Builder::BuildKit(cache), .. } = &mut build.recipe {
                *cache = LayerCache::None;
            }
        }
        deploy.guest = Some(Box::new(Guest {
            number: self.number,
            of: deploy.service.clone(),
            own: self.own_services,
            labels: labels(&deploy.service, self.number, &self.repository),
            // Who may call what is there is not a preview's to change.
            public: deploy.settings.public.take(),
        }));
        deploy.settings.invokers.clear();
        if self.own_services {
            match service_name(&deploy.service, self.number) {
                Ok(name) => deploy.service = name,
                Err(error) => findings.wrong(&place, error.to_string(), ""),
            }
            deploy.rollout.way = RolloutStrategy::Direct;
            (deploy.settings.min_instances, deploy.settings.invoker_check) = (Some(0), None);
            return;
        }
        if deploy.service.as_str().len() + self.name.len() > TAG_AND_SERVICE {
            let cure = "leave out `preview_service: false`, or shorten the name";
            findings.wrong(&place, format!("`{}` leaves no room for the tag `{}`", deploy.service, self.name), cure);
        }
        (deploy.rollout.no_traffic, deploy.rollout.way) = (true, RolloutStrategy::Candidate);
        deploy.rollout.tag = Some(self.name.clone());
        if warm || deploy.settings.min_instances.is_some_and(|instances| instances > 0) {
            deploy.settings.min_instances = Some(0);
            self.warnings.push(format!(
                "{place}: `min_instances` is 0 for the preview; a tagged revision with warm instances would run, and cost, until the pull request is closed"
            ));
        }
    }

    /// A channel of the pull request's, whose rewrites lead to the preview's services.
    fn site(
        &mut self,
        part: &str,
        hosting: &mut Hosting,
        services: &[(String, String, String)],
        findings: &mut Findings,
    ) {
        let SiteWork::Deploy(upload) = &mut hosting.what else { return };
        match channel_id(&self.name) {
            Ok(id) => upload.channel = Channel::Preview { id, ttl: self.life },
            Err(error) => findings.wrong(format!("hosting.{part}"), error.to_string(), ""),
        }
        for source in &mut upload.sites {
            self.rewrites(&mut source.serving, services);
        }
    }

    fn rewrites(&self, serving: &mut Serving, services: &[(String, String, String)]) {
        for rewrite in &mut serving.rewrites {
            let RewriteTarget::Run { service, region, pin } = &mut rewrite.to else { continue };
            let found = services.iter().find(|(before, place, _)| before == service && place == region);
            let Some((_, _, now)) = found else { continue };
            if self.own_services {
                service.clone_from(now);
                *pin = false;
            } else {
                // Its tag is that of the candidate, see `SiteContext::fixed`.
                *pin = true;
            }
        }
    }
}
