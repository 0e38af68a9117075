//! `RoomLog` in memory.

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::{Entry, EntryKey, Epoch, FileState, LogId, RoomId, RowWrite, Seq};
use service::ports::{
    AppendError, Appended, ChangedLogs, ChangesCursor, KeyRange, RoomLog, StoreError, StoreResult, Tip, cut_within,
    last_within,
};

use super::state::State;
use crate::{Fault, Flaw, MemoryStore, row_writes};

/// Bytes that other stores add to a text to store it.
const FORM_BYTES: usize = 50;

#[async_trait]
impl RoomLog for MemoryStore {
    async fn epoch(&self) -> StoreResult<Epoch> {
        Ok(self.up()?.epoch)
    }

    async fn tip(&self, log: LogId) -> StoreResult<Tip> {
        Ok(tip(&*self.up()?, log))
    }

    async fn append(&self, log: LogId, after: &Tip, entries: &[Entry], row_writes: &[RowWrite]) -> Appended {
        let most = self.state.lock().append_takes;
        if !most.is_zero() {
            let share = (uuid::Uuid::new_v4().as_u128() % 1_000) as f64 / 1_000.0;
            tokio::time::sleep(most.mul_f64(share)).await;
        }
        let fault = {
            let mut state = self.state.lock();
            if state.down { Some(Fault::Unavailable) } else { state.faults.pop_front() }
        };
        match fault {
            None => append(&mut self.state.lock(), log, after, entries, row_writes),
            Some(Fault::Unavailable) => Err(unavailable("a fault injected by the test")),
            Some(Fault::Unknown) => Err(AppendError::Unknown),
            Some(Fault::Panic) => panic!("a fault injected by the test"),
            Some(Fault::LostAnswer) => {
                let _lost = append(&mut self.state.lock(), log, after, entries, row_writes);
                Err(AppendError::Unknown)
            }
        }
    }

    async fn read(&self, log: LogId, from: Seq, to: Seq) -> StoreResult<Vec<Entry>> {
        let state = self.up()?;
        as_read(&state, log, entries(&state, log).filter(|entry| (from..=to).contains(&entry.seq)))
    }

    async fn read_within(&self, log: LogId, from: Seq, to: Seq, bytes: usize) -> StoreResult<Vec<Entry>> {
        let entries = self.read(log, from, last_within(from, to, bytes)).await?;
        let text = |entry: &Entry| entry.message().map_or(0, |message| message.text.as_str().len());
        Ok(cut_within(entries, bytes, |entry| FORM_BYTES + text(entry)))
    }

    async fn read_keys(&self, log: LogId, from: Seq, to: Seq) -> StoreResult<KeyRange> {
        let state = self.up()?;
        let entries = entries(&state, log).filter(|entry| (from..=to).contains(&entry.seq));
        let entries = entries.filter(|entry| state.flaws.get(&(log, entry.seq)) != Some(&Flaw::Missing));
        Ok(KeyRange::of(entries.map(EntryKey::from).collect()))
    }

    async fn read_back(&self, log: LogId, before: Seq, limit: usize) -> StoreResult<Vec<Entry>> {
        let state = self.up()?;
        let older = entries(&state, log).rev().filter(|entry| entry.seq < before);
        let mut page: Vec<Entry> = older.filter(|entry| entry.message().is_some()).take(limit).cloned().collect();
        page.reverse();
        Ok(page)
    }

    async fn read_forward(&self, log: LogId, after: Seq, limit: usize) -> StoreResult<Vec<Entry>> {
        let state = self.up()?;
        let newer = entries(&state, log).filter(|entry| entry.seq > after);
        Ok(newer.filter(|entry| entry.message().is_some()).take(limit).cloned().collect())
    }

    async fn messages(&self, log: LogId, seqs: &[Seq]) -> StoreResult<Vec<Entry>> {
        let state = self.up()?;
        Ok(entries(&state, log).filter(|e| e.message().is_some() && seqs.contains(&e.seq)).cloned().collect())
    }

    async fn messages_of(&self, places: &[(RoomId, Seq)]) -> StoreResult<Vec<(RoomId, Entry)>> {
        let state = self.up()?;
        let at = |(room, seq): &(RoomId, Seq)| {
            let found =
                entries(&state, LogId::Room(*room)).find(|entry| entry.seq == *seq && entry.message().is_some());
            Some((*room, found?.clone()))
        };
        let places: BTreeSet<&(RoomId, Seq)> = places.iter().collect();
        Ok(places.into_iter().filter_map(at).collect())
    }

