//! What goes back over the wire: status, headers, body, and whether it arrives whole.

use hyper::body::Bytes;
use serde_json::Value;
use std::time::Duration;

/// A reply, or the way in which none arrives.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    /// HTTP status.
    pub(crate) status: u16,
    /// Headers besides `Content-Length` and `Date`.
    pub(crate) headers: Vec<(String, String)>,
    /// The body.
    pub(crate) body: Bytes,
    /// How it is delivered.
    pub(crate) manner: Manner,
    /// Waited before it is sent; only faults and site scripts ask for it.
    pub(crate) delay: Duration,
}

/// How a reply is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// As it should be.
    Whole,
    /// The connection is reset instead.
    Cut,
    /// The full length is announced, half is sent, the connection is closed.
    Half,
    /// What there is, and then more for ever.
    Endless,
    /// What there is, and then nothing more, with the connection open.
    Stuck,
    /// Nothing is sent and the connection stays open.
    Never,
}

/// A handler's result; both sides go to the client, the error side is a refusal.
pub(crate) type Answer = Result<Reply, Reply>;

impl Reply {
    /// A reply with this body.
    pub(crate) fn new(status: u16, content_type: &str, body: impl Into<Bytes>) -> Reply {
        let headers = vec![("Content-Type".to_owned(), content_type.to_owned())];
        Reply { status, headers, body: body.into(), manner: Manner::Whole, delay: Duration::ZERO }
    }

    /// JSON, indented as Google sends it.
    pub(crate) fn json(status: u16, value: &Value) -> Reply {
        Reply::new(status, "application/json; charset=UTF-8", format!("{value:#}\n"))
    }

    /// 200 with JSON.
    pub(crate) fn ok(value: &Value) -> Reply {
        Reply::json(200, value)
    }

    /// No body at all.
    pub(crate) fn empty(status: u16) -> Reply {
        let headers = Vec::new();
        Reply { status, headers, body: Bytes::new(), manner: Manner::Whole, delay: Duration::ZERO }
    }

    /// A page as Google's front ends write it when no service was reached.
    pub(crate) fn page(status: u16, title: &str, sentence: &str) -> Reply {
        let body = format!(
            "\n<html><head>\n<meta http-equiv=\"content-type\" content=\"text/html;charset=utf-8\">\n\
             <title>{status} {title}</title>\n</head>\n<body text=#000000 bgcolor=#ffffff>\n\
             <h1>Error: {title}</h1>\n<h2>{sentence}</h2>\n<h2></h2>\n</body></html>\n"
        );
        Reply::new(status, "text/html; charset=UTF-8", body).with("Server", "Google Frontend")
    }

    /// The page of Google's outermost front end, for a path that it keeps to itself.
    pub(crate) fn robot(path: &str) -> Reply {
        let body = format!(
            "<!DOCTYPE html>\n<html lang=en>\n  <meta charset=utf-8>\n  <title>Error 404 (Not Found)!!1</title>\n  \
             <p><b>404.</b> <ins>That’s an error.</ins>\n  <p>The requested URL <code>{path}</code> was not found on \
             this server.  <ins>That’s all we know.</ins>\n"
        );
        Reply::new(404, "text/html; charset=UTF-8", body)
    }

    /// A reply that never arrives.
    pub(crate) fn lost(manner: Manner) -> Reply {
        Reply { manner, ..Reply::empty(0) }
    }

    /// With one more header.
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Reply {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The first value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}
