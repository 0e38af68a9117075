//! Converts row writes to operations. Rows that only their own log writes need no condition: the position of the entry
//! is the condition for all of them.

use std::collections::BTreeMap;

use domain::{Entry, File, FileId, FileState, LogId, Room, RoomId, RowWrite, Seq, UserId};
use futures_util::StreamExt as _;
use futures_util::TryStreamExt as _;
use service::ports::StoreResult;

use super::log_item::LogItem;
use super::plan::{Otherwise, Planned, put_always};
use crate::item::{Item, flag, id, time, word};
use crate::keys;
use crate::op::{Change, Op, When};
use crate::rows::{self, NotificationState};
use crate::table_store::TableStore;

/// Items of one append that are read concurrently.
const READS_AT_ONCE: usize = 8;

impl TableStore {
    /// Plans the row writes of an append to a room's log.
    pub async fn plan_room(
        &self,
        room: RoomId,
        entries: &[Entry],
        row_writes: &[RowWrite],
    ) -> StoreResult<Vec<Planned>> {
        let mut planned = Vec::new();
        let (mut messages, mut files) = (Vec::new(), Vec::new());
        for row_write in row_writes {
            match row_write {
                RowWrite::Message(new) => messages.push(new),
                RowWrite::FileSent { .. } | RowWrite::FileDropped { .. } => files.push(row_write),
                RowWrite::Reactor { target, emoji, user, on, .. } => {
                    planned.push(there(keys::reactor(room, *target, emoji, *user), *on));
                }
                RowWrite::Pin { target, on } => planned.push(there(keys::pin(room, *target), *on)),
                RowWrite::Thread { root, seq } => planned.push(there(keys::in_thread(room, *root, *seq), true)),
                RowWrite::Member(row) => planned.push(Planned::or_again(rows::change_member(room, row))),
                RowWrite::Room(row) => planned.extend(self.plan_room_row(row).await?),
                own => debug_assert!(false, "{own:?} belongs to a user log"),
            }
        }
        planned.extend(self.plan_messages(room, &messages).await?);
        planned.extend(self.plan_files(room, entries, &files).await?);
        Ok(planned)
    }

    /// Plans the room's row, the claim of its slug, and its line in the directory.
    async fn plan_room_row(&self, new: &Room) -> StoreResult<Vec<Planned>> {
        let old = self.get(keys::room(new.id)).await?.map_or(Ok(None), |item| rows::room(&item))?;
        let mut planned = vec![Planned::or_again(rows::change_room(new))];
        let slug_of = |room: &Room| room.slug.as_ref().map(|slug| slug.as_str().to_owned());
        let (before, after) = (old.as_ref().and_then(slug_of), slug_of(new));
        let mine = || When::Is("rm", id(new.id.0));
        if before != after {
            if let Some(slug) = &after {
                let claim = Op::Put(rows::slug_item(slug, new.id), When::Any(vec![When::Absent, mine()]));
                planned.push(Planned { op: claim, otherwise: Otherwise::Taken("slug") });
            }
            if let Some(slug) = &before {
                planned.push(Planned::or_drop(Op::Delete(keys::slug(slug), mine())));
            }
        }
        let (before, after) = (old.as_ref().and_then(rows::directory_item), rows::directory_item(new));
        if before != after {
            let gone = before.map(|item| item.key()).transpose()?;
            let gone = gone.filter(|gone| after.as_ref().and_then(|item| item.key().ok()).as_ref() != Some(gone));
            planned.extend(gone.map(|key| Planned::or_drop(Op::Delete(key, mine()))));
            planned.extend(after.map(put_always));
        }
        Ok(planned)
    }

    /// Plans the new content of earlier messages, inside the items that contain them.
    async fn plan_messages(&self, room: RoomId, messages: &[&Entry]) -> StoreResult<Vec<Planned>> {
        let log = LogId::Room(room);
        let seqs: Vec<Seq> = messages.iter().map(|new| new.seq).collect();
        let reads = seqs.into_iter().map(|seq| self.item_with(log, seq)).collect::<Vec<_>>();
        let read: Vec<_> = futures_util::stream::iter(reads).buffered(READS_AT_ONCE).try_collect().await?;
        let mut items: BTreeMap<Seq, LogItem> = BTreeMap::new();
        for (new, item) in messages.iter().zip(read) {
            let Some(item) = item else { continue };
            let item = items.entry(item.first()).or_insert(item);
            let Some(old) = item.entry_mut(new.seq) else { continue };
            // A deleted message stays deleted, even if retention removed it while the change was decided.
            let gone = |entry: &Entry| entry.message().is_none_or(|message| message.deleted);
            if !gone(old) || (old.message().is_some() && gone(new)) {
                old.body = new.body.clone();
            }
        }
        Ok(items.into_values().map(|item| Planned::or_again(item.rewrite())).collect())
    }

