//! Creates accounts, and changes their names, passwords, rights and sessions.

use std::sync::Arc;

use domain::{AuditAction, AuditSubject, Refusal, User, UserRole};

use super::audit::of_user;
use super::{Admin, Requester};
use crate::auth::{NewNames, Password, Registration, ResetToken};

impl Admin {
    /// Creates an account, whether registration is open or not. Operators may choose reserved names.
    pub async fn create_user(
        self: &Arc<Self>,
        by: Requester,
        registration: Registration,
        role: UserRole,
    ) -> Result<User, Refusal> {
        by.check()?;
        let name = registration.name.to_string();
        // The account has no id yet; its handle says which one it is.
        let subject = (AuditSubject::User(domain::UserId::SYSTEM), name);
        let this = self.clone();
        let work = async move { this.auth.accounts.create_user(registration, role).await };
        self.audited(by, AuditAction::CreateUser, subject, work).await
    }

    /// Makes a link with which a user chooses a new password.
    pub async fn issue_reset_link(self: &Arc<Self>, by: Requester, user: &User) -> Result<ResetToken, Refusal> {
        by.check()?;
        let (this, id) = (self.clone(), user.id);
        let work = async move { this.auth.resets.issue(id).await };
        self.audited(by, AuditAction::IssueResetLink, of_user(user), work).await
    }

    /// Sets the password of a user, and ends all their sessions.
    pub async fn set_password(self: &Arc<Self>, by: Requester, user: &User, new: Password) -> Result<(), Refusal> {
        by.check()?;
        let (this, id) = (self.clone(), user.id);
        let work = async move { this.auth.accounts.set_password(id, new).await };
        self.audited(by, AuditAction::SetPassword, of_user(user), work).await
    }

    /// Gives a user another handle or another display name. Admins and operators may choose reserved names.
    pub async fn rename(self: &Arc<Self>, by: Requester, user: &User, new: NewNames) -> Result<User, Refusal> {
        by.check()?;
        if new == NewNames::default() {
            return Err(Refusal::bad_request("Give a new name, a new display name, or both."));
        }
        let (this, id) = (self.clone(), user.id);
        let work = async move { this.auth.accounts.rename(id, new).await };
        self.audited(by, AuditAction::Rename, of_user(user), work).await
    }

    /// Makes a user an admin of the installation, or takes that away; not from the last one who can sign in.
    pub async fn set_role(self: &Arc<Self>, by: Requester, user: &User, role: UserRole) -> Result<User, Refusal> {
        by.check()?;
        if user.guest {
            return Err(Refusal::bad_request("A guest has no account, and so cannot be an admin."));
        }
        let action = match role {
            UserRole::Admin => AuditAction::GrantAdmin,
            UserRole::User => AuditAction::RevokeAdmin,
        };
        let (this, name) = (self.clone(), user.name.clone());
        let work = async move { this.auth.accounts.set_role(&name, role).await };
        self.audited(by, action, of_user(user), work).await
    }

    /// Bans a user from the installation, or lifts the ban; not the last admin who can sign in.
    pub async fn set_banned(self: &Arc<Self>, by: Requester, user: &User, banned: bool) -> Result<(), Refusal> {
        by.check()?;
        let action = if banned { AuditAction::Ban } else { AuditAction::Unban };
        let (this, id) = (self.clone(), user.id);
        let work = async move { this.auth.accounts.set_banned(&by.actor, id, banned).await };
        self.audited(by, action, of_user(user), work).await
    }

    /// Ends all sessions of a user, and closes their sockets.
    pub async fn sign_out(self: &Arc<Self>, by: Requester, user: &User) -> Result<(), Refusal> {
        by.check()?;
        let (this, id) = (self.clone(), user.id);
        let work = async move { this.auth.sessions.end_all(id).await };
        self.audited(by, AuditAction::SignOut, of_user(user), work).await
    }
}
