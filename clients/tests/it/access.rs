//! Who may do what: projects, service accounts and their keys, billing, enabled APIs; by google-cloud-resourcemanager-v3,
//! -iam-admin-v1, -iam-credentials-v1, -billing-v1 and -api-serviceusage-v1.

use crate::scene::{Scene, known, story};
use fakecloud::World;
use google_cloud_api_serviceusage_v1::client::ServiceUsage;
use google_cloud_api_serviceusage_v1::model::State;
use google_cloud_billing_v1::client::CloudBilling;
use google_cloud_gax::error::rpc::Code;
use google_cloud_iam_admin_v1::client::Iam;
use google_cloud_iam_credentials_v1::client::IAMCredentials;
use google_cloud_resourcemanager_v3::client::Projects;

const PROJECT: &str = "projects/harbour-dev";

fn account() -> String {
    format!("{PROJECT}/serviceAccounts/{}", World::DEPLOYER)
}

#[test]
pub(crate) fn a_project_and_its_policy_are_read() {
    let scene = Scene::new();
    story(async {
        let projects = scene.client("cloudresourcemanager", Projects::builder()).build().await.expect("a client");
        let project = known(projects.get_project().set_name(PROJECT).send().await);
        assert_eq!((project.project_id.as_str(), project.name.as_str()), ("harbour-dev", "projects/123456789012"));
        let policy = known(projects.get_iam_policy().set_resource(PROJECT).send().await);
        assert!(policy.bindings.iter().any(|binding| binding.role == "roles/run.admin"));
        let asked = projects.test_iam_permissions().set_resource(PROJECT).set_permissions(["run.services.get"]);
        assert_eq!(known(asked.send().await).permissions, ["run.services.get"]);
        let absent = projects.get_project().set_name("projects/nobodys").send().await.expect_err("a refusal");
        assert_eq!(absent.status().map(|status| status.code), Some(Code::PermissionDenied));
    });
}

#[test]
pub(crate) fn an_account_and_its_keys_are_read_made_and_deleted() {
    let scene = Scene::with(|world| world.grant(World::PROJECT, World::DEPLOYER, "roles/iam.serviceAccountKeyAdmin"));
    story(async {
        let iam = scene.client("iam", Iam::builder()).build().await.expect("a client");
        assert_eq!(known(iam.get_service_account().set_name(account()).send().await).email, World::DEPLOYER);
        known(iam.get_iam_policy().set_resource(account()).send().await);
        let asked = iam.test_iam_permissions().set_resource(account()).set_permissions(["iam.serviceAccounts.actAs"]);
        assert_eq!(known(asked.send().await).permissions, ["iam.serviceAccounts.actAs"]);
        let made = known(iam.create_service_account_key().set_name(account()).send().await);
        assert!(made.private_key_data.starts_with(b"{") && made.valid_after_time.is_some());
        let listed = known(iam.list_service_account_keys().set_name(account()).send().await);
        assert!(listed.keys.iter().any(|key| key.name == made.name && key.private_key_data.is_empty()));
        known(iam.disable_service_account_key().set_name(&made.name).send().await);
        assert!(known(iam.get_service_account_key().set_name(&made.name).send().await).disabled);
        known(iam.enable_service_account_key().set_name(&made.name).send().await);
        known(iam.delete_service_account_key().set_name(&made.name).send().await);
    });
}

#[test]
pub(crate) fn tokens_are_made_for_an_account() {
    let scene = Scene::with(|world| {
        world.grant(World::PROJECT, World::DEPLOYER, "roles/iam.serviceAccountTokenCreator");
    });
    story(async {
        let client = scene.client("iamcredentials", IAMCredentials::builder()).build().await.expect("a client");
        let name = format!("projects/-/serviceAccounts/{}", World::COMPUTE);
        let scope = ["https://www.googleapis.com/auth/cloud-platform"];
        let made = known(client.generate_access_token().set_name(&name).set_scope(scope).send().await);
        assert!(!made.access_token.is_empty() && made.expire_time.is_some());
        let made = client.generate_id_token().set_name(&name).set_audience("https://web").set_include_email(true);
        assert_eq!(known(made.send().await).token.split('.').count(), 3);
        let signed = known(client.sign_jwt().set_name(&name).set_payload(r#"{"sub":"me"}"#).send().await);
        assert_eq!(signed.signed_jwt.split('.').count(), 3);
    });
}

#[test]
pub(crate) fn who_pays_and_what_is_enabled() {
    let scene = Scene::with(|world| {
        let run = |service: &String| service != "run.googleapis.com";
        world.projects.values_mut().for_each(|project| project.enabled.retain(run));
    });
    story(async {
        let billing = scene.client("cloudbilling", CloudBilling::builder()).build().await.expect("a client");
        let info = known(billing.get_project_billing_info().set_name(PROJECT).send().await);
        assert!(info.billing_enabled, "{info:?}");
        let asked = billing.test_iam_permissions().set_resource(&info.billing_account_name);
        known(asked.set_permissions(["billing.budgets.get"]).send().await);
        let usage = scene.client("serviceusage", ServiceUsage::builder()).build().await.expect("a client");
        let of = |name: &str| format!("{PROJECT}/services/{name}.googleapis.com");
        let one = known(usage.get_service().set_name(of("cloudbuild")).send().await);
        assert_eq!(one.state, State::Enabled);
        let both = usage.batch_get_services().set_parent(PROJECT).set_names([of("cloudbuild"), of("run")]);
        let states: Vec<State> = known(both.send().await).services.into_iter().map(|one| one.state).collect();
        assert_eq!(states, [State::Enabled, State::Disabled]);
    });
}
