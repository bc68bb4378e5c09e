//! What is asked of Prometheus, within bounds.

use std::time::Duration;

use client::{Peer, PeerError, Route};
use http::uri::PathAndQuery;
use http::{Method, StatusCode};
use prometheus_api::{
    Answer, Matrix, QUERY_EXEMPLARS, QUERY_RANGE, Range, Series, SeriesExemplars,
};
use serde::de::DeserializeOwned;

/// A range of a few minutes is answered within some tens of milliseconds; what takes longer than this
/// is given up by Prometheus as well, by its `timeout`.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The series of a query in a range.
pub(crate) async fn range(
    peer: &Peer,
    promql: &str,
    range: Range,
    most_series: usize,
) -> Result<Vec<Series>, PeerError> {
    // Prometheus knows the limit from 2.54 on; an older one ignores it.
    let bounds = [("timeout", "5s"), ("limit", &most_series.to_string())];
    let parameters = range.parameters(promql, &bounds);
    let matrix: Answer<Matrix> = get(peer, QUERY_RANGE, &parameters).await?;
    Ok(matrix.data.result)
}

/// The traces of the slowest requests of a service between two times, at most so many.
pub(crate) async fn traces(
    peer: &Peer,
    service: &str,
    range: Range,
    most: usize,
) -> Result<Vec<String>, PeerError> {
    let quoted = service.replace(['\\', '"', '\n'], "");
    let parameters = range.exemplar_parameters(&queries::exemplars(&quoted));
    let found: Answer<Vec<SeriesExemplars>> = get(peer, QUERY_EXEMPLARS, &parameters).await?;
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
