//! How far the drain has come.

/// A phase in the life of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It takes new connections.
    Serving,
    /// The listener is closed; each answer says `Connection: close`.
    Lingering,
    /// Idle connections are closed, busy ones after their answer.
    Closing,
}
