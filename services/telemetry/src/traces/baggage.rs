//! W3C Baggage, sent on as it came: <https://www.w3.org/TR/baggage/>.
//!
//! The SDK's own propagator keeps it in a map, so that it shuffles the members at every hop,
//! merges those of one key, and reads one line where there are several.

use std::sync::LazyLock;

use opentelemetry::Context;
use opentelemetry::propagation::text_map_propagator::FieldIter;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};

static FIELDS: LazyLock<[String; 1]> = LazyLock::new(|| ["baggage".to_owned()]);

/// The most bytes and the most members that are sent on: what the specification asks of everybody,
/// and what its grammar allows. More are dropped all together, since baggage that was cut would
/// say something else than its sender did.
const BYTE_LIMIT: usize = 8192;
const MEMBER_LIMIT: usize = 180;

/// The propagator of `baggage`.
#[derive(Debug)]
pub(super) struct BaggageAsItCame;

/// The well-formed members of the caller's baggage, within the limits.
struct Members(String);

impl TextMapPropagator for BaggageAsItCame {
    fn inject_context(&self, context: &Context, injector: &mut dyn Injector) {
        if let Some(Members(members)) = context.get() {
            injector.set(&FIELDS[0], members.clone());
        }
    }

    fn extract_with_context(&self, context: &Context, extractor: &dyn Extractor) -> Context {
        let lines = extractor.get_all(&FIELDS[0]).unwrap_or_default();
        match well_formed(&lines) {
            Some(members) => context.with_value(Members(members)),
            None => context.clone(),
        }
    }

    fn fields(&self) -> FieldIter<'_> {
        FieldIter::new(FIELDS.as_slice())
    }
}

/// The well-formed members of all lines in their order; `None` when there are none or too many.
fn well_formed(lines: &[&str]) -> Option<String> {
    let members = lines.iter().flat_map(|line| line.split(',')).map(trimmed);
    let members: Vec<_> = members.filter(|member| is_member(member)).collect();
    let joined = members.join(",");
    let sendable =
        !members.is_empty() && members.len() <= MEMBER_LIMIT && joined.len() <= BYTE_LIMIT;
    sendable.then_some(joined)
}

/// `key=value`, then perhaps properties: `;key` or `;key=value`.
fn is_member(member: &str) -> bool {
    let mut parts = member.split(';');
    parts
        .next()
        .is_some_and(|pair| pair.contains('=') && is_property(pair))
        && parts.all(is_property)
}

fn is_property(part: &str) -> bool {
    let (key, value) = part.split_once('=').unwrap_or((part, ""));
    is_token(trimmed(key)) && trimmed(value).bytes().all(is_baggage_octet)
}

/// RFC 9110 section 5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

fn is_baggage_octet(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b';' | b'\\')
}

/// Without the optional white space around it (RFC 9110 section 5.6.3).
fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_go_on_in_their_order_and_with_their_words() {
        let baggage = "user=alice;level=1;flag,session=%C3%A9,a=1,b=x=y,a=2,empty=";
        assert_eq!(well_formed(&[baggage]).as_deref(), Some(baggage));
    }

    #[test]
    fn the_members_of_all_lines_go_on() {
        assert_eq!(
            well_formed(&["a=1, b = 2", "", "c=3 ; d"]).as_deref(),
            Some("a=1,b = 2,c=3 ; d")
        );
    }

    #[test]
    fn what_is_no_member_is_left_out() {
        for malformed in [
            "",
            "word",
            "=",
            "=v",
            "a b=v",
            "k=a b",
            "k=\"v\"",
            "k=a\\b",
            "k=v;",
            "k=v;=",
            "k;p=v",
            "k=line\nbreak",
            "k=é",
            "{\"k\"=1",
        ] {
            let found = well_formed(&[malformed, "good=1"]);
            assert_eq!(found.as_deref(), Some("good=1"), "{malformed}");
            assert_eq!(well_formed(&[malformed]), None, "{malformed}");
        }
    }

    #[test]
    fn baggage_beyond_a_limit_is_dropped_as_a_whole() {
        let longest = format!("k={},last=1", "x".repeat(BYTE_LIMIT - "k=,last=1".len()));
        assert_eq!(well_formed(&[&longest]), Some(longest.clone()));
        assert_eq!(well_formed(&[&longest, "a=1"]), None);
        assert_eq!(well_formed(&["a=1", &"x".repeat(9000)]), Some("a=1".into()));
        let most = ["k=v"; MEMBER_LIMIT].join(",");
        assert_eq!(well_formed(&[&most]), Some(most.clone()));
        assert_eq!(well_formed(&[&most, "k=v"]), None);
        assert_eq!(well_formed(&[&"k=v,".repeat(3000)]), None);
    }
}
