//! What the scrapes of one service said, and the series that follow from them, as Prometheus works
//! them out.

use std::collections::VecDeque;

use queries::{Query, WINDOW, is_counted};

use crate::openmetrics;

/// A quarter of an hour at a scrape every five seconds.
const SCRAPES: usize = 180;

/// What one scrape said. Counters are summed over their labels: each of the service's series begins
/// at 0, so that one which appears between two scrapes counts from there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// Requests answered.
    pub requests: f64,
    /// Of these, with 5xx.
    pub errors: f64,
    /// By upper bound, ascending, how many requests took no longer.
    pub buckets: Vec<(f64, f64)>,
    /// CPU seconds used.
    pub cpu: f64,
    /// Threads that run tasks.
    pub workers: f64,
    /// Resident memory in bytes.
    pub memory: f64,
    /// Writes that wait; `None` for a service without a store.
    pub queue: Option<f64>,
    /// State of its worst circuit; `None` for a service that asks no other.
    pub circuit: Option<f64>,
    /// Requests refused because they had waited for too long.
    pub shed: f64,
    /// Requests sent to a peer a second time.
    pub retries: f64,
    /// Requests that were not sent again since the budget of retries was spent.
    pub over_budget: f64,
    /// Instances of its peers that are left out; `None` for a service whose peers have one each.
    pub ejected: Option<f64>,
}

/// One scrape.
#[derive(Clone, Debug)]
struct Scrape {
    /// Seconds since 1970.
    at: f64,
    /// `None` when it failed.
    sample: Option<Sample>,
}

/// The last scrapes, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Samples(VecDeque<Scrape>);

impl Sample {
    /// Takes what is needed from what a service wrote.
    pub fn of(written: &[openmetrics::Sample<'_>]) -> Self {
        let mut sample = Self::default();
        for found in written {
            if !found.labels.get("uri").is_none_or(is_counted) {
                continue;
            }
            match found.name {
                "http_server_requests_seconds_count" => {
                    sample.requests += found.value;
                    if found.labels.get("outcome") == Some("SERVER_ERROR") {
                        sample.errors += found.value;
                    }
                }
                "http_server_requests_seconds_bucket" => {
                    if let Some(bound) = found.labels.get("le").and_then(|le| le.parse().ok()) {
                        sample.add(bound, found.value);
                    }
                }
                "process_cpu_seconds_total" => sample.cpu = found.value,
                "tokio_workers" => sample.workers = found.value,
                "process_resident_memory_bytes" => sample.memory = found.value,
                "store_queue_writes" => sample.queue = Some(found.value),
                "http_client_circuit_state" => {
                    let worst = sample.circuit.unwrap_or_default().max(found.value);
                    sample.circuit = Some(worst);
                }
                "http_server_requests_shed_total" => sample.shed += found.value,
                "http_client_retries_total" => match found.labels.get("outcome") {
                    Some("over_budget") => sample.over_budget += found.value,
                    _ => sample.retries += found.value,
                },
                "http_client_instance_state" => {
                    let is_left_out = f64::from(u8::from(found.value > 0.0));
                    *sample.ejected.get_or_insert_default() += is_left_out;
                }
                _ => {}
            }
        }
        sample
    }

    /// Every series has the same bounds, ascending.
    fn add(&mut self, bound: f64, count: f64) {
        match self.buckets.iter_mut().find(|(known, _)| *known >= bound) {
            Some((_, counted)) => *counted += count,
            None => self.buckets.push((bound, count)),
        }
    }

    fn bucket(&self, bound: f64) -> f64 {
        let found = self.buckets.iter().find(|(known, _)| *known >= bound);
        found.map_or(0.0, |(_, count)| *count)
    }
}

impl Samples {
    /// Adds a scrape at a time in seconds since 1970; `None` when it failed. The oldest gives way.
    pub fn add(&mut self, at: f64, sample: Option<Sample>) {
        if self.0.len() == SCRAPES {
            self.0.pop_front();
        }
        self.0.push_back(Scrape { at, sample });
    }

