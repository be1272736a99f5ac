//! Google's metadata server: the tokens of the service account that a machine in Google Cloud has.
//!
//! It answers whoever is on the machine, over plain HTTP on the machine's own link; nothing secret is sent to it
//! (docs: compute/docs/access/authenticate-workloads, run/docs/container-contract).

use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use url::Url;

use super::error::ApiError;
use super::granted::{self, Granted};
use super::http::{Body, Call, Http, Reply};
use super::patience::Patience;
use slipway_wire::repeat::Repeat;

/// It answers in milliseconds; a token that it has to fetch takes a second.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What the server says of itself; something else at its address does not (google-auth-library-python, `_metadata.py`).
const FLAVOR: (&str, &str) = ("metadata-flavor", "Google");

/// Where the account's things are.
const ACCOUNT: &str = "computeMetadata/v1/instance/service-accounts/default/";

/// The account of the machine.
pub(super) struct MachineAccount {
    /// Its address.
    pub(super) email: String,
    /// What its tokens are for; empty where that is not said.
    pub(super) scopes: Vec<String>,
}

/// Which account the machine has.
///
/// # Errors
/// When there is no such server, or no account.
pub(super) async fn account(http: &Http, server: &Url) -> Result<MachineAccount, ApiError> {
    let query = vec![("recursive", "true".to_owned())];
    ask(http, server, "", query, "read the machine's service account", |answer| {
        let answer = json(answer)?;
        let email = answer.get("email").and_then(Value::as_str).ok_or("it names no account")?;
        let scopes = answer.get("scopes").and_then(Value::as_array).into_iter().flatten();
        let scopes = scopes.filter_map(Value::as_str).map(str::to_owned).collect();
        Ok(MachineAccount { email: email.to_owned(), scopes })
    })
    .await
}

/// An access token; the server keeps one and gives it out until shortly before its end.
///
/// # Errors
/// When there is no such server, or no account.
pub(super) async fn access(http: &Http, server: &Url) -> Result<Granted, ApiError> {
    ask(http, server, "token", Vec::new(), "get an access token of the machine", |answer| {
        Granted::of_oauth(&json(answer)?)
    })
    .await
}

/// An identity token.
///
/// # Errors
/// When there is no such server, or no account.
pub(super) async fn identity(http: &Http, server: &Url, audience: &str) -> Result<String, ApiError> {
    let query = vec![("audience", audience.to_owned()), ("format", "full".to_owned())];
    ask(http, server, "identity", query, "get an identity token of the machine", |answer| {
        let text = std::str::from_utf8(&answer.body).map_err(|_| "it is no text".to_owned())?;
        granted::text(&serde_json::json!({ "token": text.trim() }), "token")
    })
    .await
}

fn json(answer: &Reply) -> Result<Value, String> {
    serde_json::from_slice(&answer.body).map_err(|error| format!("it is no JSON ({error})"))
}

async fn ask<T>(
    http: &Http,
    server: &Url,
    what: &str,
    query: Vec<(&'static str, String)>,
    doing: &str,
    take: impl Fn(&Reply) -> Result<T, String>,
) -> Result<T, ApiError> {
    let call = Call {
        doing: doing.to_owned(),
        method: Method::GET,
        url: format!("{}{ACCOUNT}{what}", server.as_str()),
        query,
        headers: vec![("metadata-flavor", FLAVOR.1.to_owned())],
        body: Body::Empty,
        repeat: Repeat::Always,
        patience: Patience::USUAL,
        authorized: false,
        timeout: TIMEOUT,
        secret_url: false,
    };
    http.reply_with(&call, |reply| {
        match reply.headers.get(FLAVOR.0).is_some_and(|flavor| flavor.as_bytes() == FLAVOR.1.as_bytes()) {
            true => take(&reply),
            false => Err("this is not Google's metadata server".into()),
        }
    })
    .await
}
