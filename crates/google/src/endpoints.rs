//! Where Google's APIs are, and how they are replaced for a test or a private endpoint.

use url::Url;

use slipway_names::address::{is_googles, is_googles_registry, is_loopback};

/// An API of Google's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Api {
    /// Builds.
    CloudBuild,
    /// Services and revisions.
    Run,
    /// Buckets and objects.
    Storage,
    /// Service accounts.
    Iam,
    /// Projects and their permissions.
    ResourceManager,
    /// Image repositories.
    ArtifactRegistry,
    /// Images, as docker reads them; each registry is a host of its own.
    Docker,
    /// Log entries.
    Logging,
    /// Metrics.
    Monitoring,
    /// Sites of Firebase Hosting.
    Hosting,
    /// Their files.
    HostingUpload,
    /// Tokens of people, and whose a token is.
    OAuth,
    /// Exchange of tokens.
    Sts,
    /// Tokens of service accounts.
    IamCredentials,
    /// Which APIs are enabled.
    ServiceUsage,
    /// Secrets.
    SecretManager,
    /// Who pays.
    Billing,
    /// Budgets.
    BillingBudgets,
    /// Firebase Authentication.
    Identity,
}

/// The APIs in use: the name gcloud gives each in its override variables, and its host.
const APIS: [(Api, &str, &str); 19] = [
    (Api::Monitoring, "MONITORING", "https://monitoring.googleapis.com/"),
    (Api::CloudBuild, "CLOUDBUILD", "https://cloudbuild.googleapis.com/"),
    (Api::Run, "RUN", "https://run.googleapis.com/"),
    (Api::Storage, "STORAGE", "https://storage.googleapis.com/"),
    (Api::Iam, "IAM", "https://iam.googleapis.com/"),
    (Api::ResourceManager, "CLOUDRESOURCEMANAGER", "https://cloudresourcemanager.googleapis.com/"),
    (Api::ArtifactRegistry, "ARTIFACTREGISTRY", "https://artifactregistry.googleapis.com/"),
    (Api::Docker, "DOCKER", "https://gcr.io/"),
    (Api::OAuth, "OAUTH2", "https://oauth2.googleapis.com/"),
    (Api::Sts, "STS", "https://sts.googleapis.com/"),
    (Api::IamCredentials, "IAMCREDENTIALS", "https://iamcredentials.googleapis.com/"),
    (Api::Logging, "LOGGING", "https://logging.googleapis.com/"),
    (Api::Hosting, "FIREBASEHOSTING", "https://firebasehosting.googleapis.com/"),
    (Api::ServiceUsage, "SERVICEUSAGE", "https://serviceusage.googleapis.com/"),
    (Api::SecretManager, "SECRETMANAGER", "https://secretmanager.googleapis.com/"),
    (Api::Billing, "CLOUDBILLING", "https://cloudbilling.googleapis.com/"),
    (Api::BillingBudgets, "BILLINGBUDGETS", "https://billingbudgets.googleapis.com/"),
    (Api::Identity, "IDENTITYTOOLKIT", "https://identitytoolkit.googleapis.com/"),
    (Api::HostingUpload, "FIREBASEHOSTINGUPLOAD", "https://upload-firebasehosting.googleapis.com/"),
];

/// The address of every API.
#[derive(Debug, Clone)]
pub struct Endpoints {
    replaced: Vec<(Api, Url)>,
}

impl Endpoints {
    /// Google's own addresses, but for the given replacements: gcloud's name of the API and the
    /// root of its host. In a job any step before may have set them, and requests carry the token: only Google's
    /// own names are taken there.
    ///
    /// # Errors
    /// A sentence per address that is neither https nor on this machine, or in a job not Google's.
    pub fn new(overrides: &[(String, String)], in_job: bool) -> Result<Self, Vec<(String, String)>> {
        let mut replaced = Vec::new();
        let mut mistakes = Vec::new();
        for (name, address) in overrides {
            let variable = format!("CLOUDSDK_API_ENDPOINT_OVERRIDES_{name}");
            // gcloud knows many more APIs; their variables concern others.
            let Some((api, _, usual)) = APIS.iter().find(|(_, other, _)| other == name) else { continue };
            match check(address, in_job.then_some((*api, *usual))) {
                Ok(url) => replaced.push((*api, url)),
                Err(why) => mistakes.push((variable, why)),
            }
        }
        if mistakes.is_empty() { Ok(Self { replaced }) } else { Err(mistakes) }
    }

    /// The address of a method: the API's root and `path` behind it.
    pub fn url(&self, api: Api, path: &str) -> String {
        let root = match self.replaced.iter().find(|(other, _)| *other == api) {
            Some((_, url)) => url.as_str(),
            None => APIS.iter().find(|(other, ..)| *other == api).map_or("", |(_, _, root)| root),
        };
        format!("{}/{}", root.trim_end_matches('/'), path.trim_start_matches('/'))
    }

    /// The same on the host of a region, for what only those have: `REGION-run.googleapis.com`. A replaced
    /// root stands for all regions.
    pub fn regional(&self, api: Api, region: &str, path: &str) -> String {
        let url = self.url(api, path);
        let replaced = self.replaced.iter().any(|(other, _)| *other == api);
        if replaced { url } else { url.replacen("https://", &format!("https://{region}-"), 1) }
    }

