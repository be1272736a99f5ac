//! Which role holds a permission, where it is granted, and the command that grants it.

/// What a role is granted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantScope {
    /// The project.
    Project,
    /// One service account.
    Account,
    /// One bucket.
    Bucket,
    /// One secret.
    Secret,
    /// The billing account.
    Billing,
}

/// A permission this product needs.
#[derive(Debug, Clone, Copy)]
pub struct Need {
    /// The permission.
    pub permission: &'static str,
    /// The smallest predefined role that holds it.
    pub role: &'static str,
    /// Where the role is best granted.
    pub scope: GrantScope,
    /// What it is needed for.
    pub why: &'static str,
}

const fn need(permission: &'static str, role: &'static str, scope: GrantScope, why: &'static str) -> Need {
    Need { permission, role, scope, why }
}

/// Every permission the main job uses; `docs/PERMISSIONS.md` holds the same table.
pub const NEEDS: &[Need] = &[
    need("cloudbuild.builds.create", "roles/cloudbuild.builds.editor", GrantScope::Project, "submit the build"),
    need("cloudbuild.builds.get", "roles/cloudbuild.builds.editor", GrantScope::Project, "read the build's status"),
    need(
        "cloudbuild.builds.list",
        "roles/cloudbuild.builds.editor",
        GrantScope::Project,
        "find a build whose reply was lost",
    ),
    need("cloudbuild.builds.update", "roles/cloudbuild.builds.editor", GrantScope::Project, "cancel the build"),
    need("storage.buckets.get", "roles/storage.admin", GrantScope::Project, "check whose the staging bucket is"),
    need("storage.buckets.create", "roles/storage.admin", GrantScope::Project, "make the staging bucket"),
    need("storage.objects.create", "roles/storage.admin", GrantScope::Bucket, "upload the source"),
    need("storage.objects.get", "roles/storage.admin", GrantScope::Bucket, "read the build's log"),
    need(
        "iam.serviceAccounts.actAs",
        "roles/iam.serviceAccountUser",
        GrantScope::Account,
        "let builds and services run as an account",
    ),
    need("run.services.get", "roles/run.admin", GrantScope::Project, "read the service"),
    need("run.services.create", "roles/run.admin", GrantScope::Project, "create the service"),
    need("run.services.update", "roles/run.admin", GrantScope::Project, "update the service"),
    need("run.workerpools.get", "roles/run.admin", GrantScope::Project, "read the worker pool (kind: worker-pool)"),
    need(
        "run.workerpools.create",
        "roles/run.admin",
        GrantScope::Project,
        "create the worker pool (kind: worker-pool)",
    ),
    need(
        "run.workerpools.update",
        "roles/run.admin",
        GrantScope::Project,
        "update the worker pool (kind: worker-pool)",
    ),
    need("run.revisions.get", "roles/run.admin", GrantScope::Project, "read the new revision"),
    need("run.operations.get", "roles/run.admin", GrantScope::Project, "wait for the deploy"),
    need("run.jobs.get", "roles/run.admin", GrantScope::Project, "read the job (pre_deploy_job, slipway job)"),
    need("run.jobs.create", "roles/run.admin", GrantScope::Project, "create the job"),
    need("run.jobs.update", "roles/run.admin", GrantScope::Project, "update the job"),
    need("run.jobs.run", "roles/run.admin", GrantScope::Project, "run the job"),
    need("run.jobs.runWithOverrides", "roles/run.admin", GrantScope::Project, "run the job with run_args or run_env"),
    need("run.executions.get", "roles/run.admin", GrantScope::Project, "watch the job's execution"),
    need("run.executions.list", "roles/run.admin", GrantScope::Project, "find an execution whose reply was lost"),
    need("run.executions.cancel", "roles/run.admin", GrantScope::Project, "cancel the execution"),
    need(
        "run.services.getIamPolicy",
        "roles/run.admin",
        GrantScope::Project,
        "read who may call the service (allow_unauthenticated, status, doctor)",
    ),
    need(
        "run.services.setIamPolicy",
        "roles/run.admin",
        GrantScope::Project,
        "change who may call the service (allow_unauthenticated, invoker_iam_check)",
    ),
    need("run.routes.invoke", "roles/run.invoker", GrantScope::Project, "ask a private service whether it is healthy"),
];

