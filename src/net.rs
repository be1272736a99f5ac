//! How connections are made: one TLS configuration, proxies from the environment.
//!
//! Two clients leave this room: reqwest's, for Google's REST, GitHub and probes, and the hyper one
//! that yup-oauth2 insists on. Both trust the same roots and go through the same proxies.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio::net::TcpStream;
use tower_service::Service;

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
    #[error("SSL_CERT_FILE names `{}`, which holds no readable certificates: {why}", path.display())]
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
            let certificates: Vec<_> = CertificateDer::pem_file_iter(&path)
                .and_then(Iterator::collect)
                .map_err(|error| fail(error.to_string()))?;
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

    /// A client that follows no redirects, so that what it carries reaches nobody else.
    ///
    /// # Errors
    /// When the HTTP library refuses the settings.
    pub fn http_client(&self) -> Result<reqwest::Client, NetError> {
        Ok(self.builder().build()?)
    }

    /// The same as a builder, for clients with settings of their own.
    pub fn builder(&self) -> reqwest::ClientBuilder {
        reqwest::Client::builder()
            .tls_backend_preconfigured(self.tls.clone())
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(USER_AGENT)
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
    }

    /// The client yup-oauth2 takes.
    pub fn token_client(&self) -> yup_oauth2::CustomHyperClientBuilder<TokenConnector> {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let proxied = ProxyConnector { http, proxies: std::sync::Arc::new(Matcher::from_env()) };
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(self.tls.clone())
            .https_or_http()
            .enable_http1()
            .wrap_connector(proxied);
        hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build::<_, String>(connector).into()
    }
}

/// TLS over [`ProxyConnector`].
pub type TokenConnector = hyper_rustls::HttpsConnector<ProxyConnector>;

/// Connects directly, or through the proxy that `HTTPS_PROXY` and `NO_PROXY` choose.
#[derive(Clone)]
pub struct ProxyConnector {
    http: HttpConnector,
    proxies: std::sync::Arc<Matcher>,
}

type Connecting<T> = Pin<Box<dyn Future<Output = Result<T, Box<dyn std::error::Error + Send + Sync>>> + Send>>;

impl Service<http::Uri> for ProxyConnector {
    type Response = TokioIo<TcpStream>;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = Connecting<Self::Response>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.http.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, to: http::Uri) -> Self::Future {
        let Some(proxy) = self.proxies.intercept(&to) else {
            let direct = self.http.call(to);
            return Box::pin(async move { Ok(direct.await?) });
        };
        let mut tunnel = Tunnel::new(proxy.uri().clone(), self.http.clone());
        if let Some(auth) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(auth.clone());
        }
        let through = tunnel.call(to);
        Box::pin(async move { Ok(through.await?) })
    }
}
