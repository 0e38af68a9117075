//! An item of a log: one entry, or a chunk of several that were committed together.
//!
//! Its sort key is the seq of its first entry. `en` are the entries, `to` is the seq of the last one, `wt` a mark of
//! the append that wrote it, `rv` how often it was rewritten. The fields of an entry have one letter since there may be
//! many: `b` by, `i` id, `t` time, `n` messages so far, `v` the version of the form if it is not the first; and `x` the
//! text of a message that has nothing else, or `k` any other body in JSON.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::entry::ENTRY_VERSION;
use domain::text::MessageText;
use domain::{Body, Entry, EntryId, EntryKey, LogId, Message, Seq, Timestamp, UserId};
use service::ports::{StoreResult, note_unreadable};
use uuid::Uuid;

use crate::item::{Item, SK, bytes, id, number, size, text, time, unreadable};
use crate::keys;
use crate::op::{Op, When};

/// Bytes of an item that short entries share: four write units.
pub const CHUNK_BYTES: usize = 4_096;
/// The same for an append of so many rows that its entries must use few of a transaction's operations: a new room with
/// many members.
pub const BIG_CHUNK_BYTES: usize = 128 * 1_024;
/// The attribute of the entries.
const ENTRIES: &str = "en";
/// The attribute of the last entry's seq.
pub const LAST: &str = "to";
/// The attribute of the append that wrote the item.
const MARK: &str = "wt";
/// The attribute of how often it was rewritten.
const REV: &str = "rv";

/// Distinguishes one append's items from those of every other.
pub type Mark = [u8; 8];

/// An item of a log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogItem {
    log: LogId,
    /// The entries, at least one.
    pub entries: Vec<Entry>,
    mark: Vec<u8>,
    rev: Option<u64>,
}

impl LogItem {
    /// Packs the entries of an append into items: short ones share an item of up to `chunk` bytes.
    pub fn pack(log: LogId, entries: &[Entry], mark: Mark, chunk: usize) -> Vec<LogItem> {
        let of = |entries: &[Entry]| LogItem { log, entries: entries.to_vec(), mark: mark.to_vec(), rev: None };
        let bare = |first: Seq| Item::at(keys::entries(log, first)).size() + 40;
        let (mut items, mut from, mut filled) = (Vec::new(), 0, 0);
        for (index, entry) in entries.iter().enumerate() {
            let bytes = 1 + size(&encode(entry));
            if index > from && filled + bytes > chunk {
                items.push(of(&entries[from..index]));
                (from, filled) = (index, 0);
            }
            if index == from {
                filled = bare(entry.seq);
            }
            filled += bytes;
        }
        items.push(of(&entries[from..]));
        items
    }

    /// Decodes an item that was read.
    pub fn read(log: LogId, item: &Item) -> StoreResult<LogItem> {
        let first: Seq = item.parsed(SK)?;
        let Some(AttributeValue::L(list)) = item.0.get(ENTRIES) else {
            return Err(unreadable(ENTRIES, "it is not a list"));
        };
        let entries =
            (first..).zip(list).map(|(seq, entry)| decode(log, seq, entry)).collect::<StoreResult<Vec<_>>>()?;
        if entries.is_empty() {
            return Err(unreadable(ENTRIES, "it is empty"));
        }
        Ok(LogItem { log, entries, mark: item.bytes(MARK)?.to_vec(), rev: item.number_or_none(REV)? })
    }

    /// Returns the keys of an item's entries, without decoding their content.
    pub fn read_keys(item: &Item) -> StoreResult<Vec<EntryKey>> {
        let first: Seq = item.parsed(SK)?;
        let Some(AttributeValue::L(list)) = item.0.get(ENTRIES) else {
            return Err(unreadable(ENTRIES, "it is not a list"));
        };
        (first..).zip(list).map(|(seq, entry)| decode_key(seq, entry)).collect()
    }

    /// Returns the seq of its first entry.
    pub fn first(&self) -> Seq {
        self.entries[0].seq
    }

    /// Returns its last entry.
    pub fn last(&self) -> &Entry {
        self.entries.last().expect("an item has at least one entry")
    }

    /// Returns whether the append with this mark wrote it.
    pub fn is_marked(&self, mark: Mark) -> bool {
        self.mark == mark
    }

    /// Returns the entry at `seq`, if it is in this item.
    pub fn entry_mut(&mut self, seq: Seq) -> Option<&mut Entry> {
        let index = usize::try_from(seq.checked_sub(self.first())?).ok()?;
        self.entries.get_mut(index)
    }

