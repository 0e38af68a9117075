//! Use cases and the ports they need.
//!
//! Decides nothing that a pure rule could decide (that is `domain`) and knows no adapter, no frame and
//! no status code.

pub mod access;
pub mod admin;
pub mod auth;
pub mod circuit;
pub mod clock;
pub mod compat;
mod completes;
pub mod excerpts;
pub mod feed;
pub mod files;
pub mod generations;
pub mod ids;
pub mod limits;
pub mod log;
pub mod log_throttle;
pub mod marks;
pub mod messages;
pub mod notifications;
mod offers;
pub mod ports;
pub mod presence;
pub mod publisher;
mod refusals;
pub mod room_kinds;
pub mod rooms;
pub mod services;
pub mod shared_counts;
mod shared_throttle;
pub mod supervisor;
pub mod throttle;
pub mod user_cache;

pub use access::{Access, RoomRef, Seen};
pub use admin::{Admin, Requester};
pub use auth::Auth;
pub use circuit::Circuit;
pub use clock::{Clock, ManualClock, SystemClock};
pub use compat::{Compat, CompatMode};
pub use feed::{Feed, FeedSettings, Notify, OwnRooms, Requests};
pub use files::Files;
pub use ids::{Ids, OsRandom, Random};
pub use log::{CommitListener, Logs};
pub use marks::{MarkListener, Marks};
pub use messages::{MessagePage, Messages, PageQuery, Replay};
pub use notifications::{Notifications, Posted};
pub use offers::Offers;
pub use presence::{Presence, TypingListener};
pub use publisher::Publisher;
pub use room_kinds::RoomKinds;
pub use rooms::{Approaches, ChangeRequest, DirectPolicy, Listed, NewRoom, RoomDetails, RoomRules, Rooms};
pub use services::{Duties, Ports, Running, ServiceSettings, Services};
pub use supervisor::{Policy, Supervised, Supervisor, TaskFailure};
pub use user_cache::UserCache;
