//! The one shape of every failure on the wire: RFC 9457 problem details.

use std::borrow::Cow;
use std::fmt;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, StatusCode, header};
use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{OrderId, ProblemKind};

/// A failure as the client sees it (RFC 9457).
///
/// `error` repeats the title for clients of the original; `traceId` is the trace under which
/// everything about this request can be found. No field ever shows an internal address.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// A URI that names the kind of problem; it leads to a page that explains it.
    #[serde(rename = "type")]
    kind: Cow<'static, str>,
    /// The kind of problem in a few words.
    pub title: Cow<'static, str>,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// What went wrong this time, and what can be done.
    pub detail: Cow<'static, str>,
    /// The same as `title`.
    error: Cow<'static, str>,
    /// The trace of the request that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[0-9a-f]{32}$")]
    trace_id: Option<String>,
    /// With status 409: the pieces on the shelf.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_stock: Option<u32>,
    /// With status 409: the pieces wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    requested: Option<u32>,
    /// The order that was stored as REJECTED, when one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    order_id: Option<OrderId>,
    #[serde(skip)]
    cause: Option<String>,
    #[serde(skip)]
    headers: Vec<(header::HeaderName, HeaderValue)>,
}

impl Problem {
    /// The most bytes that a request's body may have: 64 KiB, some hundred times the longest order.
    pub const BODY_LIMIT: usize = 64 * 1024;

    /// A problem of this kind; `detail` says what went wrong this time, and what can be done.
    pub fn new(kind: ProblemKind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind: kind.uri().into(),
            title: kind.title().into(),
            status: kind.status().as_u16(),
            detail: detail.into(),
            error: kind.title().into(),
            trace_id: None,
            current_stock: None,
            requested: None,
            order_id: None,
            cause: None,
            headers: Vec::new(),
        }
    }

    /// 400: the request cannot be understood.
    pub fn bad_request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ProblemKind::BadRequest, detail)
    }

    /// 401: whoever asks has to say who they are (RFC 9110 section 15.5.2). `challenge` is what a client
    /// of the API is told of how (RFC 6750 section 3).
    pub fn sign_in_required(detail: impl Into<Cow<'static, str>>, challenge: &'static str) -> Self {
        let challenge = HeaderValue::from_static(challenge);
        Self::new(ProblemKind::SignInRequired, detail)
            .with_header(header::WWW_AUTHENTICATE, challenge)
    }

    /// 404: there is no such path.
    pub fn unknown_path() -> Self {
        Self::new(ProblemKind::NotFound, "There is nothing at this path.")
    }

    /// 405: the path is known, the method is not. The router adds `Allow`.
    pub fn method_not_allowed() -> Self {
        Self::new(
            ProblemKind::MethodNotAllowed,
            "This path does not offer the method; the Allow header lists those that it does.",
        )
    }

    /// 409: fewer pieces in stock than wanted.
    pub fn insufficient_inventory(current_stock: u32, requested: u32) -> Self {
        let detail = format!(
            "{requested} wanted, {current_stock} in stock. Order fewer, or come back later."
        );
        let mut problem = Self::new(ProblemKind::InsufficientInventory, detail);
        problem.current_stock = Some(current_stock);
        problem.requested = Some(requested);
        problem
    }

    /// 408: the client sent its request too slowly.
    pub fn request_timeout() -> Self {
        Self::new(
            ProblemKind::RequestTimeout,
            "The body did not arrive in time. Nothing was done; send it again.",
        )
    }

    /// 413: the body is larger than [`Problem::BODY_LIMIT`].
    pub fn payload_too_large() -> Self {
        Self::new(
            ProblemKind::PayloadTooLarge,
            format!("A body has at most {} bytes.", Self::BODY_LIMIT),
        )
    }

    /// 415: the body is not JSON.
    pub fn unsupported_media_type() -> Self {
        Self::new(
            ProblemKind::UnsupportedMediaType,
            "Send the body as Content-Type: application/json.",
        )
    }

    /// 500: a fault of ours. The cause stands in the log, under the trace's id.
    pub fn internal() -> Self {
        Self::new(
            ProblemKind::Internal,
            "This is our fault. The trace id leads to the cause.",
        )
    }

    /// 502: a service broke off, or answered what it may not. Of a request that changes something
    /// the outcome is unknown, and `detail` says how to learn it.
    pub fn bad_gateway(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ProblemKind::BadGateway, detail)
    }

    /// 503: a part that is needed is down, and nothing was done; `retry_after` is in seconds.
    pub fn unavailable(detail: impl Into<Cow<'static, str>>, retry_after: u16) -> Self {
        Self::new(ProblemKind::Unavailable, detail)
            .with_header(header::RETRY_AFTER, HeaderValue::from(retry_after))
    }

    /// 504: a part that is needed did not answer in time. The outcome is as with
    /// [`Problem::bad_gateway`].
    pub fn gateway_timeout(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ProblemKind::GatewayTimeout, detail)
    }

    /// Names the order that was stored, and that this problem is about.
    #[must_use]
    pub fn of_order(mut self, id: OrderId) -> Self {
        self.order_id = Some(id);
        self
    }

    /// What a client can do whose request may have been carried out, and was not answered. `has_key` says
    /// whether it bore an `Idempotency-Key`.
    pub fn advice_on_unknown_outcome(method: &Method, has_key: bool) -> &'static str {
        if method.is_safe() {
            "Nothing was changed; the request may be sent again."
        } else if method.is_idempotent() {
            "The outcome is unknown: the change may have been made. The same request may be sent \
             again, since a repetition changes nothing more."
        } else if has_key {
            "The outcome is unknown: the request may have been carried out. Send it again with \
             the same Idempotency-Key to learn what became of it, or look at the list of orders."
        } else {
            "The outcome is unknown: the request may have been carried out. Look at the list (GET \
             on the same path) before you send it again. An order with an Idempotency-Key can be \
             sent again safely, with the same key."
        }
    }

    /// Says what the cause was. The client never sees it: it goes into the log and the trace, as
    /// the extension [`Cause`] of the response.
    #[must_use]
    pub fn caused_by(mut self, cause: &impl ToString) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    /// What the cause was, if that was said.
    pub fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn with_header(mut self, name: header::HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.title, self.detail)
    }
}

impl std::error::Error for Problem {}

/// Why a request failed, for the log and the trace.
#[derive(Clone, Debug)]
pub struct Cause(pub String);

impl IntoResponse for Problem {
    /// Takes the trace id from the current context.
    fn into_response(mut self) -> Response {
        self.trace_id = Context::map_current(|context| {
            let span = context.span();
            let trace = span.span_context();
            trace.is_valid().then(|| trace.trace_id().to_string())
        });
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        let cause = self.cause.map(Cause);
        for (name, value) in self.headers {
            headers.insert(name, value);
        }
        if let Some(cause) = cause {
            response.extensions_mut().insert(cause);
        }
        response
    }
}
