//! What operators and admins do to accounts and rooms of the installation: one place, which the command line and the REST
//! API both call. Each action is a record of the audit log.
//!
//! Checks that a caller from the network is an admin; the command line is trusted ([`Requester::CLI`]).

mod accounts;
mod audit;
mod deletion;
mod list;
mod messages;
mod rooms;

use std::sync::{Arc, OnceLock};

use domain::{Actor, AuditVia, Refusal, User, UserId};

use crate::auth::Auth;
use crate::clock::Clock;
use crate::files::Files;
use crate::ids::Ids;
use crate::log::Logs;
use crate::ports::Store;
use crate::user_cache::UserCache;

pub use audit::AuditPage;
pub use list::{Account, AccountsPage};

/// Who requests an action, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requester {
    /// The caller; the system for an operator on the command line.
    pub actor: Actor,
    /// How the action is requested.
    pub via: AuditVia,
}

impl Requester {
    /// An operator on the command line.
    pub const CLI: Requester = Requester { actor: Actor::SYSTEM, via: AuditVia::Cli };

    /// Returns a caller of the REST API.
    pub fn rest(actor: Actor) -> Requester {
        Requester { actor, via: AuditVia::Rest }
    }

    /// Refuses a caller who is no admin, before anything is looked up: nobody else learns which accounts exist.
    pub fn check(&self) -> Result<(), Refusal> {
        match self.actor.admin {
            true => Ok(()),
            false => Err(Refusal::forbidden("Only admins can do this.")),
        }
    }
}

/// The use cases of operators and admins.
pub struct Admin {
    store: Store,
    logs: Arc<Logs>,
    auth: Arc<Auth>,
    user_cache: Arc<UserCache>,
    clock: Arc<dyn Clock>,
    ids: Ids,
    /// Removes the files of deleted rooms. Without it, the next sweep does.
    files: OnceLock<Arc<Files>>,
}

impl Admin {
    /// Creates the use cases from their parts.
    pub fn new(
        store: Store,
        logs: Arc<Logs>,
        auth: Arc<Auth>,
        user_cache: Arc<UserCache>,
        clock: Arc<dyn Clock>,
        ids: Ids,
    ) -> Arc<Admin> {
        Arc::new(Admin { store, logs, auth, user_cache, clock, ids, files: OnceLock::new() })
    }

    /// Has the files of deleted rooms removed at once.
    pub fn remove_files_with(&self, files: Arc<Files>) {
        self.files.get_or_init(|| files);
    }

    /// Returns the user that a requester names by id or by handle, with or without `@`. Deleted accounts are not found.
    pub async fn find(&self, by: Requester, text: &str) -> Result<User, Refusal> {
        by.check()?;
        let unknown = || Refusal::not_found("No user has this name.");
        let found = match text.parse::<UserId>() {
            Ok(id) => self.store.users.user(id).await?,
            Err(_) => {
                let key = domain::name::lookup_key(text.trim_start_matches('@')).ok_or_else(unknown)?;
                self.store.users.user_by_name(&key).await?
            }
        };
        found.map(|record| record.user).filter(|user| !user.deleted).ok_or_else(unknown)
    }
}
