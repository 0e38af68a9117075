//! Which characters a handle consists of, and what marks and joiners may follow which letters.

use std::fmt;

use unicode_normalization::char::{canonical_combining_class, is_combining_mark};
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};
use unicode_script::{Script, UnicodeScript};

/// Nonspacing marks on one letter (UTS #39 §5.4 forbids more in a row).
const MARKS_IN_A_ROW: usize = 4;

/// The combining class of a virama, which joins two consonants.
const VIRAMA: u8 = 9;

const NON_JOINER: char = '\u{200C}';
const JOINER: char = '\u{200D}';

/// Returns whether a handle can contain a character, in some place: letters, digits and marks of any script, `_`, `-`,
/// `.`, and the two joiners.
pub(crate) fn is_of_handle(c: char) -> bool {
    matches!(c, '_' | '-' | '.' | NON_JOINER | JOINER) || is_word(c)
}

/// Returns whether a character is a letter, a digit or a mark on one.
pub(crate) fn is_word(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    (c.is_alphanumeric() || is_combining_mark(c)) && !is_hidden(c) && !is_joining(c)
}

/// Returns whether a handle can begin with a character.
pub(crate) fn begins_handle(c: char) -> bool {
    c.is_alphanumeric() && !is_hidden(c)
}

/// Returns whether a word of the character's script may directly touch a word of another one: scripts written without
/// spaces, and Hangul, whose particles follow a word without one.
pub(crate) fn is_unspaced(c: char) -> bool {
    use Script::*;
    if c.is_ascii() {
        return false;
    }
    let scripts = c.script_extension();
    [Han, Hiragana, Katakana, Bopomofo, Hangul, Yi, Thai, Lao, Khmer, Myanmar, Tibetan]
        .into_iter()
        .any(|script| scripts.contains_script(script) && !scripts.is_common() && !scripts.is_inherited())
}

/// Returns whether a character is hidden: it changes how the text around it looks, or is an invisible letter (Unicode's
/// Default_Ignorable_Code_Point, except joiners, variation selectors, and the tags that flags are made of).
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
            | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
            | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFF8}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E001F}')
}

/// Returns whether an invisible character is needed for writing and emojis: joiners and variation selectors.
pub(crate) fn is_joining(c: char) -> bool {
    matches!(c, NON_JOINER | JOINER | '\u{FE00}'..='\u{FE0F}' | '\u{E0020}'..='\u{E007F}' | '\u{E0100}'..='\u{E01EF}')
}

/// Returns why the letters of a handle do not make words, in a sentence for its user.
pub(super) fn check(handle: &str) -> Result<(), String> {
    let chars: Vec<char> = handle.chars().collect();
    if let Some(c) = chars.iter().find(|c| !is_of_handle(**c)) {
        return Err(format!("A name can contain letters, digits, '_', '-' and '.', but not {}.", Shown(*c)));
    }
    let mut marks = 0;
    let mut base = None;
    for (at, c) in chars.iter().copied().enumerate() {
        let (before, after) = (at.checked_sub(1).map(|at| chars[at]), chars.get(at + 1).copied());
        match c {
            NON_JOINER | JOINER if joins(before, c, after) => continue,
            NON_JOINER | JOINER => {
                return Err(format!("A name can contain {} only between letters that it joins.", Shown(c)));
            }
            _ => {}
        }
        if !is_combining_mark(c) {
            (marks, base) = (0, Some(c));
            continue;
        }
        marks = if c.general_category() == GeneralCategory::NonspacingMark { marks + 1 } else { 0 };
        if marks > MARKS_IN_A_ROW {
            return Err(format!("A name can have at most {MARKS_IN_A_ROW} accents on one letter."));
        }
        if !base.is_some_and(|base| belongs(c, base)) {
            return Err(format!("In a name, {} must follow a letter of its own script.", Shown(c)));
        }
    }
    Ok(())
}

/// Returns why the marks of a name are too many, in a sentence for its user: stacked ones cover the lines around them.
pub(super) fn check_marks(name: &str) -> Result<(), String> {
    let mut marks = 0;
    for c in name.chars() {
        marks = if c.general_category() == GeneralCategory::NonspacingMark && !is_joining(c) { marks + 1 } else { 0 };
        if marks > MARKS_IN_A_ROW {
            return Err(format!("A name can have at most {MARKS_IN_A_ROW} accents on one letter."));
        }
    }
    Ok(())
}

/// Returns whether a mark can stand on a letter: both have the same script, or it is one of the accents of all scripts.
fn belongs(mark: char, base: char) -> bool {
    if mark.general_category() == GeneralCategory::EnclosingMark || !base.is_alphabetic() {
        return false;
    }
    let scripts = mark.script_extension();
    if scripts.is_inherited() || scripts.is_common() {
        return matches!(mark, '\u{300}'..='\u{36F}');
    }
    !scripts.intersection(base.script_extension()).is_empty()
}

/// Returns whether a joiner changes how its neighbours are written (RFC 5892 appendix A, without its tables): beside a
/// virama, or between letters of a cursive script.
fn joins(before: Option<char>, joiner: char, after: Option<char>) -> bool {
    let (Some(before), Some(after)) = (before, after) else { return false };
    let is_virama = |c| canonical_combining_class(c) == VIRAMA;
    let is_cursive = |c: char| {
        use Script::*;
        is_word(c) && [Arabic, Syriac, Nko, Mongolian, Mandaic].contains(&c.script())
    };
    (is_virama(before) && is_word(after))
        || (joiner == JOINER && is_virama(after))
        || (joiner == NON_JOINER && is_cursive(before) && is_cursive(after))
}

/// A character as a sentence shows it: itself, if a reader can see it alone, else its code point.
struct Shown(char);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shown(c) = self;
        let unseen = is_hidden(*c) || is_joining(*c) || is_combining_mark(*c) || (c.is_whitespace() && *c != ' ');
        match unseen || c.general_category() == GeneralCategory::Unassigned {
            true => write!(f, "the character U+{:04X}", u32::from(*c)),
            false if *c == ' ' => f.write_str("spaces"),
            false => write!(f, "'{c}'"),
        }
    }
}
