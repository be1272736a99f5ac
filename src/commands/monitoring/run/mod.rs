//! Alerts, an uptime check and who is told: made, changed or left alone, so that a second run changes nothing. A
//! plan walks the same way and sends no write.

mod spending;

use serde_json::{Value, json};
use url::Url;

use crate::commands::monitoring::inputs::{Monitoring, NotificationChannel};
use crate::commands::monitoring::plan::{
    WatchKind, can_become, differing, email_channel, filter, kind_of, labels, policies, uptime, uptime_alert,
};
use crate::service::region;
use slipway_failure::{Class, Explain, Failure};
use slipway_google::cloud_run;
use slipway_google::error::ApiError;
use slipway_google::http::Http;
use slipway_google::invoker;
use slipway_google::monitoring::{Collection, create, delete, list, shown, update};
use slipway_google::projects::{self as projects, PermissionTarget};
use slipway_google::roles::{self as roles, MONITORING_NEEDS, Need};
use slipway_names::access::Callers;
use slipway_names::json::set;
use slipway_names::watch::{Watch, WatchChange};
use slipway_runner::Console;

/// Rounds of look and create while replies are lost.
const ROUNDS: u32 = 3;

/// What a check that is not there yet is called in a plan.
const FUTURE: &str = "(to be made)";

/// What the monitoring command may use.
pub struct MonitoringContext<'a> {
    /// What to do.
    pub wanted: &'a Monitoring,
    /// Google.
    pub http: &'a Http,
    /// Text.
    pub console: &'a Console,
}

/// Sets everything up, or removes it. What was done stands in `done`, also when it ends early.
///
/// # Errors
/// The first failure, explained.
pub async fn run(context: &MonitoringContext<'_>, done: &mut Vec<Watch>) -> Result<(), Failure> {
    let wanted = context.wanted;
    context.http.sign_in().await.map_err(|error| Failure::of("Could not sign in", error))?;
    region::check(context.http, &context.wanted.region).await?;
    look_ahead(context).await?;
    let ground = spending::look_ahead(context).await?;
    let mut work = MonitoringWork { context, done, policies: Vec::new(), checks: Vec::new(), emails: Vec::new() };
    let ours = filter(wanted);
    work.policies = work.found(Collection::Policies, &ours).await?;
    work.checks = work.found(Collection::Checks, &ours).await?;
    if !wanted.absent {
        work.set_up().await?;
    }
    // Whatever of ours is left was asked for once and is not any more. A check that a policy looks at stays, so the
    // policies go first.
    for (collection, rest) in [
        (Collection::Policies, std::mem::take(&mut work.policies)),
        (Collection::Checks, std::mem::take(&mut work.checks)),
    ] {
        for resource in rest {
            work.remove(collection, &resource).await?;
        }
    }
    match &ground {
        Some(ground) => spending::run(&mut work, ground).await,
        None => Ok(()),
    }
}

struct MonitoringWork<'a> {
    context: &'a MonitoringContext<'a>,
    done: &'a mut Vec<Watch>,
    /// Of ours, those that nothing was done about yet.
    policies: Vec<Value>,
    checks: Vec<Value>,
    /// The channels of e-mail addresses among those who are told.
    emails: Vec<String>,
}

