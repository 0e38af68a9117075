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
/// Characters of a user's name (the handle).
pub const USER_NAME_CHARS: usize = 32;
/// Characters of a display name.
pub const DISPLAY_NAME_CHARS: usize = 64;
/// Characters of a room's name.
pub const ROOM_NAME_CHARS: usize = 80;
/// Characters of a room's slug.
pub const SLUG_CHARS: usize = 64;
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
/// Users that a message holds for each emoji; further ones are rows of their own.
pub const REACTORS_IN_MESSAGE: usize = 20;
/// Pinned messages of a room.
pub const PINS_PER_ROOM: usize = 100;
/// Characters of a password, at least and at most.
pub const PASSWORD_CHARS: std::ops::RangeInclusive<usize> = 8..=256;
/// People that a new room begins with, besides its owner: with their rows and the room's own it is one
/// append, which is one transaction of at most 100 items on DynamoDB.
pub const PEOPLE_PER_CREATE: usize = 90;
/// Seconds of a room's slow mode, at most.
pub const SLOW_MODE_MAX_S: u32 = 3_600;
/// Members up to which read receipts are sent.
pub const RECEIPT_MEMBERS: usize = 20;
/// Seqs of unread mentions that a user's row of a room holds.
pub const MENTIONS_PER_ROW: usize = 100;

/// Entries of one `sync` page.
pub const SYNC_ENTRIES: usize = 500;
/// Entries behind which a cursor is reset and a repeat is too old to check.
pub const REPLAY_ENTRIES: u64 = 10_000;
/// Messages of one page of history, at most and by default.
pub const PAGE_MESSAGES: usize = 200;
/// Messages of one page of history when the caller does not say.
pub const PAGE_MESSAGES_DEFAULT: usize = 50;
/// Rows of one page of any other list.
pub const PAGE_ROWS: usize = 100;
/// Rooms of one `rooms` frame.
pub const ROOMS_PER_FRAME: usize = 100;
/// Logs whose heads one ping names.
pub const HEADS_PER_PING: usize = 200;
/// Users that one socket may watch.
pub const WATCHED_USERS: usize = 200;
/// Connections of one user that presence knows of; further ones change nothing, since the user is there by these.
pub const PRESENCE_CONNECTIONS: usize = 128;
/// Users of one page of presence.
pub const PRESENCE_LIST: usize = 200;
/// Member rows that are looked at for one page of a room's members.
pub const MEMBERS_LOOKED_AT: usize = 1_000;
/// Member rows that are looked at for one list of presence.
pub const PRESENCE_LOOKED_AT: usize = 5_000;
/// Bytes of the name that a client without a socket gives itself.
pub const PRESENCE_CLIENT: usize = 64;
/// Names that typing shows, per room and second.
pub const TYPING_PER_SECOND: usize = 3;

/// Changes waiting in one log's appender; more get `overloaded`.
pub const APPENDER_QUEUE: usize = 4_096;
/// Entries of one append.
pub const APPEND_ENTRIES: usize = 512;
/// Entries that an appender keeps for the look-up of repeats.
pub const APPENDER_WINDOW: usize = 512;
/// Rows that an appender keeps between two appends.
pub const APPENDER_ROWS: usize = 1_024;
/// Entries that one read below the window brings in, when slow mode asks for older ones.
pub const WINDOW_STEP: u64 = 1_024;
/// How long a change waits for its answer before that is `unavailable`.
pub const APPEND_DEADLINE: Duration = Duration::from_secs(3);
/// How long an appender without work stays.
pub const APPENDER_IDLE: Duration = Duration::from_secs(60);
/// Appends lost in a row after which an appender hands what waits to the log's home node.
pub const FORWARD_LOSSES: u32 = 3;
/// How long it goes on doing so before it tries by itself again.
pub const FORWARD_STAY: Duration = Duration::from_secs(5);
/// Changes of one forward.
pub const FORWARD_CHANGES: usize = 128;
/// Bytes of a forward, and of its answer.
pub const FORWARD_BYTES: usize = 4 * 1024 * 1024;
/// How long the home node has to answer; then the appender goes on by itself.
pub const FORWARD_DEADLINE: Duration = Duration::from_millis(1_500);
/// How often a node says that it lives, and looks who else does.
pub const NODE_BEAT: Duration = Duration::from_secs(4);
/// How long a node that says nothing counts as living.
pub const NODE_LIFE: Duration = Duration::from_secs(15);
/// Bytes that another program may post to a socket at once.
pub const POST_BYTES: usize = 128 * 1024;
/// How far the clock of who signs a request may differ from ours.
pub const SIGNATURE_SKEW: Duration = Duration::from_secs(300);
/// Logs whose appends one SQL transaction commits together.
pub const GROUP_LOGS: usize = 256;
/// Entries after which an SQL transaction takes no further append in.
pub const GROUP_ENTRIES: usize = 8_192;
/// Logs of which a store remembers where they end, to save a read before an append.
pub const LOGS_REMEMBERED: usize = 20_000;
/// Appends waiting for the writer of an SQL store.
pub const WRITER_QUEUE: usize = 8_192;

