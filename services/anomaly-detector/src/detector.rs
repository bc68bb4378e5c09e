//! All series: what is fed to them, what is found, and what belongs together.

use std::collections::BTreeMap;

use prometheus_api::{Range, Series};
use serde::{Deserialize, Serialize};

use crate::config::{Query, Season};
use crate::events::{Events, Member};
use crate::labels::Labels;

use crate::watch::Watch;

/// The most series of all queries. A model holds some 15 KiB.
pub(crate) const MOST_SERIES: usize = 2000;

/// Everything that was learned of one query.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Learned {
    /// What is asked, and the seasons that are looked for: another question has to be learned anew.
    pub(crate) promql: String,
    season: Season,
    /// The last time that was fed, in seconds since 1970.
    pub(crate) until: Option<u64>,
    /// A list, as JSON has no maps by labels.
    #[serde(with = "as_list")]
    pub(crate) series: BTreeMap<Labels, Watch>,
}

/// All queries.
#[derive(Debug, Default)]
pub(crate) struct Detector {
    pub(crate) queries: Vec<Query>,
    /// By the query's name.
    pub(crate) learned: BTreeMap<String, Learned>,
    pub(crate) events: Events,
    /// Series that there was no room for, in the last answers.
    pub(crate) ignored: u64,
}

impl Detector {
    /// A detector that goes on with what was learned of the same queries.
    pub(crate) fn new(queries: Vec<Query>, mut before: BTreeMap<String, Learned>) -> Self {
        let learned = queries.iter().map(|query| {
            let same = before
                .remove(&query.name)
                .filter(|before| before.promql == query.promql && before.season == query.season);
            let mut learned = same.unwrap_or_else(|| Learned {
                promql: query.promql.clone(),
                season: query.season,
                ..Learned::default()
            });
            for watch in learned.series.values_mut() {
                watch.set(&query.series(), query.must_exist);
            }
            (query.name.clone(), learned)
        });
        Self {
            learned: learned.collect(),
            queries,
            ..Self::default()
        }
    }

    /// How many series there are.
    pub(crate) fn series(&self) -> usize {
        self.learned
            .values()
            .map(|learned| learned.series.len())
            .sum()
    }

    /// Feeds the answer to a query. What happened before `live_from` is learned, and is no news.
    pub(crate) fn feed(
        &mut self,
        query: &Query,
        range: Range,
        answer: Vec<Series>,
        live_from: u64,
    ) {
        let mut room = MOST_SERIES.saturating_sub(self.series());
        let Some(learned) = self.learned.get_mut(&query.name) else {
            return;
        };
        let mut values: BTreeMap<Labels, BTreeMap<u64, f64>> = BTreeMap::new();
        for mut series in answer {
            let metric = std::mem::take(&mut series.metric);
            let known = Labels::new(metric).filter(|labels| {
                let known = learned.series.contains_key(labels) || values.contains_key(labels);
                let fits = known || room > 0;
                room -= usize::from(!known && fits);
                fits
            });
            match known {
                Some(labels) => {
                    values.insert(labels, by_time(&series));
                }
                None => self.ignored += 1,
            }
        }
        let config = query.series();
        for labels in values.keys() {
            if !learned.series.contains_key(labels) {
                learned
                    .series
                    .insert(labels.clone(), Watch::new(&config, query.must_exist));
            }
        }
        for time in range.times().filter(|time| learned.until < Some(*time)) {
            for (labels, watch) in &mut learned.series {
                let value = values
                    .get(labels)
                    .and_then(|values| values.get(&time))
                    .copied();
                let finding = watch.take(time as f64, value);
                if let Some(finding) = finding.filter(|_| time >= live_from) {
                    self.events
                        .add(Member::new(query, labels.clone(), finding), time as f64);
                }
            }
        }
        learned.until = learned.until.max(Some(range.end));
        learned.series.retain(|_, watch| !watch.is_gone());
    }

    /// Whether a series is still unusual.
    pub(crate) fn is_unusual(&self, query: &str, labels: &Labels) -> bool {
        let learned = self.learned.get(query);
        let watch = learned.and_then(|learned| learned.series.get(labels));
        watch.is_some_and(Watch::is_unusual)
    }
}

/// What is a number, by its time in whole seconds.
fn by_time(series: &Series) -> BTreeMap<u64, f64> {
    let values = series.finite().filter(|(time, _)| *time >= 0.0);
    values
        .map(|(time, value)| (time.round() as u64, value))
        .collect()
}

mod as_list {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serializer};

    use super::{Labels, Watch};

    pub(super) fn serialize<S: Serializer>(
        map: &BTreeMap<Labels, Watch>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<Labels, Watch>, D::Error> {
        Ok(Vec::deserialize(deserializer)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(settings: &serde_json::Value) -> Query {
        let mut query = serde_json::json!({ "name": "x", "promql": "x" });
        let all = query.as_object_mut().unwrap();
        all.extend(settings.as_object().unwrap().clone());
        serde_json::from_value(query).unwrap()
    }

    fn upper(detector: &Detector) -> Option<f64> {
        let watch = detector.learned["x"].series.values().next()?;
        Some(watch.expected(1000.0)?.upper)
    }

    #[test]
    fn a_new_tolerance_holds_for_what_was_learned_and_another_season_is_learned_anew() {
        let plain = query(&serde_json::json!({}));
        let mut detector = Detector::new(vec![plain.clone()], BTreeMap::new());
        let range = Range {
            start: 1,
            end: 100,
            step: 1,
        };
        let values = range.times().map(|time| (time as f64, "5".to_owned()));
        let series = Series {
            metric: BTreeMap::new(),
            values: values.collect(),
        };
        detector.feed(&plain, range, vec![series], 0);
        assert!(upper(&detector).unwrap() < 6.0);
        let tolerant = query(&serde_json::json!({ "tolerance": 3.0 }));
        let detector = Detector::new(vec![tolerant], detector.learned);
        assert_eq!(upper(&detector), Some(8.0));
        let daily = query(&serde_json::json!({ "season": "daily" }));
        assert_eq!(upper(&Detector::new(vec![daily], detector.learned)), None);
    }
}
