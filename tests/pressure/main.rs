//! More than a service can take. A program of its own, so that no other test runs beside it.

mod flood;
mod overload;
