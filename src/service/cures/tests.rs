//! Google's sentences as they were published, and what they are taken for.

use crate::service::causes::{Cause, of, of_log};
use crate::service::cures::{self as cures, CureSubject};
use slipway_names::ids::AccountEmail;
use slipway_names::principal::Principal;

/// A sentence, where it was published, what it is taken for in words, and what its cure says.
struct Case {
    source: &'static str,
    sentence: &'static str,
    words: &'static str,
    cure: &'static str,
}

/// Where a source is a docs page, it is Google's; the others are reports of users with Google's text in them.
const CASES: &[Case] = &[
    Case {
        source: "docs run/troubleshooting#container-failed-to-start; transparency-dev/tesseract#413",
        sentence: "Revision 'ci-static-ct-00001-6hx' is not ready and cannot serve traffic. The user-provided container failed to start and listen on the port defined provided by the PORT=6962 environment variable within the allocated timeout. This can happen when the container port is misconfigured or if the timeout is too short. The health check timeout can be extended. Logs for this revision might contain more information.",
        words: "did not answer on its port",
        cure: "the port in $PORT (6962)",
    },
    Case {
        source: "GoogleCloudPlatform/cymbal-superstore#6 (an older text, without the timeout)",
        sentence: "Revision 'inventory-00001-958' is not ready and cannot serve traffic. The user-provided container failed to start and listen on the port defined provided by the PORT=8000 environment variable. Logs for this revision might contain more information.",
        words: "did not answer on its port",
        cure: "the port in $PORT (8000)",
    },
    Case {
        source: "docs run/troubleshooting#container-failed-to-start; simonw/datasette#694",
        sentence: "Cloud Run error: Container failed to start. Failed to start and then listen on the port defined by the PORT environment variable. Logs for this revision might contain more information.",
        words: "did not answer on its port",
        cure: "8080 unless set",
    },
    Case {
        source: "docs run/troubleshooting (Python sources)",
        sentence: "The user provided container failed to start and listen on port defined by PORT=8080 environment variable within the allocated timeout.",
        words: "did not answer on its port",
        cure: "the port in $PORT (8080)",
    },
    Case {
        source: "terraform-google-modules/terraform-docs-samples#254",
        sentence: "Revision 'cloudrun-service-healthcheck-xwtb5' is not ready and cannot serve traffic. The user-provided container failed the configured startup probe checks. Logs for this revision might contain more information.",
        words: "its startup probe failed",
        cure: "`startupProbe`",
    },
    Case {
        source: "notes in public repositories, found by the text",
        sentence: "Revision 'gemma3-product-ft-service-00001-qls' is not ready and cannot serve traffic. Container failed to become healthy. Startup probes timed out after 4m (1 attempts with a timeout of 4m each). There was an initial delay of 0s. If this happens frequently, consider adjusting the probe settings.",
        words: "its startup probe failed",
        cure: "`startupProbe`",
    },
    Case {
        source: "google-github-actions/deploy-cloudrun#465; gcpdiag runbook cloudrun/service_deployment",
        sentence: "Revision 'handle-it-server-00042-fow' is not ready and cannot serve traffic. Image 'gcr.io/handleit-349522/handle-it-server:latest' not found.",
        words: "the image is not there",
        cure: "pushed it there",
    },
    Case {
        source: "docs run/troubleshooting; gcpdiag runbook cloudrun/service_deployment",
        sentence: "Revision 'web-1' is not ready and cannot serve traffic. Google Cloud Run Service Agent service-123456789012@serverless-robot-prod.iam.gserviceaccount.com must have permission to read the image, us-central1-docker.pkg.dev/other-proj/app/web. Ensure that the provided container image URL is correct and that the above account has permission to access the image. If you just enabled the Cloud Run API, the permissions might take a few minutes to propagate. Note that the image is from project [other-proj], which is not the same as this project [my-proj]. Permission must be granted to the Google Cloud Run Service Agent from this project.",
        words: "Cloud Run may not read the image",
        cure: "gcloud artifacts repositories add-iam-policy-binding app --location=us-central1 --project=other-proj --member=serviceAccount:service-123456789012@serverless-robot-prod.iam.gserviceaccount.com",
    },
    Case {
        source: "docs run/troubleshooting (gcr.io, without the agent's name)",
        sentence: "Google Cloud Run Service Agent must have permission to read the image, gcr.io/shared/web. Ensure that the provided container image URL is correct and that above account has permission to access the image.",
        words: "Cloud Run may not read the image",
        cure: "add-iam-policy-binding gcr.io --location=us --project=shared --member=serviceAccount:service-PROJECT_NUMBER@",
    },
    Case {
        source: "docs run/troubleshooting (of whoever deploys)",
        sentence: "User must have permission to read the image, us-central1-docker.pkg.dev/shared/app/web:latest. Ensure that the provided container image URL is correct and that the above account has permission to access the image.",
        words: "whoever deploys must be able to read the image",
        cure: "add-iam-policy-binding app --location=us-central1 --project=shared --member=serviceAccount:deployer@my-proj",
    },
    Case {
        source: "the sample of a manifest without amd64",
        sentence: "Cloud Run does not support image 'us-central1-docker.pkg.dev/my-proj/app/web:x': Container manifest type 'application/vnd.oci.image.index.v1+json' must support amd64/linux.",
        words: "not for this processor",
        cure: "--platform=linux/amd64",
    },
    Case {
        source: "GoogleCloudPlatform/jit-groups#270, umami-software/umami#2018 (a line of the log)",
        sentence: "terminated: Application failed to start: Failed to create init process: failed to load /usr/local/bin/docker-entrypoint.sh: exec format error",
        words: "not for this processor",
        cure: "--platform=linux/amd64",
    },
    Case {
        source: "logs in public repositories, found by the text (a line of the log)",
        sentence: "terminated: Application failed to start: failed to resolve binary path: error finding executable \"uvicorn\" in PATH [/usr/local/bin /usr/bin]: no such file or directory",
        words: "its program cannot be started",
        cure: "ENTRYPOINT and CMD",
    },
    Case {
        source: "notes in public repositories, found by the text (jobs and services)",
        sentence: "Application exec likely failed",
        words: "its program cannot be started",
        cure: "`command` and `args`",
    },
    Case {
        source: "dart-lang/pub-dev#9554",
        sentence: "Memory limit of 512 MiB exceeded with 516 MiB used. Consider increasing the memory limit, see https://cloud.google.com/run/docs/configuring/memory-limits",
        words: "more memory than it has",
        cure: "more `memory`",
    },
    Case {
        source: "googleapis/repo-automation-bots#2418 (an older text)",
        sentence: "Memory limit of 512M exceeded with 526M used. Consider increasing the memory limit",
        words: "more memory than it has",
        cure: "more `memory`",
    },
    Case {
        source: "docs run/troubleshooting (serving)",
        sentence: "While handling this request, the container instance was found to be using too much memory and was terminated.",
        words: "more memory than it has",
        cure: "more `memory`",
    },
    Case {
        source: "mindset-ai/memex-ai#520",
        sentence: "spec.template.spec.containers[0].env[38].value_from.secret_key_ref.name: Secret projects/749224423393/secrets/linkedin-ad-account-id/versions/latest was not found",
        words: "a version of a secret is not there",
        cure: "gcloud secrets versions list linkedin-ad-account-id --project=my-proj",
    },
    Case {
        source: "reports in public repositories, found by the text",
        sentence: "Revision 'generategarmentqrcodes-00005-pib' is not ready and cannot serve traffic. spec.template.spec.containers[0].env[6].value_from.secret_key_ref.name: Failed to access secret projects/pygmalions-specs/secrets/QR_JOB_ADMIN_KEY/versions/1: Secret Version [projects/988189221716/secrets/QR_JOB_ADMIN_KEY/versions/1] is in DESTROYED state.",
        words: "a version of a secret is destroyed",
        cure: "gcloud secrets versions list QR_JOB_ADMIN_KEY --project=my-proj",
    },
    Case {
        source: "the same sentence; Secret Manager's other state (google-github-actions/get-secretmanager-secrets#268)",
        sentence: "spec.template.spec.containers[0].env[6].value_from.secret_key_ref.name: Failed to access secret projects/p/secrets/KEY/versions/latest: Secret Version [projects/988189221716/secrets/KEY/versions/4] is in DISABLED state.",
        words: "a version of a secret is disabled",
        cure: "gcloud secrets versions enable 4 --secret=KEY --project=my-proj",
    },
    Case {
        source: "reports in public repositories, found by the text (a mounted file)",
        sentence: "Revision 'mage-2992l' is not ready and cannot serve traffic. spec.template.spec.volumes[1].secret.items[0].key: Permission denied on secret: projects/1054912425479/secrets/bigquery_credentials/versions/latest for Revision service account 1054912425479-compute@developer.gserviceaccount.com. The service account used must be granted the 'Secret Manager Secret Accessor' role (roles/secretmanager.secretAccessor) at the secret, project or higher level.",
        words: "a secret cannot be read",
        cure: "gcloud secrets add-iam-policy-binding bigquery_credentials --project=my-proj --member=serviceAccount:1054912425479-compute@developer.gserviceaccount.com",
    },
    Case {
        source: "reports in public repositories, found by the text",
        sentence: "VPC connector projects/store-parcels-app/locations/europe-west1/connectors/store-parcels-connector does not exist, or Cloud Run does not have permission to use it.",
        words: "the VPC connector cannot be used",
        cure: "connectors list --region=us-central1 --project=my-proj",
    },
    Case {
        source: "jspsych/datapipe#238",
        sentence: "Max instances must be set to 200 or fewer to set the requested total CPU.",
        words: "quota is too small",
        cure: "`max_instances: 200`",
    },
    Case {
        source: "googlecodelabs/feedback#1856",
        sentence: "spec.template.metadata.annotations[autoscaling.knative.dev/maxScale]: Max instances must be set to 0 or fewer to set the requested total CPU. Quota violated: CpuAllocPerProjectRegion requested: 60000 allowed: 20000",
        words: "quota is too small",
        cure: "Lower `max_instances`, `cpu` or `memory`",
    },
    Case {
        source: "firebase/firebase-tools#5867",
        sentence: "spec.template.spec.containers.resources.limits.cpu: Invalid value specified for cpu. For the specified value, maxScale may not exceed 10.\nConsider running your workload in a region with greater capacity",
        words: "quota is too small",
        cure: "`max_instances: 10`",
    },
    Case {
        source: "reports in public repositories, found by the text",
        sentence: "spec.template.metadata.annotations[autoscaling.knative.dev/maxScale]: You do not have quota for using GPUs without zonal redundancy. Learn more about GPU zonal redundancy: g.co/cloudrun/gpu-redundancy-help",
        words: "no quota for GPUs",
        cure: "g.co/cloudrun/gpu-quota",
    },
    Case {
        source: "googleapis/repo-automation-bots#3875",
        sentence: "spec.template.spec.containers[0].resources.limits.memory: Invalid value specified for memory. For 1.0 CPU, memory must be between 128Mi and 4Gi inclusive.",
        words: "CPU and memory do not go together",
        cure: "what Google names",
    },
    Case {
        source: "docs run/troubleshooting (service identity)",
        sentence: "Google Cloud Run Service Agent does not have permission to get access tokens for the service account web@my-proj.iam.gserviceaccount.com. Please give web@my-proj.iam.gserviceaccount.com permission iam.serviceAccounts.getAccessToken on the service account. Alternatively, if the service account is unspecified or in the same project you are deploying in, ensure that the Service Agent is assigned the Google Cloud Run Service Agent role roles/run.serviceAgent.",
        words: "Cloud Run may not use the account",
        cure: "gcloud iam service-accounts describe web@my-proj.iam.gserviceaccount.com",
    },
    Case {
        source: "docs run/troubleshooting",
        sentence: "The feature is not supported in the declared launch stage",
        words: "not generally available",
        cure: "`launchStage: BETA`",
    },
    Case {
        source: "docs run/troubleshooting",
        sentence: "The service has encountered an error during container import. Please try again later. Resource readiness deadline exceeded.",
        words: "could not be unpacked",
        cure: "not UTF-8",
    },
    Case {
        source: "reports in public repositories, found by the text",
        sentence: "Revision 'litestream-00009-gf9' is not ready and cannot serve traffic. Container import failed:",
        words: "could not be unpacked",
        cure: "not UTF-8",
    },
    Case {
        source: "docs run/troubleshooting (customer-managed keys)",
        sentence: "ERROR: \"User \\\"root\\\"\"not found in /etc/passwd",
        words: "the image's user is not known",
        cure: "`USER 0`",
    },
    Case {
        source: "reports in public repositories, found by the text (of a job's execution)",
        sentence: "Task planqtn-jobs-fxf45-task0 failed with message: The configured timeout was reached.",
        words: "it took too long",
        cure: "`task_timeout`",
    },
];

