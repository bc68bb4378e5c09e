//! The rounds: every interval each query is asked for what is new since the round before.
//!
//! Prometheus is never harmed: one request at a time, each for an hour of points and so many series at
//! most, with a pause between two while there is much to make up for. What does not answer is asked
//! again in the next round, and the client's circuit breaker sees to the rest.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use client::{Peer, PeerError};
use parking_lot::Mutex;
use prometheus_api::Range;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use crate::announce::Announcer;
use crate::back_end;
use crate::config::Query;
use crate::detector::{Detector, MOST_SERIES};
use crate::metrics::Own;
use crate::silences;
use crate::state::State;

/// The most points of an answer: an hour at 15 s, and far from the 11,000 that Prometheus refuses.
const MOST_POINTS: u64 = 240;

/// The most values of an answer, by the series that the query had before: the client reads a megabyte,
/// and a value has some 30 bytes.
const MOST_VALUES: u64 = 20_000;

/// Between two requests that make up for the past.
const PAUSE: Duration = Duration::from_millis(200);

/// What began longer ago than this is history, which is learned and not told.
const NEWS: u64 = 300;

/// How often what was learned is written: after a crash so much is asked for again.
const WRITE: Duration = Duration::from_mins(5);

/// Where values come from, and how often.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rhythm {
    /// From one round to the next, and from one point to the next.
    pub(crate) step: Duration,
    /// How far back it looks when a query is new.
    pub(crate) history: Duration,
}

/// The task that asks.
pub(crate) struct Poller {
    pub(crate) detector: Arc<Mutex<Detector>>,
    pub(crate) prometheus: Peer,
    pub(crate) alertmanager: Option<Peer>,
    pub(crate) rhythm: Rhythm,
    pub(crate) state: State,
    pub(crate) announcer: Announcer,
    pub(crate) own: Own,
    /// The queries that were not answered in the last round.
    pub(crate) failing: BTreeSet<String>,
}

impl Poller {
    /// Runs for as long as the service does, and writes what was learned when it ends.
    pub(crate) async fn run(mut self) {
        let mut ticks = interval(self.rhythm.step);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut written = Instant::now();
        loop {
            ticks.tick().await;
            self.round().await;
            if written.elapsed() >= WRITE {
                self.write();
                written = Instant::now();
            }
        }
    }

    async fn round(&mut self) {
        let started = Instant::now();
        let queries = self.detector.lock().queries.clone();
        self.detector.lock().ignored = 0;
        let mut answered = true;
        for query in &queries {
            match self.catch_up(query).await {
                Ok(()) => {
                    if self.failing.remove(&query.name) {
                        tracing::info!(query = query.name, "Prometheus answers a query again");
                    }
                }
                Err(error) => {
                    answered = false;
                    self.own.failed();
                    // Once, and not every round for as long as Prometheus is away.
                    if self.failing.insert(query.name.clone()) {
                        tracing::warn!(query = query.name, cause = %error.chain(), "Prometheus does not answer a query");
                    }
                }
            }
        }
        self.tell().await;
        self.own
            .round(started.elapsed(), answered.then(seconds_now));
    }

    /// Asks a query for what is new.
    async fn catch_up(&self, query: &Query) -> Result<(), PeerError> {
        while let Some(range) = self.next_range(query, seconds_now()) {
            let answer =
                back_end::range(&self.prometheus, &query.promql, range, MOST_SERIES).await?;
            let now = seconds_now();
            let live_from = now.saturating_sub(NEWS);
            self.detector.lock().feed(query, range, answer, live_from);
            if range.end + range.step > now {
                break;
            }
            sleep(PAUSE).await;
        }
        Ok(())
    }

    /// What a query is asked for next; `None` when nothing is new.
    fn next_range(&self, query: &Query, now: u64) -> Option<Range> {
        let step = self.rhythm.step.as_secs().max(1);
        let (until, series) = {
            let detector = self.detector.lock();
            let learned = detector.learned.get(&query.name)?;
            (learned.until, learned.series.len() as u64)
        };
        let oldest = now.saturating_sub(self.rhythm.history.as_secs()) / step * step;
        // A clock that was set back has learned of a future; that is left alone until it is there.
        let start = until.map_or(oldest, |until| until + step).max(oldest);
        let points = (MOST_VALUES / series.max(1)).clamp(1, MOST_POINTS);
        let end = (now / step * step).min(start + (points - 1) * step);
        (start <= end).then_some(Range { start, end, step })
    }

    /// Tells what was found, and what is over.
    async fn tell(&self) {
        let any_new = self.detector.lock().events.new_ones().next().is_some();
        if any_new {
            let silences = match &self.alertmanager {
                Some(peer) => silences::active(peer).await.unwrap_or_else(|error| {
                    tracing::warn!(cause = %error.chain(), "Silences cannot be read; every anomaly is told");
                    Vec::new()
                }),
                None => Vec::new(),
            };
            let events: Vec<_> = {
                let mut detector = self.detector.lock();
                let new = detector.events.new_ones().map(|event| {
                    event.told = true;
                    event.silenced = event
                        .members
                        .iter()
                        .all(|member| silences.iter().any(|silence| silence.covers(member)));
                    event.clone()
                });
                new.collect()
            };
            for event in &events {
                self.own.found(event.silenced);
                self.announcer.found(event, &self.prometheus).await;
            }
        }
        let ended = {
            let detector = &mut *self.detector.lock();
            let mut events = std::mem::take(&mut detector.events);
            let ended =
                events.take_ended(|member| detector.is_unusual(&member.query, &member.labels));
            detector.events = events;
            ended
        };
        for event in &ended {
            self.announcer.ended(event, seconds_now());
        }
    }

    fn write(&self) {
        let detector = self.detector.lock();
        if let Err(error) = self.state.write(&detector.learned) {
            tracing::error!(cause = %error, "What was learned cannot be written");
        }
    }
}

impl Drop for Poller {
    fn drop(&mut self) {
        self.write();
    }
}

/// Opens the folder of what was learned, and goes on from there.
pub(crate) fn resume(
    folder: &Path,
    queries: Vec<Query>,
) -> std::io::Result<(State, Arc<Mutex<Detector>>)> {
    let state = State::open(folder)?;
    let detector = Detector::new(queries, state.read()?);
    Ok((state, Arc::new(Mutex::new(detector))))
}

fn seconds_now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default().as_secs()
}
