//! Instances, deadlines and retries while something fails.

mod balancing;
mod deadline;
mod faults;
