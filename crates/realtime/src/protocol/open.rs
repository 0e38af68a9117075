//! Handles the requests of a signed-in socket.

use std::time::Duration;

use crate::limits::{CURSORS_PER_RESUME, EXPIRING_BEFORE, LOG_BY_SLUG, PACED_PER_60S};
use domain::limits::WATCHED_USERS;
use domain::{Actor, Epoch, LogId, Now, Refusal, RoomRef, Seq, UserId};
use wire::OWN_LOG;

use super::action::{Action, Credential, Identity, NamedRequest, PageRequest, RequestedChange};
use super::budget::Budget;
use super::{CloseCode, Settings, refused, send};
use crate::message::{Message, Reply, ReplyTo};
use crate::request::{Decoded, Request};

pub(super) struct Open {
    pub actor: Actor,
    pub epoch: Epoch,
    pub batch: bool,
    /// The client's cursors belong to another epoch, so those of rooms are not used.
    pub other_epoch: bool,
    pub expires_at: Duration,
    pub warned: bool,
    pub next_ping: Duration,
    pub paced: Budget,
}

impl Open {
    pub fn new(
        identity: &Identity,
        epoch: Epoch,
        other_epoch: bool,
        batch: bool,
        now: Now,
        settings: &Settings,
    ) -> Open {
        Open {
            actor: identity.actor,
            epoch,
            batch,
            other_epoch,
            expires_at: now.elapsed_at(identity.expires_at),
            warned: false,
            next_ping: now.elapsed + settings.heartbeat(),
            paced: Budget::new(PACED_PER_60S, now.elapsed),
        }
    }

    /// Handles a request. Returns the close code if the socket must be closed.
    pub fn on_request(
        &mut self,
        decoded: Decoded,
        now: Now,
        budget: &mut Budget,
        out: &mut Vec<Action>,
    ) -> Option<CloseCode> {
        // These answer the server, or are paced by it: they have their own budget, by their cost.
        let within = match &decoded {
            Decoded::Request(Request::Pong) => self.paced.take(now.elapsed),
            Decoded::Request(Request::Fill { room, .. }) => self.paced.take_many(cost(room), now.elapsed),
            Decoded::Request(Request::Resume { cursors, .. }) => {
                let logs: usize = cursors.iter().map(|(room, _)| cost(room)).sum();
                self.paced.take_many(1 + logs, now.elapsed)
            }
            _ => budget.take(now.elapsed),
        };
        if !within {
            return Some(CloseCode::Flood);
        }
        match decoded {
            Decoded::Breach | Decoded::Request(Request::SignIn { .. }) => return Some(CloseCode::Protocol),
            Decoded::Rejected { reply, message } => out.push(refused(reply, Refusal::bad_request(message))),
            Decoded::Request(request) => self.serve(request, now, out),
            Decoded::Nothing => {}
        }
        None
    }

    fn serve(&mut self, request: Request, now: Now, out: &mut Vec<Action>) {
        match request {
            Request::Resume { reply, cursors } if cursors.len() > CURSORS_PER_RESUME => {
                let why = format!("Too many logs in one resume (limit {CURSORS_PER_RESUME}). Send several resumes.");
                out.push(refused(
                    Reply { to: reply, of: Some("resume".into()), room: None },
                    Refusal::bad_request(why),
                ));
            }
            Request::Resume { reply, cursors } => {
                let usable = |room: &str, cursor| if self.other_epoch && room != OWN_LOG { None } else { cursor };
                let mut named = Vec::new();
                let cursors = cursors.into_iter().map(|(room, cursor)| (usable(&room, cursor), room));
                let requests =
                    cursors.filter_map(|(cursor, room)| self.page(&reply, room, cursor, &mut named, out)).collect();
                out.push(Action::Resume(requests));
                find(named, out);
            }
            Request::Fill { reply, room, after } => {
                let mut named = Vec::new();
                let request = self.page(&reply, room, Some(after), &mut named, out);
                out.extend(request.map(Action::Replay));
                find(named, out);
            }
            Request::Enter { reply, room, after } => match room.parse() {
                Ok(room) => out.push(Action::Enter { by: self.actor, epoch: self.epoch, reply, room, after }),
                Err(refusal) => out.push(refused(reply, refusal)),
            },
            Request::Exit { reply, room } => match room.parse() {
                Ok(room) => out.push(Action::Exit { reply, room }),
                Err(refusal) => out.push(refused(reply, refusal)),
            },
            Request::Change { reply, id, room, seen, intent } => {
                match intent.and_then(|intent| Ok((room.parse::<RoomRef>()?, intent))) {
                    Ok((room, intent)) => {
                        let change = RequestedChange { by: self.actor, id, seen, epoch: self.epoch, intent };
                        out.push(Action::Submit { reply, room, change: Box::new(change) });
                    }
                    Err(refusal) => out.push(refused(reply, refusal)),
                }
            }
            Request::Mark { room, seq } => match room.parse() {
                Ok(room) => out.push(Action::Mark { by: self.actor, room, seq }),
                Err(_) => out.push(no_such_room("read", room)),
            },
            Request::Typing { room, on } => match room.parse() {
                Ok(room) => out.push(Action::Typing { by: self.actor, room, on }),
                Err(_) => out.push(no_such_room("typing", room)),
            },
            Request::Watch { users } => self.watch(users, out),
            Request::Ping { reply } => out.push(send(Message::Pong { reply, now: now.wall })),
            Request::Renew { reply, token } => out.push(Action::Renew { reply, token: Credential::Token(token) }),
            Request::Pong | Request::SignIn { .. } => {}
        }
    }

