//! A store on SQLite with full durability, the use cases on it, users and rooms.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use async_trait::async_trait;
use domain::limits::Limits;
use domain::name::{RoomName, UserName};
use domain::{
    Actor, Change, Intent, LogId, MemberState, OwnChange, Refusal, Role, Room, RoomId, RoomKind, Timestamp, User,
    UserRole, UserRoom,
};
use service::ports::{Bus, BusMessage, BusStatus, Heard, Store, UserRecord};
use service::{Access, Ids, Logs, Marks, Messages, RoomKinds, SystemClock, UserCache};
use store_sql::{SqlSettings, SqlStore};
use tempfile::TempDir;
use tokio::sync::{mpsc, watch};

/// The system under measurement.
pub struct Bench {
    pub sql: SqlStore,
    pub store: Store,
    pub logs: Arc<Logs>,
    pub messages: Arc<Messages>,
    _folder: TempDir,
}

/// A bus without other nodes.
struct Alone(watch::Sender<BusStatus>);

#[async_trait]
impl Bus for Alone {
    async fn publish(&self, _log: LogId, _message: BusMessage) {}
    async fn subscribe(&self, _log: LogId) {}
    async fn unsubscribe(&self, _log: LogId) {}

    fn listen(&self) -> Option<mpsc::Receiver<Heard>> {
        None
    }

    fn status(&self) -> watch::Receiver<BusStatus> {
        self.0.subscribe()
    }
}

impl Bench {
    /// Opens a fresh database below `folder`, without a limit on sends.
    pub async fn open(folder: &Path) -> Result<Bench> {
        let folder = TempDir::new_in(folder)?;
        let path = folder.path().join("bench.db");
        let sql = SqlStore::open(&path.display().to_string(), SqlSettings::default()).await?;
        let store = sql.store();
        let clock = Arc::new(SystemClock);
        let limits = Limits { sends_per_10s: u32::MAX, joins_per_minute: u32::MAX, ..Limits::default() };
        let logs = Logs::new(store.clone(), clock.clone(), limits);
        let user_cache = UserCache::new(store.clone(), clock.clone());
        let marks = Marks::new(store.clone(), Arc::new(Alone(watch::Sender::new(BusStatus::Up))), clock);
        let access = Access::new(store.clone());
        let messages =
            Messages::new(store.clone(), logs.clone(), user_cache, access, marks, RoomKinds::new(store.clone()));
        Ok(Bench { sql, store, logs, messages, _folder: folder })
    }

    /// Creates a user.
    pub async fn person(&self, number: usize) -> Result<Actor> {
        let id = Ids::system().user();
        let name = UserName::parse(&format!("person{number}"))?;
        let created_at = Timestamp(0);
        let user = User {
            id,
            name,
            display_name: None,
            guest: false,
            role: UserRole::User,
            banned: false,
            deleted: false,
            created_at,
        };
        self.store
            .users
            .create_user(&UserRecord { user, email: None, sign_in_email: None, password_hash: None })
            .await?;
        Ok(Actor { user: id, session: None, admin: false, guest: false })
    }

    /// Creates a private room of these users, in their lists like the feed would write it.
    pub async fn room(&self, people: &[Actor]) -> Result<RoomId> {
        let room = Room {
            id: Ids::system().room(),
            kind: RoomKind::Private,
            slug: None,
            name: Some(RoomName::parse("A room")?),
            description: String::new(),
            archived: false,
            hides_past: false,
            slow_mode_s: 0,
            pair: None,
            rev: 0,
        };
        let id = room.id;
        let others = people[1..].iter().map(|actor| actor.user).collect();
        self.change(LogId::Room(id), people[0], Intent::Create { room: Box::new(room), people: others }).await?;
        for (place, actor) in people.iter().enumerate() {
            if place > 0 {
                self.change(LogId::Room(id), *actor, Intent::Join).await?;
            }
            let row = listed(id);
            self.change(LogId::User(actor.user), *actor, Intent::Own(OwnChange::Room { row })).await?;
        }
        Ok(id)
    }

    async fn change(&self, log: LogId, by: Actor, intent: Intent) -> Result<()> {
        let change = Change { by, id: Ids::system().entry(), seen: Some(0), epoch: None, intent };
        self.logs.submit(log, change).await.map(drop).map_err(refused)
    }
}

/// Converts a refusal, which ends a measurement, to an error.
pub fn refused(refusal: Refusal) -> anyhow::Error {
    anyhow!("refused as {:?}: {}", refusal.code, refusal.message)
}

fn listed(room: RoomId) -> UserRoom {
    UserRoom {
        request: None,
        room,
        state: MemberState::Joined,
        role: Role::Member,
        rev: 1,
        level: Default::default(),
        quiet_until: None,
        hidden: false,
        why: None,
        read_seq: 0,
        read_n: 0,
        mentions: Vec::new(),
    }
}
