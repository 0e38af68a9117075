//! The store's ports on DynamoDB: one table, keys as in `keys`.
//!
//! Never decides what may be appended (that is `domain`) and never talks to a client. No Scan anywhere: whatever has to
//! be listed has its own partition.

mod changes;
mod circuit;
mod client;
mod epoch;
mod error;
mod item;
mod keys;
pub mod limits;
mod log;
mod meter;
mod op;
mod ports;
mod range;
mod rows;
mod settings;
mod store;
mod stream;
mod table;
mod table_store;
mod transfer;

#[cfg(all(test, feature = "poller"))]
mod tests;

pub use error::OpenError;
pub use meter::Units;
pub use settings::{DynamoSettings, Hints};
pub use store::DynamoStore;
pub use stream::{Appended, HEAD_ATTRIBUTE, StreamAnswer, StreamEvent, StreamRecord, dispatch};
#[cfg(feature = "poller")]
pub use stream::{Polled, Poller};
pub use table::create_table;
