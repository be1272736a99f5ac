//! What Google's front end answers itself, before a request reaches a service's program, and how long a change of
//! access may take until the front end knows it.
//!
//! Only hints and patience depend on these texts; what counts as an answer does not.

use std::time::Duration;

use crate::probe::Answer;

/// How long a change of a policy may be on its way: "typically 2 minutes, potentially 7 minutes or longer"
/// (docs iam/access-change-propagation). What is not there after ten is not coming by itself.
pub(super) const PROPAGATION: Duration = Duration::from_secs(600);

/// What the 404 of the front end is called, in place of its page.
pub(super) const NOT_FOUND: &str = "404 of Google's front end: the program was not asked";

/// Whether a caller was turned away at the door: the front end's own 401 or 403 (docs run/troubleshooting). `HEAD` shows
/// no text to know it by; of the other answers, one without any is the program's.
pub(super) fn turned_away(method: &str, answer: &Answer) -> bool {
    let texts = ["does not have permission to", "was not authenticated", "was not authorized to invoke"];
    matches!(answer.status, Some(401 | 403))
        && (method == "HEAD" || texts.iter().any(|text| answer.text.contains(text)))
}

/// Whether the front end says that there is nothing: for a path that it keeps to itself, and for a service that is not
/// reached from here. Apache's page says nearly the same under another title.
pub(super) fn found_nothing(answer: &Answer) -> bool {
    let titles = ["<title>Error 404 (Not Found)!!1</title>", "<title>404 Page not found</title>"];
    answer.status == Some(404) && titles.iter().any(|title| answer.text.contains(title))
}

/// Whether Identity-Aware Proxy answered, and not the program: it says so in a header (docs
/// iap/query-parameters-and-headers-howto), or leads to the page where people sign in.
pub(super) fn by_proxy(answer: &Answer) -> bool {
    let said = answer.header("x-goog-iap-generated-response").is_some();
    let leads = answer.header("location").is_some_and(|to| to.starts_with("https://accounts.google.com/"));
    said || (answer.status == Some(302) && leads) || turned_away("GET", answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, text: &str, headers: &[(&str, &str)]) -> Answer {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Answer { status: Some(status), text: text.to_owned(), headers, not_run: false }
    }

    #[test]
    fn the_front_end_is_told_from_the_program() {
        let forbidden = "<h1>Error: Forbidden</h1><h2>Your client does not have permission to get URL <code>/</code> from this server.</h2>";
        assert!(turned_away("GET", &answer(403, forbidden, &[])) && turned_away("HEAD", &answer(401, "", &[])));
        let programs = [answer(403, "{\"error\": \"no such tenant\"}", &[]), answer(401, "", &[])];
        assert!(programs.iter().all(|answer| !turned_away("GET", answer)));
        assert!(!turned_away("GET", &answer(404, forbidden, &[])));
        assert!(found_nothing(&answer(404, "<title>Error 404 (Not Found)!!1</title>", &[])));
        let apache = "<title>404 Not Found</title><p>The requested URL was not found on this server.</p>";
        assert!(!found_nothing(&answer(404, apache, &[])));
        assert!(!found_nothing(&answer(200, "<title>404 Page not found</title>", &[])));
    }

    #[test]
    fn the_proxy_is_told_from_the_program() {
        let signs_in = [("location", "https://accounts.google.com/o/oauth2/v2/auth?client_id=x")];
        assert!(by_proxy(&answer(302, "", &signs_in)));
        assert!(by_proxy(&answer(
            401,
            "Invalid IAP credentials: empty token",
            &[("x-goog-iap-generated-response", "true")]
        )));
        assert!(
            !by_proxy(&answer(401, "sign in first", &[])) && !by_proxy(&answer(302, "", &[("location", "/login")]))
        );
    }
}
