//! The budget that watches what a project costs: how it shall be, and what of it is there already. Pure; fields are
//! those of `billingbudgets.v1`.

use serde_json::{Map, Value, json};

use crate::commands::monitoring::inputs::Money;
use crate::commands::monitoring::plan as monitoring;
use slipway_names::json::set;

/// Shares of the amount at which somebody is told.
const THRESHOLDS: [f64; 3] = [0.5, 0.9, 1.0];

/// The longest name that people see (description of `displayName`).
const LONGEST_NAME: usize = 60;

/// The most e-mail channels a budget tells (description of `monitoringNotificationChannels`).
pub const MOST_CHANNELS: usize = 5;

/// The name by which a project's budget is found again: budgets have no labels.
pub fn display_name(project: &str) -> String {
    format!("slipway: {project}").chars().take(LONGEST_NAME).collect()
}

/// Whether a budget is the one made for this project.
pub fn is_ours(budget: &Value, project: &str) -> bool {
    budget.get("displayName").and_then(Value::as_str) == Some(&display_name(project))
}

/// The budget. Google gives project numbers back whatever it was given, so the number is asked for. Without channels
/// those that a person added stay.
pub fn budget(project: &str, number: &str, money: &Money, channels: &[String]) -> Value {
    let mut rule = json!({"disableDefaultIamRecipients": false});
    if !channels.is_empty() {
        set(
            &mut rule,
            "monitoringNotificationChannels",
            channels.iter().take(MOST_CHANNELS).cloned().collect::<Vec<_>>(),
        );
    }
    json!({
        "displayName": display_name(project),
        "budgetFilter": {"projects": [format!("projects/{number}")], "services": [], "resourceAncestors": [],
            "subaccounts": []},
        "amount": {"specifiedAmount":
            {"currencyCode": money.currency, "units": money.units.to_string(), "nanos": money.nanos}},
        "thresholdRules": THRESHOLDS.map(|share| json!({"thresholdPercent": share, "spendBasis": "CURRENT_SPEND"})),
        "notificationsRule": rule,
    })
}

/// The fields in which a budget is not as it shall be.
pub fn differing(current: &Value, wanted: &Value) -> Vec<String> {
    monitoring::differing(&plain(current), &plain(wanted))
}

/// Channels by their ids alone and in one order: their project may be named by id or by number.
fn plain(budget: &Value) -> Value {
    let mut budget = budget.clone();
    if let Some(Value::Array(channels)) = budget.pointer_mut("/notificationsRule/monitoringNotificationChannels") {
        let id = |name: &Value| name.as_str().and_then(|name| name.rsplit('/').next()).unwrap_or_default().to_owned();
        let mut ids: Vec<String> = channels.iter().map(id).collect();
        ids.sort();
        *channels = ids.into_iter().map(Value::from).collect();
    }
    budget
}

/// The body that writes these fields, guarded by the etag of what was read. What a person added beside them, such as a
/// topic, stays; of amounts there is one kind.
pub fn change(current: &Value, wanted: &Value, fields: &[String]) -> Value {
    let mut body = Map::new();
    for field in fields {
        let new = wanted.get(field).cloned().unwrap_or_default();
        let old = current.get(field).filter(|_| field != "amount").cloned().unwrap_or_default();
        body.insert(field.clone(), over(old, new));
    }
    body.insert("etag".into(), current.get("etag").cloned().unwrap_or_default());
    body.into()
}

fn over(old: Value, new: Value) -> Value {
    match (old, new) {
        (Value::Object(mut old), Value::Object(new)) => {
            for (key, value) in new {
                let before = old.remove(&key).unwrap_or_default();
                old.insert(key, over(before, value));
            }
            old.into()
        }
        (_, new) => new,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(channels: &[&str]) -> Value {
        let money = Money { units: 50, nanos: 0, currency: "USD".into() };
        let channels: Vec<String> = channels.iter().map(|name| (*name).to_owned()).collect();
        budget("shop", "77", &money, &channels)
    }

    #[test]
    fn what_google_gives_back_is_no_difference() {
        let mut current = wanted(&["projects/shop/notificationChannels/1", "projects/shop/notificationChannels/2"]);
        current["amount"]["specifiedAmount"] = json!({"currencyCode": "USD", "units": "50"});
        current["budgetFilter"] = json!({"projects": ["projects/77"], "calendarPeriod": "MONTH"});
        current["etag"] = json!("x");
        let same = wanted(&["projects/77/notificationChannels/2", "projects/77/notificationChannels/1"]);
        assert_eq!(differing(&current, &same), [""; 0]);
        assert_eq!(differing(&current, &wanted(&[])), [""; 0]);
        assert_eq!(differing(&current, &wanted(&["projects/shop/notificationChannels/3"])), ["notificationsRule"]);
        current["budgetFilter"]["services"] = json!(["services/A"]);
        current["amount"] = json!({"lastPeriodAmount": {}});
        assert_eq!(differing(&current, &same), ["budgetFilter", "amount"]);
    }

    #[test]
    fn a_change_keeps_what_a_person_added() {
        let current = json!({"etag": "x", "amount": {"lastPeriodAmount": {}},
            "notificationsRule": {"pubsubTopic": "projects/shop/topics/t", "schemaVersion": "1.0"}});
        let fields = ["amount".to_owned(), "notificationsRule".to_owned()];
        let body = change(&current, &wanted(&["projects/shop/notificationChannels/1"]), &fields);
        assert_eq!(body["etag"], "x");
        assert_eq!(body["notificationsRule"]["pubsubTopic"], "projects/shop/topics/t");
        assert!(body["amount"].get("lastPeriodAmount").is_none());
        assert!(body.get("budgetFilter").is_none());
    }

    #[test]
    fn a_name_is_no_longer_than_google_takes() {
        assert_eq!(display_name("shop"), "slipway: shop");
        assert_eq!(display_name(&"x".repeat(90)).len(), 60);
    }
}
