//! What this product notes on a service: annotations, because that is the one place that the next run, the post step
//! and a person can all read, and that the etag guards together with the traffic. Pure.

use serde_json::{Map, Value, json};

use super::own_names::{CANDIDATES, ROLLOUT, SERVING, UNPROMOTED};
use super::rollout::{Rollout, tagged};
use super::service_level::Patch;
use slipway_names::access::AccessChange;
use slipway_names::ids::RevisionName;
use slipway_names::json::{object, set};
use slipway_names::traffic::{Share, Traffic, TrafficTarget};

/// Annotations together may not grow without end; older entries go.
const MOST: usize = 100;

/// A run of GitHub's, by which it can be asked whether it is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByRun {
    /// `owner/name`.
    pub repository: String,
    /// The run's id.
    pub id: String,
    /// Which attempt of it.
    pub attempt: String,
}

/// What is written on the service before anything moves, so that whoever comes next can put it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolloutRecord {
    /// The run that writes it.
    pub run: String,
    /// The same as GitHub knows it, where it runs there.
    pub by: Option<ByRun>,
    /// When the run is over at the latest, in RFC 3339; empty where that is not known.
    pub until: String,
    /// The commit that it brings.
    pub commit: Option<String>,
    /// What it does.
    pub rollout: Rollout,
    /// What takes back the settings of the service that it has changed.
    pub undo: Patch,
    /// What it does to who may call the service.
    pub access: Option<AccessChange>,
    /// The agent of Identity-Aware Proxy, where the rollout grants it the service: a member of a policy.
    pub agent: Option<String>,
    /// Settings of the service that come with its last step; whoever promotes a rollout that was left brings them.
    pub later: Patch,
    /// Whether everybody may call the service from then on, or nobody without a grant.
    pub public: Option<bool>,
}

/// What served last by a finished rollout.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Served {
    /// The revision.
    pub revision: String,
    /// The commit it was made from, or that it was found to be the same as.
    pub commit: Option<String>,
    /// The revision before it.
    pub previous: Option<String>,
    /// Whether the service follows its latest revision, and was pinned by a rollout that went back.
    pub followed_latest: bool,
    /// Tags that followed it too, and were pinned.
    pub latest_tags: Vec<String>,
}

/// A candidate that waits without traffic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The run that made it.
    pub run: String,
    /// When that run is over at the latest, in RFC 3339, while it has not said that the candidate is good.
    pub open_until: Option<String>,
    /// The revision.
    pub revision: RevisionName,
    /// Its traffic tag.
    pub tag: String,
    /// Whether the tag is the user's; a run's own goes with the next rollout.
    pub keep_tag: bool,
    /// The revision that had the tag before.
    pub tag_before: Option<RevisionName>,
    /// Settings of the service that come with its promotion.
    pub later: Patch,
    /// Whether everybody may call the service from then on, or nobody without a grant.
    pub public: Option<bool>,
}

/// All of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Notes {
    /// The rollout that goes on, or was left behind.
    pub record: Option<RolloutRecord>,
    /// What served last.
    pub served: Served,
    /// Candidates that wait, oldest first.
    pub candidates: Vec<Candidate>,
    /// Revisions that were never promoted, oldest first.
    pub unpromoted: Vec<String>,
    /// Fields of the serving revision's template that a revision does not show (`run.v2`, Revision).
    pub hidden: Map<String, Value>,
}

impl RolloutRecord {
    /// Whether it changes who may call the service.
    pub fn changes_access(&self) -> bool {
        self.access.is_some() || self.agent.is_some()
    }
}

impl Notes {
    /// What a service notes.
    pub fn on(service: &Value) -> Self {
        let note = |name: &str| -> Value {
            let text = service.get("annotations").and_then(|notes| notes.get(name)).and_then(Value::as_str);
            text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
        };
        let unpromoted = note(UNPROMOTED);
        Self {
            record: record_of(&note(ROLLOUT)),
            served: served_of(&note(SERVING)),
            candidates: list(Some(&note(CANDIDATES))).filter_map(candidate_of).collect(),
            unpromoted: texts(unpromoted.get("revisions")),
            hidden: unpromoted.get("hidden").and_then(Value::as_object).cloned().unwrap_or_default(),
        }
    }

    /// Writes them on a service, in place of those that are there.
    pub fn write(&self, service: &mut Value) {
        let candidates: Vec<Value> = self.candidates.iter().map(candidate_json).collect();
        let some = |empty: bool, value: Value| (!empty).then(|| value.to_string());
        let all = [
            (ROLLOUT, self.record.as_ref().map(|record| record_json(record).to_string())),
            (SERVING, some(self.served == Served::default(), served_json(&self.served))),
            (CANDIDATES, some(candidates.is_empty(), candidates.into())),
            (
                UNPROMOTED,
                some(
                    self.unpromoted.is_empty() && self.hidden.is_empty(),
                    json!({"revisions": self.unpromoted, "hidden": self.hidden}),
                ),
            ),
        ];
        let notes = object(object(service).entry("annotations").or_insert_with(|| json!({})));
        for (name, text) in all {
            match text {
                Some(text) => drop(notes.insert(name.into(), text.into())),
                None => drop(notes.remove(name)),
            }
        }
    }

