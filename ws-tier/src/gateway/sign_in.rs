//! From a credential to a signed-in socket, and the room list that follows.

use std::sync::Arc;
use std::time::Duration;

use domain::{Code, Epoch, LogId, Refusal, UserId};

use super::Tier;
use super::send_queue::SendQueue;
use realtime::hub::SocketId;
use realtime::protocol::{Credential, Identity};
use realtime::room_frames;

/// Between two tries of a read that failed.
const RETRY: Duration = Duration::from_millis(250);

/// What the session needs for its welcome.
pub(super) struct SignedIn {
    pub identity: Identity,
    pub epoch: Epoch,
    pub online: u64,
}

/// Checks the credential and attaches the socket to the hub.
pub(super) async fn sign_in(
    tier: &Tier,
    socket: SocketId,
    conn: String,
    credential: &Credential,
) -> Result<SignedIn, Refusal> {
    let identity = tier.parts.sign_in(credential).await?;
    let user = identity.user.id;
    let allowed = tier.settings.limits.sockets_per_user;
    let epoch = tier.drive(|hub, effects| {
        (hub.sockets_of(user).len() < allowed).then(|| {
            hub.attach(socket, user, identity.actor.session, effects);
            hub.epoch()
        })
    });
    let too_many =
        || Refusal::new(Code::RateLimited, format!("One may have {allowed} connections; close another one."));
    let epoch = epoch.ok_or_else(too_many)?;
    // The own log is followed before the session is looked at, so its end cannot pass in between.
    let afresh = || Refusal::unavailable("The server starts afresh.", 250);
    if !tier.log_ready(LogId::User(user), |hub| hub.is_attached(socket)).await {
        return Err(afresh());
    }
    let identity = Identity { actor: tier.parts.auth.as_of_now(identity.actor).await?, ..identity };
    tier.watches().connect(socket, user, conn.clone());
    tier.parts.presence.connected(user, &conn).await;
    let online = tier.parts.presence.online().await;
    Ok(SignedIn { identity, epoch, online })
}

/// Sends the pages of the room list, the first with the head of the own log from before it was read.
pub(super) async fn list_rooms(tier: &Tier, send_queue: &Arc<SendQueue>, user: UserId) {
    let mut me = loop {
        match tier.parts.head(LogId::User(user)).await {
            Ok((_, head)) => break Some(head),
            Err(_) => tokio::time::sleep(RETRY).await,
        }
    };
    let mut after = None;
    loop {
        send_queue.eased().await;
        let Ok((lines, next)) = tier.parts.room_list(user, after).await else {
            tokio::time::sleep(RETRY).await;
            continue;
        };
        for frame in room_frames(lines, next.is_some(), me.take(), tier.settings.limits.server_frame) {
            send_queue.push(frame);
        }
        match next {
            Some(_) => after = next,
            None => return,
        }
    }
}
