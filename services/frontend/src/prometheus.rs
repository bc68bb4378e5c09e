//! What is asked of Prometheus' API, and how its answers are read.
//!
//! <https://prometheus.io/docs/prometheus/latest/querying/api/>

use std::collections::BTreeMap;

use api::Problem;
use client::Peer;
use prometheus_api::{Answer, Matrix, QUERY_EXEMPLARS, QUERY_RANGE, Range, SeriesExemplars};
use queries::Query;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::back_end;

/// The values of a series: the time in seconds since 1970, and the value.
pub(crate) type Points = Vec<(f64, f64)>;

#[derive(Deserialize)]
struct Vector {
    result: Vec<Present>,
}

/// A series of the present.
#[derive(Deserialize)]
struct Present {
    metric: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Alerts {
    alerts: Vec<Alert>,
}

/// An alert that fires, or is about to.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Alert {
    pub(crate) state: String,
    pub(crate) labels: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) annotations: BTreeMap<String, String>,
    /// RFC 3339.
    pub(crate) active_at: String,
}

/// The values of a query by service.
pub(crate) async fn range(
    peer: &Peer,
    query: Query,
    range: Range,
) -> Result<BTreeMap<String, Points>, Problem> {
    let parameters = range.parameters(query.promql(), &[]);
    let matrix: Matrix = ask(peer, QUERY_RANGE, &parameters).await?;
    let series = matrix.result.into_iter();
    Ok(series
        .filter_map(|mut series| Some((series.metric.remove("job")?, series.finite().collect())))
        .collect())
}

/// The faults that are switched on: the service and the name of each.
pub(crate) async fn faults(peer: &Peer) -> Result<Vec<(String, String)>, Problem> {
    let parameters = form_urlencoded::Serializer::new(String::new())
        .append_pair("query", queries::FAULTS)
        .finish();
    let vector: Vector = ask(peer, "/api/v1/query", &parameters).await?;
    let series = vector.result.into_iter();
    Ok(series
        .filter_map(|mut series| {
            Some((series.metric.remove("job")?, series.metric.remove("fault")?))
        })
        .collect())
}

/// The traces behind the response times of a service.
pub(crate) async fn exemplars(
    peer: &Peer,
    service: &str,
    range: Range,
) -> Result<Vec<SeriesExemplars>, Problem> {
    let parameters = range.exemplar_parameters(&queries::exemplars(service));
    ask(peer, QUERY_EXEMPLARS, &parameters).await
}

/// What fires, or is about to.
pub(crate) async fn alerts(peer: &Peer) -> Result<Vec<Alert>, Problem> {
    let alerts: Alerts = ask(peer, "/api/v1/alerts", "").await?;
    Ok(alerts.alerts)
}

async fn ask<T: DeserializeOwned>(
    peer: &Peer,
    path: &'static str,
    parameters: &str,
) -> Result<T, Problem> {
    let answer: Answer<T> = back_end::get(peer, path, parameters).await?;
    Ok(answer.data)
}
