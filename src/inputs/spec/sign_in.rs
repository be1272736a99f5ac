//! The inputs that say how a run signs in: the same in every command.

use super::super::engine::declare::{Input, InputGroup, inputs};

inputs! {
    /// All of them, in the order in which they are shown.
    pub(super) const WAYS = [
        CREDENTIALS_JSON = text(
            "credentials_json",
            InputGroup::Target,
            "",
            "Service-account key, as JSON or base64; without it and `workload_identity_provider`, the file of GOOGLE_APPLICATION_CREDENTIALS or GOOGLE_GHA_CREDS_PATH, and on a terminal your own credentials (docs/CREDENTIALS.md)",
        ).secret(),
        WORKLOAD_IDENTITY_PROVIDER = text(
            "workload_identity_provider",
            InputGroup::Target,
            "",
            "In place of a key: the provider that vouches for this run, projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER; the job needs `permissions: id-token: write`",
        ),
        SERVICE_ACCOUNT = text(
            "service_account",
            InputGroup::Target,
            "the run itself",
            "With `workload_identity_provider`, or your own credentials on a terminal: the account that is acted as",
        ),
        AUDIENCE = text(
            "audience",
            InputGroup::Target,
            "https://iam.googleapis.com/PROVIDER",
            "With `workload_identity_provider`: the audience it allows, where that is not its own name",
        ),
        DELEGATES = lines(
            "delegates",
            InputGroup::Target,
            "",
            "With `service_account`: accounts between the run and that one, each of which may act as the next, one per line or separated by commas",
        ),
        MACHINE_ACCOUNT = switch(
            "machine_account",
            InputGroup::Target,
            "false",
            "Sign in as the service account of the machine in Google Cloud that runs this (metadata server); a job does so only when told to",
        ),
        QUOTA_PROJECT = text(
            "quota_project",
            InputGroup::Target,
            "",
            "Project that requests count for (x-goog-user-project), where that is not the one of the account; takes roles/serviceusage.serviceUsageConsumer on it",
        ),
        CA_CERTIFICATES = text(
            "ca_certificates",
            InputGroup::Target,
            "",
            "File with certificates (PEM) that are trusted besides the built-in ones, such as those of a company's proxy; on a terminal SSL_CERT_FILE does the same",
        ),
    ];
}
