//! When a worker has more to do than it can, and what it refuses then.
//!
//! A queue that empties again is a burst, which every server has; one that never does is overload, and
//! makes all that passes through it late. This is the rule of controlled delay (RFC 8289), as servers use
//! it ("Fail at Scale", ACM Queue 13/8): while the queue has not been shorter than a target for an
//! interval, what has waited for longer than the target is refused.

use std::time::Duration;

use tokio::time::Instant;

/// For how long the queue has to be long without a break. A burst takes as many requests as there are
/// connections, which a worker has behind it within a fraction of a second.
pub(crate) const INTERVAL: Duration = Duration::from_secs(1);

/// What is refused first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Priority {
    /// A list, or a page: whoever asked can ask again, and no work has been done for it elsewhere.
    List,
    /// All others. Behind an order, and behind the look at one product, lies the work of other services.
    Other,
}

/// Whether a worker is overloaded, from what its queue is seen to be.
#[derive(Debug)]
pub(crate) struct Overload {
    /// None: nothing is ever refused.
    target: Option<Duration>,
    /// Since when the queue has not been seen shorter than the target.
    long_since: Option<Instant>,
    /// Since when it has not been seen shorter than the others' patience, although lists are refused.
    longer_since: Option<Instant>,
}

impl Priority {
    /// How many times the target a request waits before it is refused.
    const fn patience(self) -> u32 {
        match self {
            Self::List => 1,
            Self::Other => 2,
        }
    }
}

impl Overload {
    pub(crate) const fn new(target: Option<Duration>) -> Self {
        Self {
            target,
            long_since: None,
            longer_since: None,
        }
    }

    /// The queue was this long.
    pub(crate) fn saw(&mut self, now: Instant, wait: Duration) {
        let Some(target) = self.target else {
            return;
        };
        let is_longer = |priority: Priority| wait >= target * priority.patience();
        // Others are refused only when it has not helped to refuse lists.
        let lists_are_refused = self.stands(now, Priority::List);
        begin_or_end(&mut self.long_since, now, is_longer(Priority::List));
        let is_longer = lists_are_refused && is_longer(Priority::Other);
        begin_or_end(&mut self.longer_since, now, is_longer);
    }

    /// Nothing has been seen of the queue for so long that it was empty.
    pub(crate) const fn was_idle(&mut self) {
        self.long_since = None;
        self.longer_since = None;
    }

    /// Whether a request of this priority, which has waited for so long, is refused.
    pub(crate) fn refuses(&self, now: Instant, waited: Duration, priority: Priority) -> bool {
        let has_waited = |target| waited >= target * priority.patience();
        self.stands(now, priority) && self.target.is_some_and(has_waited)
    }

    /// Whether the queue has been too long for this priority for the interval.
    fn stands(&self, now: Instant, priority: Priority) -> bool {
        let since = match priority {
            Priority::List => self.long_since,
            Priority::Other => self.longer_since,
        };
        since.is_some_and(|since| now - since >= INTERVAL)
    }
}

/// Keeps since when something is so.
fn begin_or_end(since: &mut Option<Instant>, now: Instant, is_so: bool) {
    *since = is_so.then(|| since.unwrap_or(now));
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: Duration = Duration::from_millis(100);

    /// A worker that takes `cost` for each request, which all clients send again as soon as they have an
    /// answer: each round of its queue is one request of each. A refusal costs a hundredth.
    struct Worker {
        overload: Overload,
        now: Instant,
        cost: Duration,
    }

    impl Worker {
        fn new(target: Option<Duration>) -> Self {
            Self {
                overload: Overload::new(target),
                now: Instant::now(),
                cost: Duration::from_millis(1),
            }
        }

        /// How many are answered of so many requests of each priority, taken by turns.
        fn round(&mut self, lists: u32, others: u32) -> [u32; 2] {
            let begun = self.now;
            let mut answered = [0, 0];
            for turn in 0..lists.max(others) {
                for (which, priority) in [Priority::List, Priority::Other].into_iter().enumerate() {
                    if turn >= [lists, others][which] {
                        continue;
                    }
                    if self.overload.refuses(self.now, self.now - begun, priority) {
                        self.now += self.cost / 100;
                    } else {
                        self.now += self.cost;
                        answered[which] += 1;
                    }
                }
            }
            self.overload.saw(self.now, self.now - begun);
            answered
        }

        /// The rounds of so many seconds.
        fn rounds(&mut self, seconds: u64, lists: u32, others: u32) -> [u32; 2] {
            let end = self.now + Duration::from_secs(seconds);
            let mut answered = [0, 0];
            while self.now < end {
                let round = self.round(lists, others);
                answered = [answered[0] + round[0], answered[1] + round[1]];
            }
            answered
        }
    }

    #[test]
    fn a_burst_that_passes_is_answered_whole() {
        let mut worker = Worker::new(Some(TARGET));
        for _ in 0..10 {
            assert_eq!(worker.round(250, 250), [250, 250]);
            assert_eq!(worker.round(20, 20), [20, 20], "it has passed");
        }
    }

    #[test]
    fn what_stays_too_much_is_refused_after_the_interval_the_lists_first() {
        let mut worker = Worker::new(Some(TARGET));
        assert_eq!(worker.round(400, 100), [400, 100]);
        worker.rounds(2, 400, 100);
        let [lists, others] = worker.round(400, 100);
        assert_eq!(others, 100, "the lists alone were too many");
        assert!(lists < 100, "{lists} lists");
        worker.rounds(5, 400, 1_000);
        let [lists, others] = worker.round(400, 1_000);
        assert!((150..250).contains(&(lists + others)), "{lists}, {others}");
        assert!(lists < others, "{lists}, {others}");
    }

    #[test]
    fn three_times_the_load_leaves_nine_tenths_of_the_answers() {
        let mut worker = Worker::new(Some(TARGET));
        worker.rounds(2, 150, 150);
        let [lists, others] = worker.rounds(10, 150, 150);
        let capacity = 10_000;
        assert!((lists + others) * 10 >= capacity * 9, "{lists}, {others}");
    }

    #[test]
    fn it_ends_by_itself_when_the_load_does_and_when_nobody_comes() {
        let mut worker = Worker::new(Some(TARGET));
        worker.rounds(3, 500, 0);
        assert!(worker.round(500, 0)[0] < 500);
        worker.round(50, 0);
        assert_eq!(worker.round(500, 0), [500, 0], "the next is a burst again");
        worker.rounds(3, 500, 0);
        worker.overload.was_idle();
        assert_eq!(worker.round(500, 0), [500, 0]);
    }

    #[test]
    fn without_a_target_nothing_is_refused() {
        let mut worker = Worker::new(None);
        worker.rounds(5, 500, 500);
        assert_eq!(worker.round(500, 500), [500, 500]);
    }
}
