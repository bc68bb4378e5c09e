//! Which events are logged.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use tracing_subscriber::filter::{LevelFilter, ParseError, Targets};

use super::LogError;
use crate::traces::PARTIAL_SUCCESS_TARGET;

/// A filter in the words of `RUST_LOG`: `info`, or `warn,order_service=debug`.
#[derive(Clone, Debug)]
pub struct Filter {
    text: String,
    targets: Targets,
}

impl Filter {
    /// The filter in front of all layers. Whatever the user's filter says, it lets through what the
    /// layer of partial successes waits for; that is not logged.
    pub(super) fn targets(&self) -> Targets {
        self.targets
            .clone()
            .with_target(PARTIAL_SUCCESS_TARGET, LevelFilter::WARN)
    }
}

impl FromStr for Filter {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let text = text.trim();
        let targets = if text.is_empty() {
            Targets::new().with_default(LevelFilter::INFO)
        } else {
            text.parse()?
        };
        Ok(Self {
            text: text.to_owned(),
            targets,
        })
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// The filter of the file when there is one, else the fallback.
pub(super) fn read(file: Option<&Path>, fallback: &Filter) -> Result<Filter, LogError> {
    let Some(path) = file else {
        return Ok(fallback.clone());
    };
    let failed = |reason: String| LogError::FilterFile {
        path: path.to_owned(),
        reason,
    };
    std::fs::read_to_string(path)
        .map_err(|error| failed(error.to_string()))?
        .parse()
        .map_err(|error: ParseError| failed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn no_filter_keeps_out_what_the_layer_of_partial_successes_waits_for() {
        for text in [
            "",
            "off",
            "error",
            "opentelemetry=off",
            "opentelemetry-otlp=off",
        ] {
            let targets = text.parse::<Filter>().unwrap().targets();
            let enabled = targets.would_enable(PARTIAL_SUCCESS_TARGET, &Level::WARN);
            assert!(enabled, "{text}");
        }
        let off = "off".parse::<Filter>().unwrap().targets();
        assert!(!off.would_enable("server", &Level::ERROR));
    }
}
