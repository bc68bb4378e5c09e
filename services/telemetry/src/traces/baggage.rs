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
/// and what its grammar allows. Members beyond are dropped, each as a whole.
const BYTE_LIMIT: usize = 8192;
const MEMBER_LIMIT: usize = 180;

/// The propagator of `baggage`.
#[derive(Debug)]
pub(super) struct BaggageAsItCame;

/// The well-formed members of the caller's baggage.
struct Members(String);

impl TextMapPropagator for BaggageAsItCame {
    fn inject_context(&self, context: &Context, injector: &mut dyn Injector) {
        if let Some(Members(members)) = context.get() {
            injector.set(&FIELDS[0], members.clone());
        }
    }

    fn extract_with_context(&self, context: &Context, extractor: &dyn Extractor) -> Context {
        let lines = extractor.get_all(&FIELDS[0]).unwrap_or_default();
        let members = well_formed(&lines);
        if members.is_empty() {
            return context.clone();
        }
        context.with_value(Members(members))
    }

    fn fields(&self) -> FieldIter<'_> {
        FieldIter::new(FIELDS.as_slice())
    }
}

fn well_formed(lines: &[&str]) -> String {
    let members = lines.iter().flat_map(|line| line.split(',')).map(trimmed);
    let mut kept = String::new();
    for member in members.filter(|m| is_member(m)).take(MEMBER_LIMIT) {
        let separator = usize::from(!kept.is_empty());
        if kept.len() + separator + member.len() > BYTE_LIMIT {
            continue;
        }
        if !kept.is_empty() {
            kept.push(',');
        }
        kept.push_str(member);
    }
    kept
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
        assert_eq!(well_formed(&[baggage]), baggage);
    }

    #[test]
    fn the_members_of_all_lines_go_on() {
        assert_eq!(
            well_formed(&["a=1, b = 2", "", "c=3 ; d"]),
            "a=1,b = 2,c=3 ; d"
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
            assert_eq!(well_formed(&[malformed, "good=1"]), "good=1", "{malformed}");
        }
    }

    #[test]
    fn members_beyond_the_limits_are_left_out_as_a_whole() {
        let (half, giant) = (format!("k={}", "x".repeat(4000)), "x".repeat(10_000));
        let lines = [
            "first=1",
            &format!("giant={giant}"),
            &half,
            &half,
            &half,
            "last=1",
        ];
        assert_eq!(well_formed(&lines), format!("first=1,{half},{half},last=1"));
        assert_eq!(well_formed(&[&format!("k={giant}")]), "");
        assert_eq!(well_formed(&[&"k=v,".repeat(3000)]), ["k=v"; 180].join(","));
    }
}
