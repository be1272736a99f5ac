//! A call: one request as the API that serves it sees it.

use hyper::body::Bytes;
use serde_json::Value;
use std::cell::RefCell;

/// One request, routed, its caller known.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// The method id it matched.
    pub(crate) id: String,
    /// HTTP method.
    pub(crate) verb: String,
    /// Path, still escaped.
    pub(crate) path: String,
    /// The path's placeholders, decoded.
    pub(crate) holes: Vec<(String, String)>,
    /// Query pairs, decoded.
    pub(crate) query: Vec<(String, String)>,
    /// Names of the query parameters that were looked at.
    pub(crate) seen: RefCell<Vec<String>>,
    /// Headers, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// The body.
    pub(crate) body: Bytes,
    /// The body as JSON where the method takes JSON; null otherwise.
    pub(crate) json: Value,
    /// E-mail of the account whose token it carries; empty where none is needed.
    pub(crate) account: String,
    /// The address it came to, such as `http://127.0.0.1:41234`.
    pub(crate) base: String,
}

impl Call {
    /// A visitor's request for a page of a deployed service, without any token.
    pub(crate) fn of_visitor(path: &str) -> Call {
        Call {
            id: "site.request".to_owned(),
            verb: "GET".to_owned(),
            path: path.to_owned(),
            holes: Vec::new(),
            query: Vec::new(),
            seen: RefCell::default(),
            headers: Vec::new(),
            body: Bytes::new(),
            json: Value::Null,
            account: String::new(),
            base: String::new(),
        }
    }

    /// A placeholder's value; the routing table guarantees it is there.
    pub(crate) fn hole(&self, name: &str) -> &str {
        self.holes.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The first value of a query parameter.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.seen.borrow_mut().push(name.to_owned());
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Every value of a repeated query parameter.
    pub(crate) fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.seen.borrow_mut().push(name.to_owned());
        self.query.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether a boolean query parameter is set.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.query(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// The first value of a header, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The bearer token, without the word `Bearer`.
    pub(crate) fn bearer(&self) -> Option<&str> {
        let value = self.header("authorization")?;
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    }

    /// The project the path names, as id or number.
    pub(crate) fn project(&self) -> Option<&str> {
        let names = ["projectsId", "namespacesId", "projectId", "resource", "v1Id1"];
        let hole = self.holes.iter().find(|(known, _)| names.contains(&known.as_str()));
        hole.map(|(_, value)| value.as_str()).or(self.query("project"))
    }

    /// Query parameters that ask for something and that nobody looked at; what holds its default asks for nothing.
    pub(crate) fn unread(&self) -> Vec<&str> {
        let seen = self.seen.borrow();
        let asks = |value: &str| !["", "0", "false", "False"].contains(&value);
        let names = self.query.iter().filter(|(_, value)| asks(value)).map(|(name, _)| name.as_str());
        names.filter(|name| !WITHOUT_EFFECT.contains(name) && !seen.iter().any(|known| known == name)).collect()
    }
}

/// Parameters that may be sent without changing what is answered here.
const WITHOUT_EFFECT: [&str; 8] = [
    "$.xgafv",
    "alt",
    "fields",
    "options.requestedPolicyVersion",
    "optionsRequestedPolicyVersion",
    "prettyPrint",
    "quotaUser",
    "uploadType",
];
