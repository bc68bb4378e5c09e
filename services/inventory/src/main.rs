//! The inventory service: what is in stock, and what is reserved for which order.

mod retention;
mod routes;
mod shelves;
mod stock_gauge;

use std::process::ExitCode;

use clap::Parser;
use server::{App, ServerArgs, StateArgs};
use telemetry::{Service, TelemetryArgs};

use shelves::Shelves;

const SERVICE: Service = Service {
    name: "inventory-service",
    version: env!("CARGO_PKG_VERSION"),
};

/// Stock of the shop: GET /inventory, GET and PUT /inventory/{id}, and for the other services
/// POST /inventory/check, POST and DELETE /inventory/reservations.
#[derive(Parser)]
#[command(version)]
struct Args {
    #[command(flatten)]
    server: ServerArgs<8082>,
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
        async |telemetry, _| {
            let shelves = Shelves::open(&args.state.state_directory, telemetry).await?;
            Ok(App::new(routes::router(shelves.clone()))
                .with_background(shelves.writer_ended())
                .with_background(retention::run(shelves.clone()))
                .with_health("store", move || {
                    let shelves = shelves.clone();
                    async move { shelves.probe().await }
                }))
        },
    )
}
