//! The ports, each in its own file, all implemented on `SqlConnections`.

mod audit;
mod changes;
mod deletion;
mod feed;
pub mod files;
pub mod log;
mod marks;
mod nodes;
pub mod notifications;
mod people;
pub mod people_rows;
mod rooms;
pub mod sessions;
