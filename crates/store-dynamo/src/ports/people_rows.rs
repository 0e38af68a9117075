//! The rows of a user, and what one transaction changes of them.
//!
//! PROFILE: `us` id, `nm` name, `dn` display name, `gu` guest, `ro` role, `ba` banned, `at` when they joined, `ct`
//! address, `em` address for sign-in, `ph` hash of the password. The rows of a name, of an address and of the list of names contain `us`.

use domain::name::{DisplayName, UserName};
use domain::{User, UserId, UserRole};
use service::ports::{NewUser, StoreError, StoreResult, UserRecord};

use crate::item::{Item, decoded, flag, id, text, time, word};
use crate::keys;
use crate::op::{Change, Op, When};
use crate::table_store::WriteError;

/// How often a change is decided again if the row changed between its read and its write.
pub const ATTEMPTS: usize = 5;
/// A character below every character of a name.
pub const FIRST_NAME: char = '\u{1}';
/// A character above every character of a name.
pub const LAST_NAME: char = '\u{10FFFF}';

/// What a part of the transaction writes, which tells what a failed condition means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    /// The user's own row, or the mark of the first registered user: decided from what was read.
    Decided,
    /// A unique name.
    Unique(&'static str),
    /// A row without a condition.
    Free,
}

/// Why a change failed.
#[derive(Debug, PartialEq)]
pub enum Refused {
    /// What it was decided on has changed: decide again.
    Moved,
    /// The error that the caller gets.
    Other(StoreError),
}

/// The parts of one transaction.
#[derive(Default)]
pub struct Changes {
    ops: Vec<Op>,
    rows: Vec<Row>,
}

impl Changes {
    fn push(&mut self, row: Row, op: Op) {
        self.rows.push(row);
        self.ops.push(op);
    }

    /// Adds the user's own row.
    pub fn profile(&mut self, op: Op) {
        self.push(Row::Decided, op);
    }

    /// Adds the rows of the name, if it changes. `owns_written` says whether the row of the second key of the old name is
    /// the user's own.
    pub fn name(&mut self, old: Option<&UserRecord>, owns_written: bool, new: &UserRecord) {
        self.written(old, owns_written, new);
        let (user, folded) = (new.user.id, new.user.name.folded());
        let before = old.map(|old| old.user.name.folded());
        if before.as_ref() == Some(&folded) {
            return;
        }
        self.push(Row::Unique("name"), unique(keys::name(&folded), user));
        let listed = Item::at(keys::listed_name(&folded)).with("us", id(user.0));
        self.push(Row::Free, Op::Put(listed, When::Always));
        if let Some(before) = before {
            self.push(Row::Free, Op::Delete(keys::name(&before), When::Always));
            self.push(Row::Free, Op::Delete(keys::listed_name(&before), When::Always));
        }
    }

    fn written(&mut self, old: Option<&UserRecord>, owns_written: bool, new: &UserRecord) {
        let written = new.user.name.written();
        let before = old.map(|old| old.user.name.written());
        if before.as_ref() == Some(&written) {
            return;
        }
        self.push(Row::Unique("name"), unique(keys::written(&written), new.user.id));
        if let Some(before) = before.filter(|_| owns_written) {
            self.push(Row::Free, Op::Delete(keys::written(&before), When::Always));
        }
    }

    /// Adds the row of the address for sign-in, if it changes.
    pub fn email(&mut self, before: Option<&str>, new: &UserRecord) {
        let after = new.sign_in_email.as_deref();
        if before == after {
            return;
        }
        if let Some(email) = after {
            self.push(Row::Unique("email"), unique(keys::email(email), new.user.id));
        }
        if let Some(before) = before {
            self.push(Row::Free, Op::Delete(keys::email(before), When::Always));
        }
    }

    /// Adds the mark that a registered user exists; only one can be the first.
    pub fn first_person(&mut self, user: UserId) {
        self.push(Row::Decided, unique(keys::first_person(), user));
    }

    /// Adds the rows of the handle of a deleted account: the new one is the user's, the old one stays taken and names
    /// nobody.
    pub fn ended_name(&mut self, old: &UserRecord, owns_written: bool, new: &UserRecord) {
        let (user, folded, before) = (new.user.id, new.user.name.folded(), old.user.name.folded());
        let nobody = |key| Op::Put(Item::at(key).with("us", id(UserId::SYSTEM.0)), When::Always);
        self.push(Row::Unique("name"), unique(keys::name(&folded), user));
        self.push(Row::Unique("name"), unique(keys::written(&new.user.name.written()), user));
        self.push(Row::Free, Op::Put(Item::at(keys::listed_name(&folded)).with("us", id(user.0)), When::Always));
        self.push(Row::Free, nobody(keys::name(&before)));
        self.push(Row::Free, Op::Delete(keys::listed_name(&before), When::Always));
        if owns_written {
            self.push(Row::Free, nobody(keys::written(&old.user.name.written())));
        }
    }

