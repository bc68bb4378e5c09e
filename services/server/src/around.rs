//! What surrounds every route, from the outside in: the [admission](crate::admission), the
//! [observer](crate::observe), the [budget](crate::buffers) of buffers, the
//! [rest](crate::unread_body) of the body, and the one [host](crate::host).
//!
//! One layer, not five: each layer boxes its future and clones all that it surrounds, for every request.

use std::sync::Arc;

use api::Problem;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::admission::{self, Admission};
use crate::buffers::Buffers;
use crate::host::has_one_host;
use crate::load::LoadMetrics;
use crate::observe::Observer;
use crate::unread_body;

/// What the layer needs; shared, since each request clones it.
pub(crate) struct Around {
    pub(crate) observer: Observer,
    pub(crate) buffers: Buffers,
    pub(crate) load: LoadMetrics,
}

/// The layer.
pub(crate) async fn around(
    State(around): State<Arc<Around>>,
    request: Request,
    next: Next,
) -> Response {
    let admission = Admission::of(&request);
    let is_refused = admission.is_refused();
    let answer = |request| answer(&around, admission, request, next);
    around.observer.observe(request, is_refused, answer).await
}

async fn answer(
    Around { buffers, load, .. }: &Around,
    admission: Admission,
    mut request: Request,
    next: Next,
) -> Response {
    let method = request.method().clone();
    buffers.lend(&mut request);
    let (request, unread) = unread_body::watch(request);
    let mut response = match admission {
        Admission::Refused(queue, turn) => {
            drop(request);
            admission::refuse(&queue, turn)
        }
        Admission::Admitted(_) if !has_one_host(&request) => {
            drop(request);
            Problem::bad_request("A request has exactly one Host header.").into_response()
        }
        Admission::Admitted(None) => next.run(request).await,
        // Boxed, so that a request without a deadline does not carry its place along.
        Admission::Admitted(Some(due)) => {
            let exceeded = &load.deadlines_exceeded;
            Box::pin(admission::in_time(due, request, next, exceeded)).await
        }
    };
    if let Some(unread) = unread {
        unread.drain(&mut response).await;
    }
    buffers.count(&method, response).await
}
