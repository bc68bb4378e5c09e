//! Orders: what is sold, stored and settled, whatever fails meanwhile.

mod crash;
mod disk;
mod failures;
mod idempotency;
mod properties;
mod settling;
