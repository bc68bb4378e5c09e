//! An attempt to have a request answered: by one instance, in bounded time, with a span of its own.
//!
//! What an answer says of the only instance of a peer: that it answers, except for a 504 as the time ends,
//! which is the same as none. Of one of several:
//!
//! | answer | to its circuit | to its load | sent again |
//! | --- | --- | --- | --- |
//! | none in time, or none at all | a failure | nothing | yes, if that does no harm |
//! | 504 as the time ends | a failure | nothing | the same |
//! | 503 without `Retry-After` | a failure | nothing | the same |
//! | another 5xx | an answer | as one that took a second | no |
//! | any other | an answer | the time that it took | no |
//!
//! A bare 503 is what stands in front of a program that is gone says. With `Retry-After` the instance
//! itself asks for a pause: it works and has too much to do, or what it needs is gone; it gets less, and to
//! ask another at once would be the crowd that it wants to avoid. 500 is the answer of a program that works
//! to a request that it cannot handle: the others are the same program, and one such request, repeated,
//! could eject them all. 502, and 504 before the time ends, speak of what lies behind an instance, which lies behind the others too.

use std::time::Duration;

use deadline::Deadline;
use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, header};
use opentelemetry::trace::{FutureExt, SpanBuilder, SpanKind, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue, global};
use opentelemetry_http::HeaderInjector;
use opentelemetry_semantic_conventions::attribute::{
    HTTP_REQUEST_METHOD, HTTP_REQUEST_RESEND_COUNT, SERVER_ADDRESS, SERVER_PORT, URL_FULL,
    URL_TEMPLATE,
};
use telemetry::RequestId;
use telemetry::traces::bounded;
use tokio::time::Instant;

use crate::balancer::Chosen;
use crate::circuit::Permit;
use crate::connection::{SendError, Unanswered};
use crate::connections::Received;
use crate::instance::Instance;
use crate::load::REFUSAL;
use crate::peer::Outcome;
use crate::record::Record;
use crate::request_body::{Progress, RequestBody, Stage};
use crate::response_body;
use crate::time_limit::AttemptTime;
use crate::{Peer, PeerError, Route};

/// How long a probe of the circuit may wait for its own body. Every other request is refused
/// meanwhile, and a client that sends slowly says nothing about the peer. A whole body comes within
/// milliseconds.
const PROBE_BODY: Duration = Duration::from_secs(1);

/// What the rest of an answer has at least, whose head came in time. A peer gives up on a slow
/// request after as long as the gateway does, and its answer comes just as the deadline passes.
const REST_OF_ANSWER: Duration = Duration::from_secs(1);

const REQUEST_ID: HeaderName = HeaderName::from_static(RequestId::HEADER);

/// An attempt that is about to be made.
pub(crate) struct Attempt<'a> {
    pub(crate) peer: &'a Peer,
    pub(crate) route: &'a Route,
    pub(crate) chosen: Chosen<'a>,
    /// How often the request has been sent before.
    pub(crate) resend_count: u32,
    pub(crate) time: AttemptTime,
    /// When all of the answer has to be there.
    pub(crate) deadline: Instant,
}

/// What came of an attempt.
pub(crate) struct Attempted {
    pub(crate) outcome: Outcome,
    /// The request, if nothing of it was written.
    pub(crate) unsent: Option<Box<Request<RequestBody>>>,
    /// Whether the instance has failed, so that another may do better.
    pub(crate) has_failed: bool,
}

/// Why there is no answer, and the request if nothing of it was written.
type Failure = (PeerError, Option<Box<Request<RequestBody>>>);

/// What an answer says of its instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Success,
    /// It answers, but not with success.
    Refusal,
    Failure,
}

