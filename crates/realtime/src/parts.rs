//! What the tier needs of the service, in the words of sockets.

use std::sync::Arc;

use crate::limits::ROOMS_PER_FRAME;
use domain::{
    Ack, Body, Change, Code, Entry, Epoch, Intent, LogId, MemberState, Refusal, Related, RoomId, Seq, UserId, UserRoom,
};
use service::auth::{Auth, Grant};
use service::excerpts;
use service::messages::fill_edits;
use service::ports::{Bus, Store, StoreError};
use service::presence::Presence;
use service::rooms::{ChangeRequest, Rooms};
use service::{Access, Clock, Logs, Marks, Messages, RoomRef, Services, UserCache};
use wire::{AnyEvent, Event, OwnEvent, RoomEntry};

use crate::protocol::{Credential, Identity};

/// The use cases and ports that the tier stands on.
#[derive(Clone)]
pub struct Parts {
    /// For heads, reads and changes of logs.
    pub store: Store,
    /// Commits of this node come from here.
    pub logs: Arc<Logs>,
    /// Names and files.
    pub user_cache: Arc<UserCache>,
    /// Rooms by slug.
    pub access: Arc<Access>,
    /// Sends and replays.
    pub messages: Arc<Messages>,
    /// Read marks.
    pub marks: Arc<Marks>,
    /// Joins and leaves.
    pub rooms: Arc<Rooms>,
    /// Tokens and tickets.
    pub auth: Arc<Auth>,
    /// Presence and typing.
    pub presence: Arc<Presence>,
    /// The other nodes.
    pub bus: Arc<dyn Bus>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// A stretch of a log.
pub struct Stretch {
    pub epoch: Epoch,
    /// The head before the read.
    pub head: Seq,
    /// Edits carry their text.
    pub entries: Vec<Entry>,
}

impl Parts {
    /// Those of a process.
    pub fn of(services: &Services) -> Parts {
        Parts {
            store: services.ports.store.clone(),
            logs: services.logs.clone(),
            user_cache: services.user_cache.clone(),
            access: services.access.clone(),
            messages: services.messages.clone(),
            marks: services.marks.clone(),
            rooms: services.rooms.clone(),
            auth: services.auth.clone(),
            presence: services.presence.clone(),
            bus: services.ports.bus.clone(),
            clock: services.ports.clock.clone(),
        }
    }

    /// Checks a credential. A ticket is used up by it.
    pub async fn sign_in(&self, credential: &Credential) -> Result<Identity, Refusal> {
        let Grant { actor, expires_at } = match credential {
            Credential::Token(token) => self.auth.grant(token)?,
            Credential::Ticket(ticket) => self.auth.take_ticket(ticket).await?,
        };
        // What the token claims may be old.
        let actor = self.auth.as_of_now(actor).await?;
        let user = self.user_cache.user(actor.user).await?;
        let nobody = || Refusal::new(Code::Unauthenticated, "This account is not there any more.");
        let user = user.ok_or_else(nobody)?;
        Ok(Identity { actor, user, expires_at })
    }

    /// Epoch and head of a log.
    pub async fn head(&self, log: LogId) -> Result<(Epoch, Seq), StoreError> {
        let tip = self.store.log.tip(log).await?;
        Ok((tip.epoch(), tip.seq()))
    }

    /// A page of the room list, and where the next begins.
    pub async fn room_list(
        &self,
        user: UserId,
        after: Option<RoomId>,
    ) -> Result<(Vec<RoomEntry>, Option<RoomId>), Refusal> {
        let mut rows = self.store.rooms.user_rooms(user, after, ROOMS_PER_FRAME).await?;
        // Marks are written once a minute; one who comes back within it should not see their own mark fall.
        rows.iter_mut().for_each(|line| self.marks.overlay_row(user, &mut line.row));
        let next = rows.last().filter(|_| rows.len() == ROOMS_PER_FRAME).map(|row| row.room.id);
        let others = rows.iter().filter_map(|row| row.room.other(user)).collect();
        let related = Related { users: self.user_cache.users(others).await?, ..Related::default() };
        let line = |row: &service::ports::UserRoomRow| {
            wire::room_entry(user, &row.row, &row.room, (row.head.seq, row.head.n, row.head.at), &related)
        };
        Ok((rows.iter().map(line).collect(), next))
    }

    /// Entries after `after`, at most `max`, with the texts of edits.
    pub async fn stretch(&self, log: LogId, after: Seq, max: u64) -> Result<Stretch, StoreError> {
        let (epoch, head) = self.head(log).await?;
        let to = head.min(after + max);
        let mut entries = if to > after { self.store.log.read(log, after + 1, to).await? } else { Vec::new() };
        fill_edits(&self.store, log, &mut entries).await?;
        Ok(Stretch { epoch, head, entries })
    }

    /// The entries as clients see them: notifications with the beginning of what their messages say now.
    pub async fn events(
        &self,
        log: LogId,
        entries: &[Entry],
        related: Option<Related>,
    ) -> Result<Vec<AnyEvent>, Refusal> {
        let related = match related {
            Some(related) => related,
            None => self.user_cache.related(entries).await?,
        };
        let mut own = Vec::new();
        let entries = match log {
            LogId::User(user) => {
                own.extend_from_slice(entries);
                excerpts::fill_entries(&self.store, user, &mut own).await?;
                &own
            }
            LogId::Room(_) => entries,
        };
        let mut events = Vec::with_capacity(entries.len());
        for entry in entries {
            events.push(match log {
                LogId::Room(room) => AnyEvent::Room(Event::new(room, entry, &related)),
                LogId::User(user) => {
                    let line = match &entry.body {
                        Body::UserRoom(row) => self.line(user, row).await?,
                        _ => None,
                    };
                    AnyEvent::Own(OwnEvent::new(entry, &related, line))
                }
            });
        }
        Ok(events)
    }

    /// The room list's line for a row that the own log announces: membership as the entry says, marks
    /// and settings as they are now.
    async fn line(&self, user: UserId, row: &UserRoom) -> Result<Option<RoomEntry>, Refusal> {
        if !matches!(row.state, MemberState::Joined | MemberState::Invited) {
            return Ok(None);
        }
        let Some(room) = self.store.rooms.room(row.room).await? else { return Ok(None) };
        let now = self.store.rooms.user_room(user, row.room).await?;
        let mut row = UserRoom { state: row.state, role: row.role, rev: row.rev, ..now.unwrap_or_else(|| row.clone()) };
        row.why = None;
        self.marks.overlay_row(user, &mut row);
        let tip = self.store.log.tip(LogId::Room(row.room)).await?;
        let others = room.other(user).into_iter().collect();
        let related = Related { users: self.user_cache.users(others).await?, ..Related::default() };
        Ok(Some(wire::room_entry(user, &row, &room, (tip.seq(), tip.n(), tip.at()), &related)))
    }

    /// Asks a room to take a change in. Also returns the room's id.
    pub async fn submit(&self, room: &RoomRef, change: Change) -> Result<(RoomId, Ack), Refusal> {
        let id = self.access.id(room).await?;
        let room = RoomRef::Id(id);
        let ack = match change.intent {
            Intent::Join => self.rooms.join(&change.by, &room, asked(&change)).await,
            Intent::Leave => self.rooms.leave(&change.by, &room, asked(&change)).await,
            _ => self.messages.submit(&room, change).await,
        }?;
        Ok((id, ack))
    }
}

fn asked(change: &Change) -> ChangeRequest {
    ChangeRequest { id: Some(change.id), seen: change.seen, epoch: change.epoch }
}
