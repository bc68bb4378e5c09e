//! What the writer's thread hands events to.

use super::event::Event;

/// Where events go in the end.
pub(super) trait Sink: Send {
    /// Takes one event.
    fn put(&mut self, event: &Event);

    /// Called when no further event waits: writes what was taken. Returns how many events were
    /// lost since the last call.
    fn finish(&mut self) -> u64;
}
