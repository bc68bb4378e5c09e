//! The switchboard: which faults are on in this process.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry_sdk::trace::SdkTracer;
use parking_lot::Mutex;
use prometheus::{IntCounterVec, IntGaugeVec, Opts};
use telemetry::Telemetry;
use tokio::time::{MissedTickBehavior, interval};

use crate::active::ActiveFault;
use crate::file::{self, Stamp};
use crate::{Fault, FaultSet, Name};

/// How often the file is looked at: an operator sees the effect at once, and a look at the metadata
/// of one file costs microseconds.
const LOOK: Duration = Duration::from_secs(1);

/// The faults of this process. Clones share them.
#[derive(Clone, Debug)]
pub struct Faults(Arc<Board>);

#[derive(Debug)]
struct Board {
    path: PathBuf,
    /// Whether any is on: what a request looks at first.
    any: AtomicBool,
    on: Mutex<Arc<[Arc<ActiveFault>]>>,
    active: IntGaugeVec,
    injections: IntCounterVec,
    tracer: SdkTracer,
}

impl Faults {
    /// Reads the file, and switches on what it says. Without a file, or with one that is refused,
    /// nothing is on. The future looks once a second whether the file has changed, for as long as it
    /// is polled.
    pub fn start(
        path: &Path,
        telemetry: &Telemetry,
    ) -> prometheus::Result<(Self, impl Future<Output = ()> + Send + use<>)> {
        let active = Opts::new(
            "fault_active",
            "1 while an operator has this fault switched on.",
        );
        let active = IntGaugeVec::new(active, &["fault"])?;
        let injections = Opts::new(
            "fault_injections_total",
            "How often the fault was done to a request, or the process grew, since it is on.",
        );
        let injections = IntCounterVec::new(injections, &["fault"])?;
        telemetry.metrics.register(Box::new(active.clone()))?;
        telemetry.metrics.register(Box::new(injections.clone()))?;
        let faults = Self(Arc::new(Board {
            path: path.to_owned(),
            any: AtomicBool::default(),
            on: Mutex::default(),
            active,
            injections,
            tracer: telemetry
                .traces
                .tracer(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
        }));
        let path = path.display();
        tracing::info!(file = %path, "faults can be switched on in {path}");
        // Before the file is read, here and below: a change in between is seen at the next look.
        let stamp = faults.stamp();
        faults.read();
        Ok((faults.clone(), faults.watch(stamp)))
    }

    async fn watch(self, mut seen: Option<Stamp>) {
        let mut ticks = interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let stamp = self.stamp();
            if stamp != seen {
                seen = stamp;
                self.read();
            }
        }
    }

    /// Whether any fault is on.
    pub(crate) fn any_active(&self) -> bool {
        self.0.any.load(Ordering::Relaxed)
    }

    /// The faults that are on.
    pub(crate) fn active(&self) -> Arc<[Arc<ActiveFault>]> {
        Arc::clone(&self.0.on.lock())
    }

    pub(crate) fn tracer(&self) -> &SdkTracer {
        &self.0.tracer
    }

    fn stamp(&self) -> Option<Stamp> {
        file::stamp(&self.0.path)
    }

    fn read(&self) {
        let path = self.0.path.display();
        let wanted = file::read(&self.0.path).unwrap_or_else(|error| {
            tracing::error!(
                file = %path,
                cause = %error,
                "no fault is on: {path} is refused: {error}"
            );
            FaultSet::default()
        });
        self.switch(&wanted);
    }

    /// Switches to these. One that is on and stays as it was goes on with its count and its lock.
    fn switch(&self, wanted: &FaultSet) {
        let before = self.active();
        for on in before.iter() {
            if wanted.get(&on.name) != Some(&on.fault) {
                self.off(&on.name);
            }
        }
        let stays = |name: &Name, fault: &Fault| {
            let mut before = before.iter();
            before
                .find(|on| on.name == *name && on.fault == *fault)
                .cloned()
        };
        let on: Arc<[_]> = wanted
            .iter()
            .map(|(name, fault)| stays(name, fault).unwrap_or_else(|| self.start_one(name, fault)))
            .collect();
        self.0.any.store(!on.is_empty(), Ordering::Relaxed);
        *self.0.on.lock() = on;
    }

    fn start_one(&self, name: &Name, fault: &Fault) -> Arc<ActiveFault> {
        let label = [name.as_str()];
        let injections = self.0.injections.with_label_values(&label);
        let on = ActiveFault::new(name.clone(), fault.clone(), injections);
        self.0.active.with_label_values(&label).set(1);
        tracing::warn!(fault = %name, "the fault {name} is on: {fault}");
        Arc::new(on)
    }

    fn off(&self, name: &Name) {
        // Both series go, so that there are never more than there are faults.
        let label = [name.as_str()];
        let _ = self.0.active.remove_label_values(&label);
        let _ = self.0.injections.remove_label_values(&label);
        tracing::info!(fault = %name, "the fault {name} is off");
    }
}
