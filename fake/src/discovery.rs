//! Google's published API descriptions (`tests/schemas`): which methods exist under which paths,
//! which query parameters and body fields they know.
//!
//! They are the fake's only source of names, so a name misspelt by a client cannot be misspelt
//! here as well.

use serde_json::{Map, Value};

/// One API description, parsed.
pub(crate) struct Document {
    /// Every method of the API.
    pub(crate) methods: Vec<Method>,
    /// Schema name to its JSON description.
    pub(crate) schemas: Map<String, Value>,
    /// Query parameters every method takes.
    global: Vec<String>,
}

/// One method of an API.
pub(crate) struct Method {
    /// Google's own id, such as `run.projects.locations.services.patch`.
    pub(crate) id: String,
    /// The HTTP method.
    pub(crate) verb: String,
    /// Where it is served: the plain path, then upload paths.
    paths: Vec<Path>,
    /// Query parameters of its own, with their descriptions.
    pub(crate) query: Map<String, Value>,
    /// Schema of the request body.
    pub(crate) request: Option<String>,
    /// Schema of the reply.
    pub(crate) response: Option<String>,
}

/// A path template, cut at slashes.
pub(crate) struct Path(Vec<Segment>);

enum Segment {
    Literal(String),
    /// `{name}` or `{name}:verb`.
    Hole {
        name: String,
        verb: Option<String>,
    },
}

impl Document {
    /// Reads a description; a broken file is a broken build of this crate.
    pub(crate) fn read(text: &str) -> Document {
        let Ok(Value::Object(document)) = serde_json::from_str(text) else {
            panic!("an API description compiled into this crate is not JSON");
        };
        let base = text_of(&document, "servicePath");
        let methods = object_of(&document, "methods");
        Document {
            methods: methods.iter().map(|(id, method)| Method::read(id, method, &base)).collect(),
            global: object_of(&document, "globalParameters").keys().cloned().collect(),
            schemas: object_of(&document, "schemas"),
        }
    }

    /// The method that serves this path, with the placeholders' decoded values.
    pub(crate) fn find(&self, verb: &str, path: &str) -> Option<(&Method, Vec<(String, String)>)> {
        self.methods.iter().filter(|method| method.verb == verb).find_map(|method| {
            let holes = method.paths.iter().find_map(|template| template.fit(path))?;
            Some((method, holes))
        })
    }

    /// Whether the method, or every method, takes this query parameter.
    pub(crate) fn knows_query(&self, method: &Method, name: &str) -> bool {
        let in_query = |parameter: &Value| parameter["location"] == "query";
        method.query.get(name).is_some_and(in_query) || self.global.iter().any(|global| global == name)
    }
}

impl Method {
    fn read(id: &str, method: &Value, base: &str) -> Method {
        let Value::Object(method) = method else { panic!("method {id} of an API description is not an object") };
        let own = method.get("flatPath").or(method.get("path")).and_then(Value::as_str).unwrap_or_default();
        let mut paths = vec![Path::read(&format!("{base}{own}"))];
        for upload in object_of(&object_of(method, "mediaUpload"), "paths").values() {
            paths.push(Path::read(upload.as_str().unwrap_or_default()));
        }
        Method {
            id: id.to_owned(),
            verb: text_of(method, "httpMethod"),
            paths,
            query: object_of(method, "parameters"),
            request: method.get("request").and_then(Value::as_str).map(str::to_owned),
            response: method.get("response").and_then(Value::as_str).map(str::to_owned),
        }
    }
}

impl Path {
    /// Reads `v2/projects/{projectsId}/locations/{locationsId}:verb`.
    pub(crate) fn read(template: &str) -> Path {
        let segment = |part: &str| match part.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            Some((name, rest)) => {
                Segment::Hole { name: name.to_owned(), verb: rest.strip_prefix(':').map(str::to_owned) }
            }
            None => Segment::Literal(part.to_owned()),
        };
        Path(template.trim_start_matches('/').split('/').map(segment).collect())
    }

    /// The placeholders' values if the path fits. Segments are cut before decoding: an object
    /// name with an escaped slash is one segment.
    pub(crate) fn fit(&self, path: &str) -> Option<Vec<(String, String)>> {
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        if parts.len() != self.0.len() {
            return None;
        }
        let mut holes = Vec::new();
        for (segment, part) in self.0.iter().zip(parts) {
            match segment {
                Segment::Literal(literal) if literal == part => {}
                Segment::Literal(_) => return None,
                Segment::Hole { name, verb: Some(verb) } => {
                    let value = part.strip_suffix(verb.as_str())?.strip_suffix(':')?;
                    holes.push((name.clone(), crate::uri::decode(value, false)));
                }
                // `web:wait` is the service `web` and a verb, never a service of that name.
                Segment::Hole { name, verb: None } => {
                    let ends_in_verb =
                        part.rsplit_once(':').is_some_and(|(_, end)| end.bytes().all(|b| b.is_ascii_alphabetic()));
                    if part.is_empty() || ends_in_verb {
                        return None;
                    }
                    holes.push((name.clone(), crate::uri::decode(part, false)));
                }
            }
        }
        Some(holes)
    }
}

fn text_of(object: &Map<String, Value>, name: &str) -> String {
    object.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn object_of(object: &Map<String, Value>, name: &str) -> Map<String, Value> {
    object.get(name).and_then(Value::as_object).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run() -> Document {
        Document::read(include_str!("../../tests/schemas/run.v2.json"))
    }

    #[test]
    fn verbs_are_told_from_names() {
        let document = run();
        let found = |verb, path| document.find(verb, path).map(|(method, holes)| (method.id.clone(), holes));
        let (id, holes) = found("POST", "/v2/projects/p/locations/r/operations/x:wait").expect("a route");
        assert_eq!(id, "run.projects.locations.operations.wait");
        assert_eq!(holes[2], ("operationsId".to_owned(), "x".to_owned()));
        assert!(found("GET", "/v2/projects/p/locations/r/services/web:frobnicate").is_none());
        assert!(found("GET", "/v2/projects/p/locations/r/services/").is_none());
    }

    #[test]
    fn an_escaped_slash_stays_inside_its_segment() {
        let storage = Document::read(include_str!("../../tests/schemas/storage.v1.json"));
        let (method, holes) = storage.find("GET", "/storage/v1/b/logs/o/a%2Fb.txt").expect("a route");
        assert_eq!(method.id, "storage.objects.get");
        assert_eq!(holes[1].1, "a/b.txt");
    }
}
