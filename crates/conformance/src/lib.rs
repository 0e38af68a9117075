//! One suite of tests for every store, and the store in memory that other crates test on.
//!
//! Knows the ports only, never an adapter: `conformance::store!(name, constructor)` runs the suite on
//! whatever the constructor opens.

mod memory;

pub use memory::{Fault, MemoryStore, Snapshot};
