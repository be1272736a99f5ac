//! Security token exchange: listened for, not implemented; every call is answered 501 by name.

use crate::apis::Api;
use crate::refusal::Family;

/// The table entry.
pub(crate) const API: Api = Api {
    name: "sts",
    service: "sts.googleapis.com",
    title: "Security Token Service API",
    family: Family::Rpc,
    counts_for_caller: false,
    needs_billing: false,
    descriptions: &[include_str!("../../../tests/schemas/sts.v1.json")],
    extras: &[],
    answer: |_, _| None,
};
