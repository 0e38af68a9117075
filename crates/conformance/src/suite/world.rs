//! The test data: ids, entries, rooms, and a log_writer that writes one log.

use domain::entry::ENTRY_VERSION;
use domain::name::{RoomName, Slug, UserName};
use domain::text::{Emoji, MessageText};
use domain::{
    Body, Entry, EntryId, File, FileId, FileState, Level, LogId, Member, MemberState, Message, Role, Room, RoomId,
    RoomKind, RowWrite, Seq, SessionId, Timestamp, User, UserId, UserRole, UserRoom,
};
use service::ports::{Appended, NewUser, Store, Tip};
use uuid::Uuid;

/// Returns a room id that is not used elsewhere.
pub fn a_room() -> RoomId {
    RoomId(Uuid::now_v7())
}

/// Returns a user id that is not used elsewhere.
pub fn a_user() -> UserId {
    UserId(Uuid::now_v7())
}

/// Returns a session id that is not used elsewhere.
pub fn a_session() -> SessionId {
    SessionId(Uuid::now_v7())
}

/// Returns an entry id that is not used elsewhere.
pub fn an_entry() -> EntryId {
    EntryId(Uuid::now_v7())
}

/// Returns a message.
pub fn text(text: &str) -> Body {
    Body::Message(message(text))
}

/// Returns the content of a message.
pub fn message(text: &str) -> Message {
    Message {
        text: MessageText::try_from(text.to_owned()).expect("a short text"),
        mentions: Vec::new(),
        files: Vec::new(),
        reply_to: None,
        thread: None,
        rev: 0,
        edited_at: None,
        deleted: false,
        reactions: Vec::new(),
    }
}

/// Returns an emoji.
pub fn emoji(text: &str) -> Emoji {
    Emoji::try_from(text.to_owned()).expect("one emoji")
}

/// Returns a reaction.
pub fn react(target: Seq) -> Body {
    Body::React { target, emoji: emoji("👍"), on: true }
}

/// Returns a slug.
pub fn slug(text: &str) -> Slug {
    Slug::parse(text).expect("a valid slug")
}

/// Returns a public room with this slug and name.
pub fn public_room(id: RoomId, slugged: &str, name: &str) -> Room {
    let named = RoomName::parse(name).expect("a valid name");
    Room { slug: Some(slug(slugged)), name: Some(named), ..plain_room(id, RoomKind::Public) }
}

/// Returns a room of this kind, without slug and name.
pub fn plain_room(id: RoomId, kind: RoomKind) -> Room {
    Room {
        id,
        kind,
        slug: None,
        name: (kind != RoomKind::Direct).then(|| RoomName::parse("Room").expect("valid")),
        description: String::new(),
        archived: false,
        hides_past: false,
        slow_mode_s: 0,
        pair: None,
        rev: 1,
    }
}

/// Returns a member row.
pub fn member(user: UserId, state: MemberState) -> Member {
    Member {
        user,
        state,
        role: Role::Member,
        muted_until: None,
        level: Level::All,
        quiet_until: None,
        from_seq: 1,
        to_seq: None,
        rev: 1,
    }
}

/// Returns a user's row of a room.
pub fn own_room(room: RoomId, state: MemberState, rev: Seq) -> UserRoom {
    UserRoom {
        request: None,
        room,
        state,
        role: Role::Member,
        rev,
        level: Level::All,
        quiet_until: None,
        hidden: false,
        why: None,
        read_seq: 0,
        read_n: 0,
        mentions: Vec::new(),
    }
}

/// Returns a user of this name.
pub fn person(name: &str) -> NewUser {
    let user = User {
        id: a_user(),
        name: UserName::parse(name).expect("a valid name"),
        display_name: None,
        guest: false,
        role: UserRole::User,
        banned: false,
        deleted: false,
        created_at: Timestamp(1_000),
    };
    NewUser { user, email: None, sign_in_email: None, password_hash: Some("$argon2id$test".into()) }
}

