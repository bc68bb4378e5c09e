//! A stand-in for the shop on a free port: it records its requests, and answers as the contract says
//! unless a test wants something else.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// The requests of a run before its traffic begins: the health and the list.
pub(crate) const OPENING: usize = 2;

/// Far more than anything takes here, so that a slow machine passes and a broken program fails.
const BOUND: Duration = Duration::from_mins(1);

/// A request, as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) key: Option<String>,
    pub(crate) body: String,
}

/// How a request is answered.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// What the contract says.
    Good,
    /// This status and JSON.
    Other(u16, Value),
    /// What the contract says, after so many requests have arrived.
    HoldUntil(usize),
    /// What the contract says, after so long.
    Stall(Duration),
    /// Nothing, ever.
    Never,
    /// A closed connection.
    Break,
}

/// How each request is answered, by its number from 0, the opening included.
type Behaviour = Box<dyn Fn(usize, &Asked) -> Reply + Send + Sync>;

/// A running stand-in.
pub(crate) struct StandIn {
    address: SocketAddr,
    state: Arc<State>,
    runtime: Runtime,
}

struct State {
    behaviour: Behaviour,
    asked: Mutex<Vec<Asked>>,
    arrived: watch::Sender<usize>,
    /// How many are in flight, and the most that ever were.
    under_way: Mutex<(usize, usize)>,
}

#[derive(Debug)]
struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the test wants it broken")
    }
}

impl std::error::Error for Broken {}

impl StandIn {
    /// A shop that follows the contract.
    pub(crate) fn good() -> Self {
        Self::with(|_, _| Reply::Good)
    }

    /// A shop that answers each order so, and otherwise follows the contract.
    pub(crate) fn with_orders(reply: Reply) -> Self {
        Self::with(move |_, asked| match asked.method {
            Method::POST => reply.clone(),
            _ => Reply::Good,
        })
    }

    pub(crate) fn with(behaviour: impl Fn(usize, &Asked) -> Reply + Send + Sync + 'static) -> Self {
        let state = Arc::new(State {
            behaviour: Box::new(behaviour),
            asked: Mutex::default(),
            arrived: watch::Sender::new(0),
            under_way: Mutex::default(),
        });
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(serve(listener, Arc::clone(&state)));
        Self {
            address,
            state,
            runtime,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its requests after the opening.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        let asked = self.state.asked.lock();
        asked.iter().skip(OPENING).cloned().collect()
    }

    /// The most requests that were ever in flight at once.
    pub(crate) fn most_under_way(&self) -> usize {
        self.state.under_way.lock().1
    }

    /// Waits until so many requests have arrived after the opening.
    pub(crate) fn wait_for(&self, requests: usize) {
        let mut arrived = self.state.arrived.subscribe();
        self.runtime.block_on(async {
            let enough = arrived.wait_for(|arrived| *arrived >= OPENING + requests);
            let waited = tokio::time::timeout(BOUND, enough).await;
            assert!(waited.is_ok(), "{requests} requests do not come");
        });
    }

    /// Closes the shop: its connections break, and there are no new ones.
    pub(crate) fn close(self) {
        self.runtime.shutdown_timeout(BOUND);
    }
}

async fn serve(listener: TcpListener, state: Arc<State>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let state = Arc::clone(&state);
        let service = service_fn(move |request| answer(Arc::clone(&state), request));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn answer(
    state: Arc<State>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Broken> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Broken)?.to_bytes();
    let asked = Asked {
        method: head.method,
        path: head.uri.path().to_owned(),
        key: head
            .headers
            .get("idempotency-key")
            .map(|key| key.to_str().unwrap().to_owned()),
        body: String::from_utf8(body.to_vec()).unwrap(),
    };
    let number = {
        let mut all = state.asked.lock();
        all.push(asked.clone());
        all.len() - 1
    };
    {
        let mut under_way = state.under_way.lock();
        under_way.0 += 1;
        under_way.1 = under_way.1.max(under_way.0);
    }
    state.arrived.send_modify(|arrived| *arrived += 1);
    let reply = (state.behaviour)(number, &asked);
    let reply = reply.take_effect(&state, number, &asked).await;
    state.under_way.lock().0 -= 1;
    reply
}

impl Reply {
    async fn take_effect(
        self,
        state: &State,
        number: usize,
        asked: &Asked,
    ) -> Result<Response<Full<Bytes>>, Broken> {
        let (status, body) = match self {
            Self::Good => good(asked),
            Self::Other(status, body) => (status, body),
            Self::HoldUntil(count) => {
                let mut arrived = state.arrived.subscribe();
                let _ = arrived.wait_for(|arrived| *arrived >= count).await;
                good(asked)
            }
            Self::Stall(time) => {
                tokio::time::sleep(time).await;
                good(asked)
            }
            Self::Never => match std::future::pending::<Infallible>().await {},
            Self::Break => return Err(Broken),
        };
        let response = Response::builder()
            .status(status)
            .header(header::CONTENT_TYPE, "application/json")
            .header(
                "traceresponse",
                format!("00-{}-{number:016x}-01", trace_id(number)),
            )
            .body(Full::from(body.to_string()));
        Ok(response.unwrap())
    }
}

/// The trace of the request with this number.
pub(crate) fn trace_id(number: usize) -> String {
    format!("{:032x}", 0xabc0_0000 + number)
}

/// RFC 9457, as the contract has it.
pub(crate) fn problem(status: u16, title: &str, detail: &str) -> Value {
    json!({"type": "about:blank", "title": title, "status": status, "detail": detail, "error": title})
}

/// An answer to an order of one piece: too few are left.
pub(crate) fn short_of(asked: &Asked) -> Reply {
    let order: Value = serde_json::from_str(&asked.body).unwrap();
    let mut body = problem(
        409,
        "Insufficient inventory",
        "Order fewer, or come back later.",
    );
    body["currentStock"] = json!(0);
    body["requested"] = order["quantity"].clone();
    Reply::Other(409, body)
}

/// The requested order, at 10.99 a piece.
pub(crate) fn order(asked: &Asked) -> Value {
    let order: Value = serde_json::from_str(&asked.body).unwrap();
    let quantity = order["quantity"].as_u64().unwrap();
    let cents = quantity * 1099;
    let total: Value =
        serde_json::from_str(&format!("{}.{:02}", cents / 100, cents % 100)).unwrap();
    json!({
        "id": "0198c0de-0000-7000-8000-000000000001", "productId": order["productId"],
        "productName": "A product", "quantity": quantity, "unitPrice": 10.99, "totalPrice": total,
        "status": "CREATED", "createdAt": "2026-11-24T08:15:30Z", "traceId": trace_id(0),
    })
}

fn good(asked: &Asked) -> (u16, Value) {
    let product = |id: &str| json!({"id": id, "name": "A product", "price": 10.99});
    match (asked.method.as_str(), asked.path.as_str()) {
        ("GET", "/health") => (200, json!({"status": "UP"})),
        ("GET", "/api/products") => (200, json!([product("product1"), product("product2")])),
        ("GET", "/api/products/product1") => (200, product("product1")),
        ("GET", "/api/products/product2") => (200, product("product2")),
        ("POST", "/api/orders") => (201, order(asked)),
        ("PUT", "/api/inventory/product1" | "/api/inventory/product2") => {
            let stock: Value = serde_json::from_str(&asked.body).unwrap();
            let id = asked.path.rsplit('/').next().unwrap();
            (200, json!({"productId": id, "quantity": stock["quantity"]}))
        }
        _ => (404, problem(404, "Not found", "There is no such thing.")),
    }
}
