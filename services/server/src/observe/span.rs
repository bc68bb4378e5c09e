//! The server span of a request (semantic conventions, "HTTP server").

use std::borrow::Cow;

use axum::extract::Request;
use http::{HeaderMap, StatusCode, header};
use opentelemetry::trace::{SpanBuilder, SpanKind, SpanRef, Status, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::SdkTracer;
use opentelemetry_semantic_conventions::attribute::{
    CLIENT_ADDRESS, ERROR_TYPE, HTTP_REQUEST_METHOD, HTTP_REQUEST_METHOD_ORIGINAL,
    HTTP_RESPONSE_STATUS_CODE, HTTP_ROUTE, NETWORK_PEER_ADDRESS, NETWORK_PEER_PORT,
    NETWORK_PROTOCOL_VERSION, SERVER_ADDRESS, SERVER_PORT, SERVICE_PEER_NAME, URL_PATH, URL_QUERY,
    URL_SCHEME, USER_AGENT_ORIGINAL,
};
use telemetry::protocol::{OTHER_METHOD, method_name, version_name};
use telemetry::traces::{add_exception, bounded};

use crate::connection::Client;

/// How many attributes a span has at most: those of [`begin`], a status and an error.
const ATTRIBUTES: usize = 17;

/// How a request went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The service failed; the status says so.
    Status(StatusCode),
    /// The answer broke off after its head had been sent.
    BrokenAnswer,
    /// The client went away before the end of the answer. Nothing failed on our side.
    ClientDisconnected,
}

impl Failure {
    /// `error.type`: one of few words.
    fn kind(self) -> Cow<'static, str> {
        match self {
            Self::Status(status) => status.as_str().to_owned().into(),
            Self::BrokenAnswer => "broken_answer".into(),
            Self::ClientDisconnected => "client_disconnected".into(),
        }
    }
}

/// Begins the span, under the caller's when there is one; returns its context. `query` is what may be
/// shown of it, `port` that of the listener.
pub(super) fn begin(
    tracer: &SdkTracer,
    parent: &Context,
    request: &Request,
    route: Option<&str>,
    query: Option<&str>,
    client: Option<&Client>,
    port: u16,
) -> Context {
    let method = method_name(request.method());
    let verb = if method == OTHER_METHOD {
        "HTTP"
    } else {
        method
    };
    let headers = request.headers();
    let mut attributes = Vec::with_capacity(ATTRIBUTES);
    attributes.push(KeyValue::new(HTTP_REQUEST_METHOD, method));
    attributes.push(KeyValue::new(
        URL_PATH,
        bounded(request.uri().path()).to_owned(),
    ));
    let caller = client.and_then(|client| client.id.as_ref());
    let scheme = if caller.is_some() { "https" } else { "http" };
    attributes.push(KeyValue::new(URL_SCHEME, scheme));
    if let Some(caller) = caller {
        let caller = caller.service().to_owned();
        attributes.push(KeyValue::new(SERVICE_PEER_NAME, caller));
    }
    if let Some(query) = query {
        attributes.push(KeyValue::new(URL_QUERY, bounded(query).to_owned()));
    }
    if method == OTHER_METHOD {
        let original = bounded(request.method().as_str()).to_owned();
        attributes.push(KeyValue::new(HTTP_REQUEST_METHOD_ORIGINAL, original));
    }
    let (host, host_port) = text(headers, &header::HOST).map_or((None, None), host_and_port);
    if let Some(host) = host {
        attributes.push(KeyValue::new(SERVER_ADDRESS, bounded(host).to_owned()));
    }
    let port = i64::from(host_port.unwrap_or(port));
    attributes.push(KeyValue::new(SERVER_PORT, port));
    if let Some(client) = client {
        let address = &client.address;
        attributes.push(KeyValue::new(CLIENT_ADDRESS, address.clone()));
        attributes.push(KeyValue::new(NETWORK_PEER_ADDRESS, address.clone()));
        attributes.push(KeyValue::new(NETWORK_PEER_PORT, i64::from(client.port)));
    }
    let version = version_name(request.version());
    attributes.push(KeyValue::new(NETWORK_PROTOCOL_VERSION, version));
    if let Some(agent) = text(headers, &header::USER_AGENT) {
        attributes.push(KeyValue::new(
            USER_AGENT_ORIGINAL,
            bounded(agent).to_owned(),
        ));
    }
    let name = match route {
        Some(route) => {
            attributes.push(KeyValue::new(HTTP_ROUTE, route.to_owned()));
            [verb, " ", route].concat().into()
        }
        None => verb.into(),
    };
    let span = SpanBuilder {
        name,
        span_kind: Some(SpanKind::Server),
        attributes: Some(attributes),
        ..SpanBuilder::default()
    };
    parent.with_span(tracer.build_with_context(span, parent))
}

/// Ends the span. `status` is the one that was sent, if one was.
pub(super) fn end(
    span: &SpanRef<'_>,
    status: Option<StatusCode>,
    failure: Option<Failure>,
    cause: Option<&str>,
) {
    if let Some(status) = status {
        let status = i64::from(status.as_u16());
        span.set_attribute(KeyValue::new(HTTP_RESPONSE_STATUS_CODE, status));
    }
    if let Some(failure) = failure {
        let kind = failure.kind();
        span.set_attribute(KeyValue::new(ERROR_TYPE, kind.clone()));
        // A server span fails for what the server did wrong, not for what a client did.
        if failure != Failure::ClientDisconnected {
            let cause = cause.unwrap_or_default();
            span.set_status(Status::error(cause.to_owned()));
            add_exception(span, kind, cause.to_owned());
        }
    }
    span.end();
}

fn text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// The parts of a `Host` (RFC 9110 section 7.2): none is empty, an address of IPv6 has no brackets.
fn host_and_port(text: &str) -> (Option<&str>, Option<u16>) {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()),
        _ => (text, None),
    };
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let host = bare.unwrap_or(host);
    ((!host.is_empty()).then_some(host), port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_split_into_its_parts() {
        for (text, parts) in [
            ("shop", (Some("shop"), None)),
            ("shop:8080", (Some("shop"), Some(8080))),
            ("127.0.0.1:80", (Some("127.0.0.1"), Some(80))),
            ("[::1]", (Some("::1"), None)),
            ("[::1]:8080", (Some("::1"), Some(8080))),
            ("shop:", (Some("shop"), None)),
            ("shop:http", (Some("shop"), None)),
            ("", (None, None)),
            (":80", (None, Some(80))),
        ] {
            assert_eq!(host_and_port(text), parts, "{text}");
        }
    }
}
