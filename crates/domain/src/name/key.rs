//! The keys under which names are looked up. Each function bounds its input before it normalizes it, because folding one
//! character can cost as much as folding twenty letters.

use unicode_normalization::UnicodeNormalization;
use unicode_security::confusable_detection::skeleton;

use crate::limits::{ROOM_NAME_CHARS, USER_NAME_CHARS};

/// Characters that a name may be typed with for each one that it has in NFC. No syllable of a living script decomposes
/// into more.
const DECOMPOSED: usize = 4;

/// Characters of a name that are folded. No name that this or an earlier release accepted has more.
const FOLDED_CHARS: usize = DECOMPOSED * ROOM_NAME_CHARS;

/// Characters that a handle in a message may have in NFKC, to be looked up. Some characters stand for whole phrases:
/// folding a message full of them is work that no reader benefits from.
const MENTIONED_CHARS: usize = 2 * USER_NAME_CHARS;

/// Returns a typed name in NFC, without the white space around it; or, if it has more than `limit` characters, their
/// number. Does not normalize what is far too long.
pub(super) fn normalized(typed: &str, limit: usize) -> Result<String, usize> {
    let typed = typed.trim();
    let count = typed.chars().count();
    if count > DECOMPOSED * limit {
        return Err(count);
    }
    let name: String = typed.nfc().collect();
    let count = name.chars().count();
    if count > limit { Err(count) } else { Ok(name) }
}

/// Returns the key under which a handle is looked up; none for a text that is too short or too long to be one. Unlike
/// [`UserName::parse`](super::UserName::parse) it checks nothing else, because a handle that was accepted once stays
/// valid for its user.
pub fn lookup_key(handle: &str) -> Option<String> {
    let handle = normalized(handle, USER_NAME_CHARS).ok()?;
    (handle.chars().nth(1).is_some()).then(|| fold(&handle))
}

/// Returns the key of a handle in a message, like [`lookup_key`]; none for one whose compatibility forms make it many
/// times longer.
pub(crate) fn mention_key(handle: &str) -> Option<String> {
    let is_long = handle.nfkc().nth(MENTIONED_CHARS).is_some();
    if is_long { None } else { lookup_key(handle) }
}

/// Returns the beginning of the keys of all handles that begin like `typed`; none if no handle is that long.
pub fn handle_prefix(typed: &str) -> Option<String> {
    normalized(typed, USER_NAME_CHARS).ok().map(|typed| fold(&typed))
}

/// Returns the key in which a part of a name is searched: lower case, without accents and compatibility forms, so that
/// `gomez` finds `Gómez`. Ignores what follows the characters that a name can have at most.
pub fn search_key(text: &str) -> String {
    if text.is_ascii() {
        return text.chars().take(FOLDED_CHARS).map(|c| c.to_ascii_lowercase()).collect();
    }
    let plain = text.chars().take(FOLDED_CHARS).nfkd().filter(|c| !is_accent(*c));
    plain.flat_map(char::to_lowercase).filter(|c| !is_accent(*c)).collect()
}

/// Returns whether a character is an accent of any script; the vowels of Indic scripts are none.
fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}')
}

/// Returns the skeleton of a name as it is written (Unicode UTS #39 §4): `Ilya` and `llya` have the same one, although
/// their lower-case forms look different. Ignores what [`fold`] ignores.
pub fn written(text: &str) -> String {
    let compatible: String = text.chars().take(FOLDED_CHARS).nfkc().collect();
    let skeleton: String = skeleton(&compatible).collect();
    skeleton.nfkc().collect()
}

/// Folds case, compatibility forms and confusables (Unicode UTS #39 §4, skeleton), so that `Ada`, `ADA` and `аda`
/// (Cyrillic а) are the same name. Ignores what follows the characters that a name can have at most.
pub fn fold(text: &str) -> String {
    let compatible: String = text.chars().take(FOLDED_CHARS).nfkc().flat_map(char::to_lowercase).collect();
    let skeleton: String = skeleton(&compatible).collect();
    skeleton.nfkc().flat_map(char::to_lowercase).collect()
}
