//! A peer and the requests to it.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use api::{PeerUrl, PeerUrls};
use axum::body::Body;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use identity::Identity;
use opentelemetry_sdk::trace::SdkTracer;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use serde::Serialize;
use telemetry::Telemetry;
use telemetry::metrics::{ClientMetrics, RetryOutcome};

use crate::attempt::{Attempt, Attempted};
use crate::balancer::{Balancer, Chosen};
use crate::connector::Security;
use crate::request_body::{self, Progress, RequestBody};
use crate::response_body::ResponseBody;
use crate::time_limit::TimeLimit;
use crate::{Answer, PeerError, Route};

/// The most bytes that a JSON answer of a peer may have: a thousand times the longest of the shop.
const ANSWER_LIMIT: usize = 1024 * 1024;

/// Another service, at one address or several.
#[derive(Clone, Debug)]
pub struct Peer {
    name: &'static str,
    pub(crate) balancer: Arc<Balancer>,
    pub(crate) metrics: Arc<ClientMetrics>,
    pub(crate) tracer: SdkTracer,
}

/// A request that is about to be sent.
pub(crate) struct Call {
    pub(crate) route: Route,
    /// How often its caller has sent it before.
    pub(crate) resend_count: u32,
    pub(crate) path: PathAndQuery,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    /// Bounds all of it, to the end of the answer.
    pub(crate) timeout: Duration,
    /// Whether it may be sent a second time when the peer may have acted on it.
    pub(crate) may_be_repeated: bool,
}

/// A request under way, without what is sent of it.
struct Outgoing {
    limit: TimeLimit,
    route: Route,
    resend_count: u32,
    may_be_repeated: bool,
    progress: Progress,
    /// Its head for a second time, if it may be repeated.
    copy: Option<(PathAndQuery, HeaderMap)>,
}

/// What came of a request: the head of its answer, or why there is none.
pub(crate) type Outcome = Result<Response<ResponseBody>, PeerError>;

impl Peer {
    /// The service `name` at `urls`. The name is the one under which the service itself speaks, as
    /// in Prometheus' `job`: `inventory-service`.
    pub fn new(name: &'static str, urls: impl Into<PeerUrls>, telemetry: &Telemetry) -> Self {
        Self::with(&Security::Plain, name, &urls.into(), telemetry)
    }

    /// The same over TLS: `url` is of https, and the peer proves who it is as `tls` asks.
    pub fn over_tls(
        name: &'static str,
        url: PeerUrl,
        tls: Arc<ClientConfig>,
        telemetry: &Telemetry,
    ) -> Self {
        Self::with(&Security::Host(tls), name, &url.into(), telemetry)
    }

    /// Another service of the shop, which a process with an identity asks over TLS and nobody else
    /// than the service of this name answers.
    pub fn of_shop(
        name: &'static str,
        urls: PeerUrls,
        identity: Option<&Identity>,
        telemetry: &Telemetry,
    ) -> Self {
        let Some(identity) = identity else {
            return Self::new(name, urls, telemetry);
        };
        let service = ServerName::try_from(name).expect("a service has the name of a unit");
        let security = Security::Service(identity.clone(), service);
        Self::with(&security, name, &urls.over_tls(), telemetry)
    }

