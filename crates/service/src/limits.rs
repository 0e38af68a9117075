//! Limits of the use cases, the appender and the event feed. Limits of the product are in `domain::limits`.

use std::time::Duration;

use domain::limits::{REPLAY_ENTRIES, ROOM_NAME_CHARS};

/// The largest page of history, in messages.
pub const PAGE_MESSAGES: usize = 200;
/// Characters of the beginning of a room's name or slug that the directory is searched for: a name as some keyboards
/// send it, with each accent as a character of its own. No room is found by more.
pub const ROOM_PREFIX_CHARS: usize = 4 * ROOM_NAME_CHARS;
/// The size of a page of history if the caller gives none, in messages.
pub const PAGE_MESSAGES_DEFAULT: usize = 50;
/// Connections of one user that presence tracks. Further ones change nothing, since the user is present through these.
pub const PRESENCE_CONNECTIONS: usize = 128;
/// Users on one page of presence.
pub const PRESENCE_LIST: usize = 200;
/// Member rows that are examined for one page of a room's members.
pub const MEMBERS_LOOKED_AT: usize = 1_000;
/// Member rows that are examined for one list of presence.
pub const PRESENCE_LOOKED_AT: usize = 5_000;
/// Users whose presence one user may ask for in ten seconds. Each of them costs a look-up of the rooms that they share:
/// enough for several full lists in a row.
pub const PRESENCE_LOOK_UPS: u32 = 1_000;
/// Users whose look-ups of presence one node counts. Up to twice as many are remembered.
pub const PRESENCE_ASKING: usize = 10_000;
/// The longest name that a client without a socket gives itself, in bytes.
pub const PRESENCE_CLIENT: usize = 64;
/// Changes waiting in one log's appender. Further ones are refused as `overloaded`.
pub const APPENDER_QUEUE: usize = 4_096;
/// Entries in one append.
pub const APPEND_ENTRIES: usize = 512;
/// Entry keys that an appender keeps to look up retries. A look-up that reaches further down is a scan.
pub const APPENDER_WINDOW: usize = 512;
/// Entry keys that an appender keeps for a while after a scan. No look-up reaches further down.
pub const SCAN_KEYS: usize = REPLAY_ENTRIES as usize;
/// How long an appender keeps the keys of a scan, so that further retries do not read them again.
pub const SCAN_KEPT: Duration = Duration::from_secs(10);
/// Rows that an appender caches between two appends.
pub const APPENDER_ROWS: usize = 1_024;
/// Entry keys in one read when slow mode needs to know who sent when.
pub const WINDOW_STEP: u64 = 1_024;
/// Senders whose last message an appender remembers for slow mode. At least as many as the entries that slow mode looks
/// at, so that it never evicts a sender it still needs.
pub const SLOW_MODE_SENDERS: usize = REPLAY_ENTRIES as usize;
/// Users whose sends, joins and scans one node counts. Up to twice as many are remembered.
pub const RATED_USERS: usize = 50_000;
/// Bytes of entries that one page of a replay reads: as many as fit into a server frame of the default size.
pub const REPLAY_BYTES: usize = 64 * 1024;
/// Bytes that an entry counts in addition to its content in a read limited by bytes: the ids and names that a client
/// receives with it.
pub const ENTRY_BYTES: usize = 250;
/// Entry keys that count as one read unit in a store that reads them without the content.
pub const KEYS_PER_UNIT: u64 = 64;
/// Read units that count as one more scan for the user who caused them.
pub const SCAN_UNITS: u64 = 64;
/// The longest time that a user has to wait after scans, whatever they cost.
pub const SCAN_DEBT: Duration = Duration::from_secs(60);
/// How long a change waits for its answer before it is answered with `unavailable`.
pub const APPEND_DEADLINE: Duration = Duration::from_secs(3);
/// How long an idle appender stays in memory.
pub const APPENDER_IDLE: Duration = Duration::from_secs(60);
/// Consecutive lost appends after which an appender forwards waiting changes to the log's home node.
pub const FORWARD_LOSSES: u32 = 3;
/// How long it keeps forwarding before it tries to append again.
pub const FORWARD_STAY: Duration = Duration::from_secs(5);
/// Changes in one forward.
pub const FORWARD_CHANGES: usize = 128;
/// How long the home node has to answer. Then the appender appends itself.
pub const FORWARD_DEADLINE: Duration = Duration::from_millis(1_500);
/// How long a node without heartbeats counts as alive.
pub const NODE_LIFE: Duration = Duration::from_secs(15);
/// Shards of the event feed. Must never change: cursors hold the fence of their shard's lease.
pub const FEED_SHARDS: usize = 4;
/// Commits waiting for the event feed. Its sweep finds those that do not fit.
pub const FEED_QUEUE: usize = 4_096;
/// Rooms that the event feed keeps in memory.
pub const FEED_ROOMS: usize = 20_000;
/// Rooms that the event feed reads concurrently.
pub const FEED_ROOMS_AT_ONCE: usize = 64;
/// Cursors that the event feed writes concurrently.
pub const FEED_SAVES_AT_ONCE: usize = 32;
/// Entries in one batch for a consumer.
pub const FEED_BATCH: usize = 256;
/// User logs to which one consumer appends concurrently.
pub const FEED_USERS_AT_ONCE: usize = 32;
/// Users that one search by a part of a name examines; the next page continues after them.
pub const USERS_LOOKED_AT: usize = 5_000;
/// Users that such a search reads at once.
pub const USERS_READ_AT_ONCE: usize = 500;
/// How long a change of a user's own membership waits for their row of the room, at most; then the feed writes it.
pub const OWN_ROW_WAIT: Duration = Duration::from_secs(2);
/// The shortest interval between two writes of a room's cursors.
pub const FEED_SAVE_INTERVAL: Duration = Duration::from_secs(30);
/// How long a shard's lease lasts, and so how late the feed is after its node crashed.
pub const FEED_LEASE_LIFE: Duration = Duration::from_secs(30);
/// How often a lease is renewed, or requested while another node holds it.
pub const FEED_LEASE_RENEW: Duration = Duration::from_secs(10);
/// How often the event feed sweeps for rooms whose wake-up was lost.
pub const FEED_SWEEP_INTERVAL: Duration = Duration::from_secs(600);
/// How often the event feed checks its timers.
pub const FEED_TICK: Duration = Duration::from_millis(250);
/// Failures of one background task within [`TASK_FAILURE_WINDOW`] that end the process.
pub const TASK_FAILURES: usize = 5;
/// How long a failure of a background task counts.
pub const TASK_FAILURE_WINDOW: Duration = Duration::from_secs(600);
/// The longest pause before the first restart of a background task. Doubles with each further failure.
pub const TASK_RESTART_FIRST: Duration = Duration::from_secs(1);
/// The longest pause before any restart.
pub const TASK_RESTART_LONGEST: Duration = Duration::from_secs(30);
/// Consecutive calls to a server without an answer after which further ones fail at once.
pub const CIRCUIT_FAILURES: u32 = 5;
/// The longest pause before the first probe of a server that does not answer. Doubles with each failed probe.
pub const CIRCUIT_PAUSE_FIRST: Duration = Duration::from_millis(500);
/// The longest pause before any probe.
pub const CIRCUIT_PAUSE_LONGEST: Duration = Duration::from_secs(4);
/// How long until a probe counts as lost: longer than a call may take.
pub const CIRCUIT_PROBE_LIFE: Duration = Duration::from_secs(5);
/// Retries to one server that are allowed without an answer in between.
pub const RETRIES_SAVED: u32 = 100;
/// Answers of a server that earn one further retry.
pub const ANSWERS_PER_RETRY: u32 = 10;
/// Stopped rooms (with consumers) that the feed remembers.
pub const FEED_TROUBLES: usize = 64;
/// How long a room has to be stopped before the feed counts as failing.
pub const FEED_TROUBLE_AFTER: Duration = Duration::from_secs(10);
/// How long until a stopped room without another try no longer counts: longer than the feed's longest pause and a run.
pub const FEED_TROUBLE_FORGOTTEN: Duration = Duration::from_secs(90);
/// How often, after a failed write, another one is made to find out whether writes work.
pub const WRITE_PROBE_INTERVAL: Duration = Duration::from_secs(10);
/// Commits of a function that wait for the bus. Other nodes read further ones from the log.
pub const PUBLISH_QUEUE: usize = 4_096;
/// How long until a repeated log line about the same failure is written again, however many requests meet it.
pub const SAME_TROUBLE: Duration = Duration::from_secs(10);
/// How long until a log line about a failure with another text is written.
pub const OTHER_TROUBLE: Duration = Duration::from_secs(1);
/// How often a node asks which logs changed, normally and while the bus is down.
pub const CHANGES_INTERVAL: Duration = Duration::from_secs(5);
/// Addresses (and names, at sign-in) whose recent calls are counted.
pub const ADDRESSES: usize = 50_000;
/// Passwords waiting to be hashed. Further ones are refused as `overloaded`.
pub const PASSWORD_QUEUE: usize = 128;
/// How long a password waits to be hashed before it is refused as `overloaded`.
pub const PASSWORD_WAIT: Duration = Duration::from_secs(8);
/// The longest that a sign-in takes, whatever it waits for, before it is refused as `unavailable`.
pub const SIGN_IN_DEADLINE: Duration = Duration::from_secs(12);
/// Sessions of one user. A further sign-in ends the oldest.
pub const SESSIONS_PER_USER: usize = 100;
/// How long a process caches that a session is valid before it asks the store again.
pub const SESSION_BELIEVED: Duration = Duration::from_secs(5);
/// Ended sessions (and users) that a node remembers until their access tokens expire.
pub const ENDED_SESSIONS: usize = 100_000;
/// The longest device name, in characters.
pub const DEVICE_CHARS: usize = 128;
/// The longest access token, in bytes.
pub const ACCESS_TOKEN_BYTES: usize = 2 * 1024;
/// How many access tokens a process keeps whose signature it has verified.
pub const VERIFIED_TOKENS: usize = 20_000;
/// The lifetime of a one-time ticket.
pub const TICKET_LIFE: Duration = Duration::from_secs(30);
/// The lifetime of an access token.
pub const ACCESS_TOKEN_LIFE: Duration = Duration::from_secs(15 * 60);
/// How often a process reports what it admitted to the counter that processes share.
pub const REPORT_INTERVAL: Duration = Duration::from_millis(100);
/// Keys of one limit in one report. What others do is counted by each process alone.
pub const REPORTED_KEYS: usize = 10_000;
/// Keys of one limit that are reported concurrently.
pub const REPORTED_AT_ONCE: usize = 64;
/// How long until as many wrong guesses for one account are admitted again, from one address or device, as an operator
/// allows an address in a minute.
pub const GUESSES_PERIOD: Duration = Duration::from_secs(15 * 60);
/// How many times as many wrong guesses for one account are admitted from all addresses together, except from devices
/// that the account has signed in from.
pub const ALL_GUESSES_TIMES: u32 = 10;
/// How long until as many are admitted again. Two addresses cannot use up what is admitted in it.
pub const ALL_GUESSES_PERIOD: Duration = Duration::from_secs(3600);
/// How long a device that an account has signed in from stays known without another sign-in. Browsers keep no cookie for
/// longer.
pub const DEVICE_MARK_LIFE: Duration = Duration::from_secs(400 * 24 * 3600);
/// The longest mark of a device, in characters.
pub const DEVICE_MARK_CHARS: usize = 128;
/// The fewest characters by which a guest finds users: a guest finds who is known, and cannot list everyone.
pub const GUEST_SEARCH_CHARS: usize = 3;
/// Users that a guest finds at most.
pub const GUEST_SEARCH_USERS: usize = 10;
/// The lifetime of a link with which a user chooses a new password.
pub const RESET_LIFE: Duration = Duration::from_secs(24 * 3600);
/// The longest token of such a link, in bytes.
pub const RESET_TOKEN_BYTES: usize = 128;
/// Accounts on one page of the list for admins.
pub const ACCOUNTS_PER_PAGE: usize = 100;
/// Accounts whose sessions are looked up concurrently for the list.
pub const ACCOUNTS_AT_ONCE: usize = 8;
/// How long after its beginning the deletion of an account is finished: longer than the feed takes to write what the user
/// did last.
pub const DELETION_SETTLES: Duration = Duration::from_secs(60);
/// How long a call that deletes an account waits for what follows. That goes on after the answer.
pub const DELETION_WAIT: Duration = Duration::from_secs(5);
/// How often deletions of accounts are continued.
pub const DELETIONS_INTERVAL: Duration = Duration::from_secs(60);
/// Deletions of accounts that are continued together.
pub const DELETIONS_AT_ONCE: usize = 100;
/// Member rows that are examined for the next owner of a room.
pub const SUCCESSORS_LOOKED_AT: usize = 10_000;
/// Entries whose keys are read together to find the messages of a deleted account.
pub const MESSAGES_SCANNED: u64 = 1_024;
/// Messages of a deleted account that are deleted concurrently.
pub const MESSAGES_DELETED_AT_ONCE: usize = 64;
/// Members of a deleted room who are removed concurrently.
pub const MEMBERS_REMOVED_AT_ONCE: usize = 64;
/// How long a record of the audit log is kept.
pub const AUDIT_LIFE: Duration = Duration::from_secs(400 * 24 * 3600);
/// The lifetime of a session without a refresh.
pub const SESSION_LIFE: Duration = Duration::from_secs(30 * 24 * 3600);
/// How far the clocks of nodes may differ when a token is checked.
pub const TOKEN_LEEWAY: Duration = Duration::from_secs(60);
/// How long an unsent file is kept.
pub const UNSENT_FILE_LIFE: Duration = Duration::from_secs(24 * 3600);
/// Characters of a message that its notification shows.
pub const NOTIFICATION_EXCERPT_CHARS: usize = 200;
/// The number up to which unread notifications are counted.
pub const UNREAD_NOTIFICATIONS: usize = 1_000;
/// The entries of a user's log among which a retried post of a notification is found, if its key does not say when it was
/// made.
pub const RETRIED_NOTIFICATION_ENTRIES: u64 = 1_000;
/// The shortest interval between two writes of one user's read mark in a room.
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
/// Files that one user may have uploaded but not sent.
pub const UNSENT_FILES_PER_USER: usize = 100;
/// Pictures that are decoded concurrently.
pub const PICTURES_AT_ONCE: usize = 2;
/// The largest picture, in pixels. Larger ones are refused before they are decoded.
pub const PICTURE_PIXELS: u64 = 50_000_000;
/// The largest picture that is measured and gets a thumbnail, in bytes. A larger one is treated like any other file,
/// since a picture is entirely in memory while it is decoded.
pub const PICTURE_BYTES: u64 = 32 * 1024 * 1024;
/// The largest colour profile in a PNG, in bytes: as stored, and inflated. A larger one is removed from the picture.
pub const COLOUR_PROFILE_BYTES: u64 = 4 * 1024 * 1024;
/// The most parts that a picture's copy without metadata consists of. A picture with more is malformed.
pub const METADATA_PARTS: usize = 100_000;
/// How long a client may take to begin a transfer directly from or to the blob store.
pub const PRESIGNED_LIFE: Duration = Duration::from_secs(5 * 60);
/// Uploads directly to the blob store that one user may begin in a minute, on one node.
pub const PRESIGNS_PER_MINUTE: u32 = 60;
/// Users whose direct uploads are counted.
pub const PRESIGNING_USERS: usize = 10_000;
/// The longer side of a thumbnail, in pixels.
pub const THUMBNAIL_SIDE: u32 = 480;
/// By how much the wall clock may differ from the elapsed time between two commits before a warning is logged.
pub const CLOCK_STEP: Duration = Duration::from_secs(120);
/// Guests of the older contract whom one address may name for the first time, or rename, in a minute.
pub const COMPAT_GUESTS_PER_MINUTE: u32 = 120;
/// Rooms that one address may create in an hour without a token.
pub const COMPAT_ROOMS_PER_HOUR: u32 = 60;
/// Notifications that one address may post or change in a minute without a token.
pub const COMPAT_NOTIFICATIONS_PER_MINUTE: u32 = 240;
/// Files that one address may upload in a minute without a token.
pub const COMPAT_UPLOADS_PER_MINUTE: u32 = 60;
/// Heartbeats and typing signals of one address in ten seconds without a token.
pub const COMPAT_SIGNALS_PER_10S: u32 = 200;
/// Rooms that the older contract lists at most: it has no pages.
pub const COMPAT_ROOMS_LISTED: usize = 1_000;
/// Rooms whose first entry is read concurrently for that list.
pub const COMPAT_ROOMS_READ_AT_ONCE: usize = 16;
/// Guests of the older contract who are looked at to find those who are online.
pub const COMPAT_GUESTS_LOOKED_AT: usize = 5_000;
/// Public rooms whose members are looked at for the same.
pub const COMPAT_ROOMS_WATCHED: usize = 100;
/// Notifications that one answer of the older contract holds at most.
pub const COMPAT_NOTIFICATIONS: usize = 200;
/// Files that one answer of the older contract lists at most.
pub const COMPAT_FILES: usize = 200;
