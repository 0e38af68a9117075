//! Every limit of the product, by name. Those that an operator may set are the defaults of
//! [`Limits`]; the others are constants.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Characters (Unicode scalar values) of a message's text.
pub const TEXT_CHARS: usize = 4_000;
/// Files of one message.
pub const FILES_PER_MESSAGE: usize = 10;
/// People that one message may mention.
pub const MENTIONS_PER_MESSAGE: usize = 50;
/// Names that are looked up for the mentions of one message: one mention may mean several. One read of DynamoDB.
pub const NAMES_PER_MESSAGE: usize = 100;
/// Characters of a user's name (the handle).
pub const USER_NAME_CHARS: usize = 32;
/// Characters of the id that a client of the older contract gives a user.
pub const COMPAT_ID_CHARS: usize = 64;
/// Characters of a display name.
pub const DISPLAY_NAME_CHARS: usize = 64;
/// Characters of a room's name.
pub const ROOM_NAME_CHARS: usize = 80;
/// Characters of a room's slug.
pub const SLUG_CHARS: usize = 64;
/// The longest time, in seconds, for which a user can mute a room without muting it for good.
pub const QUIET_S: u64 = 366 * 24 * 60 * 60;
/// Characters of a room's description.
pub const DESCRIPTION_CHARS: usize = 1_000;
/// Characters of the reason of a kick, ban or mute.
pub const REASON_CHARS: usize = 500;
/// Seconds of a mute, at most.
pub const MUTE_SECONDS: u64 = 365 * 24 * 3_600;
/// Bytes of one reaction's emoji.
pub const EMOJI_BYTES: usize = 64;
/// Different emojis on one message.
pub const EMOJIS_PER_MESSAGE: usize = 50;
/// Users that a message holds for each emoji; others have their own rows.
pub const REACTORS_IN_MESSAGE: usize = 20;
/// Pinned messages of a room.
pub const PINS_PER_ROOM: usize = 100;
/// Characters of a password, at least and at most.
pub const PASSWORD_CHARS: std::ops::RangeInclusive<usize> = 8..=256;
/// Users that a new room can have besides its owner: with their rows and the room's own it is one append, which is one
/// transaction of at most 100 items on DynamoDB.
pub const PEOPLE_PER_CREATE: usize = 90;
/// Seconds of a room's slow mode, at most.
pub const SLOW_MODE_MAX_S: u32 = 3_600;
/// Members up to which read receipts are sent.
pub const RECEIPT_MEMBERS: usize = 20;
/// Seqs of unread mentions that a user's row of a room holds.
pub const MENTIONS_PER_ROW: usize = 100;

/// Requests of other users that a room list shows; older ones are ignored.
pub const REQUESTS_LISTED: usize = 200;
/// Users whom one user can block.
pub const BLOCKED_USERS: usize = 1_000;

/// Entries of one `sync` page.
pub const SYNC_ENTRIES: usize = 500;
/// Entries behind which a cursor is reset and a retry is too old to check.
pub const REPLAY_ENTRIES: u64 = 10_000;
/// Rows of one page of any other list.
pub const PAGE_ROWS: usize = 100;
/// Users that one socket may watch.
pub const WATCHED_USERS: usize = 200;

/// Characters of an e-mail address (RFC 5321 §4.5.3.1.3).
pub const EMAIL_CHARS: usize = 254;
/// Characters of a notification's title.
pub const NOTIFICATION_TITLE_CHARS: usize = 200;
/// Characters of a notification's body: the beginning of the message.
pub const NOTIFICATION_BODY_CHARS: usize = 1_000;
/// Characters of a posted notification's type.
pub const NOTIFICATION_TYPE_CHARS: usize = 64;
/// How long the mark of a deleted notification is kept.
pub const NOTIFICATION_MARK_LIFE: Duration = Duration::from_secs(30 * 24 * 3600);
/// How long a typing signal lasts.
pub const TYPING_LIFE: Duration = Duration::from_secs(5);
/// How long a presence without a refresh lasts.
pub const PRESENCE_LIFE: Duration = Duration::from_secs(30);

/// The limits that an operator may set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of a client's frame.
    pub client_frame: usize,
    /// Bytes of a server's frame.
    pub server_frame: usize,
    /// Rooms of one user.
    pub rooms_per_user: usize,
    /// Joins of one user a minute.
    pub joins_per_minute: u32,
    /// Direct rooms that one user can create a day; zero means that there is no limit. Admins have none.
    pub direct_rooms_per_day: u32,
    /// Invitations that one user can send a day; zero means that there is no limit. Admins have none.
    pub invitations_per_day: u32,
    /// Sockets of one node.
    pub connections_per_node: usize,
    /// TCP connections of one address (IPv4 address or IPv6 /64) to one node, sockets included; zero means that there is
    /// no limit. Applies, like the next two, only while the node is busy, and is never more than half of what the node
    /// can hold.
    pub connections_per_address: usize,
    /// Sockets of one address on one node; zero means that there is no limit.
    pub sockets_per_address: usize,
    /// Sockets of one address on one node that belong to guests; zero means that there is no limit.
    pub guest_sockets_per_address: usize,
    /// Sockets of one user on one node.
    pub sockets_per_user: usize,
    /// Sends (messages, edits, deletes, reactions) of one user in ten seconds.
    pub sends_per_10s: u32,
    /// Retries of one user in ten seconds whose dedup has to scan the log. An expensive scan counts as several.
    pub scans_per_10s: u32,
    /// Frames of one socket in sixty seconds.
    pub frames_per_60s: u32,
    /// Bytes of one file that is uploaded through the server.
    pub upload_bytes: u64,
    /// Bytes of one file that a client uploads directly to the blob store, where that is possible.
    pub direct_upload_bytes: u64,
    /// Bytes of all files of one user; zero means that there is no limit.
    pub user_storage_bytes: u64,
    /// Bytes of all files of all users; zero means that there is no limit.
    pub storage_bytes: u64,
    /// Files with more bytes are downloaded directly from the blob store, where that is possible. An AWS Lambda
    /// function cannot answer with more than 6 MB, including the base64 overhead.
    pub direct_download_above: u64,
    /// REST calls of one address a minute.
    pub requests_per_minute: u32,
    /// Sign-in attempts of one address a minute.
    pub sign_ins_per_minute: u32,
    /// Milliseconds between two heartbeats of a socket.
    pub heartbeat_ms: u64,
    /// Bytes that the queues of all sockets of a node may take together; zero means half of the memory that the process
    /// may use.
    pub memory: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            client_frame: 64 * 1024,
            server_frame: 64 * 1024,
            rooms_per_user: 1_000,
            joins_per_minute: 100,
            direct_rooms_per_day: 20,
            invitations_per_day: 50,
            connections_per_node: 10_000,
            connections_per_address: 1_024,
            sockets_per_address: 2_000,
            guest_sockets_per_address: 200,
            sockets_per_user: 20,
            sends_per_10s: 20,
            scans_per_10s: 20,
            frames_per_60s: 400,
            upload_bytes: 25 * 1024 * 1024,
            direct_upload_bytes: 100 * 1024 * 1024,
            user_storage_bytes: 2 * 1024 * 1024 * 1024,
            storage_bytes: 50 * 1024 * 1024 * 1024,
            direct_download_above: 2 * 1024 * 1024,
            requests_per_minute: 1_200,
            sign_ins_per_minute: 60,
            heartbeat_ms: 25_000,
            memory: 0,
        }
    }
}