    fn with(
        security: &Security,
        name: &'static str,
        urls: &PeerUrls,
        telemetry: &Telemetry,
    ) -> Self {
        let balancer = Arc::new(Balancer::new(name, urls, security));
        let metrics = telemetry.metrics.client.clone();
        metrics.show(balancer.clone());
        Self {
            name,
            balancer,
            metrics,
            tracer: telemetry
                .traces
                .tracer(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
        }
    }

    /// Its name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Sends a JSON body, or none, and reads the JSON answer. `timeout` bounds all of it.
    pub async fn call(
        &self,
        route: Route,
        path: PathAndQuery,
        body: Option<&(impl Serialize + Sync)>,
        timeout: Duration,
    ) -> Result<Answer, PeerError> {
        let may_be_repeated = route.may_be_repeated();
        self.call_json(0, may_be_repeated, route, path, body, timeout)
            .await
    }

    /// [`Peer::call`] for a caller that itself sends the request again when it was not answered, and has
    /// done so `resend_count` times, which the span records (semantic conventions,
    /// `http.request.resend_count`). It is not repeated here as well.
    pub async fn call_again(
        &self,
        resend_count: u32,
        route: Route,
        path: PathAndQuery,
        body: Option<&(impl Serialize + Sync)>,
        timeout: Duration,
    ) -> Result<Answer, PeerError> {
        self.call_json(resend_count, false, route, path, body, timeout)
            .await
    }

    fn call_json(
        &self,
        resend_count: u32,
        may_be_repeated: bool,
        route: Route,
        path: PathAndQuery,
        body: Option<&(impl Serialize + Sync)>,
        timeout: Duration,
    ) -> impl Future<Output = Result<Answer, PeerError>> {
        let mut headers = HeaderMap::with_capacity(8);
        let body = match body {
            Some(body) => {
                let json = HeaderValue::from_static("application/json");
                headers.insert(header::CONTENT_TYPE, json);
                Body::from(serde_json::to_vec(body).expect("what is asked is plain data"))
            }
            None => Body::empty(),
        };
        let call = Call {
            route,
            resend_count,
            path,
            headers,
            body,
            timeout,
            may_be_repeated,
        };
        let outcome = self.send(call);
        async {
            let (head, body) = outcome.await?.into_parts();
            let body = Limited::new(body, ANSWER_LIMIT).collect().await;
            Ok(Answer {
                peer: self.name,
                status: head.status,
                body: body.map_err(|error| self.unreadable(error))?.to_bytes(),
            })
        }
    }

    /// Sends a request and gives the answer on as it comes. Its timeout bounds all of it: to the
    /// head of the answer by an error here, and to its end by an error of its body.
    ///
    /// A request that was not answered is sent a second time if that does no harm: nothing of it was sent,
    /// or it may be repeated and its body is known to the end. It goes to another instance where there are
    /// several; where there is one, only after a connection that broke, as a restart breaks it.
    pub(crate) fn send(&self, call: Call) -> impl Future<Output = Outcome> {
        let keep = call.may_be_repeated || self.balancer.has_several();
        let copy = call
            .may_be_repeated
            .then(|| (call.path.clone(), call.headers.clone()));
        let (body, progress) = request_body::watch(call.body, keep);
        let request = request(&call.route, call.path, call.headers, body);
        let outgoing = Outgoing {
            limit: TimeLimit::begin(call.timeout),
            route: call.route,
            resend_count: call.resend_count,
            may_be_repeated: call.may_be_repeated,
            progress,
            copy,
        };
        // All of the above is done before the future begins, which would hold its arguments as well: what a
        // future holds is copied with each that waits for it. An order waits for three, so this is a box.
        Box::pin(self.send_outgoing(outgoing, request))
    }

    async fn send_outgoing(
        &self,
        outgoing: Outgoing,
        request: Box<Request<RequestBody>>,
    ) -> Outcome {
        let balancer = &*self.balancer;
        balancer.budget.deposit();
        let chosen = balancer.choose();
        let first = chosen.index;
        let another_may_follow = outgoing.may_be_repeated && balancer.has_another(first);
        let attempt = Attempt {
            peer: self,
            route: &outgoing.route,
            chosen,
            resend_count: outgoing.resend_count,
            time: outgoing.limit.attempt(another_may_follow),
            deadline: outgoing.limit.deadline(),
        };
        let attempted = attempt.run(request, &outgoing.progress).await;
        let Attempted {
            outcome,
            unsent,
            has_failed,
        } = &attempted;
        // The only instance would answer the same again, or refuse the next connection as well.
        if !has_failed || (!balancer.has_several() && (outcome.is_ok() || unsent.is_some())) {
            return attempted.outcome;
        }
        // Rare, so it takes no place in the future.
        Box::pin(self.send_again(outgoing, first, attempted)).await
    }

    /// Sends a request a second time, after `attempted` with the instance `first`, if that does no harm.
    async fn send_again(&self, outgoing: Outgoing, first: usize, attempted: Attempted) -> Outcome {
        let balancer = &*self.balancer;
        let Outgoing {
            limit,
            route,
            resend_count,
            progress,
            copy,
            ..
        } = outgoing;
        let Attempted {
            outcome, unsent, ..
        } = attempted;
        let Some((request, progress)) = again(unsent, progress, &route, copy) else {
            return outcome;
        };
        let time = limit.attempt(false);
        let Some(chosen) = balancer.choose_again(first).filter(|_| !time.is_over()) else {
            return outcome;
        };
        if !balancer.budget.withdraw() {
            self.metrics.retried(self.name(), RetryOutcome::OverBudget);
            return outcome;
        }
        self.log_retry(&outcome, &chosen);
        let attempt = Attempt {
            peer: self,
            route: &route,
            chosen,
            resend_count: resend_count + 1,
            time,
            deadline: limit.deadline(),
        };
        let attempted = attempt.run(request, &progress).await;
        self.metrics.retried(
            self.name(),
            if attempted.has_failed {
                RetryOutcome::Failed
            } else {
                RetryOutcome::Succeeded
            },
        );
        better_known(&route, outcome, attempted.outcome)
    }

    fn log_retry(&self, outcome: &Outcome, chosen: &Chosen<'_>) {
        let peer = self.name();
        let cause = match outcome {
            Ok(response) => response.status().to_string(),
            Err(error) => error.chain(),
        };
        tracing::warn!(
            peer,
            instance = &*chosen.instance.address,
            cause,
            "a request to {peer} is sent again: {cause}"
        );
    }

    /// What an error of the answer's body means.
    fn unreadable(&self, error: Box<dyn Error + Send + Sync>) -> PeerError {
        match error.downcast::<PeerError>() {
            Ok(error) => *error,
            Err(error) => PeerError::Unexpected {
                peer: self.name,
                what: if error.is::<LengthLimitError>() {
                    format!("a body of more than {ANSWER_LIMIT} bytes")
                } else {
                    error.to_string()
                },
            },
        }
    }
}

/// A request without the ids of the current one, which are added when it is sent.
fn request(
    route: &Route,
    path: PathAndQuery,
    headers: HeaderMap,
    body: RequestBody,
) -> Box<Request<RequestBody>> {
    let mut request = Box::new(Request::new(body));
    *request.method_mut() = route.method.clone();
    *request.uri_mut() = path.into();
    *request.headers_mut() = headers;
    request
}

/// The request to be sent a second time: that of which nothing was sent, or a copy.
fn again(
    unsent: Option<Box<Request<RequestBody>>>,
    progress: Progress,
    route: &Route,
    copy: Option<(PathAndQuery, HeaderMap)>,
) -> Option<(Box<Request<RequestBody>>, Progress)> {
    if let Some(request) = unsent {
        return Some((request, progress));
    }
    let (path, headers) = copy?;
    let (body, progress) = request_body::watch(progress.copy()?, true);
    Some((request(route, path, headers, body), progress))
}

/// What is known of a request that was sent twice. If the first may have been acted on, what says that
/// nothing was done is true of the second alone.
fn better_known(route: &Route, first: Outcome, second: Outcome) -> Outcome {
    match (first, second) {
        (Err(first), Ok(second))
            if !first.is_unsent()
                && !route.method.is_safe()
                && second.status() == StatusCode::SERVICE_UNAVAILABLE =>
        {
            Err(first)
        }
        (_, Ok(second)) => Ok(second),
        (Err(first), Err(second)) if second.is_unsent() => Err(first),
        (first, Err(_)) if first.is_ok() => first,
        (_, Err(second)) => Err(second),
    }
}
