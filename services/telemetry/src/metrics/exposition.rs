//! The choice between the two text formats, by the scraper's `Accept` header.

use prometheus::proto::{LabelPair, MetricFamily};
use prometheus::{Encoder, TextEncoder};

use super::exemplar::Exemplar;
use super::openmetrics;

/// The families as text.
#[derive(Debug)]
pub struct Exposition {
    /// The value of `Content-Type`.
    pub content_type: &'static str,
    /// The text.
    pub body: Vec<u8>,
}

pub(super) fn render(
    families: &[MetricFamily],
    accept: Option<&str>,
    exemplar: impl Fn(&str, &[LabelPair], usize) -> Option<Exemplar>,
) -> Exposition {
    if accept.is_some_and(prefers_openmetrics) {
        let body = openmetrics::encode(families, exemplar).into_bytes();
        Exposition {
            content_type: openmetrics::CONTENT_TYPE,
            body,
        }
    } else {
        let mut body = Vec::new();
        // Writing to memory cannot fail, and families of the registry are never empty.
        let _ = TextEncoder::new().encode(families, &mut body);
        Exposition {
            content_type: "text/plain; version=0.0.4; charset=utf-8",
            body,
        }
    }
}

/// Whether the `Accept` header (RFC 9110 section 12.5.1) weighs OpenMetrics at least as much as
/// plain text. `*/*` asks for nothing in particular and gets plain text.
fn prefers_openmetrics(accept: &str) -> bool {
    let weight = |wanted: &str| {
        accept
            .split(',')
            .filter_map(|range| {
                let mut parts = range.split(';').map(str::trim);
                let media = parts.next()?;
                let quality = parts
                    .filter_map(|parameter| parameter.split_once('='))
                    .find(|(name, _)| name.trim().eq_ignore_ascii_case("q"))
                    .map_or(Ok(1.0), |(_, value)| value.trim().parse::<f32>());
                media
                    .eq_ignore_ascii_case(wanted)
                    .then(|| quality.unwrap_or(0.0))
            })
            .fold(0.0, f32::max)
    };
    let openmetrics = weight("application/openmetrics-text");
    openmetrics > 0.0 && openmetrics >= weight("text/plain")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openmetrics_is_given_to_those_who_prefer_it() {
        for accept in [
            "application/openmetrics-text",
            "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
        ] {
            assert!(prefers_openmetrics(accept), "{accept}");
        }
        for accept in [
            "*/*",
            "text/plain",
            "application/openmetrics-text;q=0",
            "application/openmetrics-text;q=0.1,text/plain",
        ] {
            assert!(!prefers_openmetrics(accept), "{accept}");
        }
    }
}
