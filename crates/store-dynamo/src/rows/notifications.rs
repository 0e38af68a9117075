//! Notifications, their tombstones, and when all were read.
//!
//! `bd` is the notification in JSON, `ls` the seq of the user log that announced it, `rd` when it was read by itself
//! and `rq` the seq that said so; `go` marks the tombstone of a deleted one.
//!
//! "All are read" writes one row, whatever the number of notifications: what it covers follows from the order of the
//! user log, not from times, which two nodes may see differently.

use domain::{Notification, NotificationKey, Seq, Timestamp, UserId};
use service::ports::StoreResult;
use stored::NotificationRecord;

use crate::item::{BODY, Item, decoded, flag, json, number, time};
use crate::keys;
use crate::op::{Change, Op, When};

/// Times of "all are read" that are kept; a notification older than these may show a later time.
const KEPT: usize = 50;

/// When all notifications were read: at which seq of the user log, and when.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NotificationState {
    moments: Vec<(Seq, Timestamp)>,
    rev: Option<u64>,
}

impl NotificationState {
    /// Decodes the state from its row, if there is one.
    pub fn of(item: Option<&Item>) -> StoreResult<NotificationState> {
        let Some(item) = item else { return Ok(NotificationState::default()) };
        Ok(NotificationState { moments: item.json(BODY)?, rev: item.number_or_none("rv")? })
    }

    /// Marks everything that the user log announced up to `upto` as read.
    pub fn read_all(mut self, user: UserId, upto: Seq, at: Timestamp) -> Op {
        self.moments.push((upto, at));
        let over = self.moments.len().saturating_sub(KEPT);
        self.moments.drain(..over);
        let item = Item::at(keys::notification_state(user)).with(BODY, json(&self.moments));
        let item = item.with("rv", number(self.rev.unwrap_or_default() + 1));
        Op::Put(item, When::same("rv", self.rev.map(number)))
    }

    /// Returns when all were last read.
    pub fn last(&self) -> Option<Timestamp> {
        self.moments.last().map(|(_, at)| *at)
    }

    /// Returns when everything announced at `seq` was first read with all others, and which seq said so.
    fn covers(&self, seq: Seq) -> Option<(Seq, Timestamp)> {
        self.moments.iter().find(|(upto, _)| *upto >= seq).copied()
    }
}

/// Returns a notification that the user log announces at `seq`.
pub fn notification_item(user: UserId, new: &Notification, seq: Seq) -> Item {
    let item = Item::at(keys::notification(user, new.key))
        .with(BODY, json(&NotificationRecord(new.clone())))
        .with("ls", number(seq));
    match new.read_at {
        Some(at) => item.with("rd", time(at)).with("rq", number(0)),
        None => item,
    }
}

/// Returns the update of a notification's content, unless it was deleted. Whether it was read stays.
pub fn notification_change(user: UserId, new: &Notification) -> Op {
    Op::Update(
        Change::of(keys::notification(user, new.key)).set(BODY, json(&NotificationRecord(new.clone()))),
        When::Has("ls"),
    )
}

/// Returns the update that marks one as read, unless it was already, or was deleted.
pub fn read_change(user: UserId, key: NotificationKey, seq: Seq, at: Timestamp) -> Op {
    let change = Change::of(keys::notification(user, key)).set("rd", time(at)).set("rq", number(seq));
    Op::Update(change, When::All(vec![When::Has("ls"), When::Lacks("rd")]))
}

/// Returns the tombstone of a deleted notification, which is removed after `expires`.
pub fn mark(user: UserId, key: NotificationKey, expires: Timestamp) -> Item {
    Item::at(keys::notification(user, key)).with("go", flag(true)).expires(expires)
}

/// Returns whether the item is a tombstone.
pub fn is_mark(item: &Item) -> bool {
    item.flag("go")
}

/// Decodes a notification; `None` for a tombstone.
pub fn notification(item: &Item, state: &NotificationState) -> StoreResult<Option<Notification>> {
    if is_mark(item) {
        return Ok(None);
    }
    let mut found = decoded("notification", item, |item| Ok(item.json::<NotificationRecord>(BODY)?.0))?;
    let alone = match item.time_or_none("rd")? {
        Some(at) => Some((item.number("rq")?, at)),
        None => None,
    };
    let with_all = state.covers(item.number("ls")?);
    found.read_at = alone.into_iter().chain(with_all).min_by_key(|(seq, _)| *seq).map(|(_, at)| at);
    Ok(Some(found))
}
