//! A client of the protocol: for bots, tests and load.
//!
//! Guarantees: retries each change until it is acked or finally refused, so that it arrives once and in order; reports
//! every message of the user's rooms once and in order, however often the connection breaks. Never writes to disk: the
//! outbox and the cursors live as long as the [`Client`].
//!
//! ```no_run
//! # async fn bot() -> Result<(), client::Error> {
//! let client = client::Client::connect("http://127.0.0.1:8080", client::Credentials::guest("ada")).await?;
//! let room = client.join("general").await?;
//! client.send(&room, "hello").await?;
//! # Ok(()) }
//! ```

mod error;
mod ids;
mod rest;
pub mod state;
mod task;

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use domain::{EntryId, Seq};
use parking_lot::Mutex;
use tokio::sync::{Notify, broadcast, oneshot, watch};
use wire::{RoomEntry, UserSelf};

pub use error::Error;
use ids::Ids;
use rest::Rest;
pub use rest::{Address, Credentials};
pub use state::{Acked, Message, Refused, Room, Update};
use state::{ClientState, Op};

/// News queued for a slow application; if there are more, the oldest are dropped, but the state stays complete.
const UPDATES: usize = 4_096;

/// A signed-in client. Cheap to clone; the connection closes with the last clone.
#[derive(Clone)]
pub struct Client {
    inner: Arc<ClientInner>,
    _stop: Arc<Stop>,
}

/// Stops the driver when the last client is dropped.
struct Stop(watch::Sender<bool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.send_replace(true);
    }
}

struct ClientInner {
    /// The start of the state's elapsed time.
    started: Instant,
    state: Mutex<ClientState>,
    ids: Mutex<Ids>,
    answers: Mutex<HashMap<EntryId, oneshot::Sender<Result<Acked, Error>>>>,
    updates: broadcast::Sender<Update>,
    /// The machine has output for the driver.
    wake: Notify,
    /// The connection should be cut.
    cut: Notify,
    /// Why the driver ended permanently.
    ended: watch::Sender<Option<u16>>,
    user: UserSelf,
    rest: Rest,
}

impl ClientInner {
    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

impl Client {
    /// Signs in at an address (`http://host:port`) and connects; returns once the room list has arrived.
    pub async fn connect(address: impl Into<Address>, credentials: Credentials) -> Result<Client, Error> {
        let (rest, user) = Rest::sign_in(address.into(), credentials).await?;
        let (stop, stopped) = watch::channel(false);
        let inner = Arc::new(ClientInner {
            started: Instant::now(),
            state: Mutex::default(),
            ids: Mutex::new(Ids::new()),
            answers: Mutex::default(),
            updates: broadcast::channel(UPDATES).0,
            wake: Notify::new(),
            cut: Notify::new(),
            ended: watch::channel(None).0,
            user,
            rest,
        });
        tokio::spawn(task::run(inner.clone(), stopped));
        let client = Client { inner, _stop: Arc::new(Stop(stop)) };
        client.when(ClientState::is_settled).await?;
        Ok(client)
    }

    /// Returns the signed-in user.
    pub fn user(&self) -> &UserSelf {
        &self.inner.user
    }

    /// Returns a receiver of news, starting now.
    pub fn updates(&self) -> Updates {
        Updates(self.inner.updates.subscribe())
    }

    /// Returns the room list.
    pub fn rooms(&self) -> Vec<RoomEntry> {
        self.inner.state.lock().list().cloned().collect()
    }

    /// Returns the cached state of a room that the user is in.
    pub fn room(&self, room: &str) -> Option<Room> {
        self.inner.state.lock().room(room).cloned()
    }

    /// Sends a message. It is sent at once; awaiting the result waits for the ack.
    pub fn send(&self, room: &str, text: &str) -> Pending {
        self.put(room, Op::Send { text: text.to_owned(), reply_to: None }, None)
    }

    /// Sends a reply to a message.
    pub fn reply(&self, room: &str, to: Seq, text: &str) -> Pending {
        self.put(room, Op::Send { text: text.to_owned(), reply_to: Some(to) }, None)
    }

    /// Edits a message of the user.
    pub fn edit(&self, room: &str, target: Seq, text: &str) -> Pending {
        self.put(room, Op::Edit { target, text: text.to_owned() }, None)
    }