impl MonitoringWork<'_> {
    fn failed(&self, error: ApiError) -> Failure {
        let wanted = self.context.wanted;
        Failure::of(format!("Could not set up the monitoring of `{}` in `{}`", wanted.service, wanted.region), error)
    }

    async fn found(&self, collection: Collection, filter: &str) -> Result<Vec<Value>, Failure> {
        let mut found = list(self.context.http, collection, filter).await.map_err(|error| self.failed(error))?;
        found.sort_by_key(name_of);
        Ok(found)
    }

    async fn set_up(&mut self) -> Result<(), Failure> {
        let wanted = self.context.wanted;
        let channels = self.channels().await?;
        if let Some(path) = &wanted.uptime_path {
            let (base, private) = self.address().await?;
            let check = uptime(wanted, path, &base, private);
            let name = self.ensure(Collection::Checks, WatchKind::Uptime, &check).await?;
            let id = name.rsplit('/').next().filter(|id| !id.is_empty()).unwrap_or(FUTURE);
            let alert = uptime_alert(wanted, id, &channels);
            self.ensure(Collection::Policies, WatchKind::UptimeAlert, &alert).await?;
        }
        for (kind, policy) in policies(wanted, &channels) {
            self.ensure(Collection::Policies, kind, &policy).await?;
        }
        Ok(())
    }

    /// Where the service is asked from outside, and whether it asks who is there.
    async fn address(&self) -> Result<(Url, bool), Failure> {
        let (wanted, http) = (self.context.wanted, self.context.http);
        let name = cloud_run::service_name(http.project(), &wanted.region, &wanted.service);
        let service = cloud_run::service(http, &name).await.map_err(|error| self.failed(error))?;
        let Some(service) = service else {
            let text = format!("There is no service `{}` in `{}` to be watched", wanted.service, wanted.region);
            return Err(Failure::plain(Class::Config, text).hint("Deploy it first, or write `uptime_path: off`"));
        };
        let front = service.front();
        let why = match (front.internal, front.proxy) {
            (true, _) => Some("it takes internal requests only"),
            (_, true) => Some("Identity-Aware Proxy stands in front of it, and lets no uptime check in"),
            _ => None,
        };
        if let Some(why) = why {
            let text = format!("Nobody outside can ask `{}`: {why}", wanted.service);
            return Err(Failure::plain(Class::Config, text).hint("Write `uptime_path: off`"));
        }
        let base = Url::parse(service.uri()).map_err(|error| {
            let text = format!("The address of `{}` cannot be asked: {error}", wanted.service);
            Failure::plain(Class::Config, text).hint("Write `uptime_path: off`")
        })?;
        // A policy that may not be read is taken for a private one: a token that nobody asked for does no harm.
        let public = invoker::callers(http, &name, front).await.is_ok_and(Callers::is_everybody);
        Ok((base, !public))
    }

    /// The full names of who is told.
    async fn channels(&mut self) -> Result<Vec<String>, Failure> {
        let asked = &self.context.wanted.channels;
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let there = self.found(Collection::Channels, "").await?;
        let mut names = Vec::new();
        for channel in asked {
            let found = there.iter().find(|one| is_it(one, channel));
            let name = match (found, channel) {
                (Some(found), _) => {
                    self.note(Collection::Channels, found, WatchChange::Unchanged, Vec::new());
                    name_of(found)
                }
                (None, NotificationChannel::Email(address)) => {
                    let look = |all: Vec<Value>| all.into_iter().find(|one| is_it(one, channel));
                    self.make(Collection::Channels, &email_channel(address), "", look).await?
                }
                (None, NotificationChannel::Named(name)) => {
                    let known: Vec<String> = there.iter().map(|one| format!("`{}`", shown(one))).collect();
                    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                    let text =
                        format!("Project `{}` has no notification channel `{name}`", self.context.wanted.project);
                    return Err(Failure::plain(Class::Config, text)
                        .hint(format!("There are: {known}; an e-mail address needs no channel beforehand")));
                }
            };
            let mails = |one: &Value| one.get("type").and_then(Value::as_str) == Some("email");
            if found.is_none_or(mails) {
                self.emails.push(name.clone());
            }
            names.push(name);
        }
        Ok(names)
    }

    /// Makes one thing what it shall be, and gives its full name.
    async fn ensure(&mut self, collection: Collection, kind: WatchKind, wanted: &Value) -> Result<String, Failure> {
        let ours = if collection == Collection::Checks { &mut self.checks } else { &mut self.policies };
        let place = ours.iter().position(|one| kind_of(one) == kind.word() && can_become(one, wanted));
        let Some(current) = place.map(|place| ours.remove(place)) else {
            let filter = filter(self.context.wanted);
            let look =
                |all: Vec<Value>| all.into_iter().find(|one| kind_of(one) == kind.word() && can_become(one, wanted));
            return self.make(collection, wanted, &filter, look).await;
        };
        let fields: Vec<String> =
            differing(&current, wanted).into_iter().filter(|field| field != "monitoredResource").collect();
        if fields.is_empty() {
            self.note(collection, &current, WatchChange::Unchanged, fields);
            return Ok(name_of(&current));
        }
        if !self.context.wanted.dry_run {
            let written = update(self.context.http, collection, &name_of(&current), wanted, &fields).await;
            written.map_err(|error| self.failed(error))?;
        }
        let mut changed = wanted.clone();
        set(&mut changed, "name", json!(name_of(&current)));
        self.note(collection, &changed, WatchChange::Updated, fields);
        Ok(name_of(&current))
    }

    /// Makes one thing, once: after a lost reply it is looked for before it is asked for again.
    async fn make(
        &mut self,
        collection: Collection,
        wanted: &Value,
        filter: &str,
        look: impl Fn(Vec<Value>) -> Option<Value>,
    ) -> Result<String, Failure> {
        if self.context.wanted.dry_run {
            self.note(collection, wanted, WatchChange::Created, Vec::new());
            return Ok(String::new());
        }
        let mut round = 1;
        let made = loop {
            match create(self.context.http, collection, wanted).await {
                Ok(made) => break made,
                Err(error) if error.is_ambiguous() && round < ROUNDS => {
                    self.context.console.line(&format!("Looking whether it was made: {error}"));
                    if let Some(made) = look(self.found(collection, filter).await?) {
                        break made;
                    }
                    round += 1;
                }
                Err(error) => return Err(self.failed(error)),
            }
        };
        self.note(collection, &made, WatchChange::Created, Vec::new());
        Ok(name_of(&made))
    }

    async fn remove(&mut self, collection: Collection, resource: &Value) -> Result<(), Failure> {
        if !self.context.wanted.dry_run {
            delete(self.context.http, collection, resource).await.map_err(|error| self.failed(error))?;
        }
        self.note(collection, resource, WatchChange::Removed, Vec::new());
        Ok(())
    }

    fn note(&mut self, collection: Collection, resource: &Value, change: WatchChange, fields: Vec<String>) {
        self.tell(collection.word(), resource, change, fields);
    }

    fn tell(&mut self, what: &'static str, resource: &Value, change: WatchChange, fields: Vec<String>) {
        let watch = Watch { what, shown: shown(resource).to_owned(), name: name_of(resource), change, fields };
        if !self.context.wanted.dry_run {
            self.context.console.line(&format!("{} `{}`: {}", watch.what, watch.shown, change.word()));
        }
        self.done.push(watch);
    }
}

