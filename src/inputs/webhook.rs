//! The address that is told how a run ended.

use std::fmt;

use url::Url;

use crate::inputs::engine::error::Findings;
use crate::inputs::engine::raw::RawInputs;
use crate::inputs::spec::recurring::name;
use slipway_names::address::is_loopback;

/// A Slack-compatible webhook. Whoever knows its address can write there, so it is never shown.
#[derive(Clone)]
pub struct Webhook(Url);

impl Webhook {
    /// The address, for the one place that writes there.
    pub fn address(&self) -> &Url {
        &self.0
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Webhook")
    }
}

/// Reads `notify_webhook`, where a command has it.
pub fn webhook(raw: &RawInputs, findings: &mut Findings) -> Option<Webhook> {
    let text = raw.get(name::NOTIFY_WEBHOOK)?;
    let url = Url::parse(text).ok().filter(|url| {
        let safe = url.scheme() == "https" && url.host_str().is_some() || is_loopback(url);
        safe && url.username().is_empty() && url.password().is_none()
    });
    if url.is_none() {
        let cure = "write the https address that Slack, or what speaks like it, gives for an incoming webhook";
        findings.wrong(name::NOTIFY_WEBHOOK, "it is not an address that can be told", cure);
    }
    url.map(Webhook)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (bool, Vec<String>) {
        let raw = RawInputs::from_texts([("notify_webhook", text.to_owned())]);
        let mut findings = Findings::default();
        let found = webhook(&raw, &mut findings).is_some();
        (found, findings.mistakes.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn only_https_is_told_and_no_mistake_quotes_the_address() {
        assert!(read("https://hooks.slack.com/services/T0/B0/secret").0);
        for text in
            ["http://hooks.example/secret", "hooks.example/secret", "https://u:secret@hooks.example/", "ftp://secret/"]
        {
            let (found, mistakes) = read(text);
            assert!(!found && mistakes.len() == 1 && !mistakes[0].contains("secret"), "{mistakes:?}");
        }
    }
}
