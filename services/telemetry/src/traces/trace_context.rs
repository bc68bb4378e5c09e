//! W3C Trace Context: <https://www.w3.org/TR/trace-context-2/>.
//!
//! The SDK's own propagator reads one line of `tracestate` where there are several, sends an
//! empty one, and takes ids that are too short.

use std::sync::LazyLock;

use data_encoding::HEXLOWER;
use opentelemetry::Context;
use opentelemetry::propagation::text_map_propagator::FieldIter;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};

const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";

static FIELDS: LazyLock<[String; 2]> =
    LazyLock::new(|| [TRACEPARENT.to_owned(), TRACESTATE.to_owned()]);

/// The length of `traceparent` in version 00; later ones are no shorter.
const TRACEPARENT_LENGTH: usize = 55;

/// The longest key and the longest value of a member of `tracestate`.
const MEMBER_LIMIT: usize = 256;

/// The propagator of `traceparent` and `tracestate`.
#[derive(Debug)]
pub(super) struct TraceContext;

/// The span of `context` as W3C `traceparent`, to be kept with what it has begun.
pub fn traceparent(context: &Context) -> String {
    let span = context.span();
    let span = span.span_context();
    // Made twice a request and more, so without the detours of `format!`.
    let mut text = String::with_capacity(TRACEPARENT_LENGTH);
    text.push_str("00-");
    HEXLOWER.encode_append(&span.trace_id().to_bytes(), &mut text);
    text.push('-');
    HEXLOWER.encode_append(&span.span_id().to_bytes(), &mut text);
    text.push('-');
    HEXLOWER.encode_append(&[span.trace_flags().to_u8()], &mut text);
    text
}

/// A context under the span that [`traceparent`] wrote down.
pub fn from_traceparent(text: &str) -> Context {
    match parse_traceparent(text, TraceState::NONE) {
        Some(span) => Context::new().with_remote_span_context(span),
        None => Context::new(),
    }
}

impl TextMapPropagator for TraceContext {
    fn inject_context(&self, context: &Context, injector: &mut dyn Injector) {
        let span = context.span();
        let span = span.span_context();
        if !span.is_valid() {
            return;
        }
        injector.set(TRACEPARENT, traceparent(context));
        let state = span.trace_state().header();
        if !state.is_empty() {
            injector.set(TRACESTATE, state);
        }
    }

    fn extract_with_context(&self, context: &Context, extractor: &dyn Extractor) -> Context {
        // Of two lines nobody could say which is the caller's.
        let lines = extractor.get_all(TRACEPARENT).unwrap_or_default();
        let [line] = lines[..] else {
            return context.clone();
        };
        let state = extractor.get_all(TRACESTATE).unwrap_or_default();
        match parse_traceparent(line, parse_tracestate(&state)) {
            Some(span) => context.with_remote_span_context(span),
            None => context.clone(),
        }
    }

    fn fields(&self) -> FieldIter<'_> {
        FieldIter::new(FIELDS.as_slice())
    }
}

/// `version-trace-span-flags`; a version after 00 may have more, which is not read.
fn parse_traceparent(text: &str, state: TraceState) -> Option<SpanContext> {
    let (known, more) = text.trim().split_at_checked(TRACEPARENT_LENGTH)?;
    let mut parts = known.split('-');
    let mut hex = |length| parts.next().filter(|part| is_hex(part, length));
    let (version, trace, span, flags) = (hex(2)?, hex(32)?, hex(16)?, hex(2)?);
    if version == "ff" || !more.is_empty() && (version == "00" || !more.starts_with('-')) {
        return None;
    }
    // Of the flags only this one is known, and others must not be sent on.
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?) & TraceFlags::SAMPLED;
    let (trace, span) = (TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?);
    let span = SpanContext::new(trace, span, flags, true, state);
    span.is_valid().then_some(span)
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// The members of all lines in their order; nothing when one is malformed, since what is left
/// might no longer mean the same. Of more than 32 the first, which are the latest, are kept.
fn parse_tracestate(lines: &[&str]) -> TraceState {
    let members = lines.iter().flat_map(|line| line.split(','));
    let members = members.map(|member| member.trim_matches([' ', '\t']));
    let members: Option<Vec<_>> = members
        .filter(|member| !member.is_empty())
        .map(|member| {
            member
                .split_once('=')
                .filter(|(k, v)| is_key(k) && is_value(v))
        })
        .collect();
    let state = members.and_then(|members| TraceState::from_key_value(members).ok());
    state.unwrap_or_default()
}

