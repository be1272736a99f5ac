//! IAM: who holds which role on what, and what that permits.

use super::World;
use crate::roles;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// An IAM policy of a project, bucket, service, account, secret or repository.
#[derive(Debug, Clone, Default)]
pub struct IamPolicy {
    /// Its bindings.
    pub bindings: Vec<Binding>,
    /// Grows with each change; the etag is made of it.
    pub version: u64,
}

/// One role and who holds it.
#[derive(Debug, Clone)]
pub struct Binding {
    /// Such as `roles/run.invoker`.
    pub role: String,
    /// Such as `allUsers` or `serviceAccount:E-MAIL`.
    pub members: Vec<String>,
    /// A condition, kept as it came; a conditional binding grants nothing here.
    pub condition: Option<Value>,
}

impl IamPolicy {
    /// Gives a role to a member.
    pub fn grant(&mut self, role: &str, member: &str) {
        self.version += 1;
        let same = |binding: &&mut Binding| binding.role == role && binding.condition.is_none();
        match self.bindings.iter_mut().find(same) {
            Some(binding) if binding.members.iter().any(|known| known == member) => {}
            Some(binding) => binding.members.push(member.to_owned()),
            None => {
                self.bindings.push(Binding { role: role.to_owned(), members: vec![member.to_owned()], condition: None })
            }
        }
    }

    /// Takes a role from a member.
    pub fn revoke(&mut self, role: &str, member: &str) {
        self.version += 1;
        for binding in self.bindings.iter_mut().filter(|binding| binding.role == role) {
            binding.members.retain(|known| known != member);
        }
        self.bindings.retain(|binding| !binding.members.is_empty());
    }

    /// Whether the member holds the role itself, not through a group of members.
    pub fn holds(&self, role: &str, member: &str) -> bool {
        self.bindings.iter().any(|binding| binding.role == role && binding.members.iter().any(|known| known == member))
    }

    /// The etag; a policy nobody has set yet has Google's usual one.
    pub(crate) fn etag(&self) -> String {
        if self.version == 0 {
            return "ACAB".to_owned();
        }
        let mut bytes = vec![7, 6];
        bytes.extend_from_slice(&self.version.to_be_bytes()[2..]);
        STANDARD.encode(bytes)
    }

    /// As the API writes it.
    pub(crate) fn view(&self) -> Value {
        let mut view = Map::new();
        if !self.bindings.is_empty() {
            let conditional = self.bindings.iter().any(|binding| binding.condition.is_some());
            view.insert("version".into(), json!(if conditional { 3 } else { 1 }));
        }
        view.insert("etag".into(), json!(self.etag()));
        if !self.bindings.is_empty() {
            let bindings = self.bindings.iter().map(|binding| {
                let mut written = json!({"role": binding.role, "members": binding.members});
                if let Some(condition) = &binding.condition {
                    written["condition"] = condition.clone();
                }
                written
            });
            view.insert("bindings".into(), bindings.collect());
        }
        Value::Object(view)
    }
}

impl World {
    /// Gives a project role to an account.
    pub fn grant(&mut self, project: &str, email: &str, role: &str) {
        if let Some(project) = self.projects.get_mut(project) {
            project.policy.grant(role, &format!("serviceAccount:{email}"));
        }
    }

    /// Takes a project role from an account.
    pub fn revoke(&mut self, project: &str, email: &str, role: &str) {
        if let Some(project) = self.projects.get_mut(project) {
            project.policy.revoke(role, &format!("serviceAccount:{email}"));
        }
    }

    /// Denies one permission to an account everywhere, whatever roles it holds.
    pub fn deny(&mut self, email: &str, permission: &str) {
        self.denied.insert((email.to_owned(), permission.to_owned()));
    }

    /// Whether the account may do this in the project, or on a resource with a policy of its own.
    pub fn allows(&self, email: &str, permission: &str, project: &str, own: Option<&IamPolicy>) -> bool {
        if self.denied.contains(&(email.to_owned(), permission.to_owned())) {
            return false;
        }
        let project = self.project(project).map(|project| &project.policy);
        project.into_iter().chain(own).any(|policy| self.permits(policy, email, permission))
    }

    /// Whether this one policy permits it.
    pub(super) fn permits(&self, policy: &IamPolicy, email: &str, permission: &str) -> bool {
        policy.bindings.iter().filter(|binding| binding.condition.is_none()).any(|binding| {
            let permits =
                roles::permissions(&binding.role).is_some_and(|mut held| held.any(|known| known == permission));
            permits && binding.members.iter().any(|member| self.means(member, email))
        })
    }

    /// Whether a policy member is, or includes, this account. The empty e-mail is nobody known.
    fn means(&self, member: &str, email: &str) -> bool {
        let of_project = |id: &str, role: &str| {
            let kind = if self.people.contains_key(email) { "user" } else { "serviceAccount" };
            let member = format!("{kind}:{email}");
            self.project(id).is_some_and(|project| project.policy.holds(role, &member))
        };
        match member.split_once(':') {
            None => member == "allUsers" || (member == "allAuthenticatedUsers" && !email.is_empty()),
            Some(("principal" | "principalSet", _)) => self.includes(member, email),
            Some(("serviceAccount", known)) => known == email && !email.is_empty(),
            Some(("user", known)) => known == email && self.people.contains_key(email),
            Some(("projectViewer", id)) => of_project(id, "roles/viewer"),
            Some(("projectEditor", id)) => of_project(id, "roles/editor"),
            Some(("projectOwner", id)) => of_project(id, "roles/owner"),
            Some(_) => false,
        }
    }

    /// Reads the bindings of a policy a caller wants to set; the error is Google's sentence.
    pub(crate) fn read_bindings(&self, policy: &Value) -> Result<Vec<Binding>, String> {
        let mut bindings = Vec::new();
        for binding in policy["bindings"].as_array().into_iter().flatten() {
            let role = binding["role"].as_str().unwrap_or_default();
            if roles::permissions(role).is_none() {
                return Err(format!("Role {role} is not supported for this resource."));
            }
            let members = binding["members"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let members: Vec<String> = members.map(str::to_owned).collect();
            if let Some(bad) = members.iter().find(|member| !self.is_member(member)) {
                return Err(match bad.strip_prefix("serviceAccount:") {
                    Some(email) => format!("Service account {email} does not exist."),
                    None => format!("Invalid member {bad}."),
                });
            }
            let condition = binding.get("condition").cloned();
            bindings.push(Binding { role: role.to_owned(), members, condition });
        }
        Ok(bindings)
    }

    fn is_proxy_agent(&self, email: &str) -> bool {
        self.projects.values().any(|project| project.has_proxy_agent && project.proxy_agent() == email)
    }

    fn is_member(&self, member: &str) -> bool {
        match member.split_once(':') {
            None => matches!(member, "allUsers" | "allAuthenticatedUsers"),
            Some(("serviceAccount", email)) => self.accounts.contains_key(email) || self.is_proxy_agent(email),
            Some(("projectViewer" | "projectEditor" | "projectOwner", id)) => self.project(id).is_some(),
            Some((kind, name)) => {
                matches!(kind, "user" | "group" | "domain" | "principal" | "principalSet") && !name.is_empty()
            }
        }
    }
}
