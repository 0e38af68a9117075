//! Plans the operations for an append's row writes: one for each item, however many row writes change it.

use std::collections::HashMap;

use domain::{Entry, LogId, RowWrite};
use service::ports::StoreResult;

use crate::keys::Key;
use crate::op::{Change, Op, When};
use crate::table_store::TableStore;

/// What to do if an operation's condition does not hold.
#[derive(Debug, Clone, PartialEq)]
pub enum Otherwise {
    /// Nothing: the row is newer, or does not exist. The append continues without this operation.
    Drop,
    /// Report that a unique name is taken.
    Taken(&'static str),
    /// Read and plan again, because what was read has changed.
    Again,
    /// Try this operation instead, and drop it if its condition does not hold either.
    Instead(Box<Op>),
}

/// One operation of an append.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// The write.
    pub op: Op,
    /// What to do if its condition does not hold.
    pub otherwise: Otherwise,
}

impl Planned {
    /// Plans an operation that is dropped if its condition does not hold.
    pub fn or_drop(op: Op) -> Planned {
        Planned { op, otherwise: Otherwise::Drop }
    }

    /// Plans an operation with another one that replaces it if its condition does not hold.
    pub fn or_else(op: Op, instead: Op) -> Planned {
        Planned { op, otherwise: Otherwise::Instead(Box::new(instead)) }
    }

    /// Plans an operation that builds on what was read.
    pub fn or_again(op: Op) -> Planned {
        Planned { op, otherwise: Otherwise::Again }
    }
}

impl TableStore {
    /// Returns the operations for an append's row writes, based on the current rows.
    pub async fn plan(&self, log: LogId, entries: &[Entry], row_writes: &[RowWrite]) -> StoreResult<Vec<Planned>> {
        if row_writes.is_empty() {
            return Ok(Vec::new());
        }
        let planned = match log {
            LogId::Room(room) => self.plan_room(room, entries, row_writes).await?,
            LogId::User(user) => self.plan_own(user, entries, row_writes).await?,
        };
        Ok(fold(planned))
    }
}

/// Merges operations of the same item: DynamoDB refuses two in one transaction.
fn fold(planned: Vec<Planned>) -> Vec<Planned> {
    let mut folded: Vec<Planned> = Vec::with_capacity(planned.len());
    let mut places: HashMap<Key, usize> = HashMap::new();
    for next in planned {
        match places.get(&next.op.key()) {
            Some(&place) => {
                let earlier = &mut folded[place];
                if let Otherwise::Instead(instead) = &mut earlier.otherwise {
                    **instead = joined((**instead).clone(), next.op.clone());
                }
                earlier.op = joined(earlier.op.clone(), next.op);
            }
            None => {
                places.insert(next.op.key(), folded.len());
                folded.push(next);
            }
        }
    }
    folded
}

/// Merges the second operation into the first. The first one's condition remains: the second would have met what the
/// first wrote.
fn joined(first: Op, second: Op) -> Op {
    match (first, second) {
        (Op::Put(mut item, when), Op::Update(change, _)) => {
            for (name, value) in change.set {
                item.0.insert(name.to_owned(), value);
            }
            for name in change.remove {
                item.0.remove(name);
            }
            Op::Put(item, when)
        }
        (Op::Update(first, when), Op::Update(second, _)) => Op::Update(both(first, second), when),
        (first, Op::Put(item, _)) => Op::Put(item, first.when().clone()),
        (first, Op::Delete(key, _)) => Op::Delete(key, first.when().clone()),
        (Op::Delete(_, when), Op::Update(change, _)) => Op::Update(change, when),
    }
}

fn both(mut first: Change, second: Change) -> Change {
    let touched = |name: &str| second.remove.contains(&name) || second.set.iter().any(|(set, _)| *set == name);
    first.set.retain(|(name, _)| !touched(name));
    first.remove.retain(|name| !touched(name));
    first.set.extend(second.set);
    first.remove.extend(second.remove);
    first
}

/// Plans a put that is right whatever item exists.
pub fn put_always(item: crate::item::Item) -> Planned {
    Planned::or_again(Op::Put(item, When::Always))
}