/// Returns a guest of this name.
pub fn guest(name: &str) -> NewUser {
    let mut new = person(name);
    new.user.guest = true;
    new.password_hash = None;
    new
}

/// Returns a file whose upload begins.
pub fn file(room: RoomId, user: UserId, at: i64) -> File {
    File {
        id: FileId(Uuid::now_v7()),
        room,
        user,
        seq: None,
        state: FileState::Uploading,
        at: Timestamp(at),
        name: "tea.png".into(),
        content_type: "application/octet-stream".into(),
        size: 0,
        digest: String::new(),
        picture: None,
        metadata: None,
        counted: true,
    }
}

/// Returns the entries that follow `after`, by one user.
pub fn entries_after(after: &Tip, by: UserId, bodies: Vec<Body>) -> Vec<Entry> {
    let mut n = after.n();
    let numbered = (after.seq() + 1..).zip(bodies);
    numbered
        .map(|(seq, mut body)| {
            if let Body::Message(message) = &mut body {
                n += 1;
                message.rev = seq;
            }
            let at = Timestamp(after.at().0 + 1 + (seq - after.seq()) as i64);
            Entry { v: ENTRY_VERSION, seq, n, by, id: an_entry(), at, body }
        })
        .collect()
}

/// Appends to one log and knows its tip.
pub struct LogWriter {
    store: Store,
    /// The log.
    pub log: LogId,
    /// The author of the entries.
    pub by: UserId,
    /// The tip, as far as the log_writer knows.
    pub tip: Tip,
}

impl LogWriter {
    /// Creates a log_writer, and reads the log's tip.
    pub async fn new(store: &Store, log: LogId) -> LogWriter {
        let tip = store.log.tip(log).await.expect("the tip");
        let by = match log {
            LogId::User(user) => user,
            LogId::Room(_) => a_user(),
        };
        LogWriter { store: store.clone(), log, by, tip }
    }

    /// Reads the tip again.
    pub async fn catch_up(&mut self) {
        self.tip = self.store.log.tip(self.log).await.expect("the tip");
    }

    /// Returns the entries that would follow.
    pub fn entries(&self, bodies: Vec<Body>) -> Vec<Entry> {
        entries_after(&self.tip, self.by, bodies)
    }

    /// Appends these entries, with row writes.
    pub async fn try_write(&mut self, bodies: Vec<Body>, row_writes: &[RowWrite]) -> Appended {
        let entries = self.entries(bodies);
        let appended = self.store.log.append(self.log, &self.tip, &entries, row_writes).await;
        if let Ok(tip) = &appended {
            self.tip = *tip;
        }
        appended
    }

    /// Like `try_write`, but must succeed. Returns the seq of the last entry.
    pub async fn write(&mut self, bodies: Vec<Body>, row_writes: &[RowWrite]) -> Seq {
        self.try_write(bodies, row_writes).await.expect("the append succeeds").seq()
    }

    /// Appends a message.
    pub async fn say(&mut self, what: &str) -> Seq {
        self.write(vec![text(what)], &[]).await
    }

    /// Appends an entry without meaning, for its row writes.
    pub async fn row_writes(&mut self, row_writes: &[RowWrite]) -> Seq {
        let note = Body::Setting { name: "note".into(), value: true.into() };
        self.write(vec![note], row_writes).await
    }
}

/// Creates a room with these members, all joined, and their own rows. Returns the log_writer of its log.
pub async fn a_room_with(store: &Store, room: &Room, users: &[UserId]) -> LogWriter {
    let mut log_writer = LogWriter::new(store, LogId::Room(room.id)).await;
    let mut row_writes = vec![RowWrite::Room(room.clone())];
    row_writes.extend(users.iter().map(|user| RowWrite::Member(member(*user, MemberState::Joined))));
    log_writer.write(vec![Body::Room(room.clone())], &row_writes).await;
    for user in users {
        let mut own = LogWriter::new(store, LogId::User(*user)).await;
        own.row_writes(&[RowWrite::UserRoom(own_room(room.id, MemberState::Joined, 1))]).await;
    }
    log_writer
}
