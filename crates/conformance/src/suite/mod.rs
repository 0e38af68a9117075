//! The suite: black-box tests of every method of every port, one module per port.
//!
//! Each case gets an empty store and panics if a promise in the port's documentation does not hold.

pub mod accounts;
pub mod append;
pub mod audit;
pub mod blobs;
pub mod bus;
pub mod changes;
pub mod feed;
pub mod files;
pub mod limits;
pub mod marks;
mod model;
pub mod nodes;
pub mod notifications;
pub mod people;
pub mod presence;
pub mod reads;
pub mod rooms;
pub mod row_writes;
pub mod sessions;
pub mod sweeps;
pub mod world;
