//! The server: listeners, connections, and a request's way from the wire to the world and back.

use crate::api::github;
use crate::api::{self, Loaded};
use crate::call::Call;
use crate::doors::{Behind, Door};
use crate::faults::{self, Action, Moment};
use crate::journal::{Journal, Recorded};
use crate::refusal::{self, Family};
use crate::reply::{Manner, Reply};
use crate::wire::{Content, GivenUp, Wire};
use crate::world::World;
use crate::{clock, fields, gate, hosting, uri, visit};
use http_body_util::BodyExt;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

/// What the server's tasks and the tests share.
#[derive(Debug)]
pub(crate) struct Shared {
    world: Mutex<World>,
    /// Every request.
    pub(crate) journal: Journal,
    orders: UnboundedSender<Order>,
}

/// What the server's thread is told.
#[derive(Debug)]
pub(crate) enum Order {
    /// Serve this listener too.
    Serve(std::net::TcpListener, Address),
    /// Stop.
    Stop,
}

/// What stands behind a listener.
#[derive(Clone)]
pub(crate) enum Address {
    /// One of Google's APIs, at this base address.
    Api(&'static Loaded, String),
    /// GitHub's REST API, at this base address.
    GitHub(String),
    /// What callers deployed.
    Deployed(Behind),
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Address::Api(loaded, base) => write!(f, "{} at {base}", loaded.api.service),
            Address::GitHub(base) => write!(f, "GitHub at {base}"),
            Address::Deployed(behind) => behind.fmt(f),
        }
    }
}

impl Shared {
    /// The world and a journal, with orders going to this server.
    pub(crate) fn new(world: World, orders: UnboundedSender<Order>) -> Shared {
        Shared { world: Mutex::new(world), journal: Journal::default(), orders }
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        // A test that fails while it holds the world must not hang the others' requests.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Access to the world; addresses it opened are served from then on.
    pub(crate) fn world<R>(&self, look: impl FnOnce(&mut World) -> R) -> R {
        let mut world = self.lock();
        let result = look(&mut world);
        for Door { listener, behind } in world.fresh_doors() {
            self.order(Order::Serve(listener, Address::Deployed(behind)));
        }
        result
    }

    /// Tells the server's thread something; after its end there is nobody left to tell.
    pub(crate) fn order(&self, order: Order) {
        let _ = self.orders.send(order);
    }
}

/// Runs until told to stop. Open requests end with it.
pub(crate) fn run(shared: &Arc<Shared>, mut orders: UnboundedReceiver<Order>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
    let runtime = runtime.unwrap_or_else(|trouble| panic!("the fake cloud cannot start: {trouble}"));
    runtime.block_on(async {
        while let Some(Order::Serve(listener, address)) = orders.recv().await {
            // A listener the system no longer has serves nobody; its clients see that.
            if let Ok(listener) = TcpListener::from_std(listener) {
                tokio::spawn(listen(Arc::clone(shared), listener, address));
            }
        }
    });
}

async fn listen(shared: Arc<Shared>, listener: TcpListener, address: Address) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(converse(Arc::clone(&shared), stream, address.clone()));
    }
}

async fn converse(shared: Arc<Shared>, stream: TcpStream, address: Address) {
    let _ = stream.set_nodelay(true);
    let reset = Arc::new(AtomicBool::new(false));
    let wire = TokioIo::new(Wire::new(stream, Arc::clone(&reset)));
    let service =
        service_fn(move |request| exchange(Arc::clone(&shared), address.clone(), Arc::clone(&reset), request));
    // Ends with an error when either side gives up, which is what a fault or a client wanted.
    let _ = http1::Builder::new().serve_connection(wire, service).await;
}

/// One request and its reply.
async fn exchange(
    shared: Arc<Shared>,
    address: Address,
    reset: Arc<AtomicBool>,
    request: Request<Incoming>,
) -> Result<Response<Content>, GivenUp> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| GivenUp)?.to_bytes();
    let headers = head
        .headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    let mut call = Call {
        id: String::new(),
        verb: head.method.to_string(),
        path: head.uri.path().to_owned(),
        holes: Vec::new(),
        query: uri::pairs(head.uri.query().unwrap_or_default()),
        seen: RefCell::default(),
        headers: headers.collect(),
        body,
        json: Value::Null,
        account: String::new(),
        base: String::new(),
    };
    let (family, service) = match &address {
        Address::Api(loaded, base) => {
            call.base.clone_from(base);
            let route = loaded.route(&call.verb, &call.path, &call.headers);
            call.id = route.map(|route| route.id).unwrap_or_default();
            (loaded.api.family, loaded.api.service)
        }
        Address::GitHub(base) => {
            call.base.clone_from(base);
            call.id = github::id_of(&call.verb, &call.path);
            (Family::GitHub, "api.github.com")
        }
        Address::Deployed(behind) => {
            call.id = match behind {
                Behind::Service { .. } => "site.request".to_owned(),
                Behind::Channel { .. } => "hosting.request".to_owned(),
            };
            (Family::Site, "")
        }
    };
    let number = shared.journal.arrive(arrival(&address, &call));
    let fault = shared.world(|world| faults::strike(&mut world.faults, &call.id, &call.query));
    // A life that the story made up is the story's word, as a fault's answer is.
    let said = call.id.to_ascii_lowercase().ends_with("token") && shared.world(|world| world.said_lifetime.is_some());
    let mut proceed = || {
        let outcome = shared.world(|world| {
            let effects = world.effects.len();
            world.clock_skew += world.seconds_per_call;
            let (reply, revision) = match &address {
                Address::Api(loaded, _) => (serve(world, loaded, &mut call), None),
                Address::GitHub(_) => (github::answer(world, &mut call), None),
                Address::Deployed(Behind::Service { service, tag }) => {
                    visit::answer(world, service, tag.as_deref(), &mut call)
                }
                Address::Deployed(Behind::Channel { site, channel, url }) => {
                    hosting::answer(world, site, channel, url, &mut call)
                }
            };
            (reply, revision, world.effects.len() > effects)
        });
        let (reply, revision, effect) = outcome;
        shared.journal.amend(number, |entry| {
            entry.account = Some(call.account.clone()).filter(|account| !account.is_empty());
            entry.effect = effect;
            entry.revision = revision;
        });
        reply
    };
    let project = World::NUMBER;
    let scripted = said || fault.as_ref().is_some_and(|(_, action)| action.has_words_of_its_own());
    let reply = match fault {
        None => proceed(),
        Some((Moment::Before, Action::Slow(delay))) => {
            pause(delay).await;
            proceed()
        }
        Some((Moment::Before, action)) => action.reply(family, service, project, None).unwrap_or_else(proceed),
        Some((Moment::AfterEffect, Action::Slow(delay))) => Reply { delay, ..proceed() },
        Some((Moment::AfterEffect, action)) => {
            let real = proceed();
            action.reply(family, service, project, Some(real.clone())).unwrap_or(real)
        }
    };
    pause(reply.delay).await;
    // The date is Google's, by which a client may notice that its own clock is wrong.
    let reply = reply.with("Date", shared.world(|world| clock::http_date(world.now())));
    shared.journal.amend(number, |entry| {
        entry.answer_type = reply.header("Content-Type").unwrap_or_default().to_owned();
        entry.answer = reply.body.clone();
        entry.scripted = scripted;
    });
    deliver(&shared, number, &reset, reply).await
}

