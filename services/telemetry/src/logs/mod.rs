//! Logs: events of `tracing`, captured where they happen and written by a thread of their own.
//!
//! The journal's socket blocks when its reader stalls, and so does a pipe. [`capture`] therefore
//! only fills a bounded [`queue`], and [`writer`] empties it into one [`sink`]: [`journald`],
//! [`json`] or [`text`]. An event that finds the queue full is dropped and counted. The same event
//! many times a second is written as one line with its count ([`storm`]).

mod capture;
mod event;
mod filter;
mod format;
mod journald;
mod json;
mod queue;
mod sink;
mod stdout;
mod storm;
mod text;
mod writer;

use std::path::PathBuf;
use std::time::Duration;

use prometheus::IntCounter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::reload;
use tracing_subscriber::util::SubscriberInitExt;

use crate::TelemetryArgs;
use crate::traces::PartialSuccessLayer;
use capture::Capture;
use queue::Queue;

pub use filter::Filter;
pub use format::Format;

/// The queue of events and the handle to their filter.
#[derive(Debug)]
pub struct Logs {
    queue: Queue,
    filter: reload::Handle<tracing_subscriber::filter::Targets, tracing_subscriber::Registry>,
    filter_file: Option<PathBuf>,
    fallback: Filter,
}

/// Why logging could not start, or the filter could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The file of the filter.
    #[error("the log filter {path}: {reason}", path = .path.display())]
    FilterFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// `LOG_FORMAT=journald` where there is no journal.
    #[error("LOG_FORMAT is journald, but the journal cannot be reached: {0}")]
    NoJournal(std::io::Error),
    /// The thread of the writer.
    #[error("the log writer cannot start: {0}")]
    Thread(std::io::Error),
    /// Another subscriber is already installed.
    #[error("a subscriber is already installed: {0}")]
    Subscriber(#[from] tracing_subscriber::util::TryInitError),
}

impl Logs {
    pub(crate) fn start(service: &str, args: &TelemetryArgs) -> Result<Self, LogError> {
        let filter_file = args.log_filter_file.clone();
        let fallback = args.log_filter.clone();
        let filter = filter::read(filter_file.as_deref(), &fallback)?;
        let (filter, handle) = reload::Layer::new(filter.targets());
        let sink = format::sink(args.log_format, service)?;
        let (queue, messages) = Queue::new();
        writer::start(messages, sink, queue.dropped()).map_err(LogError::Thread)?;
        tracing_subscriber::registry()
            .with(filter)
            .with(Capture(queue.clone()))
            .with(PartialSuccessLayer)
            .try_init()?;
        std::panic::set_hook(Box::new(|panic| {
            let place = panic
                .location()
                .map(ToString::to_string)
                .unwrap_or_default();
            let cause = panic.payload_as_str().unwrap_or("a value that is not text");
            tracing::error!(cause, place, "a task panicked: {cause}");
        }));
        Ok(Self {
            queue,
            filter: handle,
            filter_file,
            fallback,
        })
    }

    /// Reads the log filter again and says so in the log.
    pub fn reload(&self) -> Result<(), LogError> {
        let filter = filter::read(self.filter_file.as_deref(), &self.fallback)?;
        let changed = self.filter.reload(filter.targets());
        match (changed, &self.filter_file) {
            (Ok(()), Some(_)) => tracing::info!(%filter, "the log filter is now {filter}"),
            (Ok(()), None) => tracing::info!(
                "nothing to read again: no LOG_FILTER_FILE is set, and RUST_LOG cannot change"
            ),
            (Err(error), _) => tracing::warn!(%error, "the log filter could not be changed"),
        }
        Ok(())
    }

    pub(crate) fn dropped(&self) -> IntCounter {
        self.queue.dropped()
    }

    pub(crate) fn flush(&self, bound: Duration) {
        self.queue.flush(bound);
    }
}
