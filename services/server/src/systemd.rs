//! What a service tells systemd (sd_notify(3)). Without `NOTIFY_SOCKET` every word is silent.

use std::time::Duration;

use sd_notify::NotifyState;

/// The listener is bound and the store is open; `status` is shown by `systemctl status`.
pub(crate) fn ready(status: &str) {
    notify(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// The service has begun to read its settings again; [`ready`] ends it. The time stamp is what
/// `Type=notify-reload` needs.
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

/// The service still answers; to be said more often than [`watchdog_interval`].
pub(crate) fn watchdog() {
    notify(&[NotifyState::Watchdog]);
}

/// The interval within which systemd wants to hear [`watchdog`], when it does.
pub(crate) fn watchdog_interval() -> Option<Duration> {
    sd_notify::watchdog_enabled()
}

fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "systemd does not listen to NOTIFY_SOCKET");
    }
}
