//! Prints the lists of `palaver admin`: as lines for people, or as JSON objects for programs.

use domain::{AuditAction, AuditOutcome, AuditRecord, AuditVia, Timestamp, User, UserRole};
use service::admin::Account;
use wire::rest::admin::{account_view, audit_view};

/// Prints an account.
pub fn account(account: &Account, json: bool) {
    if json {
        let view = account_view(&account.user, account.last_used_at, account.sessions);
        return println!("{}", serde_json::to_string(&view).expect("a view is plain data"));
    }
    let Account { user, last_used_at, sessions } = account;
    let last_used = last_used_at.map_or("no session".to_owned(), |at| format!("last used {}", day(at)));
    let sessions = if *sessions == 1 { "1 session".to_owned() } else { format!("{sessions} sessions") };
    let shown =
        user.display_name.as_ref().map(|name| format!("  \"{}\"", printable(name.as_str()))).unwrap_or_default();
    println!(
        "{:32} {:7} {:6} created {}  {last_used}, {sessions}  {}{shown}",
        printable(user.name.as_str()),
        if user.guest { "guest" } else { "account" },
        rights(user),
        day(user.created_at),
        user.id,
    );
}

/// Prints a record of the audit log.
pub fn record(record: &AuditRecord, json: bool) {
    if json {
        return println!("{}", serde_json::to_string(&audit_view(record)).expect("a view is plain data"));
    }
    let by = match (&record.by_name, record.by) {
        (Some(name), _) => printable(name),
        (None, Some(user)) => user.to_string(),
        (None, None) => "operator".to_owned(),
    };
    let via = match record.via {
        AuditVia::Cli => "command",
        AuditVia::Rest => "API",
        AuditVia::Unknown => "another way",
    };
    let outcome = match record.outcome {
        AuditOutcome::Begun => "  (not known to have ended)",
        AuditOutcome::Done => "",
        AuditOutcome::Refused => "  (refused)",
        AuditOutcome::Unknown => "  (outcome of a later release)",
    };
    let what = what(record.action);
    println!("{}  {by} by {via}: {what} {}{outcome}", wire::rfc3339(record.at), printable(&record.subject_name));
}

fn what(action: AuditAction) -> &'static str {
    match action {
        AuditAction::CreateUser => "created the account",
        AuditAction::IssueResetLink => "made a link for a new password of",
        AuditAction::SetPassword => "set the password of",
        AuditAction::Rename => "renamed",
        AuditAction::GrantAdmin => "made an admin of",
        AuditAction::RevokeAdmin => "took the rights of an admin from",
        AuditAction::Ban => "banned",
        AuditAction::Unban => "lifted the ban of",
        AuditAction::SignOut => "signed out",
        AuditAction::DeleteAccount => "deleted the account",
        AuditAction::DeleteAccountAndMessages => "deleted the account and the messages of",
        AuditAction::DeleteRoom => "deleted the room",
        AuditAction::Unknown => "did what a later release knows to",
    }
}

fn rights(user: &User) -> &'static str {
    match (user.banned, user.role) {
        (true, _) => "banned",
        (false, UserRole::Admin) => "admin",
        (false, UserRole::User) => "user",
    }
}

fn day(at: Timestamp) -> String {
    wire::rfc3339(at).chars().take(10).collect()
}

/// Returns a text without the characters that a terminal would obey.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect()
}