fn name_of(resource: &Value) -> String {
    resource.get("name").and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn is_it(resource: &Value, channel: &NotificationChannel) -> bool {
    match channel {
        NotificationChannel::Email(address) => {
            resource.get("type").and_then(Value::as_str) == Some("email")
                && resource.pointer("/labels/email_address").and_then(Value::as_str) == Some(address)
        }
        NotificationChannel::Named(name) => shown(resource) == name || name_of(resource) == *name,
    }
}

/// Names what the account lacks. What may not be looked at is passed over.
async fn look_ahead(context: &MonitoringContext<'_>) -> Result<(), Failure> {
    let (http, wanted) = (context.http, context.wanted);
    let needed = |need: &&Need| {
        let channels = need.permission.contains("notificationChannels");
        let writes = ["create", "update", "delete"].iter().any(|verb| need.permission.ends_with(verb));
        let for_channels = wanted.channels.iter().any(|channel| match need.permission.ends_with("create") {
            true => matches!(channel, NotificationChannel::Email(_)),
            false => true,
        });
        (!channels || for_channels) && !(writes && wanted.dry_run)
    };
    let needs: Vec<&Need> = MONITORING_NEEDS.iter().filter(needed).collect();
    let asked: Vec<&str> = needs.iter().map(|need| need.permission).collect();
    let held = match projects::held(http, PermissionTarget::Project, &asked).await {
        Ok(held) => held,
        Err(error) if error.class() == Class::Auth => {
            return Err(Failure::of("Google does not accept the account's token", error));
        }
        Err(error) => {
            context.console.line(&format!("Permissions were not looked at beforehand: {error}"));
            return Ok(());
        }
    };
    let lacking: Vec<&Need> =
        needs.into_iter().filter(|need| !held.iter().any(|other| other == need.permission)).collect();
    if lacking.is_empty() {
        return Ok(());
    }
    let caller = http.principal();
    let service = labels(wanted)[1].1.clone();
    let text = format!("`{caller}` may not set up the monitoring of `{service}`; nothing was changed");
    let evidence = lacking.iter().map(|need| format!("`{caller}` lacks `{}`, to {}", need.permission, need.why));
    let mut hints: Vec<String> = Vec::new();
    for need in &lacking {
        let grant = roles::grant_on_project(wanted.project.as_str(), caller.member(), need.role);
        hints.push(format!("Grant {}: {grant}", need.role));
    }
    Err(Failure::plain(Class::Permission, text)
        .evidence(evidence.collect())
        .more_hints(hints)
        .more_hints(caller.mapped().iter().cloned()))
}
