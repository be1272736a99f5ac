//! Which images a build configuration of the user's own will push, as far as that can be told before the build.

use serde_json::{Map, Value};
use slipway_names::shown;

use super::build::config;
use slipway_names::image::ImageRepository;
use slipway_runner::env::Origin;

/// Why such a build can leave no image that is deployed, and what to write; nothing where it may.
///
/// Cloud Build reports digests of what is listed under `images` alone (docs: build/docs/api/reference/rest/v1/projects.builds, Results), whatever a step pushes.
pub fn mismatch(
    (path, document): (&str, &Map<String, Value>),
    substitutions: &[(String, String)],
    origin: &Origin,
    project: &str,
    repository: &ImageRepository,
) -> Option<(String, String)> {
    let body = config(document, substitutions, origin);
    let lists = [body.get("images"), body.get("artifacts").and_then(|artifacts| artifacts.get("images"))];
    let listed: Vec<&str> =
        lists.into_iter().flatten().filter_map(Value::as_array).flatten().filter_map(Value::as_str).collect();
    if listed.is_empty() {
        return Some((
            format!("{path} lists no `images`, and Cloud Build tells the digests of those alone"),
            format!("List `{repository}` under `images:` in {path}"),
        ));
    }
    let values = body.get("substitutions").and_then(Value::as_object);
    let known = |name: &str| match name {
        "PROJECT_ID" => Some(project),
        name => values?.get(name)?.as_str(),
    };
    // One that cannot be told may be the one.
    let pushed: Option<Vec<String>> = listed.iter().map(|image| in_repository(&replaced(image, &known))).collect();
    let mut pushed = pushed?;
    if pushed.iter().any(|pushed| pushed == repository.as_str()) {
        return None;
    }
    pushed.sort();
    pushed.dedup();
    let names = shown::listed(&pushed);
    Some((
        format!("{path} pushes {names}, and the image to deploy is looked for in `{repository}`"),
        match pushed.as_slice() {
            [one] => format!("Write `image: {one}`, or list `{repository}` under `images:` in {path}"),
            _ => format!("Write the one to deploy in `image`, or list `{repository}` under `images:` in {path}"),
        },
    ))
}

/// A text with its substitutions, as Cloud Build makes it; `$` stays where a value is not known here.
fn replaced<'a>(text: &str, known: &impl Fn(&str) -> Option<&'a str>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let (name, behind) = match after.strip_prefix('{') {
            Some(braced) => braced.split_once('}').unwrap_or(("", braced)),
            None => after.split_at(after.find(|c| !plain(c)).unwrap_or(after.len())),
        };
        match known(name) {
            Some(value) => out.push_str(value),
            None => out.push('$'),
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// The repository of an image, without its tag or digest; nothing where it is not known.
fn in_repository(image: &str) -> Option<String> {
    let image = image.split('@').next().unwrap_or(image);
    let end = image.rfind('/').unwrap_or(0);
    let repository = match image.get(end..)?.find(':') {
        Some(colon) => image.get(..end + colon)?,
        None => image,
    };
    (!repository.contains('$')).then(|| repository.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(document: Value) -> Option<String> {
        let Value::Object(document) = document else { panic!("an object") };
        let origin = Origin { sha: Some("0f0f0f0f".into()), ..Origin::default() };
        let repository = ImageRepository::parse("gcr.io/p/web").expect("a repository");
        let given = [("_NAME".to_owned(), "web".to_owned())];
        mismatch(("c.yaml", &document), &given, &origin, "p", &repository).map(|(problem, _)| problem)
    }

    #[test]
    fn what_may_be_the_image_is_never_refused() {
        for images in [
            json!(["gcr.io/p/web"]),
            json!(["gcr.io/p/other", "gcr.io/$PROJECT_ID/$_NAME:$COMMIT_SHA"]),
            json!(["gcr.io/${PROJECT_ID}/${_NAME}@sha256:00"]),
            json!(["gcr.io/p/$_UNKNOWN"]),
            json!(["gcr.io/p/${_NAME//e/o}"]),
            json!(["gcr.io/p/web:$BUILD_ID"]),
        ] {
            assert_eq!(told(json!({ "images": images })), None, "{images}");
        }
        assert_eq!(told(json!({"artifacts": {"images": ["gcr.io/p/web:1"]}})), None);
    }

    #[test]
    fn what_cannot_be_the_image_is_told() {
        let other = told(json!({"images": ["gcr.io/$PROJECT_ID/other:$BUILD_ID", "gcr.io/p/other:latest"]}));
        assert_eq!(
            other.as_deref(),
            Some("c.yaml pushes `gcr.io/p/other`, and the image to deploy is looked for in `gcr.io/p/web`")
        );
        assert!(told(json!({"steps": []})).is_some_and(|told| told.contains("lists no `images`")));
        assert!(told(json!({"images": ["gcr.io/p/web2"]})).is_some());
    }
}
