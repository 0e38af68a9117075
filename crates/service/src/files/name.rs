//! Cleans a file's name, whatever the uploader sent.

use domain::name::is_hidden;

/// The longest name, in characters. Longer ones are cut, but keep their ending.
const NAME_CHARS: usize = 200;
const NAMELESS: &str = "file";

/// Returns the last part of a path, without control and direction characters, not beginning with a dot.
pub fn clean(named: &str) -> String {
    let last = named.rsplit(['/', '\\']).next().unwrap_or_default();
    let visible: String = last.chars().filter(|c| !is_hidden(*c)).collect();
    let trimmed = visible.trim().trim_start_matches('.').trim();
    if trimmed.is_empty() {
        return NAMELESS.to_owned();
    }
    let count = trimmed.chars().count();
    if count <= NAME_CHARS {
        return trimmed.to_owned();
    }
    let ending = trimmed.rsplit_once('.').map(|(_, ending)| ending).filter(|ending| ending.chars().count() <= 16);
    let ending = ending.map(|ending| format!(".{ending}")).unwrap_or_default();
    trimmed.chars().take(NAME_CHARS - ending.chars().count()).chain(ending.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_name_is_kept() {
        assert_eq!(clean("../../etc/passwd"), "passwd");
        assert_eq!(clean("C:\\tmp\\x.txt"), "x.txt");
        assert_eq!(clean("a\r\nb\u{202e}gpj.exe"), "abgpj.exe");
        assert_eq!(clean(".htaccess"), "htaccess");
        assert_eq!(clean("نمی\u{200c}دانم.txt"), "نمی\u{200c}دانم.txt", "a joiner is part of a word");
        for nothing in ["", ".", "..", "/", "\u{202e}", " . "] {
            assert_eq!(clean(nothing), NAMELESS, "{nothing:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_ending() {
        let kept = clean(&format!("{}.png", "é".repeat(400)));
        assert_eq!(kept.chars().count(), NAME_CHARS);
        assert!(kept.ends_with("é.png"));
    }
}
