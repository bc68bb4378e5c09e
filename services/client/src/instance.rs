//! An instance of a peer: its address, its connections, and how it does.

use std::sync::Arc;

use api::InstanceUrl;
use opentelemetry::StringValue;

use crate::circuit::Circuit;
use crate::connections::Connections;
use crate::connector::Connector;
use crate::load::Load;

/// An instance of a peer. Most peers have one.
#[derive(Debug)]
pub(crate) struct Instance {
    /// Scheme and authority, which stand before the path in `url.full` of its spans.
    pub(crate) origin: Box<str>,
    /// The host, shared by its spans.
    pub(crate) host: StringValue,
    pub(crate) port: u16,
    /// `host:port`, as it is named in logs and metrics.
    pub(crate) address: Arc<str>,
    pub(crate) weight: u32,
    pub(crate) connections: Connections,
    pub(crate) circuit: Arc<Circuit>,
    pub(crate) load: Load,
}

impl Instance {
    /// The instance at `url` of the peer of this name: its only one, or one of several.
    pub(crate) fn new(
        peer: &'static str,
        InstanceUrl { url, weight }: InstanceUrl,
        connector: Connector,
        is_only: bool,
    ) -> Self {
        let address: Arc<str> = format!("{}:{}", url.host(), url.port()).into();
        let circuit = if is_only {
            Circuit::to_peer(peer)
        } else {
            Circuit::to_instance(peer, Arc::clone(&address))
        };
        // An IPv6 address stands in brackets in a URL only.
        let host: Arc<str> = url.host().trim_matches(['[', ']']).into();
        Self {
            origin: url.to_string().into(),
            host: host.into(),
            port: url.port(),
            address,
            weight,
            connections: Connections::new(connector, &url),
            circuit: Arc::new(circuit),
            load: Load::new(),
        }
    }
}
