//! Performs the protocol's actions with the use cases of the service. The same for every process that holds sockets: a
//! node and the API Gateway function differ only in their [`Backend`].
//!
//! Never decides anything about a room and never touches a socket.

mod enter;
mod events;
mod rooms;

use std::time::Duration;

use domain::limits::SYNC_ENTRIES;
use domain::{Actor, Change, Code, Epoch, Intent, LogId, Refusal, RoomId, RoomRef, Seq, UserId};
use service::Services;
use service::auth::Grant;
use service::messages::Replay;
use service::ports::StoreError;
use service::rooms::ChangeRequest;

use crate::connection::Input;
use crate::message::{Message, Reply};
use crate::page::Page;
use crate::protocol::{Action, Credential, Identity, NamedRequest, PageRequest, RequestedChange, SignedIn};

pub use events::{Stretch, deliveries, ending, presence, receipt, stretch, typing};

/// The process that holds the sockets.
pub trait Backend: Send + Sync {
    /// Returns the use cases.
    fn services(&self) -> &Services;

    /// Returns how many bytes a message may have.
    fn frame_limit(&self) -> usize;

    /// Returns the pause before a failed read is retried for as long as the socket is open; `None` if the process must
    /// answer at once.
    fn retry(&self) -> Option<Duration>;

    /// Returns the store's epoch, as far as it is known now.
    fn epoch(&self) -> impl Future<Output = Option<Epoch>> + Send;

    /// Returns the position of a log that the backend follows, so that it need not be read. The log's head may be higher.
    fn position(&self, _log: LogId) -> Option<Seq> {
        None
    }

    /// Binds the socket to a user whose credential is valid, and follows the user log. An error is sent to the client.
    fn attach(&self, identity: Identity) -> impl Future<Output = Result<Attached, Refusal>> + Send;

    /// Records a renewed credential.
    fn renewed(&self, identity: &Identity) -> impl Future<Output = Result<(), Refusal>> + Send;

    /// Answers those of these requests for which that takes less than [`Backend::replay`] of each. Returns the others.
    fn resume(&self, requests: Vec<PageRequest>) -> impl Future<Output = Vec<PageRequest>> + Send {
        std::future::ready(requests)
    }

    /// Sends a page of a log, and makes the socket live when the page reaches the head.
    fn replay(&self, request: PageRequest) -> impl Future<Output = Input> + Send;

    /// Stops following a log for the socket. Only protocols of processes that hold their sockets ask for it.
    fn unfollow(&self, _log: LogId) {}

    /// Sends the presence of these users from now on, as far as the user may see it.
    fn watch(&self, by: Actor, users: Vec<UserId>) -> impl Future<Output = Result<(), Refusal>> + Send;

    /// Sends a message to the socket, once it has room for it.
    fn send(&self, message: Message) -> impl Future<Output = ()> + Send;
}

/// A socket that is bound to its user.
pub struct Attached {
    /// The user.
    pub identity: Identity,
    /// The store's epoch.
    pub epoch: Epoch,
    /// How many users are online.
    pub online: u64,
}

/// Returns the refusal of a user who already has as many sockets as are allowed.
pub fn too_many_sockets(allowed: usize) -> Refusal {
    let why = format!("Too many connections (limit {allowed}). Close one and try again.");
    Refusal::new(Code::RateLimited, why)
}

/// Performs an action and returns its input for the connection. The driver handles messages and closes itself.
pub async fn perform(backend: &impl Backend, action: Action) -> Input {
    let services = backend.services();
    match action {
        Action::Send(_) | Action::Close(_) => Input::Done,
        Action::SignIn(credential) => Input::SignedIn(Box::new(sign_in(backend, credential).await)),
        Action::Renew { reply, token } => {
            let renewed = async {
                let identity = renew(services, token).await?;
                backend.renewed(&identity).await?;
                Ok(identity)
            };
            Input::Renewed(reply, Box::new(renewed.await))
        }
        Action::ListRooms { user, after } => rooms::rest(backend, user, after).await,
        Action::Resume(requests) => Input::Resumed(backend.resume(requests).await),
        Action::Replay(request) => backend.replay(request).await,
        Action::Find(requests) => Input::Found(find(backend, requests).await),
        Action::NoSuchLog { reply, room } => {
            if let Some(epoch) = backend.epoch().await {
                backend.send(Message::NoSuchLog { reply, room, epoch }).await;
            }
            Input::Done
        }
        Action::Submit { reply, room, change } => match submit(services, &room, *change).await {
            Ok((room, ack)) => Input::Acked(reply, room, Box::new(ack)),
            Err(refusal) => Input::Refused(reply, refusal),
        },
        Action::Enter { by, epoch, reply, room, after } => {
            match enter::enter(services, (by, epoch), &reply, &room, after).await {
                Ok(request) => Input::Found(vec![request]),
                Err(refusal) => Input::Refused(reply, refusal),
            }
        }
        Action::Exit { reply, room } => match services.access.id(&room).await {
            Ok(room) => {
                backend.unfollow(LogId::Room(room));
                Input::Done
            }
            Err(refusal) => Input::Refused(reply, refusal),
        },
        Action::Mark { by, room, seq } => {
            let reply = Reply::unnamed("read", Some(room.to_string()));
            let read = async { services.marks.read(&by, services.access.id(&room).await?, seq).await };
            only_refused(reply, read.await.map(drop))
        }
        Action::Typing { by, room, on } => {
            let reply = Reply::unnamed("typing", Some(room.to_string()));
            only_refused(reply, services.presence.typing(&by, &room, on).await)
        }
        Action::Watch { by, users } => only_refused(Reply::unnamed("watch", None), backend.watch(by, users).await),
    }
}

