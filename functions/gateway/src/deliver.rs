//! Delivers commits to the sockets that API Gateway holds. The table's stream (or a poller of it) calls this for each
//! log that changed, whichever process wrote the change.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use domain::{Actor, Body, Entry, LogId, MemberState, Refusal, RoomId, Seq, UserId};
use realtime::hub::{Ending, EntryDelivery};
use realtime::interpreter::{deliveries, ending};
use service::messages::edit_texts;
use service::ports::Connection;

use crate::post::{bytes, followed_by, follower_id};
use crate::{ByConnection, Gateway};

impl Gateway {
    /// Posts the entries `from..=to` of a log to the sockets that follow it. Returns an error only if reading failed:
    /// then the stream retries the commit, and sockets that already have it ignore it.
    pub async fn deliver(&self, log: LogId, from: Seq, to: Seq) -> Result<(), Refusal> {
        let nodes = &self.services.ports.store.nodes;
        let rows = match log {
            LogId::Room(room) => nodes.connections_in(room, self.now()).await?,
            LogId::User(user) => nodes.connections(user, self.now()).await?,
        };
        let rows: Vec<Connection> = rows.into_iter().filter(|row| row.room == log.room()).collect();
        if rows.is_empty() {
            return Ok(());
        }
        let entries = self.services.ports.store.log.read(log, from, to).await?;
        let texts = edit_texts(&self.services.ports.store, log, &entries).await?;
        let events = deliveries(&self.services, log, &entries, texts).await?;
        match log {
            LogId::Room(room) => self.deliver_room(room, &rows, &events).await,
            LogId::User(_) => self.deliver_own(rows, &entries, &events).await,
        }
    }

    async fn deliver_room(&self, room: RoomId, rows: &[Connection], events: &[EntryDelivery]) -> Result<(), Refusal> {
        let pasts = self.pasts(room, rows, events).await?;
        let mut frames = ByConnection::new();
        let mut out = Vec::new();
        for row in rows {
            let hidden_below = pasts.get(&row.user).copied().unwrap_or(1);
            let mut own = Vec::with_capacity(events.len());
            for event in events {
                own.extend(match &event.cut {
                    Some((target, cut)) if *target < hidden_below => bytes(cut),
                    _ => bytes(&event.event),
                });
                if event.removes == Some(row.user) {
                    // Their removal is the last event that they receive.
                    out.push((row.user, row.id.clone(), event.seq));
                    break;
                }
            }
            let socket = followed_by(row);
            frames.insert(socket.id.clone(), (socket, own));
        }
        self.post_all(frames).await;
        for (user, follower, seq) in out {
            // A user who joined again meanwhile follows the room again, because of a later entry.
            let member = self.services.ports.store.rooms.member(room, user).await?;
            if member.is_none_or(|member| !member.is_joined() || member.rev <= seq) {
                self.services.ports.store.nodes.drop_connection(user, &follower).await?;
            }
        }
        Ok(())
    }

    /// Returns the seq below which the room's past is hidden from each follower; read only if it matters.
    async fn pasts(
        &self,
        room: RoomId,
        rows: &[Connection],
        events: &[EntryDelivery],
    ) -> Result<HashMap<UserId, Seq>, Refusal> {
        if events.iter().all(|event| event.cut.is_none()) {
            return Ok(HashMap::new());
        }
        let public =
            self.services.ports.store.rooms.room(room).await?.is_some_and(|room| room.kind == domain::RoomKind::Public);
        if public {
            return Ok(HashMap::new());
        }
        let users: Vec<UserId> = rows.iter().map(|row| row.user).collect::<HashSet<_>>().into_iter().collect();
        let members = self.services.ports.store.rooms.members_of(room, &users).await?;
        Ok(members.into_iter().map(|member| (member.user, member.from_seq)).collect())
    }

    async fn deliver_own(
        &self,
        rows: Vec<Connection>,
        entries: &[Entry],
        events: &[EntryDelivery],
    ) -> Result<(), Refusal> {
        let texts: Vec<Bytes> = events.iter().filter_map(|event| bytes(&event.event)).collect();
        let frames: ByConnection = rows.iter().map(|row| (row.id.clone(), (row.clone(), texts.clone()))).collect();
        self.post_all(frames).await;
        for entry in entries {
            if let Some(ending) = ending(entry) {
                self.end(&rows, ending).await?;
            }
            match &entry.body {
                Body::UserRoom(row) if !matches!(row.state, MemberState::Joined | MemberState::Invited) => {
                    self.unfollow_all(&rows, row.room, row.rev).await?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Closes the sockets that an entry of their user log ends.
    async fn end(&self, rows: &[Connection], ending: Ending) -> Result<(), Refusal> {
        for row in rows {
            let stored = self.stored(&row.id).await?;
            let restored = stored.and_then(|(record, _)| self.restore(&row.id, &record));
            // A socket that is signing in right now has no actor yet; its client reconnects if this was not its
            // session.
            let actor = restored.and_then(|(protocol, _)| protocol.actor());
            let is_ended = |actor: Actor| match ending {
                Ending::Session(session) => actor.session == Some(session),
                Ending::Ban | Ending::Rights => true,
            };
            if actor.is_none_or(is_ended) {
                self.close(row).await;
            }
        }
        Ok(())
    }

    async fn unfollow_all(&self, rows: &[Connection], room: RoomId, seq: Seq) -> Result<(), Refusal> {
        for row in rows {
            let member = self.services.ports.store.rooms.member(room, row.user).await?;
            if member.is_none_or(|member| !member.is_joined() || member.rev <= seq) {
                self.services.ports.store.nodes.drop_connection(row.user, &follower_id(&row.id, room)).await?;
            }
        }
        Ok(())
    }
}
