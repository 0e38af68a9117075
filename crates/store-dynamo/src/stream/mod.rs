//! The table's stream, which says which logs changed. `dispatch` is for code that has the records (the Lambda on the
//! stream, the poller); the poller is for installations without a Lambda.

mod dispatch;
mod event;
#[cfg(feature = "poller")]
mod poller;

pub use dispatch::{HEAD_ATTRIBUTE, StreamRecord, dispatch};
pub use event::{Appended, StreamAnswer, StreamEvent};
#[cfg(feature = "poller")]
pub use poller::{Polled, Poller};
