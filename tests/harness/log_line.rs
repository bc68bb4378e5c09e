//! What an event's text has to be.

/// Whether this is a time of RFC 3339 in UTC, down to a fraction of a second.
pub fn is_rfc3339(text: &str) -> bool {
    let digits_as_zero: String = text
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    digits_as_zero
        .strip_prefix("0000-00-00T00:00:00.")
        .and_then(|rest| rest.strip_suffix('Z'))
        .is_some_and(|fraction| !fraction.is_empty() && fraction.bytes().all(|digit| digit == b'0'))
}
