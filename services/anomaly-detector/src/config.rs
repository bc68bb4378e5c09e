//! The file of queries: what is asked of Prometheus, and what is known of its series.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The shop's own queries.
const SHOP: &str = include_str!("../queries.json");

/// The most queries of a file: each is a request to Prometheus every interval.
const MOST_QUERIES: usize = 100;

/// Which way out of the band matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Direction {
    /// Both.
    #[default]
    Both,
    /// Only too much.
    Up,
    /// Only too little.
    Down,
}

/// Which seasons are looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Season {
    /// A day and a week, each as far as it helps to foretell the values.
    #[default]
    Auto,
    /// A day at most.
    Daily,
    /// A week, and a day.
    Weekly,
    /// None.
    None,
}

/// What is known of a series.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SeriesConfig {
    pub(crate) direction: Direction,
    pub(crate) season: Season,
    /// The smallest deviation that matters to anybody, in the unit of the series.
    pub(crate) tolerance: f64,
    /// Whether the values are those of a counter, which only grows; its rate is learned.
    pub(crate) counter: bool,
}

/// A query, each of whose series is learned.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Query {
    /// The label `query` of what is found.
    pub(crate) name: String,
    /// What it is, in words that stand in a sentence: "response time (p95)".
    #[serde(default)]
    pub(crate) title: String,
    pub(crate) promql: String,
    #[serde(default)]
    pub(crate) direction: Direction,
    #[serde(default)]
    pub(crate) season: Season,
    #[serde(default)]
    pub(crate) tolerance: f64,
    /// Whether a series that ends is an anomaly.
    #[serde(default)]
    pub(crate) must_exist: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Queries {
    queries: Vec<Query>,
}

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("{}: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{}: {source}", path.display())]
    Parse {
        path: PathBuf,
        source: serde_json::Error,
    },
    #[error("query {0:?}: a name is made of a to z, 0 to 9 and _, and is there once")]
    Name(String),
    #[error("{name:?}: a tolerance is a number from 0 on, and not {tolerance}")]
    Tolerance { name: String, tolerance: f64 },
    #[error("{0} queries; at most {MOST_QUERIES} are asked")]
    TooMany(usize),
}

impl Query {
    pub(crate) fn series(&self) -> SeriesConfig {
        SeriesConfig {
            direction: self.direction,
            season: self.season,
            tolerance: self.tolerance,
            counter: false,
        }
    }

    /// What it is called in a sentence.
    pub(crate) fn title(&self) -> &str {
        if self.title.is_empty() {
            &self.name
        } else {
            &self.title
        }
    }
}

/// The queries of a file, or the shop's own.
pub(crate) fn read_queries(path: Option<&Path>) -> Result<Vec<Query>, ConfigError> {
    let queries: Queries = match path {
        Some(path) => read(path)?,
        None => serde_json::from_str(SHOP).map_err(|source| ConfigError::Parse {
            path: PathBuf::from("queries.json"),
            source,
        })?,
    };
    let queries = queries.queries;
    if queries.len() > MOST_QUERIES {
        return Err(ConfigError::TooMany(queries.len()));
    }
    for (index, query) in queries.iter().enumerate() {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let again = queries[..index]
            .iter()
            .any(|other| other.name == query.name);
        if again || query.name.is_empty() || !query.name.bytes().all(plain) {
            return Err(ConfigError::Name(query.name.clone()));
        }
        check_tolerance(&query.name, query.tolerance)?;
    }
    Ok(queries)
}

/// What a file says of one series.
pub(crate) fn read_series(path: &Path) -> Result<SeriesConfig, ConfigError> {
    let config: SeriesConfig = read(path)?;
    check_tolerance("series", config.tolerance)?;
    Ok(config)
}

fn check_tolerance(name: &str, tolerance: f64) -> Result<(), ConfigError> {
    if tolerance.is_finite() && tolerance >= 0.0 {
        return Ok(());
    }
    Err(ConfigError::Tolerance {
        name: name.to_owned(),
        tolerance,
    })
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, ConfigError> {
    let path = path.to_owned();
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(source) => return Err(ConfigError::Read { path, source }),
    };
    serde_json::from_str(&text).map_err(|source| ConfigError::Parse { path, source })
}
