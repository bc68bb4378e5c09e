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
