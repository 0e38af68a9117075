//! Names that users choose: a user's handle, a display name, a room's name and slug.
//!
//! A name is parsed once, at the edge; an invalid one cannot reach a use case.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use unicode_security::confusable_detection::skeleton;

use crate::limits::{DISPLAY_NAME_CHARS, ROOM_NAME_CHARS, SLUG_CHARS, USER_NAME_CHARS};

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
    /// A user's unique handle, as in `@ada`. Letters and digits of any script, `_`, `-` and `.`.
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
    /// Accepts 2 to [`USER_NAME_CHARS`] letters, digits, `_`, `-`, `.`; the first and last a letter or digit.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let text: String = text.trim().nfc().collect();
        let count = text.chars().count();
        if !(2..=USER_NAME_CHARS).contains(&count) {
            return invalid(format!("A name must have 2 to {USER_NAME_CHARS} characters; this one has {count}."));
        }
        let allowed = |c: char| (c.is_alphanumeric() && !is_hidden(c)) || matches!(c, '_' | '-' | '.');
        if let Some(c) = text.chars().find(|c| !allowed(*c)) {
            return invalid(format!("A name can contain letters, digits, '_', '-' and '.', but not {c:?}."));
        }
        let ends = [text.chars().next(), text.chars().next_back()];
        if ends.iter().flatten().any(|c| !c.is_alphanumeric()) {
            return invalid("A name must start and end with a letter or a digit.");
        }
        // Compared after folding, because a name that looks like a reserved one is meant to be mistaken for it.
        let folded = fold(&text);
        if RESERVED.iter().any(|reserved| fold(reserved) == folded) {
            return invalid("This name is reserved. Choose another one.");
        }
        Ok(UserName(text))
    }

    /// Returns the key under which the name is unique: two names that look alike share it.
    pub fn folded(&self) -> String {
        fold(&self.0)
    }
}

/// Returns the key under which a handle is looked up; none for a text that is too short or too long to be one. Unlike
/// [`UserName::parse`] it checks nothing else, because a handle that was accepted once stays valid for its user.
pub fn lookup_key(handle: &str) -> Option<String> {
    let handle: String = handle.trim().nfc().take(USER_NAME_CHARS + 1).collect();
    (2..=USER_NAME_CHARS).contains(&handle.chars().count()).then(|| fold(&handle))
}

/// Reserved handles: words with a special meaning, and names that could impersonate staff or the system.
const RESERVED: [&str; 5] = ["me", "all", "here", "room", "system"];

/// Folds case, compatibility forms and confusables (Unicode UTS #39 §4, skeleton), so that `Ada`, `ADA` and `аda`
/// (Cyrillic а) are the same name.
pub fn fold(text: &str) -> String {
    let compatible: String = text.nfkc().flat_map(char::to_lowercase).collect();
    let skeleton: String = skeleton(&compatible).collect();
    skeleton.nfkc().flat_map(char::to_lowercase).collect()
}

impl DisplayName {
    /// Accepts 1 to [`DISPLAY_NAME_CHARS`] characters, none of them a control or direction override.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        shown(text, DISPLAY_NAME_CHARS, "A display name").map(DisplayName)
    }
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
    let text: String = text.trim().nfc().collect();
    let count = text.chars().count();
    if !(1..=limit).contains(&count) {
        return invalid(format!("{what} must have 1 to {limit} characters; this one has {count}."));
    }
    if text.chars().any(is_hidden) {
        return invalid(format!("{what} cannot contain control, direction or invisible characters."));
    }
    if text.chars().all(|c| c.is_whitespace() || is_joining(c)) {
        return invalid(format!("{what} must contain something visible."));
    }
    Ok(text)
}

/// Returns whether a character is hidden: it changes how the text around it looks, or is an invisible letter (Unicode's
/// Default_Ignorable_Code_Point, except [`is_joining`] and the tags that flags are made of).
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
            | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
            | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFF8}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E001F}')
}

/// Returns whether an invisible character is needed for writing and emojis: joiners and variation selectors.
pub(crate) fn is_joining(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0020}'..='\u{E007F}' | '\u{E0100}'..='\u{E01EF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_alike_are_one() {
        let fold = |name| UserName::parse(name).expect("valid").folded();
        assert_eq!(fold("Ada"), fold("ada"));
        assert_eq!(fold("\u{430}da"), fold("ada"), "Cyrillic a");
        assert_eq!(fold("paypal"), fold("paypa1").replace('1', "l"));
        assert_ne!(fold("ada"), fold("adb"));
    }

    #[test]
    fn folding_is_stable() {
        for name in ["Ada", "Zoë", "O0Il1", "名前", "Straße"] {
            assert_eq!(fold(name), fold(&fold(name)), "{name}");
        }
    }

    #[test]
    fn bad_names_are_refused_with_a_reason() {
        for bad in ["", "a", "a b", "-ab", "me", "ab\u{202e}", &"x".repeat(33), "m\u{435}", "SYST\u{415}M"] {
            assert!(UserName::parse(bad).is_err(), "{bad:?}");
        }
        for invisible in ["\u{3164}\u{3164}", "ada\u{3164}", "ab\u{115f}\u{1160}", "\u{ffa0}\u{ffa0}"] {
            assert!(UserName::parse(invisible).is_err(), "{invisible:?}");
            assert!(DisplayName::parse(invisible).is_err(), "{invisible:?}");
        }
        for nothing in ["\u{200b}", "\u{2060}", "\u{ad}", "\u{200d}\u{fe0f}", "\u{180e}", "\u{feff}"] {
            assert!(RoomName::parse(nothing).is_err(), "{nothing:?}");
        }
        for seen in ["👩‍👩‍👧", "نمی‌دانم", "❤️"] {
            assert!(DisplayName::parse(seen).is_ok(), "{seen:?}");
        }
        assert!(Slug::parse("general").is_ok());
        for bad in ["", "General", "a/b", "..", "0192f0c1-5b1c-7a0e-8000-000000000001"] {
            assert!(Slug::parse(bad).is_err(), "{bad:?}");
        }
        assert!(RoomName::parse("Tea & talk ☕").is_ok());
        assert!(DisplayName::parse("a\u{202e}b").is_err());
    }
}
