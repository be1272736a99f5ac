//! Who pays, and the budget that watches: what the doctor sees of both, and what `slipway monitoring` makes.

use fakecloud::{Action, Fault, World};
use serde_json::{Value, json};

use crate::doctor::{finding, fresh, look, state, turns};
use crate::support::Scene;

/// What the doctor calls them.
const BUDGET: &str = "budget alerts";
const BILLING: &str = "billing";

/// Somebody else's budget, as Google shows it.
fn put(world: &mut World, filter: Value, rules: Value) {
    let name = format!("{}/budgets/1", World::BILLING);
    let budget = json!({"name": name, "displayName": "Shop", "budgetFilter": filter, "thresholdRules": rules,
        "amount": {"specifiedAmount": {"currencyCode": "USD", "units": "200"}}});
    world.billing().budgets.insert(name, budget);
}

fn rules() -> Value {
    json!([{"thresholdPercent": 0.5, "spendBasis": "CURRENT_SPEND"}, {"thresholdPercent": 1.0}])
}

/// A fresh project, and an account that may read the budgets.
fn reader() -> Scene {
    let scene = fresh();
    scene.cloud.world(|world| world.grant_on_billing(World::DEPLOYER, "roles/billing.viewer"));
    scene
}

/// The line of the status that a person reads first.
fn line(run: &crate::support::Run) -> Value {
    let report = run.report();
    let all = report["status"].as_array().unwrap();
    all.iter().find(|one| one["what"] == "Budget alerts").unwrap().clone()
}

#[test]
fn a_budget_of_the_project_is_seen_with_its_amount_and_thresholds() {
    let scene = reader();
    let of_project = |world: &mut World| put(world, json!({"projects": ["projects/123456789012"]}), rules());
    let before = look(&scene).expect(0);
    assert_eq!(line(&before)["state"], "warning");
    let cure = finding(&before, BUDGET)["cure"].as_str().unwrap().to_owned();
    let command = "gcloud billing budgets create --billing-account=0X0X0X-0X0X0X-0X0X0X '--display-name=slipway: harbour-dev' --filter-projects=projects/harbour-dev --budget-amount=50USD";
    assert!(cure.contains(command), "{cure}");
    let run = turns(&scene, BUDGET, "warning", of_project, "ok", 0);
    assert_eq!(finding(&run, BUDGET)["evidence"], "`Shop`: 200 USD, tells at 50 %, 100 %");
    assert_eq!((&line(&run)["state"], state(&run, BILLING).as_str()), (&json!("ok"), "ok"));
}

#[test]
fn a_budget_of_the_whole_account_counts_and_that_of_another_project_does_not() {
    turns(&reader(), BUDGET, "warning", |world| put(world, json!({"calendarPeriod": "MONTH"}), rules()), "ok", 0);
    let scene = reader();
    let others = |world: &mut World| {
        world.add_project("stranger", "999");
        put(world, json!({"projects": ["projects/999"]}), rules());
    };
    let run = turns(&scene, BUDGET, "warning", others, "warning", 0);
    assert_eq!(finding(&run, BUDGET)["evidence"], "no budget watches this project");
}

#[test]
fn a_budget_that_tells_nobody_is_no_alert() {
    let scene = reader();
    scene.cloud.world(|world| put(world, json!({}), rules()));
    let run = turns(&scene, BUDGET, "ok", |world| put(world, json!({}), json!([])), "warning", 0);
    assert!(finding(&run, BUDGET)["evidence"].as_str().unwrap().contains("it has no thresholds"));
}

#[test]
fn more_budgets_than_one_page_holds_are_all_read() {
    let scene = reader();
    scene.cloud.world(|world| {
        for number in 0..130 {
            let name = format!("{}/budgets/{number:03}", World::BILLING);
            world.billing().budgets.insert(name, json!({"budgetFilter": {"projects": ["projects/999"]}}));
        }
        let name = format!("{}/budgets/999", World::BILLING);
        world.billing().budgets.insert(name, json!({"displayName": "last", "thresholdRules": rules()}));
    });
    assert_eq!(state(&look(&scene).expect(0), BUDGET), "ok");
}

