//! Values of attributes that a client chooses.

/// The most bytes of such a value: more than an ordinary URL or user agent has, and little enough
/// that neither the queue of spans nor one batch of them (4 MiB in gRPC) grows large.
const LONGEST: usize = 1024;

/// The beginning of `text`, at most 1 KiB of it, cut between two characters.
pub fn bounded(text: &str) -> String {
    text[..text.floor_char_boundary(LONGEST)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_value_is_cut_between_two_characters_and_a_short_one_is_kept() {
        assert_eq!(bounded("/api/orders"), "/api/orders");
        assert_eq!(bounded(&"a".repeat(1024)), "a".repeat(1024));
        assert_eq!(bounded(&"a".repeat(1025)), "a".repeat(1024));
        assert_eq!(bounded(&"\u{20ac}".repeat(400)), "\u{20ac}".repeat(341));
    }
}
