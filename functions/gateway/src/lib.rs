//! The protocol over an API Gateway WebSocket API, for an installation without a ws-tier: what a route's event makes of a socket,
//! and what a commit makes of the sockets that follow its log.
//!
//! A socket's state is [`realtime::protocol`], stored between two events. Nothing here lives as long as a socket: API Gateway
//! holds the sockets, the store holds which socket follows which log.

mod backend;
mod deliver;
mod event;
mod input;
mod post;
mod signals;
mod time;
mod turn;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::limits::Limits;
use domain::{Epoch, Timestamp, UserId};
use realtime::protocol::{Protocol, Settings};
use service::Services;
use service::ports::{Connection, ConnectionPush, SocketState, StoreResult};
use stored::{ProtocolRecord, SocketRecord};
use time::SocketTime;
use web::{Origin, Origins};

pub use event::{Answer, Context, Event};

/// The longest that API Gateway keeps a connection.
pub const CONNECTION_LIFE: Duration = Duration::from_secs(2 * 3600);
/// The largest frame over API Gateway, either way.
pub const FRAME_BYTES: usize = 32 * 1024;
/// Between two signs of life. There is no timer here that could ping: a client that hears nothing for so long
/// asks by itself, and API Gateway closes what is silent for ten minutes.
pub const HEARTBEAT: Duration = Duration::from_secs(120);
/// Sockets that are posted to at once.
const POSTS_AT_ONCE: usize = 32;

/// The limits of a session over API Gateway.
pub fn limits(limits: &Limits) -> Limits {
    Limits {
        client_frame: limits.client_frame.min(FRAME_BYTES),
        server_frame: limits.server_frame.min(FRAME_BYTES),
        heartbeat_ms: u64::try_from(HEARTBEAT.as_millis()).unwrap_or(u64::MAX),
        ..limits.clone()
    }
}

/// The function: all that its events need.
pub struct Gateway {
    services: Services,
    push: Arc<dyn ConnectionPush>,
    settings: Arc<Settings>,
    origins: Origins,
    /// Where connections are posted to, instead of what the event says.
    endpoint: Option<String>,
    /// Typing and marks that the present event made, posted at its end.
    signals: Arc<signals::Signals>,
}

impl Gateway {
    /// Speaks for the node of this name. Pages of `origins` may open sockets: the API has a host of its own, so the
    /// page's is another. `endpoint` is the management API's address, where it is not the one that an event names.
    pub fn new(
        services: Services,
        push: Arc<dyn ConnectionPush>,
        node: String,
        limits: &Limits,
        origins: Origins,
        endpoint: Option<String>,
    ) -> Arc<Gateway> {
        let settings = Arc::new(Settings { node, limits: self::limits(limits) });
        let signals = Arc::new(signals::Signals::default());
        services.presence.add_listener(signals.clone());
        services.marks.add_listener(signals.clone());
        Arc::new(Gateway { services, push, settings, origins, endpoint, signals })
    }

    /// Answers one event of a route. An error is one of the store before anything was done: API Gateway tells the
    /// client, who tries again.
    pub async fn handle(&self, event: &Event) -> StoreResult<Answer> {
        let context = &event.request_context;
        match context.route_key.as_str() {
            "$connect" => self.connect(event).await,
            "$disconnect" => self.disconnect(context).await,
            _ => self.message(event).await,
        }
    }

    async fn connect(&self, event: &Event) -> StoreResult<Answer> {
        let host = Some(event.request_context.domain_name.as_str());
        if self.origins.judge(&event.headers(), host) == Origin::Foreign {
            return Ok(Answer::FORBIDDEN);
        }
        let id = event.request_context.connection_id.clone();
        let time = SocketTime::start();
        let protocol = Protocol::new(self.settings.clone(), id.clone(), event.ticket(), time.now(self.now()));
        let saved = protocol.save().expect("a new socket can be saved");
        let record = SocketRecord {
            session: stored::to_json(&time.save(saved)),
            endpoint: self.endpoint(&event.request_context),
        };
        self.store(&id, &record, None, self.now() + CONNECTION_LIFE).await?;
        Ok(Answer::OK)
    }

    async fn disconnect(&self, context: &Context) -> StoreResult<Answer> {
        let id = &context.connection_id;
        if let Some((record, _)) = self.stored(id).await? {
            let restored = self.restore(id, &record);
            if let Some(actor) = restored.and_then(|(protocol, _)| protocol.actor()) {
                self.forget(actor.user, id).await;
            }
        }
        self.services.ports.store.nodes.forget_socket(id).await?;
        Ok(Answer::OK)
    }

    /// The rows of a socket that is gone. Those of rooms go with the first frame that does not reach it, or with
    /// their time.
    async fn forget(&self, user: UserId, id: &str) {
        self.services.presence.disconnected(user, id).await;
        self.services.marks.flush_user(user).await;
        if let Err(error) = self.services.ports.store.nodes.drop_connection(user, id).await {
            tracing::warn!(%error, "the row of a connection stays until its time is over");
        }
    }

    /// Stores a socket in place of `was`, or of whatever there is. Returns false when something else than `was` is stored.
    async fn store(
        &self,
        id: &str,
        record: &SocketRecord,
        was: Option<&SocketRecord>,
        expires_at: Timestamp,
    ) -> StoreResult<bool> {
        let socket = SocketState { id: id.to_owned(), state: stored::to_json(record), expires_at };
        self.services.ports.store.nodes.keep_socket(&socket, was.map(stored::to_json).as_deref()).await
    }

    /// Returns what is stored of a socket, and until when.
    async fn stored(&self, id: &str) -> StoreResult<Option<(SocketRecord, Timestamp)>> {
        let socket = self.services.ports.store.nodes.socket(id, self.now()).await?;
        Ok(socket.and_then(|socket| Some((stored::from_json(&socket.state).ok()?, socket.expires_at))))
    }

    /// Returns the state of a stored socket and its time; none when a later release stored it.
    fn restore(&self, id: &str, record: &SocketRecord) -> Option<(Protocol, SocketTime)> {
        let record: ProtocolRecord = stored::from_json(&record.session).ok()?;
        let time = SocketTime::resume(&record, self.now());
        Some((Protocol::restore(self.settings.clone(), id.to_owned(), &record), time))
    }

    fn endpoint(&self, context: &Context) -> String {
        self.endpoint.clone().unwrap_or_else(|| format!("https://{}/{}", context.domain_name, context.stage))
    }

    async fn epoch(&self) -> StoreResult<Epoch> {
        self.services.ports.store.log.epoch().await
    }

    fn now(&self) -> Timestamp {
        self.services.ports.clock.now()
    }

    /// A socket as a row names it. `node` is where it is posted to.
    fn connection(&self, id: &str, user: UserId, endpoint: &str, expires_at: Timestamp) -> Connection {
        Connection { id: id.to_owned(), user, node: endpoint.to_owned(), room: None, expires_at }
    }
}

/// Frames by the socket that they are for, in the order of the frames.
type ByConnection = HashMap<String, (Connection, Vec<bytes::Bytes>)>;

#[cfg(test)]
mod tests;
