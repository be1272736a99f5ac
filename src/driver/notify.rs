//! Telling a webhook how a run ended. It is a courtesy: when it fails, the run does not.

use std::time::Duration;

use serde_json::json;

use crate::inputs::engine::error::Findings;
use crate::inputs::engine::raw::RawInputs;
use crate::inputs::webhook::webhook;
use slipway_runner::Console;
use slipway_runner::env::Runner;
use slipway_wire::net::Net;

/// A chat that does not answer within this is not waited for.
const LONGEST: Duration = Duration::from_secs(10);

/// What a chat is told.
struct Message<'a> {
    /// The sign and the headline of the summary.
    headline: String,
    /// What is true now.
    now: &'a [String],
    /// The page of the run.
    run_url: Option<String>,
}

/// Tells how a run ended, once, where an address was given for that: the sign and the headline of its summary, and what
/// is true now. The answer of a chat says nothing of the run, so a failure is a warning.
pub(super) async fn end(console: &Console, runner: &Runner, raw: &RawInputs, headline: String, now: &[String]) {
    if console.is_simulated() {
        return;
    }
    // What is wrong with the address was said when the inputs were read.
    let Some(webhook) = webhook(raw, &mut Findings::default()) else { return };
    let message = &Message { headline, now, run_url: runner.origin.run_url() };
    let body = json!({ "text": text(message) });
    let told = async {
        let net = Net::new(runner.extra_roots.clone()).map_err(|error| error.to_string())?;
        let clients = net.clients_within(LONGEST).map_err(|_| "connections cannot be set up".to_owned())?;
        let post = clients.to(webhook.address()).post(webhook.address().clone());
        // The address is a secret, and an error of the client would show it.
        let answer = post.json(&body).send().await.map_err(|error| reason(&error).to_owned())?;
        let status = answer.status();
        if status.is_success() { Ok(()) } else { Err(format!("it answered {}", status.as_u16())) }
    };
    match told.await {
        Ok(()) => console.line("The webhook was told"),
        Err(why) => console.warning(&format!("The webhook could not be told how the run ended: {why}")),
    }
}

fn reason(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "it did not answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection broke off"
    }
}

/// The message as Slack reads it: `&`, `<` and `>` have a meaning there, and nothing of others may use it.
fn text(message: &Message<'_>) -> String {
    let mut lines = vec![format!("*{}*", escape(&message.headline))];
    lines.extend(message.now.iter().map(|sentence| format!("• {}", escape(sentence))));
    lines.extend(message.run_url.as_ref().map(|url| format!("<{}|The run>", escape(url))));
    lines.join("\n")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_others_has_a_meaning_in_a_chat() {
        let now = ["`web`: <!channel> & <https://evil.example|click>".to_owned()];
        let told =
            text(&Message { headline: "✅ `web` is deployed".into(), now: &now, run_url: Some("https://x/1".into()) });
        assert!(told.contains("&lt;!channel&gt; &amp; &lt;https://evil.example|click&gt;"), "{told}");
        assert!(told.ends_with("<https://x/1|The run>"));
    }
}
