//! What every call passes before its API looks at it: token, project, enabled API, billing, query
//! parameters, body. Notes what a client must never send.

use crate::api::{Api, Kind, Route};
use crate::call::Call;
use crate::discovery::{Document, Method};
use crate::fields;
use crate::numbers;
use crate::refusal::{self, Family};
use crate::reply::Reply;
use crate::shape::{self, Flaw};
use crate::world::World;
use serde_json::{Map, Value, json};

/// Admits a call or refuses it; fills in who calls and the JSON body.
pub(crate) fn admit(world: &mut World, api: &Api, route: &Route, call: &mut Call) -> Result<(), Reply> {
    if matches!(call.verb.as_str(), "POST" | "PUT" | "PATCH")
        && call.header("content-length").is_none()
        && call.header("transfer-encoding").is_none()
    {
        world.unexpected.push(format!("{} {}: no Content-Length", call.verb, call.path));
        return Err(Reply::page(411, "Length Required", "POST requests require a <code>Content-length</code> header."));
    }
    note_secrets_in_url(world, call);
    match &route.kind {
        Kind::Extra(extra) => {
            let strange = call.query.iter().find(|(name, _)| !extra.query.contains(&name.as_str()));
            if let Some((name, _)) = strange {
                world.unexpected.push(format!("{}: query parameter «{name}»", extra.id));
            }
            if !extra.needs_token {
                return Ok(());
            }
            identify(world, api, call)?;
            quota_project(world, api, call)?;
            consumer(world, api, call)
        }
        Kind::Described(document, method) => {
            // STS is where those go who have no token yet.
            if api.name != "sts" {
                identify(world, api, call)?;
                quota_project(world, api, call)?;
                consumer(world, api, call)?;
            }
            query(world, api, document, method, call)?;
            body(world, api, document, method, call)
        }
    }
}

/// Tokens belong into the header: addresses end up in logs.
fn note_secrets_in_url(world: &mut World, call: &Call) {
    for name in ["access_token", "oauth_token", "key"] {
        if call.query(name).is_some() {
            world.unexpected.push(format!("{}: a secret in the query parameter «{name}»", call.id));
        }
    }
}

fn identify(world: &mut World, api: &Api, call: &mut Call) -> Result<(), Reply> {
    let refuse = |reason| Err(refusal::unauthenticated(api.family, api.service, reason));
    let Some(token) = call.bearer() else { return refuse("CREDENTIALS_MISSING") };
    if token.starts_with("eyJ") {
        world.unexpected.push(format!("{}: an ID token instead of an access token", call.id));
        return refuse("ACCESS_TOKEN_TYPE_UNSUPPORTED");
    }
    let now = world.now_seconds();
    match world.tokens.get(token) {
        Some(known) if known.expires > now && world.is_known(&known.account) => {
            call.account.clone_from(&known.account);
            Ok(())
        }
        _ => refuse("ACCESS_TOKEN_EXPIRED"),
    }
}

/// A quota project needs a permission no deployer has; the product must not name one but for people, or when told to.
fn quota_project(world: &mut World, api: &Api, call: &Call) -> Result<(), Reply> {
    let Some(project) = call.header("x-goog-user-project").or(call.query("userProject")) else { return Ok(()) };
    if !world.people.contains_key(&call.account) && world.quota_project.as_deref() != Some(project) {
        world.unexpected.push(format!("{}: a quota project («{project}») was sent", call.id));
    }
    if world.allows(&call.account, "serviceusage.services.use", project, None) {
        return Ok(());
    }
    if api.family == Family::Storage {
        let message = format!(
            "{} does not have serviceusage.services.use access to the Google Cloud project. Permission \
             'serviceusage.services.use' denied on resource (or it may not exist).",
            call.account
        );
        return Err(refusal::storage(403, "forbidden", message));
    }
    let message = format!(
        "Caller does not have required permission to use project {project}. Grant the caller the \
         roles/serviceusage.serviceUsageConsumer role, or a custom role with the serviceusage.services.use permission, \
         by visiting https://console.developers.google.com/iam-admin/iam/project?project={project} and then retry. \
         Propagation of the new permission may take a few minutes."
    );
    let metadata = json!({"service": api.service, "consumer": format!("projects/{project}"), "containerInfo": project});
    let detail = refusal::info("USER_PROJECT_DENIED", "googleapis.com", metadata);
    Err(refusal::rpc(403, "PERMISSION_DENIED", message, vec![detail]))
}