impl Attempt<'_> {
    pub(crate) async fn run(
        self,
        mut request: Box<Request<RequestBody>>,
        progress: &Progress,
    ) -> Attempted {
        let (peer, deadline) = (self.peer, self.deadline);
        let context = self.begin_span(&request);
        self.add_headers(&mut request, &context);
        let route = self.route.clone();
        let mut record = Record::begin(peer.name(), route, context.clone(), peer.metrics.clone());
        match self.exchange(request, progress).with_context(context).await {
            Ok((response, verdict)) => {
                record.answered(&response);
                let deadline = deadline.max(Instant::now() + REST_OF_ANSWER);
                Attempted {
                    outcome: Ok(response.map(|body| response_body::watch(body, record, deadline))),
                    unsent: None,
                    has_failed: verdict == Verdict::Failure,
                }
            }
            Err((error, unsent)) => {
                record.failed(&error);
                Attempted {
                    has_failed: error.is_failure_of_the_peer(),
                    outcome: Err(error),
                    unsent,
                }
            }
        }
    }

    /// The way of the request through the circuit to the head of its answer, which is its outcome to
    /// the circuit.
    async fn exchange(
        self,
        request: Box<Request<RequestBody>>,
        progress: &Progress,
    ) -> Result<(Response<Received>, Verdict), Failure> {
        let (name, time) = (self.peer.name(), self.time);
        let Chosen {
            instance, permit, ..
        } = self.chosen;
        let mut permit = Some(permit.map_err(|error| (error, None))?);
        if time.is_over() {
            return Err((PeerError::NoTimeLeft { peer: name }, None));
        }
        let is_one_of_several = self.peer.balancer.has_several();
        let measured = is_one_of_several.then(|| (instance.load.begin(), Instant::now()));
        let answer = instance.connections.send(request, progress, time.ends);
        let mut answer = std::pin::pin!(answer);
        let mut early = None;
        if permit.as_ref().is_some_and(Permit::is_probe) {
            tokio::select! {
                biased;
                answer = &mut answer => early = Some(answer),
                () = progress.stalls(PROBE_BODY) => permit = None,
            }
        }
        let answer = match early {
            Some(answer) => answer,
            None => answer.await,
        };
        let is_slow = matches!(answer, Err((SendError::TimedOut, _)));
        let outcome = match answer {
            Ok(response) => {
                let verdict = verdict(&response, time, is_one_of_several);
                Ok((response, verdict))
            }
            Err(unanswered) => Err(failure(name, unanswered, progress)),
        };
        if let (Some((_in_flight, begun)), Ok((_, verdict))) = (&measured, &outcome) {
            measure(instance, *begun, *verdict, progress);
        }
        let Some(permit) = permit else {
            return outcome;
        };
        match &outcome {
            Ok((response, Verdict::Failure)) => {
                if time.is_fair || response.status() != StatusCode::GATEWAY_TIMEOUT {
                    permit.failed(&format!("it answered {}", response.status()));
                }
            }
            Ok(_) => permit.succeeded(),
            Err((error, _)) if error.is_failure_of_the_peer() && (time.is_fair || !is_slow) => {
                permit.failed(&error.chain());
            }
            Err(_) => drop(permit),
        }
        outcome
    }

    /// The client span (semantic conventions, "HTTP client"), under the current one.
    fn begin_span(&self, request: &Request<RequestBody>) -> Context {
        let (method, template) = (self.route.method_name(), self.route.template);
        let Instance {
            origin, host, port, ..
        } = self.chosen.instance;
        let path = request.uri().path_and_query();
        let mut full = [&**origin, path.map_or("/", PathAndQuery::as_str)].concat();
        full.truncate(bounded(&full).len());
        let mut attributes = Vec::with_capacity(6);
        attributes.extend([
            KeyValue::new(HTTP_REQUEST_METHOD, method),
            KeyValue::new(SERVER_ADDRESS, host.clone()),
            KeyValue::new(SERVER_PORT, i64::from(*port)),
            KeyValue::new(URL_FULL, full),
            KeyValue::new(URL_TEMPLATE, template),
        ]);
        if self.resend_count > 0 {
            let count = i64::from(self.resend_count);
            attributes.push(KeyValue::new(HTTP_REQUEST_RESEND_COUNT, count));
        }
        let span = SpanBuilder {
            name: [method, " ", template].concat().into(),
            span_kind: Some(SpanKind::Client),
            attributes: Some(attributes),
            ..SpanBuilder::default()
        };
        let parent = Context::current();
        let span = self.peer.tracer.build_with_context(span, &parent);
        parent.with_span(span)
    }

    /// The ids of the current request, and the time that it has left.
    fn add_headers(&self, request: &mut Request<RequestBody>, context: &Context) {
        let headers = request.headers_mut();
        global::get_text_map_propagator(|propagator| {
            propagator.inject_context(context, &mut HeaderInjector(headers));
        });
        if let Some(id) = context.get::<RequestId>()
            && let Ok(id) = HeaderValue::from_str(id.as_str())
        {
            headers.insert(REQUEST_ID, id);
        }
        headers.insert(Deadline::HEADER, self.time.header_value());
    }
}

fn verdict<B>(response: &Response<B>, time: AttemptTime, is_one_of_several: bool) -> Verdict {
    let status = response.status();
    let is_bare = !response.headers().contains_key(header::RETRY_AFTER);
    match status {
        StatusCode::GATEWAY_TIMEOUT if time.is_nearly_over() => Verdict::Failure,
        StatusCode::SERVICE_UNAVAILABLE if is_bare && is_one_of_several => Verdict::Failure,
        _ if status.is_server_error() => Verdict::Refusal,
        _ => Verdict::Success,
    }
}

/// What an answer says of the load of its instance. The time in which a client sent its body is its own.
fn measure(instance: &Instance, begun: Instant, verdict: Verdict, progress: &Progress) {
    match verdict {
        Verdict::Success => {
            let sent = progress.completed().map_or(begun, |sent| sent.max(begun));
            instance.load.observe(sent.elapsed());
        }
        Verdict::Refusal => instance.load.observe(REFUSAL),
        Verdict::Failure => {}
    }
}

/// What an error means for a request whose body has come so far. Where it cannot be known that
/// nothing was written, something was.
fn failure(peer: &'static str, (error, unsent): Unanswered, progress: &Progress) -> Failure {
    if unsent.is_some() {
        let source = Box::new(error);
        return (PeerError::Unreachable { peer, source }, unsent);
    }
    let error = match (error, progress.give_up()) {
        (SendError::TimedOut, Stage::Awaited) => PeerError::RequestTooSlow { peer },
        (error, Stage::Untouched | Stage::GivenUp) => PeerError::Unreachable {
            peer,
            source: Box::new(error),
        },
        (SendError::TimedOut, _) => PeerError::Timeout { peer },
        (_, Stage::TooLarge) => PeerError::RequestTooLarge { peer },
        (_, Stage::Broken) => PeerError::RequestBroken { peer },
        (error @ (SendError::Connect(_) | SendError::Unsent(_)), _) => PeerError::Unreachable {
            peer,
            source: Box::new(error),
        },
        (error @ SendError::Broken(_), _) => PeerError::BrokenOff {
            peer,
            source: Box::new(error),
        },
    };
    (error, None)
}