    /// Deletes a message.
    pub fn delete(&self, room: &str, target: Seq) -> Pending {
        self.put(room, Op::Delete { target }, None)
    }

    /// Sets or removes a reaction.
    pub fn react(&self, room: &str, target: Seq, emoji: &str, on: bool) -> Pending {
        self.put(room, Op::React { target, emoji: emoji.to_owned(), on }, None)
    }

    /// Leaves a room.
    pub fn leave(&self, room: &str) -> Pending {
        self.put(room, Op::Leave, None)
    }

    /// Joins a room by its slug or id; returns its id once it is live here.
    pub async fn join(&self, room: &str) -> Result<String, Error> {
        let view = self.inner.rest.room(room).await?;
        self.put(&view.id, Op::Join, Some(view.head)).await?;
        self.when(|machine| machine.room(&view.id).is_some_and(|room| room.cursor.is_some())).await?;
        Ok(view.id)
    }

    /// Creates a public room and joins it; returns its id.
    pub async fn create_room(&self, slug: &str, name: &str) -> Result<String, Error> {
        let id = self.inner.rest.create_room(slug, name).await?;
        self.when(|machine| machine.room(&id).is_some_and(|room| room.cursor.is_some())).await?;
        Ok(id)
    }

    /// Loads a page of history: the newest, or the one before `before`. Returns whether there is more.
    pub async fn load(&self, room: &str, before: Option<Seq>) -> Result<bool, Error> {
        let min_seq = self.inner.state.lock().min_seq(room);
        let page = self.inner.rest.messages(room, before, min_seq).await?;
        self.inner.state.lock().loaded(room, &page.epoch, page.as_of, &page.items);
        Ok(page.more)
    }

    /// Marks a room as read up to `seq`.
    pub fn mark_read(&self, room: &str, seq: Seq) {
        self.inner.state.lock().mark(room, seq);
        self.inner.wake.notify_one();
    }

    /// Cuts the connection, as a failing network would. The client reconnects by itself.
    pub fn cut(&self) {
        self.inner.cut.notify_one();
    }

    /// Returns how many changes are not answered yet.
    pub fn unanswered(&self) -> usize {
        self.inner.state.lock().unanswered()
    }

    /// Waits until nothing is pending: all changes are answered, every room is live.
    pub async fn settled(&self) -> Result<(), Error> {
        self.when(ClientState::is_settled).await
    }

    fn put(&self, room: &str, op: Op, seen: Option<Seq>) -> Pending {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now_ms = u64::try_from(now.as_millis()).unwrap_or(0);
        let (answer, answered) = oneshot::channel();
        {
            // Both under the machine's lock, so that ids ascend in the order of the outbox.
            let mut machine = self.inner.state.lock();
            let id = EntryId(self.inner.ids.lock().next(now_ms));
            self.inner.answers.lock().insert(id, answer);
            machine.put(room, id, op, seen, self.inner.elapsed());
        }
        self.inner.wake.notify_one();
        Pending(answered)
    }

    /// Waits until the state meets a condition.
    async fn when(&self, is: impl Fn(&ClientState) -> bool) -> Result<(), Error> {
        let mut ended = self.inner.ended.subscribe();
        let mut updates = self.inner.updates.subscribe();
        loop {
            if is(&self.inner.state.lock()) {
                return Ok(());
            }
            if let Some(code) = *ended.borrow_and_update() {
                return Err(Error::Closed(code));
            }
            tokio::select! {
                _ = updates.recv() => {}
                _ = ended.changed() => {}
                // Not every change of state produces news.
                () = tokio::time::sleep(Duration::from_millis(20)) => {}
            }
        }
    }
}

/// A pending change. Dropping it does not cancel the change.
pub struct Pending(oneshot::Receiver<Result<Acked, Error>>);

impl Future for Pending {
    type Output = Result<Acked, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(|answer| answer.unwrap_or(Err(Error::Ended)))
    }
}

/// A receiver of a client's news.
pub struct Updates(broadcast::Receiver<Update>);

impl Updates {
    /// Returns the next news; `None` once the client has ended. A slow receiver misses the oldest.
    pub async fn next(&mut self) -> Option<Update> {
        loop {
            match self.0.recv().await {
                Ok(update) => return Some(update),
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}
