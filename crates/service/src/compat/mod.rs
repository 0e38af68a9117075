//! The use cases of clients of the older contract: who they are, and what they see. They use the same rooms, logs, limits and
//! rights as everybody else.
//!
//! Never shows anything that is not public: a guest of this contract is whoever names the guest's id.

mod files;
mod limits;
mod mode;
mod notifications;
mod people;
mod presence;
mod rooms;

use std::net::IpAddr;
use std::sync::Arc;

use domain::{Actor, Code, Refusal, UserId};

pub use files::CompatFile;
pub use mode::{CompatMode, InvalidCompatMode};
pub use notifications::{CompatNotification, CompatNotificationId, NewCompatNotification};
pub use presence::CompatPresence;
pub use rooms::{CompatMessages, CompatRoom, NewCompatRoom};

use crate::clock::Clock;
use crate::ports::Store;
use crate::{Access, Files, Messages, Notifications, Presence, Rooms, UserCache};

use limits::Throttles;

/// Who calls, as far as the call shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visitor {
    /// The actor of the call's token, if it has one.
    pub actor: Option<Actor>,
    /// The address, for the limits of calls without a token.
    pub address: IpAddr,
}

/// The use cases of the older contract.
pub struct Compat {
    mode: CompatMode,
    store: Store,
    access: Arc<Access>,
    user_cache: Arc<UserCache>,
    rooms: Arc<Rooms>,
    messages: Arc<Messages>,
    presence: Arc<Presence>,
    notifications: Arc<Notifications>,
    files: Arc<Files>,
    clock: Arc<dyn Clock>,
    throttles: Throttles,
}

/// The use cases and ports that those of the older contract call.
pub(crate) struct CompatParts {
    pub store: Store,
    pub access: Arc<Access>,
    pub user_cache: Arc<UserCache>,
    pub rooms: Arc<Rooms>,
    pub messages: Arc<Messages>,
    pub presence: Arc<Presence>,
    pub notifications: Arc<Notifications>,
    pub files: Arc<Files>,
    pub clock: Arc<dyn Clock>,
}

impl Compat {
    /// Creates the use cases from their parts.
    pub(crate) fn new(mode: CompatMode, parts: CompatParts) -> Arc<Self> {
        let CompatParts { store, access, user_cache, rooms, messages, presence, notifications, files, clock } = parts;
        let throttles = Throttles::new(clock.clone());
        Arc::new(Compat {
            mode,
            store,
            access,
            user_cache,
            rooms,
            messages,
            presence,
            notifications,
            files,
            clock,
            throttles,
        })
    }

    /// Returns who may use the older contract.
    pub fn mode(&self) -> CompatMode {
        self.mode
    }

    /// Returns on whose behalf something public is read: the caller's, or that of nobody in particular.
    fn reader(&self, visitor: Visitor) -> Result<Actor, Refusal> {
        match visitor.actor {
            Some(actor) => Ok(actor),
            None => {
                self.admit_without_token()?;
                Ok(guest(UserId::compat("")))
            }
        }
    }

    /// Refuses a call without a token, unless guests are allowed.
    fn admit_without_token(&self) -> Result<(), Refusal> {
        match self.mode {
            CompatMode::Guests => Ok(()),
            CompatMode::Off | CompatMode::Token => {
                Err(Refusal::new(Code::Unauthenticated, "Not authenticated: send a token that was issued for compat."))
            }
        }
    }
}

/// Returns a guest of the older contract as an actor: without a session, so that nothing can be done with it anywhere else.
fn guest(user: UserId) -> Actor {
    Actor { user, session: None, admin: false, guest: true }
}