    /// The value of a query at a time; `None` when nothing is known of it.
    pub fn at(&self, query: Query, time: f64) -> Option<f64> {
        let window: Vec<_> = self
            .0
            .iter()
            .filter(|scrape| scrape.at > time - WINDOW && scrape.at <= time)
            .collect();
        let last = window.last()?;
        let gauge = |of: fn(&Sample) -> Option<f64>| last.sample.as_ref().and_then(of);
        match query {
            Query::Rate => rate(&window, |sample| sample.requests),
            Query::Errors => rate(&window, |sample| sample.errors),
            Query::Cpu => rate(&window, |sample| sample.cpu),
            Query::P95 => p95(&window),
            Query::CpuLimit => gauge(|sample| Some(sample.workers)),
            Query::Memory => gauge(|sample| Some(sample.memory)),
            // The processes of the launcher have no units.
            Query::MemoryLimit
            | Query::RateLower
            | Query::RateUpper
            | Query::P95Lower
            | Query::P95Upper => None,
            Query::Queue => gauge(|sample| sample.queue),
            Query::Circuit => gauge(|sample| sample.circuit),
            Query::Shed => rate(&window, |sample| sample.shed),
            Query::Retries => rate(&window, |sample| sample.retries),
            Query::OverBudget => rate(&window, |sample| sample.over_budget),
            Query::Ejected => gauge(|sample| sample.ejected),
            Query::Up => Some(f64::from(u8::from(last.sample.is_some()))),
        }
    }
}

/// The increase of a counter a second, between the first and the last scrape that succeeded. A
/// counter that fell was reset, and counts from 0 again. Prometheus extrapolates to the edges of the
/// window, too, which changes nothing for a steady rate.
fn rate(window: &[&Scrape], counter: impl Fn(&Sample) -> f64) -> Option<f64> {
    let known: Vec<_> = window
        .iter()
        .filter_map(|scrape| Some((scrape.at, counter(scrape.sample.as_ref()?))))
        .collect();
    let ((first, _), (last, _)) = (known.first()?, known.last()?);
    let increase: f64 = known
        .windows(2)
        .map(|pair| match (pair[0].1, pair[1].1) {
            (before, after) if after < before => after,
            (before, after) => after - before,
        })
        .sum();
    (last > first).then(|| increase / (last - first))
}

fn p95(window: &[&Scrape]) -> Option<f64> {
    let last = window
        .iter()
        .rev()
        .find_map(|scrape| scrape.sample.as_ref())?;
    let buckets: Option<Vec<_>> = last
        .buckets
        .iter()
        .map(|(bound, _)| Some((*bound, rate(window, |sample| sample.bucket(*bound))?)))
        .collect();
    quantile(0.95, &buckets?)
}

/// `histogram_quantile`: linear within the bucket in which the quantile falls, and the highest
/// finite bound when that is the last one.
fn quantile(quantile: f64, buckets: &[(f64, f64)]) -> Option<f64> {
    let (_, total) = buckets.last().filter(|(_, total)| *total > 0.0)?;
    let rank = quantile * total;
    let index = buckets.iter().position(|(_, count)| *count >= rank)?;
    let (upper, count) = buckets[index];
    let (lower, below) = index
        .checked_sub(1)
        .map_or((0.0, 0.0), |index| buckets[index]);
    if upper.is_infinite() {
        return Some(lower);
    }
    Some(lower + (upper - lower) * (rank - below) / (count - below))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scrapes every five seconds from 0, of a service that has answered so many requests; `None`
    /// is a scrape that failed.
    fn scraped(requests: &[Option<f64>]) -> Samples {
        let mut samples = Samples::default();
        for (index, requests) in requests.iter().enumerate() {
            let sample = requests.map(|requests| Sample {
                requests,
                memory: requests,
                ..Sample::default()
            });
            samples.add(f64::from(u32::try_from(index).unwrap()) * 5.0, sample);
        }
        samples
    }

    #[test]
    fn a_rate_is_the_increase_a_second_within_its_window() {
        let samples = scraped(&[Some(0.0), Some(10.0), Some(40.0)]);
        assert_eq!(samples.at(Query::Rate, 10.0), Some(4.0));
        assert_eq!(samples.at(Query::Rate, 7.0), Some(2.0), "not the future");
        assert_eq!(samples.at(Query::Rate, 61.0), Some(6.0), "not the past");
        for (time, why) in [(0.0, "one scrape"), (69.9, "one scrape"), (80.0, "none")] {
            assert_eq!(samples.at(Query::Rate, time), None, "{why}");
        }
    }

    #[test]
    fn a_counter_that_was_reset_counts_from_zero_again() {
        let samples = scraped(&[Some(100.0), Some(110.0), Some(5.0), Some(10.0)]);
        assert_eq!(samples.at(Query::Rate, 15.0), Some(20.0 / 15.0));
    }

    #[test]
    fn a_scrape_that_failed_is_a_gap_for_gauges_and_none_for_rates() {
        let samples = scraped(&[Some(0.0), None, Some(20.0)]);
        assert_eq!(samples.at(Query::Rate, 10.0), Some(2.0));
        assert_eq!(samples.at(Query::Memory, 5.0), None);
        assert_eq!(samples.at(Query::Memory, 10.0), Some(20.0));
        let up = [0.0, 5.0, 10.0].map(|time| samples.at(Query::Up, time));
        assert_eq!(up, [Some(1.0), Some(0.0), Some(1.0)]);
        assert_eq!(samples.at(Query::Queue, 10.0), None, "it has no store");
    }

    #[test]
    fn no_more_than_a_quarter_of_an_hour_is_kept() {
        let many: Vec<_> = (0..1000).map(|count| Some(f64::from(count))).collect();
        let samples = scraped(&many);
        assert_eq!(samples.0.len(), 180);
        assert_eq!(samples.at(Query::Rate, 4000.0), None);
        assert_eq!(samples.at(Query::Rate, 4995.0), Some(0.2));
    }

    #[test]
    fn a_quantile_lies_within_its_bucket() {
        let infinity = f64::INFINITY;
        assert_eq!(
            quantile(0.5, &[(1.0, 0.0), (2.0, 10.0), (infinity, 10.0)]),
            Some(1.5)
        );
        assert_eq!(quantile(0.5, &[(1.0, 10.0), (infinity, 10.0)]), Some(0.5));
        assert_eq!(quantile(0.95, &[(1.0, 5.0), (infinity, 10.0)]), Some(1.0));
        assert_eq!(quantile(0.95, &[(1.0, 0.0), (infinity, 0.0)]), None);
        assert_eq!(quantile(0.95, &[]), None);
    }

    #[test]
    fn what_a_service_writes_is_summed_over_its_routes() {
        let text = r#"# TYPE http_server_requests_seconds histogram
http_server_requests_seconds_bucket{uri="/a",outcome="SUCCESS",le="0.1"} 3
http_server_requests_seconds_bucket{uri="/a",outcome="SUCCESS",le="+Inf"} 4
http_server_requests_seconds_count{uri="/a",outcome="SUCCESS"} 4
http_server_requests_seconds_bucket{uri="/b/{id}",outcome="SERVER_ERROR",le="0.1"} 1
http_server_requests_seconds_bucket{uri="/b/{id}",outcome="SERVER_ERROR",le="+Inf"} 1
http_server_requests_seconds_count{uri="/b/{id}",outcome="SERVER_ERROR"} 1
http_server_requests_seconds_count{uri="/metrics",outcome="SUCCESS"} 100
process_cpu_seconds_total 0.5
tokio_workers 1
process_resident_memory_bytes 1048576
store_queue_writes 2
http_client_circuit_state{peer="inventory-service"} 2
http_client_circuit_state{peer="product-service"} 0
http_server_requests_shed_total{priority="list"} 5
http_server_requests_shed_total{priority="other"} 10
http_client_retries_total{peer="product-service",outcome="succeeded"} 3
http_client_retries_total{peer="product-service",outcome="failed"} 2
http_client_retries_total{peer="product-service",outcome="over_budget"} 10
http_client_instance_state{peer="product-service",peer_instance="a:1"} 2
http_client_instance_state{peer="product-service",peer_instance="b:1"} 0
http_client_instance_state{peer="product-service",peer_instance="c:1"} 1
# EOF
"#;
        let expected = Sample {
            requests: 5.0,
            errors: 1.0,
            buckets: vec![(0.1, 4.0), (f64::INFINITY, 5.0)],
            cpu: 0.5,
            workers: 1.0,
            memory: 1_048_576.0,
            queue: Some(2.0),
            circuit: Some(2.0),
            shed: 15.0,
            retries: 5.0,
            over_budget: 10.0,
            ejected: Some(2.0),
        };
        let written: Vec<_> = openmetrics::samples(text).collect();
        assert_eq!(Sample::of(&written), expected);
        let mut samples = Samples::default();
        // Its first requests came between the two scrapes.
        samples.add(0.0, Some(Sample::default()));
        assert_eq!(samples.at(Query::Ejected, 0.0), None, "each peer has one");
        samples.add(5.0, Some(expected));
        for (query, value) in [
            (Query::Rate, 1.0),
            (Query::Errors, 0.2),
            (Query::P95, 0.1),
            (Query::Shed, 3.0),
            (Query::Retries, 1.0),
            (Query::OverBudget, 2.0),
            (Query::Ejected, 2.0),
        ] {
            assert_eq!(samples.at(query, 5.0), Some(value), "{query:?}");
        }
    }
}
