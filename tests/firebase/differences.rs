//! Where this program and firebase-tools part, on purpose, each with the reason. A case that is not listed must get
//! the same answer from both; a case that is listed must not.

/// What becomes of the case here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Here {
    /// firebase-tools goes on, this program refuses.
    Refused,
    /// firebase-tools refuses, this program goes on.
    Taken,
    /// Both go on, with other results.
    Other,
}
use Here::{Other, Refused, Taken};

const HOSTING_REFUSES: &str = "firebase-tools sends it, and Hosting refuses it after the upload";
const AMBIGUOUS: &str = "it says two things; firebase-tools takes one of them without a word";
const NO_LIST: &str = "functions are not listed here: only the region that is written, or us-central1, is asked";

/// Case, what becomes of it here, and why.
pub(crate) const DIFFERENCES: &[(&str, Here, &str)] = &[
    ("rewrite with source and glob", Refused, AMBIGUOUS),
    ("rewrite to two things", Refused, AMBIGUOUS),
    ("rewrite to an empty destination", Refused, HOSTING_REFUSES),
    ("run without a service", Refused, HOSTING_REFUSES),
    ("a service with capitals", Refused, HOSTING_REFUSES),
    ("function that is a number", Refused, HOSTING_REFUSES),
    ("redirect with a type in quotes", Other, "the same status, as the number that the API's schema wants"),
    ("redirect with type 200", Refused, HOSTING_REFUSES),
    ("redirect without a destination", Refused, HOSTING_REFUSES),
    ("headers missing", Refused, "a rule without headers does nothing; it is a slip"),
    ("a header value that is a number", Refused, HOSTING_REFUSES),
    ("app association in small letters", Refused, HOSTING_REFUSES),
    ("clean urls in quotes", Refused, HOSTING_REFUSES),
    ("trailing slash in quotes", Refused, "firebase-tools takes the text `false` for true, and adds the slash"),
    (
        "trailing slash that is null",
        Other,
        "nothing is said, so addresses are left alone; firebase-tools removes the slash",
    ),
    ("pinTag in quotes", Refused, "firebase-tools takes any text for true, `false` too"),
    ("function of the first generation in another region", Taken, NO_LIST),
    ("function elsewhere without a region", Other, NO_LIST),
    ("the same site twice", Refused, "two versions would race for what the site serves"),
    ("another site for a file without a name", Taken, "the user names the site, and the file does not say another"),
    ("a site with capitals", Refused, "no site has such an id, and the id becomes part of addresses"),
    ("hosting that is an empty list", Refused, "a deploy of nothing is green with firebase-tools"),
    ("a .firebaserc that is no JSON", Refused, "firebase-tools goes on as if there were none"),
    (
        "a text that ends in a backslash before a comment",
        Taken,
        "it is good; firebase-tools takes the quote after two backslashes for part of the text",
    ),
];
