//! What a broken connection says: whether the request can have arrived, and whether the other side was trusted.

use std::error::Error;

/// Whether a request certainly never left.
pub fn is_unsent(error: &reqwest::Error) -> bool {
    error.is_connect() || error.is_builder()
}

/// Whether the other side's certificate was refused: trying again would meet the same one.
pub fn is_distrust(error: &reqwest::Error) -> bool {
    let mut next = Error::source(error);
    while let Some(cause) = next {
        let inner =
            cause.downcast_ref::<std::io::Error>().and_then(|error| error.get_ref()).map(|error| error as &dyn Error);
        let tls = inner.unwrap_or(cause).downcast_ref::<rustls::Error>();
        if matches!(tls, Some(rustls::Error::InvalidCertificate(_))) {
            return true;
        }
        next = inner.or_else(|| cause.source());
    }
    false
}

/// An error with its causes on one line.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        next = cause.source();
    }
    text
}