    /// Adds the row in the list of admins, if the role changes.
    pub fn admin(&mut self, old: Option<&UserRecord>, new: &User) {
        let (was, is) = (old.is_some_and(|old| old.user.role == UserRole::Admin), new.role == UserRole::Admin);
        let listed = Item::at(keys::admin(new.id)).with("us", id(new.id.0));
        match (was, is) {
            (_, true) => self.push(Row::Free, Op::Put(listed, When::Always)),
            (true, false) => self.push(Row::Free, Op::Delete(keys::admin(new.id), When::Always)),
            (false, false) => {}
        }
    }

    /// Adds a write that others decide on, with the condition that it was decided on.
    pub fn decided(&mut self, op: Op) {
        self.push(Row::Decided, op);
    }

    /// Adds a write without a condition.
    pub fn free(&mut self, op: Op) {
        self.push(Row::Free, op);
    }

    /// Returns the operations, and what each of them writes.
    pub fn into_parts(self) -> (Vec<Op>, Vec<Row>) {
        (self.ops, self.rows)
    }
}

/// Returns the row of a unique value, which refuses the next user who wants it.
fn unique(key: keys::Key, user: UserId) -> Op {
    let item = Item::at(key).with("us", id(user.0));
    Op::Put(item, When::Any(vec![When::Absent, When::Is("us", id(user.0))]))
}

/// Returns the write of the second key of a user's name, if nobody has it.
pub fn written_if_free(user: &User) -> Op {
    let item = Item::at(keys::written(&user.name.written())).with("us", id(user.id.0));
    Op::Put(item, When::Absent)
}

/// Classifies a failed transaction. A taken name has priority over a row that changed, since it is the error that the
/// user can correct.
pub fn refused(error: WriteError, rows: &[Row]) -> Refused {
    let which = match error {
        WriteError::Store(error) => return Refused::Other(error),
        WriteError::Refused(which) => which,
    };
    let refused = which.iter().filter_map(|(index, _)| rows.get(*index));
    let taken = refused.filter_map(|row| match row {
        Row::Unique(what) => Some(StoreError::Taken(what)),
        Row::Decided | Row::Free => None,
    });
    taken.take(1).map(Refused::Other).next().unwrap_or(Refused::Moved)
}

/// Returns the condition that the name and addresses that were read are still the user's.
pub fn unchanged(old: &UserRecord) -> When {
    let same = |name, value: &Option<String>| When::same(name, value.as_deref().map(text));
    let name = When::Is("nm", text(old.user.name.as_str()));
    When::All(vec![name, same("em", &old.sign_in_email), same("ct", &old.email)])
}

/// Returns the condition that the rights that were read are still the user's.
pub fn same_rights(old: &UserRecord) -> When {
    let banned = When::Is("ba", flag(old.user.banned));
    let banned = if old.user.banned { banned } else { When::Any(vec![banned, When::Lacks("ba")]) };
    When::All(vec![When::Is("ro", word(&old.user.role)), banned])
}

/// Returns a user's row as an item.
pub fn item(new: &NewUser) -> Item {
    let user = &new.user;
    Item::at(keys::profile(user.id))
        .with("us", id(user.id.0))
        .with("nm", text(user.name.as_str()))
        .with_some("dn", user.display_name.as_ref().map(|name| text(name.as_str())))
        .with("gu", flag(user.guest))
        .with("ro", word(&user.role))
        .with("ba", flag(user.banned))
        .with_some("de", user.deleted.then(|| flag(true)))
        .with("at", time(user.created_at))
        .with_some("em", new.sign_in_email.as_deref().map(text))
        .with_some("ct", new.email.as_deref().map(text))
        .with_some("ph", new.password_hash.as_deref().map(text))
}

/// Returns the update of name and addresses. Nothing else, so that a concurrent change of other fields is not undone.
pub fn renamed(new: &UserRecord) -> Change {
    let change = Change::of(keys::profile(new.user.id)).set("nm", text(new.user.name.as_str()));
    let change = change.set_or_remove("em", new.sign_in_email.as_deref().map(text));
    change.set_or_remove("ct", new.email.as_deref().map(text))
}

/// Decodes a user's row.
pub fn record(item: &Item) -> StoreResult<UserRecord> {
    decoded("user", item, read_record)
}

fn read_record(item: &Item) -> StoreResult<UserRecord> {
    let owned = |name| Ok(item.text_or_none(name)?.map(str::to_owned));
    let user = User {
        id: UserId(item.id("us")?),
        name: UserName::from_stored(item.text("nm")?.to_owned()),
        display_name: owned("dn")?.map(DisplayName::from_stored),
        guest: item.flag("gu"),
        role: item.word("ro")?,
        banned: item.flag("ba"),
        deleted: item.flag("de"),
        created_at: item.time("at")?,
    };
    Ok(UserRecord { user, email: owned("ct")?, sign_in_email: owned("em")?, password_hash: owned("ph")? })
}
