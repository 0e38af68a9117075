//! Detects the type of a file from its first bytes.

/// The type of unknown bytes.
pub const UNKNOWN: &str = "application/octet-stream";
const TEXT: &str = "text/plain; charset=utf-8";

/// Pictures that are decoded here; all others are only stored.
const PICTURES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// Types that a browser would execute: stored as text, which it only displays.
const ACTIVE: [&str; 3] = ["text/html", "text/xml", "application/xml"];

/// Returns the type of a file that begins like this. Nothing that a browser executes keeps its own type.
pub fn of(beginning: &[u8]) -> &'static str {
    match infer::get(beginning).map(|found| found.mime_type()) {
        Some(found) if ACTIVE.contains(&found) || found.starts_with("image/svg") => TEXT,
        Some(found) => found,
        None if is_text(beginning) => TEXT,
        None => UNKNOWN,
    }
}

/// Returns whether a file of this type is measured and gets a thumbnail.
pub fn is_picture(content_type: &str) -> bool {
    PICTURES.contains(&content_type)
}

/// Returns whether this is UTF-8 without control characters, except for a character that the sample cuts in two.
fn is_text(beginning: &[u8]) -> bool {
    let text = match std::str::from_utf8(beginning) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&beginning[..error.valid_up_to()]).expect("valid up to there")
        }
        Err(_) => return false,
    };
    !text.is_empty() && !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{c}' | '\u{1b}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_is_detected_from_the_bytes() {
        assert_eq!(of(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), "image/png");
        assert_eq!(of(b"%PDF-1.7"), "application/pdf");
        assert_eq!(of("grüße\n".as_bytes()), TEXT);
        assert_eq!(of(b"gr\xc3"), TEXT, "cut in the middle of a character");
        assert_eq!(of(&[0, 1, 2, 3]), UNKNOWN);
        assert_eq!(of(b""), UNKNOWN);
    }

    #[test]
    fn nothing_executable_keeps_its_own_type() {
        for active in [
            "<!doctype html><script>",
            "<html>",
            "<svg xmlns='http://www.w3.org/2000/svg'>",
            "<?xml version=\"1.0\"?><svg/>",
        ] {
            assert_eq!(of(active.as_bytes()), TEXT, "{active}");
        }
    }
}
