//! Whose an address is: this machine's, the metadata server's, or Google's own.

use url::{Host, Url};

/// Google's domain; nobody else gives out names below it.
const GOOGLE: &str = "googleapis.com";

/// Names and addresses of Google's metadata server, which a machine in Google Cloud reaches over its own link.
const METADATA: [&str; 3] = ["metadata.google.internal", "metadata", "[fd20:ce::254]"];

/// Whether an address stays on this machine.
pub fn is_loopback(url: &Url) -> bool {
    let local = match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    local && matches!(url.scheme(), "http" | "https")
}

/// Whether an address is the metadata server's: one of its names, or on the machine's own link, where clusters put a
/// server of theirs.
pub fn is_metadata(url: &Url) -> bool {
    let on_link = matches!(url.host(), Some(Host::Ipv4(ip)) if ip.is_link_local());
    let named = url.port().is_none() && url.host_str().is_some_and(|host| METADATA.contains(&host));
    url.scheme() == "http" && (on_link || named)
}

/// Whether an address leaves neither this machine nor its link to Google: no proxy has anything to do with it.
pub fn is_near(url: &Url) -> bool {
    is_loopback(url) || is_metadata(url)
}

/// Whether a https address is Google's for an API whose usual host begins with `name`: `run.googleapis.com`, a
/// region's `europe-west1-run.googleapis.com` or `run.europe-west1.rep.googleapis.com`, or a name that a network of
/// the user's leads to Google, `run-NAME.p.googleapis.com` (Private Service Connect).
pub fn is_googles(url: &Url, name: &str) -> bool {
    let Some(Host::Domain(host)) = url.host() else { return false };
    if url.scheme() != "https" || url.port().is_some() {
        return false;
    }
    let Some((first, rest)) = host.strip_suffix(GOOGLE).and_then(|host| host.strip_suffix('.')).map(|labels| {
        let (first, rest) = labels.split_once('.').unwrap_or((labels, ""));
        (first, rest)
    }) else {
        return false;
    };
    let regional = first.strip_suffix(name).and_then(|region| region.strip_suffix('-'));
    let private = first.strip_prefix(name).and_then(|endpoint| endpoint.strip_prefix('-'));
    let words = |text: &str| !text.is_empty() && !text.contains('.') && !text.starts_with('-') && !text.ends_with('-');
    match rest {
        "" => first == name || regional.is_some_and(words),
        "p" => first == name || private.is_some_and(words),
        _ => first == name && rest.strip_suffix(".rep").is_some_and(words),
    }
}

/// Whether an address is of a registry of Google's.
pub fn is_googles_registry(url: &Url) -> bool {
    let Some(Host::Domain(host)) = url.host() else { return false };
    url.scheme() == "https"
        && url.port().is_none()
        && (host == "gcr.io" || host.ends_with(".gcr.io") || host.ends_with(".pkg.dev"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect(text)
    }

    #[test]
    fn this_machine_has_many_spellings_and_look_alikes() {
        for near in [
            "http://localhost/",
            "http://LOCALHOST:1/",
            "https://127.0.0.1/",
            "http://127.1/",
            "http://0x7f000001/",
            "http://2130706433/",
            "http://127.9.9.9:80/",
            "http://[::1]:4/",
        ] {
            assert!(is_loopback(&url(near)), "{near}");
        }
        for far in [
            "http://localhost.evil.example/",
            "http://localhost./",
            "http://127.0.0.1.evil.example/",
            "http://0.0.0.0/",
            "http://[::]/",
            "http://[::ffff:127.0.0.1]/",
            "http://128.0.0.1/",
            "http://localhost@evil.example/",
            "ftp://localhost/",
            "http://169.254.169.254/",
        ] {
            assert!(!is_loopback(&url(far)), "{far}");
        }
    }

    #[test]
    fn the_metadata_server_is_asked_over_plain_http_alone() {
        for good in [
            "http://metadata.google.internal/",
            "http://169.254.169.254/x",
            "http://169.254.169.252:988/",
            "http://[fd20:ce::254]/",
        ] {
            assert!(is_metadata(&url(good)) && is_near(&url(good)), "{good}");
        }
        for bad in [
            "https://metadata.google.internal/",
            "http://metadata.google.internal:8080/",
            "http://metadata.google.internal.evil.example/",
            "http://169.255.169.254/",
            "https://169.254.169.254/",
        ] {
            assert!(!is_near(&url(bad)), "{bad}");
        }
    }

    #[test]
    fn only_googles_names_of_the_same_api_are_googles() {
        for good in [
            "https://run.googleapis.com/",
            "https://RUN.GoogleAPIs.com:443/",
            "https://europe-west1-run.googleapis.com/",
            "https://run.europe-west1.rep.googleapis.com/",
            "https://run-vpc1.p.googleapis.com/",
            "https://run.p.googleapis.com/v2",
        ] {
            assert!(is_googles(&url(good), "run"), "{good}");
        }
        for bad in [
            "http://run.googleapis.com/",
            "https://run.googleapis.com:8443/",
            "https://run.googleapis.com./",
            "https://run.googleapis.com.evil.example/",
            "https://evil-googleapis.com/",
            "https://run.evilgoogleapis.com/",
            "https://googleapis.com/",
            "https://googleapis.com.evil/",
            "https://evil.example/run.googleapis.com",
            "https://evil.example\\.googleapis.com/",
            "https://run.googleapis.com@evil.example/",
            "https://evil.example#run.googleapis.com",
            "https://evil.example?run.googleapis.com",
            "https://run.googleapıs.com/",
            "https://run\u{3002}googleapis.com.evil/",
            "https://xn--run.googleapis.com/",
            "https://storage.googleapis.com/run",
            "https://run.storage.googleapis.com/",
            "https://my-bucket.storage.googleapis.com/",
            "https://x.run.googleapis.com/",
            "https://-run.googleapis.com/",
            "https://run-.p.googleapis.com/",
            "https://127.0.0.1/run.googleapis.com",
            "ftp://run.googleapis.com/",
        ] {
            assert!(Url::parse(bad).map_or(true, |url| !is_googles(&url, "run")), "{bad}");
        }
        for good in ["https://gcr.io/", "https://eu.gcr.io/", "https://us-docker.pkg.dev/"] {
            assert!(is_googles_registry(&url(good)), "{good}");
        }
        for bad in ["https://evilgcr.io/", "https://gcr.io.evil.example/", "http://gcr.io/", "https://pkg.dev.evil/"] {
            assert!(!is_googles_registry(&url(bad)), "{bad}");
        }
    }
}
