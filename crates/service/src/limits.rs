//! Limits of the use cases, the appender and the event feed. Those of the product are in `domain::limits`.

use std::time::Duration;

use domain::limits::REPLAY_ENTRIES;

/// Messages of one page of history, at most and by default.
pub const PAGE_MESSAGES: usize = 200;
/// Messages of one page of history when the caller does not say.
pub const PAGE_MESSAGES_DEFAULT: usize = 50;
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
/// Changes waiting in one log's appender; more get `overloaded`.
pub const APPENDER_QUEUE: usize = 4_096;
/// Entries of one append.
pub const APPEND_ENTRIES: usize = 512;
/// Entry keys that an appender keeps to look up retries. A look-up that reaches further down is a scan.
pub const APPENDER_WINDOW: usize = 512;
/// Entry keys that an appender keeps for a while after a scan. No look-up reaches further down.
pub const SCAN_KEYS: usize = REPLAY_ENTRIES as usize;
/// How long an appender keeps what a scan read, so that further retries do not read it again.
pub const SCAN_KEPT: Duration = Duration::from_secs(10);
/// Rows that an appender keeps between two appends.
pub const APPENDER_ROWS: usize = 1_024;
/// Entry keys of one read when slow mode needs to know who sent when.
pub const WINDOW_STEP: u64 = 1_024;
/// Senders whose last message an appender remembers for slow mode. At least as many as the entries that slow mode looks
/// at, so that it never evicts a sender it still needs.
pub const SLOW_MODE_SENDERS: usize = REPLAY_ENTRIES as usize;
/// Users whose sends, joins and scans one node counts. Up to twice as many are remembered.
pub const RATED_USERS: usize = 50_000;
/// Bytes of entries that one page of a replay reads: as many as fit into a server frame of the default size.
pub const REPLAY_BYTES: usize = 64 * 1024;
/// Bytes that an entry counts in addition to its content in a read that is bounded by bytes: the ids and names that a
/// client receives with it.
pub const ENTRY_BYTES: usize = 250;
/// Entry keys that count as one read unit in a store that reads them without the content.
pub const KEYS_PER_UNIT: u64 = 64;
/// Read units of the store that count as one more scan for the user who caused them.
pub const SCAN_UNITS: u64 = 64;
/// The longest time that a user has to wait after scans, whatever they cost.
pub const SCAN_DEBT: Duration = Duration::from_secs(60);
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
/// How long the home node has to answer; then the appender goes on by itself.
pub const FORWARD_DEADLINE: Duration = Duration::from_millis(1_500);
/// How long a node that says nothing counts as living.
pub const NODE_LIFE: Duration = Duration::from_secs(15);
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
/// Failures of one background task within [`TASK_FAILURE_WINDOW`] that end the process.
pub const TASK_FAILURES: usize = 5;
/// For how long a failure of a background task counts.
pub const TASK_FAILURE_WINDOW: Duration = Duration::from_secs(600);
/// The longest pause before the first restart of a background task; doubled with each further failure.
pub const TASK_RESTART_FIRST: Duration = Duration::from_secs(1);
/// No pause before a restart is longer.
pub const TASK_RESTART_LONGEST: Duration = Duration::from_secs(30);
/// Calls of a server in a row without an answer after which further ones fail at once.
pub const CIRCUIT_FAILURES: u32 = 5;
/// The longest pause before the first probe of a server that does not answer; doubled with each probe that fails.
pub const CIRCUIT_PAUSE_FIRST: Duration = Duration::from_millis(500);
/// No pause before a probe is longer.
pub const CIRCUIT_PAUSE_LONGEST: Duration = Duration::from_secs(4);
/// After how long a probe counts as lost: longer than a call may take.
pub const CIRCUIT_PROBE_LIFE: Duration = Duration::from_secs(5);
/// Retries of calls to one server that may be made without an answer.
pub const RETRIES_SAVED: u32 = 100;
/// Answers of a server that earn one retry more.
pub const ANSWERS_PER_RETRY: u32 = 10;
/// Rooms (with consumers) that the feed remembers as standing still.
pub const FEED_TROUBLES: usize = 64;
/// How long a room has to stand still before the feed counts as failing.
pub const FEED_TROUBLE_AFTER: Duration = Duration::from_secs(10);
/// After how long without another try it counts no more: longer than the feed's longest pause and a run.
pub const FEED_TROUBLE_FORGOTTEN: Duration = Duration::from_secs(90);
/// How often, after a write failed, another one is tried to find out whether writes work.
pub const WRITE_PROBE_INTERVAL: Duration = Duration::from_secs(10);
/// Commits of a function that wait for the bus; more are found in the log.
pub const PUBLISH_QUEUE: usize = 4_096;
/// After how long a line of the log about the same trouble is written again, however many requests meet it.
pub const SAME_TROUBLE: Duration = Duration::from_secs(10);
/// After how long one in other words is.
pub const OTHER_TROUBLE: Duration = Duration::from_secs(1);
/// How often a node asks which logs changed, and how often while the bus is down.
pub const CHANGES_INTERVAL: Duration = Duration::from_secs(5);
/// Addresses (and names, at sign-in) whose recent calls are counted.
pub const ADDRESSES: usize = 50_000;
/// Passwords waiting to be hashed; more get `overloaded`.
pub const PASSWORD_QUEUE: usize = 128;
/// How long a password waits for its turn to be hashed before that is `overloaded`.
pub const PASSWORD_WAIT: Duration = Duration::from_secs(8);
/// How long a sign-in takes at most, whatever it waits for, before it is `unavailable`.
pub const SIGN_IN_DEADLINE: Duration = Duration::from_secs(12);
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
/// Characters of a message that its notification shows.
pub const NOTIFICATION_EXCERPT_CHARS: usize = 200;
/// Unread notifications are counted up to this.
pub const UNREAD_NOTIFICATIONS: usize = 1_000;
/// How often at most a read mark of one user and room is written.
pub const MARK_INTERVAL: Duration = Duration::from_secs(60);
/// Read marks that a node writes concurrently.
pub const MARKS_AT_ONCE: usize = 32;
/// Read marks that a node caches in addition to those that wait to be written, and memberships that it caches.
pub const MARKS_KNOWN: usize = 50_000;
/// Rooms whose message counts and sizes a node caches.
pub const MARKED_ROOMS: usize = 20_000;
/// Entries of one room for which a node caches the count of messages up to them.
pub const COUNTS_PER_ROOM: usize = 32;
/// How long a node caches that a user is in a room. Bounds how late it notices a removal by another node.
pub const MEMBER_BELIEVED: Duration = Duration::from_secs(5);
/// How long a node caches that a room is small enough for read receipts.
pub const SMALL_BELIEVED: Duration = Duration::from_secs(60);
/// How long a node caches that a room is too large for read receipts.
pub const LARGE_BELIEVED: Duration = Duration::from_secs(600);
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
/// By how much the wall clock may differ from the elapsed time between two commits before a warning is logged.
pub const CLOCK_STEP: Duration = Duration::from_secs(120);
