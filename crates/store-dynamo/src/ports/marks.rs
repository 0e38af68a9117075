//! Implements `Marks`. A mark only rises; readers ignore the mentions below it, which leave the row when it has no room
//! for others.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::limits::MENTIONS_PER_ROW;
use domain::{RoomId, Seq, UserId};
use service::ports::{MarkRow, MarkStore, StoreError, StoreResult};

use crate::item::{Item, number};
use crate::keys;
use crate::op::{Change, Op, When};
use crate::rows;
use crate::table_store::{TableStore, WriteError};

/// How often a full row is retried after old mentions were removed.
const ATTEMPTS: usize = 3;

/// Costs: a mark is one conditional write, even if it is too low. So is adding or removing a mention; in a row full of
/// mentions that were read since, two more.
#[async_trait]
impl MarkStore for TableStore {
    async fn mark_read(&self, user: UserId, room: RoomId, seq: Seq, n: u64) -> StoreResult<MarkRow> {
        let raised = Change::of(keys::user_room(user, room)).set("rs", number(seq));
        let lower = When::All(vec![When::Has("st"), less("rs", seq)]);
        let counted = When::All(vec![lower.clone(), When::Any(vec![When::Lacks("rn"), When::AtMost("rn", number(n))])]);
        let old = match self.update(Op::Update(raised.clone().set("rn", number(n)), counted)).await {
            Ok(row) => return mark(&row),
            Err(WriteError::Refused(which)) => which.into_iter().next().and_then(|(_, old)| old),
            Err(WriteError::Store(error)) => return Err(error),
        };
        let old = old.filter(|old| old.has("st")).ok_or(StoreError::NotFound)?;
        if old.number("rs")? >= seq {
            return mark(&old);
        }
        // If the count is lower than the stored one, the seq rises all the same, and the count never falls.
        match self.update(Op::Update(raised, lower)).await {
            Ok(row) => mark(&row),
            Err(WriteError::Refused(which)) => {
                let risen = which.into_iter().next().and_then(|(_, old)| old);
                risen.as_ref().map(mark).transpose()?.ok_or(StoreError::NotFound)
            }
            Err(WriteError::Store(error)) => Err(error),
        }
    }

    async fn add_mention(&self, user: UserId, room: RoomId, seq: Seq) -> StoreResult<()> {
        let key = keys::user_room(user, room);
        for _ in 0..ATTEMPTS {
            let added = Change::of(key.clone()).add("mn", set(&[seq]));
            let room_left = When::Fewer("mn", MENTIONS_PER_ROW);
            let when = When::All(vec![When::Has("st"), less("rs", seq), room_left]);
            let old = match self.write(vec![Op::Update(added, when)]).await {
                Ok(()) => return Ok(()),
                Err(WriteError::Refused(which)) => which.into_iter().next().and_then(|(_, old)| old),
                Err(WriteError::Store(error)) => return Err(error),
            };
            // There is no row, a higher mark, or no space.
            let Some(old) = old.filter(|old| old.has("st")) else { return Ok(()) };
            let read = old.number("rs")?;
            let over: Vec<Seq> = old.seqs("mn")?.into_iter().filter(|mention| *mention <= read).collect();
            if read >= seq || over.is_empty() {
                return Ok(());
            }
            let pruned = Change::of(key.clone()).delete("mn", set(&over));
            match self.write(vec![Op::Update(pruned, When::Has("mn"))]).await {
                Ok(()) | Err(WriteError::Refused(_)) => {}
                Err(WriteError::Store(error)) => return Err(error),
            }
        }
        Ok(())
    }

    async fn drop_mention(&self, user: UserId, room: RoomId, seq: Seq) -> StoreResult<()> {
        let dropped = Change::of(keys::user_room(user, room)).delete("mn", set(&[seq]));
        match self.write(vec![Op::Update(dropped, When::Has("mn"))]).await {
            Ok(()) | Err(WriteError::Refused(_)) => Ok(()),
            Err(WriteError::Store(error)) => Err(error),
        }
    }

    async fn marks(&self, room: RoomId, users: &[UserId]) -> StoreResult<Vec<(UserId, MarkRow)>> {
        let found = self.get_all(users.iter().map(|user| keys::user_room(*user, room)).collect()).await?;
        let mut marks = Vec::with_capacity(found.len());
        for row in found.iter().filter(|row| row.has("st")) {
            marks.push((keys::user_of(&row.key()?)?, mark(row)?));
        }
        Ok(marks)
    }
}

/// Returns the condition that the attribute is lower than `seq`, or was never set.
fn less(name: &'static str, seq: Seq) -> When {
    When::Any(vec![When::Lacks(name), When::Less(name, number(seq))])
}

fn set(seqs: &[Seq]) -> AttributeValue {
    AttributeValue::Ns(seqs.iter().map(Seq::to_string).collect())
}

fn mark(row: &Item) -> StoreResult<MarkRow> {
    Ok(MarkRow { read_seq: row.number("rs")?, read_n: row.number("rn")?, mentions: rows::mentions(row)? })
}