    /// Plans the rows of files that messages contain now, or no longer.
    async fn plan_files(&self, room: RoomId, entries: &[Entry], row_writes: &[&RowWrite]) -> StoreResult<Vec<Planned>> {
        let of = |row_write: &&RowWrite| match row_write {
            RowWrite::FileSent { file, .. } | RowWrite::FileDropped { file } => Some(*file),
            _ => None,
        };
        let ids: Vec<FileId> = row_writes.iter().filter_map(of).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.get_all(ids.iter().map(|id| keys::file(*id)).collect()).await?;
        let before: BTreeMap<FileId, File> =
            found.iter().map(|item| rows::file(item).map(|file| (file.id, file))).collect::<StoreResult<_>>()?;
        let mut after = before.clone();
        for row_write in row_writes {
            match row_write {
                RowWrite::FileSent { file, seq } => {
                    let sender = entries.iter().find(|entry| entry.seq == *seq).map(|entry| entry.by);
                    let may = |file: &&mut File| {
                        file.state == FileState::Unsent && file.room == room && Some(file.user) == sender
                    };
                    if let Some(file) = after.get_mut(file).filter(may) {
                        file.state = FileState::Sent;
                        file.seq = Some(*seq);
                    }
                }
                RowWrite::FileDropped { file } => {
                    if let Some(file) = after.get_mut(file).filter(|file| file.room == room) {
                        file.state = FileState::Dropped;
                    }
                }
                _ => {}
            }
        }
        let changed = before.iter().filter(|(id, old)| after.get(id) != Some(old));
        Ok(changed.flat_map(|(id, old)| rows::moved(Some(old), after.get(id))).map(Planned::or_again).collect())
    }

    /// Plans the row writes of an append to a user log.
    pub async fn plan_own(
        &self,
        user: UserId,
        entries: &[Entry],
        row_writes: &[RowWrite],
    ) -> StoreResult<Vec<Planned>> {
        let seq = entries.last().map_or(0, |entry| entry.seq);
        let before = entries.first().map_or(0, |entry| entry.seq.saturating_sub(1));
        let mut planned = Vec::new();
        for row_write in row_writes {
            match row_write {
                RowWrite::UserRoom(row) if row.read_seq > 0 => {
                    // A higher mark stays: the row is written without it, unless the row is newer, too.
                    let without_mark = rows::change_user_room(user, row);
                    planned.push(Planned::or_else(rows::change_user_room_and_mark(user, row), without_mark));
                }
                RowWrite::UserRoom(row) => planned.push(Planned::or_drop(rows::change_user_room(user, row))),
                RowWrite::RoomSettings { room, level, quiet_until, hidden } => {
                    let quiet_until = quiet_until.map(time);
                    let own = Change::of(keys::user_room(user, *room)).set("lv", word(level)).set("hd", flag(*hidden));
                    let own = own.set_or_remove("qu", quiet_until.clone());
                    let member = Change::of(keys::member(*room, user)).set("lv", word(level));
                    let member = member.set_or_remove("qu", quiet_until);
                    planned.push(Planned::or_drop(Op::Update(own, When::Present)));
                    planned.push(Planned::or_drop(Op::Update(member, When::Present)));
                }
                RowWrite::Answer { room, request } => {
                    planned.push(Planned::or_drop(rows::change_request(user, *room, *request)));
                }
                RowWrite::Block { user: other, on: true } => {
                    planned.push(Planned::or_drop(Op::Put(Item::at(keys::block(user, *other)), When::Absent)));
                }
                RowWrite::Block { user: other, on: false } => {
                    planned.push(Planned::or_drop(Op::Delete(keys::block(user, *other), When::Present)));
                }
                RowWrite::Notification(new) => {
                    let item = rows::notification_item(user, new, seq);
                    planned.push(Planned::or_drop(Op::Put(item, When::Absent)));
                }
                RowWrite::NotificationChanged(new) => {
                    planned.push(Planned::or_drop(rows::notification_change(user, new)));
                }
                RowWrite::NotificationRead { key: None, at } => {
                    let state = self.get(keys::notification_state(user)).await?;
                    let state = NotificationState::of(state.as_ref())?;
                    // The notifications that this append announces record themselves whether they were read.
                    planned.push(Planned::or_again(state.read_all(user, before, *at)));
                }
                RowWrite::NotificationRead { key: Some(key), at } => {
                    planned.push(Planned::or_drop(rows::read_change(user, *key, seq, *at)));
                }
                RowWrite::NotificationDropped { key, expires } => {
                    planned.push(put_always(rows::mark(user, *key, *expires)));
                }
                other => debug_assert!(false, "{other:?} belongs to a room's log"),
            }
        }
        Ok(planned)
    }
}

/// Plans a row that means something by existing.
fn there(key: keys::Key, on: bool) -> Planned {
    match on {
        true => put_always(Item::at(key)),
        false => Planned::or_again(Op::Delete(key, When::Always)),
    }
}
