//! Rows as items: what an append's row writes write and the ports read, one module per noun.

mod files;
mod notifications;
mod rooms;

pub use files::{charged, file, moved, usage_item, used};
pub use notifications::{NotificationState, mark, notification, notification_change, notification_item, read_change};
pub use rooms::{
    change_member, change_request, change_room, change_user_room, change_user_room_and_mark, directory_item, head,
    head_change, member, mentions, room, room_of_user_room, slug_item, user_room,
};
