//! Inputs that mean nothing beside what another one says. They are left out and named, so that a step can be switched by
//! that one input; what merely lacks its other half, or contradicts it, is a mistake still.

use super::spec::CommandName;
use crate::inputs::engine::raw::RawInputs;
use crate::inputs::engine::scalar;
use slipway_names::shown::listed;

/// What makes inputs idle.
struct IdleRule {
    /// The commands.
    of: &'static [CommandName],
    /// The input that says so.
    by: &'static str,
    /// Whether it does, by its text.
    says: fn(Option<&str>) -> bool,
    /// What it says, for the line that is told.
    why: &'static str,
    /// What then means nothing.
    idle: &'static [&'static str],
}

const CANARY: &[&str] =
    &["canary_steps", "canary_interval", "max_error_rate", "max_latency_p95", "gate_min_requests", "on_unknown"];

const RULES: &[IdleRule] = &[
    IdleRule {
        of: &[CommandName::Monitoring],
        by: "state",
        says: |text| text == Some("absent"),
        why: "`state: absent` removes what is there",
        idle: &["error_rate", "latency_p95", "instances", "uptime_path", "notification_channels"],
    },
    IdleRule {
        of: &[CommandName::Logs],
        by: "build",
        says: |text| text.is_some(),
        why: "`build` shows the whole log of a build",
        idle: &["region", "kind", "job", "since", "severity", "revision", "execution", "tail", "follow", "follow_for"],
    },
    IdleRule {
        of: &[CommandName::Logs],
        by: "build",
        says: |text| text.is_some_and(|text| text != "latest"),
        why: "`build` says already whose log is shown",
        idle: &["service"],
    },
    IdleRule {
        of: &[CommandName::Logs],
        by: "build",
        says: |text| text.is_none(),
        why: "no `build` is asked for",
        idle: &["build_region"],
    },
    IdleRule {
        of: &[CommandName::Logs],
        by: "follow",
        says: is(false),
        why: "`follow: false` follows nothing",
        idle: &["follow_for"],
    },
    IdleRule {
        of: &[CommandName::Job],
        by: "run",
        says: is(false),
        why: "`run: false` runs nothing",
        idle: &["run_args", "run_env", "run_container", "run_tasks", "run_task_timeout", "wait", "job_timeout"],
    },
    IdleRule {
        of: &[CommandName::Job],
        by: "wait",
        says: is(false),
        why: "`wait: false` waits for nothing",
        idle: &["job_timeout"],
    },
    IdleRule {
        of: &[CommandName::Deploy, CommandName::Promote],
        by: "strategy",
        says: |text| matches!(text, Some("candidate" | "direct")),
        why: "`strategy` asks for no canary",
        idle: CANARY,
    },
    IdleRule {
        of: &[CommandName::Deploy],
        by: "no_traffic",
        says: is(true),
        why: "`no_traffic` moves no traffic",
        idle: &[
            "strategy",
            "canary_steps",
            "canary_interval",
            "max_error_rate",
            "max_latency_p95",
            "gate_min_requests",
            "on_unknown",
        ],
    },
    IdleRule {
        of: &[CommandName::RotateSecret],
        by: "only_when_due",
        says: is(false),
        why: "`only_when_due: false` makes a new version however old the one in use is",
        idle: &["secret_max_age"],
    },
    IdleRule {
        of: &[CommandName::Hosting],
        by: "channel",
        says: |text| text == Some("live"),
        why: "the live channel never ends and is no preview",
        idle: &["expires", "total_preview_channel_limit"],
    },
];

/// Whether a switch is given and says this.
const fn is(wanted: bool) -> fn(Option<&str>) -> bool {
    match wanted {
        true => |text| text.is_some_and(|text| scalar::switch(text) == Ok(true)),
        false => |text| text.is_some_and(|text| scalar::switch(text) == Ok(false)),
    }
}

/// Every input that a rule is about.
#[cfg(test)]
pub(crate) fn mentioned() -> impl Iterator<Item = &'static str> {
    RULES.iter().flat_map(|rule| rule.idle.iter().copied().chain([rule.by]))
}

/// Leaves out what means nothing here. Gives back a sentence for each reason.
pub fn leave_out(command: CommandName, raw: &mut RawInputs) -> Vec<String> {
    let mut told = Vec::new();
    for rule in RULES.iter().filter(|rule| rule.of.contains(&command)) {
        if !(rule.says)(raw.by_text(rule.by).map(str::trim)) {
            continue;
        }
        let given: Vec<&str> = rule.idle.iter().copied().filter(|name| raw.is_given(name)).collect();
        if given.is_empty() {
            continue;
        }
        given.iter().for_each(|name| raw.remove(name));
        let names = listed(given);
        told.push(format!("No effect here: {names}, because {}", rule.why));
    }
    told
}
