//! The ports, each in a file of its own, all on `Shared`.

mod feed;
mod files;
mod log;
mod marks;
mod nodes;
mod notifications;
mod people;
mod people_rows;
mod rooms;
mod sessions;
