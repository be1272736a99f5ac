//! What a rotation of a secret writes on the service, which versions go, and when; what it will do, in words. Pure.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::cloud_run::base;
use crate::cloud_run::difference::Difference;
use crate::cloud_run::notes::Notes;
use crate::cloud_run::own_names::REPLACED;
use crate::cloud_run::read_only::clean_containers;
use crate::cloud_run::template::container_index;
use crate::commands::deploy::inputs::RolloutStrategy;
use crate::commands::rotate_key::plan::days;
use crate::commands::rotate_secret::inputs::{NewValue, RotateSecret};
use crate::step::PlannedStep;
use crate::step::StepName;
use slipway_names::ids::RevisionName;
use slipway_names::image::ImageRef;
use slipway_names::json::object;
use slipway_names::secret_version::{SecretName, VersionFact, WantedVersion};

/// The template of the revision that serves: the service's own where that made it, and else what the revision says, for
/// what was deployed since serves nobody.
pub fn template_of(service: &Value, revision: &Value, name: &RevisionName) -> Map<String, Value> {
    let newest = service.get("latestCreatedRevision").and_then(Value::as_str).unwrap_or_default();
    let own = service.get("template").filter(|_| newest.rsplit('/').next() == Some(name.as_str()));
    match own {
        Some(own) => {
            let mut own = own.clone();
            clean_containers(Some(&mut own));
            object(&mut own).clone()
        }
        None => base::template_of(revision, &Notes::on(service).hidden),
    }
}

/// The template with every image by the digest that the revision runs, so that no name is looked up anew.
pub fn with_digests(mut template: Map<String, Value>, revision: &Value) -> Map<String, Value> {
    let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let running: Vec<ImageRef> = list(revision.get("containerStatuses"))
        .iter()
        .filter_map(|status| ImageRef::parse(status.get("imageDigest")?.as_str()?).ok())
        .collect();
    for container in template.get_mut("containers").and_then(Value::as_array_mut).into_iter().flatten() {
        let Some(image) = container.get("image").and_then(Value::as_str).and_then(|text| ImageRef::parse(text).ok())
        else {
            continue;
        };
        let mut same = running.iter().filter(|other| other.repository == image.repository);
        // Two images of one repository cannot be told apart by it.
        if let (None, Some(found), None) = (&image.digest, same.next(), same.next())
            && let Some(pinned) = found.pinned()
        {
            object(container).insert("image".into(), pinned.to_string().into());
        }
    }
    template
}

/// The image of the container that serves.
pub fn image_of(template: &Map<String, Value>) -> String {
    let mut template = template.clone();
    let index = container_index(&mut template, None, false).unwrap_or(0);
    let image = template.get("containers").and_then(|list| list.get(index)?.get("image")?.as_str());
    image.unwrap_or_default().to_owned()
}

/// Which versions of a service's secrets rotations have replaced, and when, in RFC 3339.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replaced(BTreeMap<String, BTreeMap<u64, String>>);

impl Replaced {
    /// What the service notes.
    pub fn on(service: &Value) -> Self {
        let text = service.get("annotations").and_then(|notes| notes.get(REPLACED)?.as_str()).unwrap_or_default();
        Self(serde_json::from_str(text).unwrap_or_default())
    }

    /// The versions of one secret.
    pub fn of(&self, secret: &SecretName) -> BTreeMap<u64, OffsetDateTime> {
        let own = self.0.get(&key(secret)).into_iter().flatten();
        own.filter_map(|(number, at)| Some((*number, OffsetDateTime::parse(at, &Rfc3339).ok()?))).collect()
    }

    /// The same, with versions of one secret that are replaced now, and without those that are not to be disabled any
    /// more: they are, or are in use again.
    #[must_use]
    pub fn with(&self, secret: &SecretName, replaced: &[u64], enabled: &[u64], now: OffsetDateTime) -> Self {
        let mut all = self.0.clone();
        let own = all.entry(key(secret)).or_default();
        own.retain(|number, _| enabled.contains(number));
        let now = now.replace_nanosecond(0).unwrap_or(now).format(&Rfc3339).unwrap_or_default();
        own.extend(replaced.iter().map(|number| (*number, now.clone())));
        Self(all)
    }

    /// As it is noted.
    pub fn text(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_default()
    }
}

fn key(secret: &SecretName) -> String {
    format!("{}/{}", secret.project, secret.name)
}

/// Somebody who reads a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretReader {
    /// Who, as in "revision `web-1` of service `web`".
    pub who: String,
    /// Which version.
    pub version: WantedVersion,
}

/// What becomes of the versions that the service does not read any more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VersionPlan {
    /// Disabled now.
    pub disabled: Vec<VersionFact>,
    /// Disabled by a later run, from then on.
    pub waiting: Vec<(u64, OffsetDateTime)>,
    /// Kept, because somebody reads them.
    pub read: Vec<(u64, Vec<String>)>,
    /// Enabled, and nobody said what for.
    pub left: Vec<u64>,
}

/// Decides over the versions that are there. `in_use` are those that the service reads.
pub fn fate(
    versions: &[VersionFact],
    in_use: &[u64],
    replaced: &BTreeMap<u64, OffsetDateTime>,
    readers: &[SecretReader],
    rotate: &RotateSecret,
    now: OffsetDateTime,
) -> VersionPlan {
    let mut fate = VersionPlan::default();
    let newest = versions.iter().map(|version| version.number).max();
    for version in versions.iter().filter(|version| version.enabled && !in_use.contains(&version.number)) {
        let number = version.number;
        let reads = |reader: &&SecretReader| match &reader.version {
            WantedVersion::Latest => newest == Some(number),
            WantedVersion::Number(read) => *read == number,
            // Which one it stands for could not be found out: it may be any.
            WantedVersion::Alias(_) => true,
        };
        let who: Vec<String> = readers.iter().filter(reads).map(|reader| reader.who.clone()).collect();
        match replaced.get(&number) {
            Some(_) if !who.is_empty() => fate.read.push((number, who)),
            Some(at) if now >= *at + rotate.grace => fate.disabled.push(version.clone()),
            Some(at) => fate.waiting.push((number, *at + rotate.grace)),
            None if who.is_empty() => fate.left.push(number),
            None => {}
        }
    }
    fate
}