    /// The same on a host of its own, for images. A replaced root stands for all registries.
    pub fn on_host(&self, api: Api, host: &str, path: &str) -> String {
        match self.replaced.iter().any(|(other, _)| *other == api) {
            true => self.url(api, path),
            false => format!("https://{host}/{path}"),
        }
    }

    /// The hosts that stand in for Google's, for the line that says so.
    pub fn replaced_hosts(&self) -> Vec<String> {
        let mut hosts: Vec<String> = self.replaced.iter().map(|(_, url)| url.authority().to_owned()).collect();
        hosts.sort();
        hosts.dedup();
        hosts
    }
}

/// Checks an address; with an API and its usual root, that it is Google's for this API.
fn check(address: &str, googles: Option<(Api, &str)>) -> Result<Url, String> {
    const CURE: &str = "write the root of an https host (http only on this machine)";
    let url = Url::parse(address).map_err(|why| format!("`{address}` is not an address ({why}); {CURE}"))?;
    let plain =
        url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    let safe = url.scheme() == "https" && url.host_str().is_some() || is_loopback(&url);
    if !plain || !safe {
        return Err(format!("`{address}` is not allowed; {CURE}"));
    }
    let Some((api, usual)) = googles.filter(|_| !is_loopback(&url)) else { return Ok(url) };
    if api == Api::Docker {
        return match is_googles_registry(&url) {
            true => Ok(url),
            false => {
                Err(format!("`{address}` is no registry of Google's, and requests carry the access token; {REMOVE}"))
            }
        };
    }
    let host = usual.trim_start_matches("https://").trim_end_matches('/');
    let name = host.split('.').next().unwrap_or_default();
    match is_googles(&url, name) {
        true => Ok(url),
        false => Err(format!(
            "`{address}` is not Google's, and requests carry the access token: a job takes `{host}`, `REGION-{host}`, `{name}.REGION.rep.googleapis.com`, `{name}-NAME.p.googleapis.com` and addresses of this machine; {REMOVE}"
        )),
    }
}

const REMOVE: &str = "remove the variable, or find out which step before this one sets it";

/// One segment of a path, percent-encoded, so that no name can lead elsewhere.
pub fn segment(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replace(name: &str, address: &str) -> Result<Endpoints, Vec<(String, String)>> {
        Endpoints::new(&[(name.to_owned(), address.to_owned())], false)
    }

    #[test]
    fn paths_follow_the_root_once() {
        let google = Endpoints::new(&[], true).expect("none replaced");
        assert_eq!(google.url(Api::Run, "/v2/x"), "https://run.googleapis.com/v2/x");
        assert_eq!(
            google.regional(Api::Run, "europe-west1", "apis/x"),
            "https://europe-west1-run.googleapis.com/apis/x"
        );
        let replaced = replace("RUN", "http://127.0.0.1:9").expect("loopback");
        assert_eq!(replaced.regional(Api::Run, "europe-west1", "apis/x"), "http://127.0.0.1:9/apis/x");
        assert_eq!(replaced.url(Api::Run, "v2/x"), "http://127.0.0.1:9/v2/x");
        assert_eq!(replaced.replaced_hosts(), ["127.0.0.1:9"]);
        assert_eq!(google.on_host(Api::Docker, "eu.gcr.io", "v2/x"), "https://eu.gcr.io/v2/x");
        let replaced = replace("DOCKER", "http://127.0.0.1:9").expect("loopback");
        assert_eq!(replaced.on_host(Api::Docker, "eu.gcr.io", "v2/x"), "http://127.0.0.1:9/v2/x");
    }

    #[test]
    fn only_https_and_this_machine_are_allowed() {
        for address in ["https://run.example/", "http://localhost:1/", "http://[::1]:2/"] {
            assert!(replace("RUN", address).is_ok(), "{address}");
        }
        for address in
            ["http://10.0.0.1/", "http://run.googleapis.com/", "ftp://x/", "x", "https://u:p@x/", "https://x/?a=1"]
        {
            assert!(replace("RUN", address).is_err(), "{address}");
            assert!(replace("STS", address).is_err(), "{address}");
        }
        assert!(replace("BIGQUERY", "http://10.0.0.1/").is_ok());
    }

    #[test]
    fn a_job_takes_googles_own_names_of_every_api() {
        let check = |name: &str, address: &str| Endpoints::new(&[(name.to_owned(), address.to_owned())], true);
        for (api, name, root) in APIS {
            assert!(check(name, root).is_ok(), "{name}");
            assert!(check(name, "http://127.0.0.1:7/").is_ok(), "{name}");
            assert!(check(name, "https://evil.example/").is_err(), "{name}");
            if api != Api::Docker {
                let usual = root.trim_start_matches("https://");
                assert!(check(name, &format!("https://us-east1-{usual}")).is_ok(), "{name}");
                let private = usual.replacen(".googleapis.com", "-vpc1.p.googleapis.com", 1);
                assert!(check(name, &format!("https://{private}")).is_ok(), "{name}");
            }
        }
        let why = check("RUN", "https://run.example/").expect_err("a stranger")[0].1.clone();
        assert!(why.contains("`run.googleapis.com`") && why.contains("remove the variable"), "{why}");
        // What concerns other tools is no mistake here.
        assert!(check("BIGQUERY", "https://evil.example/").is_ok());
    }

    #[test]
    fn a_name_stays_inside_its_segment() {
        assert_eq!(segment("logs/log-1.txt"), "logs%2Flog-1.txt");
        assert_eq!(segment("../é"), "..%2F%C3%A9");
    }
}