#[test]
fn whoever_may_not_look_sees_where_budgets_are() {
    let link = "they belong to the billing account: https://console.cloud.google.com/billing/budgets";
    let scene = fresh();
    let seen = |scene: &Scene| {
        let run = look(scene).expect(0);
        assert_eq!((state(&run, BUDGET).as_str(), &line(&run)["state"]), ("cannot see", &json!("cannot see")));
        finding(&run, BUDGET)["evidence"].as_str().unwrap().to_owned()
    };
    // The five roles.
    assert_eq!(seen(&scene), link);
    let asked = scene.calls();
    assert_eq!(asked.iter().filter(|call| call.starts_with("billingbudgets.")).count(), 2, "{asked:?}");
    for api in ["billingbudgets.googleapis.com", "cloudbilling.googleapis.com"] {
        scene.cloud.world(|world| world.disable_api(api));
        assert_eq!(seen(&scene), format!("`{api}` is not enabled; {link}"));
    }
    let scene = fresh();
    scene.cloud.world(|world| world.deny(World::DEPLOYER, "resourcemanager.projects.get"));
    assert_eq!(seen(&scene), link);
}

#[test]
fn a_role_on_the_project_shows_budgets_of_it_alone() {
    let scene = fresh();
    scene.cloud.world(|world| {
        world.grant(World::PROJECT, World::DEPLOYER, "roles/viewer");
        put(world, json!({}), rules());
    });
    let of_project = |world: &mut World| put(world, json!({"projects": ["projects/123456789012"]}), rules());
    let before = look(&scene).expect(0);
    assert!(finding(&before, BUDGET)["evidence"].as_str().unwrap().starts_with("none is seen that is this project's"));
    turns(&scene, BUDGET, "cannot see", of_project, "ok", 0);
}

#[test]
fn a_project_that_nobody_pays_for_is_in_the_way() {
    let run = turns(&fresh(), BILLING, "ok", |world| world.billing().open = false, "blocking", 4);
    assert!(finding(&run, BILLING)["evidence"].as_str().unwrap().contains("is closed"));
    assert_eq!(state(&run, BUDGET), "cannot see");
    let mut scene = fresh();
    scene.input("fix_script", "true");
    scene.cloud.world(|world| world.home().billing_account = String::new());
    let run = look(&scene).expect(4);
    assert_eq!(state(&run, BILLING), "blocking");
    run.says("https://console.cloud.google.com/billing/linkedaccount?project=harbour-dev");
    // No command links an account without knowing one, and the script says so in its place.
    let script = &run.outputs["fix_script"];
    assert!(script.contains("# By hand: Link an open billing account: https://"), "{script}");
    assert!(!script.contains("There is nothing to mend"), "{script}");
}

#[test]
fn the_doctor_asks_two_things_about_money() {
    let scene = reader();
    look(&scene).expect(0);
    let asked = scene.calls();
    let of_money: Vec<&String> = asked.iter().filter(|call| call.contains("billing")).collect();
    assert_eq!(of_money.len(), 2, "{of_money:?}");
}

const CREATE: &str = "billingbudgets.billingAccounts.budgets.create";
const PATCH: &str = "billingbudgets.billingAccounts.budgets.patch";

/// A deployed service, and an account that may set up its monitoring and a budget.
fn owner() -> Scene {
    let mut scene = Scene::deployed();
    scene.cloud.world(|world| {
        world.grant(World::PROJECT, World::DEPLOYER, "roles/monitoring.editor");
        world.grant_on_billing(World::DEPLOYER, "roles/billing.costsManager");
    });
    scene.input("source", "").input("uptime_path", "off").input("notification_channels", "ops@example.com");
    scene.input("budget", "50 USD");
    scene
}

fn budgets(scene: &Scene) -> Vec<Value> {
    scene.cloud.world(|world| world.billing().budgets.values().cloned().collect())
}

/// How often a budget was made, changed or deleted.
fn writes(scene: &Scene) -> usize {
    scene.cloud.world(|world| world.effects.iter().filter(|effect| effect.what.starts_with("budget ")).count())
}

