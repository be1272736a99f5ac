//! Google's predefined roles, as far as a deploy tool meets them, and what each permits.
//!
//! The three small roles of a deployer are complete. The large ones hold every permission the
//! fake checks and those a caller is likely to ask about; a permission no role here holds is
//! unknown to the fake, as a misspelt one is to Google.

/// Permissions of a role; `None` for a role the fake does not know.
pub(crate) fn permissions(role: &str) -> Option<impl Iterator<Item = &'static str>> {
    let (_, groups) = ROLES.iter().find(|(name, _)| *name == role)?;
    Some(groups.iter().flat_map(|group| group.iter().copied()))
}

/// Whether this is the name of a permission at all.
pub(crate) fn is_permission(name: &str) -> bool {
    let mut held = ROLES.iter().flat_map(|(_, groups)| groups.iter().flat_map(|group| group.iter()));
    held.any(|known| *known == name) || OTHERS.contains(&name)
}

type Role = (&'static str, &'static [&'static [&'static str]]);

const PROJECT: &[&str] = &["resourcemanager.projects.get", "resourcemanager.projects.list"];

const ROLES: &[Role] = &[
    (
        "roles/cloudbuild.builds.editor",
        &[
            PROJECT,
            &[
                "cloudbuild.builds.create",
                "cloudbuild.builds.get",
                "cloudbuild.builds.list",
                "cloudbuild.builds.update",
                "cloudbuild.operations.get",
                "cloudbuild.operations.list",
                "cloudbuild.locations.get",
                "cloudbuild.locations.list",
                "remotebuildexecution.blobs.get",
            ],
        ],
    ),
    (
        "roles/iam.serviceAccountUser",
        &[PROJECT, &["iam.serviceAccounts.actAs", "iam.serviceAccounts.get", "iam.serviceAccounts.list"]],
    ),
    ("roles/secretmanager.secretAccessor", &[PROJECT, &["secretmanager.versions.access"]]),
    ("roles/run.admin", &[PROJECT, RUN]),
    (
        "roles/run.developer",
        &[
            PROJECT,
            &[
                "run.services.create",
                "run.services.get",
                "run.services.getIamPolicy",
                "run.services.list",
                "run.services.update",
                "run.services.delete",
                "run.revisions.get",
                "run.revisions.list",
                "run.revisions.delete",
                "run.operations.get",
                "run.operations.list",
                "run.executions.cancel",
                "run.executions.delete",
                "run.executions.get",
                "run.executions.list",
                "run.jobs.create",
                "run.jobs.delete",
                "run.jobs.get",
                "run.jobs.list",
                "run.jobs.run",
                "run.jobs.runWithOverrides",
                "run.jobs.update",
                "run.tasks.get",
                "run.tasks.list",
                "run.workerpools.create",
                "run.workerpools.delete",
                "run.workerpools.get",
                "run.workerpools.list",
                "run.workerpools.update",
            ],
        ],
    ),
    ("roles/run.invoker", &[&["run.jobs.run", "run.routes.invoke"]]),
    (
        "roles/run.viewer",
        &[
            PROJECT,
            &[
                "run.services.get",
                "run.services.getIamPolicy",
                "run.services.list",
                "run.revisions.get",
                "run.revisions.list",
                "run.operations.get",
                "run.operations.list",
                "run.executions.get",
                "run.executions.list",
                "run.jobs.get",
                "run.jobs.list",
                "run.tasks.get",
                "run.tasks.list",
                "run.workerpools.get",
                "run.workerpools.list",
            ],
        ],
    ),
    (
        "roles/run.builder",
        &[
            &[
                "artifactregistry.repositories.deleteArtifacts",
                "artifactregistry.repositories.downloadArtifacts",
                "artifactregistry.repositories.uploadArtifacts",
            ],
            &["logging.logEntries.create", "logging.logEntries.route", "storage.objects.get"],
        ],
    ),
    (
        "roles/run.serviceAgent",
        &[
            REGISTRY_READ,
            &["iam.serviceAccounts.getAccessToken", "iam.serviceAccounts.getOpenIdToken", "run.routes.invoke"],
        ],
    ),
    ("roles/storage.admin", &[PROJECT, BUCKETS, OBJECTS, STORAGE_ADMIN_EXTRAS]),
    ("roles/storage.objectAdmin", &[PROJECT, OBJECTS]),
    ("roles/storage.objectViewer", &[PROJECT, &["storage.objects.get", "storage.objects.list"]]),
    ("roles/storage.objectCreator", &[PROJECT, &["storage.objects.create", "storage.multipartUploads.create"]]),
    ("roles/storage.legacyBucketReader", &[&["storage.buckets.get", "storage.objects.list"]]),
    (
        "roles/storage.legacyBucketWriter",
        &[&["storage.buckets.get", "storage.objects.create", "storage.objects.delete", "storage.objects.list"]],
    ),
    (
        "roles/storage.legacyBucketOwner",
        &[&[
            "storage.buckets.get",
            "storage.buckets.getIamPolicy",
            "storage.buckets.setIamPolicy",
            "storage.buckets.update",
            "storage.objects.create",
            "storage.objects.delete",
            "storage.objects.list",
        ]],
    ),
    ("roles/storage.legacyObjectReader", &[&["storage.objects.get"]]),
    (
        "roles/cloudbuild.builds.builder",
        &[
            PROJECT,
            REGISTRY_READ,
            REGISTRY_WRITE,
            &["artifactregistry.repositories.createOnPush"],
            &[
                "cloudbuild.builds.create",
                "cloudbuild.builds.get",
                "cloudbuild.builds.list",
                "cloudbuild.builds.update",
            ],
            &["logging.logEntries.create", "logging.logEntries.route", "pubsub.topics.publish"],
            &["storage.buckets.create", "storage.buckets.get", "storage.buckets.list"],
            &[
                "storage.objects.create",
                "storage.objects.delete",
                "storage.objects.get",
                "storage.objects.list",
                "storage.objects.update",
            ],
        ],
    ),
    ("roles/cloudbuild.workerPoolUser", &[&["cloudbuild.workerpools.use"]]),
    ("roles/artifactregistry.reader", &[REGISTRY_READ]),
    ("roles/artifactregistry.writer", &[REGISTRY_READ, REGISTRY_WRITE]),
    (
        "roles/artifactregistry.createOnPushWriter",
        &[REGISTRY_READ, REGISTRY_WRITE, &["artifactregistry.repositories.createOnPush"]],
    ),
    (
        "roles/artifactregistry.editor",
        &[
            REGISTRY_READ,
            REGISTRY_WRITE,
            &["artifactregistry.repositories.create", "artifactregistry.repositories.createOnPush"],
        ],
    ),
    (
        "roles/artifactregistry.repoAdmin",
        &[REGISTRY_READ, REGISTRY_WRITE, &["artifactregistry.tags.delete", "artifactregistry.versions.delete"]],
    ),
    ("roles/artifactregistry.admin", &[REGISTRY_READ, REGISTRY_WRITE, REGISTRY_ADMIN]),
    ("roles/logging.viewer", &[PROJECT, &["logging.logEntries.list", "logging.logs.list", "logging.views.list"]]),
    ("roles/logging.logWriter", &[&["logging.logEntries.create", "logging.logEntries.route"]]),
    ("roles/monitoring.viewer", &[PROJECT, MONITORING_READ]),
    ("roles/monitoring.editor", &[PROJECT, MONITORING_READ, MONITORING_WRITE]),
    (
        "roles/monitoring.alertPolicyEditor",
        &[&[
            "monitoring.alertPolicies.create",
            "monitoring.alertPolicies.delete",
            "monitoring.alertPolicies.get",
            "monitoring.alertPolicies.list",
            "monitoring.alertPolicies.update",
        ]],
    ),
    (
        "roles/monitoring.uptimeCheckConfigEditor",
        &[&[
            "monitoring.uptimeCheckConfigs.create",
            "monitoring.uptimeCheckConfigs.delete",
            "monitoring.uptimeCheckConfigs.get",
            "monitoring.uptimeCheckConfigs.list",
            "monitoring.uptimeCheckConfigs.update",
        ]],
    ),
    (
        "roles/monitoring.notificationChannelViewer",
        &[&["monitoring.notificationChannels.get", "monitoring.notificationChannels.list"]],
    ),
    (
        "roles/monitoring.notificationChannelEditor",
        &[&[
            "monitoring.notificationChannels.create",
            "monitoring.notificationChannels.delete",
            "monitoring.notificationChannels.get",
            "monitoring.notificationChannels.list",
            "monitoring.notificationChannels.update",
        ]],
    ),
    (
        "roles/iam.workloadIdentityUser",
        &[&["iam.serviceAccounts.get", "iam.serviceAccounts.getAccessToken", "iam.serviceAccounts.getOpenIdToken"]],
    ),
    ("roles/iam.serviceAccountOpenIdTokenCreator", &[&["iam.serviceAccounts.getOpenIdToken"]]),
    (
        "roles/iam.serviceAccountTokenCreator",
        &[&[
            "iam.serviceAccounts.getAccessToken",
            "iam.serviceAccounts.getOpenIdToken",
            "iam.serviceAccounts.implicitDelegation",
            "iam.serviceAccounts.signBlob",
            "iam.serviceAccounts.signJwt",
        ]],
    ),
    ("roles/iam.serviceAccountKeyAdmin", &[PROJECT, SERVICE_ACCOUNT_KEYS]),
    ("roles/iap.httpsResourceAccessor", &[&["iap.webServiceVersions.accessViaIAP"]]),
    ("roles/iam.securityReviewer", &[PROJECT, POLICY_READ, &["artifactregistry.repositories.getIamPolicy"]]),
    (
        "roles/secretmanager.secretVersionManager",
        &[
            PROJECT,
            &[
                "secretmanager.versions.add",
                "secretmanager.versions.destroy",
                "secretmanager.versions.disable",
                "secretmanager.versions.enable",
                "secretmanager.versions.get",
                "secretmanager.versions.list",
            ],
        ],
    ),
    (
        "roles/secretmanager.viewer",
        &[
            PROJECT,
            &[
                "secretmanager.secrets.get",
                "secretmanager.secrets.getIamPolicy",
                "secretmanager.secrets.list",
                "secretmanager.versions.get",
                "secretmanager.versions.list",
            ],
        ],
    ),
    ("roles/secretmanager.admin", &[PROJECT, SECRETS]),
    ("roles/firebasehosting.admin", &[PROJECT, FIREBASE, HOSTING_READ, HOSTING_WRITE]),
    ("roles/firebasehosting.viewer", &[PROJECT, FIREBASE, HOSTING_READ]),
    ("roles/firebaseauth.admin", &[PROJECT, FIREBASE, AUTH]),
    ("roles/firebase.admin", &[PROJECT, FIREBASE, HOSTING_READ, HOSTING_WRITE, AUTH]),
    ("roles/firebase.developAdmin", &[PROJECT, FIREBASE, HOSTING_READ, HOSTING_WRITE, AUTH]),
    ("roles/firebase.viewer", &[PROJECT, FIREBASE, HOSTING_READ]),
    ("roles/billing.viewer", &[BILLING_READ]),
    ("roles/billing.costsManager", &[BILLING_READ, BUDGETS_WRITE]),
    ("roles/billing.admin", &[BILLING_READ, BUDGETS_WRITE]),
    (
        "roles/serviceusage.serviceUsageAdmin",
        &[&[
            "serviceusage.services.disable",
            "serviceusage.services.enable",
            "serviceusage.services.get",
            "serviceusage.services.list",
            "serviceusage.services.use",
        ]],
    ),
    (
        "roles/serviceusage.serviceUsageConsumer",
        &[&["serviceusage.services.get", "serviceusage.services.list", "serviceusage.services.use"]],
    ),
    ("roles/resourcemanager.projectIamAdmin", &[PROJECT, &["resourcemanager.projects.setIamPolicy"], POLICY_READ]),
    ("roles/viewer", &[PROJECT, VIEWER, REGISTRY_READ, MONITORING_READ, FIREBASE, HOSTING_READ]),
    (
        "roles/editor",
        &[
            PROJECT,
            VIEWER,
            EDITOR,
            REGISTRY_READ,
            REGISTRY_WRITE,
            MONITORING_READ,
            MONITORING_WRITE,
            FIREBASE,
            HOSTING_READ,
            HOSTING_WRITE,
        ],
    ),
    (
        "roles/owner",
        &[
            PROJECT,
            VIEWER,
            EDITOR,
            RUN,
            REGISTRY_READ,
            REGISTRY_WRITE,
            REGISTRY_ADMIN,
            MONITORING_READ,
            MONITORING_WRITE,
            POLICY_READ,
            SECRETS,
            SERVICE_ACCOUNT_KEYS,
            FIREBASE,
            HOSTING_READ,
            HOSTING_WRITE,
            &["resourcemanager.projects.setIamPolicy", "iam.serviceAccounts.setIamPolicy"],
        ],
    ),
];

