//! The ports besides the log, one module each; all are implemented on `TableStore`.

mod admins;
mod audit;
mod counts;
mod deletion;
mod feed;
mod files;
mod limits;
mod marks;
mod nodes;
mod notifications;
mod people;
mod people_rows;
mod rooms;
mod sessions;

pub use counts::Counts;
