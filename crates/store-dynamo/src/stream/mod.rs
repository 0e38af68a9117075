//! What the table's stream tells: which logs changed. `dispatch` is for whoever holds the records (the
//! Lambda on the stream, the poller); the poller is for where there is no Lambda.

mod dispatch;
mod event;
#[cfg(feature = "poller")]
mod poller;

pub use dispatch::{HEAD_ATTRIBUTE, StreamRecord, dispatch};
pub use event::{Appended, StreamAnswer, StreamEvent};
#[cfg(feature = "poller")]
pub use poller::{Polled, Poller};
