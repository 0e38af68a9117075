//! An e-mail address, checked as far as a program can: only a delivered message proves that it exists.

use std::fmt;

use crate::limits::EMAIL_CHARS;
use crate::name::InvalidName;

/// A lower-case e-mail address; unique for each user.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

impl Email {
    /// Accepts `local@domain` without white space or control characters.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let text = text.trim();
        // What is too long is not worth the copy. Lower case may be longer, so the number is looked at again.
        let text = if text.chars().nth(EMAIL_CHARS).is_none() { text.to_lowercase() } else { String::new() };
        let (local, domain) = text.split_once('@').unwrap_or_default();
        let plain = !text.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"'));
        let fits = text.chars().count() <= EMAIL_CHARS;
        let whole = !local.is_empty() && !domain.is_empty() && !domain.contains('@') && !domain.starts_with('.');
        match plain && fits && whole {
            true => Ok(Email(text)),
            false => Err(InvalidName("This is not a valid e-mail address. Write it like ada@example.org.".into())),
        }
    }

    /// Returns the address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_are_accepted() {
        assert_eq!(Email::parse(" Ada@Example.ORG ").map(|email| email.to_string()), Ok("ada@example.org".into()));
        for bad in ["", "ada", "@b", "a@", "a@b@c", "a b@c", "a@.b", "a\r\nbcc:b@c", &format!("{}@b", "x".repeat(254))]
        {
            assert!(Email::parse(bad).is_err(), "{bad:?}");
        }
    }
}
