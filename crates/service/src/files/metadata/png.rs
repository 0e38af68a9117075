//! PNG: a chain of chunks (the PNG specification, third edition). Keeps the chunks that pixels, colours, transparency and
//! animation need; removes all others: texts, times, Exif, and what follows the last chunk.

use std::io::BufRead;

use flate2::{Decompress, FlushDecompress, Status};

use super::walker::{ENDS, Walker};
use super::{PlanError, exif};
use crate::limits::COLOUR_PROFILE_BYTES;

const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";
/// The most bytes of a chunk's content.
const CHUNK_BYTES: u32 = i32::MAX as u32;
/// The bytes of a chunk's checksum, after its content.
const CHECKSUM: u64 = 4;
/// The bytes of an Exif block in which its first directory is looked for.
const EXIF_BYTES: u64 = 64 * 1024;
/// The longest name of a colour profile, with its end.
const PROFILE_NAME: usize = 80;

/// Walks a whole file.
pub fn walk(walker: &mut Walker<impl BufRead>) -> Result<(), PlanError> {
    if walker.array()? != SIGNATURE {
        return Err(PlanError::Malformed("it does not begin as a PNG"));
    }
    walker.keep_from(0)?;

    let mut seen = Seen::default();
    loop {
        match chunk(walker, &mut seen) {
            // The file was cut behind its pixels, which a decoder only takes for complete if another chunk follows.
            Err(PlanError::Malformed(ENDS)) if seen.pixels => return walker.replace_from(walker.position(), end()),
            Ok(Next::End) => return Ok(()),
            Ok(Next::Chunk) => seen.header = true,
            Err(error) => return Err(error),
        }
    }
}

/// What came before a chunk.
#[derive(Default)]
struct Seen {
    header: bool,
    /// A colour profile: decoders use the first, before the pixels. Others are not even inflated.
    profile: bool,
    oriented: bool,
    pixels: bool,
}

/// What follows a chunk.
enum Next {
    Chunk,
    End,
}

fn chunk(walker: &mut Walker<impl BufRead>, seen: &mut Seen) -> Result<Next, PlanError> {
    let start = walker.position();
    let length = u32::from_be_bytes(walker.array()?);
    let kind: [u8; 4] = walker.array()?;
    if length > CHUNK_BYTES || !kind.iter().all(u8::is_ascii_alphabetic) || seen.header == (&kind == b"IHDR") {
        return Err(PlanError::Malformed("a chunk's length is wrong"));
    }
    let rest = u64::from(length) + CHECKSUM;
    match &kind {
        b"IEND" => {
            let content = walker.bytes((u64::from(length)).min(1) as usize)?;
            let complete = walker.skip_up_to(rest - content.len() as u64)?;
            match complete && content.is_empty() {
                true => walker.keep_from(start)?,
                false => walker.replace_from(start, end())?,
            }
            return Ok(Next::End);
        }
        b"IDAT" | b"fdAT" => {
            seen.pixels = true;
            // A file that was cut in the middle of its pixels is shown as far as it goes.
            let complete = walker.skip_up_to(rest)?;
            walker.keep_from(start)?;
            return if complete { Ok(Next::Chunk) } else { Ok(Next::End) };
        }
        b"IHDR" | b"PLTE" | b"tRNS" | b"cHRM" | b"gAMA" | b"sBIT" | b"sRGB" | b"cICP" | b"mDCV" | b"cLLI" | b"bKGD"
        | b"hIST" | b"pHYs" | b"acTL" | b"fcTL" => {
            walker.skip(rest)?;
            walker.keep_from(start)?;
        }
        b"iCCP" => {
            if seen.profile || seen.pixels {
                walker.skip(rest)?;
                return Ok(Next::Chunk);
            }
            seen.profile = true;
            let fits = profile_fits(walker, u64::from(length))?;
            walker.skip(CHECKSUM)?;
            if fits {
                walker.keep_profile_from(start)?;
            }
        }
        b"eXIf" => {
            let block = walker.up_to(u64::from(length).min(EXIF_BYTES))?;
            walker.skip(rest - block.len() as u64)?;
            if !seen.oriented
                && let Some(only) = exif::orientation_only(&block)
            {
                seen.oriented = true;
                match only == block {
                    true => walker.keep_from(start)?,
                    false => walker.replace_from(start, written(b"eXIf", &only))?,
                }
            }
        }
        // A decoder must understand a chunk whose name begins with a capital letter, so this is another format.
        [b'A'..=b'Z', ..] => return Err(PlanError::Malformed("it has an unknown chunk")),
        _ => walker.skip(rest)?,
    }
    Ok(Next::Chunk)
}

/// Reads the content of a colour profile's chunk: a name, a method, and the profile, compressed. Returns whether it
/// inflates to at most [`COLOUR_PROFILE_BYTES`], and inflates no more.
fn profile_fits(walker: &mut Walker<impl BufRead>, length: u64) -> Result<bool, PlanError> {
    if length > COLOUR_PROFILE_BYTES {
        walker.skip(length)?;
        return Ok(false);
    }
    let content = walker.bytes(length as usize)?;
    let name = content.iter().take(PROFILE_NAME).position(|byte| *byte == 0);
    Ok(name.and_then(|end| content.get(end + 2..)).is_some_and(inflates_to_a_profile))
}

fn inflates_to_a_profile(compressed: &[u8]) -> bool {
    let mut inflating = Decompress::new(true);
    let mut out = [0; 8 * 1024];
    loop {
        let (read, written) = (inflating.total_in(), inflating.total_out());
        let rest = &compressed[(read as usize).min(compressed.len())..];
        match inflating.decompress(rest, &mut out, FlushDecompress::None) {
            Err(_) => return false,
            Ok(_) if inflating.total_out() > COLOUR_PROFILE_BYTES => return false,
            Ok(Status::StreamEnd) => return true,
            // The stream does not end.
            Ok(_) if (inflating.total_in(), inflating.total_out()) == (read, written) => return false,
            Ok(_) => {}
        }
    }
}

/// Returns a chunk.
fn written(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut sum = flate2::Crc::new();
    sum.update(kind);
    sum.update(content);
    [&(content.len() as u32).to_be_bytes(), &kind[..], content, &sum.sum().to_be_bytes()].concat()
}

/// Returns the last chunk, which has no content.
fn end() -> Vec<u8> {
    written(b"IEND", b"")
}
