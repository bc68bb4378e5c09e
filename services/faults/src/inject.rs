//! The layer that does to requests what the faults say.
//!
//! It stands inside the layer that observes requests and outside the handlers, so that span, metric
//! and access line show the fault like a real one, and a request that fails here has done nothing.

use std::convert::Infallible;
use std::time::Duration;

use api::Problem;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use opentelemetry::trace::TraceContextExt;
use opentelemetry::{Context, KeyValue};
use telemetry::traces::in_span;

use crate::active::{ActiveFault, Effect};
use crate::{FailStatus, Faults, Name};

/// When to try again after a 503, in seconds: with a share below 1 the next request may succeed.
const RETRY_AFTER: u16 = 1;

/// The attribute of the server span that names the fault; of several, the last.
const FAULT_NAME: &str = "fault.name";

/// The layer. While no fault is on it costs one load of a flag.
pub async fn inject(State(faults): State<Faults>, request: Request, next: Next) -> Response {
    if !faults.any_active() {
        return next.run(request).await;
    }
    let template = request.extensions().get::<MatchedPath>().cloned();
    let template = template.as_ref().map_or("", MatchedPath::as_str);
    let method = request.method().as_str();
    let of_route = |active: &&ActiveFault| {
        let route = active.fault.route();
        route.is_some_and(|route| route.matches(method, template))
    };
    let all = faults.active();
    for active in all.iter().map(AsRef::as_ref).filter(of_route) {
        let Some(effect) = active.next() else {
            continue;
        };
        name_on_span(&active.name);
        match effect {
            Effect::Fail(status) => return failure(status, &active.name).into_response(),
            Effect::Wait(time) => tokio::time::sleep(time).await,
            Effect::Hold(time) => hold(&faults, active, time).await,
            // What must never be done in a handler is what is shown.
            Effect::Block(time) => std::thread::sleep(time),
        }
    }
    next.run(request).await
}

fn name_on_span(name: &Name) {
    let context = Context::current();
    let name = KeyValue::new(FAULT_NAME, name.to_string());
    context.span().set_attribute(name);
}

fn failure(status: FailStatus, name: &Name) -> Problem {
    let problem = match status {
        FailStatus::Internal => Problem::internal(),
        FailStatus::Unavailable => Problem::unavailable(
            "The service cannot do this now. Nothing was done; try again in a moment.",
            RETRY_AFTER,
        ),
    };
    problem.caused_by(&format_args!("the fault {name} is on"))
}

/// Waits for the lock, which the trace shows, and holds it for a while.
async fn hold(faults: &Faults, active: &ActiveFault, time: Duration) {
    let wait = async |_: &Context| Ok::<_, Infallible>(active.lock.lock().await);
    let waited = in_span(faults.tracer(), "wait for the lock", vec![], wait).await;
    let Ok(_turn) = waited;
    tokio::time::sleep(time).await;
}