/// Shards of the event feed. Never changes: cursors hold the fence of their shard's lease.
pub const FEED_SHARDS: usize = 4;
/// Commits waiting for the event feed; what does not fit is found by its sweep.
pub const FEED_QUEUE: usize = 4_096;
/// Rooms that the event feed keeps in memory.
pub const FEED_ROOMS: usize = 20_000;
/// Rooms that the event feed reads at the same time.
pub const FEED_ROOMS_AT_ONCE: usize = 64;
/// Cursors that the event feed writes at the same time.
pub const FEED_SAVES_AT_ONCE: usize = 32;
/// Entries that a consumer is given at once.
pub const FEED_BATCH: usize = 256;
/// Users whose own logs one consumer appends to at the same time.
pub const FEED_USERS_AT_ONCE: usize = 32;
/// How often at most the cursors of a room are written.
pub const FEED_SAVE_INTERVAL: Duration = Duration::from_secs(30);
/// How long a shard's lease lasts: how late the feed is after its node died.
pub const FEED_LEASE_LIFE: Duration = Duration::from_secs(30);
/// How often a lease is renewed, or asked for while another node holds it.
pub const FEED_LEASE_RENEW: Duration = Duration::from_secs(10);
/// How often the event feed looks for rooms that nobody woke.
pub const FEED_SWEEP_INTERVAL: Duration = Duration::from_secs(600);
/// How often the event feed looks at the time.
pub const FEED_TICK: Duration = Duration::from_millis(250);

