//! Many products.

use std::net::SocketAddr;

use serde_json::json;
use tokio::task::JoinSet;

use crate::Http;

/// How many clients add them at once: no more than the fewest places for connections that a test gives a
/// service, so that none has to give way.
const CLIENTS: usize = 4;

/// Makes the list of products of a service long: adds so many, with names of 200 characters.
pub async fn add_products(address: SocketAddr, count: usize) {
    let mut adding = JoinSet::new();
    for client in 0..CLIENTS {
        adding.spawn(async move {
            let http = Http::new(address);
            for nth in (client..count).step_by(CLIENTS) {
                let name = format!("{nth:0>200}");
                let answer = http
                    .post("/products", &json!({ "name": name, "price": 1 }))
                    .await;
                assert_eq!(answer.status, 201, "{answer:?}");
            }
        });
    }
    adding.join_all().await;
}