fn deployer() -> Principal {
    Principal::account(&AccountEmail::parse("deployer@my-proj.iam.gserviceaccount.com").expect("an address"))
}

fn cured(cause: &Cause) -> String {
    let who = deployer();
    let subject = CureSubject {
        project: "my-proj",
        region: "us-central1",
        who: &who,
        template: None,
        timeout_input: Some("`task_timeout`"),
    };
    cures::of(cause, &subject).join("\n")
}

#[test]
fn every_published_sentence_has_its_cure_without_a_reason_word() {
    for case in CASES {
        let cause = of("", case.sentence);
        let (words, cure) = (cures::words(&cause), cured(&cause));
        assert!(words.contains(case.words), "{}: {words}\n{}", case.source, case.sentence);
        assert!(cure.contains(case.cure), "{}: {cure}\n{}", case.source, case.sentence);
    }
}

#[test]
fn a_sentence_wins_over_its_reason_word_and_the_word_stands_in_for_one_that_nobody_knows() {
    assert_eq!(of("HEALTH_CHECK_CONTAINER_ERROR", "Memory limit of 512 MiB exceeded"), Cause::Memory);
    assert_eq!(of("HEALTH_CHECK_CONTAINER_ERROR", "Something new."), Cause::Port(None));
    assert_eq!(of("ACTIVE_REVISION_LIMIT_REACHED", ""), Cause::Revisions);
    assert_eq!(of("ENCRYPTION_KEY_CHECK_FAILED", ""), Cause::Key);
    assert_eq!(of("", "The container exited with an error."), Cause::Unknown);
}

