//! Finds the mentions in one paragraph: every `@name` outside code, link targets and addresses. The format is defined in
//! `docs/protocol/text.md`; the page's `inline.ts` implements the same rules. Takes time in proportion to the length of
//! the paragraph.

use std::collections::HashMap;

use unicode_normalization::char::is_combining_mark;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

use crate::limits::USER_NAME_CHARS;
use crate::name::{begins_handle, is_of_handle, is_unspaced, is_word};

/// Places at which a handle may end before the end of its word, in scripts written without spaces.
const SHORTER_HANDLES: usize = 8;

/// Parentheses within each other in a link's target.
const NESTED_PARENTHESES: usize = 32;

const SCHEMES: [&str; 2] = ["https://", "http://"];

/// Calls `each` with what follows the `@` of every mention, until it returns false. Returns whether it never did.
pub(super) fn mentions(paragraph: &str, each: &mut impl FnMut(&str) -> bool) -> bool {
    Scanner::new(paragraph).scan(each)
}

/// Returns the handles that a mention may mean, longest first: the whole word, or, because some scripts are written
/// without spaces, a beginning of it that is followed by a letter of such a script.
pub(super) fn handles(word: &str) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    let ends = word.char_indices().filter(|(_, c)| is_unspaced(*c) && !is_combining_mark(*c)).map(|(at, _)| at);
    for handle in ends.map(|at| trimmed(&word[..at])) {
        if handle.chars().nth(1).is_some() && found.last() != Some(&handle) {
            found.push(handle);
        }
        if found.len() == SHORTER_HANDLES {
            break;
        }
    }
    if found.last() != Some(&word) {
        found.push(word);
    }
    found.retain(|handle| handle.chars().nth(USER_NAME_CHARS).is_none());
    found.reverse();
    found
}

fn trimmed(word: &str) -> &str {
    word.trim_end_matches(|c| !is_word(c))
}

/// What the first walk over a paragraph finds: code and pairs of brackets.
struct Scanner<'a> {
    text: &'a str,
    /// The end of the code that begins at a place.
    code: HashMap<usize, usize>,
    /// The closing bracket of the one at a place.
    brackets: HashMap<usize, usize>,
    /// The end of the target of a link that begins at a place.
    targets: HashMap<usize, usize>,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str) -> Self {
        let bytes = text.as_bytes();
        let mut scanner = Scanner { text, code: HashMap::new(), brackets: HashMap::new(), targets: HashMap::new() };
        let mut runs = Backticks::of(bytes);
        let mut open = Vec::new();
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'\\' if escapes(bytes, at) => at += 1,
                b'`' => {
                    let run = backticks(bytes, at);
                    let end = runs.next(at + run, run);
                    let end = end.filter(|end| text[at + run..*end].contains(|c: char| !c.is_whitespace()));
                    if let Some(end) = end {
                        scanner.code.insert(at, end + run);
                    }
                    at = end.unwrap_or(at) + run - 1;
                }
                b'[' => open.push(at),
                b']' => {
                    if let Some(opened) = open.pop() {
                        scanner.brackets.insert(opened, at);
                    }
                }
                _ => {}
            }
            at += 1;
        }
        scanner
    }

    fn scan(&mut self, each: &mut impl FnMut(&str) -> bool) -> bool {
        let text = self.text;
        let bytes = text.as_bytes();
        // The last character that says whether an `@` begins a word, and the end of the last mention.
        let (mut before, mut mentioned): (Option<char>, Option<usize>) = (None, None);
        let mut at = 0;
        while let Some(c) = text[at..].chars().next() {
            let mut end = at + c.len_utf8();
            match c {
                '\\' if escapes(bytes, at) => end += 1,
                '`' => {
                    let run = backticks(bytes, at);
                    end = self.code.get(&at).copied().unwrap_or(at + run);
                }
                '(' if self.targets.contains_key(&at) => end = self.targets[&at],
                '[' => self.find_target(at),
                'h' | 'H' if begins_address(text, at) => end = address(text, at),
                '@' if !is_inside_word(before) || follows(text, mentioned, at) => {
                    let word = &text[end..];
                    let word = &word[..word.find(|c| !is_of_handle(c)).unwrap_or(word.len())];
                    if !word.starts_with(begins_handle) {
                        // A single sign.
                    } else if is_foreign(word, &text[end + word.len()..]) {
                        end += word.len();
                    } else {
                        let name = trimmed(word);
                        if !each(name) {
                            return false;
                        }
                        end += name.len();
                        mentioned = Some(end);
                    }
                }
                _ => {}
            }
            before = text[at..end].chars().rev().find(|c| !is_mark(*c)).or(before);
            at = end;
        }
        true
    }

    /// Finds the target of a link whose label begins at a place.
    fn find_target(&mut self, at: usize) {
        let Some(close) = self.brackets.get(&at) else { return };
        let begin = close + 1;
        if !self.text[begin..].starts_with('(') || self.text[at + 1..*close].trim().is_empty() {
            return;
        }
        let mut depth = 0;
        for (place, c) in self.text[begin..].char_indices() {
            match c {
                '(' if depth == NESTED_PARENTHESES => return,
                '(' => depth += 1,
                ')' if depth == 1 => {
                    if place > 1 {
                        self.targets.insert(begin, begin + place + 1);
                    }
                    return;
                }
                ')' => depth -= 1,
                '\\' | '`' | '<' | '>' | '"' => return,
                c if c.is_whitespace() || c.is_control() => return,
                _ => {}
            }
        }
    }
}

