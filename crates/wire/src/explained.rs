//! Says what is wrong with input that cannot be read, in plain sentences: which field, and what is expected of it. The
//! only place that turns a parser's words into those of a person; a value that is quoted is bounded and readable.

use std::fmt::{Display, Write};

use domain::name::is_hidden;
use serde_json::Value;

use crate::limits::{EXPLAINED_CHARS, PROBED_FIELDS, QUOTED_CHARS};

/// The part of a request that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The body of a call.
    Body,
    /// The query of a call.
    Query,
    /// The path of a call.
    Path,
    /// A frame of a socket.
    Frame,
}

impl Part {
    fn whole(self) -> &'static str {
        match self {
            Part::Body => "The body",
            Part::Query => "The query",
            Part::Path => "The path",
            Part::Frame => "The frame",
        }
    }

    fn field(self, name: &str) -> String {
        match self {
            Part::Body | Part::Frame => format!("The field `{name}`"),
            Part::Query => format!("The query parameter `{name}`"),
            Part::Path => format!("`{name}` in the path"),
        }
    }
}

/// Returns what is wrong with the value at `path`, which is empty or `.` for the part as a whole. `error` is what a
/// deserializer says of it.
pub fn explain(part: Part, path: &str, error: &impl Display) -> String {
    let said = error.to_string();
    let said = without_position(&said);
    let path = if path == "." { "" } else { path };
    let inner = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    let subject = match path.is_empty() {
        true => part.whole().to_owned(),
        false => part.field(&cut(path, QUOTED_CHARS)),
    };
    if let Some(name) = quoted_after(said, "missing field ") {
        return format!("{} is missing.", part.field(&inner(name)));
    }
    if let Some(name) = quoted_after(said, "duplicate field ") {
        return format!("{} is given more than once.", part.field(&inner(name)));
    }
    if let Some(rest) = said.strip_prefix("unknown field `") {
        let name = rest.rsplit_once("`, expected ").map_or(rest, |(name, _)| name);
        return format!("{} is not known.", part.field(&inner(&cut(name, QUOTED_CHARS))));
    }
    if let Some(rest) = said.strip_prefix("unknown variant `") {
        let (given, known) = rest.rsplit_once("`, expected ").unwrap_or((rest, "another word"));
        return format!("{subject} must be {known}, not `{}`.", cut(given, QUOTED_CHARS));
    }
    for kind in ["invalid type: ", "invalid value: ", "invalid length "] {
        let Some((given, needed)) = said.strip_prefix(kind).and_then(|rest| rest.rsplit_once(", expected ")) else {
            continue;
        };
        let given = if kind == "invalid length " { format!("a list of {given}") } else { given_value(given) };
        return format!("{subject} must be {}, not {given}.", needed_value(needed));
    }
    match said {
        _ if said.starts_with("UUID parsing failed") => format!("{subject} must be a UUID."),
        _ if said.starts_with("data did not match any variant") => format!("{subject} does not have the right form."),
        "invalid digit found in string" | "cannot parse integer from empty string" => {
            format!("{subject} must be a whole number.")
        }
        "number too large to fit in target type" => format!("{subject} is too large a number."),
        "number too small to fit in target type" => format!("{subject} is too small a number."),
        "provided string was not `true` or `false`" => format!("{subject} must be `true` or `false`."),
        // In the words of the type itself.
        _ if path.is_empty() => format!("{} is invalid: {}.", part.whole(), cut(said, EXPLAINED_CHARS)),
        _ => format!("{subject} is invalid: {}.", cut(said, EXPLAINED_CHARS)),
    }
}

/// Like [`explain`], for the error of a JSON parser about `text`.
pub fn explain_json(part: Part, path: &str, error: &serde_json::Error, text: &[u8]) -> String {
    if error.is_data() {
        return explain(part, path, error);
    }
    // Where a word is needed and a number is given, the parser reports what it reports of a text that is no JSON at all.
    let whole = serde_json::from_slice::<serde::de::IgnoredAny>(text);
    match whole {
        Ok(_) => explain(part, path, &"invalid type: another kind of value, expected a string"),
        Err(error) => not_json(part, &error),
    }
}

/// Says where a text stops being JSON.
fn not_json(part: Part, error: &serde_json::Error) -> String {
    match error.is_eof() {
        true => format!("{} is not valid JSON: it ends too early.", part.whole()),
        false => {
            let (line, column) = (error.line(), error.column());
            format!("{} is not valid JSON: there is a mistake at line {line}, column {column}.", part.whole())
        }
    }
}