#[test]
fn a_budget_is_made_once_and_a_second_run_changes_nothing() {
    let scene = owner();
    let run = scene.command(&["monitoring"]).expect(0);
    insta::assert_snapshot!("billing_log", run.log());
    let made = budgets(&scene);
    assert_eq!((made.len(), made[0]["displayName"].as_str()), (1, Some("slipway: harbour-dev")));
    assert_eq!(made[0]["amount"]["specifiedAmount"], json!({"currencyCode": "USD", "units": "50"}));
    assert_eq!(made[0]["budgetFilter"]["projects"], json!(["projects/123456789012"]));
    let shares: Vec<&Value> =
        made[0]["thresholdRules"].as_array().unwrap().iter().map(|rule| &rule["thresholdPercent"]).collect();
    assert_eq!(shares, [&json!(0.5), &json!(0.9), &json!(1.0)]);
    let rule = &made[0]["notificationsRule"];
    let channel = rule["monitoringNotificationChannels"][0].as_str().unwrap().to_owned();
    assert_eq!(rule["disableDefaultIamRecipients"], false);
    assert_eq!(scene.cloud.world(|world| world.monitoring[&channel]["type"].clone()), "email");
    let again = scene.command(&["monitoring"]).expect(0);
    assert_eq!((again.outputs["result"].as_str(), writes(&scene)), ("unchanged", 1));
    assert_eq!(budgets(&scene), made);
    // The doctor sees it.
    let mut scene = scene;
    for name in ["uptime_path", "notification_channels", "budget"] {
        scene.input(name, "");
    }
    let evidence = finding(&look(&scene).expect(0), BUDGET)["evidence"].clone();
    assert_eq!(evidence, "`slipway: harbour-dev`: 50 USD, tells at 50 %, 90 %, 100 %");
}

#[test]
fn a_lost_reply_makes_one_budget() {
    for (fault, count) in [
        (Fault::lost_reply(CREATE, Action::Reset), 1),
        (Fault::lost_reply(CREATE, Action::status(503)), 1),
        (Fault::lost_reply(CREATE, Action::Garbage), 1),
        (Fault::next(CREATE, Action::Reset), 1),
    ] {
        let scene = owner();
        scene.cloud.world(|world| world.faults.push(fault));
        let run = scene.command(&["monitoring"]).expect(0);
        assert_eq!((budgets(&scene).len(), run.outputs["result"].as_str()), (count, "applied"));
        assert!(run.log().contains("budget `slipway: harbour-dev`: created"), "{}", run.log());
    }
    let mut scene = owner();
    scene.command(&["monitoring"]).expect(0);
    scene.input("budget", "70.50USD");
    scene.cloud.world(|world| world.faults.push(Fault::lost_reply(PATCH, Action::Reset)));
    scene.command(&["monitoring"]).expect(0).says("budget `slipway: harbour-dev`: updated");
    assert_eq!(
        (writes(&scene), budgets(&scene)[0]["amount"]["specifiedAmount"]["nanos"].clone()),
        (2, json!(500_000_000))
    );
}