/// Returns how many backticks begin at a place.
fn backticks(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().take_while(|byte| **byte == b'`').count()
}

/// Returns whether a backslash takes the meaning of the character after it.
fn escapes(bytes: &[u8], at: usize) -> bool {
    bytes.get(at + 1).is_some_and(u8::is_ascii_punctuation)
}

/// Marks of formatting and signs that may stand between a word and an `@` without ending the word.
fn is_mark(c: char) -> bool {
    matches!(c, '*' | '_' | '~' | '-' | '+')
}

/// Returns whether an `@` after this character is part of an address, a path or a word.
fn is_inside_word(before: Option<char>) -> bool {
    before.is_some_and(|c| matches!(c, '@' | '/' | '\\') || (is_word(c) && !is_unspaced(c)))
}

/// Returns whether an `@name` names a user of another server (`@ada@social.example`) or a package (`@ada/core`).
fn is_foreign(word: &str, follows: &str) -> bool {
    let touches = word.chars().next_back().is_some_and(|c| is_word(c) && !is_unspaced(c));
    let spaced = |c| is_word(c) && !is_unspaced(c);
    touches && follows.strip_prefix(['@', '/']).is_some_and(|follows| follows.starts_with(spaced))
}

/// Returns whether an `@` directly follows a mention, or a slash after one: `@ada@小明`, `@ada/@bob`.
fn follows(text: &str, mentioned: Option<usize>, at: usize) -> bool {
    mentioned.is_some_and(|end| matches!(&text[end..at], "" | "/"))
}

fn begins_address(text: &str, at: usize) -> bool {
    let bytes = text.as_bytes();
    if at.checked_sub(1).is_some_and(|before| bytes[before].is_ascii_alphanumeric()) {
        return false;
    }
    let begins =
        |scheme: &str| bytes.get(at..at + scheme.len()).is_some_and(|it| it.eq_ignore_ascii_case(scheme.as_bytes()));
    let scheme = SCHEMES.iter().find(|scheme| begins(scheme));
    scheme.is_some_and(|scheme| text[at + scheme.len()..].starts_with(|c| c == '[' || is_word(c)))
}

/// Returns the end of the address at a place. Marks at its end may belong to it or to the formatting around it: no
/// mention can be there, so this does not decide it.
fn address(text: &str, at: usize) -> usize {
    let mut open = [0usize; 3];
    let mut end = text.len();
    for (place, c) in text[at..].char_indices() {
        let kind = "()[]{}".find(c);
        let stops = match kind {
            Some(kind) if kind % 2 == 0 => {
                open[kind / 2] += 1;
                false
            }
            Some(kind) if open[kind / 2] == 0 => true,
            Some(kind) => {
                open[kind / 2] -= 1;
                false
            }
            None => ends_address(c),
        };
        if stops {
            end = at + place;
            break;
        }
    }
    at + text[at..end].trim_end_matches(is_not_last).len()
}

/// Returns whether an address ends before a character: blanks, quotation marks, and the punctuation of other scripts,
/// except the signs that stand within words (`l·l`, `l’h`, `–`).
fn ends_address(c: char) -> bool {
    use GeneralCategory::{ClosePunctuation, FinalPunctuation, InitialPunctuation, OpenPunctuation, OtherPunctuation};
    if c.is_ascii() {
        return c.is_ascii_control() || matches!(c, ' ' | '<' | '>' | '"' | '`' | '\\');
    }
    let category = c.general_category();
    if c.is_whitespace() || matches!(category, GeneralCategory::Control | GeneralCategory::Format) {
        return true;
    }
    let is_east_asian = matches!(c, '\u{3000}'..='\u{303F}' | '\u{FF00}'..='\u{FF65}');
    let group = c.general_category_group();
    (is_east_asian && matches!(group, GeneralCategoryGroup::Punctuation | GeneralCategoryGroup::Symbol))
        || (!matches!(c, '\u{B7}' | '\u{2019}')
            && matches!(
                category,
                OpenPunctuation | ClosePunctuation | InitialPunctuation | FinalPunctuation | OtherPunctuation
            ))
}

/// Returns whether an address cannot end with a character: it belongs to the sentence.
fn is_not_last(c: char) -> bool {
    match c {
        '.' | ',' | ':' | ';' | '!' | '?' | '\'' | '(' | '[' | '{' => true,
        c => !c.is_ascii() && c.general_category_group() == GeneralCategoryGroup::Punctuation,
    }
}

/// The runs of backticks of a text, by length.
struct Backticks(HashMap<usize, std::iter::Peekable<std::vec::IntoIter<usize>>>);

impl Backticks {
    fn of(bytes: &[u8]) -> Self {
        let mut by_length: HashMap<usize, Vec<usize>> = HashMap::new();
        let mut at = 0;
        while at < bytes.len() {
            let run = backticks(bytes, at);
            if run > 0 {
                by_length.entry(run).or_default().push(at);
            }
            at += run.max(1);
        }
        Backticks(by_length.into_iter().map(|(length, starts)| (length, starts.into_iter().peekable())).collect())
    }

    /// Returns the first run of a length at or after a place. Places only rise.
    fn next(&mut self, from: usize, length: usize) -> Option<usize> {
        let starts = self.0.get_mut(&length)?;
        while starts.next_if(|start| *start < from).is_some() {}
        starts.peek().copied()
    }
}
