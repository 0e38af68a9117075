//! The ports, each in its own file, all implemented on `SqlConnections`.

mod changes;
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
