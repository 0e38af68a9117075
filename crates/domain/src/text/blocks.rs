//! Divides a message's text into its paragraphs, without its code. The format is defined in `docs/protocol/text.md`; the
//! page's `blocks.ts` implements the same rules, and the vectors beside that page guard both.

/// Quotes and lists within each other. What is deeper is text.
pub(super) const MAX_DEPTH: usize = 8;

/// Columns of a tab at the beginning of a line.
const TAB: usize = 4;

/// Spaces that a line may begin with before a mark that makes it a block.
const INDENT: usize = 3;

/// Calls `each` with every paragraph, in order, until it returns false.
pub(super) fn paragraphs(text: &str, each: &mut impl FnMut(&str) -> bool) {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    blocks(&text.split('\n').collect::<Vec<_>>(), 0, each);
}

fn blocks(lines: &[&str], depth: usize, each: &mut impl FnMut(&str) -> bool) -> bool {
    let mut paragraph: Vec<&str> = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let rest = &lines[at..];
        let block = fence(rest).or_else(|| if depth < MAX_DEPTH { quote(rest).or_else(|| item(rest)) } else { None });
        match block {
            Some(Block { taken, inner: Inner::Text }) => {
                paragraph.extend(&rest[..taken]);
                at += taken;
                continue;
            }
            Some(Block { taken, inner }) => {
                if !end(&mut paragraph, each) {
                    return false;
                }
                if let Inner::Lines(inner) = inner
                    && !blocks(&inner, depth + 1, each)
                {
                    return false;
                }
                at += taken;
            }
            None => {
                if !is_blank(rest[0]) {
                    paragraph.push(rest[0]);
                } else if !end(&mut paragraph, each) {
                    return false;
                }
                at += 1;
            }
        }
    }
    end(&mut paragraph, each)
}

fn end(paragraph: &mut Vec<&str>, each: &mut impl FnMut(&str) -> bool) -> bool {
    paragraph.is_empty() || each(&std::mem::take(paragraph).join("\n"))
}

/// A block at the beginning of some lines.
struct Block<'a> {
    /// The lines that it takes.
    taken: usize,
    inner: Inner<'a>,
}

enum Inner<'a> {
    /// Code.
    Code,
    /// The lines of a quote or of an item, without its marks.
    Lines(Vec<&'a str>),
    /// Nothing: the marks around it are text.
    Text,
}

/// Reads a block of code. One around nothing is none.
fn fence<'a>(lines: &[&'a str]) -> Option<Block<'a>> {
    let (_, line) = indented(lines[0])?;
    let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let length = run(line, mark);
    let info = &line[length..];
    if length < 3 || (mark == '`' && info.contains('`')) {
        return None;
    }
    let closes = |line: &&&str| {
        indented(line).is_some_and(|(_, line)| run(line, mark) >= length && is_blank(line.trim_start_matches(mark)))
    };
    let body = &lines[1..];
    let end = body.iter().take_while(|line| !closes(line)).count();
    let info = info.trim_matches(BLANKS);
    let has_line = !info.is_empty() && !is_language(info);
    if !has_line && body[..end].iter().all(|line| is_blank(line)) {
        return None;
    }
    Some(Block { taken: (end + 2).min(lines.len()), inner: Inner::Code })
}

/// Returns whether the word after a fence names a language. Anything else is the first line of the code.
fn is_language(info: &str) -> bool {
    info.len() <= 20 && info.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'+' | b'#' | b'.' | b'-'))
}

/// Reads a quote: the lines that begin with `>`. Marks around nothing are text.
fn quote<'a>(lines: &[&'a str]) -> Option<Block<'a>> {
    let inner: Vec<&str> = lines.iter().map_while(|line| quoted(line)).collect();
    if inner.is_empty() {
        return None;
    }
    let taken = inner.len();
    let says = inner.iter().any(|line| line.contains(|c| c != '>' && !BLANKS.contains(&c)));
    Some(Block { taken, inner: if says { Inner::Lines(inner) } else { Inner::Text } })
}

fn quoted(line: &str) -> Option<&str> {
    let (_, line) = indented(line)?;
    let marks = run(line, '>');
    if marks == 0 || marks > MAX_DEPTH {
        return None;
    }
    let begins = line[marks..].chars().next().is_none_or(|c| BLANKS.contains(&c) || c.is_alphabetic());
    begins.then(|| line[1..].strip_prefix(' ').unwrap_or(&line[1..]))
}

/// Reads one item of a list: its line, and the lines below that are indented by two columns more.
fn item<'a>(lines: &[&'a str]) -> Option<Block<'a>> {
    let Marker { indent, offset, content } = marker(lines[0])?;
    let mut inner = vec![content];
    let mut taken = 1;
    for (place, line) in lines.iter().enumerate().skip(1) {
        if is_blank(line) {
            continue;
        }
        if columns(line) < indent + 2 {
            break;
        }
        inner.resize(place, "");
        inner.push(without_columns(line, offset));
        taken = place + 1;
    }
    Some(Block { taken, inner: Inner::Lines(inner) })
}

struct Marker<'a> {
    indent: usize,
    /// The columns before the content.
    offset: usize,
    content: &'a str,
}

/// Reads the mark of an item, `-`, `*`, `1.` or `1)`, before something visible.
fn marker(line: &str) -> Option<Marker<'_>> {
    let (indent, line) = indented(line)?;
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let mark = match (digits, line.as_bytes().get(digits)?) {
        (0, b'-' | b'*') => 1,
        (1..=9, b'.' | b')') => digits + 1,
        _ => return None,
    };
    let blanks = line[mark..].len() - line[mark..].trim_start_matches(BLANKS).len();
    let content = &line[mark + blanks..];
    if blanks == 0 || !content.contains(|c| !matches!(c, '-' | '*' | '_' | ' ' | '\t')) {
        return None;
    }
    // As in CommonMark: many blanks are content.
    let apart = if blanks <= 4 { blanks } else { 1 };
    Some(Marker { indent, offset: indent + mark + apart, content: &line[mark + apart..] })
}

const BLANKS: [char; 2] = [' ', '\t'];

fn is_blank(line: &str) -> bool {
    line.trim_matches(BLANKS).is_empty()
}

/// Returns how many spaces a line begins with, and what follows; none if they are too many for a block.
fn indented(line: &str) -> Option<(usize, &str)> {
    let rest = line.trim_start_matches(' ');
    let spaces = line.len() - rest.len();
    (spaces <= INDENT).then_some((spaces, rest))
}

fn run(line: &str, mark: char) -> usize {
    line.len() - line.trim_start_matches(mark).len()
}

fn columns(line: &str) -> usize {
    line.chars().map_while(width).sum()
}

fn without_columns(line: &str, most: usize) -> &str {
    let mut left = most;
    let cut = line.char_indices().find(|(_, c)| match width(*c) {
        Some(width) if left > 0 => {
            left = left.saturating_sub(width);
            false
        }
        _ => true,
    });
    cut.map_or("", |(at, _)| &line[at..])
}

fn width(c: char) -> Option<usize> {
    match c {
        ' ' => Some(1),
        '\t' => Some(TAB),
        _ => None,
    }
}
