//! Rooms, members, the rooms of a user, and hints of heads.
//!
//! `bd` is the room in JSON; of a member `st` state, `rv` the seq of the entry it comes from, `ro` role, `mu` muted
//! until, `lv` level, `fs` and `ts` the first and last seq they may see; of a user's row also `wy` why, `hd` hidden,
//! `rq` when it was requested, `ig` whether the request is ignored, `rs` and `rn` read up to, `mn` the set of unread mentions; of a head, in the room's own row, `sq` its seq, `nn`
//! messages so far, `at` when.

use domain::name::fold;
use domain::{Level, LogId, Member, Request, Room, RoomId, RoomKind, Seq, UserId, UserRoom};
use service::ports::{Head, StoreResult};
use stored::RoomRecord;

use crate::item::{BODY, Item, SK, decoded, flag, id, json, number, text, time, unreadable, word};
use crate::keys;
use crate::op::{Change, Op, When};

/// Returns the update of a room's row; the hint of its head stays.
pub fn change_room(room: &Room) -> Op {
    Op::Update(Change::of(keys::room(room.id)).set(BODY, json(&RoomRecord(room.clone()))), When::Always)
}

/// Decodes a room; `None` if the row has only the hint of a head yet.
pub fn room(item: &Item) -> StoreResult<Option<Room>> {
    match item.has(BODY) {
        true => decoded("room", item, |item| Ok(Some(item.json::<RoomRecord>(BODY)?.0))),
        false => Ok(None),
    }
}

/// Returns the claim of a slug.
pub fn slug_item(slug: &str, room: RoomId) -> Item {
    Item::at(keys::slug(slug)).with("rm", id(room.0))
}

/// Returns a room's line in the directory (`rm` the room, `fn` its folded name), if it is listed there.
pub fn directory_item(room: &Room) -> Option<Item> {
    let slug = room.slug.as_ref().filter(|_| room.kind == RoomKind::Public && !room.archived)?;
    let name = room.name.as_ref().map(|name| text(fold(name.as_str())));
    Some(Item::at(keys::listed_room(slug.as_str())).with("rm", id(room.id.0)).with_some("fn", name))
}

/// Returns the update of a member row. The level of an older row stays, since it is the user's own setting.
pub fn change_member(room: RoomId, member: &Member) -> Op {
    let change = Change::of(keys::member(room, member.user))
        .set("st", word(&member.state))
        .set("ro", word(&member.role))
        .set("fs", number(member.from_seq))
        .set("rv", number(member.rev))
        .set_or_remove("mu", member.muted_until.map(time))
        .set_or_remove("ts", member.to_seq.map(number));
    Op::Update(change, When::Always)
}

/// Decodes a member row.
pub fn member(item: &Item) -> StoreResult<Member> {
    decoded("member", item, read_member)
}

fn read_member(item: &Item) -> StoreResult<Member> {
    Ok(Member {
        user: id_behind(item, "MEMBER#").map(UserId)?,
        state: item.word("st")?,
        role: item.word("ro")?,
        muted_until: item.time_or_none("mu")?,
        level: level(item)?,
        quiet_until: item.time_or_none("qu")?,
        from_seq: item.number("fs")?,
        to_seq: item.number_or_none("ts")?,
        rev: item.number("rv")?,
    })
}

/// Returns the update of a user's row of a room; an older one is refused. Marks and settings stay.
pub fn change_user_room(user: UserId, row: &UserRoom) -> Op {
    let change = Change::of(keys::user_room(user, row.room))
        .set("st", word(&row.state))
        .set("ro", word(&row.role))
        .set("rv", number(row.rev))
        .set_or_remove("wy", row.why.as_ref().map(text));
    let change = with_request(change, row.request);
    Op::Update(change, When::Any(vec![When::Lacks("rv"), When::AtMost("rv", number(row.rev))]))
}

/// Returns the update of how a user answered a request.
pub fn change_request(user: UserId, room: RoomId, request: Option<Request>) -> Op {
    Op::Update(with_request(Change::of(keys::user_room(user, room)), request), When::Present)
}

fn with_request(change: Change, request: Option<Request>) -> Change {
    let (at, ignored) = match request {
        Some(Request::Pending { at }) => (Some(time(at)), None),
        Some(Request::Ignored) => (None, Some(flag(true))),
        None => (None, None),
    };
    change.set_or_remove("rq", at).set_or_remove("ig", ignored)
}

/// Like [`change_user_room`], for a row whose mark rises with it. Refused if the mark is as high already.
pub fn change_user_room_and_mark(user: UserId, row: &UserRoom) -> Op {
    let mark_is_lower = When::Any(vec![When::Lacks("rs"), When::Less("rs", number(row.read_seq))]);
    match change_user_room(user, row) {
        Op::Update(change, when) => {
            let change = change.set("rs", number(row.read_seq)).set("rn", number(row.read_n));
            Op::Update(change, When::All(vec![when, mark_is_lower]))
        }
        other => other,
    }
}

/// Decodes a user's row of a room.
pub fn user_room(item: &Item) -> StoreResult<UserRoom> {
    decoded("room of a user", item, read_user_room)
}

fn read_user_room(item: &Item) -> StoreResult<UserRoom> {
    Ok(UserRoom {
        room: room_of_user_room(item)?,
        state: item.word("st")?,
        role: item.word("ro")?,
        rev: item.number("rv")?,
        level: level(item)?,
        quiet_until: item.time_or_none("qu")?,
        hidden: item.flag("hd"),
        why: item.text_or_none("wy")?.map(str::to_owned),
        request: match item.flag("ig") {
            true => Some(Request::Ignored),
            false => item.time_or_none("rq")?.map(|at| Request::Pending { at }),
        },
        read_seq: item.number("rs")?,
        read_n: item.number("rn")?,
        mentions: mentions(item)?,
    })
}

/// Returns the room of a user's row.
pub fn room_of_user_room(item: &Item) -> StoreResult<RoomId> {
    id_behind(item, "ROOM#").map(RoomId)
}

/// Returns the unread mentions: those that were read since stay in the set until it is full.
pub fn mentions(item: &Item) -> StoreResult<Vec<Seq>> {
    let read = item.number("rs")?;
    Ok(item.seqs("mn")?.into_iter().filter(|mention| *mention > read).collect())
}

/// Returns the update of the hint of a head, in the room's own row, so that a list of rooms reads one row per room; a
/// lower one is refused. A user log has none.
pub fn head_change(log: LogId, head: Head) -> Option<Op> {
    let change = Change::of(keys::room(log.room()?))
        .set("sq", number(head.seq))
        .set("nn", number(head.n))
        .set("at", time(head.at));
    Some(Op::Update(change, When::Any(vec![When::Lacks("sq"), When::Less("sq", number(head.seq))])))
}

/// Decodes the hint of a head, if it was ever written.
pub fn head(item: &Item) -> StoreResult<Option<Head>> {
    let Some(seq) = item.number_or_none("sq")? else { return Ok(None) };
    Ok(Some(Head { seq, n: item.number("nn")?, at: item.time("at")? }))
}

fn level(item: &Item) -> StoreResult<Level> {
    if item.has("lv") { item.word("lv") } else { Ok(Level::default()) }
}

/// Returns the id that a sort key ends with.
fn id_behind(item: &Item, prefix: &str) -> StoreResult<uuid::Uuid> {
    let sk = item.text(SK)?;
    let id = sk.strip_prefix(prefix).unwrap_or_default();
    uuid::Uuid::parse_str(id).map_err(|why| unreadable(SK, format!("{sk}: {why}")))
}
