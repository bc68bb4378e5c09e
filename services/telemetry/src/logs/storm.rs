//! One line for a storm: what repeats itself is written ten times a second at most, and the rest
//! of it as one line with its count.
//!
//! A disk that fails, or a port on which nothing can be accepted, is the same news thousands of
//! times a second. It would push everything else out of the queue and out of the journal, which
//! takes so many entries from a unit and no more (`RateLimitBurst=` of journald.conf(5)), without
//! telling whose.
//!
//! Only warnings and errors that belong to no request are counted together. A line of a request,
//! its access line above all, is looked up by the request's ids and must be found, however many
//! requests fail in the same way; of these there are as many as requests, and no more. What is less
//! than a warning says each time something else, such as which configuration was read.
//!
//! The writer's thread does it, behind the queue: the threads on which events happen pay nothing, and it
//! pays a tenth of a microsecond for a repeated event, where to write one takes five.

use std::time::Duration;

use tokio::time::Instant;
use tracing::Level;
use tracing_core::callsite::Identifier;

use super::event::Event;

/// How long the same events are counted together. A person who follows the log sees that it goes
/// on, and an hour of it is 11 lines a second, not thousands.
const INTERVAL: Duration = Duration::from_secs(1);

/// How many of them are written as they are: enough to see in what their fields differ, more than
/// tasks that try again after a pause ever write.
const WHOLE: u64 = 10;

/// How many different events are watched at once. There are about thirty places in a service that
/// warn, and their messages differ in the cause; what comes on top is written as it is.
const STORMS: usize = 64;

/// The events of the current interval, by what makes them the same.
#[derive(Debug, Default)]
pub(super) struct Storms(Vec<Storm>);

/// Events from one place in the code with one message.
#[derive(Debug)]
struct Storm {
    callsite: Identifier,
    message: String,
    /// The end of the interval that began with the first of them.
    ends: Instant,
    written: u64,
    /// The last one, and how many were not written, itself among them.
    repeated: Option<(Event, u64)>,
}

impl Storms {
    /// Answers the event when it is to be written as it is, and else counts it.
    ///
    /// What has [ended](Self::ended) by `now` must have been taken before.
    pub(super) fn admit(&mut self, event: Event, now: Instant) -> Option<Event> {
        let of_a_request = event.span.is_some() || event.request_id.is_some();
        if *event.metadata.level() > Level::WARN || of_a_request {
            return Some(event);
        }
        let callsite = event.metadata.callsite();
        let same =
            |storm: &&mut Storm| storm.callsite == callsite && storm.message == event.message();
        if let Some(storm) = self.0.iter_mut().find(same) {
            if storm.written == WHOLE {
                let before = storm.repeated.take().map_or(0, |(_, count)| count);
                storm.repeated = Some((event, before + 1));
                return None;
            }
            storm.written += 1;
        } else if self.0.len() < STORMS {
            self.0.push(Storm {
                callsite,
                message: event.message().to_owned(),
                ends: now + INTERVAL,
                written: 1,
                repeated: None,
            });
        }
        Some(event)
    }

    /// When the first of those that are counted ends; none when nothing is left to be written.
    pub(super) fn next_end(&self) -> Option<Instant> {
        self.0
            .iter()
            .filter(|storm| storm.repeated.is_some())
            .map(|storm| storm.ends)
            .min()
    }

    /// What ended by `now`: the last event of each storm, with the count.
    pub(super) fn ended(&mut self, now: Instant) -> impl Iterator<Item = Event> {
        self.take(move |storm| storm.ends <= now)
    }

    /// What was counted until now, when nobody will wait for the end.
    pub(super) fn all(&mut self) -> impl Iterator<Item = Event> {
        self.take(|_| true)
    }

