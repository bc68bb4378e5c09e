//! What the connections of a service may cost, and so how many there may be.
//!
//! The numbers stand in `limits.json`, which Nix reads as well: a unit's `MemoryMax=` is
//! [`Limits::memory_bytes`]. `tests/pressure/flood.rs` holds a service to it.

use std::sync::LazyLock;

use serde::Deserialize;

/// The limits of every service, unless configured otherwise.
static LIMITS: LazyLock<Limits> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../limits.json")).expect("a unit test parses it")
});

/// Limits that hold together.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// How many connections may be open. As many requests can be under way, since one that has
    /// begun is never cut to make room: some hundred times what the shop needs, so that two
    /// thousand clients that stall keep nobody else out.
    pub max_connections: u32,
    /// How many of them may be idle, or busy with nothing but the head of a request. An idle one
    /// gives way to a new one, so more would only let a flood hold memory.
    pub max_idle_connections: u32,
    /// The most bytes that the head of a request may have: W3C Baggage may have 8 KiB, two cookies
    /// as many, and the contract's longest head without them a few hundred bytes.
    pub head_bytes: usize,
    /// The most memory that a connection holds, measured with all places taken: 45 KiB while its
    /// client sends the longest head slowly, 50 KiB in the gateway that forwards a request whose
    /// body comes slowly. These are hyper's buffers, to the peer as well, the tasks, and what the
    /// allocator adds.
    pub connection_bytes: u64,
    /// The most memory that the kernel holds for a connection and counts to the service, in control
    /// groups of version 2: what came and was not read yet, and as much that the gateway has sent on
    /// and its peer has not taken. The sockets of the units ask for a quarter of it
    /// (`ReceiveBuffer=`, which the kernel doubles: socket(7)).
    pub socket_bytes: u64,
    /// The most bytes of bodies, of requests and of answers, that are held whole in memory at once,
    /// beyond the small ones that [`Self::connection_bytes`] covers: room for some 190 of the
    /// longest pages of orders that clients read slowly, or for 512 of the longest bodies.
    pub buffered_bytes: u32,
    /// What a service holds besides: measured with 128 orders at once.
    pub service_bytes: u64,
}

impl Limits {
    /// The limits that are built in.
    pub fn get() -> Self {
        *LIMITS
    }

    /// The most memory that a service may hold.
    pub const fn memory_bytes(&self) -> u64 {
        self.service_bytes
            + self.buffered_bytes as u64
            + self.max_connections as u64 * (self.connection_bytes + self.socket_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_are_well_formed() {
        let limits = Limits::get();
        assert!(limits.head_bytes >= 8192, "hyper takes no smaller buffer");
        assert!(limits.max_idle_connections < limits.max_connections);
        assert_eq!(limits.buffered_bytes % 1024, 0, "it is counted in KiB");
        assert_eq!(limits.memory_bytes() % (1 << 20), 0, "Nix says it in MiB");
    }
}