#[expect(clippy::disallowed_methods, reason = "the one pause in the fake: a fault or a site script asks for it")]
async fn pause(delay: Duration) {
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
}

/// The journal's entry for a request that has just arrived.
fn arrival(address: &Address, call: &Call) -> Recorded {
    let api = match address {
        Address::Api(loaded, _) => loaded.api.name,
        Address::GitHub(_) => "github",
        Address::Deployed(Behind::Service { .. }) => "site",
        Address::Deployed(Behind::Channel { .. }) => "hosting",
    };
    Recorded {
        api: api.to_owned(),
        call: call.id.clone(),
        verb: call.verb.clone(),
        path: call.path.clone(),
        query: call.query.clone(),
        headers: call.headers.clone(),
        body: call.body.clone(),
        account: None,
        status: None,
        answer_type: String::new(),
        answer: Bytes::new(),
        scripted: false,
        effect: false,
        revision: None,
        at: Instant::now(),
    }
}

/// Lets an API answer a call that came to its address.
fn serve(world: &mut World, loaded: &'static Loaded, call: &mut Call) -> Reply {
    let Some(route) = loaded.route(&call.verb, &call.path, &call.headers) else {
        return unknown(world, loaded, call);
    };
    call.holes.clone_from(&route.holes);
    if let Err(refusal) = gate::admit(world, loaded.api, &route, call) {
        return refusal;
    }
    match (loaded.api.answer)(world, call) {
        Some(Ok(reply)) => {
            for name in call.unread() {
                world.unexpected.push(format!("{}: the fake cloud does not honour «{name}»", call.id));
            }
            select(call, reply)
        }
        Some(Err(refusal)) => refusal,
        None => {
            let sentence = format!("the fake cloud does not implement {} ({} {})", call.id, call.verb, call.path);
            loud(world, sentence)
        }
    }
}

/// Nothing at this address fits; another API's address may have been meant.
fn unknown(world: &mut World, loaded: &Loaded, call: &Call) -> Reply {
    let asked = format!("{} {} was asked of {}", call.verb, call.path, loaded.api.service);
    let meant = api::all().iter().find_map(|other| {
        let route = other.route(&call.verb, &call.path, &call.headers)?;
        Some(format!("{asked}; it is {} of {}", route.id, other.api.service))
    });
    loud(world, meant.unwrap_or_else(|| format!("{asked}, which has no such method")))
}

fn loud(world: &mut World, sentence: String) -> Reply {
    let reply = refusal::rpc(501, "UNIMPLEMENTED", sentence.clone(), Vec::new());
    world.unexpected.push(sentence);
    reply
}

/// Applies the `fields` parameter to a JSON reply.
fn select(call: &Call, reply: Reply) -> Reply {
    let wanted = call.query("fields").and_then(|text| fields::read(text).ok());
    match (wanted, serde_json::from_slice::<Value>(&reply.body)) {
        (Some(selection), Ok(value)) if call.query("alt") != Some("media") => {
            Reply { body: Bytes::from(format!("{:#}\n", selection.take(&value))), ..reply }
        }
        _ => reply,
    }
}

async fn deliver(
    shared: &Shared,
    number: usize,
    reset: &AtomicBool,
    reply: Reply,
) -> Result<Response<Content>, GivenUp> {
    match reply.manner {
        Manner::Never => return std::future::pending().await,
        Manner::Cut => {
            reset.store(true, Ordering::Relaxed);
            return Err(GivenUp);
        }
        Manner::Whole | Manner::Half | Manner::Endless | Manner::Stuck => {}
    }
    shared.journal.amend(number, |entry| entry.status = Some(reply.status));
    let mut response = Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(name, value);
    }
    let content = match reply.manner {
        Manner::Half => {
            response = response.header("Content-Length", reply.body.len());
            Content::half(&reply.body)
        }
        Manner::Endless => Content::Endless(Some(reply.body)),
        Manner::Stuck => Content::Stuck(Some(reply.body)),
        _ => Content::Whole(Some(reply.body)),
    };
    response.body(content).map_err(|_| GivenUp)
}
