//! What a billing account's budgets say about one project: whether any watches it, and tells somebody. Pure; fields are
//! those of `billingbudgets.v1`.

use serde_json::Value;

use super::CheckState;

/// How much of what the project spends a budget counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BudgetReach {
    /// All of it.
    Whole,
    /// Some services or labels of it.
    Part,
    /// It counts folders, organisations or subaccounts; whether the project is among them is not told.
    Unknown,
    /// Nothing.
    Elsewhere,
}

/// What was found: the state, and what shows it.
pub fn judge(budgets: &[Value], id: &str, number: Option<&str>) -> (CheckState, String) {
    let of = |reach: BudgetReach| budgets.iter().filter(move |budget| self::reach(budget, id, number) == reach);
    let whole: Vec<&Value> = of(BudgetReach::Whole).collect();
    let telling: Vec<String> = whole.iter().filter(|budget| tells(budget)).map(|budget| shown(budget)).collect();
    if !telling.is_empty() {
        return (CheckState::Ok, telling.join("; "));
    }
    if let Some(silent) = whole.first() {
        return (CheckState::Warning, format!("{} tells nobody: it has no thresholds", shown(silent)));
    }
    if of(BudgetReach::Unknown).next().is_some() {
        let text =
            "budgets of folders, organisations or subaccounts are there; whether one counts this project is not told";
        return (CheckState::CannotSee, text.to_owned());
    }
    let but = of(BudgetReach::Part).next().map(|part| format!("; {} counts only a part of it", shown(part)));
    (CheckState::Warning, format!("no budget watches this project{}", but.unwrap_or_default()))
}

/// Without `projects` a budget counts the whole account; Google gives numbers back, and takes ids.
fn reach(budget: &Value, id: &str, number: Option<&str>) -> BudgetReach {
    let filter = budget.get("budgetFilter");
    let list = |key: &str| filter.and_then(|filter| filter.get(key)).and_then(Value::as_array);
    let names = |key: &str| list(key).is_some_and(|list| !list.is_empty());
    let is_it = |one: &Value| {
        let named = one.as_str().and_then(|name| name.strip_prefix("projects/"));
        named.is_some_and(|named| named == id || Some(named) == number)
    };
    let labels = filter.and_then(|filter| filter.get("labels")).and_then(Value::as_object);
    let narrow = names("services") || labels.is_some_and(|labels| !labels.is_empty());
    match list("projects").filter(|list| !list.is_empty()) {
        Some(projects) if !projects.iter().any(is_it) => match number {
            Some(_) => BudgetReach::Elsewhere,
            // A number that may be this project's.
            None => BudgetReach::Unknown,
        },
        Some(_) if narrow => BudgetReach::Part,
        Some(_) => BudgetReach::Whole,
        None if names("resourceAncestors") || names("subaccounts") => BudgetReach::Unknown,
        None if narrow => BudgetReach::Part,
        None => BudgetReach::Whole,
    }
}

/// Whether anybody, or a topic, hears of it.
fn tells(budget: &Value) -> bool {
    let rules = budget.get("thresholdRules").and_then(Value::as_array).is_some_and(|rules| !rules.is_empty());
    let topic = budget.pointer("/notificationsRule/pubsubTopic").and_then(Value::as_str);
    rules || topic.is_some_and(|topic| !topic.is_empty())
}

/// A budget's name, amount and thresholds.
fn shown(budget: &Value) -> String {
    let name = budget.get("displayName").and_then(Value::as_str).filter(|name| !name.is_empty());
    let rules = budget.get("thresholdRules").and_then(Value::as_array).into_iter().flatten();
    let mut percents: Vec<f64> = rules
        .filter_map(|rule| rule.get("thresholdPercent")?.as_f64())
        .map(|share| (share * 100_000.0).round() / 1000.0)
        .collect();
    percents.sort_by(f64::total_cmp);
    let percents: Vec<String> = percents.iter().map(|percent| format!("{percent} %")).collect();
    let at = if percents.is_empty() { String::new() } else { format!(", tells at {}", percents.join(", ")) };
    format!("`{}`: {}{at}", name.unwrap_or("(no name)"), amount(budget))
}

/// `50 USD`, or what the amount is made of.
fn amount(budget: &Value) -> String {
    let Some(money) = budget.pointer("/amount/specifiedAmount") else {
        return "as much as the period before".to_owned();
    };
    let text = |key: &str| money.get(key).and_then(Value::as_str).unwrap_or_default();
    let units = Some(text("units")).filter(|units| !units.is_empty()).unwrap_or("0");
    let nanos = money.get("nanos").and_then(Value::as_u64).unwrap_or(0);
    let cents = if nanos == 0 { String::new() } else { format!(".{:02}", nanos / 10_000_000) };
    format!("{units}{cents} {}", text("currencyCode")).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn budget(filter: Value) -> Value {
        json!({"displayName": "b", "budgetFilter": filter, "thresholdRules": [{"thresholdPercent": 0.9}, {"thresholdPercent": 0.5}],
            "amount": {"specifiedAmount": {"currencyCode": "EUR", "units": "49", "nanos": 900_000_000}}})
    }

    fn state(filter: Value) -> CheckState {
        judge(&[budget(filter)], "shop", Some("77")).0
    }

    #[test]
    fn a_budget_of_the_project_or_of_the_whole_account_watches_it() {
        for filter in
            [json!({}), json!({"projects": ["projects/77"]}), json!({"projects": ["projects/1", "projects/shop"]})]
        {
            assert_eq!(state(filter.clone()), CheckState::Ok, "{filter}");
        }
        for filter in [
            json!({"projects": ["projects/1"]}),
            json!({"projects": ["projects/77"], "services": ["services/A"]}),
            json!({"labels": {"team": ["a"]}}),
        ] {
            assert_eq!(state(filter.clone()), CheckState::Warning, "{filter}");
        }
        assert_eq!(state(json!({"resourceAncestors": ["folders/1"]})), CheckState::CannotSee);
        assert_eq!(judge(&[], "shop", None).0, CheckState::Warning);
        // Without the project's number nobody knows whose this one is.
        assert_eq!(judge(&[budget(json!({"projects": ["projects/9"]}))], "shop", None).0, CheckState::CannotSee);
    }

    #[test]
    fn a_budget_shows_its_amount_and_thresholds() {
        let (_, text) = judge(&[budget(json!({}))], "shop", None);
        assert_eq!(text, "`b`: 49.90 EUR, tells at 50 %, 90 %");
        let silent = json!({"amount": {"lastPeriodAmount": {}}});
        let (state, text) = judge(&[silent], "shop", None);
        assert_eq!(state, CheckState::Warning);
        assert_eq!(text, "`(no name)`: as much as the period before tells nobody: it has no thresholds");
    }
}
