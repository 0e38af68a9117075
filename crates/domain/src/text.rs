//! What users write: a message's text, the names that it mentions, an emoji.

mod blocks;
mod mentions;

use std::collections::HashSet;
use std::fmt;

use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;

use crate::limits::{EMOJI_BYTES, MENTIONS_PER_MESSAGE, NAMES_PER_MESSAGE, TEXT_CHARS};
use crate::name::{is_hidden, is_joining, mention_key};

/// The reasons why a text cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// The text is longer than [`TEXT_CHARS`].
    #[error("A message can have at most {TEXT_CHARS} characters; this one has {0}. Split it, or send it as a file.")]
    TooLong(usize),
    /// The text contains a NUL, which PostgreSQL cannot store.
    #[error("A message cannot contain the character U+0000.")]
    Nul,
    /// The text is not exactly one emoji.
    #[error("A reaction must be a single emoji.")]
    NotAnEmoji,
}

/// The text of a message: at most [`TEXT_CHARS`] characters, kept byte for byte. May be empty if the message has files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MessageText(String);

impl MessageText {
    /// Accepts a stored text without checks, because the rules may have changed since it was sent.
    pub fn from_stored(text: String) -> Self {
        MessageText(text)
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether it contains nothing visible.
    pub fn is_blank(&self) -> bool {
        self.0.trim().is_empty()
    }

    /// Returns whom the text may mention, each once and in order, at most [`MENTIONS_PER_MESSAGE`]: every `@name`
    /// outside code, link targets and addresses, as `docs/protocol/text.md` defines. Stops reading at the limit.
    pub fn mentions(&self) -> Vec<Mention> {
        let mut mentions: Vec<Mention> = Vec::new();
        if !self.0.contains('@') {
            return mentions;
        }
        let mut left = NAMES_PER_MESSAGE;
        let mut words: HashSet<String> = HashSet::new();
        blocks::paragraphs(&self.0, &mut |paragraph| {
            if words.len() == MENTIONS_PER_MESSAGE || left == 0 {
                return false;
            }
            mentions::mentions(paragraph, &mut |word| {
                if !words.insert(word.to_owned()) {
                    return true;
                }
                let mut keys: Vec<String> = mentions::handles(word).into_iter().filter_map(mention_key).collect();
                keys.truncate(left);
                left -= keys.len();
                let mention = Mention { keys };
                if !mention.keys.is_empty() && !mentions.contains(&mention) {
                    mentions.push(mention);
                }
                words.len() < MENTIONS_PER_MESSAGE && left > 0
            })
        });
        mentions
    }
}

/// A mention in a text, before it is known which users exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// The keys (see [`lookup_key`](crate::name::lookup_key)) of the handles that it may mean: it mentions the first one
    /// that exists. Several, because some scripts are written without spaces: `@bob你好` means `bob你好` or `bob`.
    pub keys: Vec<String>,
}

impl TryFrom<String> for MessageText {
    type Error = InvalidText;
    fn try_from(text: String) -> Result<Self, InvalidText> {
        let count = text.chars().count();
        if count > TEXT_CHARS {
            return Err(InvalidText::TooLong(count));
        }
        if text.contains('\0') {
            return Err(InvalidText::Nul);
        }
        Ok(MessageText(text))
    }
}

impl From<MessageText> for String {
    fn from(text: MessageText) -> String {
        text.0
    }
}

impl fmt::Display for MessageText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One emoji: a single grapheme that is neither a letter of a script nor white space.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Emoji(String);

impl Emoji {
    /// Accepts a stored emoji without checks, because the rules may have changed since it was sent.
    pub fn from_stored(text: String) -> Self {
        Emoji(text)
    }

    /// Returns the emoji.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Emoji {
    type Error = InvalidText;
    fn try_from(text: String) -> Result<Self, InvalidText> {
        let one = text.len() <= EMOJI_BYTES && text.graphemes(true).count() == 1;
        let plain = |c: char| c.is_whitespace() || c.is_alphabetic() || is_combining_mark(c) || is_joining(c);
        let plain = text.chars().next().is_none_or(plain) || text.chars().any(is_hidden);
        // A keycap such as 1️⃣ starts with a digit, followed by more.
        let digit = text.len() == 1;
        if one && !plain && !digit { Ok(Emoji(text)) } else { Err(InvalidText::NotAnEmoji) }
    }
}

impl From<Emoji> for String {
    fn from(emoji: Emoji) -> String {
        emoji.0
    }
}

#[cfg(test)]
mod tests;
