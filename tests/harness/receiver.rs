//! A real OTLP receiver, over HTTP with protobuf and over gRPC, that keeps every span; and the
//! ways in which a receiver can be bad.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as AnyValue;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// How a receiver behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiverMode {
    /// Takes every span.
    Good,
    /// Takes the request and does not answer until its mode is another.
    Hanging,
    /// Answers 400, which must not be tried again.
    Refusing,
    /// Takes the request and says that it has rejected so many of its spans, in a message that
    /// repeats the request's `authorization`.
    Rejecting(i64),
}

/// A span with the service that made it.
#[derive(Clone, Debug)]
pub struct SpanRecord {
    /// The resource's `service.name`.
    pub service: String,
    /// All attributes of the resource as text.
    pub resource: BTreeMap<String, String>,
    /// The name and the version of its instrumentation scope.
    pub scope: (String, String),
    /// The span as it came.
    pub span: Span,
}

/// A running receiver.
#[derive(Clone, Debug)]
pub struct Receiver {
    address: SocketAddr,
    mode: watch::Sender<ReceiverMode>,
    spans: Arc<Mutex<Vec<SpanRecord>>>,
    headers: Arc<Mutex<Vec<HeaderMap>>>,
}

impl Receiver {
    /// A receiver over HTTP on a free port.
    pub async fn http(mode: ReceiverMode) -> Self {
        let (receiver, listener) = Self::bind(mode).await;
        let router = Router::new()
            .route("/v1/traces", post(take))
            .layer(axum::extract::DefaultBodyLimit::disable())
            .with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        receiver
    }

    /// A receiver over gRPC on a free port.
    pub async fn grpc() -> Self {
        let (receiver, listener) = Self::bind(ReceiverMode::Good).await;
        let incoming = tonic::transport::server::TcpIncoming::from(listener);
        let service = TraceServiceServer::new(Grpc(receiver.clone()));
        tokio::spawn(
            tonic::transport::Server::builder()
                .add_service(service)
                .serve_with_incoming(incoming),
        );
        receiver
    }

    async fn bind(mode: ReceiverMode) -> (Self, TcpListener) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        (
            Self {
                address,
                mode: watch::Sender::new(mode),
                spans: Arc::default(),
                headers: Arc::default(),
            },
            listener,
        )
    }

    /// Its address as `OTEL_EXPORTER_OTLP_ENDPOINT`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Changes how it behaves. Requests that hang are now answered.
    pub fn set_mode(&self, mode: ReceiverMode) {
        self.mode.send_replace(mode);
    }

    /// Every span that has come so far.
    pub fn spans(&self) -> Vec<SpanRecord> {
        self.spans.lock().expect("no panic").clone()
    }

    /// The spans of one trace, by its id in hexadecimal.
    pub fn trace(&self, id: &str) -> Vec<SpanRecord> {
        let spans = self.spans.lock().expect("no panic");
        spans
            .iter()
            .filter(|record| record.trace_id() == id)
            .cloned()
            .collect()
    }

    /// The headers of every export so far.
    pub fn headers(&self) -> Vec<HeaderMap> {
        self.headers.lock().expect("no panic").clone()
    }

    fn keep(&self, request: ExportTraceServiceRequest) {
        let mut spans = self.spans.lock().expect("no panic");
        for resource_spans in request.resource_spans {
            let attributes = resource_spans.resource.map(|resource| resource.attributes);
            let resource = attributes_as_text(&attributes.unwrap_or_default());
            let service = resource.get("service.name").cloned().unwrap_or_default();
            for scope_spans in resource_spans.scope_spans {
                let scope = scope_spans.scope.unwrap_or_default();
                let scope = (scope.name, scope.version);
                spans.extend(scope_spans.spans.into_iter().map(|span| SpanRecord {
                    service: service.clone(),
                    resource: resource.clone(),
                    scope: scope.clone(),
                    span,
                }));
            }
        }
    }

    /// What it answers to a request with these headers.
    fn answer(&self, headers: &HeaderMap) -> ExportTraceServiceResponse {
        let ReceiverMode::Rejecting(rejected_spans) = *self.mode.borrow() else {
            return ExportTraceServiceResponse::default();
        };
        let authorization = headers.get(header::AUTHORIZATION);
        let error_message = format!("too old, says one who repeats {authorization:?}");
        ExportTraceServiceResponse {
            partial_success: Some(ExportTracePartialSuccess {
                rejected_spans,
                error_message,
            }),
        }
    }
}

impl SpanRecord {
    /// The id of its trace in hexadecimal.
    pub fn trace_id(&self) -> String {
        hex(&self.span.trace_id)
    }

    /// Its own id in hexadecimal.
    pub fn span_id(&self) -> String {
        hex(&self.span.span_id)
    }

    /// The id of its parent in hexadecimal; empty for a root.
    pub fn parent_id(&self) -> String {
        hex(&self.span.parent_span_id)
    }

    /// An attribute as text.
    pub fn attribute(&self, name: &str) -> Option<String> {
        attributes_as_text(&self.span.attributes).remove(name)
    }
}

/// Attributes with their values as text.
pub fn attributes_as_text(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |value: &AnyValue| match value {
        AnyValue::StringValue(text) => text.clone(),
        AnyValue::BoolValue(truth) => truth.to_string(),
        AnyValue::IntValue(number) => number.to_string(),
        AnyValue::DoubleValue(number) => number.to_string(),
        other => format!("{other:?}"),
    };
    attributes
        .iter()
        .filter_map(|pair| {
            let value = pair.value.as_ref()?.value.as_ref()?;
            Some((pair.key.clone(), text(value)))
        })
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

async fn take(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> Response {
    let mut mode = receiver.mode.subscribe();
    let answering = mode.wait_for(|mode| *mode != ReceiverMode::Hanging).await;
    if *answering.expect("the receiver holds the sender") == ReceiverMode::Refusing {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let answer = receiver.answer(&headers).encode_to_vec();
    receiver.headers.lock().expect("no panic").push(headers);
    receiver.keep(ExportTraceServiceRequest::decode(body).expect("protobuf"));
    ([(header::CONTENT_TYPE, "application/x-protobuf")], answer).into_response()
}

struct Grpc(Receiver);

#[tonic::async_trait]
impl TraceService for Grpc {
    async fn export(
        &self,
        request: tonic::Request<ExportTraceServiceRequest>,
    ) -> Result<tonic::Response<ExportTraceServiceResponse>, tonic::Status> {
        let headers = request.metadata().clone().into_headers();
        let answer = self.0.answer(&headers);
        self.0.headers.lock().expect("no panic").push(headers);
        self.0.keep(request.into_inner());
        Ok(tonic::Response::new(answer))
    }
}
