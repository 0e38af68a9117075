//! The name that a guest signs in with: a handle, or a name from which a handle is derived.

use domain::limits::USER_NAME_CHARS;
use domain::name::{DisplayName, InvalidName, UserName, handle_of};

/// Letters and digits of a guest's suffix: none that looks like another.
const SUFFIX_LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
/// Characters of the suffix, after a hyphen.
const SUFFIX_CHARS: usize = 4;
/// The handle of a guest whose name has no two letters or digits, before its suffix.
const NAMELESS: &str = "guest";

/// What a guest is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuestName {
    /// The handle, unless it is taken.
    pub(super) handle: UserName,
    /// Whether the handle says nothing of the guest, so that it gets a suffix in any case.
    pub(super) is_nameless: bool,
    /// The name shown to others, if the handle is not what the guest typed.
    pub(super) shown: Option<DisplayName>,
}

impl From<UserName> for GuestName {
    fn from(handle: UserName) -> GuestName {
        GuestName { handle, is_nameless: false, shown: None }
    }
}

impl GuestName {
    /// Accepts a handle or a display name. The error is that of a handle for a text that looks like one, which could only
    /// be a typing mistake.
    pub fn parse(text: &str) -> Result<GuestName, InvalidName> {
        let invalid = match UserName::parse(text) {
            Ok(handle) => return Ok(handle.into()),
            Err(invalid) => invalid,
        };
        let shown = DisplayName::parse(text).map_err(|_| invalid)?;
        shown.refuse_impersonation()?;
        let derived = handle_of(shown.as_str(), USER_NAME_CHARS).filter(|name| name.refuse_impersonation().is_ok());
        let is_nameless = derived.is_none();
        let handle = match derived {
            Some(handle) => handle,
            None => UserName::parse(NAMELESS)?,
        };
        Ok(GuestName { handle, is_nameless, shown: Some(shown) })
    }

    /// Returns the handle to try next: as it is at first, then with a suffix.
    pub(super) fn attempt(&self, tried: usize, random: [u8; SUFFIX_CHARS]) -> Result<UserName, InvalidName> {
        if tried == 0 && !self.is_nameless { Ok(self.handle.clone()) } else { with_suffix(&self.handle, random) }
    }
}

/// Appends a suffix: `ada` becomes `ada-7f3k`.
fn with_suffix(name: &UserName, random: [u8; SUFFIX_CHARS]) -> Result<UserName, InvalidName> {
    let room = USER_NAME_CHARS - SUFFIX_CHARS - 1;
    let base: String = name.as_str().chars().take(room).collect();
    let base = base.trim_end_matches(|c: char| !c.is_alphanumeric());
    let letter = |byte: u8| char::from(SUFFIX_LETTERS[usize::from(byte) % SUFFIX_LETTERS.len()]);
    let suffix: String = random.into_iter().map(letter).collect();
    UserName::parse(&format!("{base}-{suffix}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_no_handle_is_shown_and_a_handle_is_derived() {
        for (typed, handle) in [
            ("Maria Gómez", "mariagomez"),
            ("  Ada   Lovelace ", "adalovelace"),
            ("Jean-Luc O'Neill", "jeanluconeill"),
            ("Ilse Müller-Straße", "ilsemullerstraße"),
            ("李 小龙", "李小龙"),
            ("محمد علي", "محمدعلي"),
            ("Анна Каренина", "аннакаренина"),
            ("🎉 Zoë 🎉", "zoe"),
        ] {
            let name = GuestName::parse(typed).expect(typed);
            assert_eq!(name.handle.as_str(), handle, "{typed}");
            assert_eq!(name.shown.as_ref().map(DisplayName::as_str), Some(typed.trim()), "{typed}");
            assert_eq!(name.attempt(0, [0; 4]).expect("a handle"), name.handle);
            assert_ne!(name.attempt(1, [0; 4]).expect("a handle"), name.handle);
        }
    }

    #[test]
    fn a_handle_stays_as_it_is_typed() {
        let name = GuestName::parse("Ada_L").expect("a handle");
        assert_eq!((name.handle.as_str(), name.shown), ("Ada_L", None));
    }

    #[test]
    fn a_name_without_letters_gets_a_handle_with_a_suffix() {
        for typed in ["李", "🎉🎉", "!"] {
            let name = GuestName::parse(typed).expect(typed);
            let handle = name.attempt(0, [0; 4]).expect("a handle");
            assert!(handle.as_str().starts_with("guest-"), "{typed}: {handle}");
        }
    }

    #[test]
    fn a_name_that_could_impersonate_is_refused_however_it_is_written() {
        for typed in [" a d m i n ", "S\u{443}stem", "everyone!", "me"] {
            assert!(GuestName::parse(typed).is_err(), "{typed}");
        }
        for typed in ["", " ", "a\u{202e}b", "\u{200b}", &"x".repeat(81)] {
            assert!(GuestName::parse(typed).is_err(), "{typed:?}");
        }
    }

    #[test]
    fn a_suffix_fits_the_longest_name() {
        for name in ["ada", &"x".repeat(32), &format!("{}...y", "x".repeat(26))] {
            let guest = with_suffix(&UserName::parse(name).expect("valid"), [0, 99, 200, 255]).expect("valid");
            assert!(guest.as_str().chars().count() <= USER_NAME_CHARS && guest.as_str().contains('-'), "{guest}");
        }
    }
}
