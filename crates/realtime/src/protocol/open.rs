//! A session that is signed in: what each frame asks for.

use crate::limits::{CURSORS_PER_RESUME, EXPIRING_BEFORE, PACED_PER_60S};
use domain::limits::WATCHED_USERS;
use domain::{Actor, Change, Epoch, LogId, Refusal, Seq, Timestamp, UserId};
use wire::{ClientFrame, OWN_LOG, ServerFrame};

use super::action::{Action, Credential, Identity, Reply};
use super::budget::Budget;
use super::intent::{Asked, asked};
use super::{CloseCode, Settings, bad_frame, error, send};

pub(super) struct Open {
    pub actor: Actor,
    pub epoch: Epoch,
    pub batch: bool,
    /// The client's cursors were made in another epoch, so those of rooms are not believed.
    pub of_another_life: bool,
    pub expires_at: Timestamp,
    pub warned: bool,
    pub next_ping: Timestamp,
    pub paced: Budget,
}

impl Open {
    pub fn new(
        identity: &Identity,
        epoch: Epoch,
        of_another_life: bool,
        batch: bool,
        now: Timestamp,
        settings: &Settings,
    ) -> Open {
        Open {
            actor: identity.actor,
            epoch,
            batch,
            of_another_life,
            expires_at: identity.expires_at,
            warned: false,
            next_ping: now + settings.heartbeat(),
            paced: Budget::new(PACED_PER_60S, now),
        }
    }

    /// A frame came. Returns why the socket must be closed, if it must.
    pub fn on_text(
        &mut self,
        text: &str,
        now: Timestamp,
        settings: &Settings,
        budget: &mut Budget,
        out: &mut Vec<Action>,
    ) -> Option<CloseCode> {
        if text.len() > settings.limits.client_frame {
            return Some(CloseCode::Protocol);
        }
        let frame = ClientFrame::parse(text);
        // These three answer the server, or are paced by it: they have a budget of their own, by their cost.
        let within = match &frame {
            Ok(ClientFrame::Pong {} | ClientFrame::Fill { .. }) => self.paced.take(now),
            Ok(ClientFrame::Resume { cursors, .. }) => self.paced.take_many(1 + cursors.len(), now),
            _ => budget.take(now),
        };
        if !within {
            return Some(CloseCode::Flood);
        }
        match frame {
            Err(bad) => out.push(bad_frame(bad)),
            Ok(ClientFrame::Hello { .. }) => return Some(CloseCode::Protocol),
            Ok(ClientFrame::Unknown) => {
                let mut bad = ClientFrame::address(text);
                bad.message = "This server does not know such a frame.".into();
                out.push(bad_frame(bad));
            }
            Ok(frame) => self.on_frame(frame, now, out),
        }
        None
    }

    fn on_frame(&mut self, frame: ClientFrame, now: Timestamp, out: &mut Vec<Action>) {
        let of = frame.name();
        let frame = match asked(frame) {
            Ok(asked) => return self.submit(of, asked, out),
            Err(frame) => *frame,
        };
        match frame {
            ClientFrame::Resume { id, cursors } if cursors.len() > CURSORS_PER_RESUME => {
                let why = format!("A resume names at most {CURSORS_PER_RESUME} logs; send several.");
                out.push(error(&Reply { id: Some(id), of, room: None }, &Refusal::bad_request(why), None));
            }
            ClientFrame::Resume { id, cursors } => {
                let believed = |room: &str, cursor| if self.of_another_life && room != OWN_LOG { None } else { cursor };
                let logs = cursors.into_iter().map(|(room, cursor)| (believed(&room, cursor), room)).collect();
                self.replay(id, logs, out);
            }
            ClientFrame::Fill { id, room, after } => self.replay(id, vec![(Some(after), room)], out),
            ClientFrame::Read { room, seq } => match room.parse() {
                Ok(room) => out.push(Action::Mark { room, seq }),
                Err(_) => out.push(no_such_room(of, room)),
            },
            ClientFrame::Typing { room, on } => match room.parse() {
                Ok(room) => out.push(Action::Typing { room, on }),
                Err(_) => out.push(no_such_room(of, room)),
            },
            ClientFrame::Watch { users } => self.watch(users, out),
            ClientFrame::Ping { id } => out.push(send(ServerFrame::Pong { id, now: wire::rfc3339(now) })),
            ClientFrame::Auth { id, token } => out.push(Action::Renew { id, token: Credential::Token(token) }),
            _ => {}
        }
    }

