//! The protocol over an API Gateway WebSocket API, for an installation without a ws-tier: what a route's
//! event makes of a socket, and what a commit makes of the sockets that follow its log.
//!
//! The session is the ws-tier's own ([`realtime::protocol`]), kept as text between two events. Nothing here
//! lives as long as a socket: API Gateway holds the sockets, the store holds who follows what.

mod deliver;
mod event;
mod follow;
mod post;
mod signals;
mod told;
mod turn;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::limits::Limits;
use domain::{Epoch, Timestamp, UserId};
use realtime::Parts;
use realtime::protocol::{Protocol, Settings};
use service::ports::{Connection, ConnectionPush, SocketState, StoreResult};
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
    parts: Parts,
    push: Arc<dyn ConnectionPush>,
    settings: Arc<Settings>,
    origins: Origins,
    /// Where connections are posted to, instead of what the event says.
    endpoint: Option<String>,
    /// Typing and marks that the present event made, told at its end.
    signals: Arc<signals::Signals>,
}

impl Gateway {
    /// Speaks for the node of this name. Pages of `origins` may open sockets: the API has a host of its own, so the
    /// page's is another. `endpoint` is the management API's address, where it is not the one that an event names.
    pub fn new(
        parts: Parts,
        push: Arc<dyn ConnectionPush>,
        node: String,
        limits: &Limits,
        origins: Origins,
        endpoint: Option<String>,
    ) -> Arc<Gateway> {
        let settings = Arc::new(Settings { node, limits: self::limits(limits) });
        let signals = Arc::new(signals::Signals::default());
        parts.presence.add_listener(signals.clone());
        parts.marks.add_listener(signals.clone());
        Arc::new(Gateway { parts, push, settings, origins, endpoint, signals })
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
        let session = Protocol::new(self.settings.clone(), id.clone(), event.ticket(), self.now());
        let kept =
            Kept { session: session.save().unwrap_or_default(), endpoint: self.endpoint(&event.request_context) };
        self.keep(&id, &kept, None, self.now() + CONNECTION_LIFE).await?;
        Ok(Answer::OK)
    }

    async fn disconnect(&self, context: &Context) -> StoreResult<Answer> {
        let id = &context.connection_id;
        if let Some((kept, _)) = self.kept(id).await? {
            let session = Protocol::restore(self.settings.clone(), id.clone(), &kept.session);
            if let Some(actor) = session.and_then(|session| session.actor()) {
                self.forget(actor.user, id).await;
            }
        }
        self.parts.store.nodes.forget_socket(id).await?;
        Ok(Answer::OK)
    }

    /// The rows of a socket that is gone. Those of rooms go with the first frame that does not reach it, or with
    /// their time.
    async fn forget(&self, user: UserId, id: &str) {
        self.parts.presence.disconnected(user, id).await;
        self.parts.marks.flush_user(user).await;
        if let Err(error) = self.parts.store.nodes.drop_connection(user, id).await {
            tracing::warn!(%error, "the row of a connection stays until its time is over");
        }
    }

    /// Keeps it in place of `was`, or of whatever there is; whether it does.
    async fn keep(&self, id: &str, kept: &Kept, was: Option<&Kept>, expires_at: Timestamp) -> StoreResult<bool> {
        let socket = SocketState { id: id.to_owned(), state: kept.text(), expires_at };
        self.parts.store.nodes.keep_socket(&socket, was.map(Kept::text).as_deref()).await
    }

    /// What was kept of a socket, and until when.
    async fn kept(&self, id: &str) -> StoreResult<Option<(Kept, Timestamp)>> {
        let socket = self.parts.store.nodes.socket(id, self.now()).await?;
        Ok(socket.and_then(|socket| Some((serde_json::from_str(&socket.state).ok()?, socket.expires_at))))
    }

    fn endpoint(&self, context: &Context) -> String {
        self.endpoint.clone().unwrap_or_else(|| format!("https://{}/{}", context.domain_name, context.stage))
    }

    async fn epoch(&self) -> StoreResult<Epoch> {
        self.parts.store.log.epoch().await
    }

    fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// A socket as a row names it. `node` is where it is posted to.
    fn connection(&self, id: &str, user: UserId, endpoint: &str, expires_at: Timestamp) -> Connection {
        Connection { id: id.to_owned(), user, node: endpoint.to_owned(), room: None, expires_at }
    }
}

/// What is kept of a socket between two events.
#[derive(serde::Serialize, serde::Deserialize)]
struct Kept {
    session: String,
    endpoint: String,
}

impl Kept {
    fn text(&self) -> String {
        serde_json::to_string(self).expect("it has string keys and no failing serializers")
    }
}

/// Frames by the socket that they are for, in the order of the frames.
type ByConnection = HashMap<String, (Connection, Vec<bytes::Bytes>)>;

#[cfg(test)]
mod tests;
