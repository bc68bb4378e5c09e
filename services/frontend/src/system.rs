//! How the services do: `GET /system/overview`, `GET /system/exemplars/{service}` for the traces
//! behind it, and `GET /system/faults` for what an operator has broken on purpose.
//!
//! Neither takes a query from outside: what is asked stands in the crate [`queries`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use api::{Problem, ProblemKind};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use client::Peer;
use futures_util::future::try_join_all;
use http::header;
use prometheus_api::{Range, SeriesExemplars};
use queries::{Query, SERVICES};
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::alerts::{self, Firing};
use crate::prometheus::{self, Points};

/// How far back the page looks, in seconds.
const REACH: u64 = 15 * 60;

/// Seconds between two points: ninety of them are as many as a small chart can show.
const STEP: u64 = 10;

/// For how long an answer is given again: however many pages are open, Prometheus is asked as often
/// as it scrapes.
const FRESH: Duration = Duration::from_secs(5);

/// The most traces of an answer.
const EXEMPLARS: usize = 200;

/// Where metrics and alerts are read, and what was read last.
#[derive(Clone, Debug)]
pub(crate) struct System {
    prometheus: Peer,
    alertmanager: Option<Peer>,
    overview: Cached,
    faults: Cached,
    exemplars: Arc<[Cached; SERVICES.len()]>,
}

/// The last answer and its time. Whoever finds it too old reads it again while the others wait for
/// that, so that it is locked over an await on purpose.
type Cached = Arc<Mutex<Option<(Instant, Arc<str>)>>>;

#[derive(Serialize)]
struct Overview {
    /// Seconds since 1970.
    start: u64,
    end: u64,
    /// Seconds.
    step: u64,
    services: Vec<Service>,
    alerts: Vec<Firing>,
}

#[derive(Serialize)]
struct Service {
    name: &'static str,
    /// By the query's name.
    series: BTreeMap<&'static str, Points>,
}

#[derive(Serialize)]
struct Faults {
    faults: Vec<Fault>,
}

/// A fault that is switched on.
#[derive(Serialize)]
struct Fault {
    name: String,
    service: String,
}

#[derive(Serialize)]
struct Exemplars {
    exemplars: Vec<Exemplar>,
}

/// A request whose trace is known.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Exemplar {
    trace_id: String,
    /// When, in seconds since 1970.
    time: f64,
    seconds: f64,
    method: Option<String>,
    uri: Option<String>,
    status: Option<String>,
}

impl System {
    pub(crate) fn new(prometheus: Peer, alertmanager: Option<Peer>) -> Self {
        Self {
            prometheus,
            alertmanager,
            overview: Cached::default(),
            faults: Cached::default(),
            exemplars: Arc::default(),
        }
    }
}

/// The handler of the overview.
pub(crate) async fn overview(State(system): State<Option<System>>) -> Result<Response, Problem> {
    let system = system.ok_or_else(none)?;
    fresh(&system.overview, || read_overview(&system)).await
}

/// The handler of the faults that are on, by name.
pub(crate) async fn faults(State(system): State<Option<System>>) -> Result<Response, Problem> {
    let system = system.ok_or_else(none)?;
    fresh(&system.faults, async || {
        let found = prometheus::faults(&system.prometheus).await?.into_iter();
        let mut faults: Vec<_> = found
            .map(|(service, name)| Fault { name, service })
            .collect();
        faults.sort_by(|a, b| (&a.name, &a.service).cmp(&(&b.name, &b.service)));
        Ok(Faults { faults })
    })
    .await
}

/// The handler of the traces behind a service's response times, the newest first.
pub(crate) async fn exemplars(
    State(system): State<Option<System>>,
    Path(service): Path<String>,
) -> Result<Response, Problem> {
    let system = system.ok_or_else(none)?;
    let index = SERVICES.iter().position(|known| *known == service);
    let index = index.ok_or_else(Problem::unknown_path)?;
    fresh(&system.exemplars[index], async || {
        let found = prometheus::exemplars(&system.prometheus, SERVICES[index], last()).await?;
        Ok(Exemplars {
            exemplars: newest(found),
        })
    })
    .await
}

/// The cached answer, or a new one when that is too old.
async fn fresh<T: Serialize>(
    cached: &Cached,
    read: impl AsyncFnOnce() -> Result<T, Problem>,
) -> Result<Response, Problem> {
    let mut cached = cached.lock().await;
    let known = cached.as_ref().filter(|(read, _)| read.elapsed() < FRESH);
    let body = if let Some((_, body)) = known {
        Arc::clone(body)
    } else {
        let answer = serde_json::to_string(&read().await?);
        let answer = answer.map_err(|error| Problem::internal().caused_by(&error))?;
        let body: Arc<str> = answer.into();
        *cached = Some((Instant::now(), Arc::clone(&body)));
        body
    };
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, body.to_string()).into_response())
}

async fn read_overview(system: &System) -> Result<Overview, Problem> {
    let range = last();
    let prometheus = &system.prometheus;
    let query = |query| prometheus::range(prometheus, query, range);
    let (mut found, alerts) = tokio::try_join!(
        try_join_all(Query::ALL.map(query)),
        alerts::firing(system.alertmanager.as_ref(), prometheus),
    )?;
    let mut of = |name| {
        let series = Query::ALL.iter().zip(&mut found);
        series
            .filter_map(|(query, series)| Some((query.name(), series.remove(name)?)))
            .collect()
    };
    let services = SERVICES.map(|name| Service {
        name,
        series: of(name),
    });
    Ok(Overview {
        start: range.start,
        end: range.end,
        step: range.step,
        services: services.into(),
        alerts,
    })
}

fn newest(found: Vec<SeriesExemplars>) -> Vec<Exemplar> {
    let mut newest = Vec::new();
    for SeriesExemplars {
        series_labels,
        exemplars,
    } in found
    {
        let label = |name| series_labels.get(name).cloned();
        for mut exemplar in exemplars {
            let trace_id = exemplar.labels.remove("trace_id");
            let (Some(trace_id), Ok(seconds)) = (trace_id, exemplar.value.parse()) else {
                continue;
            };
            newest.push(Exemplar {
                trace_id,
                time: exemplar.timestamp,
                seconds,
                method: label("method"),
                uri: label("uri"),
                status: label("status"),
            });
        }
    }
    newest.sort_by(|a, b| b.time.total_cmp(&a.time));
    newest.truncate(EXEMPLARS);
    newest
}

/// The range up to now, with its ends on whole steps, so that points stay where they are from one
/// answer to the next.
fn last() -> Range {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let end = now.unwrap_or_default().as_secs() / STEP * STEP;
    Range {
        start: end - REACH,
        end,
        step: STEP,
    }
}

fn none() -> Problem {
    Problem::new(
        ProblemKind::NotFound,
        "The server of this page was not told where metrics can be read (METRICS_URL).",
    )
}
