//! The product service: which products there are, and what they cost.

mod catalogue;
mod routes;

use std::process::ExitCode;

use clap::Parser;
use server::{App, BuildError, ServerArgs, StateArgs};
use telemetry::{Service, TelemetryArgs};

use catalogue::Catalogue;

const SERVICE: Service = Service {
    name: "product-service",
    version: env!("CARGO_PKG_VERSION"),
};

/// Products of the shop: GET /products, GET /products/{id}, POST /products.
#[derive(Parser)]
#[command(version)]
struct Args {
    #[command(flatten)]
    server: ServerArgs<8081>,
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
            let catalogue = Catalogue::open(&args.state.state_directory, telemetry)
                .map_err(BuildError::store)?;
            Ok(App::new(routes::router(catalogue.clone()))
                .with_background(catalogue.writer_ended())
                .with_health("store", move || {
                    let catalogue = catalogue.clone();
                    async move { catalogue.probe().await }
                }))
        },
    )
}
