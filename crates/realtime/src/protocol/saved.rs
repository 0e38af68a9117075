//! The protocol's state as a record: for a process that may end before the socket does.

use std::sync::Arc;
use std::time::Duration;

use domain::{Actor, Epoch};
use stored::{OpenRecord, ProtocolRecord, StateRecord};

use super::budget::Budget;
use super::open::Open;
use super::{Protocol, Settings, State};

impl Protocol {
    /// Returns its state; `None` if the socket is closed, or a sign-in has not been answered. Times are those of
    /// `elapsed`.
    pub fn save(&self) -> Option<ProtocolRecord> {
        let state = match &self.state {
            State::New { until, ticket } => StateRecord::New { until: milliseconds(*until), ticket: ticket.clone() },
            State::Open(open) => StateRecord::Open(OpenRecord {
                user: open.actor.user,
                session: open.actor.session,
                admin: open.actor.admin,
                guest: open.actor.guest,
                epoch: open.epoch.0,
                batch: open.batch,
                other_epoch: open.other_epoch,
                expires_at: milliseconds(open.expires_at),
                warned: open.warned,
                next_ping: milliseconds(open.next_ping),
                paced: open.paced.save(),
            }),
            State::SigningIn { .. } | State::Closed => return None,
        };
        Some(ProtocolRecord { heard: milliseconds(self.heard), budget: self.budget.save(), state, skew: 0 })
    }

    /// Restores the state that [`Protocol::save`] returned.
    pub fn restore(settings: Arc<Settings>, conn: Arc<str>, record: &ProtocolRecord) -> Protocol {
        let state = match &record.state {
            StateRecord::New { until, ticket } => State::New { until: duration(*until), ticket: ticket.clone() },
            StateRecord::Open(open) => State::Open(Box::new(Open {
                actor: Actor { user: open.user, session: open.session, admin: open.admin, guest: open.guest },
                epoch: Epoch(open.epoch),
                batch: open.batch,
                other_epoch: open.other_epoch,
                expires_at: duration(open.expires_at),
                warned: open.warned,
                next_ping: duration(open.next_ping),
                paced: Budget::restore(&open.paced),
            })),
        };
        let (heard, budget) = (duration(record.heard), Budget::restore(&record.budget));
        Protocol { settings, conn, state, heard, budget, leaves: None }
    }

    /// Returns the epoch of its welcome, once it is signed in.
    pub fn epoch(&self) -> Option<Epoch> {
        self.open().map(|open| open.epoch)
    }

    /// Returns when its token expires, in elapsed time, once it is signed in.
    pub fn expires_at(&self) -> Option<Duration> {
        self.open().map(|open| open.expires_at)
    }

    /// Returns its user, once it is signed in.
    pub fn actor(&self) -> Option<Actor> {
        self.open().map(|open| open.actor)
    }

    fn open(&self) -> Option<&Open> {
        match &self.state {
            State::Open(open) => Some(open),
            _ => None,
        }
    }
}

pub(super) fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

pub(super) fn duration(milliseconds: i64) -> Duration {
    Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0))
}
