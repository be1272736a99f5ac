//! Billing accounts: who pays for a project, in which currency, and the budgets that watch what is spent.

use super::World;
use super::policy::IamPolicy;
use serde_json::Value;
use std::collections::BTreeMap;

/// An account that projects are paid from.
#[derive(Debug, Clone)]
pub struct BillingAccount {
    /// Whether it pays; a closed one does not.
    pub open: bool,
    /// Its currency, such as `USD`.
    pub currency: String,
    /// Who may do what with it. Roles of a project say nothing about it.
    pub policy: IamPolicy,
    /// Budgets by full name, as Google shows them.
    pub budgets: BTreeMap<String, Value>,
}

impl World {
    /// The billing account that pays for every new project.
    pub const BILLING: &str = "billingAccounts/0X0X0X-0X0X0X-0X0X0X";

    /// The billing account of the seed, to change it.
    pub fn billing(&mut self) -> &mut BillingAccount {
        self.billing_accounts.entry(World::BILLING.to_owned()).or_insert_with(|| BillingAccount {
            open: true,
            currency: "USD".to_owned(),
            policy: IamPolicy::default(),
            budgets: BTreeMap::new(),
        })
    }

    /// Gives a role on the seed's billing account to an account.
    pub fn grant_on_billing(&mut self, email: &str, role: &str) {
        self.billing().policy.grant(role, &format!("serviceAccount:{email}"));
    }

    /// Whether the account may do this with a billing account; none that is not there allows anything.
    pub(crate) fn allows_on_billing(&self, email: &str, permission: &str, name: &str) -> bool {
        let denied = self.denied.contains(&(email.to_owned(), permission.to_owned()));
        let policy = self.billing_accounts.get(name).map(|account| &account.policy);
        !denied && policy.is_some_and(|policy| self.permits(policy, email, permission))
    }
}
