//! A session as text: for a process that does not live as long as the socket.

use std::sync::Arc;

use domain::{Actor, Epoch, SessionId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use super::budget::Budget;
use super::open::Open;
use super::{Protocol, Settings, State};

#[derive(Serialize, Deserialize)]
struct Saved {
    heard: Timestamp,
    budget: Budget,
    state: SavedState,
}

#[derive(Serialize, Deserialize)]
enum SavedState {
    New { until: Timestamp, ticket: Option<String> },
    Open(SavedOpen),
}

#[derive(Serialize, Deserialize)]
struct SavedOpen {
    user: UserId,
    session: Option<SessionId>,
    admin: bool,
    guest: bool,
    epoch: u64,
    batch: bool,
    of_another_life: bool,
    expires_at: Timestamp,
    warned: bool,
    next_ping: Timestamp,
    paced: Budget,
}

impl Protocol {
    /// Its state; none when it is closed, or waits for a sign-in to be answered.
    pub fn save(&self) -> Option<String> {
        let state = match &self.state {
            State::New { until, ticket } => SavedState::New { until: *until, ticket: ticket.clone() },
            State::Open(open) => SavedState::Open(SavedOpen {
                user: open.actor.user,
                session: open.actor.session,
                admin: open.actor.admin,
                guest: open.actor.guest,
                epoch: open.epoch.0,
                batch: open.batch,
                of_another_life: open.of_another_life,
                expires_at: open.expires_at,
                warned: open.warned,
                next_ping: open.next_ping,
                paced: open.paced.clone(),
            }),
            State::SigningIn { .. } | State::Closed => return None,
        };
        let saved = Saved { heard: self.heard, budget: self.budget.clone(), state };
        Some(serde_json::to_string(&saved).expect("it has string keys and no failing serializers"))
    }

    /// Goes on with what [`Protocol::save`] made; none when the text is of a release that this one does not know.
    pub fn restore(settings: Arc<Settings>, conn: String, saved: &str) -> Option<Protocol> {
        let Saved { heard, budget, state } = serde_json::from_str(saved).ok()?;
        let state = match state {
            SavedState::New { until, ticket } => State::New { until, ticket },
            SavedState::Open(open) => State::Open(Box::new(Open {
                actor: Actor { user: open.user, session: open.session, admin: open.admin, guest: open.guest },
                epoch: Epoch(open.epoch),
                batch: open.batch,
                of_another_life: open.of_another_life,
                expires_at: open.expires_at,
                warned: open.warned,
                next_ping: open.next_ping,
                paced: open.paced,
            })),
        };
        Some(Protocol { settings, conn, state, heard, budget, leaves: None })
    }

    /// The epoch that it was welcomed in, once it is signed in.
    pub fn epoch(&self) -> Option<Epoch> {
        match &self.state {
            State::Open(open) => Some(open.epoch),
            _ => None,
        }
    }

    /// When its token ends, once it is signed in.
    pub fn expires_at(&self) -> Option<Timestamp> {
        match &self.state {
            State::Open(open) => Some(open.expires_at),
            _ => None,
        }
    }

    /// Who it belongs to, once it is signed in.
    pub fn actor(&self) -> Option<Actor> {
        match &self.state {
            State::Open(open) => Some(open.actor),
            _ => None,
        }
    }
}