fn is_key(key: &str) -> bool {
    let special = |byte| matches!(byte, b'_' | b'-' | b'*' | b'/' | b'@');
    let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    key.len() <= MEMBER_LIMIT
        && key.bytes().next().is_some_and(alphanumeric)
        && key.bytes().all(|byte| alphanumeric(byte) || special(byte))
}

fn is_value(value: &str) -> bool {
    (1..=MEMBER_LIMIT).contains(&value.len())
        && value
            .bytes()
            .all(|byte| matches!(byte, b' '..=b'~') && byte != b'=')
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    /// Headers with several lines of one name.
    struct Lines(Vec<(&'static str, String)>);

    impl Extractor for Lines {
        fn get(&self, key: &str) -> Option<&str> {
            self.get_all(key)?.first().copied()
        }

        fn keys(&self) -> Vec<&str> {
            self.0.iter().map(|(name, _)| *name).collect()
        }

        fn get_all(&self, key: &str) -> Option<Vec<&str>> {
            let lines = self.0.iter().filter(|(name, _)| *name == key);
            Some(lines.map(|(_, line)| line.as_str()).collect())
        }
    }

    /// What is sent on of these lines of `traceparent` and `tracestate`.
    fn sent_on(parents: &[&str], states: &[&str]) -> HashMap<String, String> {
        let line = |name| move |line: &&str| (name, (*line).to_owned());
        let parents = parents.iter().map(line(TRACEPARENT));
        let came = Lines(parents.chain(states.iter().map(line(TRACESTATE))).collect());
        let context = TraceContext.extract_with_context(&Context::new(), &came);
        let mut goes = HashMap::new();
        TraceContext.inject_context(&context, &mut goes);
        goes
    }

    fn state_sent_on(states: &[&str]) -> Option<String> {
        let mut goes = sent_on(&[PARENT], states);
        assert_eq!(
            goes.remove(TRACEPARENT).as_deref(),
            Some(PARENT),
            "{states:?}"
        );
        goes.remove(TRACESTATE)
    }

    #[test]
    fn a_well_formed_parent_is_taken() {
        for parent in [
            PARENT,
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-comes",
        ] {
            assert_eq!(sent_on(&[parent], &[])[TRACEPARENT], PARENT, "{parent}");
        }
    }

    #[test]
    fn a_malformed_parent_is_none_and_neither_are_two() {
        for parents in [
            &[][..],
            &[PARENT, PARENT],
            &[""],
            &["00-1-1-01"],
            &["0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"],
            &["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1"],
            &["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-"],
            &["01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x"],
            &["ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"],
            &["00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"],
            &["00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"],
            &["00-00000000000000000000000000000000-00f067aa0ba902b7-01"],
            &["00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"],
        ] {
            assert!(sent_on(parents, &["a=1"]).is_empty(), "{parents:?}");
        }
    }

    #[test]
    fn the_members_of_all_lines_go_on_in_their_order() {
        let lines = ["z=1, t@v=a b;c ,", "", "a=3\t", "0*/_-=!"];
        assert_eq!(
            state_sent_on(&lines).as_deref(),
            Some("z=1,t@v=a b;c,a=3,0*/_-=!")
        );
    }

    #[test]
    fn an_empty_state_is_not_sent() {
        for states in [&[][..], &[""], &[" ,\t,"]] {
            assert_eq!(state_sent_on(states), None, "{states:?}");
        }
    }

    #[test]
    fn a_malformed_state_is_dropped_and_the_parent_kept() {
        let long = format!("a={}", "x".repeat(257));
        for state in [
            "word", "=1", "a=", "A=1", "a b=1", "a=1=2", "@a=1", "a=b\tc", &long,
        ] {
            assert_eq!(state_sent_on(&["good=1", state]), None, "{state}");
        }
    }

    #[test]
    fn of_more_than_32_members_the_first_are_kept() {
        let members: Vec<_> = (0..40).map(|number| format!("k{number}=v")).collect();
        let found = state_sent_on(&[&members.join(",")]);
        assert_eq!(found, Some(members[..32].join(",")));
    }

    #[test]
    fn a_span_that_was_written_down_is_found_again() {
        assert_eq!(traceparent(&from_traceparent(PARENT)), PARENT);
        assert!(!from_traceparent("").span().span_context().is_valid());
    }
}