    fn take(&mut self, ended: impl Fn(&Storm) -> bool) -> impl Iterator<Item = Event> {
        self.0
            .extract_if(.., move |storm| ended(storm))
            .filter_map(|storm| storm.repeated)
            .map(|(event, count)| event.standing_for(count))
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use opentelemetry::trace::{SpanId, TraceId};
    use tracing_core::Metadata;

    use super::super::event::Value;
    use super::*;

    fn event(metadata: &'static Metadata<'static>, message: &str) -> Event {
        Event {
            metadata,
            time: SystemTime::now(),
            span: None,
            request_id: None,
            fields: vec![("message", Value::Text(message.to_owned()))],
            repeated: None,
        }
    }

    /// The metadata of a place of its own that logs at a level.
    macro_rules! place {
        ($level:ident) => {{
            use tracing_core::callsite::Callsite;
            tracing::callsite! {
                name: "event", kind: tracing_core::metadata::Kind::EVENT,
                level: Level::$level, fields: message
            }
            .metadata()
        }};
    }

    /// How many of so many equal events are written as they are.
    fn admitted(storms: &mut Storms, one: impl Fn() -> Event, count: u64, now: Instant) -> u64 {
        (0..count)
            .map(|_| u64::from(storms.admit(one(), now).is_some()))
            .sum()
    }

    fn counts(ended: impl Iterator<Item = Event>) -> Vec<u64> {
        ended.filter_map(|event| event.repeated).collect()
    }

    #[test]
    fn a_storm_is_ten_lines_and_one_with_the_exact_count_of_the_rest() {
        let (mut storms, begin) = (Storms::default(), Instant::now());
        let place = place!(ERROR);
        assert_eq!(
            admitted(&mut storms, || event(place, "full"), 1234, begin),
            10
        );
        assert_eq!(storms.next_end(), Some(begin + INTERVAL));
        let just_before = begin + INTERVAL - Duration::from_nanos(1);
        assert_eq!(storms.ended(just_before).count(), 0);
        let lines: Vec<_> = storms.ended(begin + INTERVAL).collect();
        assert_eq!(lines.len(), 1);
        let message = "full (1224 times more within a second)";
        assert_eq!(
            (lines[0].message(), lines[0].repeated),
            (message, Some(1224))
        );
        assert_eq!(storms.next_end(), None);

        // The next interval begins anew.
        let next = begin + INTERVAL;
        assert_eq!(admitted(&mut storms, || event(place, "full"), 12, next), 10);
        assert_eq!(counts(storms.all()), [2]);
        assert_eq!(storms.all().count(), 0, "nothing is told twice");
    }

    #[test]
    fn what_is_rare_is_never_counted_and_leaves_nothing_behind() {
        let (mut storms, mut now) = (Storms::default(), Instant::now());
        let place = place!(WARN);
        for _ in 0..1000 {
            now += Duration::from_millis(100);
            assert_eq!(storms.ended(now).count(), 0);
            assert_eq!(admitted(&mut storms, || event(place, "again"), 1, now), 1);
            assert_eq!(storms.next_end(), None);
        }
        storms.ended(now + INTERVAL).for_each(drop);
        assert_eq!(storms.0.len(), 0);
    }

    #[test]
    fn what_belongs_to_a_request_or_is_no_warning_is_always_written() {
        let (mut storms, now) = (Storms::default(), Instant::now());
        let (error, info) = (place!(ERROR), place!(INFO));
        let span = Some((TraceId::from(1), SpanId::from(1)));
        let request_id = Some(crate::RequestId::new_unique());
        let traced = || Event {
            span,
            ..event(error, "failed")
        };
        let identified = || Event {
            request_id: request_id.clone(),
            ..event(error, "failed")
        };
        assert_eq!(admitted(&mut storms, traced, 5000, now), 5000);
        assert_eq!(admitted(&mut storms, identified, 5000, now), 5000);
        assert_eq!(
            admitted(&mut storms, || event(info, "fine"), 5000, now),
            5000
        );
        assert_eq!(storms.all().count(), 0);
    }

    #[test]
    fn other_messages_and_other_places_are_other_events() {
        let (mut storms, now) = (Storms::default(), Instant::now());
        let (here, there) = (place!(ERROR), place!(ERROR));
        assert_eq!(admitted(&mut storms, || event(here, "one"), 15, now), 10);
        assert_eq!(admitted(&mut storms, || event(here, "two"), 17, now), 10);
        assert_eq!(admitted(&mut storms, || event(there, "one"), 19, now), 10);
        assert_eq!(counts(storms.ended(now + INTERVAL)), [5, 7, 9]);
    }

    #[test]
    fn of_more_different_events_than_are_watched_each_is_written() {
        let (mut storms, now) = (Storms::default(), Instant::now());
        let place = place!(WARN);
        for number in 0..10_000 {
            let one = || event(place, &format!("peer {number}"));
            assert_eq!(admitted(&mut storms, one, 1, now), 1);
        }
        assert_eq!(storms.0.len(), STORMS);
        assert_eq!(storms.all().count(), 0);
    }
}
