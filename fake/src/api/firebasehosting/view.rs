//! Sites, channels, versions and releases as the API writes them.

use crate::clock;
use crate::world::{HostingChannel, HostingRelease, HostingSite, HostingVersion, Stamp};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A site.
pub(super) fn site(site: &HostingSite) -> Value {
    let mut view = json!({"name": site.name()});
    if let Some(live) = site.channel("live") {
        view["defaultUrl"] = json!(live.url);
    }
    if let Some(app) = &site.app {
        view["appId"] = json!(app);
    }
    labels(&mut view, &site.labels);
    view["type"] = json!(if site.is_default { "DEFAULT_SITE" } else { "USER_SITE" });
    view
}

/// A channel with what it shows.
pub(super) fn channel(site: &HostingSite, channel: &HostingChannel) -> Value {
    let mut view = json!({"name": format!("{}/channels/{}", site.name(), channel.id), "url": channel.url});
    if let Some(current) = channel.current() {
        view["release"] = release(site, &channel.id, current);
    }
    if let Some(end) = channel.expires {
        view["expireTime"] = json!(clock::rfc3339(end, 3));
    }
    labels(&mut view, &channel.labels);
    view["retainedReleaseCount"] = json!(channel.retained_releases);
    view["createTime"] = json!(channel.created);
    view["updateTime"] = json!(channel.updated);
    view
}

/// A release with its version.
pub(super) fn release(site: &HostingSite, channel: &str, release: &HostingRelease) -> Value {
    let mut view = json!({
        "name": format!("{}/channels/{channel}/releases/{}", site.name(), release.id),
        "type": release.kind,
        "releaseTime": release.time,
        "releaseUser": {"email": release.user},
    });
    if !release.message.is_empty() {
        view["message"] = json!(release.message);
    }
    if let Some(shown) = release.version.as_deref().and_then(|id| site.version(id)) {
        view["version"] = version(site, shown);
    }
    view
}

/// A version; how much it holds is known once it is finalized.
pub(super) fn version(site: &HostingSite, version: &HostingVersion) -> Value {
    let mut view = json!({
        "name": format!("{}/versions/{}", site.name(), version.id),
        "status": version.status.word(),
    });
    if !version.config.is_null() {
        view["config"] = version.config.clone();
    }
    labels(&mut view, &version.labels);
    let events = [
        ("create", Some(&version.created)),
        ("finalize", version.finalized.as_ref()),
        ("delete", version.deleted.as_ref()),
    ];
    for (what, stamp) in events {
        if let Some(Stamp { user, time }) = stamp {
            view[format!("{what}Time")] = json!(time);
            view[format!("{what}User")] = json!({"email": user});
        }
    }
    if version.finalized.is_some() {
        // Google leaves out what is zero.
        for (name, number) in [("fileCount", version.files.len()), ("versionBytes", version.bytes)] {
            if number > 0 {
                view[name] = json!(number.to_string());
            }
        }
    }
    view
}

fn labels(view: &mut Value, labels: &BTreeMap<String, String>) {
    if !labels.is_empty() {
        view["labels"] = json!(labels);
    }
}
