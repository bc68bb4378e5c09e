//! W3C Baggage, sent on as it came: nobody here reads it, and the SDK's own propagator would keep
//! it in a map and shuffle its members at every hop.

use std::sync::LazyLock;

use opentelemetry::Context;
use opentelemetry::propagation::text_map_propagator::FieldIter;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};

static HEADER: LazyLock<[String; 1]> = LazyLock::new(|| ["baggage".to_owned()]);

/// As much as has to be sent on (W3C Baggage, "Limits"); more is dropped.
const LIMIT: usize = 8192;

#[derive(Debug)]
pub(super) struct BaggageAsItCame;

/// The well-formed members of the caller's baggage.
struct Members(String);

impl TextMapPropagator for BaggageAsItCame {
    fn inject_context(&self, context: &Context, injector: &mut dyn Injector) {
        if let Some(Members(members)) = context.get() {
            injector.set(&HEADER[0], members.clone());
        }
    }

    fn extract_with_context(&self, context: &Context, extractor: &dyn Extractor) -> Context {
        let lines = extractor.get_all(&HEADER[0]).unwrap_or_default();
        let members: Vec<_> = lines
            .iter()
            .flat_map(|line| line.split(','))
            .map(str::trim)
            .filter(|member| is_well_formed(member))
            .collect();
        let members = members.join(",");
        if members.is_empty() || members.len() > LIMIT {
            return context.clone();
        }
        context.with_value(Members(members))
    }

    fn fields(&self) -> FieldIter<'_> {
        FieldIter::new(HEADER.as_slice())
    }
}

/// `key=value`, with properties perhaps.
fn is_well_formed(member: &str) -> bool {
    let key = member.split_once('=').map(|(key, _)| key.trim());
    key.is_some_and(|key| !key.is_empty() && !key.contains([' ', ';', '"']))
        && member.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn sent_on(baggage: &str) -> Option<String> {
        let came = HashMap::from([("baggage".to_owned(), baggage.to_owned())]);
        let context = BaggageAsItCame.extract_with_context(&Context::new(), &came);
        let mut goes = HashMap::new();
        BaggageAsItCame.inject_context(&context, &mut goes);
        goes.remove("baggage")
    }

    #[test]
    fn members_go_on_in_their_order_and_with_their_words() {
        let baggage = "user=alice;level=1,session=%C3%A9,a=1,b=2,c=3";
        assert_eq!(sent_on(baggage).as_deref(), Some(baggage));
    }

    #[test]
    fn what_is_no_member_is_left_out() {
        assert_eq!(sent_on("=;=, k=v ,,none").as_deref(), Some("k=v"));
        assert_eq!(sent_on("a=line\nbreak"), None);
        assert_eq!(sent_on(&"k=v,".repeat(3000)), None);
    }
}
