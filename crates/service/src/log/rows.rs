//! Reads the rows that a decision needs. Decides nothing.

use domain::limits::PAGE_ROWS;
use domain::{LogId, RoomId, Roster, Row, RowKey, UserId};

use crate::ports::{Store, StoreResult};

/// Reads rows of a log, each kind in as few calls as its port allows. A row that belongs to the other kind of log
/// counts as absent.
pub(super) async fn read(store: &Store, log: LogId, keys: Vec<RowKey>) -> StoreResult<Vec<Row>> {
    match log {
        LogId::Room(room) => room_rows(store, room, keys).await,
        LogId::User(user) => own_rows(store, user, keys).await,
    }
}

async fn room_rows(store: &Store, room: RoomId, keys: Vec<RowKey>) -> StoreResult<Vec<Row>> {
    let mut rows = Vec::with_capacity(keys.len());
    let (mut members, mut messages, mut names) = (Vec::new(), Vec::new(), Vec::new());
    let (mut files, mut people) = (Vec::new(), Vec::new());
    for key in keys {
        match key {
            RowKey::Room => rows.push(Row::Room(store.rooms.room(room).await?)),
            RowKey::Member(user) => members.push(user),
            RowKey::Message(seq) => messages.push(seq),
            RowKey::Reactor(seq, emoji, user) => {
                let on = store.rooms.has_reacted(room, seq, &emoji, user).await?;
                rows.push(Row::Reactor(seq, emoji, user, on));
            }
            RowKey::Pins => rows.push(Row::Pins(store.rooms.pins(room).await?)),
            RowKey::Roster => rows.push(Row::Roster(roster(store, room).await?)),
            RowKey::Name(name) => names.push(name),
            RowKey::File(file) => files.push(file),
            RowKey::Person(user) => people.push(user),
            RowKey::Block { by, other } => {
                let blocked = store.users.blocked_by(&[by], other).await?;
                rows.push(Row::Block(by, other, !blocked.is_empty()));
            }
            RowKey::UserRoom(_) | RowKey::Notification(_) | RowKey::HasUnread => {}
        }
    }
    if !members.is_empty() {
        let found = store.rooms.members_of(room, &members).await?;
        rows.extend(members.into_iter().map(|user| {
            let member = found.iter().find(|member| member.user == user);
            Row::Member(user, member.cloned())
        }));
    }
    if !messages.is_empty() {
        let found = store.log.messages(LogId::Room(room), &messages).await?;
        rows.extend(messages.into_iter().map(|seq| {
            let message = found.iter().find(|entry| entry.seq == seq);
            Row::Message(seq, message.cloned())
        }));
    }
    if !names.is_empty() {
        let found = store.users.ids_by_names(&names).await?;
        rows.extend(names.into_iter().map(|name| {
            let user = found.iter().find(|(folded, _)| *folded == name).map(|(_, user)| *user);
            Row::Name(name, user)
        }));
    }
    if !files.is_empty() {
        let found = store.files.get_all(&files).await?;
        rows.extend(files.into_iter().map(|id| Row::File(id, found.iter().find(|file| file.id == id).cloned())));
    }
    if !people.is_empty() {
        let found = store.users.users(&people).await?;
        let there = |id: UserId| found.iter().any(|user| user.id == id && !user.banned);
        rows.extend(people.into_iter().map(|id| Row::Person(id, there(id))));
    }
    Ok(rows)
}

async fn own_rows(store: &Store, user: UserId, keys: Vec<RowKey>) -> StoreResult<Vec<Row>> {
    let mut rows = Vec::with_capacity(keys.len());
    for key in keys {
        match key {
            RowKey::UserRoom(room) => rows.push(Row::UserRoom(room, store.rooms.user_room(user, room).await?)),
            RowKey::Notification(key) => {
                let row = store.notifications.get(user, key).await?;
                let known = row.is_some() || store.notifications.known(user, key).await?;
                rows.push(Row::Notification(key, row, known));
            }
            RowKey::HasUnread => rows.push(Row::HasUnread(store.notifications.unread(user, 1).await? > 0)),
            _ => {}
        }
    }
    Ok(rows)
}

/// Pages through all members. Needed only when an owner leaves.
async fn roster(store: &Store, room: RoomId) -> StoreResult<Roster> {
    let mut roster = Roster::default();
    let mut after = None;
    loop {
        let page = store.rooms.members(room, after, PAGE_ROWS).await?;
        for member in page.iter().filter(|member| member.is_joined()) {
            roster.joined += 1;
            if member.role == domain::Role::Owner {
                roster.owners.insert(member.user);
            }
        }
        match page.last() {
            Some(last) if page.len() == PAGE_ROWS => after = Some(last.user),
            _ => return Ok(roster),
        }
    }
}
