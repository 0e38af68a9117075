//! What users write: a message's text, the names that it mentions, an emoji.

use std::fmt;

use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;

use crate::limits::{EMOJI_BYTES, MENTIONS_PER_MESSAGE, TEXT_CHARS, USER_NAME_CHARS};
use crate::name::{is_hidden, is_joining, lookup_key};

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

    /// Returns the folded names after an `@`, each once, at most [`MENTIONS_PER_MESSAGE`]. An `@` inside a word (an
    /// e-mail address) mentions no user. A name is the longest run of its characters, without the punctuation that ends
    /// a sentence.
    pub fn mentioned_names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let mut before = ' ';
        for (at, c) in self.0.char_indices() {
            let starts = c == '@' && !before.is_alphanumeric();
            before = c;
            if !starts {
                continue;
            }
            let rest = &self.0[at + 1..];
            let run: String = rest
                .chars()
                .take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
                .take(USER_NAME_CHARS + 1)
                .collect();
            let name = run.trim_end_matches(['_', '-', '.']);
            if let Some(folded) = lookup_key(name)
                && !names.contains(&folded)
                && names.len() < MENTIONS_PER_MESSAGE
            {
                names.push(folded);
            }
        }
        names
    }
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
mod tests {
    use super::*;
    use crate::name::fold;

    fn text(text: &str) -> MessageText {
        text.to_owned().try_into().expect("valid")
    }

    #[test]
    fn mentions_are_found_once_and_without_punctuation() {
        assert_eq!(text("hi @Ada, @ada. (@bob)!").mentioned_names(), ["ada", "bob"].map(fold));
        assert!(text("mail a@example.org @ @@").mentioned_names().is_empty());
    }

    #[test]
    fn length_counts_characters() {
        assert!(MessageText::try_from("é".repeat(TEXT_CHARS)).is_ok());
        assert_eq!(MessageText::try_from("x".repeat(TEXT_CHARS + 1)), Err(InvalidText::TooLong(TEXT_CHARS + 1)));
        assert_eq!(MessageText::try_from("a\0".to_owned()), Err(InvalidText::Nul));
    }

    #[test]
    fn a_reaction_is_one_emoji() {
        for good in ["👍", "❤️", "👩‍👩‍👧‍👦", "🇩🇪", "1️⃣", "✅"] {
            assert!(Emoji::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in ["", "a", "👍👍", " ", "1", "ab", "\u{202e}", "\u{200b}", "\u{feff}", "\u{301}", "\u{fe0f}"] {
            assert!(Emoji::try_from(bad.to_owned()).is_err(), "{bad:?}");
        }
    }
}
