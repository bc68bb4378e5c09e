//! The client of the product service.

use std::time::Duration;

use api::{Product, ProductId};
use client::{Peer, PeerError, Route};
use http::uri::PathAndQuery;
use http::{Method, StatusCode};
use opentelemetry::KeyValue;
use opentelemetry::trace::TraceContextExt;
use opentelemetry_sdk::trace::SdkTracer;
use telemetry::traces::in_span;

/// A lookup takes a millisecond. Two seconds forgive a restart, and leave the gateway's ten for
/// the rest of the order.
const TIMEOUT: Duration = Duration::from_secs(2);

const ONE: Route = Route::new(Method::GET, "/products/{id}");

/// A client of the product service.
#[derive(Clone, Debug)]
pub(crate) struct ProductClient {
    peer: Peer,
    tracer: SdkTracer,
}

impl ProductClient {
    pub(crate) const fn new(peer: Peer, tracer: SdkTracer) -> Self {
        Self { peer, tracer }
    }

    /// The product of this id, if there is one.
    pub(crate) async fn get(&self, id: &ProductId) -> Result<Option<Product>, PeerError> {
        let path = PathAndQuery::try_from(format!("/products/{id}")).expect("an id is a path");
        in_span(
            &self.tracer,
            "get_product_details",
            vec![],
            async |context| {
                let answer = self.peer.call(ONE, path, None::<&()>, TIMEOUT).await?;
                match answer.status {
                    StatusCode::OK => {
                        let product: Product = answer.json()?;
                        context.span().set_attribute(KeyValue::new(
                            "product.price",
                            product.price.as_units(),
                        ));
                        Ok(Some(product))
                    }
                    StatusCode::NOT_FOUND => Ok(None),
                    _ => Err(answer.unexpected()),
                }
            },
        )
        .await
    }
}
