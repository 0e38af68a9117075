//! WebP: chunks in a RIFF container (RFC 9649). Keeps the chunks of pixels, transparency, animation and colour profile,
//! also inside a frame; removes Exif, XMP, unknown chunks, and what follows the container. The headers that state sizes
//! and features are rewritten.

use std::io::BufRead;

use super::walker::{Slot, Walker};
use super::{PlanError, exif};

/// The bytes of a chunk's header: its name and the length of its content.
const HEADER: u64 = 8;
/// The bytes at the beginning of a frame's content that describe it.
const FRAME: u64 = 16;
/// The bytes of the content of `VP8X`.
const FEATURES: u32 = 10;
/// The feature `Exif`, in the first byte of `VP8X`.
const EXIF: u8 = 0x08;
/// The feature `XMP`.
const XMP: u8 = 0x04;
/// The bytes of an Exif block in which its first directory is looked for.
const EXIF_BYTES: u64 = 64 * 1024;

/// The features of an extended file, and the place of their header.
struct Features {
    slot: Slot,
    original: Vec<u8>,
    oriented: bool,
}

impl Features {
    fn has(&self, feature: u8) -> bool {
        self.original[HEADER as usize] & feature != 0
    }
}

/// Walks a whole file of `size` bytes.
pub fn walk(walker: &mut Walker<impl BufRead>, size: u64) -> Result<(), PlanError> {
    let container: [u8; 12] = walker.array()?;
    if !container.starts_with(b"RIFF") || !container.ends_with(b"WEBP") {
        return Err(PlanError::Malformed("it does not begin as a WebP"));
    }
    let claimed = u32::from_le_bytes(container[4..8].try_into().expect("four bytes"));
    let end = (HEADER + u64::from(claimed)).min(size);
    let riff = walker.reserve_from(0)?;

    let mut features = None;
    while walker.position() + HEADER <= end {
        chunk(walker, end, &mut features)?;
    }

    if let Some(Features { slot, original, oriented }) = features {
        let mut header = original.clone();
        let exif = if oriented { EXIF } else { 0 };
        header[HEADER as usize] = header[HEADER as usize] & !(EXIF | XMP) | exif;
        walker.fill(slot, &original, header);
    }
    let length = u32::try_from(walker.length_after(&riff) + 4).map_err(|_| PlanError::Malformed("it is too long"))?;
    walker.fill(riff, &container, [b"RIFF", &length.to_le_bytes()[..], b"WEBP"].concat());
    Ok(())
}

fn chunk(walker: &mut Walker<impl BufRead>, end: u64, features: &mut Option<Features>) -> Result<(), PlanError> {
    let start = walker.position();
    let header: [u8; 8] = walker.array()?;
    let (name, length) = parsed(header);
    if walker.position() + u64::from(length) > end {
        return Err(PlanError::Malformed("a chunk's length is wrong"));
    }
    match &name {
        b"VP8X" if length == FEATURES && features.is_none() => {
            let content: [u8; FEATURES as usize] = walker.array()?;
            let slot = walker.reserve_from(start)?;
            *features = Some(Features { slot, original: [&header[..], &content].concat(), oriented: false });
            Ok(())
        }
        b"VP8X" => Err(PlanError::Malformed("its features are wrong")),
        b"ANMF" => frame(walker, start, header),
        b"EXIF" => {
            let block = walker.up_to(u64::from(length).min(EXIF_BYTES))?;
            skip(walker, u64::from(length) - block.len() as u64, length)?;
            let Some(features) = features.as_mut().filter(|features| features.has(EXIF) && !features.oriented) else {
                return Ok(());
            };
            let Some(only) = exif::orientation_only(block.strip_prefix(exif::NAME).unwrap_or(&block)) else {
                return Ok(());
            };
            features.oriented = true;
            match only == block {
                true => walker.keep_from(start),
                false => walker.replace_from(start, written(b"EXIF", &only)),
            }
        }
        b"ALPH" | b"ANIM" | b"ICCP" | b"VP8 " | b"VP8L" => {
            skip(walker, length.into(), length)?;
            walker.keep_from(start)
        }
        _ => skip(walker, length.into(), length),
    }
}

/// Reads a frame of an animation, which contains chunks.
fn frame(walker: &mut Walker<impl BufRead>, start: u64, header: [u8; 8]) -> Result<(), PlanError> {
    let (_, length) = parsed(header);
    let content_start = walker.position();
    let end = content_start + u64::from(length);
    let slot = walker.reserve_from(start)?;
    if u64::from(length) < FRAME || !walker.skip_up_to(FRAME)? {
        return Err(PlanError::Malformed("a frame's length is wrong"));
    }
    walker.keep_from(content_start)?;

    let mut pixels = false;
    while walker.position() + HEADER <= end {
        let start = walker.position();
        let (name, length) = parsed(walker.array()?);
        if walker.position() + u64::from(length) > end {
            return Err(PlanError::Malformed("a chunk's length is wrong"));
        }
        skip(walker, length.into(), length)?;
        if matches!(&name, b"ALPH" | b"VP8 " | b"VP8L") {
            pixels |= &name != b"ALPH";
            walker.keep_from(start)?;
        }
    }
    if !pixels {
        return Err(PlanError::Malformed("a frame has no pixels"));
    }
    // What is too short to be a chunk.
    let rest = (end + u64::from(length % 2)).saturating_sub(walker.position());
    walker.skip_up_to(rest)?;

    let length = walker.length_after(&slot) as u32;
    walker.fill(slot, &header, [b"ANMF", &length.to_le_bytes()[..]].concat());
    Ok(())
}

/// Skips the rest of a chunk's content, and the byte that fills it up to an even length, if the file has it.
fn skip(walker: &mut Walker<impl BufRead>, rest: u64, length: u32) -> Result<(), PlanError> {
    walker.skip(rest)?;
    walker.skip_up_to(u64::from(length % 2))?;
    Ok(())
}

/// Returns the name of a chunk and the length of its content.
fn parsed(header: [u8; 8]) -> ([u8; 4], u32) {
    let [a, b, c, d, length @ ..] = header;
    ([a, b, c, d], u32::from_le_bytes(length))
}

/// Returns a chunk of an even length.
fn written(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    [&name[..], &(content.len() as u32).to_le_bytes(), content].concat()
}
