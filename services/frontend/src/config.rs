//! The settings of the page: `GET /config.json`.

use std::str::FromStr;

use http::Uri;
use serde::Serialize;

/// The settings of the page.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PageConfig {
    /// Where Jaeger is shown to people.
    pub(crate) jaeger_ui_url: Option<Link>,
    /// Where Grafana is shown to people.
    pub(crate) grafana_url: Option<Link>,
    /// Whether traces can be read.
    pub(crate) traces: bool,
}

/// An address that the page offers as a link.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Link(String);

/// Why a text is no link.
#[derive(Clone, Debug, thiserror::Error)]
#[error("write it as http://HOST or https://HOST")]
pub(crate) struct InvalidLink;

impl FromStr for Link {
    type Err = InvalidLink;

    fn from_str(text: &str) -> Result<Self, InvalidLink> {
        // Only these schemes: another one, such as javascript:, would run in the page.
        let uri: Uri = text.trim().parse().map_err(|_| InvalidLink)?;
        match uri.scheme_str() {
            Some("http" | "https") => Ok(Self(text.trim().trim_end_matches('/').to_owned())),
            _ => Err(InvalidLink),
        }
    }
}