/// The versions that came between two looks.
pub fn appeared(before: &[u64], after: &[VersionFact]) -> Vec<VersionFact> {
    after.iter().filter(|version| !before.contains(&version.number)).cloned().collect()
}

/// The steps of a rotation, in order.
pub fn steps(rotate: &RotateSecret) -> Vec<PlannedStep> {
    let mut steps = Vec::new();
    let mut add = |name, text: String| steps.push(PlannedStep { name, text });
    let (deploy, secret) = (&rotate.deploy, &rotate.secret);
    add(StepName::SignIn, format!("as `{}`", deploy.credentials.principal));
    add(StepName::Preflight, format!("permissions, the versions of `{secret}`, and who reads them"));
    let due = if rotate.only_when_due {
        format!("if the one in use is older than {}: ", days(rotate.max_age.as_secs()))
    } else {
        String::new()
    };
    let value = match &rotate.value {
        NewValue::Given(_) => "the given value".to_owned(),
        NewValue::Generated { length, alphabet } => {
            format!("{length} random characters out of {}", alphabet.len())
        }
    };
    let pin = "first, where the service follows `latest`, a rollout that pins it to the version it reads";
    add(StepName::NewVersion, format!("{due}{value}; {pin}"));
    add(
        StepName::Deploy,
        format!("`{}` in `{}`: the image that serves, with the new version", deploy.service, deploy.region),
    );
    let checks: Vec<String> =
        deploy.checks.checks.iter().map(|check| format!("`{} {}`", check.method, check.path)).collect();
    if !checks.is_empty() {
        add(StepName::Candidate, format!("{} on an address of its own, before it gets traffic", checks.join(", ")));
    }
    let how = match deploy.rollout.way {
        RolloutStrategy::Canary => "step by step",
        RolloutStrategy::Candidate | RolloutStrategy::Direct => "everything to it",
    };
    add(
        StepName::Shift,
        format!("{how}; back to what is there now when anything fails, and the new version is disabled"),
    );
    if !checks.is_empty() {
        add(StepName::Verify, checks.join(", "));
    }
    let grace = match rotate.grace.as_secs() {
        0 => "at once".to_owned(),
        seconds => format!("{} after they were replaced", days(seconds)),
    };
    add(StepName::Retire, format!("disable replaced versions {grace}, when nothing reads them"));
    steps
}

/// What a rotation would change: on the service from `now` to `then`, and on the secret.
pub fn changes(
    rotate: &RotateSecret,
    service: Vec<Difference>,
    new: Option<u64>,
    fate: &VersionPlan,
) -> Vec<Difference> {
    let secret = &rotate.secret;
    let version = |number: u64, before: Option<&str>, after: &str| Difference {
        what: format!("version {number} of {secret}"),
        before: before.map(str::to_owned),
        after: Some(after.to_owned()),
    };
    let made = new.map(|number| version(number, None, "a new value"));
    let disabled = fate.disabled.iter().map(|old| version(old.number, Some("enabled"), "disabled"));
    made.into_iter().chain(service).chain(disabled).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn secret() -> SecretName {
        SecretName::parse("db", "p").expect("a name")
    }

    #[test]
    fn what_is_noted_is_read_again_and_ends_with_its_version() {
        let at = OffsetDateTime::from_unix_timestamp(1_800_000_000).expect("a time");
        let first = Replaced::default().with(&secret(), &[3], &[3, 4], at);
        let service = json!({"annotations": {REPLACED: first.text()}});
        assert_eq!(Replaced::on(&service), first);
        assert_eq!(first.of(&secret()).get(&3), Some(&at));
        let second = first.with(&secret(), &[4], &[4, 5], at);
        assert_eq!(second.of(&secret()).keys().copied().collect::<Vec<_>>(), [4], "3 is disabled");
        assert_eq!(Replaced::on(&json!({"annotations": {REPLACED: "nonsense"}})), Replaced::default());
    }

    #[test]
    fn images_are_those_that_run() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let template = json!({"containers": [{"image": "gcr.io/p/web:1"}, {"image": "gcr.io/p/side"}, {"image": "gcr.io/p/own@sha256:b"}]});
        let revision = json!({"containerStatuses": [{"imageDigest": format!("gcr.io/p/web@{digest}")}]});
        let pinned = with_digests(template.as_object().expect("a map").clone(), &revision);
        assert_eq!(pinned["containers"][0]["image"], format!("gcr.io/p/web@{digest}"));
        assert_eq!(pinned["containers"][1]["image"], "gcr.io/p/side");
    }

    #[test]
    fn what_was_deployed_since_and_serves_nobody_stays_out() {
        let name = RevisionName::parse("web-1").expect("a name");
        let service = |newest: &str| json!({"latestCreatedRevision": format!("x/revisions/{newest}"), "template": {"timeout": "9s", "revision": newest}});
        let revision = json!({"name": "x/revisions/web-1", "uid": "u", "timeout": "5s", "containers": [{"image": "i", "buildInfo": {}}]});
        assert_eq!(template_of(&service("web-1"), &revision, &name)["timeout"], "9s");
        let base = template_of(&service("web-2"), &revision, &name);
        assert_eq!(Value::from(base), json!({"timeout": "5s", "containers": [{"image": "i"}]}));
    }
}
