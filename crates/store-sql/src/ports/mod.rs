//! The ports, each in its own file, all implemented on `SqlConnections`.

mod audit;
mod changes;
mod deletion;
mod feed;
mod files;
pub mod log;
mod marks;
mod nodes;
mod notifications;
mod people;
mod people_rows;
mod rooms;
mod sessions;
