//! What one socket needs from this node: the node's side of [`realtime::interpreter`].

use std::sync::Arc;
use std::time::Duration;

use domain::{Actor, Epoch, LogId, Now, Refusal, Seq, UserId};
use realtime::connection::Input;
use realtime::hub::SocketId;
use realtime::interpreter::{Attached, Backend, too_many_sockets};
use realtime::message::Message;
use realtime::protocol::{Identity, PageRequest};
use service::Services;

use crate::connections::RegisteredConnection;
use crate::limits::READ_RETRY;
use crate::node::Node;
use crate::resume::resume;
use crate::shards::Command;

/// A socket of a node.
pub(crate) struct SocketBackend {
    node: Arc<Node>,
    id: SocketId,
    conn: Arc<str>,
    registered: Arc<RegisteredConnection>,
}

impl SocketBackend {
    pub fn new(node: Arc<Node>, id: SocketId, conn: Arc<str>, registered: Arc<RegisteredConnection>) -> SocketBackend {
        SocketBackend { node, id, conn, registered }
    }

    pub fn node(&self) -> &Node {
        &self.node
    }

    pub fn id(&self) -> SocketId {
        self.id
    }

    /// Returns the socket's id, as other programs know it.
    pub fn conn(&self) -> &str {
        &self.conn
    }

    pub fn registered(&self) -> &RegisteredConnection {
        &self.registered
    }

    /// Asks the socket's shard to do something.
    pub fn command(&self, command: Command) {
        self.registered.command(command);
    }

    /// Returns once there is room for another page.
    pub async fn eased(&self) {
        self.registered.level().eased().await;
    }

    /// Queues a message for this socket.
    pub fn push(&self, message: Message) {
        self.command(Command::Send(self.id, Box::new(message)));
    }

    pub fn now(&self) -> Now {
        self.node.now()
    }
}

impl Backend for SocketBackend {
    fn services(&self) -> &Services {
        &self.node.services
    }

    fn frame_limit(&self) -> usize {
        self.node.settings.limits.server_frame
    }

    fn retry(&self) -> Option<Duration> {
        Some(READ_RETRY)
    }

    async fn epoch(&self) -> Option<Epoch> {
        Some(self.node.follow.hub().epoch())
    }

    fn position(&self, log: LogId) -> Option<Seq> {
        self.node.follow.hub().position(log)
    }

    async fn attach(&self, identity: Identity) -> Result<Attached, Refusal> {
        let node = &self.node;
        let user = identity.user.id;
        let allowed = node.settings.limits.sockets_per_user;
        if identity.user.guest {
            self.registered.set_guest(node.drain.admit_guest(self.registered.address())?);
        }
        let epoch = node.follow.drive(|hub, effects| {
            (hub.sockets_of(user).len() < allowed).then(|| {
                hub.attach(self.id, user, identity.actor.session, effects);
                hub.epoch()
            })
        });
        let Some(epoch) = epoch else {
            return Err(too_many_sockets(allowed));
        };

        // The user log is followed before the sign-in is checked again, so the session cannot end unnoticed in between.
        if !node.follow.log_ready(LogId::User(user), |hub| hub.is_attached(self.id)).await {
            return Err(Refusal::restored(250));
        }
        let identity = Identity { actor: node.services.auth.sessions.as_of_now(identity.actor).await?, ..identity };
        node.presence.connect(self.id, user, self.conn.clone()).await;
        let online = node.services.presence.online().await;
        Ok(Attached { identity, epoch, online })
    }

    async fn renewed(&self, _: &Identity) -> Result<(), Refusal> {
        Ok(())
    }

    async fn resume(&self, requests: Vec<PageRequest>) -> Vec<PageRequest> {
        resume(self, requests).await
    }

    async fn replay(&self, request: PageRequest) -> Input {
        self.node.replays.replay(self, request).await
    }

    fn unfollow(&self, log: LogId) {
        let elapsed = self.now().elapsed;
        self.node.follow.drive(|hub, _| hub.leave(self.id, log, elapsed));
    }

    async fn watch(&self, by: Actor, users: Vec<UserId>) -> Result<(), Refusal> {
        self.node.presence.clone().watch(self.id, by, users).await
    }

    async fn send(&self, message: Message) {
        self.eased().await;
        self.push(message);
    }
}
