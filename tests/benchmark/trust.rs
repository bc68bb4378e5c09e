//! What it costs that services know each other, and people sign in: CPU and latency of an order, and a new
//! connection.

use std::net::SocketAddr;
use std::time::Instant;

use bytes::Bytes;
use harness::Issuer;
use harness::identities::Identities;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Empty};
use hyper::rt::{Read, Write};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio_rustls::TlsConnector;

use crate::connection;
use crate::figure::Figure;
use crate::receiver::Receiver;
use crate::rounds::{interleaved, median, ratios, spread};
use crate::shop::{Shop, Trust};
use crate::unit::{Layers, World};
use crate::{generator, load};

/// Orders a second, as where latency is measured by itself.
const RATE: u32 = 500;

/// Enough for a steady median, few enough to last no second.
const CONNECTIONS: usize = 200;

pub(crate) async fn measure(world: &World) -> Vec<Figure> {
    let receiver = Receiver::start().await;
    let layers = Layers::Exported(receiver.endpoint());
    let identities = Identities::new();
    let none = Trust::default();
    let known = Trust {
        identities: Some(identities.clone()),
        issuer: None,
    };
    let signed_in = Trust {
        identities: Some(Identities::new()),
        issuer: Some(Issuer::start().await),
    };
    let mut sides = Vec::new();
    for trust in [none, known, signed_in] {
        let shop = Shop::trusting(world, &layers, &trust).await;
        sides.push((shop, trust));
    }
    let (rounds, length) = (world.args.rounds, world.args.turn());
    // Whom the load generator knows no token for is left out.
    let p99 = async |(shop, _): &(Shop, Trust)| {
        let gateway = shop.address("gateway-service");
        generator::open_loop(gateway, RATE, length).await.p99
    };
    for side in &sides[..2] {
        p99(side).await;
    }
    let p99s = interleaved("trust, latency", rounds, &sides[..2], p99).await;
    let cost = async |(shop, trust): &(Shop, Trust)| {
        let gateway = shop.address("gateway-service");
        let token = trust.token();
        let before = shop.processor_time();
        let orders = load::closed_loop_of(token.as_deref(), gateway, length).await;
        let used = shop.processor_time().saturating_sub(before);
        used.as_secs_f64() * 1e6 / f64::from(orders)
    };
    for side in &sides {
        cost(side).await;
    }
    let costs = interleaved("trust, CPU", rounds, &sides, cost).await;
    let [known, signed_in] = [1, 2].map(|side: usize| ratios(&costs[side], &costs[0]));
    let pairs = p99s[1].iter().zip(&p99s[0]);
    let later: Vec<_> = pairs.map(|(with, without)| with - without).collect();

    let product = |side: usize| sides[side].0.address("product-service");
    let plain = connections(product(0), None).await;
    let connector = identities.connector("gateway-service");
    let secured = connections(product(1), Some(&connector)).await;
    vec![
        Figure::new("CPU an order, identities / none", median(known.clone()), "")
            .at_most(1.1)
            .note(spread(known)),
        Figure::new(
            "  and people who sign in / none",
            median(signed_in.clone()),
            "",
        )
        .at_most(1.1)
        .note(spread(signed_in)),
        Figure::new(
            "p99 of an order at 500/s, identities - none",
            median(later.clone()),
            "ms",
        )
        .at_most(1.0)
        .note(format!(
            "{}; {:.2} ms without",
            spread(later),
            median(p99s[0].clone())
        )),
        Figure::new(
            "a new connection and a request, TLS - plain",
            secured - plain,
            "ms",
        )
        .at_most(0.5)
        .note(format!(
            "{plain:.2} ms without; sessions are resumed, client and server together"
        )),
    ]
}

/// The median of so many requests, each on a connection of its own, in milliseconds.
async fn connections(address: SocketAddr, connector: Option<&TlsConnector>) -> f64 {
    let mut times = Vec::new();
    for _ in 0..CONNECTIONS {
        let begun = Instant::now();
        let stream = connection::connect(address).await;
        match connector {
            None => ask(TokioIo::new(stream)).await,
            Some(connector) => {
                let name = ServerName::try_from("product-service").expect("a name");
                let stream = connector.connect(name, stream).await;
                ask(TokioIo::new(stream.expect("a handshake"))).await;
            }
        }
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    median(times)
}

async fn ask(stream: impl Read + Write + Unpin + Send + 'static) {
    let mut sender = connection::over(stream).await;
    let request = Request::get("/products/product1")
        .header(header::HOST, "shop")
        .body(Empty::<Bytes>::new())
        .expect("a request");
    let answer = sender.send_request(request).await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    answer.into_body().collect().await.expect("a whole answer");
}
