//! Pages: `per_page`, `page`, and the `Link` header that leads on.

use super::refusal;
use crate::call::Call;
use crate::reply::Reply;
use crate::uri;
use serde_json::Value;

/// Where in a list a call wants to be: the first item, and how many. Of items there are 30 on a page unless
/// asked otherwise, and never more than 100.
pub(super) fn window(call: &Call) -> (usize, usize) {
    let size = asked(call, "per_page", 30).min(100);
    ((asked(call, "page", 1) - 1).saturating_mul(size), size)
}

fn asked(call: &Call, name: &str, usual: usize) -> usize {
    call.query(name).and_then(|text| text.parse().ok()).filter(|number| *number > 0).unwrap_or(usual)
}

/// One page of a list.
pub(super) fn of(call: &Call, all: Vec<Value>) -> Reply {
    let (from, size) = window(call);
    let total = all.len();
    let page: Value = all.into_iter().skip(from).take(size).collect();
    linked(call, total, refusal::github(200, &page))
}

/// The reply with the `Link` header of a list of so many items; a list of one page has none.
pub(super) fn linked(call: &Call, total: usize, reply: Reply) -> Reply {
    let (from, size) = window(call);
    let (page, last) = (from / size + 1, total.div_ceil(size).max(1));
    let to = |page: usize, name: &str| {
        let mut query: Vec<String> = call
            .query
            .iter()
            .filter(|(name, _)| name != "page")
            .map(|(name, value)| format!("{}={}", uri::encode(name), uri::encode(value)))
            .collect();
        query.push(format!("page={page}"));
        let path = super::plain(&call.path);
        format!("<{}{path}?{}>; rel=\"{name}\"", call.base, query.join("&"))
    };
    let mut links = Vec::new();
    if page > 1 {
        links.push(to(page - 1, "prev"));
    }
    if page < last {
        links.push(to(page + 1, "next"));
        links.push(to(last, "last"));
    }
    if page > 1 {
        links.push(to(1, "first"));
    }
    if links.is_empty() { reply } else { reply.with("Link", links.join(", ")) }
}
