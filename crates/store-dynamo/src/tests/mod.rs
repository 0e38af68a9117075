//! The common suite on two emulators, and what is specific to this store.

mod conform;
mod costs;
mod expiry;
mod faults;
mod guards;
mod hints;
mod log_costs;
mod open;
mod proxy;
mod read_costs;
mod world;