    fn replay(&self, re: String, cursors: Vec<(Option<Seq>, String)>, out: &mut Vec<Action>) {
        let mut logs = Vec::with_capacity(cursors.len());
        for (cursor, room) in cursors {
            match room.parse() {
                Ok(room) => logs.push((LogId::Room(room), cursor)),
                Err(_) if room == OWN_LOG => logs.push((LogId::User(self.actor.user), cursor)),
                Err(_) => out.push(Action::NoSuchLog { re: re.clone(), room }),
            }
        }
        if !logs.is_empty() {
            out.push(Action::Replay { re, logs });
        }
    }

    fn submit(&self, of: &'static str, asked: Asked, out: &mut Vec<Action>) {
        let reply = Reply { id: Some(asked.id.to_string()), of, room: Some(asked.room) };
        match asked.what {
            Ok((room, intent)) => {
                let change = Change { by: self.actor, id: asked.id, seen: asked.seen, epoch: Some(self.epoch), intent };
                out.push(Action::Submit { reply, room, change: Box::new(change) });
            }
            Err(refusal) => out.push(error(&reply, &refusal, None)),
        }
    }

    fn watch(&self, users: Vec<UserId>, out: &mut Vec<Action>) {
        if users.len() > WATCHED_USERS {
            let why = format!("One may watch at most {WATCHED_USERS} people.");
            out.push(error(&Reply { id: None, of: "watch", room: None }, &Refusal::bad_request(why), None));
        } else {
            out.push(Action::Watch(users));
        }
    }

    /// Another token was checked.
    pub fn renewed(
        &mut self,
        id: String,
        answer: &Result<Identity, Refusal>,
        now: Timestamp,
        out: &mut Vec<Action>,
    ) -> Option<CloseCode> {
        let reply = Reply { id: Some(id.clone()), of: "auth", room: None };
        let identity = match answer {
            Ok(identity) => identity,
            // The old token still holds; the client may try once more before it ends.
            Err(refusal) => {
                out.push(error(&reply, refusal, None));
                return None;
            }
        };
        let same = identity.actor.user == self.actor.user && identity.actor.session == self.actor.session;
        if !same {
            return Some(CloseCode::Credentials);
        }
        self.actor = identity.actor;
        self.expires_at = identity.expires_at;
        self.warned = false;
        let at = wire::rfc3339(now);
        out.push(send(ServerFrame::Ack { id, room: None, seq: None, at, dup: false, noop: false }));
        None
    }

    pub fn on_tick(
        &mut self,
        now: Timestamp,
        settings: &Settings,
        heads: impl FnOnce() -> Vec<(LogId, Seq)>,
        out: &mut Vec<Action>,
    ) -> Option<CloseCode> {
        if now >= self.expires_at {
            return Some(CloseCode::Unauthenticated);
        }
        let left = self.expires_at.since(now);
        if !self.warned && left <= EXPIRING_BEFORE {
            self.warned = true;
            let in_ms = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
            out.push(send(ServerFrame::Expiring { in_ms }));
        }
        if now >= self.next_ping {
            self.next_ping = now + settings.heartbeat();
            let heads = heads().into_iter().map(|(log, head)| (log_name(log), head)).collect();
            out.push(send(ServerFrame::Ping { heads }));
        }
        None
    }

    pub fn next_tick(&self) -> Timestamp {
        let warn_ms = i64::try_from(EXPIRING_BEFORE.as_millis()).unwrap_or(i64::MAX);
        let expiry = if self.warned { self.expires_at } else { Timestamp(self.expires_at.0 - warn_ms) };
        expiry.min(self.next_ping)
    }
}

/// A log as the wire names it.
pub fn log_name(log: LogId) -> String {
    match log {
        LogId::Room(room) => room.to_string(),
        LogId::User(_) => OWN_LOG.to_owned(),
    }
}

fn no_such_room(of: &'static str, room: String) -> Action {
    let refusal = Refusal::not_found("There is no such room, or you may not see it.");
    error(&Reply { id: None, of, room: Some(room) }, &refusal, None)
}
