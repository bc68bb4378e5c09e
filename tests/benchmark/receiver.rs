//! An OTLP receiver that takes every batch over HTTP and does nothing with it: what a collector
//! does with spans is not what is measured here.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{Response, header};
use http_body_util::Full;

use crate::server;

/// A running receiver.
#[derive(Debug)]
pub(crate) struct Receiver {
    address: SocketAddr,
    bytes: Arc<AtomicUsize>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let bytes = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&bytes);
        let address = server::serve(move |length| {
            count.fetch_add(length, Ordering::Relaxed);
            // An `ExportTraceServiceResponse` without any field: all spans were taken.
            Response::builder()
                .header(header::CONTENT_TYPE, "application/x-protobuf")
                .body(Full::new(Bytes::new()))
                .expect("a response")
        });
        let address = address.await;
        Self { address, bytes }
    }

    /// Its address as `OTEL_EXPORTER_OTLP_ENDPOINT`.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many bytes of spans have come.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }
}
