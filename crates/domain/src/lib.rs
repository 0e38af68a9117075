//! What Palaver is about: ids, rooms, members, entries, the rules that decide them, and the limits.
//!
//! Never does I/O, never reads a clock, never draws a random number: time and ids are arguments, so
//! that every rule can be tested and simulated as a plain function.

pub mod audit;
pub mod backoff;
pub mod change;
pub mod compat;
pub mod decide;
pub mod dedup;
pub mod email;
pub mod entry;
pub mod file;
pub mod fold;
pub mod gcra;
pub mod ids;
mod last_messages;
pub mod limits;
pub mod name;
pub mod own;
pub mod page;
pub mod presence;
pub mod refusal;
pub mod related;
pub mod room;
pub mod row_write;
pub mod text;
pub mod time;
pub mod user;
pub mod view;
pub mod window;

pub use audit::{AuditAction, AuditKey, AuditOutcome, AuditRecord, AuditSubject, AuditVia};
pub use backoff::Backoff;
pub use change::{Ack, Actor, Change, Intent};
pub use compat::CompatId;
pub use decide::{Decision, decide};
pub use email::Email;
pub use entry::{Body, EditTexts, Entry, Message, Reaction};
pub use file::{File, FileMetadata, FileState, Picture};
pub use fold::RoomState;
pub use gcra::Gcra;
pub use ids::{EntryId, Epoch, FileId, LogId, RoomId, Seq, SessionId, UserId};
pub use own::{BLOCK_SETTING, Notification, NotificationKey, NotificationKind, OwnChange, Request, UserRoom};
pub use page::{PageSpan, PageStatus};
pub use presence::PresenceStatus;
pub use refusal::{Code, Refusal};
pub use related::Related;
pub use room::{Level, Member, MemberState, Role, Room, RoomKind, RoomRef};
pub use row_write::RowWrite;
pub use time::{Now, Timestamp};
pub use user::{User, UserRole};
pub use view::{LogPosition, Roster, Row, RowKey, View};
pub use window::{EntryKey, Gap, Window};
