//! The protocol over an API Gateway WebSocket API, for an installation without a ws-tier: handles the events of routes,
//! and delivers commits to the sockets that follow their log.
//!
//! A socket's state is [`realtime::protocol`], stored between two events. Nothing here lives as long as a socket: API
//! Gateway holds the sockets, the store holds which socket follows which log.

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

pub use event::{Answer, Context, Event, EventType};

/// The maximum time for which API Gateway keeps a connection.
pub const CONNECTION_LIFE: Duration = Duration::from_secs(2 * 3600);
/// The maximum size of a frame over API Gateway, in both directions.
pub const FRAME_BYTES: usize = 32 * 1024;
/// The heartbeat interval. There is no timer here that could ping: a client that receives nothing for this long sends a
/// ping itself, and API Gateway closes a connection that is idle for ten minutes.
pub const HEARTBEAT: Duration = Duration::from_secs(120);
/// The number of sockets that are posted to concurrently.
const POSTS_AT_ONCE: usize = 32;

/// Returns the limits of a socket over API Gateway.
pub fn limits(limits: &Limits) -> Limits {
    Limits {
        client_frame: limits.client_frame.min(FRAME_BYTES),
        server_frame: limits.server_frame.min(FRAME_BYTES),
        heartbeat_ms: u64::try_from(HEARTBEAT.as_millis()).unwrap_or(u64::MAX),
        ..limits.clone()
    }
}

/// The gateway function: everything its events need.
pub struct Gateway {
    services: Services,
    push: Arc<dyn ConnectionPush>,
    settings: Arc<Settings>,
    origins: Origins,
    /// The endpoint that connections are posted to, instead of the one in the event.
    endpoint: Option<String>,
    /// Typing signals and marks that the current event created, posted at its end.
    signals: Arc<signals::Signals>,
}

impl Gateway {
    /// Returns a gateway that acts as the node of this name. Pages of `origins` may open sockets, because the API's
    /// host differs from the page's. `endpoint` is the management API's address, if it is not the one that an event
    /// names.
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

    /// Answers one event of a route. An error means that the store failed before anything was done: API Gateway reports
    /// it to the client, which retries.
    pub async fn handle(&self, event: &Event) -> StoreResult<Answer> {
        let context = &event.request_context;
        match context.event_type {
            EventType::Connect => self.connect(event).await,
            EventType::Disconnect => self.disconnect(context).await,
            EventType::Message => self.message(event).await,
        }
    }

    async fn connect(&self, event: &Event) -> StoreResult<Answer> {
        let host = Some(event.request_context.domain_name.as_str());
        let headers = event.headers();
        if self.origins.judge(&headers, host) == Origin::Foreign {
            // API Gateway answers 403 without a body, so the reason is in the log only.
            web::refuse_foreign_origin(&headers, None);
            return Ok(Answer::FORBIDDEN);
        }
        let id = event.request_context.connection_id.clone();
        let time = SocketTime::start();
        let protocol = Protocol::new(self.settings.clone(), id.as_str().into(), event.ticket(), time.now(self.now()));
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

    /// Removes the rows of a socket that was closed. Those of rooms are removed with the first frame that cannot be
    /// delivered, or when they expire.
    async fn forget(&self, user: UserId, id: &str) {
        self.services.presence.disconnected(user, id).await;
        self.services.marks.flush_user(user).await;
        if let Err(error) = self.services.ports.store.nodes.drop_connection(user, id).await {
            tracing::warn!(%error, "failed to remove a connection's row, it stays until it expires");
        }
    }

    /// Stores a socket in place of `was`, or unconditionally if `was` is none. Returns false if something other than
    /// `was` is stored.
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

    /// Returns the stored state of a socket, and when it expires.
    async fn stored(&self, id: &str) -> StoreResult<Option<(SocketRecord, Timestamp)>> {
        let socket = self.services.ports.store.nodes.socket(id, self.now()).await?;
        Ok(socket.and_then(|socket| Some((stored::from_json(&socket.state).ok()?, socket.expires_at))))
    }

    /// Returns the state of a stored socket and its time; none if a later release stored it.
    fn restore(&self, id: &str, record: &SocketRecord) -> Option<(Protocol, SocketTime)> {
        let record: ProtocolRecord = stored::from_json(&record.session).ok()?;
        let time = SocketTime::resume(&record, self.now());
        Some((Protocol::restore(self.settings.clone(), id.into(), &record), time))
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

    /// Returns a socket as a row names it. `node` is where it is posted to.
    fn connection(&self, id: &str, user: UserId, endpoint: &str, expires_at: Timestamp) -> Connection {
        Connection { id: id.to_owned(), user, node: endpoint.to_owned(), room: None, expires_at }
    }
}

/// Frames by the socket that they are for, in the order of the frames.
type ByConnection = HashMap<String, (Connection, Vec<bytes::Bytes>)>;

#[cfg(test)]
mod tests;
