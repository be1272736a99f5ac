//! Cloud Monitoring: listened for, not implemented; every call is answered 501 by name.

use crate::apis::Api;
use crate::refusal::Family;

/// The table entry.
pub(crate) const API: Api = Api {
    name: "monitoring",
    service: "monitoring.googleapis.com",
    title: "Cloud Monitoring API",
    family: Family::Rpc,
    counts_for_caller: false,
    needs_billing: false,
    descriptions: &[
        include_str!("../../../tests/schemas/monitoring.v3.json"),
        include_str!("../../../tests/schemas/monitoring.v1.json"),
    ],
    extras: &[],
    answer: |_, _| None,
};