    /// Forgets candidates that are gone: their tag stands elsewhere, or nowhere.
    pub fn sweep(&mut self, traffic: &Traffic) {
        self.candidates.retain(|candidate| tagged(traffic, &candidate.tag) == Some(&candidate.revision));
        let over = self.candidates.len().saturating_sub(MOST);
        self.candidates.drain(..over);
    }

    /// Tags that runs made for candidates which wait, and that the next rollout takes away when it has ended well:
    /// those of runs that are over.
    pub fn passing_tags(&self, now: &str) -> Vec<String> {
        self.own_tags(|until| until.is_none_or(|until| until <= now))
    }

    /// Those among them of runs that ended without a word of their candidate: nobody promotes it.
    pub fn dead_tags(&self, now: &str) -> Vec<String> {
        self.own_tags(|until| until.is_some_and(|until| until <= now))
    }

    fn own_tags(&self, gone: impl Fn(Option<&str>) -> bool) -> Vec<String> {
        let own = self.candidates.iter().filter(|candidate| !candidate.keep_tag);
        own.filter(|candidate| gone(candidate.open_until.as_deref())).map(|candidate| candidate.tag.clone()).collect()
    }

    /// What comes with the promotion of a revision: settings, and who may call the service. Its candidate says so, or
    /// the rollout that was left with it.
    pub fn coming_with(&self, revision: &RevisionName) -> (Patch, Option<bool>) {
        if let Some(candidate) = self.candidate(revision) {
            return (candidate.later.clone(), candidate.public);
        }
        match self.record.as_ref().filter(|record| record.rollout.revision == *revision) {
            Some(record) => (record.later.clone(), record.public),
            None => (Patch::default(), None),
        }
    }

    /// The candidate with that revision.
    pub fn candidate(&self, revision: &RevisionName) -> Option<&Candidate> {
        self.candidates.iter().find(|candidate| candidate.revision == *revision)
    }

    /// A revision came that has not been promoted yet.
    pub fn came(&mut self, revision: &RevisionName) {
        self.unpromoted.retain(|other| other != revision.as_str());
        self.unpromoted.push(revision.to_string());
        let over = self.unpromoted.len().saturating_sub(MOST);
        self.unpromoted.drain(..over);
    }

    /// A revision was promoted.
    pub fn promoted(&mut self, revision: &RevisionName) {
        self.unpromoted.retain(|other| other != revision.as_str());
        self.candidates.retain(|candidate| candidate.revision != *revision);
    }

    /// Whether a revision came by a rollout and was never promoted.
    pub fn is_unpromoted(&self, revision: &RevisionName) -> bool {
        self.unpromoted.iter().any(|other| other == revision.as_str())
    }
}

fn list(json: Option<&Value>) -> impl Iterator<Item = &Value> {
    json.and_then(Value::as_array).into_iter().flatten()
}

fn texts(json: Option<&Value>) -> Vec<String> {
    list(json).filter_map(|text| text.as_str().map(str::to_owned)).collect()
}

fn text(json: &Value, key: &str) -> Option<String> {
    json.get(key).and_then(Value::as_str).map(str::to_owned)
}

fn revision(json: &Value, key: &str) -> Option<RevisionName> {
    RevisionName::parse(json.get(key)?.as_str()?).ok()
}

fn switch(json: &Value, key: &str) -> bool {
    json.get(key).and_then(Value::as_bool) == Some(true)
}

fn record_of(json: &Value) -> Option<RolloutRecord> {
    let shares = json.get("before")?.as_array()?.iter().map(|share| {
        Some(Share {
            target: TrafficTarget::Revision(revision(share, "revision")?),
            percent: u8::try_from(share.get("percent")?.as_u64()?).ok()?,
            tag: text(share, "tag"),
        })
    });
    let by = |by: &Value| {
        Some(ByRun { repository: text(by, "repository")?, id: text(by, "id")?, attempt: text(by, "attempt")? })
    };
    let access = |access: &Value| match access.get("closes") {
        Some(bindings) => AccessChange::Closes(list(Some(bindings)).cloned().collect()),
        None => AccessChange::Opens,
    };
    Some(RolloutRecord {
        run: text(json, "run")?,
        by: json.get("by").and_then(by),
        until: text(json, "until").unwrap_or_default(),
        commit: text(json, "commit"),
        rollout: Rollout {
            before: Traffic { shares: shares.collect::<Option<_>>()? },
            followed_latest: switch(json, "followed_latest"),
            latest_tags: texts(json.get("latest_tags")),
            revision: revision(json, "revision")?,
            tag: text(json, "tag")?,
            keep_tag: switch(json, "keep_tag"),
        },
        undo: Patch::read(json.get("undo")),
        access: json.get("access").map(access),
        agent: text(json, "agent"),
        later: Patch::read(json.get("later")),
        public: json.get("public").and_then(Value::as_bool),
    })
}

