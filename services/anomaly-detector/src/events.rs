//! What belongs together: one cause moves several series of several services within a short time, and
//! is one event.

use crate::config::Query;
use crate::labels::Labels;
use crate::watch::Finding;

/// What begins within so many seconds of the last of an event belongs to it: the windows of the
/// rates, and two polls.
const TOGETHER: f64 = 120.0;

/// The most series of an event that are remembered: more is nobody's reading.
const MOST_MEMBERS: usize = 50;

/// An anomaly of one series.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) query: String,
    pub(crate) title: String,
    pub(crate) labels: Labels,
    pub(crate) finding: Finding,
}

/// Anomalies that belong together, the earliest and of those the strongest first.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) members: Vec<Member>,
    /// When the last of them was found, in seconds since 1970.
    pub(crate) last: f64,
    /// Whether it was told.
    pub(crate) told: bool,
    /// Whether somebody has silenced it.
    pub(crate) silenced: bool,
}

/// The events that are not over, the oldest first. At most one of them still takes members.
#[derive(Debug, Default)]
pub(crate) struct Events(Vec<Event>);

impl Member {
    pub(crate) fn new(query: &Query, labels: Labels, finding: Finding) -> Self {
        Self {
            query: query.name.clone(),
            title: query.title().to_owned(),
            labels,
            finding,
        }
    }
}

impl Event {
    /// The earliest, and of those the strongest.
    pub(crate) fn first(&self) -> &Member {
        &self.members[0]
    }
}

impl Events {
    /// Adds what was found at a time to the event that it belongs to, or to a new one.
    pub(crate) fn add(&mut self, member: Member, now: f64) {
        let near = |event: &&mut Event| now - event.last <= TOGETHER;
        let Some(event) = self.0.last_mut().filter(near) else {
            self.0.push(Event {
                members: vec![member],
                last: now,
                told: false,
                silenced: false,
            });
            return;
        };
        event.last = now;
        if event.members.len() < MOST_MEMBERS {
            event.members.push(member);
        }
        event.members.sort_by(|a, b| {
            let (a, b) = (&a.finding, &b.finding);
            a.began
                .total_cmp(&b.began)
                .then(b.strength.total_cmp(&a.strength))
        });
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Event> {
        self.0.iter()
    }

    /// Those that were not told yet.
    pub(crate) fn new_ones(&mut self) -> impl Iterator<Item = &mut Event> {
        self.0.iter_mut().filter(|event| !event.told)
    }

    /// Takes out those of which no series is unusual any more.
    pub(crate) fn take_ended(&mut self, is_unusual: impl Fn(&Member) -> bool) -> Vec<Event> {
        let (open, ended) = std::mem::take(&mut self.0)
            .into_iter()
            .partition(|event| event.members.iter().any(&is_unusual));
        self.0 = open;
        ended
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::Band;

    fn member(job: &str, began: f64, strength: f64) -> Member {
        let query = serde_json::json!({ "name": "rate", "promql": "rate" });
        let labels = BTreeMap::from([("job".to_owned(), job.to_owned())]);
        let finding = Finding {
            began,
            observed: Some(1.0),
            band: Band::default(),
            strength,
        };
        Member::new(
            &serde_json::from_value(query).unwrap(),
            Labels::new(labels).unwrap(),
            finding,
        )
    }

    #[test]
    fn one_cause_is_one_event_the_earliest_first_and_of_those_the_strongest() {
        let mut events = Events::default();
        events.add(member("late", 60.0, 9.0), 90.0);
        events.add(member("weak", 30.0, 2.0), 100.0);
        events.add(member("strong", 30.0, 5.0), 210.0);
        events.add(member("other cause", 300.0, 5.0), 331.0);
        let jobs: Vec<Vec<_>> = events
            .iter()
            .map(|event| {
                event
                    .members
                    .iter()
                    .map(|member| member.labels.to_string())
                    .collect()
            })
            .collect();
        assert_eq!(jobs, [vec!["strong", "weak", "late"], vec!["other cause"]]);
    }

    #[test]
    fn an_event_is_over_when_its_last_series_is_usual_again() {
        let mut events = Events::default();
        events.add(member("a", 0.0, 2.0), 30.0);
        events.add(member("b", 0.0, 2.0), 30.0);
        let unusual = |member: &Member| member.labels.service() == Some("b");
        assert!(events.take_ended(unusual).is_empty());
        assert_eq!(events.take_ended(|_| false).len(), 1);
        assert_eq!(events.iter().count(), 0);
    }
}
