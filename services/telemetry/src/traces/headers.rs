//! The headers that the receiver wants to see, such as its authorization.

use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;

use super::TraceError;
use crate::TelemetryArgs;

/// Shorter values, such as a tenant's name, are no secrets, and redacting them would tear holes
/// into words that merely contain them.
const SHORTEST_SECRET: usize = 8;

/// How many characters of a receiver's message are logged: enough for a sentence or two.
const QUOTE_LIMIT: usize = 300;

/// The headers of `OTEL_EXPORTER_OTLP_HEADERS`, and over them those of the credential
/// `otlp-headers`. Everything that is sent to the receiver has to carry them.
pub fn receiver_headers(args: &TelemetryArgs) -> Result<HeaderMap, TraceError> {
    let mut headers = HeaderMap::new();
    let given = args.otel_exporter_otlp_headers.get().unwrap_or_default();
    parse(given, &mut headers).ok_or(TraceError::Headers("OTEL_EXPORTER_OTLP_HEADERS"))?;
    if let Some(directory) = std::env::var_os("CREDENTIALS_DIRECTORY") {
        let file = std::path::Path::new(&directory).join("otlp-headers");
        match std::fs::read_to_string(file) {
            Ok(text) => parse(text.trim(), &mut headers)
                .ok_or(TraceError::Headers("the credential otlp-headers"))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(TraceError::Credential(error)),
        }
    }
    Ok(headers)
}

/// `key=value` pairs separated by commas, the values percent-encoded.
fn parse(text: &str, headers: &mut HeaderMap) -> Option<()> {
    for pair in text.split(',').filter(|pair| !pair.trim().is_empty()) {
        let (name, value) = pair.split_once('=')?;
        let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
        let mut value = HeaderValue::try_from(value.as_ref()).ok()?;
        // HTTP/2 keeps it out of its table of headers, and `Debug` does not show it.
        value.set_sensitive(true);
        headers.insert(HeaderName::try_from(name.trim()).ok()?, value);
    }
    Some(())
}

/// A receiver's message, fit for the log: its beginning, without the secrets in these headers,
/// which a receiver may repeat when it refuses them.
pub(super) fn quote(message: &str, headers: &HeaderMap) -> String {
    let mut message = message.to_owned();
    for value in headers.values().filter_map(|value| value.to_str().ok()) {
        // `Bearer <token>`: the token may stand alone.
        let token = value.split_once(' ').map_or(value, |(_, token)| token);
        for secret in [value, token] {
            if secret.len() >= SHORTEST_SECRET {
                message = message.replace(secret, "[redacted]");
            }
        }
    }
    message.chars().take(QUOTE_LIMIT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(text: &str) -> Option<HeaderMap> {
        let mut headers = HeaderMap::new();
        parse(text, &mut headers).map(|()| headers)
    }

    #[test]
    fn headers_are_pairs_and_nothing_else() {
        let headers_found = headers("Authorization=Basic%20abc, x-tenant=shop").unwrap();
        assert_eq!(headers_found["authorization"], "Basic abc");
        assert_eq!(headers_found["x-tenant"], "shop");
        for refused in ["no pair", "bad name=x", "a=line%0Abreak"] {
            assert!(headers(refused).is_none(), "{refused}");
        }
    }

    #[test]
    fn a_quote_is_short_and_has_no_secret_with_its_scheme_or_without() {
        let headers = headers("authorization=Bearer%20hunter2-token,x-tenant=shop").unwrap();
        for (text, redacted) in [
            ("no such token: hunter2-token", "no such token: [redacted]"),
            (
                "'Bearer hunter2-token' is refused",
                "'[redacted]' is refused",
            ),
            ("the shop is unknown", "the shop is unknown"),
        ] {
            assert_eq!(quote(text, &headers), redacted);
        }
        // A secret on the border is redacted before it could be cut.
        let long = format!("{}hunter2-token", "한".repeat(QUOTE_LIMIT - 3));
        let expected = format!("{}[re", "한".repeat(QUOTE_LIMIT - 3));
        assert_eq!(quote(&long, &headers), expected);
    }
}
