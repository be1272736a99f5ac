//! Who pays, and the budget that watches: what the doctor sees of both.

use fakecloud::World;
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
    // The five roles, and those of the project's owner.
    assert_eq!(seen(&scene), link);
    scene.cloud.world(|world| world.grant(World::PROJECT, World::DEPLOYER, "roles/owner"));
    assert_eq!(seen(&scene), link);
    for api in ["billingbudgets.googleapis.com", "cloudbilling.googleapis.com"] {
        scene.cloud.world(|world| world.disable_api(api));
        assert_eq!(seen(&scene), format!("`{api}` is not enabled; {link}"));
    }
    let scene = fresh();
    scene.cloud.world(|world| world.deny(World::DEPLOYER, "resourcemanager.projects.get"));
    assert_eq!(seen(&scene), link);
}

#[test]
fn a_project_that_nobody_pays_for_is_in_the_way() {
    let run = turns(&fresh(), BILLING, "ok", |world| world.billing().open = false, "blocking", 4);
    assert!(finding(&run, BILLING)["evidence"].as_str().unwrap().contains("is closed"));
    assert_eq!(state(&run, BUDGET), "cannot see");
    let scene = fresh();
    scene.cloud.world(|world| world.home().billing_account = String::new());
    let run = look(&scene).expect(4);
    assert_eq!(state(&run, BILLING), "blocking");
    run.says("https://console.cloud.google.com/billing/linkedaccount?project=harbour-dev");
}

#[test]
fn the_doctor_asks_two_things_about_money() {
    let scene = reader();
    look(&scene).expect(0);
    let asked = scene.calls();
    let of_money: Vec<&String> = asked.iter().filter(|call| call.contains("billing")).collect();
    assert_eq!(of_money.len(), 2, "{of_money:?}");
}