/// What is granted on a billing account. Roles of a project open budgets of that one project, see `VIEWER` and `EDITOR`.
const BILLING_READ: &[&str] =
    &["billing.accounts.get", "billing.budgets.get", "billing.budgets.list", "billing.resourceAssociations.list"];
const BUDGETS_WRITE: &[&str] = &["billing.budgets.create", "billing.budgets.delete", "billing.budgets.update"];

const FIREBASE: &[&str] = &["firebase.projects.get"];
const AUTH: &[&str] = &["firebaseauth.configs.get", "firebaseauth.configs.update"];
const HOSTING_READ: &[&str] = &["firebasehosting.sites.get", "firebasehosting.sites.list"];
const HOSTING_WRITE: &[&str] =
    &["firebasehosting.sites.create", "firebasehosting.sites.delete", "firebasehosting.sites.update"];

const RUN: &[&str] = &[
    "run.configurations.get",
    "run.configurations.list",
    "run.executions.cancel",
    "run.executions.delete",
    "run.executions.get",
    "run.executions.list",
    "run.jobs.create",
    "run.jobs.delete",
    "run.jobs.get",
    "run.jobs.getIamPolicy",
    "run.jobs.list",
    "run.jobs.run",
    "run.jobs.runWithOverrides",
    "run.jobs.setIamPolicy",
    "run.jobs.update",
    "run.locations.list",
    "run.locations.uploadSource",
    "run.operations.delete",
    "run.operations.get",
    "run.operations.list",
    "run.revisions.delete",
    "run.revisions.get",
    "run.revisions.list",
    "run.routes.get",
    "run.routes.invoke",
    "run.routes.list",
    "run.services.create",
    "run.services.createTagBinding",
    "run.services.delete",
    "run.services.deleteTagBinding",
    "run.services.get",
    "run.services.getIamPolicy",
    "run.services.list",
    "run.services.listEffectiveTags",
    "run.services.listTagBindings",
    "run.services.setIamPolicy",
    "run.services.update",
    "run.tasks.get",
    "run.tasks.list",
    "run.workerpools.create",
    "run.workerpools.delete",
    "run.workerpools.get",
    "run.workerpools.getIamPolicy",
    "run.workerpools.list",
    "run.workerpools.setIamPolicy",
    "run.workerpools.update",
];

