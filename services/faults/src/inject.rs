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

use crate::on::{Deed, On};
use crate::{FailStatus, Faults, Name};

/// When to try again after a 503, in seconds: with a share below 1 the next request may succeed.
const RETRY_AFTER: u16 = 1;

/// The attribute of the server span that names the fault; of several, the last.
const FAULT_NAME: &str = "fault.name";

/// The layer. While no fault is on it costs one load of a flag.
pub async fn inject(State(faults): State<Faults>, request: Request, next: Next) -> Response {
    if !faults.any() {
        return next.run(request).await;
    }
    let template = request.extensions().get::<MatchedPath>().cloned();
    let template = template.as_ref().map_or("", MatchedPath::as_str);
    let method = request.method().as_str();
    let of_route = |on: &&On| {
        let route = on.fault.route();
        route.is_some_and(|route| route.matches(method, template))
    };
    let all = faults.on();
    for on in all.iter().map(AsRef::as_ref).filter(of_route) {
        match on.next() {
            None => {}
            Some(Deed::Fail(status)) => {
                name(&on.name);
                return failure(status, &on.name).into_response();
            }
            Some(Deed::Wait(time)) => {
                name(&on.name);
                tokio::time::sleep(time).await;
            }
            Some(Deed::Hold(time)) => {
                name(&on.name);
                hold(&faults, on, time).await;
            }
        }
    }
    next.run(request).await
}

fn name(name: &Name) {
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
async fn hold(faults: &Faults, on: &On, time: Duration) {
    let wait = async |_: &Context| Ok::<_, Infallible>(on.lock.lock().await);
    let waited = in_span(faults.tracer(), "wait for the lock", vec![], wait).await;
    let Ok(_turn) = waited;
    tokio::time::sleep(time).await;
}