#[test]
fn only_where_the_container_ran_can_its_log_tell_more() {
    for case in CASES {
        let cause = of("", case.sentence);
        let ran = matches!(cause, Cause::Port(_) | Cause::Probe | Cause::Timeout | Cause::NoProgram);
        assert_eq!(cures::log_tells(&cause), ran, "{}", case.sentence);
    }
}

#[test]
fn the_last_telling_line_of_a_log_is_taken() {
    let lines: Vec<String> =
        ["starting", "terminated: Application failed to start: failed to load /app: exec format error", "bye"]
            .map(str::to_owned)
            .into();
    assert_eq!(of_log(&lines), Some(Cause::Architecture));
    assert_eq!(
        of_log(&["Image 'x' not found".to_owned()]),
        None,
        "what a program writes about itself is its own affair"
    );
}

#[test]
fn a_secret_of_another_project_is_named_with_it() {
    let who = deployer();
    let template = serde_json::json!({"containers": [{"env": [
        {"name": "A", "valueSource": {"secretKeyRef": {"secret": "projects/222222222222/secrets/db", "version": "3"}}}]}]});
    let subject = CureSubject {
        project: "my-proj",
        region: "us-central1",
        who: &who,
        template: Some(&template),
        timeout_input: None,
    };
    for (sentence, says) in [
        (
            "Secret projects/222222222222/secrets/db/versions/3 was not found",
            "gcloud secrets versions list projects/222222222222/secrets/db",
        ),
        (
            "Secret Version [projects/222222222222/secrets/db/versions/3] is in DISABLED state.",
            "versions enable projects/222222222222/secrets/db/versions/3",
        ),
        ("Secret projects/123/secrets/other/versions/3 was not found", "list other --project=my-proj"),
    ] {
        let cure = cures::of(&of("", sentence), &subject).join("\n");
        assert!(cure.contains(says), "{cure}");
    }
}
