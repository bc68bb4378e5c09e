//! Whether a request is worked on when it has its turn, and until when.
//!
//! Work that nobody waits for any more is dropped: the request says how long its sender waits
//! ([`Deadline`]). What has stood in the [`queue`](crate::queue) for too long is refused. Probes are
//! always answered: whoever looks how an overloaded service fares has to see it.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use api::{IdempotencyKey, Problem};
use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use deadline::{Alarm, Deadline};
use http::Method;
use opentelemetry::trace::TraceContextExt as _;
use opentelemetry::{Context, KeyValue};
use parking_lot::Mutex;
use prometheus::IntCounter;

use crate::connection::Origin;
use crate::overload::Priority;
use crate::probes;
use crate::queue::{Queue, Turn};

/// When to try again, in seconds: a queue has to be long for a second before anything is refused.
const RETRY_AFTER: u16 = 1;

/// What becomes of a request.
#[derive(Debug)]
pub(crate) enum Admission {
    /// It is worked on, until then if it has a deadline.
    Admitted(Option<Due>),
    /// The worker has more to do than it can.
    Refused(Arc<Queue>, Turn),
}

/// When the answer to a request is due.
#[derive(Debug)]
pub(crate) struct Due {
    deadline: Deadline,
    /// Rings then.
    alarm: Arc<Mutex<Alarm>>,
}

impl Admission {
    /// To be asked when the request has its turn.
    pub(crate) fn of(request: &Request) -> Self {
        let route = request.extensions().get::<MatchedPath>();
        let route = route.map(MatchedPath::as_str);
        if route.is_some_and(|route| probes::PATHS.contains(&route)) {
            return Self::Admitted(None);
        }
        let origin = request.extensions().get::<Origin>();
        let queue = origin.and_then(|origin| origin.queue.as_ref());
        let turn = queue.map(|queue| (queue, queue.turn(priority(request.method(), route))));
        match turn {
            Some((queue, turn)) if turn.is_refused => Self::Refused(Arc::clone(queue), turn),
            _ => {
                // The sender's clock has run while the request stood in the queue.
                let waited = turn.map(|(_, turn)| turn.waited).unwrap_or_default();
                Self::Admitted(Deadline::of(request.headers()).map(|deadline| Due {
                    deadline: deadline.earlier_by(waited),
                    alarm: origin.map_or_else(Arc::default, |origin| Arc::clone(&origin.alarm)),
                }))
            }
        }
    }

    pub(crate) const fn is_refused(&self) -> bool {
        matches!(self, Self::Refused(..))
    }
}

/// A read that names no single thing is a list.
fn priority(method: &Method, route: Option<&str>) -> Priority {
    let names_one = route.is_some_and(|route| route.contains('{'));
    if method.is_safe() && !names_one {
        Priority::List
    } else {
        Priority::Other
    }
}

/// 503: the request has waited for too long. A line tells of it, and of those since the last line.
pub(crate) fn refuse(queue: &Queue, turn: Turn) -> Response {
    if let Some(refused) = queue.untold_refusals() {
        let waited_ms = u64::try_from(turn.waited.as_millis()).unwrap_or(u64::MAX);
        tracing::warn!(
            refused,
            waited_ms,
            "there is more to do than can be done: {refused} requests were refused, the last one after it had waited for {waited_ms} ms"
        );
    }
    let detail = "There is more to do than can be done. Nothing was done; try again in a moment.";
    Problem::unavailable(detail, RETRY_AFTER).into_response()
}

/// Works on the request until it is due; 504 when that has passed.
pub(crate) async fn in_time(
    Due { deadline, alarm }: Due,
    request: Request,
    next: Next,
    exceeded: &IntCounter,
) -> Response {
    let method = request.method().clone();
    let has_key = request.headers().contains_key(IdempotencyKey::HEADER);
    let late = |phase, detail: String| {
        exceeded.inc();
        let phase = KeyValue::new("deadline.exceeded", phase);
        Context::current().span().set_attribute(phase);
        let cause = "the deadline that the request brought has passed";
        Problem::gateway_timeout(detail)
            .caused_by(&cause)
            .into_response()
    };
    if deadline.left().is_zero() {
        drop(request);
        let detail =
            "The time for this request was over before work on it began. Nothing was done.";
        return late("queued", detail.to_owned());
    }
    let answer = {
        let mut work = pin!(deadline.scope(next.run(request)));
        let answer = poll_fn(|task| match work.as_mut().poll(task) {
            // One that is ready counts, however late.
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending => alarm.lock().poll(deadline.instant(), task).map(|()| None),
        });
        answer.await
    };
    answer.unwrap_or_else(|| {
        let advice = Problem::advice_on_unknown_outcome(&method, has_key);
        late(
            "running",
            format!("The time for this request is over. {advice}"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_of_no_single_thing_is_a_list_and_all_else_is_not() {
        for (method, route, expected) in [
            (Method::GET, Some("/orders"), Priority::List),
            (Method::HEAD, Some("/products"), Priority::List),
            (Method::GET, None, Priority::List),
            (Method::GET, Some("/products/{id}"), Priority::Other),
            (Method::POST, Some("/orders"), Priority::Other),
            (Method::POST, Some("/inventory/check"), Priority::Other),
            (Method::PUT, Some("/inventory/{id}"), Priority::Other),
        ] {
            assert_eq!(priority(&method, route), expected, "{method} {route:?}");
        }
    }
}
