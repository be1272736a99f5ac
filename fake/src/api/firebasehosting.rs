//! Firebase Hosting: listened for, not implemented; every call is answered 501 by name.

use crate::apis::Api;
use crate::refusal::Family;

/// The table entry.
pub(crate) const API: Api = Api {
    name: "firebasehosting",
    service: "firebasehosting.googleapis.com",
    title: "Firebase Hosting API",
    family: Family::Rpc,
    counts_for_caller: false,
    needs_billing: false,
    descriptions: &[include_str!("../../../tests/schemas/firebasehosting.v1beta1.json")],
    extras: &[],
    answer: |_, _| None,
};
