//! The inputs that say how a run signs in: the same in every command.

use super::{Group, Input, lines, secret, switch, text};

/// All of them, in the order in which they are shown.
pub(super) const WAYS: &[Input] = &[KEY, PROVIDER, ACCOUNT, AUDIENCE, DELEGATES, MACHINE, QUOTA, CA];

pub(super) const KEY: Input = secret(text(
    Group::Target,
    "credentials_json",
    "",
    "Service-account key, as JSON or base64; without it and `workload_identity_provider`, the file of GOOGLE_APPLICATION_CREDENTIALS or GOOGLE_GHA_CREDS_PATH, and on a terminal your own credentials (docs/CREDENTIALS.md)",
));

pub(super) const PROVIDER: Input = text(
    Group::Target,
    "workload_identity_provider",
    "",
    "In place of a key: the provider that vouches for this run, projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER; the job needs `permissions: id-token: write`",
);

pub(super) const ACCOUNT: Input = text(
    Group::Target,
    "service_account",
    "the run itself",
    "With `workload_identity_provider`, or your own credentials on a terminal: the account that is acted as",
);

pub(super) const AUDIENCE: Input = text(
    Group::Target,
    "audience",
    "https://iam.googleapis.com/PROVIDER",
    "With `workload_identity_provider`: the audience it allows, where that is not its own name",
);

pub(super) const DELEGATES: Input = lines(
    Group::Target,
    "delegates",
    "",
    "With `service_account`: accounts between the run and that one, each of which may act as the next, one per line or separated by commas",
);

pub(super) const MACHINE: Input = switch(
    Group::Target,
    "machine_account",
    "false",
    "Sign in as the service account of the machine in Google Cloud that runs this (metadata server); a job does so only when told to",
);

pub(super) const QUOTA: Input = text(
    Group::Target,
    "quota_project",
    "",
    "Project that requests count for (x-goog-user-project), where that is not the one of the account; takes roles/serviceusage.serviceUsageConsumer on it",
);

pub(super) const CA: Input = text(
    Group::Target,
    "ca_certificates",
    "",
    "File with certificates (PEM) that are trusted besides the built-in ones, such as those of a company's proxy; on a terminal SSL_CERT_FILE does the same",
);

pub(super) const KEY_MAX_AGE: Input = text(
    Group::Target,
    "key_max_age",
    "90d",
    "Age from which the key that signs in is worth a warning, where it may be read (`iam.serviceAccountKeys.get`); 0 does not ask",
);
