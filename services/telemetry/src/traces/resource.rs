//! Who speaks: the resource of the traces (semantic conventions, "Resource").

use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;
use percent_encoding::percent_decode_str;

use crate::TelemetryArgs;

/// The name that the environment gives the service: `OTEL_SERVICE_NAME`, or else `service.name`
/// among the attributes (specification, "General SDK Configuration").
pub(crate) fn service_name(args: &TelemetryArgs) -> Option<String> {
    let given = args.otel_resource_attributes.get().unwrap_or_default();
    let attribute = || pairs(given).find(|pair| pair.key.as_str() == "service.name");
    match args.otel_service_name.get() {
        Some(name) => Some(name.to_owned()),
        None => attribute().map(|pair| pair.value.to_string()),
    }
}

pub(super) fn from_args(name: &str, version: &'static str, args: &TelemetryArgs) -> Resource {
    let given = args.otel_resource_attributes.get().unwrap_or_default();
    Resource::builder_empty()
        .with_attributes(pairs(given))
        .with_attribute(KeyValue::new("service.version", version))
        .with_attribute(KeyValue::new("service.namespace", "shop"))
        .with_service_name(name.to_owned())
        .build()
}

/// `key=value` pairs parted by commas, percent-encoded (W3C Baggage, which the specification
/// names as the format). A pair that is none is left out.
fn pairs(text: &str) -> impl Iterator<Item = KeyValue> {
    text.split(',').filter_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
        Some(KeyValue::new(key.trim().to_owned(), value.into_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_percent_decoded_and_what_is_no_pair_is_left_out() {
        let attributes: Vec<_> =
            pairs("deployment.environment=demo, a = b%2Cc ,nonsense").collect();
        assert_eq!(
            attributes,
            [
                KeyValue::new("deployment.environment", "demo"),
                KeyValue::new("a", "b,c")
            ]
        );
    }
}