    /// Returns the request for a page of a log, unless no socket can follow what the client named. A room that is named by
    /// its slug has to be found first: its request is added to `named`.
    fn page(
        &self,
        reply: &ReplyTo,
        room: String,
        cursor: Option<Seq>,
        named: &mut Vec<NamedRequest>,
        out: &mut Vec<Action>,
    ) -> Option<PageRequest> {
        let log = match room.parse() {
            Ok(RoomRef::Id(room)) => LogId::Room(room),
            Ok(RoomRef::Slug(slug)) => {
                named.push(NamedRequest { by: self.actor, reply: reply.clone(), slug, cursor });
                return None;
            }
            Err(_) if room == OWN_LOG => LogId::User(self.actor.user),
            Err(_) => {
                out.push(Action::NoSuchLog { reply: reply.clone(), room });
                return None;
            }
        };
        Some(PageRequest { by: self.actor, reply: reply.clone(), log, cursor })
    }

    fn watch(&self, users: Vec<UserId>, out: &mut Vec<Action>) {
        if users.len() > WATCHED_USERS {
            let why = format!("You can watch at most {WATCHED_USERS} users.");
            out.push(refused(Reply::unnamed("watch", None), Refusal::bad_request(why)));
        } else {
            out.push(Action::Watch { by: self.actor, users });
        }
    }

    /// Handles the answer to a renewal. Returns the close code if the socket must be closed.
    pub fn renewed(
        &mut self,
        reply: ReplyTo,
        answer: &Result<Identity, Refusal>,
        now: Now,
        out: &mut Vec<Action>,
    ) -> Option<CloseCode> {
        let identity = match answer {
            Ok(identity) => identity,
            // The old token is still valid; the client may retry before it expires.
            Err(refusal) => {
                out.push(refused(Reply { to: reply, of: Some("auth".into()), room: None }, refusal.clone()));
                return None;
            }
        };
        let same = identity.actor.user == self.actor.user && identity.actor.session == self.actor.session;
        if !same {
            return Some(CloseCode::Credentials);
        }

        self.actor = identity.actor;
        self.expires_at = now.elapsed_at(identity.expires_at);
        self.warned = false;
        out.push(send(Message::Ack { reply, room: None, seq: None, at: now.wall, dup: false, noop: false }));
        None
    }

    pub fn on_tick(
        &mut self,
        now: Now,
        settings: &Settings,
        heads: impl FnOnce() -> Vec<(LogId, Seq)>,
        out: &mut Vec<Action>,
    ) -> Option<CloseCode> {
        if now.elapsed >= self.expires_at {
            return Some(CloseCode::Unauthenticated);
        }
        let left = self.expires_at - now.elapsed;
        if !self.warned && left <= EXPIRING_BEFORE {
            self.warned = true;
            out.push(send(Message::Expiring { left }));
        }
        if now.elapsed >= self.next_ping {
            self.next_ping = now.elapsed + settings.heartbeat();
            out.push(send(Message::Ping { heads: heads() }));
        }
        None
    }

    pub fn next_tick(&self) -> Duration {
        let warn = if self.warned { self.expires_at } else { self.expires_at.saturating_sub(EXPIRING_BEFORE) };
        warn.min(self.next_ping)
    }
}

/// Returns what a request for a log costs: one that is named by its slug has to be found in the store first.
fn cost(room: &str) -> usize {
    match room.parse() {
        Ok(RoomRef::Slug(_)) => LOG_BY_SLUG,
        Ok(RoomRef::Id(_)) | Err(_) => 1,
    }
}

fn find(named: Vec<NamedRequest>, out: &mut Vec<Action>) {
    if !named.is_empty() {
        out.push(Action::Find(named));
    }
}

fn no_such_room(of: &'static str, room: String) -> Action {
    refused(Reply::unnamed(of, Some(room)), Refusal::no_such_room())
}