const BUCKETS: &[&str] = &[
    "storage.buckets.create",
    "storage.buckets.delete",
    "storage.buckets.get",
    "storage.buckets.getIamPolicy",
    "storage.buckets.list",
    "storage.buckets.setIamPolicy",
    "storage.buckets.update",
];

const OBJECTS: &[&str] = &[
    "storage.multipartUploads.abort",
    "storage.multipartUploads.create",
    "storage.multipartUploads.list",
    "storage.multipartUploads.listParts",
    "storage.objects.create",
    "storage.objects.delete",
    "storage.objects.get",
    "storage.objects.getIamPolicy",
    "storage.objects.list",
    "storage.objects.setIamPolicy",
    "storage.objects.update",
];

/// What the storage administrator holds outside storage, as of August 2026.
const STORAGE_ADMIN_EXTRAS: &[&str] = &[
    "firebase.projects.get",
    "monitoring.metricDescriptors.list",
    "monitoring.timeSeries.create",
    "monitoring.timeSeries.list",
    "orgpolicy.policy.get",
];

const REGISTRY_READ: &[&str] = &[
    "artifactregistry.dockerimages.get",
    "artifactregistry.dockerimages.list",
    "artifactregistry.locations.get",
    "artifactregistry.locations.list",
    "artifactregistry.packages.get",
    "artifactregistry.packages.list",
    "artifactregistry.projectsettings.get",
    "artifactregistry.repositories.downloadArtifacts",
    "artifactregistry.repositories.get",
    "artifactregistry.repositories.list",
    "artifactregistry.tags.get",
    "artifactregistry.tags.list",
    "artifactregistry.versions.get",
    "artifactregistry.versions.list",
];

