//! The whole life of a service.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use api::{Problem, calls};
use axum::{Router, middleware};
use faults::Faults;
use identity::{Identity, Source};
use telemetry::{Service, Telemetry, TelemetryArgs};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinError;

use crate::app::{App, BuildError};
use crate::args::ServerArgs;
use crate::around::{Around, around};
use crate::authorize::{Callers, authorize};
use crate::background::{Background, Ended};
use crate::buffers::Buffers;
use crate::connections::Connections;
use crate::limits::Limits;
use crate::listener::{ListenError, Sockets};
use crate::load::LoadMetrics;
use crate::observe::Observer;
use crate::queue::Queue;
use crate::serve::Server;
use crate::workers::Workers;
use crate::{probes, runtime, systemd, watchdog};

/// How long the runtime waits for its threads when all is done.
const RUNTIME_SHUTDOWN: Duration = Duration::from_millis(100);

/// What a service has open besides connections of clients and to peers: its store, its telemetry.
const OTHER_FILES: u64 = 128;

/// Why a service does not start, or ends before a signal. The exit codes are those of
/// sysexits(3).
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the runtime cannot start: {0}")]
    Runtime(std::io::Error),
    #[error(transparent)]
    Telemetry(#[from] telemetry::StartError),
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(transparent)]
    Identity(#[from] identity::StartError),
    #[error("signals cannot be received: {0}")]
    Signals(std::io::Error),
    #[error("a background task has ended: {0}")]
    Background(Ended),
    #[error("an accept loop has ended: {0}")]
    AcceptLoop(JoinError),
}

impl Failure {
    fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Telemetry(_) | Self::Build(BuildError::Settings(_)) => 64, // EX_USAGE
            Self::Identity(_) => 66,                                         // EX_NOINPUT
            Self::Listen(_) => 69,                                           // EX_UNAVAILABLE
            Self::Background(_) | Self::AcceptLoop(_) => 70,                 // EX_SOFTWARE
            Self::Runtime(_) | Self::Signals(_) => 71,                       // EX_OSERR
            Self::Build(BuildError::Store(_)) => 74,                         // EX_IOERR
        })
    }

    /// Whether the service had begun to serve.
    const fn is_of_a_running_service(&self) -> bool {
        matches!(self, Self::Background(_) | Self::AcceptLoop(_))
    }
}

