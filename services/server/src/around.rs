//! What surrounds every route, from the outside in: the [observer](crate::observe), the
//! [budget](crate::buffers) of buffers, the [rest](crate::unread_body) of the body, and the one
//! [host](crate::host).
//!
//! One layer, not four: each layer boxes its future and clones all that it surrounds, for every request.

use std::sync::Arc;

use api::Problem;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::buffers::Buffers;
use crate::host::has_one_host;
use crate::observe::Observer;
use crate::unread_body;

/// What the layer needs; shared, since each request clones it.
pub(crate) struct Around {
    pub(crate) observer: Observer,
    pub(crate) buffers: Buffers,
}

/// The layer.
pub(crate) async fn around(
    State(around): State<Arc<Around>>,
    request: Request,
    next: Next,
) -> Response {
    let answer = |request| answer(&around.buffers, request, next);
    around.observer.observe(request, answer).await
}

async fn answer(buffers: &Buffers, mut request: Request, next: Next) -> Response {
    let method = request.method().clone();
    buffers.lend(&mut request);
    let (request, unread) = unread_body::watch(request);
    let mut response = if has_one_host(&request) {
        next.run(request).await
    } else {
        drop(request);
        Problem::bad_request("A request has exactly one Host header.").into_response()
    };
    if let Some(unread) = unread {
        unread.drain(&mut response).await;
    }
    buffers.count(&method, response).await
}
