//! The protocol's frames, the REST bodies, the error codes and close codes: the source of the TypeScript types, of the
//! JSON Schemas and of the AsyncAPI document.
//!
//! Makes no decisions: it parses input and encodes output.

mod asyncapi;
mod client_frame;
mod close_code;
pub mod compat;
mod convert;
mod event;
pub mod explained;
pub mod generate;
pub mod json;
pub mod limits;
pub mod rest;
mod server_frame;

pub use client_frame::{BadFrame, ClientFrame};
pub use close_code::CloseCode;
pub use convert::{file_ref, member_view, parse_rfc3339, rfc3339, room_entry, room_view, user_ref, user_self};
pub use event::{
    Event, EventKind, FileRef, NotificationChange, OwnEvent, OwnEventKind, ReactionView, RoomChange, RoomGone, UserRef,
};
pub use server_frame::{AnyEvent, PresenceEntry, RoomEntry, ServerFrame, SyncStatus, UserSelf};

/// The protocol's version.
pub const VERSION: u32 = 1;

/// The name of the user log on the wire.
pub const OWN_LOG: &str = "@me";
