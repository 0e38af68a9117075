//! Detects the type of a file from its first bytes.

use domain::FileMetadata;

/// The type of unknown bytes.
pub const UNKNOWN: &str = "application/octet-stream";
const TEXT: &str = "text/plain; charset=utf-8";

/// Pictures that have no place for metadata.
const BARE: [&str; 2] = ["image/bmp", "image/vnd.microsoft.icon"];

/// What TIFF, BigTIFF, and Matroska begin with.
const CONTAINERS: [&[u8]; 5] = [b"II\x2a\0", b"MM\0\x2a", b"II\x2b\0", b"MM\0\x2b", b"\x1a\x45\xdf\xa3"];

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

/// Returns what can be said of the metadata in a file that is stored as it is; `None` if files of its type have none. A
/// picture or a film, and whatever is in a container of such, may say where, when and with which device it was made: HEIC,
/// AVIF, films of phones and their voice memos are ISO base media files, of more brands than are known; TIFF and the raw
/// files of cameras begin alike.
pub fn metadata_of(content_type: &str, beginning: &[u8]) -> Option<FileMetadata> {
    if BARE.contains(&content_type) {
        return Some(FileMetadata::Absent);
    }
    let is_media = content_type.starts_with("image/") || content_type.starts_with("video/");
    let is_base_media = beginning.get(4..8).is_some_and(|kind| kind == b"ftyp");
    let may = is_media || is_base_media || CONTAINERS.iter().any(|begin| beginning.starts_with(begin));
    may.then_some(FileMetadata::Kept)
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
    fn heic_tiff_and_films_may_have_metadata() {
        let base_media = |brand: &[u8]| [&b"\0\0\0\x18ftyp"[..], brand, b"\0\0\0\0mif1heic"].concat();
        let films: [&[u8]; 3] = [b"\x1A\x45\xDF\xA3 webm", b"RIFF\0\0\0\0AVI LIST", b"\0\0\0\x14ftypqt  "];
        let pictures: [&[u8]; 4] =
            [b"II\x2a\0\x08\0\0\0\0\0\0\0", b"MM\0\x2a\0\0\0\x08\0\0\0\0", b"MM\0\x2b", b"8BPS\0\x01"];
        let brands: [&[u8]; 8] = [b"heic", b"heix", b"hevc", b"avif", b"mif1", b"crx ", b"3gp5", b"M4A "];
        for beginning in brands.map(base_media).into_iter().chain(films.into_iter().chain(pictures).map(<[u8]>::to_vec))
        {
            assert_eq!(metadata_of(of(&beginning), &beginning), Some(FileMetadata::Kept), "{beginning:x?}");
        }
        for beginning in [&b"text"[..], b"%PDF-1.7", b"PK\x03\x04", b""] {
            assert_eq!(metadata_of(of(beginning), beginning), None, "{beginning:x?}");
        }
        for beginning in [&b"BM\0\0\0\0"[..], b"\0\0\x01\0\x01\0"] {
            assert_eq!(metadata_of(of(beginning), beginning), Some(FileMetadata::Absent), "{beginning:x?}");
        }
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
