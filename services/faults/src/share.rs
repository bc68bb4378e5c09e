//! The share of requests that a fault is done to.

use std::fmt;

use serde::{Deserialize, Serialize};

const WHOLE: u64 = 1_000_000;

/// A share above 0, up to 1, to a millionth. Not 0: that would be a switch that does nothing.
///
/// The requests that are hit are spread evenly and by their count alone, never by chance (as in
/// Bresenham's line): with a quarter it is every fourth one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Share {
    millionths: u64,
}

/// The number is no share.
#[derive(Debug, thiserror::Error)]
#[error("{0} is not a share: a number above 0, up to 1, where 1 is every request")]
pub struct InvalidShare(f64);

impl Share {
    /// Whether the request is hit before which there were so many.
    pub const fn hits(self, before: u64) -> bool {
        // The pattern repeats after so many requests, so that nothing overflows.
        let before = before % WHOLE;
        (before + 1) * self.millionths / WHOLE > before * self.millionths / WHOLE
    }
}

impl TryFrom<f64> for Share {
    type Error = InvalidShare;

    fn try_from(share: f64) -> Result<Self, InvalidShare> {
        #[allow(clippy::cast_precision_loss)] // a million is exact
        let millionths = (share * WHOLE as f64).round();
        // NaN is in no range.
        if share <= 1.0 && (1.0..=1e6).contains(&millionths) {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // within the range
            let millionths = millionths as u64;
            Ok(Self { millionths })
        } else {
            Err(InvalidShare(share))
        }
    }
}

impl From<Share> for f64 {
    #[allow(clippy::cast_precision_loss)] // at most a million
    fn from(share: Share) -> Self {
        share.millionths as Self / WHOLE as Self
    }
}

impl fmt::Display for Share {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} %", f64::from(*self) * 100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(share: f64, requests: u64) -> Vec<u64> {
        let share = Share::try_from(share).unwrap();
        (0..requests).filter(|before| share.hits(*before)).collect()
    }

    #[test]
    fn the_requests_that_are_hit_are_spread_evenly() {
        assert_eq!(hit(1.0, 5), [0, 1, 2, 3, 4]);
        assert_eq!(hit(0.5, 6), [1, 3, 5]);
        assert_eq!(hit(0.25, 9), [3, 7]);
        assert_eq!(hit(0.4, 10), [2, 4, 7, 9]);
        assert_eq!(hit(0.000_001, 2_000_000), [999_999, 1_999_999]);
    }

    #[test]
    fn of_any_number_of_requests_the_share_is_hit() {
        for share in [0.001, 0.03, 0.1, 1.0 / 3.0, 0.5, 0.77, 0.999] {
            for requests in [10, 100, 1000, 12_345] {
                let found = hit(share, requests);
                #[allow(clippy::cast_precision_loss)]
                let exact = share * requests as f64;
                #[allow(clippy::cast_precision_loss)]
                let off = (found.len() as f64 - exact).abs();
                assert!(off <= 1.0, "{share} of {requests}: {}", found.len());
                let gaps: Vec<_> = found.windows(2).map(|pair| pair[1] - pair[0]).collect();
                let (least, most) = (gaps.iter().min(), gaps.iter().max());
                assert!(most.unwrap_or(&0) - least.unwrap_or(&0) <= 1, "{share}");
            }
        }
    }

    #[test]
    fn no_other_number_is_a_share() {
        for share in [0.0, -0.5, 1.000_001, 2.0, 1e-9, f64::NAN, f64::INFINITY] {
            assert!(Share::try_from(share).is_err(), "{share}");
        }
    }
}