fn record_json(record: &RolloutRecord) -> Value {
    let rollout = &record.rollout;
    let before = rollout.before.shares.iter().filter_map(|share| {
        let TrafficTarget::Revision(revision) = &share.target else { return None };
        let mut entry = json!({"revision": revision.as_str(), "percent": share.percent});
        if let Some(tag) = &share.tag {
            set(&mut entry, "tag", tag.as_str());
        }
        Some(entry)
    });
    let mut json = json!({
        "run": record.run, "until": record.until, "commit": record.commit, "revision": rollout.revision.as_str(),
        "tag": rollout.tag, "keep_tag": rollout.keep_tag, "followed_latest": rollout.followed_latest,
        "before": before.collect::<Value>(),
    });
    if let Some(by) = &record.by {
        set(&mut json, "by", json!({"repository": by.repository, "id": by.id, "attempt": by.attempt}));
    }
    if !rollout.latest_tags.is_empty() {
        set(&mut json, "latest_tags", json!(rollout.latest_tags));
    }
    if !record.undo.is_empty() {
        set(&mut json, "undo", record.undo.json());
    }
    if !record.later.is_empty() {
        set(&mut json, "later", record.later.json());
    }
    if let Some(public) = record.public {
        set(&mut json, "public", public);
    }
    if let Some(agent) = &record.agent {
        set(&mut json, "agent", agent.as_str());
    }
    match &record.access {
        Some(AccessChange::Opens) => set(&mut json, "access", json!({"opens": true})),
        Some(AccessChange::Closes(bindings)) => set(&mut json, "access", json!({"closes": bindings})),
        None => {}
    }
    json
}

fn served_of(json: &Value) -> Served {
    Served {
        revision: text(json, "revision").unwrap_or_default(),
        commit: text(json, "commit"),
        previous: text(json, "previous"),
        followed_latest: switch(json, "followed_latest"),
        latest_tags: texts(json.get("latest_tags")),
    }
}

fn served_json(served: &Served) -> Value {
    let mut json = json!({
        "revision": served.revision, "commit": served.commit, "previous": served.previous,
        "followed_latest": served.followed_latest,
    });
    if !served.latest_tags.is_empty() {
        set(&mut json, "latest_tags", json!(served.latest_tags));
    }
    json
}

fn candidate_of(json: &Value) -> Option<Candidate> {
    Some(Candidate {
        run: text(json, "run").unwrap_or_default(),
        open_until: text(json, "open_until"),
        revision: revision(json, "revision")?,
        tag: text(json, "tag")?,
        keep_tag: switch(json, "keep_tag"),
        tag_before: revision(json, "tag_before"),
        later: Patch::read(json.get("later")),
        public: json.get("public").and_then(Value::as_bool),
    })
}

