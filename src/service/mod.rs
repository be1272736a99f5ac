//! Doing it, in order. Each file owns one step; this one owns their order and what they share.

mod access;
pub(crate) mod again;
mod allocation;
pub(crate) mod asking;
mod begin;
pub(crate) mod causes;
pub(crate) mod cures;
mod deploy;
mod deploy_failure;
mod domain;
mod door;
pub(crate) mod dry_run;
pub(crate) mod foresee;
mod gate;
mod guest;
mod key_age;
mod order;
mod over;
mod park;
mod pick;
mod pre_deploy;
pub(crate) mod preflight;
mod prove;
mod proxy;
mod prune;
pub(crate) mod reading;
pub(crate) mod region;
mod revive;
mod rollout;
pub(crate) mod runs_as;
pub(crate) mod secret_age;
mod serving;
mod settle;
pub(crate) mod tail;
pub(crate) mod together;
mod traffic;
pub mod undo;
mod verify;
mod wanted;
pub mod wished;

pub use together::Together;

use deploy::Delivered;

use crate::cloud_run::difference::Difference;
use crate::cloud_run::notes::RolloutRecord;
use crate::cloud_run::rollout::Rollout;
use crate::commands::deploy::inputs::{Allocation, Deploy, DeployWhat};
use crate::commands::deploy::plan::Marks;
use crate::facts::Facts;
use crate::probe::Probe;
use crate::step::{StepName, StepState};
use slipway_failure::{Class, Failure};
use slipway_github::GitHub;
use slipway_google::cloud_run::Service;
use slipway_google::http::Http;
use slipway_names::access::{AccessChange, Front};
use slipway_names::kind::ResourceKind;
use slipway_runner::env::Origin;
use slipway_runner::files::Files;
use slipway_runner::{Console, duration};
use slipway_wire::clock::Clock;

/// What every step may use.
pub struct Context<'a> {
    /// What to do.
    pub deploy: &'a Deploy,
    /// What marks the things this run makes.
    pub marks: &'a Marks,
    /// Where the run comes from.
    pub origin: &'a Origin,
    /// The service's full name.
    pub service_name: String,
    /// Google.
    pub http: &'a Http,
    /// GitHub, when there is a token for it.
    pub github: Option<&'a GitHub>,
    /// The user's service.
    pub probe: &'a Probe,
    /// Text.
    pub console: &'a Console,
    /// The runner's files.
    pub files: &'a Files,
    /// The other regions that move with this one.
    pub together: Together,
    /// What it is called where others move with it, such as "Region `us-central1`".
    pub name: String,
    /// What begins the lines about it, where there are several.
    pub prefix: String,
}

impl Context<'_> {
    /// The clock everything waits by.
    pub(crate) fn clock(&self) -> &Clock {
        self.http.clock()
    }

    /// Names the service to a command of this program.
    fn flags(&self) -> String {
        let deploy = self.deploy;
        let kind = if deploy.kind == ResourceKind::WorkerPool { " --kind=worker-pool" } else { "" };
        format!("--service={}{kind} --region={} --project-id={}", deploy.service, deploy.region, deploy.project)
    }

    /// Says something odd now, and keeps it for the report.
    pub(crate) fn warn(&self, facts: &mut Facts, text: String) {
        self.console.warning(&text);
        facts.warnings.push(text);
    }
}

