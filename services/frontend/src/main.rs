//! The frontend server: it serves the page, and is the one origin that the page talks to.

mod alerts;
mod back_end;
mod config;
mod etag;
mod gateway;
mod logs;
mod page;
mod prometheus;
mod rate;
mod routes;
mod spans;
mod system;
mod trace_id;
mod traces;

use std::path::PathBuf;
use std::process::ExitCode;

use access::{IssuerArgs, Provider};
use api::{PeerUrl, PeerUrls};
use clap::Parser;
use client::Peer;
use server::{App, BuildError, ServerArgs};
use sign_in::{SignIn, SignInArgs};
use telemetry::{Service, TelemetryArgs};

use config::{Link, PageConfig};
use routes::Frontend;
use spans::SpanReceiver;
use system::System;

const SERVICE: Service = Service {
    name: "frontend",
    version: env!("CARGO_PKG_VERSION"),
};

/// Page of the shop: serves the built app, forwards /api to the gateway and the page's spans to
/// the OTLP receiver, and answers traces, their log lines, and how the services do.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// Where the gateway listens: one address, or several with commas between them, each perhaps with a
    /// weight from 1 to 1000: http://a:8080;w=95,http://b:8080;w=5.
    #[arg(
        long,
        env = "GATEWAY_SERVICE_URL",
        value_name = "URL",
        default_value = "http://127.0.0.1:8080"
    )]
    gateway_service_url: PeerUrls,
    /// The folder of the built page.
    #[arg(
        long,
        env = "ASSETS_DIR",
        value_name = "FOLDER",
        default_value = "frontend/dist"
    )]
    assets_dir: PathBuf,
    /// Where traces are read: Jaeger's query address, such as http://127.0.0.1:16686.
    #[arg(long, env = "TRACES_URL", value_name = "URL")]
    traces_url: Option<PeerUrl>,
    /// Where logs are read: Loki's address, such as http://127.0.0.1:3100.
    #[arg(long, env = "LOGS_URL", value_name = "URL")]
    logs_url: Option<PeerUrl>,
    /// Where metrics are read: Prometheus' address, such as http://127.0.0.1:9090.
    #[arg(long, env = "METRICS_URL", value_name = "URL")]
    metrics_url: Option<PeerUrl>,
    /// Where alerts are read: Alertmanager's address, such as http://127.0.0.1:9093. Without it they are
    /// read where metrics are, which does not know what is silenced.
    #[arg(long, env = "ALERTS_URL", value_name = "URL")]
    alerts_url: Option<PeerUrl>,
    /// Jaeger's address for people; the page links to it.
    #[arg(long, env = "JAEGER_UI_URL", value_name = "URL")]
    jaeger_ui_url: Option<Link>,
    /// Grafana's address for people; the page links to it.
    #[arg(long, env = "GRAFANA_URL", value_name = "URL")]
    grafana_url: Option<Link>,
    #[command(flatten)]
    issuer: IssuerArgs,
    #[command(flatten)]
    sign_in: SignInArgs,
    #[command(flatten)]
    server: ServerArgs<3001>,
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
            let receiver =
                SpanReceiver::new(&args.telemetry, telemetry).map_err(BuildError::settings)?;
            let provider = Provider::new(&args.issuer, telemetry).map_err(BuildError::settings)?;
            access::announce(provider.as_ref(), &telemetry.metrics)
                .map_err(BuildError::settings)?;
            let sign_in = provider
                .clone()
                .map(|provider| SignIn::new(provider, &args.issuer, &args.sign_in, telemetry))
                .transpose()
                .map_err(BuildError::settings)?;
            let frontend = Frontend {
                sign_in,
                config: PageConfig {
                    jaeger_ui_url: args.jaeger_ui_url,
                    grafana_url: args.grafana_url,
                    traces: args.traces_url.is_some(),
                },
                gateway: Peer::new("gateway-service", args.gateway_service_url, telemetry),
                receiver,
                traces: args
                    .traces_url
                    .map(|url| Peer::new("jaeger", url, telemetry)),
                logs: args.logs_url.map(|url| Peer::new("loki", url, telemetry)),
                system: args.metrics_url.map(|url| {
                    let alerts = args.alerts_url;
                    System::new(
                        Peer::new("prometheus", url, telemetry),
                        alerts.map(|url| Peer::new("alertmanager", url, telemetry)),
                    )
                }),
            };
            let app = App::new(routes::router(&frontend, &args.assets_dir))
                .with_untraced(&routes::UNTRACED)
                .with_secret_queries(&sign_in::ROUTES_WITH_SECRETS);
            Ok(match provider {
                Some(provider) => app.with_background(provider.refresh()),
                None => app,
            })
        },
    )
}