/// The role that sites need besides the five: it holds everything in [`HOSTING_NEEDS`] but Cloud Run's.
pub const HOSTING_ROLE: &str = "roles/firebasehosting.admin";

/// Every permission the hosting commands use.
pub const HOSTING_NEEDS: &[Need] = &[
    need("firebasehosting.sites.get", HOSTING_ROLE, GrantScope::Project, "read sites, channels, versions and releases"),
    need("firebasehosting.sites.update", HOSTING_ROLE, GrantScope::Project, "make versions, channels and releases"),
    need("firebasehosting.sites.list", HOSTING_ROLE, GrantScope::Project, "find the default site, where none is named"),
    need("run.services.get", "roles/run.viewer", GrantScope::Project, "look at services that rewrites lead to"),
    need("run.services.list", "roles/run.viewer", GrantScope::Project, "find the region of a function"),
    need("run.services.getIamPolicy", "roles/run.viewer", GrantScope::Project, "see whether visitors reach a service"),
    need("run.services.update", "roles/run.admin", GrantScope::Project, "put the tag of `pinTag` on a service"),
];

/// The role that `auth_domains` needs besides.
pub const AUTH_ROLE: &str = "roles/firebaseauth.admin";

/// Every permission that `auth_domains` uses.
pub const AUTH_NEEDS: &[Need] = &[
    need("firebaseauth.configs.get", AUTH_ROLE, GrantScope::Project, "read the authorised domains (auth_domains)"),
    need("firebaseauth.configs.update", AUTH_ROLE, GrantScope::Project, "write the authorised domains (auth_domains)"),
];

const ALERTS: &str = "roles/monitoring.alertPolicyEditor";
const CHECKS: &str = "roles/monitoring.uptimeCheckConfigEditor";
const CHANNELS: &str = "roles/monitoring.notificationChannelEditor";

/// Every permission the monitoring command uses besides those of the five roles; `roles/monitoring.editor` holds all.
pub const MONITORING_NEEDS: &[Need] = &[
    need("monitoring.alertPolicies.list", ALERTS, GrantScope::Project, "find the alert policies it made"),
    need("monitoring.alertPolicies.create", ALERTS, GrantScope::Project, "make an alert policy"),
    need("monitoring.alertPolicies.update", ALERTS, GrantScope::Project, "change an alert policy"),
    need("monitoring.alertPolicies.delete", ALERTS, GrantScope::Project, "remove an alert policy"),
    need("monitoring.uptimeCheckConfigs.list", CHECKS, GrantScope::Project, "find the uptime check it made"),
    need("monitoring.uptimeCheckConfigs.create", CHECKS, GrantScope::Project, "make an uptime check"),
    need("monitoring.uptimeCheckConfigs.update", CHECKS, GrantScope::Project, "change an uptime check"),
    need("monitoring.uptimeCheckConfigs.delete", CHECKS, GrantScope::Project, "remove an uptime check"),
    need(
        "monitoring.notificationChannels.list",
        "roles/monitoring.notificationChannelViewer",
        GrantScope::Project,
        "find who is told (notification_channels)",
    ),
    need(
        "monitoring.notificationChannels.create",
        CHANNELS,
        GrantScope::Project,
        "make the channel of an e-mail address (notification_channels)",
    ),
];

/// The role that manages budgets, granted on the billing account.
pub const BUDGET_ROLE: &str = "roles/billing.costsManager";

/// Every permission on the billing account that `budget` needs.
pub const BUDGET_NEEDS: &[Need] = &[
    need("billing.budgets.list", BUDGET_ROLE, GrantScope::Billing, "find the budget it made"),
    need("billing.budgets.create", BUDGET_ROLE, GrantScope::Billing, "make a budget"),
    need("billing.budgets.update", BUDGET_ROLE, GrantScope::Billing, "change a budget"),
    need("billing.budgets.delete", BUDGET_ROLE, GrantScope::Billing, "remove a budget"),
];