/// A client's frame before it has signed in, in bytes.
pub const FRAME_BEFORE_AUTH: usize = 4 * 1024;
/// A JSON body of a REST call, in bytes.
pub const JSON_BODY: usize = 256 * 1024;
/// Bytes of a body that a Lambda function takes or gives: Lambda's own 6 MB hold it in base64, with the event around it.
pub const LAMBDA_BODY: u64 = 4_000_000;
/// Depth of nested JSON.
pub const JSON_DEPTH: usize = 32;
/// Bytes waiting for one socket before ephemeral frames are dropped.
pub const BACKLOG_SOFT_BYTES: usize = 256 * 1024;
/// Bytes waiting for one socket before it is closed as `lagged`.
pub const BACKLOG_HARD_BYTES: usize = 1024 * 1024;
/// What one node has heard on the bus and not yet read; more is lost, and found in the log.
pub const BUS_QUEUE: usize = 4_096;
/// Typing and marks that one node has heard and not yet shown; more are dropped.
pub const PASSING_QUEUE: usize = 1_024;
/// What one node has published and Redis has not yet taken; more is lost, and found in the log.
pub const BUS_PUBLISH_QUEUE: usize = 8_192;
/// Bytes of it.
pub const BUS_PUBLISH_BYTES: usize = 32 * 1024 * 1024;
/// Messages that are published in one write.
pub const BUS_BATCH: usize = 128;
/// Bytes of one message on the bus; of a larger commit only the head is told.
pub const BUS_MESSAGE_BYTES: usize = 256 * 1024;
/// How long an answer of the bus's server may take before it counts as down.
pub const BUS_TIMEOUT: Duration = Duration::from_secs(1);
/// How often a node makes sure that the bus's server is there.
pub const BUS_PING: Duration = Duration::from_millis(500);
/// The longest pause between two tries to reach the bus's server.
pub const BUS_BACKOFF: Duration = Duration::from_secs(2);
/// Commits of a function that wait for the bus; more are found in the log.
pub const PUBLISH_QUEUE: usize = 4_096;
/// Commits that wait to be encoded for this node's sockets; more are read from the log.
pub const DELIVERY_QUEUE: usize = 4_096;
/// Hand-overs that wait for one shard; when there are more its sockets are closed as `lagged`.
pub const SHARD_QUEUE: usize = 16_384;
/// Frames of one socket that are being answered; the next is read when one is done.
pub const FRAMES_IN_FLIGHT: usize = 64;
/// What one socket may ask in sixty seconds beside [`Limits::frames_per_60s`]: `pong`, `fill`, and each log of a
/// `resume`. Far more than a client of many rooms needs; less than a flood.
pub const PACED_PER_60S: u32 = 20_000;
/// Replay pages that one socket is being read at once; further ones wait their turn.
pub const REPLAYS_IN_FLIGHT: usize = 4;
/// Replay pages that one node is reading at once: bounds the memory of many who come back together.
pub const REPLAYS_PER_NODE: usize = 64;
/// Logs of one `resume` frame.
pub const CURSORS_PER_RESUME: usize = 2_000;
/// Logs that one socket may follow.
pub const LOGS_PER_SOCKET: usize = 2_000;
/// Users without a connection whose last time is remembered.
pub const PRESENCE_REMEMBERED: usize = 100_000;
/// How long nobody is declared offline after the presence of other nodes was lost: they refresh theirs meanwhile.
pub const PRESENCE_HOLD: Duration = Duration::from_secs(45);
/// After how long a line of the log about the same trouble is written again, however many requests meet it.
pub const SAME_TROUBLE: Duration = Duration::from_secs(10);
/// After how long one in other words is.
pub const OTHER_TROUBLE: Duration = Duration::from_secs(1);
/// Users or connections that one call to the presence's server names.
pub const PRESENCE_BATCH: usize = 250;
/// How often a node refreshes the presence of its sockets.
pub const PRESENCE_REFRESH: Duration = Duration::from_secs(10);
/// How often watchers get all of whom they watch.
pub const PRESENCE_FULL: Duration = Duration::from_secs(60);
/// How long before its end a client is told that its access token ends.
pub const EXPIRING_BEFORE: Duration = Duration::from_secs(60);
/// How often a node asks which logs changed, and how often while the bus is down.
pub const CHANGES_INTERVAL: Duration = Duration::from_secs(5);
/// See [`CHANGES_INTERVAL`].
pub const CHANGES_INTERVAL_DOWN: Duration = Duration::from_secs(1);
/// How often each followed log is checked, whatever else was heard.
pub const CHECK_INTERVAL: Duration = Duration::from_secs(600);
/// How long a log that no socket follows any more stays subscribed.
pub const LOG_LINGER: Duration = Duration::from_secs(30);
/// The headers of a call, in bytes.
pub const HEADER_BYTES: usize = 16 * 1024;
/// How long the headers of a call may take to arrive.
pub const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// HTTP connections of one process, sockets among them.
pub const HTTP_CONNECTIONS: usize = 16_384;
/// Addresses (and names, at sign-in) whose recent calls are counted.
pub const ADDRESSES: usize = 50_000;
/// Passwords waiting to be hashed; more get `overloaded`.
pub const PASSWORD_QUEUE: usize = 128;
/// Sessions of one user; a further sign-in ends the oldest.
pub const SESSIONS_PER_USER: usize = 100;
/// How long a process believes that a session goes on, until it asks the store again.
pub const SESSION_BELIEVED: Duration = Duration::from_secs(5);
/// Ended sessions (and users) that a node remembers until their access tokens are over.
pub const ENDED_SESSIONS: usize = 100_000;
/// Characters of what a device calls itself.
pub const DEVICE_CHARS: usize = 128;
/// Bytes of an access token.
pub const ACCESS_TOKEN_BYTES: usize = 2 * 1024;
/// Characters of an e-mail address (RFC 5321 §4.5.3.1.3).
pub const EMAIL_CHARS: usize = 254;
/// How long after the first frame of a connection the `hello` must have come.
pub const HELLO_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a one-time ticket lives.
pub const TICKET_LIFE: Duration = Duration::from_secs(30);
/// How long an access token lives.
pub const ACCESS_TOKEN_LIFE: Duration = Duration::from_secs(15 * 60);
/// How long a session lives without a refresh.
pub const SESSION_LIFE: Duration = Duration::from_secs(30 * 24 * 3600);
/// How long the refresh token before the current one still works.
pub const REFRESH_GRACE: Duration = Duration::from_secs(30);
/// How far clocks of nodes may differ when a token is checked.
pub const TOKEN_LEEWAY: Duration = Duration::from_secs(60);
/// How long an unsent file is kept.
pub const UNSENT_FILE_LIFE: Duration = Duration::from_secs(24 * 3600);
/// Characters of a notification's title.
pub const NOTIFICATION_TITLE_CHARS: usize = 200;
/// Characters of a notification's body: the beginning of the message.
pub const NOTIFICATION_BODY_CHARS: usize = 1_000;
/// Characters of a message that its notification shows.
pub const NOTIFICATION_EXCERPT_CHARS: usize = 200;
/// Characters of a posted notification's type.
pub const NOTIFICATION_TYPE_CHARS: usize = 64;
/// Unread notifications are counted up to this.
pub const UNREAD_NOTIFICATIONS: usize = 1_000;
/// How long the mark of a deleted notification is kept.
pub const NOTIFICATION_MARK_LIFE: Duration = Duration::from_secs(30 * 24 * 3600);
/// How long a typing signal lasts.
pub const TYPING_LIFE: Duration = Duration::from_secs(5);
/// How long a presence without a refresh lasts.
pub const PRESENCE_LIFE: Duration = Duration::from_secs(30);
/// How often at most a read mark of one user and room is written.
pub const MARK_INTERVAL: Duration = Duration::from_secs(60);
/// Bytes of a form around an uploaded file: its other fields and the boundaries.
pub const MULTIPART_OVERHEAD: usize = 64 * 1024;
/// Bytes of one file that an AWS Lambda function can take or answer with: a call and an answer have 6 MB, in which bytes
/// are base64.
pub const LAMBDA_FILE_BYTES: u64 = 4_400_000;
/// Files that one user may have uploaded and not sent.
pub const UNSENT_FILES_PER_USER: usize = 100;
/// Pictures that are decoded at once.
pub const PICTURES_AT_ONCE: usize = 2;
/// Pixels of a picture: more are refused before they are decoded.
pub const PICTURE_PIXELS: u64 = 50_000_000;
/// Bytes of a picture that is measured and gets a thumbnail: a larger one is a file like any other, since all of a
/// picture is in memory while it is decoded.
pub const PICTURE_BYTES: u64 = 32 * 1024 * 1024;
/// How long a client may take to begin a transfer straight from or to the store of blobs.
pub const PRESIGNED_LIFE: Duration = Duration::from_secs(5 * 60);
/// Uploads straight to the store of blobs that one user may begin in a minute, on one node.
pub const PRESIGNS_PER_MINUTE: u32 = 60;
/// Users whose beginnings of such uploads are counted.
pub const PRESIGNING_USERS: usize = 10_000;
/// The longer side of a thumbnail.
pub const THUMBNAIL_SIDE: u32 = 480;

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
    /// Sockets of one node.
    pub connections_per_node: usize,
    /// Sockets of one user on one node.
    pub sockets_per_user: usize,
    /// Sends (messages, edits, deletes, reactions) of one user in ten seconds.
    pub sends_per_10s: u32,
    /// Repeats of one user, in ten seconds, whose look-up has to read the log.
    pub scans_per_10s: u32,
    /// Frames of one socket in sixty seconds.
    pub frames_per_60s: u32,
    /// Bytes of one file that is uploaded through the server.
    pub upload_bytes: u64,
    /// Bytes of one file that a client uploads straight to the store of blobs, where that takes it.
    pub direct_upload_bytes: u64,
    /// A file of more bytes is downloaded straight from the store of blobs, where that gives it. An AWS Lambda
    /// function cannot answer with more than 6 MB, and bytes as base64 in it.
    pub direct_download_above: u64,
    /// REST calls of one address a minute.
    pub requests_per_minute: u32,
    /// Sign-in attempts of one address a minute.
    pub sign_ins_per_minute: u32,
    /// Milliseconds between two heartbeats of a socket.
    pub heartbeat_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            client_frame: 64 * 1024,
            server_frame: 64 * 1024,
            rooms_per_user: 1_000,
            joins_per_minute: 100,
            connections_per_node: 10_000,
            sockets_per_user: 20,
            sends_per_10s: 20,
            scans_per_10s: 20,
            frames_per_60s: 400,
            upload_bytes: 25 * 1024 * 1024,
            direct_upload_bytes: 100 * 1024 * 1024,
            direct_download_above: 2 * 1024 * 1024,
            requests_per_minute: 1_200,
            sign_ins_per_minute: 60,
            heartbeat_ms: 25_000,
        }
    }
}
