//! Notifications to systemd (sd_notify(3)). Without `NOTIFY_SOCKET` they do nothing.

use std::time::Duration;

use sd_notify::NotifyState;

/// The listener is bound and the store is open; `status` is shown by `systemctl status`.
pub(crate) fn ready(status: &str) {
    notify(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// What `systemctl status` shows of the service until the next change.
pub(crate) fn status(status: &str) {
    notify(&[NotifyState::Status(status)]);
}

/// The service has begun to reload its settings; [`ready`] ends it. `Type=notify-reload` needs the
/// time stamp.
pub(crate) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => notify(&[NotifyState::Reloading, now]),
        Err(_) => notify(&[NotifyState::Reloading]),
    }
}

/// The service has begun to stop.
pub(crate) fn stopping() {
    notify(&[
        NotifyState::Stopping,
        NotifyState::Status("draining requests"),
    ]);
}

/// The service still answers; to be sent more often than [`watchdog_interval`].
pub(crate) fn watchdog() {
    notify(&[NotifyState::Watchdog]);
}

/// The interval within which systemd expects [`watchdog`], if it does.
pub(crate) fn watchdog_interval() -> Option<Duration> {
    sd_notify::watchdog_enabled()
}

fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "systemd cannot be notified: {error}");
    }
}