/// Returns the input of a request that is answered only when it is refused.
fn only_refused(reply: Reply, answer: Result<(), Refusal>) -> Input {
    match answer {
        Ok(()) => Input::Done,
        Err(refusal) => Input::Refused(reply, refusal),
    }
}

/// Signs a socket in. The backend asks the store for the session and the user's rights once it cannot miss their end any
/// more, so they are not asked for here. The beginning of the room list belongs to the answer, so that it needs no further
/// turn of the socket.
async fn sign_in(backend: &impl Backend, credential: Credential) -> Result<SignedIn, Refusal> {
    let identity = identify(backend.services(), credential).await?;
    let Attached { identity, epoch, online } = backend.attach(identity).await?;
    let rooms = rooms::first(backend, identity.user.id).await?;
    Ok(SignedIn { identity, epoch, online, rooms })
}

/// Checks another credential of a user who is signed in.
async fn renew(services: &Services, credential: Credential) -> Result<Identity, Refusal> {
    let identity = identify(services, credential).await?;
    // The token may claim rights that have changed since.
    let actor = services.auth.sessions.as_of_now(identity.actor).await?;
    Ok(Identity { actor, ..identity })
}

/// Returns whom a credential names. Consumes a ticket.
async fn identify(services: &Services, credential: Credential) -> Result<Identity, Refusal> {
    let Grant { actor, expires_at } = match credential {
        Credential::Token(token) => services.auth.sessions.grant(&token)?,
        Credential::Ticket(ticket) => services.auth.tickets.take(&ticket).await?,
    };
    let user = services.user_cache.user(actor.user).await?;
    let user = user.ok_or_else(|| Refusal::new(Code::Unauthenticated, "This account no longer exists."))?;
    Ok(Identity { actor, user, expires_at })
}

async fn submit(
    services: &Services,
    room: &RoomRef,
    change: RequestedChange,
) -> Result<(RoomId, domain::Ack), Refusal> {
    let RequestedChange { by, id, seen, epoch, intent } = change;
    let change = Change { by, id: id.unwrap_or_else(|| services.ids.entry()), seen, epoch: Some(epoch), intent };
    let id = services.access.id(room).await?;
    let room = RoomRef::Id(id);
    let request = ChangeRequest { id: Some(change.id), seen: change.seen, epoch: change.epoch };
    let ack = match change.intent {
        Intent::Join => services.rooms.join(&change.by, &room, request).await,
        Intent::Leave => services.rooms.leave(&change.by, &room, request).await,
        _ => services.messages.submit(&room, change).await,
    }?;
    Ok((id, ack))
}

/// Returns the requests whose rooms there are, one after the other, so that a client's request never asks the store for
/// many at once. The client learns of the others here.
async fn find(backend: &impl Backend, requests: Vec<NamedRequest>) -> Vec<PageRequest> {
    let mut found = Vec::new();
    for request in requests {
        match backend.services().access.id(&RoomRef::Slug(request.slug.clone())).await {
            Ok(room) => found.push(request.found(room)),
            Err(refusal) if refusal.code == Code::NotFound => {
                if let Some(epoch) = backend.epoch().await {
                    let room = request.slug.to_string();
                    backend.send(Message::NoSuchLog { reply: request.reply, room, epoch }).await;
                }
            }
            Err(refusal) => {
                let refused = Message::Refused { reply: request.error_reply(), refusal, epoch: None };
                backend.send(refused).await;
            }
        }
    }
    found
}

/// Reads a page of a log for a user, cut to `limit` bytes.
pub async fn read_page(services: &Services, limit: usize, request: &PageRequest) -> Result<Page, Refusal> {
    let replay = services.messages.replay(&request.by, request.log, request.cursor, SYNC_ENTRIES).await?;
    let Replay { span, entries, related } = replay;
    let events = events::events(services, request.log, &entries, &related).await?;
    let events = entries.iter().map(|entry| entry.seq).zip(events).collect();
    Ok(Page::encode(request.log, span, events, limit))
}

/// Reads until it succeeds. After a failure, `pause` returns how long to wait before the next try; if it returns `None`,
/// the failure is the answer.
pub async fn retried<T, E, F>(pause: impl Fn() -> Option<Duration>, read: impl Fn() -> F) -> Result<T, E>
where
    F: Future<Output = Result<T, E>>,
{
    loop {
        match read().await {
            Ok(read) => return Ok(read),
            Err(error) => match pause() {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(error),
            },
        }
    }
}

/// Returns the epoch and head of a log.
pub async fn head(services: &Services, log: LogId) -> Result<(Epoch, Seq), StoreError> {
    let tip = services.ports.store.log.tip(log).await?;
    Ok((tip.epoch(), tip.seq()))
}