#[test]
fn what_differs_is_put_right_under_its_etag_and_what_others_added_stays() {
    let scene = owner();
    scene.command(&["monitoring"]).expect(0);
    scene.cloud.world(|world| {
        let one = world.billing().budgets.values_mut().next().unwrap();
        one["amount"] = json!({"lastPeriodAmount": {}});
        one["budgetFilter"]["services"] = json!(["services/24E6-581D-38E5"]);
        one["notificationsRule"] = json!({"pubsubTopic": "projects/harbour-dev/topics/costs", "schemaVersion": "1.0"});
        put(world, json!({}), rules());
    });
    let run = scene.command(&["monitoring"]).expect(0);
    let all = budgets(&scene);
    let ours = all.iter().find(|one| one["displayName"] == "slipway: harbour-dev").unwrap();
    assert_eq!(ours["amount"], json!({"specifiedAmount": {"currencyCode": "USD", "units": "50"}}));
    assert_eq!(ours["notificationsRule"]["pubsubTopic"], "projects/harbour-dev/topics/costs");
    assert_eq!(ours["notificationsRule"]["monitoringNotificationChannels"].as_array().map(Vec::len), Some(1));
    assert!(ours["budgetFilter"].get("services").is_none());
    assert_eq!((all.len(), writes(&scene)), (2, 2));
    let fields = run.report()["monitoring"].to_string();
    assert!(fields.contains(r#"["budgetFilter","amount","notificationsRule"]"#), "{fields}");
    let patch = scene.cloud.journal().into_iter().find(|entry| entry.call == PATCH).unwrap();
    assert!(!patch.json()["etag"].as_str().unwrap_or_default().is_empty());
}

#[test]
fn absent_removes_the_budget_where_it_is_named_and_no_other() {
    let mut scene = owner();
    scene.cloud.world(|world| put(world, json!({}), rules()));
    scene.command(&["monitoring"]).expect(0);
    for name in ["uptime_path", "notification_channels", "budget"] {
        scene.input(name, "");
    }
    scene.input("state", "absent");
    // The project's budget is not only this service's.
    scene.command(&["monitoring"]).expect(0);
    assert_eq!(budgets(&scene).len(), 2);
    scene.input("budget", "50 USD");
    let run = scene.command(&["monitoring"]).expect(0).says("budget `slipway: harbour-dev`: removed").outputs["result"]
        .clone();
    assert_eq!(
        (run.as_str(), budgets(&scene).len(), budgets(&scene)[0]["displayName"].as_str()),
        ("removed", 1, Some("Shop"))
    );
    assert_eq!(scene.command(&["monitoring"]).expect(0).outputs["result"], "unchanged");
}

#[test]
fn a_plan_shows_the_budget_and_makes_none() {
    let mut scene = owner();
    scene.input("dry_run", "true");
    scene.command(&["monitoring"]).expect(0).says("+ budget = `slipway: harbour-dev`");
    assert_eq!(writes(&scene), 0);
    scene.input("dry_run", "");
    scene.command(&["monitoring"]).expect(0);
    scene.input("dry_run", "true").input("budget", "60 USD");
    scene.command(&["monitoring"]).expect(0).says("~ budget = ");
    assert_eq!(writes(&scene), 1);
}

#[test]
fn a_missing_role_is_named_before_anything_is_made() {
    let scene = owner();
    scene.cloud.world(|world| world.billing().policy = fakecloud::IamPolicy::default());
    let command = "gcloud billing accounts add-iam-policy-binding 0X0X0X-0X0X0X-0X0X0X --member=serviceAccount:deployer@harbour-dev.iam.gserviceaccount.com --role=roles/billing.costsManager";
    let run = scene.command(&["monitoring"]).expect(4);
    run.says("nothing was changed").says("lacks `billing.budgets.create`, to make a budget").says(command);
    assert!(scene.cloud.world(|world| world.monitoring.is_empty()));
    // Where nobody says beforehand, Google's refusal does.
    scene.cloud.world(|world| {
        let test = Fault::next("cloudbilling.billingAccounts.testIamPermissions", Action::status(501));
        world.faults.push(test);
    });
    scene.command(&["monitoring"]).expect(4).says("The caller does not have permission").says(command);
    // What was named is enough; without a budget nobody asks.
    scene.cloud.world(|world| world.grant_on_billing(World::DEPLOYER, "roles/billing.costsManager"));
    scene.command(&["monitoring"]).expect(0);
    let mut other = owner();
    other.input("budget", "off");
    other.command(&["monitoring"]).expect(0);
    assert!(!other.calls().iter().any(|call| call.contains("billing")), "{:?}", other.calls());
}

#[test]
fn what_google_or_the_input_refuses_is_told() {
    let mut scene = owner();
    scene.input("budget", "50 EUR");
    let run = scene.command(&["monitoring"]);
    run.says("Request contains an invalid argument").says("gcloud billing accounts describe 0X0X0X-0X0X0X-0X0X0X");
    assert_ne!(run.code, 0);
    for text in ["50", "fifty USD", "0 USD"] {
        scene.input("budget", text);
        scene.command(&["monitoring"]).expect(2).says("* budget: ");
    }
    scene.input("budget", "50 USD");
    scene.cloud.world(|world| world.disable_api("billingbudgets.googleapis.com"));
    let hint = "gcloud services enable billingbudgets.googleapis.com --project=123456789012";
    scene.command(&["monitoring"]).expect(4).says(hint);
    scene.cloud.world(|world| world.billing().open = false);
    scene.command(&["monitoring"]).expect(2).says("has no open billing account");
    assert_eq!(writes(&scene), 0);
}

#[test]
fn an_editor_of_the_project_makes_its_budget_without_a_role_on_the_account() {
    let scene = owner();
    scene.cloud.world(|world| {
        world.billing().policy = fakecloud::IamPolicy::default();
        world.grant(World::PROJECT, World::DEPLOYER, "roles/editor");
    });
    scene.command(&["monitoring"]).expect(0);
    let again = scene.command(&["monitoring"]).expect(0);
    assert_eq!((again.outputs["result"].as_str(), writes(&scene)), ("unchanged", 1));
}
