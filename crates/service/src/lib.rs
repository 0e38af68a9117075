//! Use cases and the ports they need.
//!
//! Decides nothing that a pure rule could decide (that is `domain`) and knows no adapter, no frame and
//! no status code.

pub mod access;
pub mod auth;
pub mod clock;
pub mod excerpts;
pub mod feed;
pub mod files;
pub mod ids;
pub mod log;
pub mod marks;
pub mod messages;
pub mod notifications;
pub mod ports;
pub mod presence;
pub mod publisher;
mod refuse;
pub mod related;
pub mod rooms;
pub mod seldom;
pub mod services;
pub mod throttle;

pub use access::{Access, RoomRef, Seen};
pub use auth::Auth;
pub use clock::{Clock, ManualClock, SystemClock};
pub use feed::{Feed, FeedSettings, Notify, OwnRooms};
pub use files::Files;
pub use log::{CommitListener, Logs};
pub use marks::{MarkListener, Marks};
pub use messages::{MessagePage, Messages, PageQuery, Replay, ReplayStatus};
pub use notifications::{Notifications, Posted};
pub use presence::{Presence, TypingListener};
pub use publisher::Publisher;
pub use related::Directory;
pub use rooms::{Asked, Listed, NewRoom, RoomDetails, Rooms};
pub use services::{Duties, Ports, Running, ServiceSettings, Services};
