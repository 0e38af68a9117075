//! Refuses new passwords that are guessed first: the commonest ones, a simple pattern, and the user's own name. Never
//! looks at the password of an existing account, which its owner must still be able to sign in with.
//!
//! The list is that of `@zxcvbn-ts/language-common` 4.1.3 (MIT, © Dan Wheeler and Dropbox, © @zxcvbn-ts), as far as it is
//! long enough to be accepted: 17,950 passwords in lower case, one a line, sorted, compressed with gzip.

use std::io::Read;
use std::sync::LazyLock;

use domain::limits::PASSWORD_CHARS;
use domain::name::{UserName, is_hidden};
use domain::{Email, Refusal};
use flate2::read::GzDecoder;

use super::hashing::Password;

/// Different characters that a password has at least, however long it is.
const DIFFERENT_CHARS: usize = 4;
/// The product's name, which is as easy to guess here as the user's.
const PRODUCT: &str = "palaver";

/// The commonest passwords, sorted.
static COMMON: LazyLock<String> = LazyLock::new(|| {
    let mut list = String::new();
    let packed = &include_bytes!("common_passwords.txt.gz")[..];
    GzDecoder::new(packed).read_to_string(&mut list).expect("the list is gzip of UTF-8");
    list
});
/// The lines of the list.
static LINES: LazyLock<Vec<&'static str>> = LazyLock::new(|| COMMON.lines().collect());

/// Refuses a new password that is easy to guess. The error says what to do.
pub(super) fn refuse_weak(password: &Password, name: &UserName, email: Option<&Email>) -> Result<(), Refusal> {
    let text = password.as_str().to_lowercase();
    // What is left is what a user sees and remembers: spaces between the letters do not make it harder to guess.
    let squeezed: String = text.chars().filter(|c| !c.is_whitespace() && !is_hidden(*c)).collect();

    if squeezed.chars().count() < *PASSWORD_CHARS.start() {
        return Err(refusal("The password has fewer than 8 visible characters."));
    }
    if is_pattern(&squeezed) {
        return Err(refusal("This password is a simple pattern, which is easy to guess."));
    }
    if [text.trim(), &squeezed].iter().any(|text| is_common(text)) {
        return Err(refusal("This password is one of the commonest, which are guessed first."));
    }

    let names = [
        Some(name.as_str()),
        email.map(Email::as_str),
        email.and_then(|email| local_part(email.as_str())),
        Some(PRODUCT),
    ];
    let mut contained = names.into_iter().flatten().map(str::to_lowercase).filter(|name| squeezed.contains(name));
    if contained.any(|name| !squeezed.replace(&name, "").chars().any(char::is_alphabetic)) {
        return Err(refusal("This password is little more than a name, which is easy to guess."));
    }
    Ok(())
}

fn refusal(why: &str) -> Refusal {
    Refusal::bad_request(format!("{why} Choose another one, such as four words that do not belong together."))
}

fn is_common(text: &str) -> bool {
    LINES.binary_search(&text).is_ok()
}

/// Returns whether a text has hardly any different characters, or only consecutive ones in either direction.
fn is_pattern(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    let mut different = chars.clone();
    different.sort_unstable();
    different.dedup();

    let steps =
        |step: i64| chars.windows(2).all(|pair| i64::from(u32::from(pair[1])) - i64::from(u32::from(pair[0])) == step);
    different.len() < DIFFERENT_CHARS || steps(1) || steps(-1)
}

fn local_part(email: &str) -> Option<&str> {
    email.split_once('@').map(|(local, _)| local)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(password: &str, name: &str, email: Option<&str>) -> bool {
        let Ok(password) = Password::parse(password.to_owned()) else { return true };
        let name = UserName::parse(name).expect("valid");
        let email = email.map(|email| Email::parse(email).expect("valid"));
        let refused = refuse_weak(&password, &name, email.as_ref());
        if let Err(refusal) = &refused {
            assert!(refusal.message.contains("Choose another one"), "{}", refusal.message);
        }
        refused.is_err()
    }

    #[test]
    fn the_commonest_passwords_are_refused_in_any_case() {
        assert_eq!(LINES.len(), 17_950);
        assert!(LINES.is_sorted());
        for common in [
            "password",
            "PASSWORD",
            "PassWord",
            " password ",
            "pass word",
            "12345678",
            "1 2 3 4 5 6 7 8",
            "Password1",
            "qwertyuiop",
            "QWERTYUIOP",
            "iloveyou1",
            "password123",
            "P@ssw0rd",
            "letmein1",
            "admin123",
            "welcome1",
        ] {
            assert!(refused(common, "ada", None), "{common}");
        }
        for good in ["correct horse battery staple", "correct horse", "long enough", "ünïcödé!", "another password"]
        {
            assert!(!refused(good, "ada", None), "{good}");
        }
    }

    #[test]
    fn patterns_and_invisible_texts_are_refused() {
        let invisible =
            ["        ", "\0\0\0\0\0\0\0\0", "\t\t\t\t \t\t\t\t", "\u{200b}\u{200b}\u{200b}\u{200b}abcd!\u{200b}"];
        for weak in ["aaaaaaaa", "abababab", "11221122", "23456789", "hgfedcba", "日日日日日日日日", "🎉🎉🎉🎉🎉🎉🎉🎉"]
            .iter()
            .chain(&invisible)
        {
            assert!(refused(weak, "ada", None), "{weak:?}");
        }
    }

    #[test]
    fn the_own_name_is_refused() {
        for weak in ["lovelace", "LOVELACE", "Lovelace1815", "lovelacelovelace", "1815-lovelace!"] {
            assert!(refused(weak, "Lovelace", None), "{weak}");
        }
        assert!(refused("countess@example.org", "ada", Some("Countess@Example.org")));
        assert!(refused("countess1815", "ada", Some("countess@example.org")));
        assert!(refused("Palaver2026", "ada", None), "the product's name");
        assert!(!refused("lovelace knows engines", "lovelace", None));
        assert!(!refused("83749201", "ada", None), "digits without a pattern");
        assert!(!refused("countess1815", "ada", None), "somebody else's name");
    }
}
