//! The routes of the sign-in, and the layers by which the frontend server knows who sends a request.

use std::sync::Arc;

use access::{Bearer, IssuerArgs, Provider, Verifier};
use api::endpoints::Access;
use api::{Problem, ProblemKind, Role};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use telemetry::Telemetry;
use telemetry::traces::name_end_user;

use crate::args::{SignInArgs, SignInError};
use crate::begun::Begun;
use crate::cookie::{self, BEGUN, SESSION};
use crate::flow::{Brought, CALLBACK, Failure, Flow};
use crate::metrics::SignInMetrics;
use crate::refresh::{Refresher, Renewal};
use crate::same_origin;
use crate::seal::Seal;
use crate::session::{LIFE, Session, Signed};
use crate::tokens::Client;

/// Routes whose queries hold secrets, and so stand on no span.
pub const ROUTES_WITH_SECRETS: [&str; 1] = [CALLBACK];

/// How long a person may take to sign in.
const PATIENCE: std::time::Duration = std::time::Duration::from_mins(15);

/// How people sign in. Clones share it.
#[derive(Clone, Debug)]
pub struct SignIn(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    flow: Flow,
    refresher: Refresher,
    seal: Seal,
    metrics: SignInMetrics,
}

impl SignIn {
    /// The sign-in at a provider.
    pub fn new(
        provider: Provider,
        issuer: &IssuerArgs,
        args: &SignInArgs,
        telemetry: &Telemetry,
    ) -> Result<Self, SignInError> {
        let secret = args.secret(provider.issuer().as_str())?;
        let metrics = SignInMetrics::new(&telemetry.metrics)?;
        let verifier = Verifier::new(provider.clone(), issuer);
        let client = Client::new(provider, &issuer.oidc_client_id, &secret);
        let refresher = Refresher::new(client.clone(), verifier.clone(), metrics.clone());
        let flow = Flow {
            client,
            verifier,
            public_url: args.public_url.clone(),
            scopes: args.oidc_scopes.clone(),
        };
        Ok(Self(Arc::new(Inner {
            flow,
            refresher,
            seal: Seal::new(&secret),
            metrics,
        })))
    }

    fn session(&self, headers: &HeaderMap) -> Option<Session> {
        let sealed = cookie::get(headers, SESSION)?;
        let session: Session = self.0.seal.open(SESSION, sealed)?;
        session.left().is_some().then_some(session)
    }

    /// The session that goes on, and whether its cookie has to be set anew.
    async fn current(&self, session: Session) -> Option<(Session, bool)> {
        if !session.is_due() {
            return Some((session, false));
        }
        match self.0.refresher.renew(&session).await {
            Renewal::Renewed(session) => Some((session, true)),
            Renewal::Ended if session.refresh.is_some() => None,
            // Good for as long as its token is.
            Renewal::Ended | Renewal::Unavailable => Some((session, false)),
        }
    }

    fn cookie(&self, session: &Session) -> Option<HeaderValue> {
        let sealed = self.0.seal.seal(SESSION, session);
        cookie::set(SESSION, &sealed, session.left().unwrap_or(LIFE))
    }
}

/// The routes below `/auth`. Without a sign-in only the one that says so.
pub fn router(sign_in: Option<SignIn>) -> Router {
    let Some(sign_in) = sign_in else {
        return Router::new().route("/auth/me", get(async || Json(Me::default())));
    };
    Router::new()
        .route("/auth/login", get(login))
        .route(CALLBACK, get(callback))
        .route("/auth/logout", post(logout))
        .route("/auth/me", get(me))
        .with_state(sign_in)
}

impl SignIn {
    /// A layer: refuses what another site has a browser send.
    pub async fn same_origin(
        State(sign_in): State<Self>,
        request: Request,
        next: Next,
    ) -> Response {
        let origin = sign_in.0.flow.public_url.origin();
        if same_origin::allows(request.method(), request.headers(), origin) {
            return next.run(request).await;
        }
        sign_in.0.metrics.cross_site.inc();
        tracing::warn!("a request that would change something came from another site");
        let detail = "This may be asked for only by the page itself.";
        Problem::new(ProblemKind::Forbidden, detail).into_response()
    }

    /// A layer: puts the token of a session on the request, as the gateway takes it, and who it is for the
    /// routes here. Of the cookies nothing goes further.
    pub async fn attach(State(sign_in): State<Self>, mut request: Request, next: Next) -> Response {
        let had = cookie::get(request.headers(), SESSION).is_some();
        let session = match sign_in.session(request.headers()) {
            Some(session) => sign_in.current(session).await,
            None => None,
        };
        let mut set = None;
        if let Some((session, is_new)) = &session {
            if *is_new {
                set = sign_in.cookie(session);
            }
            let bearer = HeaderValue::try_from(format!("Bearer {}", session.token));
            if let Ok(mut bearer) = bearer {
                bearer.set_sensitive(true);
                request.headers_mut().insert(header::AUTHORIZATION, bearer);
            }
            if let Ok(bearer) = sign_in.0.flow.verifier.verify(&session.token).await {
                name_end_user(bearer.owner.as_str());
                request.extensions_mut().insert(Signed(bearer));
            }
        } else if had {
            set = Some(cookie::remove(SESSION));
        }
        let own = request.uri().path().starts_with("/auth/");
        if !own {
            request.headers_mut().remove(header::COOKIE);
        }
        let mut response = next.run(request).await;
        let headers = response.headers_mut();
        if had || own {
            // What one person is answered is for nobody else (RFC 9111 section 5.2.2.5).
            let no_store = HeaderValue::from_static("no-store");
            headers.insert(header::CACHE_CONTROL, no_store);
        }
        if let Some(set) = set.filter(|_| !sets_session(headers)) {
            headers.append(header::SET_COOKIE, set);
        }
        response
    }

