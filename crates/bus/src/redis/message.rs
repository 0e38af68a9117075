//! The form of a bus message on Redis, and the names of its channels.
//!
//! Never fails on what a later release sends: an unknown message is skipped, because it is only a hint.
//!
//! A message is `version, kind, origin (8 bytes), body`. The origin identifies the sender, so that a node drops its own
//! messages unread; the body is JSON, a commit's in the form of `stored`. The channel's name contains the log.

use crate::limits::BUS_MESSAGE_BYTES;
use domain::{Entry, Epoch, LogId, RoomId, Seq, UserId};
use serde::{Deserialize, Serialize};
use service::ports::{BusMessage, Committed, Heard, Mark, Typing};
use stored::CommitRecord;

/// The version that this release writes and reads. Others are skipped.
const VERSION: u8 = 1;
/// The bytes before the body.
const HEADER: usize = 10;

const COMMITTED: u8 = b'c';
const HEAD: u8 = b'h';
const TYPING: u8 = b't';
const MARK: u8 = b'm';

/// The sender's id: random for each process, so that two processes configured with the same name still hear each other.
pub type Origin = u64;

/// The result of reading a payload.
#[derive(Debug, PartialEq)]
pub enum Read {
    /// A message of another node.
    Heard(Heard),
    /// A message of this node.
    Own,
    /// A message of a release that this one does not understand.
    Foreign,
}

#[derive(Serialize, Deserialize)]
struct HeadBody {
    epoch: u64,
    head: Seq,
}

#[derive(Serialize, Deserialize)]
struct TypingBody {
    room: RoomId,
    user: UserId,
    on: bool,
}

#[derive(Serialize, Deserialize)]
struct MarkBody {
    room: RoomId,
    user: UserId,
    seq: Seq,
    n: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    mentions: Vec<Seq>,
}

/// Returns the channel of a log.
pub fn channel(prefix: &str, log: LogId) -> String {
    format!("{prefix}:{log}")
}

/// Returns the log of a channel.
pub fn log_of(prefix: &str, channel: &[u8]) -> Option<LogId> {
    let rest = channel.strip_prefix(prefix.as_bytes())?.strip_prefix(b":")?;
    std::str::from_utf8(rest).ok()?.parse().ok()
}

/// Encodes a message. A commit that is too large for the bus is sent as its head only.
pub fn write(origin: Origin, message: &BusMessage) -> Vec<u8> {
    match message {
        BusMessage::Committed(committed) => {
            let payload =
                packed(origin, COMMITTED, &CommitRecord::new(committed.epoch, &committed.entries, &committed.texts));
            if payload.len() <= BUS_MESSAGE_BYTES {
                return payload;
            }
            let head = committed.entries.last().map_or(0, |entry| entry.seq);
            packed(origin, HEAD, &HeadBody { epoch: committed.epoch.0, head })
        }
        BusMessage::Head { epoch, head, .. } => packed(origin, HEAD, &HeadBody { epoch: epoch.0, head: *head }),
        BusMessage::Typing(Typing { room, user, on }) => {
            packed(origin, TYPING, &TypingBody { room: *room, user: *user, on: *on })
        }
        BusMessage::Mark(mark) => {
            let Mark { room, user, seq, n, mentions } = mark.clone();
            packed(origin, MARK, &MarkBody { room, user, seq, n, mentions })
        }
    }
}

/// Decodes a payload received on the channel of `log`.
pub fn read(me: Origin, log: LogId, payload: &[u8]) -> Read {
    let Some((header, body)) = payload.split_at_checked(HEADER) else { return Read::Foreign };
    if header[0] != VERSION {
        return Read::Foreign;
    }
    if header[2..] == me.to_be_bytes() {
        return Read::Own;
    }
    let message = match header[1] {
        COMMITTED => parsed(body).and_then(|record: CommitRecord| {
            let (epoch, entries, texts) = record.into_parts();
            let follow = |pair: &[Entry]| pair[0].seq.checked_add(1) == Some(pair[1].seq);
            let is_commit = !entries.is_empty() && entries.windows(2).all(follow);
            is_commit.then(|| BusMessage::Committed(Committed { log, epoch, entries: entries.into(), texts }))
        }),
        HEAD => parsed(body).map(|HeadBody { epoch, head }| BusMessage::Head { log, epoch: Epoch(epoch), head }),
        TYPING => parsed(body).map(|TypingBody { room, user, on }| BusMessage::Typing(Typing { room, user, on })),
        MARK => parsed(body)
            .map(|MarkBody { room, user, seq, n, mentions }| BusMessage::Mark(Mark { room, user, seq, n, mentions })),
        _ => None,
    };
    message.map_or(Read::Foreign, |message| Read::Heard(Heard { log, message }))
}

fn packed(origin: Origin, kind: u8, body: &impl Serialize) -> Vec<u8> {
    let mut payload = Vec::with_capacity(512);
    payload.extend([VERSION, kind]);
    payload.extend(origin.to_be_bytes());
    serde_json::to_writer(&mut payload, body).expect("these types have text keys and write into memory");
    payload
}

fn parsed<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Option<T> {
    serde_json::from_slice(body).ok()
}

#[cfg(test)]
mod tests;
