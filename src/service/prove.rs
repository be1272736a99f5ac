//! Where nothing is checked and this run opens the service: looks whether everybody is let in.

use std::time::Duration;

use super::asking::SignIn;
use super::verify::{self, VerifyMethod};
use super::{Context, access, door};
use crate::facts::Facts;
use slipway_runner::duration;
use slipway_wire::clock::jitter;

/// Pauses between two looks at whether everybody is let in: the first, and the longest.
const FIRST_LOOK: Duration = Duration::from_secs(1);
const LONGEST_LOOK: Duration = Duration::from_secs(10);

/// Asks for the first page without an identity until somebody is let in, whatever the
/// program answers. That it is not proven in time fails nothing, because the grant stands.
pub(super) async fn run(context: &Context<'_>, facts: &mut Facts) -> String {
    let place = match verify::service_place(context, facts, None) {
        VerifyMethod::Ask(place) => place,
        VerifyMethod::Ready(why) => return format!("whether everybody is let in was not asked: {why}"),
    };
    let SignIn::Everybody(since) = place.entry else {
        return "whether everybody is let in was not asked: Identity-Aware Proxy stands in front of it".to_owned();
    };
    let clock = context.clock();
    let passed = since.map(|since| clock.now().saturating_sub(since)).unwrap_or_default();
    let limit = clock.limit(door::PROPAGATION.saturating_sub(passed));
    let mut pause = FIRST_LOOK;
    loop {
        let answer = context.probe.ask("GET", &place.base, None, |_| true).await;
        if place.internal && door::found_nothing(&answer) {
            return "whether everybody is let in was not asked: its ingress keeps this runner out".to_owned();
        }
        let status = answer.status.filter(|_| !door::turned_away("GET", &answer));
        if let Some(status) = status {
            access::proven(facts);
            return format!("everybody is let in: `GET /` is answered without an identity ({status})");
        }
        if limit.reached(clock) {
            let text = format!(
                "Service {} is open to everybody, and Google still turns away whoever does not say who they are after {}",
                context.deploy.service,
                duration(door::PROPAGATION)
            );
            context.warn(facts, text);
            return "not proven: callers are still turned away".to_owned();
        }
        context.console.live(&format!("Waiting until everybody is let in, for up to {}", duration(limit.left(clock))));
        clock.sleep(jitter(pause, 0.8, 1.2).min(limit.left(clock))).await;
        pause = pause.mul_f64(1.5).min(LONGEST_LOOK);
    }
}
