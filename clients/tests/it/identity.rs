//! Signing in without a key, by google-cloud-auth: GitHub's identity, its exchange at STS, acting as an account.

use crate::scene::{PLACE, Scene, known, story};
use fakecloud::World;
use google_cloud_auth::credentials::external_account;
use google_cloud_run_v2::client::Services;
use serde_json::json;

#[test]
pub(crate) fn a_job_signs_in_as_google_reads_its_credentials_file() {
    let scene = Scene::with(World::trust_github);
    story(async {
        let [(_, url), (_, token)] = scene.cloud.identity_variables();
        let audience = format!("//iam.googleapis.com/{}", World::PROVIDER);
        let account = World::DEPLOYER;
        let impersonation = scene.cloud.address("iamcredentials");
        // The file that google-github-actions/auth writes, with the addresses of this cloud.
        let file = json!({
            "type": "external_account",
            "audience": audience,
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            "token_url": format!("{}/v1/token", scene.cloud.address("sts")),
            "service_account_impersonation_url":
                format!("{impersonation}/v1/projects/-/serviceAccounts/{account}:generateAccessToken"),
            "credential_source": {
                "url": format!("{url}&audience=https%3A%2F%2Fiam.googleapis.com%2F{}", World::PROVIDER.replace('/', "%2F")),
                "headers": {"Authorization": format!("Bearer {token}")},
                "format": {"type": "json", "subject_token_field_name": "value"},
            },
        });
        let credentials = external_account::Builder::new(file).build().expect("credentials");
        let services = Services::builder().with_endpoint(scene.cloud.address("run")).with_credentials(credentials);
        let services = services.build().await.expect("a client");
        known(services.list_services().set_parent(PLACE).send().await);
        assert_eq!(scene.cloud.calls("sts.token").len(), 1);
        let asked = scene.cloud.calls("run.projects.locations.services.list");
        assert_eq!(asked[0].account.as_deref(), Some(World::DEPLOYER));
    });
}
