//! The ports, each in a file of its own, all on `SqlConnections`.

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