fn candidate_json(candidate: &Candidate) -> Value {
    let mut json = json!({
        "run": candidate.run, "revision": candidate.revision.as_str(), "tag": candidate.tag,
        "keep_tag": candidate.keep_tag,
    });
    if let Some(until) = &candidate.open_until {
        set(&mut json, "open_until", until.as_str());
    }
    if let Some(before) = &candidate.tag_before {
        set(&mut json, "tag_before", before.as_str());
    }
    if !candidate.later.is_empty() {
        set(&mut json, "later", candidate.later.json());
    }
    if let Some(public) = candidate.public {
        set(&mut json, "public", public);
    }
    json
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud_run::own_names::is_note;

    fn name(text: &str) -> RevisionName {
        RevisionName::parse(text).expect("a name")
    }

    fn share(revision: &str, percent: u8, tag: Option<&str>) -> Share {
        Share { target: TrafficTarget::Revision(name(revision)), percent, tag: tag.map(str::to_owned) }
    }

    fn candidate(revision: &str, tag: &str) -> Candidate {
        Candidate {
            run: "req_2".into(),
            open_until: Some("2026-11-30T10:00:00Z".into()),
            revision: name(revision),
            tag: tag.into(),
            keep_tag: false,
            tag_before: Some(name("web-1")),
            later: Patch::between(&json!({}), &json!({"ingress": "INGRESS_TRAFFIC_ALL"})),
            public: Some(true),
        }
    }

    fn full() -> Notes {
        let record = RolloutRecord {
            run: "req_1".into(),
            by: Some(ByRun { repository: "o/r".into(), id: "77".into(), attempt: "2".into() }),
            until: "2026-11-30T12:00:00Z".into(),
            commit: Some("0f0f0f0".into()),
            rollout: Rollout {
                before: Traffic { shares: vec![share("web-1", 100, None), share("web-0", 0, Some("old"))] },
                followed_latest: true,
                latest_tags: vec!["live".into()],
                revision: name("web-2"),
                tag: "c1".into(),
                keep_tag: false,
            },
            undo: Patch::between(&json!({"ingress": "a"}), &json!({"ingress": "b"})),
            access: Some(AccessChange::Closes(vec![json!({"role": "roles/run.invoker", "members": ["allUsers"]})])),
            agent: Some("serviceAccount:service-1@gcp-sa-iap.iam.gserviceaccount.com".into()),
            later: Patch::between(&json!({}), &json!({"description": "b"})),
            public: Some(false),
        };
        Notes {
            record: Some(record),
            served: Served {
                revision: "web-1".into(),
                commit: Some("1e1e1e1".into()),
                previous: Some("web-0".into()),
                followed_latest: true,
                latest_tags: vec!["live".into()],
            },
            candidates: vec![candidate("web-3", "pr-1")],
            unpromoted: vec!["web-2".into(), "web-3".into()],
            hidden: json!({"healthCheckDisabled": true}).as_object().cloned().unwrap_or_default(),
        }
    }

    #[test]
    fn what_is_noted_is_read_again_and_leaves_nothing_behind() {
        let mut service = json!({"annotations": {"other": "x"}});
        full().write(&mut service);
        assert_eq!(Notes::on(&service), full());
        let names: Vec<&String> = service["annotations"].as_object().expect("a map").keys().collect();
        assert!(names.iter().filter(|name| is_note(name)).count() == 4 && names.len() == 5);
        let open = Notes {
            record: full().record.map(|record| RolloutRecord { access: Some(AccessChange::Opens), ..record }),
            ..full()
        };
        open.write(&mut service);
        assert_eq!(Notes::on(&service), open);
        Notes::default().write(&mut service);
        assert_eq!(service, json!({"annotations": {"other": "x"}}));
    }

    #[test]
    fn what_others_have_written_there_is_no_note() {
        for text in ["nonsense", "[]", "7", "{}", r#"{"run": 1, "before": {}}"#, r#"[{"revision": "WEB"}]"#] {
            let all = [ROLLOUT, SERVING, CANDIDATES, UNPROMOTED].map(|name| (name.to_owned(), Value::from(text)));
            let service = json!({"annotations": all.into_iter().collect::<Map<_, _>>()});
            assert_eq!(Notes::on(&service), Notes::default(), "{text}");
        }
    }

    #[test]
    fn a_candidate_is_known_while_its_tag_stands_on_it() {
        let mut notes =
            Notes { candidates: vec![candidate("web-3", "pr-1"), candidate("web-4", "c2")], ..Notes::default() };
        assert_eq!(notes.passing_tags("2026-11-30T09:59:59Z"), [""; 0], "its run goes on");
        assert_eq!(notes.passing_tags("2026-11-30T10:00:00Z"), ["pr-1", "c2"]);
        assert_eq!(notes.dead_tags("2026-11-30T10:00:00Z"), ["pr-1", "c2"]);
        notes.candidates[1].open_until = None;
        assert_eq!(notes.passing_tags("2026-11-30T09:59:59Z"), ["c2"], "its run has said that it is good");
        assert_eq!(notes.dead_tags("2026-11-30T10:00:00Z"), ["pr-1"]);
        let traffic = Traffic { shares: vec![share("web-1", 100, Some("c2")), share("web-3", 0, Some("pr-1"))] };
        notes.sweep(&traffic);
        assert_eq!(notes.candidates, [candidate("web-3", "pr-1")]);
        assert!(notes.candidate(&name("web-3")).is_some() && notes.candidate(&name("web-4")).is_none());
        notes.promoted(&name("web-3"));
        assert!(notes.candidates.is_empty());
    }

    #[test]
    fn the_list_of_those_never_promoted_has_an_end() {
        let mut notes = Notes::default();
        (0..150).for_each(|number| notes.came(&name(&format!("web-{number}"))));
        assert_eq!(notes.unpromoted.len(), MOST);
        assert!(notes.is_unpromoted(&name("web-149")) && !notes.is_unpromoted(&name("web-49")));
        notes.promoted(&name("web-149"));
        assert!(!notes.is_unpromoted(&name("web-149")));
    }
}
