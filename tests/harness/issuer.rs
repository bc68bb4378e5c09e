//! An issuer of tokens for the tests: it signs whatever a test wants, and can change its keys or be
//! away. It serves its metadata and its keys as every OpenID provider does, and signs nobody in.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

/// The client for which tokens are made out unless a test wants another one: what the services take
/// where nothing is configured.
pub const CLIENT: &str = "hello-observability";

/// A running issuer.
#[derive(Clone, Debug)]
pub struct Issuer {
    address: SocketAddr,
    state: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    keys: Mutex<Vec<Key>>,
    away: AtomicBool,
    asked: AtomicUsize,
}

/// A key pair of an issuer.
#[derive(Clone, Debug)]
pub struct Key {
    /// Its id.
    pub kid: String,
    der: Vec<u8>,
    point: Vec<u8>,
}

impl Key {
    /// A new pair under this id.
    pub fn new(kid: &str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
        let der = pair.to_pkcs8v1().expect("a document").as_ref().to_vec();
        let point = pair.public_key().as_ref().to_vec();
        Self {
            kid: kid.to_owned(),
            der,
            point,
        }
    }

    /// The public half, as everybody can have it.
    pub fn public(&self) -> Value {
        let part = |part: &[u8]| URL_SAFE_NO_PAD.encode(part);
        // An uncompressed point: 4, x, y.
        let (x, y) = (part(&self.point[1..33]), part(&self.point[33..]));
        json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256",
            "kid": self.kid, "x": x, "y": y
        })
    }

    /// A token of these claims, signed by this key.
    pub fn sign(&self, claims: &Value) -> String {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(self.kid.clone());
        let key = EncodingKey::from_ec_der(&self.der);
        jsonwebtoken::encode(&header, claims, &key).expect("a token")
    }
}

impl Issuer {
    /// An issuer on a free port, with one key.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let address = listener.local_addr().expect("an address");
        let issuer = Self {
            address,
            state: Arc::new(Shared {
                keys: Mutex::new(vec![Key::new("first")]),
                away: AtomicBool::default(),
                asked: AtomicUsize::default(),
            }),
        };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/keys", get(keys))
            .with_state(issuer.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        issuer
    }

    /// Its address, which its tokens name.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The key with which it signs now.
    pub fn key(&self) -> Key {
        self.state.keys.lock().expect("no panic")[0].clone()
    }

    /// Takes another key in place of all that it had.
    pub fn rotate(&self, kid: &str) {
        *self.state.keys.lock().expect("no panic") = vec![Key::new(kid)];
    }

    /// Answers nothing of use from now on, or does so again.
    pub fn be_away(&self, away: bool) {
        self.state.away.store(away, Ordering::SeqCst);
    }

    /// How often its keys have been asked for.
    pub fn asked(&self) -> usize {
        self.state.asked.load(Ordering::SeqCst)
    }

    /// The claims of a person of these groups, good for ten minutes.
    pub fn claims(&self, subject: &str, groups: &[&str]) -> Value {
        let now = now();
        json!({
            "iss": self.url(), "sub": subject, "aud": CLIENT, "name": subject,
            "iat": now, "exp": now + 600, "groups": groups
        })
    }

    /// A token of a person of these groups.
    pub fn token(&self, subject: &str, groups: &[&str]) -> String {
        self.key().sign(&self.claims(subject, groups))
    }
}

/// Seconds since 1970.
pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("after 1970").as_secs()
}

async fn metadata(State(issuer): State<Issuer>) -> Response {
    let url = issuer.url();
    answer(&issuer, || {
        json!({
            "issuer": url, "jwks_uri": format!("{url}/keys"),
            "authorization_endpoint": format!("{url}/auth"),
            "token_endpoint": format!("{url}/token")
        })
    })
}

async fn keys(State(issuer): State<Issuer>) -> Response {
    issuer.state.asked.fetch_add(1, Ordering::SeqCst);
    let keys = issuer.state.keys.lock().expect("no panic").clone();
    answer(
        &issuer,
        || json!({ "keys": keys.iter().map(Key::public).collect::<Vec<_>>() }),
    )
}

fn answer(issuer: &Issuer, body: impl FnOnce() -> Value) -> Response {
    if issuer.state.away.load(Ordering::SeqCst) {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    Json(body()).into_response()
}
