//! Files and the rows that list them.
//!
//! `bd` is the file in JSON, `st` its state. The lists: of a room the sent ones, of a user the unsent ones, and those
//! that may have to be removed. A file's lists follow from its state, so one function moves it.

use domain::{File, FileState, Timestamp};
use service::ports::StoreResult;
use stored::FileRecord;

use crate::item::{BODY, Item, decoded, id, json, word};
use crate::keys::{self, Key};
use crate::op::{Op, When};

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
