//! JPEG: a chain of segments (ITU-T T.81, annex B). Keeps the tables, the scans, the colour profile and what says how to
//! read the colours; removes every other application's segment, comments, and what follows the picture's end: previews,
//! gain maps, the films of motion photos.

use std::io::BufRead;

use super::walker::{ENDS, Walker};
use super::{PlanError, exif};

const START: u8 = 0xD8;
const END: u8 = 0xD9;
const SCAN: u8 = 0xDA;

/// The length of a segment is in its first two bytes, and counts them.
const LENGTH: u64 = 2;
const JFIF: &[u8] = b"JFIF\0";
/// The bytes of a JFIF segment up to the size of its thumbnail.
const JFIF_FIELDS: usize = 12;
const ADOBE: &[u8] = b"Adobe";
/// The bytes of Adobe's segment.
const ADOBE_FIELDS: usize = 12;
const PROFILE: &[u8] = b"ICC_PROFILE\0";

/// What happens to a segment.
enum Fate {
    Kept,
    Removed,
    /// This becomes its content.
    Becomes(Vec<u8>),
}

/// Walks a whole file.
pub fn walk(walker: &mut Walker<impl BufRead>) -> Result<(), PlanError> {
    if walker.array()? != [0xFF, START] {
        return Err(PlanError::Malformed("it does not begin as a JPEG"));
    }
    walker.keep_from(0)?;

    let mut oriented = false;
    let mut scanned = false;
    let mut found = None;
    loop {
        let (start, marker) = match found.take() {
            Some(found) => found,
            None => (walker.position(), marker(walker)?),
        };
        match marker {
            END => return walker.keep_from(start),
            // Markers without a segment.
            0x01 | 0xD0..=0xD7 => walker.keep_from(start)?,
            0xC8 | 0x02..=0xBF | 0xF0..=0xFD | START => return Err(PlanError::Malformed("it has an unknown segment")),
            _ => match segment(walker, start, marker, &mut oriented) {
                // The file was cut between two scans, or a damaged scan looks like a marker: decoders go as far as they
                // can.
                Err(PlanError::Malformed(ENDS)) if scanned && is_metadata(marker) => return Ok(()),
                Err(PlanError::Malformed(ENDS)) if scanned => return walker.keep_from(start),
                read => read?,
            },
        }
        if marker == SCAN {
            scanned = true;
            found = entropy_coded(walker)?;
            if found.is_none() {
                return Ok(());
            }
        }
    }
}

/// Reads a marker, which any number of bytes 0xFF precede.
fn marker(walker: &mut Walker<impl BufRead>) -> Result<u8, PlanError> {
    if walker.array()? != [0xFF] {
        return Err(PlanError::Malformed("a segment's length is wrong"));
    }
    loop {
        match walker.array()? {
            [0xFF] => {}
            [0] => return Err(PlanError::Malformed("a segment's length is wrong")),
            [marker] => return Ok(marker),
        }
    }
}

/// Reads a segment behind its marker, and keeps what is needed of it.
fn segment(walker: &mut Walker<impl BufRead>, start: u64, marker: u8, oriented: &mut bool) -> Result<(), PlanError> {
    let length = u64::from(u16::from_be_bytes(walker.array()?));
    let length = length.checked_sub(LENGTH).ok_or(PlanError::Malformed("a segment has no length"))?;
    // At most 64 KB.
    let content = walker.bytes(length as usize)?;
    match fate(marker, &content, oriented) {
        Fate::Kept => walker.keep_from(start),
        Fate::Removed => Ok(()),
        Fate::Becomes(new) if new == content => walker.keep_from(start),
        Fate::Becomes(new) => {
            let mut segment = vec![0xFF, marker];
            segment.extend((new.len() as u16 + LENGTH as u16).to_be_bytes());
            segment.extend(new);
            walker.replace_from(start, segment)
        }
    }
}

fn fate(marker: u8, content: &[u8], oriented: &mut bool) -> Fate {
    match marker {
        // JFIF: the version, the density, and a thumbnail, which may show what was cropped.
        0xE0 if content.starts_with(JFIF) && content.len() >= JFIF_FIELDS + 2 => {
            Fate::Becomes([&content[..JFIF_FIELDS], &[0, 0]].concat())
        }
        0xE1 if content.starts_with(exif::NAME) && !*oriented => {
            let Some(only) = exif::orientation_only(&content[exif::NAME.len()..]) else { return Fate::Removed };
            *oriented = true;
            Fate::Becomes([exif::NAME, &only].concat())
        }
        0xE2 if content.starts_with(PROFILE) => Fate::Kept,
        // Adobe's segment says how the colours are stored.
        0xEE if content.starts_with(ADOBE) && content.len() >= ADOBE_FIELDS => {
            Fate::Becomes(content[..ADOBE_FIELDS].to_vec())
        }
        _ if is_metadata(marker) => Fate::Removed,
        _ => Fate::Kept,
    }
}

/// Returns whether a segment belongs to an application, or is a comment.
fn is_metadata(marker: u8) -> bool {
    matches!(marker, 0xE0..=0xEF | 0xFE)
}

/// Keeps entropy-coded bytes, and returns the place and the kind of the marker that ends them; `None` if the file ends
/// before, as one does whose upload was cut somewhere else.
fn entropy_coded(walker: &mut Walker<impl BufRead>) -> Result<Option<(u64, u8)>, PlanError> {
    let start = walker.position();
    let mut after_ff = false;
    loop {
        let bytes = walker.peek()?;
        if bytes.is_empty() {
            walker.keep_from(start)?;
            return Ok(None);
        }
        let ends = |byte: &u8| {
            let ends = after_ff && is_end_of_scan(*byte);
            after_ff = *byte == 0xFF;
            ends
        };
        match bytes.iter().position(ends) {
            None => {
                let read = bytes.len();
                walker.consume(read);
            }
            Some(at) => {
                let marker = bytes[at];
                walker.consume(at + 1);
                let end = walker.position() - 2;
                walker.keep(start..end)?;
                return Ok(Some((end, marker)));
            }
        }
    }
}

/// Returns whether a byte after 0xFF ends a scan. Stuffed bytes and restart markers do not, nor what is no marker at all,
/// which decoders read over in a damaged scan.
fn is_end_of_scan(byte: u8) -> bool {
    matches!(byte, 0xC0..=0xCF | 0xD8..=0xEF | 0xFE)
}