/// What is enough on the project in their place, for a budget that counts no other project: project owners and editors
/// hold both (<https://docs.cloud.google.com/billing/docs/how-to/budget-api-access-control>).
pub const BUDGET_OF_PROJECT: [&str; 2] = ["billing.resourcebudgets.read", "billing.resourcebudgets.write"];

/// The role that rotates keys, best granted on the one account.
const KEY_ROLE: &str = "roles/iam.serviceAccountKeyAdmin";

/// Every permission the rotate-key command uses.
pub const KEY_NEEDS: &[Need] = &[
    need("iam.serviceAccountKeys.list", KEY_ROLE, GrantScope::Account, "see which keys there are"),
    need("iam.serviceAccountKeys.create", KEY_ROLE, GrantScope::Account, "make the new key"),
    need("iam.serviceAccountKeys.disable", KEY_ROLE, GrantScope::Account, "disable the old one"),
    need("iam.serviceAccountKeys.delete", KEY_ROLE, GrantScope::Account, "delete it after the grace period"),
];

/// The role that rotates secrets, best granted on the one secret; it cannot read a value.
const SECRET_ROLE: &str = "roles/secretmanager.secretVersionManager";

/// Every permission on the secret that the rotate-secret command uses; those on the service are a deploy's.
pub const SECRET_NEEDS: &[Need] = &[
    need("secretmanager.versions.list", SECRET_ROLE, GrantScope::Secret, "see which versions there are"),
    need("secretmanager.versions.add", SECRET_ROLE, GrantScope::Secret, "make the new version"),
    need("secretmanager.versions.disable", SECRET_ROLE, GrantScope::Secret, "disable the old one"),
];

/// Permissions that make a run more helpful and are never required.
pub const HELPFUL: &[Need] = &[
    need(
        "iam.serviceAccounts.get",
        "roles/iam.serviceAccountUser",
        GrantScope::Account,
        "see whether the build's account is usable",
    ),
    need(
        "storage.buckets.setIamPolicy",
        "roles/storage.admin",
        GrantScope::Bucket,
        "open the staging bucket to the build's account",
    ),
    need(
        "iam.serviceAccountKeys.get",
        "roles/iam.serviceAccountViewer",
        GrantScope::Account,
        "warn of a key that is older than `key_max_age`",
    ),
    need(
        "secretmanager.versions.get",
        "roles/secretmanager.viewer",
        GrantScope::Secret,
        "warn of a version of a secret that is older than `secret_max_age`",
    ),
    need(
        "run.services.list",
        "roles/run.viewer",
        GrantScope::Project,
        "see which other services still read an old version (slipway rotate-secret)",
    ),
    need(
        "run.jobs.list",
        "roles/run.viewer",
        GrantScope::Project,
        "see which jobs still read an old version (slipway rotate-secret)",
    ),
    need("run.tasks.list", "roles/run.admin", GrantScope::Project, "show the exit code of a task that failed"),
    need(
        "run.locations.list",
        "roles/run.viewer",
        GrantScope::Project,
        "know a region that is newer than this version",
    ),
    need(
        "monitoring.timeSeries.list",
        "roles/monitoring.viewer",
        GrantScope::Project,
        "read a service's measurements (slipway status, gates on metrics)",
    ),
    need(
        "logging.logEntries.list",
        "roles/logging.viewer",
        GrantScope::Project,
        "show a failing container's last lines, or a service's log (slipway logs)",
    ),
    need(
        "artifactregistry.tags.get",
        "roles/artifactregistry.reader",
        GrantScope::Project,
        "look up the digest of `image` before deploying it",
    ),
    need(
        "artifactregistry.repositories.downloadArtifacts",
        "roles/artifactregistry.reader",
        GrantScope::Project,
        "tell the size and the layers of the image (max_image_size)",
    ),
];

/// Permissions of the build's own account, which Cloud Build checks, not this product.
pub const BUILD_ACCOUNT: &[Need] = &[
    need("storage.objects.get", "roles/cloudbuild.builds.builder", GrantScope::Project, "read the source"),
    need("storage.objects.create", "roles/cloudbuild.builds.builder", GrantScope::Project, "write the log"),
    need(
        "artifactregistry.repositories.uploadArtifacts",
        "roles/artifactregistry.writer",
        GrantScope::Project,
        "push the image",
    ),
    need(
        "artifactregistry.repositories.createOnPush",
        "roles/artifactregistry.createOnPushWriter",
        GrantScope::Project,
        "make a gcr.io repository with the first push",
    ),
];

