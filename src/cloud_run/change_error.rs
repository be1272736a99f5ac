//! Why a service, a worker pool or a job cannot be changed as asked: what is there would be broken or lost.

use slipway_failure::{Class, Explain};
use slipway_names::shown::listed;

/// What is there cannot be changed as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// The named container is not there.
    #[error("the service has no container `{asked}` (it has {})", listed(there))]
    NoSuchContainer {
        /// The name that was given.
        asked: String,
        /// The names that exist.
        there: Vec<String>,
    },
    /// Somebody deployed since the service was looked at.
    #[error("somebody deployed to the service meanwhile")]
    Overtaken,
    /// Something else is mounted where files of a secret, or sockets, are to be.
    #[error("`{path}` is where {there} is mounted, and `{input}` would take its place")]
    Occupied {
        /// Where.
        path: String,
        /// What is mounted there, in words.
        there: String,
        /// The input that asks for the place.
        input: &'static str,
    },
    /// Files of another secret are there, and would go.
    #[error(
        "`{directory}` holds {} of secret `{there}`, and a directory holds files of one secret only: mounting `{asked}` there would take that away",
        listed(files)
    )]
    OtherSecret {
        /// Where.
        directory: String,
        /// The secret whose files are there.
        there: String,
        /// Its files that nothing takes the place of.
        files: Vec<String>,
        /// The secret that is to be mounted.
        asked: String,
    },
    /// The subnetwork that is there is another network's.
    #[error("`network` is `{asked}`, and subnetwork `{subnet}` that is there is one of network `{there}`")]
    OtherNetwork {
        /// The network that is asked for.
        asked: String,
        /// The network that is there.
        there: String,
        /// The subnetwork that is there.
        subnet: String,
    },
    /// A volume that is to be mounted is not there.
    #[error("`volume_mounts` mounts volume `{asked}` at `{path}`, and there is none (there are {})", listed(there))]
    NoSuchVolume {
        /// Where.
        path: String,
        /// The volume that is asked for.
        asked: String,
        /// Those that exist.
        there: Vec<String>,
    },
    /// A new container needs an image.
    #[error("container `{name}` is not there yet, and has no `image`")]
    NoImage {
        /// Its name.
        name: String,
    },
    /// The container that gets the image is to be removed.
    #[error("`remove_containers` names `{name}`, which is the container that is deployed")]
    RemovesApp {
        /// Its name.
        name: String,
    },
    /// A container waits for one that is not there.
    #[error("container `{of}` waits for `{asked}`, and there is none (there are {})", listed(there))]
    NoSuchDependency {
        /// Who waits.
        of: String,
        /// For whom.
        asked: String,
        /// The names that exist.
        there: Vec<String>,
    },
    /// Firewall tags need an interface.
    #[error("`network_tags` are an interface's, and there is none: it is not said which network is reached")]
    NoInterface,
    /// A job that is there has containers besides the one that a pre-deploy job has.
    #[error("the job has the containers {}, and a pre-deploy job has one: the others would go", listed(there))]
    Sidecars {
        /// Their names.
        there: Vec<String>,
    },
}

impl Explain for ChangeError {
    fn class(&self) -> Class {
        match self {
            ChangeError::Overtaken => Class::Superseded,
            _ => Class::Config,
        }
    }

    fn hints(&self) -> Vec<String> {
        vec![match self {
            ChangeError::NoSuchContainer { .. } => {
                "Write one of its names in `container`, or leave `container` out for the one that has a port".into()
            }
            ChangeError::Overtaken => "Run again when that deploy has ended".into(),
            ChangeError::Occupied { input: "secrets", .. } => {
                "Mount the secret in a directory of its own, such as `/secrets/NAME/FILE`".into()
            }
            ChangeError::Occupied { there, .. } => format!("Mount {there} elsewhere first"),
            ChangeError::OtherSecret { .. } => {
                "Mount it in another directory, or write `secrets_update_strategy: overwrite` to keep only what `secrets` names".into()
            }
            ChangeError::OtherNetwork { asked, .. } => {
                format!("Name a subnetwork of `{asked}` as well: `subnet`")
            }
            ChangeError::NoSuchVolume { asked, .. } => format!("Give volume `{asked}` in `volumes`"),
            ChangeError::NoImage { name } => format!("Give `image` of `{name}` in `containers`"),
            ChangeError::RemovesApp { .. } => "Name another one in `container`, or take it out of the list".into(),
            ChangeError::NoSuchDependency { asked, .. } => {
                format!("Give container `{asked}` in `containers`, or take it out of `depends_on`")
            }
            ChangeError::NoInterface => "Give `network` or `subnet` too".into(),
            ChangeError::Sidecars { .. } => {
                "Give `name` in `pre_deploy_job` the name of another job, which is made when it is missing".into()
            }
        }]
    }
}
