//! The resource of the traces: which process they come from (semantic conventions, "Resource").

use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::resource::TelemetryResourceDetector;
use opentelemetry_semantic_conventions::resource::{
    SERVICE_INSTANCE_ID, SERVICE_NAME, SERVICE_NAMESPACE, SERVICE_VERSION,
};
use percent_encoding::percent_decode_str;
use uuid::Uuid;

use crate::TelemetryArgs;

/// Why `OTEL_RESOURCE_ATTRIBUTES` cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum AttributesError {
    #[error("'{0}' is not a key=value pair")]
    NoPair(String),
    #[error("'{0}' is not UTF-8 once it is percent-decoded")]
    NotUtf8(String),
}

/// The name that the environment gives the service: `OTEL_SERVICE_NAME`, or else `service.name`
/// among the attributes (specification, "General SDK Configuration").
pub(crate) fn service_name(args: &TelemetryArgs) -> Option<String> {
    if let Some(name) = args.otel_service_name.get() {
        return Some(name.to_owned());
    }
    let attributes = attributes(args).ok()?;
    let name = attributes
        .iter()
        .rfind(|pair| pair.key.as_str() == SERVICE_NAME)?;
    Some(name.value.to_string()).filter(|name| !name.is_empty())
}

/// The resource of this process. Our attributes are defaults: `OTEL_RESOURCE_ATTRIBUTES` overrides
/// them, the version too, since an operator who sets it knows better which build this is. Only the
/// attributes of the SDK are always its own.
pub(super) fn from_args(name: &str, version: &'static str, args: &TelemetryArgs) -> Resource {
    // On any error the entire value is discarded and the error reported (specification,
    // "Specifying resource information via an environment variable").
    let given = attributes(args).unwrap_or_else(|error| {
        tracing::warn!(%error, "OTEL_RESOURCE_ATTRIBUTES is malformed and ignored as a whole");
        Vec::new()
    });
    Resource::builder_empty()
        .with_attributes([
            KeyValue::new(SERVICE_NAMESPACE, "shop"),
            KeyValue::new(SERVICE_VERSION, version),
            KeyValue::new(SERVICE_INSTANCE_ID, Uuid::new_v4().to_string()),
        ])
        .with_attributes(given)
        .with_detector(Box::new(TelemetryResourceDetector))
        .with_service_name(name.to_owned())
        .build()
}

fn attributes(args: &TelemetryArgs) -> Result<Vec<KeyValue>, AttributesError> {
    parse(args.otel_resource_attributes.get().unwrap_or_default())
}

/// `key=value` pairs separated by commas, percent-encoded (the format of W3C Baggage without its
/// properties). Empty members and equals signs in a value are accepted.
fn parse(text: &str) -> Result<Vec<KeyValue>, AttributesError> {
    let pairs = text.split(',').map(str::trim);
    let pairs = pairs.filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let decoded = |text: &str| {
                let decoded = percent_decode_str(text.trim()).decode_utf8();
                let decoded = decoded.map_err(|_| AttributesError::NotUtf8(pair.to_owned()))?;
                Ok(decoded.into_owned())
            };
            match pair.split_once('=') {
                Some((key, value)) if !key.trim().is_empty() => {
                    Ok(KeyValue::new(decoded(key)?, decoded(value)?))
                }
                _ => Err(AttributesError::NoPair(pair.to_owned())),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_percent_decoded() {
        assert_eq!(
            parse("deployment.environment=demo, a%2Cb = b%2Cc ,url=a=b,").unwrap(),
            [
                KeyValue::new("deployment.environment", "demo"),
                KeyValue::new("a,b", "b,c"),
                KeyValue::new("url", "a=b"),
            ]
        );
    }

    #[test]
    fn one_malformed_pair_spoils_them_all() {
        let no_pair = |pair: &str| Err(AttributesError::NoPair(pair.to_owned()));
        assert_eq!(parse("a=b,nonsense"), no_pair("nonsense"));
        assert_eq!(parse("=b,a=b"), no_pair("=b"));
        let not_utf8 = AttributesError::NotUtf8("a=%FF".to_owned());
        assert_eq!(parse("a=%FF,c=d"), Err(not_utf8));
    }
}
