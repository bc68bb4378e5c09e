//! What fires: of Alertmanager, which knows what is silenced, or of Prometheus where there is no
//! Alertmanager, or none that answers.

use std::collections::BTreeMap;

use api::Problem;
use client::Peer;
use serde::{Deserialize, Serialize};

use crate::{back_end, prometheus};

/// An alert that fires, as the page shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Firing {
    name: String,
    severity: Option<String>,
    service: Option<String>,
    summary: Option<String>,
    /// RFC 3339.
    since: String,
    runbook_url: Option<String>,
    dashboard_url: Option<String>,
    /// Why nobody is told of it, where nobody is.
    muted: Option<Muted>,
}

/// Why nobody is told of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Muted {
    /// Somebody silenced it.
    Silenced,
    /// Another alert that fires explains it.
    Inhibited,
}

/// An alert of Alertmanager's API.
/// <https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml>
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Known {
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    /// RFC 3339.
    starts_at: String,
    status: Status,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    silenced_by: Vec<String>,
    inhibited_by: Vec<String>,
}

/// What fires, the worst first.
pub(crate) async fn firing(
    alertmanager: Option<&Peer>,
    prometheus: &Peer,
) -> Result<Vec<Firing>, Problem> {
    let known = match alertmanager {
        Some(alertmanager) => of_alertmanager(alertmanager).await.ok(),
        None => None,
    };
    let mut firing = match known {
        Some(firing) => firing,
        None => of_prometheus(prometheus).await?,
    };
    // It always fires: its silence is the alarm.
    firing.retain(|firing| firing.severity.as_deref() != Some("none"));
    firing.sort_by(|a, b| a.rank().cmp(&b.rank()));
    Ok(firing)
}

async fn of_alertmanager(peer: &Peer) -> Result<Vec<Firing>, Problem> {
    let known: Vec<Known> = back_end::get(peer, "/api/v2/alerts", "").await?;
    let firing = known.into_iter().map(|alert| {
        let muted = match alert.status {
            Status { silenced_by, .. } if !silenced_by.is_empty() => Some(Muted::Silenced),
            Status { inhibited_by, .. } if !inhibited_by.is_empty() => Some(Muted::Inhibited),
            Status { .. } => None,
        };
        Firing::new(alert.labels, alert.annotations, alert.starts_at, muted)
    });
    Ok(firing.collect())
}

async fn of_prometheus(peer: &Peer) -> Result<Vec<Firing>, Problem> {
    let alerts = prometheus::alerts(peer).await?.into_iter();
    let firing = alerts.filter(|alert| alert.state == "firing");
    Ok(firing
        .map(|alert| Firing::new(alert.labels, alert.annotations, alert.active_at, None))
        .collect())
}

impl Firing {
    fn new(
        mut labels: BTreeMap<String, String>,
        mut annotations: BTreeMap<String, String>,
        since: String,
        muted: Option<Muted>,
    ) -> Self {
        // An annotation may come from anybody's rule: another scheme would run in the page.
        let mut link = |name| {
            let url = annotations.remove(name)?;
            (url.starts_with("http://") || url.starts_with("https://")).then_some(url)
        };
        let (runbook_url, dashboard_url) = (link("runbook_url"), link("dashboard"));
        Self {
            name: labels.remove("alertname").unwrap_or_default(),
            severity: labels.remove("severity"),
            service: labels.remove("service").or_else(|| labels.remove("job")),
            summary: annotations.remove("summary"),
            since,
            runbook_url,
            dashboard_url,
            muted,
        }
    }

    /// What comes first on the page: what somebody is told of, then what is critical, then what
    /// began first.
    fn rank(&self) -> (bool, bool, &str) {
        let critical = self.severity.as_deref() == Some("critical");
        (self.muted.is_some(), !critical, &self.since)
    }
}
