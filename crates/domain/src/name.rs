//! Names that users choose: a user's handle, a display name, a room's name and slug.
//!
//! A name is parsed once, at the edge; an invalid one cannot reach a use case.

mod key;
mod letters;
mod reserved;

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_script::{Script, UnicodeScript};

use crate::limits::{DISPLAY_NAME_CHARS, ROOM_NAME_CHARS, SLUG_CHARS, USER_NAME_CHARS};
pub(crate) use key::mention_key;
use key::written;
pub use key::{fold, handle_prefix, lookup_key, search_key};
pub use letters::is_hidden;
pub(crate) use letters::{begins_handle, is_joining, is_of_handle, is_unspaced, is_word};

/// The reason why a name is invalid; the text tells the user what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidName(pub String);

fn invalid<T>(message: impl Into<String>) -> Result<T, InvalidName> {
    Err(InvalidName(message.into()))
}

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Accepts a stored text without checks, because the rules may have changed since it was chosen.
            pub fn from_stored(text: String) -> Self {
                $name(text)
            }

            /// Returns the text as it was chosen.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;
            fn try_from(text: String) -> Result<Self, InvalidName> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name_type!(
    /// A user's unique handle, as in `@ada`. Letters, digits and marks of any script, `_`, `-` and `.`.
    UserName
);
name_type!(
    /// The name shown for a user who chose one besides the handle. Not unique.
    DisplayName
);
name_type!(
    /// A room's name. Not unique.
    RoomName
);
name_type!(
    /// A public room's unique short name, as in `/r/general`: lower-case ASCII letters, digits, `-`, `_`.
    Slug
);

impl UserName {
    /// Accepts 2 to [`USER_NAME_CHARS`] letters, digits, `_`, `-`, `.`; the first and last a letter or digit. A letter
    /// may have marks of its script, and the joiners that its script is written with.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let wrong = |count| format!("A name must have 2 to {USER_NAME_CHARS} characters; this one has {count}.");
        let text = key::normalized(text, USER_NAME_CHARS).map_err(|count| InvalidName(wrong(count)))?;
        let (Some(first), Some(last)) =
            (text.chars().next(), text.chars().next_back().filter(|_| text.chars().count() > 1))
        else {
            return invalid(wrong(text.chars().count()));
        };
        letters::check(&text).map_err(InvalidName)?;
        if !begins_handle(first) || !(is_word(last)) {
            return invalid("A name must start and end with a letter or a digit.");
        }
        match reserved::has_meaning(&text) {
            true => invalid(reserved::RESERVED),
            false => Ok(UserName(text)),
        }
    }

    /// Refuses a name that could impersonate staff or the system. Operators may give such a name, and users who have one
    /// keep it.
    pub fn refuse_impersonation(&self) -> Result<(), InvalidName> {
        match reserved::impersonates(&self.0) {
            true => invalid(reserved::RESERVED),
            false => Ok(()),
        }
    }

    /// Returns the first key under which the name is unique, and under which it is looked up: names whose lower-case
    /// forms look alike share it.
    pub fn folded(&self) -> String {
        fold(&self.0)
    }

    /// Returns the second key under which the name is unique: names that look alike as they are written share it.
    pub fn written(&self) -> String {
        written(&self.0)
    }
}

impl DisplayName {
    /// Accepts 1 to [`DISPLAY_NAME_CHARS`] characters, none of them a control or direction override, and without marks
    /// that are stacked over other lines.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let text = shown(text, DISPLAY_NAME_CHARS, "A display name")?;
        letters::check_marks(&text).map_err(InvalidName)?;
        Ok(DisplayName(text))
    }

    /// Refuses a name that could impersonate staff or the system, whatever stands around it.
    pub fn refuse_impersonation(&self) -> Result<(), InvalidName> {
        let letters: String = self.0.chars().filter(|c| c.is_alphanumeric()).collect();
        match reserved::has_meaning(&letters) || reserved::impersonates(&letters) {
            true => invalid("This display name is reserved. Choose another one."),
            false => Ok(()),
        }
    }
}

/// Derives a handle from a name with spaces and accents: `Maria Gómez` becomes `mariagomez`. Keeps letters, digits and what
/// other scripts than Latin put on their letters, at most `limit` characters; none if what is left is no handle.
pub fn handle_of(name: &str, limit: usize) -> Option<UserName> {
    let mut handle = String::new();
    let mut is_latin = false;
    let shown = key::normalized(name, DISPLAY_NAME_CHARS).ok()?;
    for c in shown.nfd().flat_map(char::to_lowercase) {
        if is_combining_mark(c) {
            if !is_latin {
                handle.push(c);
            }
        } else if is_word(c) {
            is_latin = c.script() == Script::Latin;
            handle.push(c);
        }
    }
    let handle: String = handle.nfc().take(limit).collect();
    UserName::parse(&handle).ok()
}

impl RoomName {
    /// Accepts 1 to [`ROOM_NAME_CHARS`] characters, none of them a control or direction override.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        shown(text, ROOM_NAME_CHARS, "A room's name").map(RoomName)
    }
}

impl Slug {
    /// Accepts 1 to [`SLUG_CHARS`] of `a`–`z`, `0`–`9`, `-`, `_`, starting with a letter or digit. Refuses a text that
    /// reads as a UUID, because a room is requested by id or by slug.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
        let begins = text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
        if text.len() > SLUG_CHARS || !begins || !text.chars().all(allowed) {
            return invalid(format!(
                "A room's id (its slug) must have 1 to {SLUG_CHARS} of a–z, 0–9, '-' and '_', and start with a letter or digit."
            ));
        }
        if uuid::Uuid::parse_str(text).is_ok() {
            return invalid("A room's id (its slug) must not look like a UUID. Choose another one, or leave it out.");
        }
        Ok(Slug(text.to_owned()))
    }
}

fn shown(text: &str, limit: usize, what: &str) -> Result<String, InvalidName> {
    let wrong = |count| format!("{what} must have 1 to {limit} characters; this one has {count}.");
    let text = key::normalized(text, limit).map_err(|count| InvalidName(wrong(count)))?;
    if text.is_empty() {
        return invalid(wrong(0));
    }
    if text.chars().any(is_hidden) {
        return invalid(format!("{what} cannot contain control, direction or invisible characters."));
    }
    if text.chars().all(|c| c.is_whitespace() || is_joining(c) || is_combining_mark(c)) {
        return invalid(format!("{what} must contain something visible."));
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
