//! From the configuration of a version that exists back to what it serves, as far as its rewrites and redirects go: who
//! goes back or promotes has no document to read.

use serde_json::Value;

use crate::inputs::firebase::{DEFAULT_REGION, Pattern, Redirect, Rewrite, RewriteTarget, Serving};

/// What a version's configuration serves; what is not understood is left out.
pub fn serving(config: &Value) -> Serving {
    let list = |key: &str| config.get(key).and_then(Value::as_array).into_iter().flatten().enumerate();
    Serving {
        rewrites: list("rewrites").filter_map(|(at, rule)| rewrite(at, rule)).collect(),
        redirects: list("redirects").filter_map(|(_, rule)| redirect(rule)).collect(),
        clean_urls: config.get("cleanUrls").and_then(Value::as_bool),
        i18n_root: config.pointer("/i18n/root").and_then(Value::as_str).map(str::to_owned),
        ..Serving::default()
    }
}

fn text<'a>(rule: &'a Value, key: &str) -> Option<&'a str> {
    rule.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn pattern(rule: &Value) -> Option<Pattern> {
    let glob = text(rule, "glob").map(|glob| Pattern::Glob(glob.to_owned()));
    glob.or_else(|| text(rule, "regex").map(|regex| Pattern::Regex(regex.to_owned())))
}

fn rewrite(at: usize, rule: &Value) -> Option<Rewrite> {
    let to = if let Some(file) = text(rule, "path") {
        RewriteTarget::File(file.to_owned())
    } else if let Some(id) = text(rule, "function") {
        let region = text(rule, "functionRegion").map(str::to_owned);
        RewriteTarget::Function { id: id.to_owned(), region, pin: false }
    } else {
        let run = rule.get("run")?;
        let region = text(run, "region").unwrap_or(DEFAULT_REGION).to_owned();
        RewriteTarget::Run { service: text(run, "serviceId")?.to_owned(), region, pin: false }
    };
    Some(Rewrite { path: format!("rewrites[{at}]"), pattern: pattern(rule)?, to })
}

fn redirect(rule: &Value) -> Option<Redirect> {
    let status = rule.get("statusCode").and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok());
    Some(Redirect {
        pattern: pattern(rule)?,
        location: text(rule, "location")?.to_owned(),
        status: status.unwrap_or(301),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_configuration_is_read_back() {
        let serving = serving(&json!({
            "cleanUrls": true,
            "redirects": [{"glob": "/old", "location": "/new", "statusCode": 302}, {"glob": "/half"}],
            "rewrites": [
                {"glob": "/api/**", "run": {"serviceId": "api", "tag": "fh-1"}},
                {"regex": "^/f", "function": "f", "functionRegion": "r"},
                {"glob": "**", "path": "/index.html"},
                {"glob": "/links", "dynamicLinks": true},
            ],
        }));
        assert_eq!(serving.redirects.len(), 1);
        assert_eq!(serving.redirects[0].status, 302);
        let to: Vec<&RewriteTarget> = serving.rewrites.iter().map(|rewrite| &rewrite.to).collect();
        let run = RewriteTarget::Run { service: "api".into(), region: "us-central1".into(), pin: false };
        let function = RewriteTarget::Function { id: "f".into(), region: Some("r".into()), pin: false };
        assert_eq!(to, [&run, &function, &RewriteTarget::File("/index.html".into())]);
        assert_eq!((serving.rewrites[1].path.as_str(), serving.clean_urls), ("rewrites[1]", Some(true)));
    }
}