/// Carries out a run, in one region or in several that move together. Whatever is learned stands in the
/// facts, also when it ends early; traffic that was moved is back where it was when it fails anywhere.
///
/// # Errors
/// The first failure, explained.
pub async fn run(contexts: &[Context<'_>], all: &mut [Facts]) -> Result<(), Failure> {
    if let (Some(first), Some(facts)) = (contexts.first(), all.first_mut()) {
        sign_in(first, facts).await?;
    }
    let mut seen = Vec::new();
    for (context, facts) in contexts.iter().zip(all.iter_mut()) {
        seen.push(preflight(context, facts).await?);
    }
    let (Some(first), Some(facts)) = (contexts.first(), all.first_mut()) else { return Ok(()) };
    match &first.deploy.what {
        DeployWhat::Revision(pick) => {
            let revived = revive::run(first, facts, pick).await;
            return turned_back(first, facts, revived).await;
        }
        DeployWhat::Traffic(asked) => return allocate(first, facts, asked).await,
        _ => {}
    }
    ordered_everywhere(contexts, all, &seen).await?;
    if all.first().is_some_and(|facts| facts.unchanged.is_some()) {
        return verified_everywhere(contexts, all).await;
    }
    foresee::everywhere(contexts, &seen).await?;
    let Some(facts) = all.first_mut() else { return Ok(()) };
    let image = crate::build::image::made_or_found(first, facts, &seen[0]).await?;
    before(first, facts, &seen[0], &image).await?;
    everywhere(contexts, all, seen, &image).await?;
    afterwards(contexts, all).await
}

/// Runs the job that comes before any region is touched, once for all of them.
pub(crate) async fn before(
    context: &Context<'_>,
    facts: &mut Facts,
    seen: &preflight::Seen,
    image: &str,
) -> Result<(), Failure> {
    let Some(wish) = context.deploy.pre_deploy.as_deref() else { return Ok(()) };
    let service = seen.service.as_ref();
    step(context, facts, StepName::PreDeploy, async |facts| pre_deploy::run(context, facts, service, image, wish).await)
        .await
}

/// Deploys an image to every region; all of them, or none.
pub(crate) async fn everywhere(
    contexts: &[Context<'_>],
    all: &mut [Facts],
    seen: Vec<preflight::Seen>,
    image: &str,
) -> Result<(), Failure> {
    let Some(first) = all.first() else { return Ok(()) };
    let (pinned, digest) = (first.image.clone(), first.digest.clone());
    let everywhere = contexts.iter().zip(all.iter_mut()).zip(seen).map(async |((context, facts), seen)| {
        (facts.image, facts.digest) = (pinned.clone(), digest.clone());
        let delivered = deliver(context, facts, seen.service, image).await;
        turned_back(context, facts, delivered).await
    });
    worst(futures_util::future::join_all(everywhere).await)
}

/// What matters most of what went wrong: what could not be put back, then the failure that turned the others back.
pub(crate) fn worst(mut ended: Vec<Result<(), Failure>>) -> Result<(), Failure> {
    ended.sort_by_key(|ended| match ended {
        Err(failure) if failure.class() == Class::Rollback => 0,
        Err(failure) if !failure.is_an_echo() => 1,
        Err(_) => 2,
        Ok(()) => 3,
    });
    ended.into_iter().next().unwrap_or(Ok(()))
}

/// What comes when the new revisions serve: the domain, and old revisions that go.
pub(crate) async fn afterwards(contexts: &[Context<'_>], all: &mut [Facts]) -> Result<(), Failure> {
    for (context, facts) in contexts.iter().zip(all.iter_mut()) {
        if !context.deploy.settings.invokers.is_empty() && guest::own(context).is_none() {
            step(context, facts, StepName::Access, async |_| access::invite(context).await).await?;
        }
        if let Some(domain) = &context.deploy.domain {
            step(context, facts, StepName::Domain, async |facts| Ok(((), domain::run(context, facts, domain).await)))
                .await?;
        }
        let Some(keep) = context.deploy.rollout.prune else { continue };
        step(context, facts, StepName::Prune, async |facts| Ok(((), prune::run(context, facts, keep).await))).await?;
    }
    Ok(())
}

/// Puts the traffic back after a failure, here and, by the gates, everywhere.
pub(crate) async fn turned_back(
    context: &Context<'_>,
    facts: &mut Facts,
    ended: Result<(), Failure>,
) -> Result<(), Failure> {
    let Err(failure) = ended else { return Ok(()) };
    let first = context.together.fail(&context.name);
    let failure = undo::after(context, facts, failure).await.in_place(&context.prefix);
    Err(if first { failure } else { failure.echo() })
}

pub(crate) async fn sign_in(context: &Context<'_>, facts: &mut Facts) -> Result<(), Failure> {
    sign_in_as(context.http, context.console, &context.prefix, facts, context.deploy.credentials.principal.shown())
        .await?;
    key_age::look(context, facts).await;
    Ok(())
}

/// Gets the first token, so that bad credentials fail before anything else does.
pub(crate) async fn sign_in_as(
    http: &Http,
    console: &Console,
    prefix: &str,
    facts: &mut Facts,
    account: &str,
) -> Result<(), Failure> {
    timed(console, prefix, facts, StepName::SignIn, async |_| {
        let sentence = || format!("Could not sign in as `{account}`");
        http.sign_in().await.map_err(|error| Failure::of(sentence(), error))?;
        // By the name that Google gave with the token, where nothing said it before.
        Ok(((), format!("as `{}`", http.principal())))
    })
    .await
}

/// Looks for what would fail later.
pub(crate) async fn preflight(context: &Context<'_>, facts: &mut Facts) -> Result<preflight::Seen, Failure> {
    step(context, facts, StepName::Preflight, async |facts| {
        Ok((preflight::run(context, facts).await?, "permissions, APIs, accounts".to_owned()))
    })
    .await
}

/// Deploys the image to one region and moves its traffic there.
pub(crate) async fn deliver(
    context: &Context<'_>,
    facts: &mut Facts,
    service: Option<Service>,
    image: &str,
) -> Result<(), Failure> {
    let front = service.as_ref().map(Service::front).unwrap_or_default();
    let delivered =
        step(context, facts, StepName::Deploy, async |facts| deploy::run(context, facts, service, image).await).await?;
    let at_once = matches!(delivered, Delivered::AtOnce);
    match delivered {
        Delivered::Rolls(record) => return roll(context, facts, &record).await,
        Delivered::Waits(candidate) => return park::wait(context, facts, &candidate).await,
        Delivered::Unchanged => {
            stay(context, facts, reading::look(context).await?.as_ref()).await;
        }
        Delivered::AtOnce => {
            let own = guest::own(context);
            if let Some(guest) = own
                && let Some(replaced) = guest::judge(context, facts, guest).await?
            {
                context.console.line(&format!("Nothing is left to do: {replaced}"));
                return Ok(());
            }
            access::mark_open(context, facts, front);
            let (before, front) = (front, facts.service.front);
            if let Some(agent) = proxy::planned(context, facts, facts.service.existed.then_some(before), front).await {
                step(context, facts, StepName::Access, async |_| {
                    proxy::let_in(context, &agent, Some(proxy::LONGEST_BIRTH)).await
                })
                .await?;
            }
            if let Some(guest) = own {
                step(context, facts, StepName::Access, async |facts| access::admit(context, facts, guest).await)
                    .await?;
            } else if let Some(public) = context.deploy.settings.public {
                step(context, facts, StepName::Access, async |facts| access::run(context, facts, public, front).await)
                    .await?;
            }
            step(context, facts, StepName::Traffic, async |facts| serving::run(context, facts)).await?;
        }
    }
    verify_service(context, facts, None).await?;
    if let Some(tag) = context.deploy.rollout.tag.as_deref().filter(|_| at_once) {
        step(context, facts, StepName::Finish, async |facts| rollout::tag(context, facts, tag).await).await?;
    }
    if guest::own(context).is_none() {
        access::tell(context, facts);
    }
    // There is nothing to go back to, and nothing more to wait for.
    context.together.through();
    Ok(())
}

/// Keeps what serves, where nothing has to be deployed, and notes that this commit is the same.
async fn stay(context: &Context<'_>, facts: &mut Facts, service: Option<&Service>) {
    let Some(service) = service else { return };
    reading::remember(facts, Some(service));
    reading::see(facts, service);
    let why = facts.unchanged.as_deref().unwrap_or_default();
    context.console.line(&format!("Not deployed: {why}"));
    order::renew(context, service).await;
}

/// How the commit lies to what serves, in every region: a newer one in any of them ends the run, and there is nothing to
/// deploy only where that holds for all.
pub(crate) async fn ordered_everywhere(
    contexts: &[Context<'_>],
    all: &mut [Facts],
    seen: &[preflight::Seen],
) -> Result<(), Failure> {
    for ((context, facts), seen) in contexts.iter().zip(all.iter_mut()).zip(seen) {
        ordered(context, facts, seen.service.as_ref()).await?;
    }
    if !all.iter().all(|facts| facts.unchanged.is_some()) {
        all.iter_mut().for_each(|facts| facts.unchanged = None);
        return Ok(());
    }
    for ((context, facts), seen) in contexts.iter().zip(all.iter_mut()).zip(seen) {
        stay(context, facts, seen.service.as_ref()).await;
    }
    Ok(())
}

async fn verified_everywhere(contexts: &[Context<'_>], all: &mut [Facts]) -> Result<(), Failure> {
    for (context, facts) in contexts.iter().zip(all.iter_mut()) {
        verify_service(context, facts, None).await?;
    }
    Ok(())
}

async fn ordered(context: &Context<'_>, facts: &mut Facts, service: Option<&Service>) -> Result<(), Failure> {
    let Some(service) = service.filter(|_| order::matters(context)) else { return Ok(()) };
    step(context, facts, StepName::Order, async |facts| order::run(context, facts, service).await).await
}

/// Moves the traffic to a revision that is there, tagged, and has none yet: asks it first, then moves,
/// then asks the service.
async fn roll(context: &Context<'_>, facts: &mut Facts, record: &RolloutRecord) -> Result<(), Failure> {
    if !context.deploy.checks.checks.is_empty() {
        step(context, facts, StepName::Candidate, async |facts| {
            let service = reading::read(context).await?;
            let way = verify::candidate_place(context, &service, &record.rollout);
            verify::run(context, facts, &way).await
        })
        .await?;
    }
    context.together.pass(together::CANDIDATE).await?;
    context.together.pass(together::READY).await?;
    let least = record.rollout.share_before();
    for percent in begin::steps(context).into_iter().filter(|percent| *percent > least || *percent == 100) {
        if percent == 100 {
            last(context, facts, record).await?;
        } else {
            step(context, facts, StepName::Shift, async |facts| {
                let ((), moved) = rollout::shift(context, facts, record, percent).await?;
                // Told when it happens: what follows takes minutes, and may take the traffic back.
                let watched = duration(context.deploy.rollout.interval);
                context.console.line(&format!("{}Now {moved}; it is watched for {watched}", context.prefix));
                rollout::hold(context, facts, record, percent).await
            })
            .await?;
        }
        context.together.pass(together::moved(percent)).await?;
    }
    verify_service(context, facts, Some(&record.rollout)).await?;
    if !ends_later(context, record) {
        return Ok(());
    }
    context.together.pass(together::VERIFIED).await?;
    context.together.pass(together::SHOWN).await?;
    step(context, facts, StepName::Finish, async |facts| rollout::finish(context, facts, record).await).await
}

/// Moves all traffic, and with it who may call the service: what closes it comes before, what opens it after, so that
/// nobody meets what is not meant for them. Where its invoker check is off and comes back with the traffic, everybody is
/// granted the service before that, so that nobody is turned away meanwhile.
async fn last(context: &Context<'_>, facts: &mut Facts, record: &RolloutRecord) -> Result<(), Failure> {
    let public = match (&record.access, context.deploy.settings.public) {
        (Some(AccessChange::Opens), _) => Some(true),
        (Some(AccessChange::Closes(_)), _) => Some(false),
        (None, wish) => wish,
    };
    let checked = Front { unchecked: false, ..facts.service.front };
    if let Some(agent) = &record.agent {
        // Before the traffic: from its first moment on the proxy passes on whom it lets in.
        step(context, facts, StepName::Access, async |_| proxy::let_in(context, agent, None).await).await?;
    }
    let stays_open = record.access == Some(AccessChange::Opens) && facts.service.front != checked;
    let first = public.filter(|public| !public || stays_open);
    if let Some(public) = first {
        step(context, facts, StepName::Access, async |facts| access::run(context, facts, public, checked).await)
            .await?;
    }
    step(context, facts, StepName::Shift, async |facts| rollout::shift(context, facts, record, 100).await).await?;
    if let Some(public) = public.filter(|_| first.is_none()) {
        let front = facts.service.front;
        step(context, facts, StepName::Access, async |facts| access::run(context, facts, public, front).await).await?;
    }
    Ok(())
}

/// Whether something can still fail after all traffic has moved: a check, who may call it, or what moves with it.
fn ends_later(context: &Context<'_>, record: &RolloutRecord) -> bool {
    !context.deploy.checks.checks.is_empty() || record.access.is_some() || !context.together.is_alone()
}

async fn verify_service(context: &Context<'_>, facts: &mut Facts, rollout: Option<&Rollout>) -> Result<(), Failure> {
    if context.deploy.checks.checks.is_empty() {
        if facts.service.opened.is_none() {
            return Ok(());
        }
        return step(context, facts, StepName::Verify, async |facts| Ok(((), prove::run(context, facts).await))).await;
    }
    step(context, facts, StepName::Verify, async |facts| {
        let way = verify::service_place(context, facts, rollout);
        verify::run(context, facts, &way).await
    })
    .await
}

/// Writes the allocation the user asked for.
async fn allocate(context: &Context<'_>, facts: &mut Facts, asked: &Allocation) -> Result<(), Failure> {
    step(context, facts, StepName::Shift, async |facts| allocation::write(context, facts, asked).await).await?;
    verify_service(context, facts, None).await
}

/// Finds out what a deploy would change, and changes nothing.
///
/// # Errors
/// What would stop the deploy.
pub async fn rehearse(context: &Context<'_>, facts: &mut Facts) -> Result<Vec<Difference>, Failure> {
    sign_in(context, facts).await?;
    let seen = preflight(context, facts).await?;
    dry_run::run(context, facts, &seen).await
}

/// Runs one step: times it, says how it ended, keeps it in the facts.
pub(crate) async fn step<T>(
    context: &Context<'_>,
    facts: &mut Facts,
    name: StepName,
    work: impl AsyncFnOnce(&mut Facts) -> Result<(T, String), Failure>,
) -> Result<T, Failure> {
    timed(context.console, &context.prefix, facts, name, work).await
}

/// [`step`], for whoever has no service to deploy.
pub(crate) async fn timed<T>(
    console: &Console,
    prefix: &str,
    facts: &mut Facts,
    name: StepName,
    work: impl AsyncFnOnce(&mut Facts) -> Result<(T, String), Failure>,
) -> Result<T, Failure> {
    facts.simulated = console.is_simulated();
    facts.current = Some((name, std::time::Instant::now()));
    let result = work(facts).await;
    console.end_group();
    match result {
        Ok((value, note)) => {
            facts.done(note.as_str());
            match facts.steps.last() {
                Some(step) if step.state == StepState::Simulated => {
                    console.as_if(&format!("{prefix}{} (simulated): {note}", name.title()), step.took);
                }
                last => {
                    let took = last.map(|step| step.took).unwrap_or_default();
                    console.done(&format!("{prefix}{}: {note}", name.title()), took);
                }
            }
            Ok(value)
        }
        Err(failure) => {
            facts.end(StepState::Failed, failure.to_string());
            Err(failure)
        }
    }
}