    async fn changes(&self, cursor: Option<&ChangesCursor>) -> StoreResult<ChangedLogs> {
        let state = self.up()?;
        let since = match cursor {
            None => Some(state.appends),
            Some(cursor) => cursor.0.split_once('.').and_then(|(epoch, appends)| {
                let same = epoch.parse() == Ok(state.epoch);
                appends.parse().ok().filter(|appends| same && *appends <= state.appends)
            }),
        };
        let from = since.unwrap_or(state.appends);
        let changed = state.logs.iter().filter(|(_, log)| log.changed > from);
        Ok(ChangedLogs {
            epoch: state.epoch,
            logs: changed.map(|(id, log)| (*id, log.head().seq)).collect(),
            next: ChangesCursor(format!("{}.{}", state.epoch, state.appends)),
            lost: since.is_none(),
        })
    }

    async fn raise_floor(&self, log: LogId, floor: Seq) -> StoreResult<()> {
        let mut state = self.up()?;
        let Some(rows) = state.logs.get_mut(&log) else { return Ok(()) };
        let floor = floor.min(rows.head().seq);
        let mut files = Vec::new();
        for seq in rows.floor + 1..=floor {
            let entry = rows.at_mut(seq).expect("every seq up to the head has an entry");
            if let Some(message) = entry.message() {
                files.extend(message.files.iter().copied());
            }
            entry.body.blank();
        }
        rows.floor = rows.floor.max(floor);
        for file in files {
            if let Some(file) = state.files.get_mut(&file) {
                file.state = FileState::Dropped;
            }
        }
        Ok(())
    }

    async fn floor(&self, log: LogId) -> StoreResult<Seq> {
        Ok(self.up()?.logs.get(&log).map_or(0, |log| log.floor))
    }

    async fn all_logs(&self, after: Option<LogId>, limit: usize) -> StoreResult<Vec<(LogId, Seq)>> {
        let state = self.up()?;
        let page = state.logs.iter().filter(|(id, _)| after.is_none_or(|after| **id > after)).take(limit);
        Ok(page.map(|(id, log)| (*id, log.head().seq)).collect())
    }
}

fn unavailable(why: &str) -> AppendError {
    AppendError::Unavailable { why: why.into(), retry_ms: 100 }
}

fn entries(state: &State, log: LogId) -> std::slice::Iter<'_, Entry> {
    state.logs.get(&log).map_or([].iter(), |log| log.entries.iter())
}

/// Returns entries as a reader gets them, with the flaws that a test injected.
fn as_read<'a>(state: &State, log: LogId, entries: impl Iterator<Item = &'a Entry>) -> StoreResult<Vec<Entry>> {
    let mut read = Vec::new();
    for entry in entries {
        match state.flaws.get(&(log, entry.seq)) {
            None => read.push(entry.clone()),
            Some(Flaw::Missing) => {}
            Some(Flaw::Unreadable) => {
                return Err(StoreError::Unreadable { record: "row", why: "a flaw injected by the test".into() });
            }
        }
    }
    Ok(read)
}

fn tip(state: &State, log: LogId) -> Tip {
    let head = state.logs.get(&log).map(|log| log.head()).unwrap_or_default();
    Tip::from_store(state.epoch, head.seq, head.n, head.at)
}

fn append(state: &mut State, log: LogId, after: &Tip, new: &[Entry], row_writes: &[RowWrite]) -> Appended {
    if let Err(why) = after.check(new) {
        debug_assert!(false, "{why}");
        return Err(unavailable(&why));
    }
    if after.epoch() != state.epoch {
        return Err(AppendError::OtherEpoch);
    }
    if tip(state, log).seq() != after.seq() {
        return Err(AppendError::Conflict { slot: None });
    }
    row_writes::check(state, log, row_writes)?;
    state.appends += 1;
    let appends = state.appends;
    let rows = state.logs.entry(log).or_default();
    rows.changed = appends;
    rows.entries.extend(new.iter().cloned());
    row_writes::apply(state, log, new, row_writes);
    Ok(tip(state, log))
}