/// APIs that count a person's requests for the program that the person signed in with, unless another project is named;
/// the others count for the project of what the request is about.
const WITHOUT_A_RESOURCE: [&str; 3] = ["cloudresourcemanager", "cloudbilling", "billingbudgets"];

/// The project a call is counted for must exist, have the API enabled and be paid for.
fn consumer(world: &World, api: &Api, call: &Call) -> Result<(), Reply> {
    let own = match world.people.contains_key(&call.account) {
        // A person's requests count for the project they name, else for that of the program they signed in with.
        true => match call.header("x-goog-user-project") {
            None if WITHOUT_A_RESOURCE.contains(&api.name) => return Err(refusal::no_quota_project(api.service)),
            named => named.or(world.home_of(&call.account)),
        },
        false => world.home_of(&call.account),
    };
    let named = if api.counts_for_caller { None } else { call.project().filter(|name| *name != "-") };
    let name = named.or(own).unwrap_or_default();
    let Some(project) = world.project(name) else {
        let metadata = json!({"service": api.service, "consumer": format!("projects/{name}")});
        let detail = refusal::info("CONSUMER_INVALID", "googleapis.com", metadata);
        let message = format!("Permission denied on resource project {name}.");
        return Err(refusal::rpc(403, "PERMISSION_DENIED", message, vec![detail]));
    };
    if !project.enabled.contains(api.service) {
        return Err(refusal::service_disabled(api.family, api.service, api.title, &project.number));
    }
    if api.needs_billing && !project.billing {
        return Err(refusal::billing_disabled(api.family, api.service, &project.number));
    }
    Ok(())
}

fn query(world: &mut World, api: &Api, document: &Document, method: &Method, call: &mut Call) -> Result<(), Reply> {
    // How Google's own clients ask for JSON; the enums of an answer stay words, which they read as well.
    let own = |(name, value): &(String, String)| name == "$alt" && value.starts_with("json");
    // The first word of an enum is what holds where nothing is said.
    let unsaid = |(name, value): &(String, String)| {
        value == "0" && method.query.get(name).is_some_and(|known| known["enum"].is_array())
    };
    call.query.retain(|pair| !own(pair) && !unsaid(pair));
    for (name, value) in &mut call.query {
        let known = method.query.get(name).zip(value.parse().ok());
        if let Some(word) = known.and_then(|(known, number)| numbers::word(known, number)) {
            word.clone_into(value);
        }
    }
    for (name, value) in &call.query {
        if !document.knows_query(method, name) {
            world.unexpected.push(format!("{}: query parameter «{name}»", call.id));
            if api.family == Family::Storage {
                continue; // Cloud Storage ignores what it does not know.
            }
            let description = format!(
                "Invalid JSON payload received. Unknown name \"{name}\": Cannot bind query parameter. Field '{name}' \
                 could not be found in request message."
            );
            return Err(violations(&[(String::new(), description)]));
        }
        let bad = match method.query.get(name).and_then(|known| known["type"].as_str()) {
            // gcloud writes some as Python does, `False`.
            Some("boolean") => value.to_lowercase().parse::<bool>().is_err(),
            Some("integer") => value.parse::<i64>().is_err(),
            _ => false,
        };
        if bad {
            return Err(refuse(api, &format!("Invalid value at '{name}', \"{value}\"")));
        }
    }
    let media = call.id == "storage.objects.get";
    if let Some(other) = call.query("alt").filter(|alt| *alt != "json" && !(media && *alt == "media")) {
        world.unexpected.push(format!("{}: alt={other}", call.id));
        return Err(refuse(api, &format!("Invalid value at 'alt', \"{other}\"")));
    }
    let Some(selection) = call.query("fields") else { return Ok(()) };
    let selection = fields::read(selection).map_err(|sentence| refuse(api, &sentence))?;
    let schema = method.response.as_ref().and_then(|name| document.schemas.get(name));
    match schema.and_then(|schema| selection.stranger(document, schema)) {
        Some(name) => Err(refuse(api, &format!("Invalid field selection {name}"))),
        None => Ok(()),
    }
}

fn refuse(api: &Api, sentence: &str) -> Reply {
    match api.family {
        Family::Storage => refusal::storage(400, "invalidParameter", sentence),
        _ => refusal::invalid(sentence),
    }
}

