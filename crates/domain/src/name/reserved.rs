//! Names that nobody chooses: words with a meaning of their own, and names that could impersonate staff or the system.

use super::key::{fold, written};
use crate::compat::{HANDLE_PREFIX, SYSTEM_HANDLE};

/// The error that a user reads.
pub(super) const RESERVED: &str = "This name is reserved. Choose another one.";

/// Words that mean something else than a person where a handle is expected.
const MEANINGS: [&str; 5] = ["me", "all", "here", "room", "system"];
/// Names that could impersonate staff, the product, or everybody.
const IMPERSONATIONS: [&str; 8] =
    ["admin", "administrator", "moderator", "support", "everyone", "channel", "owner", "palaver"];

/// Returns whether a name looks like a word with a meaning of its own.
pub(super) fn has_meaning(name: &str) -> bool {
    looks_like_one(name, &MEANINGS)
}

/// Returns whether a name looks like one that could impersonate.
pub(super) fn impersonates(name: &str) -> bool {
    looks_like_one(name, &IMPERSONATIONS) || is_of_compat(name)
}

/// Returns whether a name looks like one of the older contract's guests, which are given and never chosen.
fn is_of_compat(name: &str) -> bool {
    let (folded, as_written) = (fold(name), written(name).to_lowercase());
    let begins = |prefix: &str| folded.starts_with(&fold(prefix)) || as_written.starts_with(&written(prefix));
    looks_like_one(name, &[SYSTEM_HANDLE]) || begins(HANDLE_PREFIX)
}

/// Compares both keys, like with like: a name that looks like a word is meant to be mistaken for it, in whichever case
/// the word is written.
fn looks_like_one(name: &str, words: &[&str]) -> bool {
    let (folded, as_written) = (fold(name), written(name).to_lowercase());
    let is_it = |word: &&str| {
        let cases = [word.to_string(), word.to_uppercase(), capitalized(word)];
        fold(word) == folded || cases.iter().any(|word| written(word).to_lowercase() == as_written)
    };
    words.iter().any(is_it)
}

fn capitalized(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
