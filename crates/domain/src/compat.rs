//! The name space of guests who come through the older contract: their user ids, their handles, and the ids that they call
//! themselves.
//!
//! Such a guest is whoever names the id: nothing proves it. So the ids and handles are apart from those of everybody else:
//! no account and no other guest can have one, and no such guest can have that of an account.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use crate::ids::UserId;
use crate::limits::COMPAT_ID_CHARS;
use crate::name::{UserName, is_hidden};
use crate::refusal::Refusal;
use crate::user::User;

/// What the handles of all these guests begin with. Nobody else can choose such a handle.
pub const HANDLE_PREFIX: &str = "compat.";

/// The handle of the user who owns the rooms that were made without a person.
pub const SYSTEM_HANDLE: &str = "compat";

/// What separates the escaped id in a handle from the hash that tells two ids apart whose handles look alike.
const HASH_MARK: &str = ".x";

/// The id that a client of the older contract gives a user: any visible text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CompatId(String);

impl CompatId {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the id of the guest who is called this.
    pub fn user(&self) -> UserId {
        UserId::compat(&self.0)
    }

    /// Returns the handle of the guest. `is_taken` says that the plain one belongs to somebody whose id looks alike.
    pub fn handle(&self, is_taken: bool) -> UserName {
        let mut handle = HANDLE_PREFIX.to_owned();
        for (index, byte) in self.0.bytes().enumerate() {
            let is_inside = index + 1 < self.0.len();
            match byte {
                b'a'..=b'z' | b'0'..=b'9' => handle.push(char::from(byte)),
                b'-' if is_inside => handle.push('-'),
                _ => handle.push_str(&format!("_{byte:02x}")),
            }
        }
        if is_taken {
            handle.push_str(HASH_MARK);
            handle.extend(self.user().0.simple().to_string().chars().take(8));
        }
        UserName::from_stored(handle)
    }
}

impl fmt::Display for CompatId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for CompatId {
    type Err = Refusal;

    /// Accepts 1 to [`COMPAT_ID_CHARS`] visible characters. Refuses a UUID, because accounts are called by theirs.
    fn from_str(text: &str) -> Result<Self, Refusal> {
        let count = text.chars().count();
        if count == 0 || count > COMPAT_ID_CHARS {
            let why = format!("`user_id` must have 1 to {COMPAT_ID_CHARS} characters; this one has {count}.");
            return Err(Refusal::bad_request(why));
        }
        if text.trim() != text || text.chars().any(|c| c.is_control() || is_hidden(c)) {
            return Err(Refusal::bad_request("`user_id` must be visible text, without spaces around it."));
        }
        if Uuid::parse_str(text).is_ok() {
            return Err(Refusal::forbidden(
                "This `user_id` has the form of an account's id. Send the token of that account, or choose another id.",
            ));
        }
        Ok(CompatId(text.to_owned()))
    }
}

/// Returns what clients of the older contract call a user: the text that a guest of theirs chose, or an account's id.
pub fn shown_id(user: &User) -> String {
    chosen_id(user.id, user.name.as_str()).unwrap_or_else(|| user.id.to_string())
}

/// Returns the text that a guest of the older contract chose; none for everybody else.
pub fn chosen_id(id: UserId, handle: &str) -> Option<String> {
    let escaped = handle.strip_prefix(HANDLE_PREFIX)?;
    let escaped = escaped.split_once(HASH_MARK).map_or(escaped, |(escaped, _)| escaped);
    let mut bytes = Vec::with_capacity(escaped.len());
    let mut rest = escaped.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'_' => {
                let digits = [rest.next()?, rest.next()?];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
            }
            byte => bytes.push(byte),
        }
    }
    let text = String::from_utf8(bytes).ok()?;
    (UserId::compat(&text) == id).then_some(text)
}

/// Returns the name that clients of the older contract show for a user.
pub fn shown_name(user: &User) -> String {
    user.display_name.as_ref().map_or_else(|| shown_handle(user), ToString::to_string)
}

fn shown_handle(user: &User) -> String {
    chosen_id(user.id, user.name.as_str()).unwrap_or_else(|| user.name.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;
    use crate::user::UserRole;

    fn user(id: UserId, name: UserName) -> User {
        User {
            id,
            name,
            display_name: None,
            guest: true,
            role: UserRole::User,
            banned: false,
            deleted: false,
            created_at: Timestamp(0),
        }
    }

    #[test]
    fn a_handle_says_what_its_guest_is_called_whether_it_was_taken_or_not() {
        for text in ["alice", "user_1", "Ada Lovelace", "a.b-c-", "-", "李", "x@example.org", "7", "a.x12345678"] {
            let id: CompatId = text.parse().expect(text);
            for is_taken in [false, true] {
                let handle = id.handle(is_taken);
                assert_eq!(shown_id(&user(id.user(), handle.clone())), text, "{handle}");
                assert!(handle.refuse_impersonation().is_err(), "nobody chooses {handle}");
            }
        }
    }

    #[test]
    fn an_account_is_called_by_its_own_id_whatever_its_handle_is() {
        let account = UserId(Uuid::from_u128(7));
        let handle = "alice".parse::<CompatId>().expect("an id").handle(false);
        assert_eq!(shown_id(&user(account, handle)), account.to_string());
        assert!("3f2504e0-4f89-41d3-9a0c-0305e82c3301".parse::<CompatId>().is_err(), "a guest cannot be called so");
        assert!(!account.is_compat() && UserId::compat("alice").is_compat());
    }

    #[test]
    fn an_id_is_visible_and_short() {
        for text in ["", " a", "a\n", "a\u{202e}b", &"x".repeat(COMPAT_ID_CHARS + 1)] {
            assert!(text.parse::<CompatId>().is_err(), "{text:?}");
        }
    }
}
