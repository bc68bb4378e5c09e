//! Spans of the business logic.

use std::fmt::Display;

use opentelemetry::trace::{
    FutureExt as _, SpanBuilder, SpanKind, SpanRef, Status, TraceContextExt, Tracer,
};
use opentelemetry::{Context, KeyValue, StringValue};
use opentelemetry_sdk::trace::SdkTracer;
use opentelemetry_semantic_conventions::attribute::{
    ENDUSER_PSEUDO_ID, EXCEPTION_MESSAGE, EXCEPTION_TYPE,
};

/// Runs `work` in a span under the current one. An error becomes the span's status and an
/// exception event (semantic conventions, "Exceptions").
pub async fn in_span<T, E, W>(
    tracer: &SdkTracer,
    name: &'static str,
    attributes: Vec<KeyValue>,
    work: W,
) -> Result<T, E>
where
    E: Display,
    W: AsyncFnOnce(&Context) -> Result<T, E>,
{
    let parent = Context::current();
    let span = SpanBuilder {
        name: name.into(),
        span_kind: Some(SpanKind::Internal),
        attributes: Some(attributes),
        ..SpanBuilder::default()
    };
    let context = parent.with_span(tracer.build_with_context(span, &parent));
    let result = work(&context).with_context(context.clone()).await;
    let span = context.span();
    if let Err(error) = &result {
        let message = error.to_string();
        add_exception(&span, short_type_name::<E>(), message.clone());
        span.set_status(Status::error(message));
    }
    span.end();
    result
}

/// Records on a span what failed, as an event (semantic conventions, "Exceptions").
pub fn add_exception(span: &SpanRef<'_>, kind: impl Into<StringValue>, message: String) {
    span.add_event(
        "exception",
        vec![
            KeyValue::new(EXCEPTION_TYPE, kind.into()),
            KeyValue::new(EXCEPTION_MESSAGE, message),
        ],
    );
}

/// Names a person on the current span by a pseudonym (semantic conventions, "End user").
pub fn name_end_user(pseudonym: &str) {
    let pseudonym = KeyValue::new(ENDUSER_PSEUDO_ID, pseudonym.to_owned());
    Context::map_current(|context| context.span().set_attribute(pseudonym));
}

fn short_type_name<T>() -> &'static str {
    let name = std::any::type_name::<T>();
    name.rsplit("::").next().unwrap_or(name)
}