    /// Returns the operation that writes it, if no item exists there yet.
    pub fn insert(&self) -> Op {
        Op::Put(self.item(), When::Absent)
    }

    /// Returns the operation that overwrites the version that was read, unless another process has rewritten it since.
    pub fn rewrite(mut self) -> Op {
        let read = self.rev.map(number);
        self.rev = Some(self.rev.unwrap_or_default() + 1);
        Op::Put(self.item(), When::same(REV, read))
    }

    fn item(&self) -> Item {
        Item::at(keys::entries(self.log, self.first()))
            .with(ENTRIES, AttributeValue::L(self.entries.iter().map(encode).collect()))
            .with(LAST, number(self.last().seq))
            .with(MARK, bytes(self.mark.clone()))
            .with_some(REV, self.rev.map(number))
    }
}

/// Returns how many bytes an entry takes in its item.
pub fn entry_size(entry: &Entry) -> usize {
    size(&encode(entry))
}

fn encode(entry: &Entry) -> AttributeValue {
    let mut map = HashMap::from([
        ("b".to_owned(), id(entry.by.0)),
        ("i".to_owned(), id(entry.id.0)),
        ("t".to_owned(), time(entry.at)),
        ("n".to_owned(), number(entry.n)),
    ]);
    match &entry.body {
        Body::Message(content) if *content == Message::of(content.text.clone(), entry.seq) => {
            map.insert("x".to_owned(), text(content.text.as_str()));
        }
        body => {
            map.insert("k".to_owned(), text(stored::encode_body(body)));
        }
    }
    if entry.v != ENTRY_VERSION {
        map.insert("v".to_owned(), number(entry.v.into()));
    }
    AttributeValue::M(map)
}

/// Decodes an entry. If a body cannot be decoded, only that entry is unreadable and the log goes on after it.
fn decode(log: LogId, seq: Seq, entry: &AttributeValue) -> StoreResult<Entry> {
    let AttributeValue::M(map) = entry else { return Err(unreadable(ENTRIES, "an entry is not a map")) };
    let map = EntryMap(map);
    let v = match map.0.contains_key("v") {
        true => u16::try_from(map.int("v")?).map_err(|why| unreadable("v", why))?,
        false => ENTRY_VERSION,
    };
    let decoded = match map.0.contains_key("x") {
        true => {
            let message = Body::Message(Message::of(MessageText::from_stored(map.text("x")?.to_owned()), seq));
            if v <= ENTRY_VERSION { Ok(message) } else { stored::decode_body(v, &stored::encode_body(&message)) }
        }
        false => stored::decode_body(v, map.text("k").unwrap_or_default()),
    };
    let body = decoded.unwrap_or_else(|unreadable| {
        note_unreadable("entry", &format_args!("{log} {seq}"), &unreadable.why);
        unreadable.into_body()
    });
    Ok(Entry {
        v,
        seq,
        n: u64::try_from(map.int("n")?).map_err(|why| unreadable("n", why))?,
        by: UserId(map.id("b")?),
        id: EntryId(map.id("i")?),
        at: Timestamp(map.int("t")?),
        body,
    })
}

fn decode_key(seq: Seq, entry: &AttributeValue) -> StoreResult<EntryKey> {
    let AttributeValue::M(map) = entry else { return Err(unreadable(ENTRIES, "an entry is not a map")) };
    let map = EntryMap(map);
    let is_message =
        map.0.contains_key("x") || map.text("k").ok().and_then(stored::kind_of).is_some_and(|kind| kind == "message");
    let (by, id) = (UserId(map.id("b")?), EntryId(map.id("i")?));
    Ok(EntryKey { seq, by, id, at: Timestamp(map.int("t")?), is_message })
}

/// The attributes of one entry, read in place.
struct EntryMap<'a>(&'a HashMap<String, AttributeValue>);

impl EntryMap<'_> {
    fn int(&self, name: &str) -> StoreResult<i64> {
        match self.0.get(name) {
            Some(AttributeValue::N(number)) => number.parse().map_err(|why| unreadable(name, why)),
            _ => Err(unreadable(name, "it is not a number")),
        }
    }

    fn id(&self, name: &str) -> StoreResult<Uuid> {
        match self.0.get(name) {
            Some(AttributeValue::B(blob)) => Uuid::from_slice(blob.as_ref()).map_err(|why| unreadable(name, why)),
            _ => Err(unreadable(name, "it is not an id")),
        }
    }

    fn text(&self, name: &str) -> StoreResult<&str> {
        match self.0.get(name) {
            Some(AttributeValue::S(text)) => Ok(text),
            _ => Err(unreadable(name, "it is not a text")),
        }
    }
}
