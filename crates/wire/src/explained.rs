//! The text of a parser's error as a person reads it: bounded, and with the characters themselves instead of Rust's
//! escapes.

use std::fmt::{self, Display, Write};

use domain::name::is_hidden;

use crate::limits::EXPLAINED_CHARS;

/// Returns what an error says, at most [`EXPLAINED_CHARS`] characters: it may quote a body of any length. A quoted text
/// that the error escapes, such as `"\u{94d}"`, is shown as it was sent; characters that no reader sees are shown as
/// their code points.
pub fn explained(error: &impl Display) -> String {
    let mut said = Beginning { text: String::new(), left: EXPLAINED_CHARS };
    let whole = write!(said, "{error}").is_ok();
    let mut text = unescaped(&said.text);
    if !whole {
        text.push('…');
    }
    text
}

/// Like [`explained`], for the error of a JSON parser about this text. Where a word is needed and a number is given, the parser
/// reports what it reports of a text that is no JSON at all; here, only such a text is called malformed.
pub fn explained_json(error: &serde_json::Error, text: &[u8]) -> String {
    let is_json = || serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok();
    match error.is_data() || !is_json() {
        true => explained(error),
        false => format!("another type of value is needed at line {} column {}", error.line(), error.column()),
    }
}

/// Takes the beginning of what is written.
struct Beginning {
    text: String,
    left: usize,
}

impl Write for Beginning {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        let cut = more.char_indices().nth(self.left).map_or(more.len(), |(at, _)| at);
        self.text.push_str(&more[..cut]);
        self.left -= more[..cut].chars().count();
        if cut < more.len() { Err(fmt::Error) } else { Ok(()) }
    }
}

fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    // Only a quoted text is escaped.
    let mut quoted = false;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        quoted ^= c == '"';
        let (shown, len) = escape(rest).filter(|_| quoted).unwrap_or((c, c.len_utf8()));
        if is_hidden(shown) {
            plain.extend(format!("U+{:04X}", u32::from(shown)).chars());
        } else {
            plain.push(shown);
        }
        rest = &rest[len..];
    }
    plain
}

/// Returns the character that an escape at the beginning of `text` stands for, and the escape's length.
fn escape(text: &str) -> Option<(char, usize)> {
    let named = text.strip_prefix('\\')?;
    let simple = match named.chars().next()? {
        'u' => {
            let (code, _) = named.strip_prefix("u{")?.split_once('}')?;
            let c = char::from_u32(u32::from_str_radix(code, 16).ok()?)?;
            return Some((c, "\\u{}".len() + code.len()));
        }
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        '0' => '\0',
        c @ ('\\' | '"' | '\'') => c,
        _ => return None,
    };
    Some((simple, 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_text_is_shown_as_it_was_sent() {
        for sent in ["कृष्ण", "ป้อม", "say \"a\\u{94d}\"", "C:\\new", "💩"] {
            let error = serde_json::from_value::<u32>(serde_json::json!(sent)).expect_err("no number");
            assert!(explained(&error).contains(&format!("string \"{sent}\"")), "{}", explained(&error));
        }
    }

    #[test]
    fn what_is_invisible_is_named() {
        let error = serde_json::from_str::<u32>("\"a\\u202eb\\u0007\"").expect_err("no number");
        assert!(explained(&error).contains("\"aU+202EbU+0007\""), "{}", explained(&error));
        assert_eq!(explained(&"no field `C:\\new` in \"C:\\\\new\""), "no field `C:\\new` in \"C:\\new\"");
    }

    #[test]
    fn json_of_another_type_is_not_called_malformed() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(rename_all = "snake_case")]
        enum Word {
            One,
        }
        let said = |text: &str| {
            let error = serde_json::from_str::<Word>(text).expect_err("not the word");
            explained_json(&error, text.as_bytes())
        };
        assert!(matches!(serde_json::from_str("\"one\""), Ok(Word::One)));
        for (text, word) in [
            ("1", "another type of value is needed at line 1 column 1"),
            ("[0]", "another type of value"),
            ("true", "another type of value"),
            ("\"two\"", "unknown variant `two`"),
            ("tru", "expected"),
            ("", "EOF"),
            ("{\"one\"", "EOF"),
        ] {
            assert!(said(text).contains(word), "{text}: {}", said(text));
        }
    }

    #[test]
    fn a_long_quotation_is_cut() {
        let error = serde_json::from_value::<u32>(serde_json::json!("é".repeat(1_000_000))).expect_err("no number");
        assert_eq!(explained(&error).chars().count(), EXPLAINED_CHARS + 1);
    }
}