/// Like [`explain_json`], for an object whose type depends on its field `tag`, so that the parser reports no path. The
/// field that is wrong is the one without which the error is another.
pub fn explain_tagged(
    part: Part,
    tag: &str,
    error: &serde_json::Error,
    text: &str,
    parse: impl Fn(Value) -> Result<(), serde_json::Error>,
) -> String {
    let fields = match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => fields,
        // The parser would read a list as the fields in their order.
        Ok(Value::Array(_)) => return explain(part, "", &"invalid type: sequence, expected a map"),
        _ => return explain_json(part, "", error, text.as_bytes()),
    };
    let said = error.to_string();
    let said = without_position(&said);
    let is_about_a_value = !["missing field", "duplicate field"].iter().any(|about| said.starts_with(about));
    let is_wrong = |name: &&String| {
        let mut others = fields.clone();
        others.remove(*name);
        parse(Value::Object(others)).err().is_none_or(|other| without_position(&other.to_string()) != said)
    };
    // Without its tag, each object has another error.
    let (tags, others): (Vec<_>, Vec<_>) = fields.keys().partition(|name| *name == tag);
    let tried = others.into_iter().chain(tags);
    let wrong = tried.filter(|_| is_about_a_value && fields.len() <= PROBED_FIELDS).find(is_wrong);
    explain(part, wrong.map_or("", String::as_str), error)
}

/// Removes the place in the text, which says nothing about the field.
fn without_position(said: &str) -> &str {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some((before, place)) = said.rsplit_once(" at line ") else { return said };
    match place.split_once(" column ") {
        Some((line, column)) if is_number(line) && is_number(column) => before,
        _ => said,
    }
}

/// Returns the name in backquotes that follows a beginning.
fn quoted_after<'a>(said: &'a str, beginning: &str) -> Option<&'a str> {
    said.strip_prefix(beginning)?.strip_prefix('`')?.strip_suffix('`')
}

/// Returns a value as serde describes it, in the words of a person.
fn given_value(given: &str) -> String {
    let number = |text: &str| format!("the number {}", cut(text.trim_matches('`'), QUOTED_CHARS));
    match given.split_once(' ') {
        Some(("string", text)) => format!("the text {}", quoted(text)),
        Some(("character", text)) => format!("the text {}", cut(text, QUOTED_CHARS)),
        Some(("integer", text)) => number(text),
        Some(("floating", text)) => number(text.trim_start_matches("point ")),
        Some(("boolean", text)) => text.to_owned(),
        _ => match given {
            "map" => "an object".to_owned(),
            "sequence" => "a list".to_owned(),
            "null" | "unit value" | "Option value" => "`null`".to_owned(),
            _ => cut(given, QUOTED_CHARS),
        },
    }
}

/// Returns what is expected, in the words of a person.
fn needed_value(needed: &str) -> String {
    let needed = match needed {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number from 0 to 18446744073709551615",
        "i8" | "i16" | "i32" | "i64" | "isize" | "i128" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" | "bool" => "`true` or `false`",
        "unit" | "null" => "`null`",
        _ if needed.contains("UUID") => "a UUID",
        _ if ["a string", "a borrowed string", "string", "str", "String", "a character"].contains(&needed) => "a text",
        _ if ["struct ", "a map", "map", "internally tagged enum", "adjacently tagged enum"]
            .iter()
            .any(|kind| needed.starts_with(kind)) =>
        {
            "an object"
        }
        _ if ["a sequence", "sequence", "a tuple", "tuple", "an array", "seq"]
            .iter()
            .any(|kind| needed.starts_with(kind)) =>
        {
            "a list"
        }
        _ if needed.contains("identifier") || needed.contains("enum ") || needed.starts_with("string or") => "a text",
        _ => "another kind of value",
    };
    needed.to_owned()
}

/// Returns a quoted text that serde has escaped, such as `"\u{94d}"`, as it was sent.
fn quoted(text: &str) -> String {
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    // An escape has at most ten characters.
    let beginning: String = inner.chars().take(QUOTED_CHARS * 10).collect();
    let mut plain = String::new();
    let mut rest = beginning.as_str();
    while let Some(c) = rest.chars().next() {
        let (shown, len) = escape(rest).unwrap_or((c, c.len_utf8()));
        plain.push(shown);
        rest = &rest[len..];
    }
    format!("\"{}\"", cut(&plain, QUOTED_CHARS))
}

/// Returns the beginning of a text. Characters that no reader sees are shown as their code points.
fn cut(text: &str, chars: usize) -> String {
    let mut shown = String::new();
    for c in text.chars().take(chars) {
        match is_hidden(c) {
            true => write!(shown, "U+{:04X}", u32::from(c)).expect("a string takes everything"),
            false => shown.push(c),
        }
    }
    if text.chars().nth(chars).is_some() {
        shown.push('…');
    }
    shown
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
mod tests;
