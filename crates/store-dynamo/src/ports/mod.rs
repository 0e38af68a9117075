//! The ports besides the log, one module each; all are implemented on `TableStore`.

mod admins;
pub mod audit;
mod counts;
mod deletion;
mod feed;
mod files;
mod limits;
mod marks;
mod nodes;
mod notifications;
mod people;
pub mod people_rows;
mod rooms;
pub mod sessions;

pub use counts::Counts;
