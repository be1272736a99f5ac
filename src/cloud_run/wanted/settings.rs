//! How a service, a worker pool or the container of a job shall run: what is changed, in the words of Cloud Run.

use std::time::Duration;

use serde_json::Value;

use super::edit::Edit;
use super::names::{ByName, Changes, Several};
use super::repoint::Repoint;
use slipway_names::ids::AccountEmail;

/// A volume in a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// The volume's name.
    pub volume: String,
    /// The directory of it that is mounted, where it is not all of it.
    pub part: Option<String>,
}

/// A container beside the one that the image is for.
#[derive(Debug, Clone)]
pub struct Beside {
    /// Its name.
    pub name: String,
    /// Its image; `None` leaves the one it has.
    pub image: Option<String>,
    /// What is changed in it: of all settings those of a container.
    pub settings: Settings,
}

/// A reference to a secret's version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretRef {
    /// Name, or `projects/P/secrets/NAME` for another project's.
    pub secret: String,
    /// A number or `latest`.
    pub version: String,
}

/// Who may send requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ingress {
    /// Everybody.
    All,
    /// The project's networks.
    Internal,
    /// The project's networks and its load balancers.
    InternalAndLoadBalancing,
}

/// Settings of the service; `None` leaves what the service has.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The container that image and settings are for.
    pub container: Option<String>,
    /// The port it listens on.
    pub port: Option<u16>,
    /// CPUs as Google writes them.
    pub cpu: Option<String>,
    /// Memory as Google writes it.
    pub memory: Option<String>,
    /// Requests per instance.
    pub concurrency: Option<u32>,
    /// Longest request.
    pub timeout: Option<Duration>,
    /// Instances of a worker pool.
    pub instances: Option<u32>,
    /// Warm instances.
    pub min_instances: Option<u32>,
    /// Instances at most.
    pub max_instances: Option<u32>,
    /// Environment variables.
    pub env: Changes<String>,
    /// Secret references, by variable or by path.
    pub secrets: Changes<SecretRef>,
    /// Labels, the default ones included.
    pub labels: Vec<(String, String)>,
    /// Account the service runs as.
    pub runtime_account: Option<AccountEmail>,
    /// Cloud SQL instances.
    pub cloudsql: Option<Several>,
    /// Audiences of identity tokens.
    pub audiences: Option<Several>,
    /// Serverless VPC Access connector.
    pub vpc_connector: Option<String>,
    /// Direct egress: network.
    pub network: Option<String>,
    /// Direct egress: subnetwork.
    pub subnet: Option<String>,
    /// All traffic through the VPC (true) or private ranges only (false).
    pub vpc_egress_all: Option<bool>,
    /// Who may send requests.
    pub ingress: Option<Ingress>,
    /// Second generation (true) or first (false).
    pub second_generation: Option<bool>,
    /// More CPU at start.
    pub cpu_boost: Option<bool>,
    /// CPU only while serving.
    pub cpu_throttling: Option<bool>,
    /// Same client, same instance.
    pub session_affinity: Option<bool>,
    /// Entrypoint.
    pub command: Option<Vec<String>>,
    /// Arguments.
    pub args: Option<Vec<String>>,
    /// Ending of the revision's name.
    pub suffix: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// Everybody may call it (true), or nobody without a grant (false).
    pub public: Option<bool>,
    /// Whether callers are asked who they are (true), or nobody is (false).
    pub invoker_check: Option<bool>,
    /// Another version of a secret that the service reads.
    pub repoint: Option<Box<Repoint>>,
    /// HTTP/2 to the container (true) or HTTP/1 (false).
    pub http2: Option<bool>,
    /// Firewall tags of the interface for direct egress; none takes them away.
    pub network_tags: Option<Vec<String>>,
    /// Volumes, by name, as the document has them.
    pub volumes: ByName<Value>,
    /// Where the container mounts them.
    pub volume_mounts: ByName<Mount>,
    /// Containers beside the one that the image is for, or further settings of that.
    pub containers: Vec<Beside>,
    /// Containers that go.
    pub remove_containers: Vec<String>,
    /// Variables and references that `null` takes away, which is also what is made of a secret that does not exist.
    pub nulls: Vec<String>,
    /// Labels that go.
    pub labels_gone: Vec<String>,
    /// Who may call the service besides those who may already.
    pub invokers: Vec<String>,
    /// Whether all labels go that are there.
    pub labels_all_gone: bool,
    /// Changes of single fields.
    pub edits: Vec<Edit>,
    /// Inputs whose text only says that what is there goes, and that are no single field.
    pub gone: Vec<&'static str>,
}