/// Runs a service from its settings to its last span; `build` puts it together.
///
/// SIGTERM and SIGINT drain and end it, SIGHUP reads the log filter again. The exit code is 0
/// after a drain, 64 for wrong settings, 66 when the service has no identity and should have one, 69
/// when it cannot listen, 70 when a background task or an accept loop ended (with a background task the
/// service drains first), 71 when the system refuses a runtime or signals, 74 when its store cannot be
/// opened.
pub fn run<const PORT: u16, B>(
    service: Service,
    server: &ServerArgs<PORT>,
    telemetry: &TelemetryArgs,
    build: B,
) -> ExitCode
where
    B: AsyncFnOnce(&Arc<Telemetry>, Option<&Identity>) -> Result<App, BuildError>,
{
    let outcome = runtime::build()
        .map_err(Failure::Runtime)
        .and_then(|runtime| {
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
    B: AsyncFnOnce(&Arc<Telemetry>, Option<&Identity>) -> Result<App, BuildError>,
{
    let telemetry = Arc::new(Telemetry::start(service, settings)?);
    let outcome = serve_until_stopped(service, server, &telemetry, build).await;
    if let Err(failure) = &outcome
        && !failure.is_of_a_running_service()
    {
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
    B: AsyncFnOnce(&Arc<Telemetry>, Option<&Identity>) -> Result<App, BuildError>,
{
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::Signals)?;
    let mut sockets = Sockets::from_systemd();
    let (listener, address) = sockets.bind(&args.host, args.port)?;
    let probes = sockets.bind_probes(args.probes_port)?;
    let load = LoadMetrics::new(&telemetry.metrics).map_err(BuildError::settings)?;
    let shed_after =
        (args.shed_after_ms > 0).then(|| Duration::from_millis(args.shed_after_ms.into()));
    let queue = || Some(Queue::new(shed_after, load.clone()));
    let workers = Workers::start(args.worker_threads, queue);
    let (workers, threads) = workers.map_err(Failure::Runtime)?;
    for worker in workers.all() {
        telemetry.metrics.show_runtime(&worker.runtime);
    }
    let (doors, asked) = workers.all().iter().map(|_| watchdog::door()).unzip();
    let mut background = Background::default();
    if args.identity.source != Source::None {
        systemd::status("waiting for its identity");
    }
    let identity = tokio::select! {
        identity = Identity::start(&args.identity, &telemetry.metrics) => identity?,
        _ = terminate.recv() => return Ok(()),
        _ = interrupt.recv() => return Ok(()),
    };
    let identity = identity.map(|(identity, follow)| {
        background.spawn(follow);
        identity
    });
    let app = build(telemetry, identity.as_ref()).await?;
    let health: Vec<_> = identity
        .clone()
        .map(probes::Health::of)
        .into_iter()
        .chain(app.health)
        .collect();
    for task in app.background {
        background.spawn(task);
    }
    background.spawn(reload_on_hangup(Arc::clone(telemetry))?);
    if let Some(interval) = systemd::watchdog_interval() {
        background.spawn(watchdog::feed(interval, doors));
    }
    let router = match &args.faults_file {
        Some(file) => faulty(app.router, file, telemetry, &mut background)?,
        None => app.router,
    };
    let observer = Observer::new(telemetry, address.port(), app.untraced, app.secret_queries);
    let identity = identity.filter(|_| calls::is_called(service.name));
    let router = match &identity {
        Some(_) => known_callers(router, service, telemetry)?,
        None => router,
    };
    if let Some((listener, address)) = probes {
        let observer = Observer::new(telemetry, address.port(), &[], &[]);
        let health = health.clone();
        let router = observed(Router::new(), health, telemetry, observer, load.clone());
        background.spawn(probes::serve(router, &listener).map_err(ListenError::Setup)?);
        tracing::info!(probes = %address, "{} answers probes on {address}", service.name);
    }
    let router = observed(router, health, telemetry, observer, load);
    let server = Server::new(router, identity, connections(args.max_connections), workers);

    tracing::info!(%address, version = service.version, "{} listening on {address}", service.name);
    systemd::ready(&format!("listening on {address}"));
    let loops = server.start(&listener, asked);
    let mut loops = loops.map_err(ListenError::Setup)?;
    drop(listener);
    let outcome = tokio::select! {
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
        ended = background.one_ended() => Err(Failure::Background(ended)),
        // Before the drain one can only have panicked.
        Some(Err(panic)) = loops.join_next() => Err(Failure::AcceptLoop(panic)),
    };
    if let Err(failure) = &outcome {
        tracing::error!(cause = %failure, "{} cannot go on: {failure}", service.name);
    }
    systemd::stopping();
    if !matches!(outcome, Err(Failure::AcceptLoop(_))) {
        tracing::info!(
            "{} is draining: it takes no new connections and ends its requests",
            service.name
        );
        let cut = server.drain(loops).await.map_err(Failure::AcceptLoop)?;
        if cut > 0 {
            tracing::warn!(
                connections = cut,
                "{cut} connections did not end in time and were cut"
            );
        }
    }
    // What was cut ends here.
    drop(threads);
    tracing::info!("{} stopped", service.name);
    outcome
}

/// The routes of the service with the faults that the file switches on. Not the probes: whoever
/// looks for a fault has to see it.
fn faulty(
    router: Router,
    file: &Path,
    telemetry: &Telemetry,
    background: &mut Background,
) -> Result<Router, Failure> {
    let (faults, watch) = Faults::start(file, telemetry).map_err(BuildError::settings)?;
    background.spawn(watch);
    Ok(router.layer(middleware::from_fn_with_state(faults, faults::inject)))
}

/// The routes for those who may ask for them.
fn known_callers(
    router: Router,
    service: Service,
    telemetry: &Telemetry,
) -> Result<Router, Failure> {
    let callers = Callers::of(service.name, &telemetry.metrics).map_err(BuildError::settings)?;
    Ok(router.layer(middleware::from_fn_with_state(callers, authorize)))
}

/// The routes with all that surrounds them.
fn observed(
    router: Router,
    health: Vec<probes::Health>,
    telemetry: &Telemetry,
    observer: Observer,
    load: LoadMetrics,
) -> Router {
    let surroundings = Around {
        observer,
        load,
        buffers: Buffers::default(),
    };
    router
        .merge(probes::router(health, telemetry.metrics.clone()))
        .fallback(async || Problem::unknown_path())
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(middleware::from_fn_with_state(
            Arc::new(surroundings),
            around,
        ))
}

/// The places for connections: as many as `wanted`, as far as the process may open files.
fn connections(wanted: u32) -> Arc<Connections> {
    let wanted = u64::from(wanted);
    let files = rlimit::increase_nofile_limit(files_for(wanted)).unwrap_or(1024);
    let places = places_within(files, wanted);
    let idle = places.min(Limits::get().max_idle_connections.into());
    let number = |count| usize::try_from(count).unwrap_or(1);
    Connections::new(number(places), number(idle))
}

/// The files that so many connections of clients need: a gateway forwards each request on a
/// connection of its own to a peer.
const fn files_for(places: u64) -> u64 {
    2 * places + OTHER_FILES
}

/// As many of the `wanted` places as so many open files allow; one at least.
fn places_within(files: u64, wanted: u64) -> u64 {
    wanted.min(files.saturating_sub(OTHER_FILES) / 2).max(1)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_has_a_file_for_its_client_and_one_for_a_peer() {
        assert_eq!(places_within(files_for(2048), 2048), 2048);
        assert_eq!(places_within(files_for(2048) - 1, 2048), 2047);
        assert_eq!(places_within(1024, 2048), 448);
        assert_eq!(places_within(64, 2048), 1);
    }
}