const REGISTRY_WRITE: &[&str] =
    &["artifactregistry.repositories.uploadArtifacts", "artifactregistry.tags.create", "artifactregistry.tags.update"];

const REGISTRY_ADMIN: &[&str] = &[
    "artifactregistry.repositories.create",
    "artifactregistry.repositories.createOnPush",
    "artifactregistry.repositories.delete",
    "artifactregistry.repositories.deleteArtifacts",
    "artifactregistry.repositories.getIamPolicy",
    "artifactregistry.repositories.setIamPolicy",
    "artifactregistry.repositories.update",
    "artifactregistry.tags.delete",
    "artifactregistry.versions.delete",
];

const MONITORING_READ: &[&str] = &[
    "monitoring.alertPolicies.get",
    "monitoring.alertPolicies.list",
    "monitoring.metricDescriptors.get",
    "monitoring.metricDescriptors.list",
    "monitoring.notificationChannels.get",
    "monitoring.notificationChannels.list",
    "monitoring.timeSeries.list",
    "monitoring.uptimeCheckConfigs.get",
    "monitoring.uptimeCheckConfigs.list",
];

const MONITORING_WRITE: &[&str] = &[
    "monitoring.alertPolicies.create",
    "monitoring.alertPolicies.delete",
    "monitoring.alertPolicies.update",
    "monitoring.notificationChannels.create",
    "monitoring.notificationChannels.delete",
    "monitoring.notificationChannels.update",
    "monitoring.uptimeCheckConfigs.create",
    "monitoring.uptimeCheckConfigs.delete",
    "monitoring.uptimeCheckConfigs.update",
];

