//! A service's whole life.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use api::Problem;
use axum::extract::DefaultBodyLimit;
use axum::{Router, middleware};
use telemetry::{Service, Telemetry, TelemetryArgs};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::app::{App, BuildError};
use crate::args::ServerArgs;
use crate::connections::Connections;
use crate::host::one_host;
use crate::leftover::read_leftover;
use crate::observe::{Observer, observe};
use crate::serve::{Phase, serve};
use crate::{listener, probes, systemd, watchdog};

/// The threads for reads of the store and for names: reads are bounded by the store's pool.
const BLOCKING_THREADS: usize = 16;

/// How long the runtime waits for its threads when all is done.
const RUNTIME_SHUTDOWN: Duration = Duration::from_millis(100);

/// Why a service ends before its time. The exit codes are those of sysexits(3).
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the runtime cannot start: {0}")]
    Runtime(std::io::Error),
    #[error(transparent)]
    Telemetry(#[from] telemetry::StartError),
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error(transparent)]
    Listen(#[from] listener::ListenError),
    #[error("signals cannot be received: {0}")]
    Signals(std::io::Error),
}

impl Failure {
    fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Telemetry(_) | Self::Build(BuildError::Settings(_)) => 64, // EX_USAGE
            Self::Listen(_) => 69,                                           // EX_UNAVAILABLE
            Self::Build(BuildError::Store(_)) => 74,                         // EX_IOERR
            Self::Runtime(_) | Self::Signals(_) => 71,                       // EX_OSERR
        })
    }
}

/// Runs a service from its settings to its last span; `build` puts it together.
///
/// SIGTERM and SIGINT drain and end it, SIGHUP reads the log filter again. The exit code is 0
/// after a drain, 64 for wrong settings, 69 when it cannot listen, 74 when its store cannot be
/// opened.
pub fn run<const PORT: u16, B>(
    service: Service,
    server: &ServerArgs<PORT>,
    telemetry: &TelemetryArgs,
    build: B,
) -> ExitCode
where
    B: AsyncFnOnce(&Telemetry) -> Result<App, BuildError>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS)
        .build();
    let outcome = runtime.map_err(Failure::Runtime).and_then(|runtime| {
        let outcome = runtime.block_on(live(service, server, telemetry, build));
        runtime.shutdown_timeout(RUNTIME_SHUTDOWN);
        outcome
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{}: {failure}", service.name);
            failure.exit_code()
        }
    }
}

async fn live<const PORT: u16, B>(
    service: Service,
    server: &ServerArgs<PORT>,
    settings: &TelemetryArgs,
    build: B,
) -> Result<(), Failure>
where
    B: AsyncFnOnce(&Telemetry) -> Result<App, BuildError>,
{
    let telemetry = Arc::new(Telemetry::start(service, settings)?);
    let outcome = serve_until_stopped(service, server, &telemetry, build).await;
    if let Err(failure) = &outcome {
        tracing::error!(cause = %failure, "{} cannot start: {failure}", service.name);
    }
    let _ = tokio::task::spawn_blocking(move || telemetry.flush()).await;
    outcome
}

async fn serve_until_stopped<const PORT: u16, B>(
    service: Service,
    args: &ServerArgs<PORT>,
    telemetry: &Arc<Telemetry>,
    build: B,
) -> Result<(), Failure>
where
    B: AsyncFnOnce(&Telemetry) -> Result<App, BuildError>,
{
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::Signals)?;
    let listener = listener::bind(&args.host, args.port)?;
    let address = listener.local_addr().map_err(Failure::Signals)?;
    let app = build(telemetry).await?;
    let listener = TcpListener::from_std(listener).map_err(Failure::Runtime)?;
    let connections = Connections::new(places(args.max_connections));
    let mut background: Vec<_> = app.background.into_iter().map(tokio::spawn).collect();
    background.push(tokio::spawn(reload_on_hangup(Arc::clone(telemetry))?));
    background.push(tokio::spawn(watchdog::feed(address)));
    let observer = Observer::new(telemetry, app.untraced);
    let router = observed(app.router, app.health, telemetry, observer);

    tracing::info!(%address, version = service.version, "{} listening on {address}", service.name);
    systemd::ready(&format!("listening on {address}"));
    let stop = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        systemd::stopping();
        tracing::info!(
            "{} is draining: no new connections, requests under way end",
            service.name
        );
    };
    let cut = serve(
        listener,
        router,
        connections,
        watch::Sender::new(Phase::Serving),
        stop,
    )
    .await;
    for task in background {
        task.abort();
    }
    if cut > 0 {
        tracing::warn!(
            connections = cut,
            "{cut} connections did not end in time and were cut"
        );
    }
    tracing::info!("{} stopped", service.name);
    Ok(())
}

/// The routes with all that surrounds them.
fn observed(
    router: Router,
    health: Option<probes::Health>,
    telemetry: &Telemetry,
    observer: Arc<Observer>,
) -> Router {
    router
        .merge(probes::router(health, telemetry.metrics.clone()))
        .fallback(async || Problem::unknown_path())
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        // From the outside in. One layer of four, not four: each would box and clone all that it
        // surrounds, for every request.
        .layer((
            middleware::from_fn_with_state(observer, observe),
            middleware::from_fn(read_leftover),
            middleware::from_fn(one_host),
            DefaultBodyLimit::max(Problem::BODY_LIMIT),
        ))
}

/// The places for connections: what was asked for, as far as the process may open files. The
/// soft limit is raised to the hard one; some files stay for the store and for peers.
fn places(wanted: u32) -> usize {
    const OTHER_FILES: u64 = 128;
    let wanted = u64::from(wanted);
    let files = rlimit::increase_nofile_limit(wanted + OTHER_FILES).unwrap_or(1024);
    usize::try_from(wanted.min(files.saturating_sub(OTHER_FILES)).max(1)).unwrap_or(1)
}

fn reload_on_hangup(
    telemetry: Arc<Telemetry>,
) -> Result<impl Future<Output = ()> + Send + 'static, Failure> {
    let mut hangup = signal(SignalKind::hangup()).map_err(Failure::Signals)?;
    Ok(async move {
        while hangup.recv().await.is_some() {
            systemd::reloading();
            if let Err(error) = telemetry.logs.reload() {
                tracing::warn!(%error, "the log filter stays as it was: {error}");
            }
            systemd::ready("log filter read again");
        }
    })
}
