//! The order service: orders, from the request to the reserved stock.

mod driven;
mod flow;
mod inventory_client;
mod ledger;
mod metrics;
mod pending_gauges;
mod product_client;
mod retention;
mod routes;
mod sender;
mod settle;

use std::process::ExitCode;
use std::sync::Arc;

use api::PeerUrls;
use clap::Parser;
use clap::builder::BoolishValueParser;
use client::Peer;
use server::{App, BuildError, ServerArgs, StateArgs};
use telemetry::{Service, TelemetryArgs};

use driven::Driven;
use flow::OrderFlow;
use inventory_client::InventoryClient;
use ledger::Ledger;
use metrics::OrderMetrics;
use product_client::ProductClient;
use settle::Settler;

const SERVICE: Service = Service {
    name: "order-service",
    version: env!("CARGO_PKG_VERSION"),
};

/// Orders of the shop: GET /orders, GET /orders/{id}, POST /orders.
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
    /// Refuse requests that name no person. Set where people sign in at the gateway, so that a request
    /// that has not passed it sees nothing.
    #[arg(long, env = "REQUIRE_PERSON", value_parser = BoolishValueParser::new(), num_args = 0..=1, default_missing_value = "true", default_value = "false")]
    require_person: bool,
    #[command(flatten)]
    server: ServerArgs<8083>,
    #[command(flatten)]
    state: StateArgs,
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
            let ledger = Ledger::open(&args.state.state_directory, telemetry).await?;
            let product = Peer::of_shop(
                "product-service",
                args.product_service_url,
                identity,
                telemetry,
            );
            let inventory = Peer::of_shop(
                "inventory-service",
                args.inventory_service_url,
                identity,
                telemetry,
            );
            let tracer = telemetry
                .traces
                .tracer(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
            let metrics = OrderMetrics::new(&telemetry.metrics).map_err(BuildError::settings)?;
            let flow = Arc::new(OrderFlow {
                ledger: ledger.clone(),
                products: ProductClient::new(product, tracer.clone()),
                inventory: InventoryClient::new(inventory, tracer.clone()),
                driven: Driven::default(),
                require_person: args.require_person,
                tracer,
                metrics,
            });
            Ok(App::new(routes::router(Arc::clone(&flow)))
                .with_background(Settler::new(flow).run())
                .with_background(ledger.writer_ended())
                .with_background(retention::run(ledger.clone()))
                .with_health("store", move || {
                    let ledger = ledger.clone();
                    async move { ledger.probe().await }
                }))
        },
    )
}