const SERVICE_ACCOUNT_KEYS: &[&str] = &[
    "iam.serviceAccountKeys.create",
    "iam.serviceAccountKeys.delete",
    "iam.serviceAccountKeys.disable",
    "iam.serviceAccountKeys.enable",
    "iam.serviceAccountKeys.get",
    "iam.serviceAccountKeys.list",
    "iam.serviceAccounts.get",
    "iam.serviceAccounts.list",
];

const POLICY_READ: &[&str] = &[
    "iam.serviceAccounts.getIamPolicy",
    "resourcemanager.projects.getIamPolicy",
    "run.services.getIamPolicy",
    "secretmanager.secrets.getIamPolicy",
    "storage.buckets.getIamPolicy",
];

const SECRETS: &[&str] = &[
    "secretmanager.secrets.create",
    "secretmanager.secrets.delete",
    "secretmanager.secrets.get",
    "secretmanager.secrets.getIamPolicy",
    "secretmanager.secrets.list",
    "secretmanager.secrets.setIamPolicy",
    "secretmanager.secrets.update",
    "secretmanager.versions.access",
    "secretmanager.versions.add",
    "secretmanager.versions.destroy",
    "secretmanager.versions.disable",
    "secretmanager.versions.enable",
    "secretmanager.versions.get",
    "secretmanager.versions.list",
];

const VIEWER: &[&str] = &[
    "billing.resourcebudgets.read",
    "cloudbuild.builds.get",
    "cloudbuild.builds.list",
    "iam.serviceAccounts.get",
    "iam.serviceAccounts.list",
    "logging.logEntries.list",
    "orgpolicy.policy.get",
    "run.domainmappings.get",
    "run.domainmappings.list",
    "run.operations.get",
    "run.revisions.get",
    "run.revisions.list",
    "run.services.get",
    "run.services.getIamPolicy",
    "run.services.list",
    "secretmanager.secrets.get",
    "secretmanager.secrets.list",
    "secretmanager.versions.get",
    "secretmanager.versions.list",
    "serviceusage.services.get",
    "serviceusage.services.list",
    "storage.buckets.list",
];

const EDITOR: &[&str] = &[
    "artifactregistry.repositories.create",
    "artifactregistry.repositories.createOnPush",
    "billing.resourcebudgets.write",
    "cloudbuild.builds.create",
    "cloudbuild.builds.update",
    "iam.serviceAccounts.actAs",
    "logging.logEntries.create",
    "run.domainmappings.create",
    "run.domainmappings.delete",
    "run.revisions.delete",
    "run.services.create",
    "run.services.delete",
    "run.services.update",
    "serviceusage.services.enable",
    "serviceusage.services.use",
    "storage.buckets.create",
    "storage.buckets.delete",
];

/// Permissions no role above holds.
const OTHERS: &[&str] = &[
    "cloudbuild.workerpools.use",
    "iam.serviceAccounts.create",
    "resourcemanager.projects.delete",
    "resourcemanager.projects.update",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_role_holds_a_permission_twice_and_names_are_well_formed() {
        for (role, groups) in ROLES {
            for name in groups.iter().flat_map(|group| group.iter()) {
                assert_eq!(name.split('.').count(), 3, "{role}: {name}");
            }
        }
    }

    #[test]
    fn the_deployers_small_roles_are_complete() {
        let count = |role: &str| permissions(role).map_or(0, Iterator::count);
        assert_eq!(count("roles/cloudbuild.builds.editor"), 11);
        assert_eq!(count("roles/iam.serviceAccountUser"), 5);
        assert_eq!(count("roles/secretmanager.secretAccessor"), 3);
    }
}