/// Whether a permission is about jobs, and so needed only where one is run.
pub fn is_of_jobs(permission: &str) -> bool {
    ["run.jobs.", "run.executions.", "run.tasks."].iter().any(|start| permission.starts_with(start))
}

/// The entry of a permission, whatever its case (Google writes `actAs` in two ways).
pub fn find(permission: &str) -> Option<&'static Need> {
    let all = NEEDS.iter().chain(HELPFUL).chain(BUILD_ACCOUNT).chain(HOSTING_NEEDS).chain(MONITORING_NEEDS);
    let mut all = all.chain(KEY_NEEDS).chain(SECRET_NEEDS).chain(BUDGET_NEEDS);
    all.find(|need| need.permission.eq_ignore_ascii_case(permission))
}

/// A service account as policies name it.
pub fn member(account: &str) -> String {
    format!("serviceAccount:{account}")
}

/// The command that grants `role` on a project to `member`, a name as policies have it.
pub fn grant_on_project(project: &str, member: &str, role: &str) -> String {
    format!("gcloud projects add-iam-policy-binding {project} --member={member} --role={role} --condition=None")
}

/// The command that grants `role` on a service account to `member`.
pub fn grant_on_account(project: &str, account: &str, member: &str, role: &str) -> String {
    format!(
        "gcloud iam service-accounts add-iam-policy-binding {account} --project={project} --member={member} --role={role} --condition=None"
    )
}

/// The command that grants `role` on a bucket to `member`.
pub fn grant_on_bucket(bucket: &str, member: &str, role: &str) -> String {
    format!("gcloud storage buckets add-iam-policy-binding gs://{bucket} --member={member} --role={role}")
}

/// The command that grants `role` on a secret of `project` to `member`.
pub fn grant_on_secret(project: &str, secret: &str, member: &str, role: &str) -> String {
    format!(
        "gcloud secrets add-iam-policy-binding {secret} --project={project} --member={member} --role={role} --condition=None"
    )
}

/// The command that grants `role` on a repository of images to `member`.
pub fn grant_on_repository(project: &str, location: &str, repository: &str, member: &str, role: &str) -> String {
    format!(
        "gcloud artifacts repositories add-iam-policy-binding {repository} --location={location} --project={project} --member={member} --role={role}"
    )
}

/// The command that lets `member` through the proxy in front of a service; only gcloud's beta knows services here.
pub fn let_through_proxy(project: &str, region: &str, service: &str, member: &str) -> String {
    format!(
        "gcloud beta iap web add-iam-policy-binding --resource-type=cloud-run --service={service} --region={region} --project={project} --member={member} --role=roles/iap.httpsResourceAccessor"
    )
}

/// The command that lets a member call a service.
pub fn let_call(project: &str, region: &str, service: &str, member: &str) -> String {
    format!(
        "gcloud run services add-iam-policy-binding {service} --region={region} --project={project} --member={member} --role=roles/run.invoker"
    )
}

/// The command that grants `role` on a billing account, by its full name, to `member`.
pub fn grant_on_billing(account: &str, member: &str, role: &str) -> String {
    let id = account.strip_prefix("billingAccounts/").unwrap_or(account);
    format!("gcloud billing accounts add-iam-policy-binding {id} --member={member} --role={role}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_five_roles_hold_everything_that_is_needed() {
        let five = [
            "roles/cloudbuild.builds.editor",
            "roles/run.admin",
            "roles/storage.admin",
            "roles/iam.serviceAccountUser",
            "roles/secretmanager.secretAccessor",
        ];
        // run.admin holds run.routes.invoke too; run.invoker is only the smallest role with it.
        for need in NEEDS.iter().filter(|need| need.permission != "run.routes.invoke") {
            assert!(five.contains(&need.role), "{}", need.permission);
        }
        assert_eq!(find("iam.serviceaccounts.actAs").map(|need| need.role), Some("roles/iam.serviceAccountUser"));
    }
}
