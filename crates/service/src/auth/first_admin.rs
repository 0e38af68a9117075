//! The proof that the user who creates the first account, which becomes the installation's admin, is its operator.
//!
//! Stores nothing: the token follows from the signing key, so that all nodes and the command line know the same one.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;

use super::keys::SigningKeys;

/// Bytes of the token.
const BYTES: usize = 10;
/// Hexadecimal digits between two hyphens.
const GROUP: usize = 4;
/// The longest text that is compared with the token, in bytes.
const LONGEST: usize = 128;

/// Why an account may be the first one of an installation.
#[derive(Clone, PartialEq, Eq)]
pub enum FirstAccount {
    /// The caller is on the server's own machine.
    Local,
    /// The caller sent this token, or none.
    Token(Option<String>),
}

/// The token of the first account.
pub(super) struct FirstToken(String);

impl FirstToken {
    pub(super) fn new(keys: &SigningKeys) -> FirstToken {
        let key = keys.derive("first admin").into_iter().next().expect("there is at least one key");
        let digits = hex::encode(&hmac::sign(&key, b"first admin").as_ref()[..BYTES]);
        let groups: Vec<&str> = (0..digits.len()).step_by(GROUP).map(|at| &digits[at..at + GROUP]).collect();
        FirstToken(groups.join("-"))
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// Returns whether the account may be the first one. People may type the token in any case, with or without hyphens.
    pub(super) fn proves(&self, account: &FirstAccount) -> bool {
        let text = match account {
            FirstAccount::Local => return true,
            FirstAccount::Token(None) => return false,
            FirstAccount::Token(Some(text)) if text.len() > LONGEST => return false,
            FirstAccount::Token(Some(text)) => text,
        };
        verify_slices_are_equal(digits(text).as_bytes(), digits(&self.0).as_bytes()).is_ok()
    }
}

fn digits(text: &str) -> String {
    text.chars().filter(|c| *c != '-' && !c.is_whitespace()).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_recognised_as_people_type_it() {
        let keys = SigningKeys::generate();
        let token = FirstToken::new(&keys);
        let text = token.text().to_owned();
        assert_eq!(text.len(), 2 * BYTES + 2 * BYTES / GROUP - 1, "{text}");
        let proves = |text: &str| token.proves(&FirstAccount::Token(Some(text.to_owned())));
        for same in [text.clone(), text.to_uppercase(), text.replace('-', ""), format!(" {text}\n")] {
            assert!(proves(&same), "{same}");
        }
        for other in ["", "-", &text[1..], &format!("{text}0"), &" ".repeat(LONGEST + 1)] {
            assert!(!proves(other), "{other}");
        }
        assert!(!token.proves(&FirstAccount::Token(None)) && token.proves(&FirstAccount::Local));
        assert_eq!(FirstToken::new(&keys).text(), text, "every node knows the same token");
        assert_ne!(FirstToken::new(&SigningKeys::generate()).text(), text);
    }
}
