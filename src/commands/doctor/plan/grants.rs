//! Whether policies let an account do something: yes, no, or not to be told from what may be read.

/// A policy, as far as it could be read.
#[derive(Debug, Clone)]
pub struct Policy {
    /// What it is the policy of, for sentences.
    pub of: String,
    /// Its bindings; `None` where it may not be read.
    pub bindings: Option<Vec<RoleBinding>>,
}

/// One role and who holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleBinding {
    /// The role.
    pub role: String,
    /// Who holds it.
    pub members: Vec<String>,
    /// Whether it holds only sometimes.
    pub conditional: bool,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holds {
    /// By this role, on this.
    Yes(String, String),
    /// None of the policies that were read says so, and all were read. A folder's or the organisation's are not among them.
    Nowhere,
    /// The policies do not tell.
    Unknown,
}

/// Predefined roles that hold a permission, of those that people grant (docs: iam/docs/roles-permissions).
const HOLDERS: &[(&str, &[&str])] = &[
    (
        "artifactregistry.repositories.uploadArtifacts",
        &[
            "roles/artifactregistry.writer",
            "roles/artifactregistry.createOnPushWriter",
            "roles/artifactregistry.repoAdmin",
            "roles/artifactregistry.createOnPushRepoAdmin",
            "roles/artifactregistry.editor",
            "roles/artifactregistry.admin",
            "roles/cloudbuild.builds.builder",
            "roles/run.builder",
            "roles/editor",
            "roles/owner",
        ],
    ),
    (
        "artifactregistry.repositories.createOnPush",
        &[
            "roles/artifactregistry.createOnPushWriter",
            "roles/artifactregistry.createOnPushRepoAdmin",
            "roles/artifactregistry.editor",
            "roles/artifactregistry.admin",
            "roles/cloudbuild.builds.builder",
            "roles/editor",
            "roles/owner",
        ],
    ),
    (
        "storage.objects.get",
        &[
            "roles/storage.objectViewer",
            "roles/storage.objectUser",
            "roles/storage.objectAdmin",
            "roles/storage.admin",
            "roles/storage.legacyObjectReader",
            "roles/storage.legacyObjectOwner",
            "roles/cloudbuild.builds.builder",
            "roles/run.builder",
        ],
    ),
    (
        "storage.objects.create",
        &[
            "roles/storage.objectCreator",
            "roles/storage.objectUser",
            "roles/storage.objectAdmin",
            "roles/storage.admin",
            "roles/storage.legacyBucketWriter",
            "roles/storage.legacyBucketOwner",
            "roles/cloudbuild.builds.builder",
        ],
    ),
    (
        "secretmanager.versions.access",
        &["roles/secretmanager.secretAccessor", "roles/secretmanager.admin", "roles/owner"],
    ),
    ("artifactregistry.repositories.downloadArtifacts", &["roles/run.serviceAgent", "roles/artifactregistry.reader"]),
];

/// Whether `member` holds `permission` by these policies.
pub fn held(policies: &[Policy], member: &str, permission: &str) -> Holds {
    let holders = HOLDERS.iter().find(|(name, _)| *name == permission).map(|(_, roles)| *roles).unwrap_or_default();
    let mut told = !policies.is_empty();
    for policy in policies {
        let Some(bindings) = &policy.bindings else {
            told = false;
            continue;
        };
        for binding in bindings {
            let known = holders.contains(&binding.role.as_str());
            let own = binding.members.iter().any(|other| means(policies, other, member));
            if own && known && !binding.conditional {
                return Holds::Yes(binding.role.clone(), policy.of.clone());
            }
            // A role of the user's own making, a condition or a group may well grant it.
            let predefined = binding.role.starts_with("roles/");
            let group = binding.members.iter().any(|other| GROUPS.iter().any(|start| other.starts_with(start)));
            if (own || group) && (known || !predefined) {
                told = false;
            }
        }
    }
    if told { Holds::Nowhere } else { Holds::Unknown }
}

/// Whether a member of a binding is this account, or holds a basic role of the project that the binding goes by.
fn means(policies: &[Policy], other: &str, member: &str) -> bool {
    let basic = match other.split_once(':') {
        Some(("projectOwner", _)) => "roles/owner",
        Some(("projectEditor", _)) => "roles/editor",
        Some(("projectViewer", _)) => "roles/viewer",
        _ => return other == member || EVERYBODY.contains(&other),
    };
    let mut bindings = policies.iter().filter_map(|policy| policy.bindings.as_ref()).flatten();
    bindings.any(|one| one.role == basic && one.members.iter().any(|known| known == member))
}

const EVERYBODY: [&str; 2] = ["allUsers", "allAuthenticatedUsers"];

const GROUPS: [&str; 3] = ["group:", "domain:", "principalSet:"];

#[cfg(test)]
mod tests {
    use super::*;

    const PUSH: &str = "artifactregistry.repositories.uploadArtifacts";

    fn policy(role: &str, member: &str, conditional: bool) -> Policy {
        let binding = RoleBinding { role: role.into(), members: vec![member.into()], conditional };
        Policy { of: "project `p`".into(), bindings: Some(vec![binding]) }
    }

    #[test]
    fn what_is_not_to_be_told_is_never_a_no() {
        let me = "serviceAccount:b@p.iam.gserviceaccount.com";
        let writer = "roles/artifactregistry.writer";
        let yes = Holds::Yes(writer.into(), "project `p`".into());
        assert_eq!(held(&[policy(writer, me, false)], me, PUSH), yes);
        assert_eq!(held(&[policy("roles/run.viewer", me, false)], me, PUSH), Holds::Nowhere);
        for unknown in
            [policy(writer, me, true), policy("projects/p/roles/own", me, false), policy(writer, "group:a@b.c", false)]
        {
            assert_eq!(held(&[unknown], me, PUSH), Holds::Unknown);
        }
        let unread = Policy { of: "repository `r`".into(), bindings: None };
        assert_eq!(held(&[policy("roles/run.viewer", me, false), unread], me, PUSH), Holds::Unknown);
        assert_eq!(held(&[], me, PUSH), Holds::Unknown);
    }
}
