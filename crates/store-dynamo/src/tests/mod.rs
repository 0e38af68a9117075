//! The suite on two emulators, and what is particular to this store.

mod conform;
mod expiry;
mod read_costs;
mod world;
