//! Bounded attributes: text that a client chooses must not fill the queue of spans.

/// The most bytes of a text in a span. Longer ones are rare and their start says what they are; a
/// full batch stays below what receivers take in one message (4 MiB over gRPC).
const LIMIT: usize = 1024;

/// The longest prefix of `text` of at most 1,024 bytes that ends at a character's end.
pub fn bounded(text: &str) -> &str {
    &text[..text.floor_char_boundary(LIMIT)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_at_the_limit_between_two_characters() {
        for (text, length) in [
            (String::new(), 0),
            ("a".repeat(LIMIT), LIMIT),
            ("a".repeat(LIMIT + 1), LIMIT),
            ("a".repeat(LIMIT - 1) + "\u{20ac}", LIMIT - 1),
        ] {
            assert_eq!(bounded(&text), &text[..length]);
        }
    }
}