    /// A layer within [`SignIn::attach`]: admits those whom the access allows.
    pub async fn only(
        State(access): State<Access>,
        signed: Option<Extension<Signed>>,
        request: Request,
        next: Next,
    ) -> Response {
        let Some(Extension(Signed(bearer))) = signed else {
            let detail = "Sign in: this is not for everybody.";
            return Problem::sign_in_required(detail, "Bearer").into_response();
        };
        if bearer.role.is_some_and(|role| access.allows(role)) {
            return next.run(request).await;
        }
        let detail = "Your role does not allow this.";
        Problem::new(ProblemKind::Forbidden, detail).into_response()
    }
}

/// Whether an answer sets the session itself.
fn sets_session(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::SET_COOKIE).iter();
    values
        .map(HeaderValue::as_bytes)
        .any(|value| value.starts_with(SESSION.as_bytes()))
}

#[derive(Debug, Deserialize)]
struct Login {
    /// The path of the page to come back to.
    back: Option<String>,
}

async fn login(
    State(sign_in): State<SignIn>,
    query: Result<Query<Login>, QueryRejection>,
    request: Request,
) -> Response {
    let back = query.ok().and_then(|Query(login)| login.back);
    let flow = &sign_in.0.flow;
    // The cookie is of the host by which the page is open, and has to be there when the person is back.
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    if host.is_some_and(|host| !host.eq_ignore_ascii_case(flow.public_url.host())) {
        return see_other(&format!("{}/auth/login", flow.public_url), None);
    }
    let begun = Begun::new(back.as_deref());
    match flow.authorization(&begun).await {
        Ok(address) => {
            let sealed = sign_in.0.seal.seal(BEGUN, &begun);
            see_other(&address, cookie::set(BEGUN, &sealed, PATIENCE))
        }
        Err(failure) => sign_in.came_to_nothing(&failure),
    }
}

async fn callback(
    State(sign_in): State<SignIn>,
    query: Result<Query<Brought>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let failed = |what: &str| Failure::Failed(what.to_owned());
    let begun = cookie::get(&headers, BEGUN).and_then(|sealed| sign_in.0.seal.open(BEGUN, sealed));
    let outcome = match (query, begun) {
        (Ok(Query(brought)), Some(begun)) => {
            let begun: Begun = begun;
            let session = sign_in.0.flow.finish(brought, &begun).await;
            session.and_then(|session| {
                let cookie = sign_in.cookie(&session);
                let cookie =
                    cookie.ok_or_else(|| failed("the tokens are too long for a cookie"))?;
                Ok((cookie, begun.back_to))
            })
        }
        (_, None) => Err(failed(
            "no sign-in has begun in this browser, or too long ago",
        )),
        (Err(_), Some(_)) => Err(failed("the query cannot be read")),
    };
    match outcome {
        Ok((cookie, back_to)) => {
            sign_in.0.metrics.signed_in("completed");
            tracing::info!("a person signed in");
            let mut response = see_other(&back_to, Some(cookie));
            response
                .headers_mut()
                .append(header::SET_COOKIE, cookie::remove(BEGUN));
            response
        }
        Err(failure) => sign_in.came_to_nothing(&failure),
    }
}

impl SignIn {
    /// Leads the person to the page, which says what happened.
    fn came_to_nothing(&self, failure: &Failure) -> Response {
        let result = failure.as_str();
        self.0.metrics.signed_in(result);
        tracing::warn!(result, cause = %failure, "a sign-in came to nothing: {failure}");
        see_other(&format!("/?sign-in={result}"), Some(cookie::remove(BEGUN)))
    }
}

/// What is left to do for the page after a sign-out.
#[derive(Debug, Serialize)]
struct SignedOut {
    /// Where the person signs out at the provider, where it offers that.
    location: Option<String>,
}

async fn logout(State(sign_in): State<SignIn>, headers: HeaderMap) -> Response {
    if let Some(Session {
        refresh: Some(refresh),
        ..
    }) = sign_in.session(&headers)
        && let Err(error) = sign_in.0.flow.client.revoke(&refresh).await
    {
        tracing::warn!(cause = %error, "a session is not ended at the provider: {error}");
    }
    let location = sign_in.0.flow.end_session().await;
    let set = [(header::SET_COOKIE, cookie::remove(SESSION))];
    // The page forgets what it keeps as well (Clear Site Data).
    let clear = [(
        HeaderName::from_static("clear-site-data"),
        HeaderValue::from_static("\"storage\""),
    )];
    (set, clear, Json(SignedOut { location })).into_response()
}

/// Who has signed in, as the page sees it.
#[derive(Debug, Default, Serialize)]
struct Me {
    /// Whether people sign in at all.
    enabled: bool,
    user: Option<User>,
}

#[derive(Debug, Serialize)]
struct User {
    name: String,
    role: Option<Role>,
}

async fn me(signed: Option<Extension<Signed>>) -> Json<Me> {
    let user = signed.map(|Extension(Signed(bearer))| {
        let Bearer { name, role, .. } = &*bearer;
        User {
            name: name.clone(),
            role: *role,
        }
    });
    let enabled = true;
    Json(Me { enabled, user })
}

/// 303, so that nothing is sent twice (RFC 9110 section 15.4.4).
fn see_other(address: &str, cookie: Option<HeaderValue>) -> Response {
    let Ok(address) = HeaderValue::try_from(address) else {
        return Problem::internal().into_response();
    };
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, address)]).into_response();
    response
        .headers_mut()
        .extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
    response
}
