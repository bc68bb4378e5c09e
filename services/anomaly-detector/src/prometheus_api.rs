//! What is asked of Prometheus.
//!
//! <https://prometheus.io/docs/prometheus/latest/querying/api/>

use std::collections::BTreeMap;
use std::time::Duration;

use client::{Peer, PeerError, Route};
use http::uri::PathAndQuery;
use http::{Method, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A range of a few minutes is answered within some tens of milliseconds; what takes longer than this
/// is given up by Prometheus as well, by its `timeout`.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The times of a range: seconds since 1970, on whole steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) start: u64,
    pub(crate) end: u64,
    /// Seconds.
    pub(crate) step: u64,
}

impl Range {
    pub(crate) fn times(self) -> impl Iterator<Item = u64> {
        (self.start..=self.end).step_by(usize::try_from(self.step.max(1)).unwrap_or(1))
    }
}

/// A series in a range.
#[derive(Debug, Deserialize)]
pub(crate) struct Series {
    pub(crate) metric: BTreeMap<String, String>,
    /// Seconds since 1970; the value is text, since JSON knows neither `NaN` nor `+Inf`.
    pub(crate) values: Vec<(f64, String)>,
}

#[derive(Deserialize)]
struct Answer<T> {
    data: T,
}

#[derive(Deserialize)]
struct Matrix {
    result: Vec<Series>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SeriesExemplars {
    exemplars: Vec<Exemplar>,
}

#[derive(Deserialize)]
struct Exemplar {
    labels: BTreeMap<String, String>,
    /// The seconds that the request took, as text.
    value: String,
}

/// The series of a query in a range.
pub(crate) async fn range(
    peer: &Peer,
    promql: &str,
    range: Range,
    most_series: usize,
) -> Result<Vec<Series>, PeerError> {
    let parameters = form_urlencoded::Serializer::new(String::new())
        .append_pair("query", promql)
        .append_pair("start", &range.start.to_string())
        .append_pair("end", &range.end.to_string())
        .append_pair("step", &range.step.to_string())
        .append_pair("timeout", "5s")
        // Prometheus knows it from 2.54 on; an older one ignores it.
        .append_pair("limit", &most_series.to_string())
        .finish();
    let matrix: Answer<Matrix> = get(peer, "/api/v1/query_range", &parameters).await?;
    Ok(matrix.data.result)
}

/// The traces of the slowest requests of a service between two times, at most so many.
pub(crate) async fn traces(
    peer: &Peer,
    service: &str,
    (start, end): (u64, u64),
    most: usize,
) -> Result<Vec<String>, PeerError> {
    let quoted = service.replace(['\\', '"', '\n'], "");
    let query = queries::exemplars(&quoted);
    let parameters = form_urlencoded::Serializer::new(String::new())
        .append_pair("query", &query)
        .append_pair("start", &start.to_string())
        .append_pair("end", &end.to_string())
        .finish();
    let found: Answer<Vec<SeriesExemplars>> =
        get(peer, "/api/v1/query_exemplars", &parameters).await?;
    let mut traces: Vec<(f64, String)> = found
        .data
        .into_iter()
        .flat_map(|series| series.exemplars)
        .filter_map(|mut exemplar| {
            let seconds = exemplar.value.parse().ok()?;
            Some((seconds, exemplar.labels.remove("trace_id")?))
        })
        .collect();
    traces.sort_by(|a, b| b.0.total_cmp(&a.0));
    traces.truncate(most);
    Ok(traces.into_iter().map(|(_, trace)| trace).collect())
}

/// The JSON at a path.
pub(crate) async fn get<T: DeserializeOwned>(
    peer: &Peer,
    path: &'static str,
    parameters: &str,
) -> Result<T, PeerError> {
    let target = PathAndQuery::try_from(format!("{path}?{parameters}"));
    let target = target.expect("what is encoded for a form is a query");
    let answer = peer
        .call(Route::new(Method::GET, path), target, None::<&()>, TIMEOUT)
        .await?;
    if answer.status == StatusCode::OK {
        answer.json()
    } else {
        Err(answer.unexpected())
    }
}
