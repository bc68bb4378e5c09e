//! Which authority signs, and when the next one is made.
//!
//! A certificate is only believed by those who know its authority, so a new authority is published for
//! the life of a certificate before it signs its first one. Within that life every service has been
//! given the authorities anew.

use std::time::{Duration, SystemTime};

/// An authority lives at least as many lives of a certificate: one to be known before it signs, one in
/// which what it signed last runs out, and as many in between to sign at all.
pub const LEAST_LIVES: u32 = 4;

/// From when to when a certificate is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Validity {
    /// Not before.
    pub begins: SystemTime,
    /// Not after.
    pub ends: SystemTime,
}

impl Validity {
    /// Whether it has ended.
    pub fn is_over(self, now: SystemTime) -> bool {
        self.ends <= now
    }
}

/// Whether a new authority is needed, given those that are there and how long a certificate lives:
/// when none of them will still sign a life from now.
pub fn needs_another(authorities: &[Validity], life: Duration, now: SystemTime) -> bool {
    signer(authorities, life, now + life).is_none()
}

/// Which of them signs: the one that ends first of those that outlive a certificate of now.
pub fn signer(authorities: &[Validity], life: Duration, now: SystemTime) -> Option<usize> {
    let outlives = |(_, validity): &(usize, &Validity)| validity.ends >= now + life;
    let candidates = authorities.iter().enumerate().filter(outlives);
    candidates
        .min_by_key(|(_, validity)| validity.ends)
        .map(|(nth, _)| nth)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    fn at(day: u32) -> SystemTime {
        SystemTime::UNIX_EPOCH + DAY * day
    }

    fn from_to(begins: u32, ends: u32) -> Validity {
        Validity {
            begins: at(begins),
            ends: at(ends),
        }
    }

    #[test]
    fn the_first_authority_signs_at_once() {
        assert!(needs_another(&[], DAY, at(1)));
        assert_eq!(signer(&[], DAY, at(1)), None);
        let only = [from_to(1, 31)];
        assert!(!needs_another(&only, DAY, at(1)));
        assert_eq!(signer(&only, DAY, at(1)), Some(0));
    }

    #[test]
    fn the_next_one_is_known_for_a_life_before_it_signs() {
        let first = from_to(0, 30);
        assert!(!needs_another(&[first], DAY, at(28)));
        let half = DAY / 2;
        assert!(needs_another(&[first], DAY, at(28) + half));
        let both = [from_to(28, 58), first];
        assert!(!needs_another(&both, DAY, at(28) + half));
        assert_eq!(signer(&both, DAY, at(29)), Some(1), "the old one signs");
        assert_eq!(signer(&both, DAY, at(29) + half), Some(0));
    }

    #[test]
    fn what_signs_outlives_what_it_signs() {
        assert_eq!(signer(&[from_to(0, 30)], DAY, at(29) + DAY / 2), None);
        assert!(from_to(0, 30).is_over(at(30)));
        assert!(!from_to(0, 30).is_over(at(29)));
    }
}
