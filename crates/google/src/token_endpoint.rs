//! Google's token endpoint, asked by yup-oauth2 over our own request path.
//!
//! By itself yup-oauth2 asks over a client of its own. It looks at no status, reads answers of any size, takes an
//! object without a token for a token that never ends and keeps it, and panics over a life that is too long for a
//! date. So its network is a pipe within this process: what it writes into it is asked as every other request is, and
//! nothing but a token that makes sense comes back. What it keeps is never used again: which token is at hand is
//! known in `token.rs` alone.

use std::convert::Infallible;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::UnixStream;
use tokio::sync::mpsc;
use tower_service::Service;
use yup_oauth2::authenticator::Authenticator;
use yup_oauth2::authorized_user::AuthorizedUserSecret;
use yup_oauth2::{AuthorizedUserAuthenticator, CustomHyperClientBuilder, ServiceAccountAuthenticator};

use super::error::ApiError;
use super::granted::{Granted, SCOPE};
use super::http::{Body, Call, Http};
use super::patience::Patience;
use slipway_wire::repeat::Repeat;
use slipway_wire::trouble::chain;

/// The token endpoint answers within a second or not at all.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What is shown at a token endpoint.
pub(super) struct TokenEndpoint {
    authenticator: Authenticator<Pipes>,
    /// The ends of pipes that yup-oauth2 opened.
    opened: tokio::sync::Mutex<mpsc::UnboundedReceiver<UnixStream>>,
}

/// Why there is no token.
pub(super) enum Untold {
    /// The endpoint refused, or gave no sensible answer.
    Answer(Box<ApiError>),
    /// It was not asked: what would be shown there cannot be made.
    Unasked(String),
}

impl TokenEndpoint {
    /// Assertions signed with a key.
    ///
    /// # Errors
    /// Why the key cannot sign.
    pub(super) async fn of_key(key: yup_oauth2::ServiceAccountKey) -> Result<Self, String> {
        let (client, opened) = network();
        let built = ServiceAccountAuthenticator::with_client(key, client).build().await;
        Ok(Self::new(built.map_err(|error| error.to_string())?, opened))
    }

    /// A person's refresh token.
    ///
    /// # Errors
    /// None is known.
    pub(super) async fn of_person(secret: AuthorizedUserSecret) -> Result<Self, String> {
        let (client, opened) = network();
        let built = AuthorizedUserAuthenticator::with_client(secret, client).build().await;
        Ok(Self::new(built.map_err(|error| error.to_string())?, opened))
    }

    fn new(authenticator: Authenticator<Pipes>, opened: mpsc::UnboundedReceiver<UnixStream>) -> Self {
        Self { authenticator, opened: tokio::sync::Mutex::new(opened) }
    }

    /// Asks for a new token at this address, and nowhere else; the whole answer comes with it.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn ask(&self, http: &Http, address: &str, doing: &str) -> Result<(Granted, Value), Untold> {
        let mut opened = self.opened.lock().await;
        let answer = Mutex::new(None);
        let service = service_fn(async |request: Request<Incoming>| {
            let told = match request.into_body().collect().await {
                Ok(form) => Some(http.json_with(&call(address, form.to_bytes(), doing), take).await),
                Err(_) => None,
            };
            let back = match &told {
                Some(Ok((granted, _))) => json!({
                    "access_token": granted.token,
                    "expires_in": granted.lives.as_secs(),
                    "token_type": "Bearer",
                }),
                _ => json!({"error": "unanswered"}),
            };
            *answer.lock().unwrap_or_else(PoisonError::into_inner) = told;
            Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(back.to_string()))))
        });
        let serve = async {
            // A pipe of a request that was given up breaks off at once; the next one is this request's.
            while let Some(pipe) = opened.recv().await {
                let served = http1::Builder::new().keep_alive(false).serve_connection(TokioIo::new(pipe), &service);
                let _broken_off = served.await;
            }
            std::future::pending::<Infallible>().await
        };
        let asked = tokio::select! {
            asked = self.authenticator.force_refreshed_token(&[SCOPE]) => asked,
            never = serve => match never {},
        };
        match (answer.into_inner().unwrap_or_else(PoisonError::into_inner), asked) {
            (Some(Err(error)), _) => Err(Untold::Answer(Box::new(error))),
            (Some(Ok(told)), Ok(token)) if token.token() == Some(told.0.token.as_str()) => Ok(told),
            (_, Ok(_)) => Err(Untold::Unasked("the answer was lost on its way".into())),
            (_, Err(error)) => Err(Untold::Unasked(chain(&error))),
        }
    }
}

/// The request with this form. Asking for a token changes nothing, so it may always be sent again.
fn call(address: &str, form: Bytes, doing: &str) -> Call {
    Call {
        doing: doing.to_owned(),
        method: Method::POST,
        url: address.to_owned(),
        query: Vec::new(),
        headers: Vec::new(),
        body: Body::Pieces("application/x-www-form-urlencoded".into(), vec![form]),
        repeat: Repeat::Always,
        patience: Patience::USUAL,
        authorized: false,
        timeout: TIMEOUT,
        secret_url: false,
    }
}

/// OAuth's word and sentence, where the endpoint itself refused what it was shown; nothing for any other trouble.
pub(super) fn words(error: &ApiError) -> Option<String> {
    let refusal = error.refusal().filter(|refusal| error.is_refused() && !refusal.word.is_empty())?;
    // The sentence may quote what was sent; an assertion has no place in a log.
    let clipped: Vec<&str> = refusal.message.split_whitespace().filter(|word| word.len() < 120).collect();
    let sentence: String = clipped.join(" ").chars().take(300).collect();
    Some(if sentence.is_empty() { refusal.word.clone() } else { format!("{}: {sentence}", refusal.word) })
}

fn take(answer: Value) -> Result<(Granted, Value), String> {
    Ok((Granted::of_oauth(&answer)?, answer))
}

/// What yup-oauth2 takes for a network: each connection is a pipe, whose other end is handed over.
#[derive(Clone)]
struct Pipes(mpsc::UnboundedSender<UnixStream>);

fn network() -> (CustomHyperClientBuilder<Pipes>, mpsc::UnboundedReceiver<UnixStream>) {
    let (hand_over, opened) = mpsc::unbounded_channel();
    // Each request has a pipe of its own: one that is left over could belong to a request that was given up.
    let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build::<_, String>(Pipes(hand_over));
    (client.into(), opened)
}

impl Service<Uri> for Pipes {
    type Response = TokioIo<UnixStream>;
    type Error = io::Error;
    type Future = std::future::Ready<io::Result<Self::Response>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let pipe = UnixStream::pair().and_then(|(ours, other)| {
            let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
            self.0.send(other).map_err(gone).map(|()| TokioIo::new(ours))
        });
        std::future::ready(pipe)
    }
}
