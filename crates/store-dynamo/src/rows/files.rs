//! Files and the rows that list them.
//!
//! `bd` is the file in JSON, `st` its state. The lists: of a room the sent ones, of a user the unsent ones, and those
//! that may have to be removed. A file's lists follow from its state, so one function moves it.
//!
//! `by` of a usage item is the bytes of a user's files, or of all files.

use domain::{File, FileState, Timestamp, UserId};
use service::ports::{Quota, StoreResult};
use stored::FileRecord;

use crate::item::{BODY, Item, decoded, difference, id, json, number, word};
use crate::keys::{self, Key};
use crate::op::{Change, Op, When};

/// Returns a file's row.
pub fn file_item(file: &File) -> Item {
    Item::at(keys::file(file.id)).with(BODY, json(&FileRecord(file.clone()))).with("st", word(&file.state))
}

/// Decodes a file.
pub fn file(item: &Item) -> StoreResult<File> {
    decoded("file", item, |item| Ok(item.json::<FileRecord>(BODY)?.0))
}

/// Returns the writes that change `old` to `new`, including the lists: refused (at the first operation) unless the row
/// still has the state of `old`, or still does not exist. `None` as `new` removes the row.
pub fn moved(old: Option<&File>, new: Option<&File>) -> Vec<Op> {
    let when = old.map_or(When::Absent, |old| When::Is("st", word(&old.state)));
    let Some(any) = new.or(old) else { return Vec::new() };
    let row = match new {
        Some(new) => Op::Put(file_item(new), when),
        None => Op::Delete(keys::file(any.id), when),
    };
    let (before, after) = (old.map(lists).unwrap_or_default(), new.map(lists).unwrap_or_default());
    let gone = before.iter().filter(|key| !after.contains(key));
    let came = after.iter().filter(|key| !before.contains(key));
    let gone = gone.map(|key| Op::Delete(key.clone(), When::Always));
    let came = came.map(|key| Op::Put(line(key.clone(), any), When::Always));
    std::iter::once(row).chain(gone).chain(came).collect()
}

/// The attribute of a usage item.
const BYTES: &str = "by";

/// Returns the writes that count a change of a file's bytes: those of its user, then those of all. If there are more than
/// before, they are refused unless they, or at least `least` bytes, fit into the quota. None, if nothing changes.
pub fn charged(old: Option<&File>, new: Option<&File>, least: u64, quota: Quota) -> Vec<Op> {
    let Some(user) = new.or(old).map(|file| file.user) else { return Vec::new() };
    let bytes = |file: Option<&File>| file.map_or(0, File::counted_bytes);
    let (before, after) = (bytes(old), bytes(new));
    let needed = after.saturating_sub(before).max(least);
    if after == before && needed == 0 {
        return Vec::new();
    }
    let change = |key, most: u64| {
        let when = match most.checked_sub(needed) {
            _ if needed == 0 || most == u64::MAX => When::Always,
            Some(most) => When::Any(vec![When::Lacks(BYTES), When::AtMost(BYTES, number(most))]),
            // Not even the first bytes fit.
            None => When::All(vec![When::Has(BYTES), When::Lacks(BYTES)]),
        };
        Op::Update(Change::of(key).add(BYTES, difference(before, after)), when)
    };
    vec![change(keys::usage(Some(user)), quota.user), change(keys::usage(None), quota.all)]
}

/// Returns the item that counts the bytes of a user, or of all.
pub fn usage_item(owner: Option<UserId>, bytes: u64) -> Item {
    Item::at(keys::usage(owner)).with(BYTES, number(bytes))
}

/// Returns how many bytes a usage item counts; none if it does not exist.
pub fn used(item: Option<&Item>) -> StoreResult<u64> {
    Ok(item.filter(|item| item.has(BYTES)).map_or(Ok(0), |item| item.int(BYTES))?.max(0).unsigned_abs())
}

/// Returns a line of a list. A room's line contains the whole file, which does not change while it is sent, so a page
/// of files is one read. The others are only used by the owner or a sweep.
fn line(key: Key, file: &File) -> Item {
    let line = Item::at(key).with("fi", id(file.id.0));
    match file.state {
        FileState::Sent => line.with(BODY, json(&FileRecord(file.clone()))),
        _ => line,
    }
}

/// Returns the lists that a file is in.
fn lists(file: &File) -> Vec<Key> {
    match file.state {
        FileState::Uploading | FileState::Unsent => {
            vec![keys::unsent(file.at, file.id), keys::user_file(file.user, file.at, file.id)]
        }
        FileState::Sent => vec![keys::room_file(file.room, file.at, file.id)],
        // Sorts before every other: a dropped file may be removed whatever its age.
        FileState::Dropped => vec![keys::unsent(Timestamp(0), file.id)],
    }
}
