//! Use cases and the ports they need.
//!
//! Decides nothing that a pure rule could decide (that is `domain`) and knows no adapter, no frame and
//! no status code.

pub mod access;
pub mod auth;
pub mod clock;
pub mod files;
pub mod ids;
pub mod log;
pub mod marks;
pub mod messages;
pub mod ports;
mod refuse;
pub mod related;
pub mod rooms;
pub mod throttle;

pub use access::{Access, RoomRef, Seen};
pub use auth::Auth;
pub use clock::{Clock, ManualClock, SystemClock};
pub use files::Files;
pub use log::{CommitListener, Logs};
pub use marks::{MarkListener, Marks};
pub use messages::{MessagePage, Messages, PageQuery, Replay, ReplayStatus};
pub use related::Directory;
pub use rooms::{Asked, Listed, NewRoom, RoomDetails, Rooms};
