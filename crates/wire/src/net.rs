//! How connections are made: one TLS configuration, proxies from the environment.
//!
//! A proxy sees the names of hosts and nothing else, because everything that leaves this machine is encrypted for the
//! other side. What is not encrypted goes to this machine itself or to the metadata server, and through no proxy: else
//! a variable would be enough to have a token read by a stranger.

use std::path::PathBuf;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use url::Url;

use slipway_names::address::is_near;
use slipway_names::place::{self as place, Places};

/// A connection that is not made in this time would not be made in a minute either.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Silence in the middle of an answer for this long means the other side is gone.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// What every client says it is.
pub const USER_AGENT: &str = concat!("slipway/", env!("CARGO_PKG_VERSION"));

/// Why connections cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// The file of extra roots is of no use.
    #[error("`{}` (`ca_certificates`, or SSL_CERT_FILE) holds no readable certificates: {why}", path.display())]
    Roots {
        /// The file.
        path: PathBuf,
        /// The reason.
        why: String,
    },
    /// The TLS library refused its configuration.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
    /// The HTTP library refused its configuration.
    #[error("HTTP cannot be set up: {0}")]
    Http(#[from] reqwest::Error),
}

/// The settings all clients share.
#[derive(Debug, Clone)]
pub struct Net {
    tls: rustls::ClientConfig,
}

impl Net {
    /// Trusts the built-in roots (the image holds no others) and those of `extra_roots`.
    ///
    /// # Errors
    /// When the file of extra roots cannot be read or holds none.
    pub fn new(extra_roots: Option<PathBuf>) -> Result<Self, NetError> {
        let mut roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        if let Some(path) = extra_roots {
            let fail = |why: String| NetError::Roots { path: path.clone(), why };
            let text = Places::anywhere().bytes(&path, place::LARGEST).map_err(|error| fail(format!("it {error}")))?;
            let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
            let certificates = certificates.map_err(|error| fail(error.to_string()))?;
            let (added, _) = roots.add_parsable_certificates(certificates);
            if added == 0 {
                return Err(fail("there is no certificate in it".into()));
            }
        }
        let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { tls })
    }

    /// Clients that follow no redirects, so that what they carry reaches nobody else.
    ///
    /// # Errors
    /// When the HTTP library refuses the settings.
    pub fn clients(&self) -> Result<HttpClients, NetError> {
        HttpClients::new(|| self.builder())
    }

    /// The same with a limit for whole answers.
    ///
    /// # Errors
    /// When the HTTP library refuses the settings.
    pub fn clients_within(&self, limit: Duration) -> Result<HttpClients, NetError> {
        HttpClients::new(|| self.builder().timeout(limit))
    }

    fn builder(&self) -> reqwest::ClientBuilder {
        reqwest::Client::builder()
            .tls_backend_preconfigured(self.tls.clone())
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(USER_AGENT)
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
    }
}

/// Two clients that differ in whether they go through proxies.
#[derive(Debug, Clone)]
pub struct HttpClients {
    proxied: reqwest::Client,
    direct: reqwest::Client,
}

impl HttpClients {
    fn new(builder: impl Fn() -> reqwest::ClientBuilder) -> Result<Self, NetError> {
        Ok(Self { proxied: builder().build()?, direct: builder().no_proxy().build()? })
    }

    /// The client for an address.
    pub fn to(&self, address: &Url) -> &reqwest::Client {
        if is_near(address) { &self.direct } else { &self.proxied }
    }
}