fn body(world: &mut World, api: &Api, document: &Document, method: &Method, call: &mut Call) -> Result<(), Reply> {
    // Uploads carry their own formats; their handlers read them.
    let upload = call.path.starts_with("/upload/") || call.path.starts_with("/resumable/");
    let Some(schema) = method.request.as_ref().filter(|_| !upload) else { return Ok(()) };
    if call.body.is_empty() {
        call.json = Value::Object(Map::new());
        return Ok(());
    }
    let kind = call.header("content-type").unwrap_or_default();
    let is_form = api.name == "sts" && kind.starts_with("application/x-www-form-urlencoded");
    if !is_form && !kind.starts_with("application/json") {
        world.unexpected.push(format!("{}: a JSON body without Content-Type: application/json", call.id));
    }
    let parsed = if is_form { Ok(form(&call.body)) } else { serde_json::from_slice(&call.body) };
    call.json = match parsed {
        Ok(json @ Value::Object(_)) => json,
        _ if api.family == Family::Storage => return Err(refusal::storage(400, "parseError", "Parse Error")),
        _ => return Err(refusal::invalid("Invalid JSON payload received. Unexpected token.")),
    };
    numbers::to_words(document, schema, &mut call.json);
    let root = root_of(schema);
    let found = shape::flaws(document, schema, &call.json, &root);
    let mut described = Vec::new();
    for flaw in found {
        match flaw {
            Flaw::Unknown { name, .. } if api.name == "run" && is_future(world, &name) => {}
            Flaw::Unknown { at, name } => {
                let place = if at.is_empty() { String::new() } else { format!(" at '{at}'") };
                world.unexpected.push(format!("{}: body field «{name}»{place}", call.id));
                let text = format!("Invalid JSON payload received. Unknown name \"{name}\"{place}: Cannot find field.");
                described.push((at, text));
            }
            Flaw::Bad { at, wanted, value } => {
                let text = format!("Invalid value at '{at}' ({wanted}), {value}");
                described.push((at, text));
            }
        }
    }
    // Cloud Storage ignores what it does not know.
    if described.is_empty() || api.family == Family::Storage { Ok(()) } else { Err(violations(&described)) }
}

/// A form as the message it stands for: RFC 8693, by which STS takes forms as well as JSON, writes names with
/// underscores.
fn form(body: &[u8]) -> Value {
    let camel = |name: &str| {
        let mut upper = false;
        let letters = name.chars().filter_map(|letter| match (letter, std::mem::take(&mut upper)) {
            ('_', _) => {
                upper = true;
                None
            }
            (letter, true) => Some(letter.to_ascii_uppercase()),
            (letter, false) => Some(letter),
        });
        letters.collect::<String>()
    };
    let pairs = crate::uri::pairs(&String::from_utf8_lossy(body)).into_iter();
    Value::Object(pairs.map(|(name, value)| (camel(&name), Value::String(value))).collect())
}

/// How Google names the body in such sentences: the message field it fills, in lower camel case;
/// a body that is the request message itself has no name.
fn root_of(schema: &str) -> String {
    if schema.ends_with("Request") {
        return String::new();
    }
    let short = schema.rsplit("V2").next().unwrap_or(schema);
    let mut letters = short.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_lowercase().to_string() + letters.as_str())
}

fn violations(found: &[(String, String)]) -> Reply {
    let list = found.iter().map(|(at, text)| match at.is_empty() {
        true => json!({"description": text}),
        false => json!({"field": at, "description": text}),
    });
    let detail =
        json!({"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": list.collect::<Value>()});
    let message: Vec<&str> = found.iter().map(|(_, text)| text.as_str()).collect();
    refusal::rpc(400, "INVALID_ARGUMENT", message.join("\n"), vec![detail])
}

/// Whether Cloud Run knows the field although the published description does not: it was
/// announced in the world, or a service, worker pool or job already has it and a client sends back what it read.
fn is_future(world: &World, name: &str) -> bool {
    fn holds(value: &Value, name: &str) -> bool {
        match value {
            Value::Object(fields) => fields.iter().any(|(known, value)| known == name || holds(value, name)),
            Value::Array(items) => items.iter().any(|item| holds(item, name)),
            _ => false,
        }
    }
    let has = |fields: &Map<String, Value>| fields.iter().any(|(known, value)| known == name || holds(value, name));
    world.future_fields.contains(name)
        || world.services.values().chain(world.worker_pools.values()).any(|service| has(&service.config))
        || world.jobs.values().any(|job| has(&job.config))
}
