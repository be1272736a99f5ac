//! Google's APIs: one file or folder each, named like the API, each with a table entry `API`; `page`,
//! which their lists share; and `github`, which is none of them.

pub(crate) mod actions;
pub(crate) mod artifactregistry;
pub(crate) mod billingbudgets;
pub(crate) mod cloudbilling;
pub(crate) mod cloudbuild;
pub(crate) mod cloudresourcemanager;
pub(crate) mod docker;
pub(crate) mod firebasehosting;
pub(crate) mod github;
pub(crate) mod iam;
pub(crate) mod iamcredentials;
pub(crate) mod identitytoolkit;
pub(crate) mod logging;
pub(crate) mod metadata;
pub(crate) mod monitoring;
pub(crate) mod oauth2;
pub(crate) mod page;
pub(crate) mod run;
pub(crate) mod secretmanager;
pub(crate) mod serviceusage;
pub(crate) mod storage;
pub(crate) mod sts;
