//! The API gateway: the one way into the shop.

mod document;
mod operations;
mod parameters;
mod problems;
mod responses;
mod routes;
mod schemas;

use std::process::ExitCode;

use access::{Gate, GateArgs, IssuerArgs};
use api::PeerUrls;
use clap::Parser;
use client::Peer;
use server::{App, BuildError, ServerArgs};
use telemetry::{Service, TelemetryArgs};

use routes::Peers;

const SERVICE: Service = Service {
    name: "gateway-service",
    version: env!("CARGO_PKG_VERSION"),
};

/// API gateway of the shop: forwards /api/products, /api/inventory and /api/orders to their
/// services, and describes in /api/openapi.json what it offers.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// Where the product service listens: one address, or several with commas between them, each perhaps
    /// with a weight from 1 to 1000: http://a:8081;w=95,http://b:8081;w=5.
    #[arg(
        long,
        env = "PRODUCT_SERVICE_URL",
        value_name = "URL",
        default_value = "http://127.0.0.1:8081"
    )]
    product_service_url: PeerUrls,
    /// Where the inventory service listens: one address, or several with commas between them, each perhaps
    /// with a weight from 1 to 1000: http://a:8081;w=95,http://b:8081;w=5.
    #[arg(
        long,
        env = "INVENTORY_SERVICE_URL",
        value_name = "URL",
        default_value = "http://127.0.0.1:8082"
    )]
    inventory_service_url: PeerUrls,
    /// Where the order service listens: one address, or several with commas between them, each perhaps
    /// with a weight from 1 to 1000: http://a:8081;w=95,http://b:8081;w=5.
    #[arg(
        long,
        env = "ORDER_SERVICE_URL",
        value_name = "URL",
        default_value = "http://127.0.0.1:8083"
    )]
    order_service_url: PeerUrls,
    #[command(flatten)]
    issuer: IssuerArgs,
    #[command(flatten)]
    gate: GateArgs,
    #[command(flatten)]
    server: ServerArgs<8080>,
    #[command(flatten)]
    telemetry: TelemetryArgs,
}

fn main() -> ExitCode {
    let args = Args::parse();
    server::run(
        SERVICE,
        &args.server,
        &args.telemetry,
        async |telemetry, identity| {
            let peers = Peers {
                product: Peer::of_shop(
                    "product-service",
                    args.product_service_url,
                    identity,
                    telemetry,
                ),
                inventory: Peer::of_shop(
                    "inventory-service",
                    args.inventory_service_url,
                    identity,
                    telemetry,
                ),
                order: Peer::of_shop("order-service", args.order_service_url, identity, telemetry),
            };
            let gate =
                Gate::new(&args.issuer, &args.gate, telemetry).map_err(BuildError::settings)?;
            let Some((gate, provider)) = gate else {
                return Ok(App::new(routes::router(peers, None)));
            };
            let gate = (gate, provider.issuer().clone());
            Ok(App::new(routes::router(peers, Some(gate))).with_background(provider.refresh()))
        },
    )
}
