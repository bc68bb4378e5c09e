//! What Prometheus' HTTP API is asked, and the shapes of its answers; who asks brings the client.
//!
//! <https://prometheus.io/docs/prometheus/latest/querying/api/>

use std::collections::BTreeMap;

use form_urlencoded::Serializer;
use serde::Deserialize;

/// Answers to [`Range::parameters`] with an [`Answer`] of a [`Matrix`].
pub const QUERY_RANGE: &str = "/api/v1/query_range";
/// Answers to [`Range::exemplar_parameters`] with an [`Answer`] of a list of [`SeriesExemplars`].
pub const QUERY_EXEMPLARS: &str = "/api/v1/query_exemplars";

/// The times of a range query, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Seconds since 1970.
    pub start: u64,
    /// Seconds since 1970.
    pub end: u64,
    /// Seconds from one point to the next.
    pub step: u64,
}

/// An answer with status 200.
#[derive(Debug, Deserialize)]
pub struct Answer<T> {
    /// What was asked for.
    pub data: T,
}

/// The series of a range.
#[derive(Debug, Deserialize)]
pub struct Matrix {
    /// In no order.
    pub result: Vec<Series>,
}

/// A series in a range.
#[derive(Debug, Deserialize)]
pub struct Series {
    /// Its labels.
    pub metric: BTreeMap<String, String>,
    /// Seconds since 1970; the value is text, since JSON knows neither `NaN` nor `+Inf`.
    pub values: Vec<(f64, String)>,
}

/// The exemplars of one series.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SeriesExemplars {
    /// The labels of the series.
    pub series_labels: BTreeMap<String, String>,
    /// The oldest first.
    pub exemplars: Vec<Exemplar>,
}

/// An exemplar.
#[derive(Debug, Deserialize)]
pub struct Exemplar {
    /// Its own labels, such as `trace_id`.
    pub labels: BTreeMap<String, String>,
    /// A number as text.
    pub value: String,
    /// Seconds since 1970.
    pub timestamp: f64,
}

impl Range {
    /// Each time of the range.
    pub fn times(self) -> impl Iterator<Item = u64> {
        (self.start..=self.end).step_by(usize::try_from(self.step.max(1)).unwrap_or(1))
    }

    /// The parameters of [`QUERY_RANGE`] for a query; `more` are further ones.
    #[must_use]
    pub fn parameters(self, promql: &str, more: &[(&str, &str)]) -> String {
        self.ends(promql)
            .append_pair("step", &self.step.to_string())
            .extend_pairs(more)
            .finish()
    }

    /// The parameters of [`QUERY_EXEMPLARS`] for a query.
    #[must_use]
    pub fn exemplar_parameters(self, promql: &str) -> String {
        self.ends(promql).finish()
    }

    fn ends(self, promql: &str) -> Serializer<'static, String> {
        let mut parameters = Serializer::new(String::new());
        parameters
            .append_pair("query", promql)
            .append_pair("start", &self.start.to_string())
            .append_pair("end", &self.end.to_string());
        parameters
    }
}

impl Series {
    /// The times and the values that are numbers; NaN and the infinities are left out.
    pub fn finite(&self) -> impl Iterator<Item = (f64, f64)> {
        let numbers = self.values.iter().filter_map(|(time, text)| {
            let value: f64 = text.parse().ok()?;
            Some((*time, value))
        });
        numbers.filter(|(_, value)| value.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANGE: Range = Range {
        start: 10,
        end: 40,
        step: 15,
    };

    #[test]
    fn a_range_is_asked_for_with_its_ends_and_step_in_what_a_form_encodes() {
        assert_eq!(RANGE.times().collect::<Vec<_>>(), [10, 25, 40]);
        assert_eq!(
            RANGE.parameters("sum(x{a=\"b\"})", &[("limit", "5")]),
            "query=sum%28x%7Ba%3D%22b%22%7D%29&start=10&end=40&step=15&limit=5"
        );
        assert_eq!(RANGE.exemplar_parameters("x"), "query=x&start=10&end=40",);
    }

    #[test]
    fn what_is_no_finite_number_is_left_out() {
        let text = r#"{"status": "success", "data": {"resultType": "matrix", "result": [
            {"metric": {"job": "x"}, "values": [[1, "1.5"], [2, "NaN"], [3, "+Inf"], [4.5, "-2"]]}]}}"#;
        let answer: Answer<Matrix> = serde_json::from_str(text).unwrap();
        let series = &answer.data.result[0];
        assert_eq!(
            series.finite().collect::<Vec<_>>(),
            [(1.0, 1.5), (4.5, -2.0)]
        );
    }
}
