//! GIF: a header, and blocks of sub-blocks (GIF89a). Keeps the frames, their control blocks, the number of repetitions and
//! the colour profile; removes comments, other applications' blocks (XMP), and what follows the trailer.

use std::io::BufRead;

use super::PlanError;
use super::walker::{ENDS, Walker};

const FRAME: u8 = 0x2C;
const EXTENSION: u8 = 0x21;
const TRAILER: u8 = 0x3B;

const PLAIN_TEXT: u8 = 0x01;
const CONTROL: u8 = 0xF9;
const APPLICATION: u8 = 0xFF;
/// The applications whose blocks say how a picture is shown: how often it repeats, and its colour profile.
const APPLICATIONS: [&[u8]; 3] = [b"NETSCAPE2.0", b"ANIMEXTS1.0", b"ICCRGBG1012"];

/// Walks a whole file.
pub fn walk(walker: &mut Walker<impl BufRead>) -> Result<(), PlanError> {
    let signature: [u8; 6] = walker.array()?;
    if !matches!(&signature, b"GIF87a" | b"GIF89a") {
        return Err(PlanError::Malformed("it does not begin as a GIF"));
    }
    let [_, _, _, _, flags, _, _] = walker.array()?;
    colours(walker, flags)?;
    walker.keep_from(0)?;

    let mut frames = false;
    loop {
        let start = walker.position();
        let read = block(walker, start);
        match read {
            Ok(Block::Frame) => frames = true,
            Ok(Block::Extension) => {}
            Ok(Block::Trailer) => return Ok(()),
            // A file that was cut in the middle of its frames is shown as far as it goes.
            Err(PlanError::Malformed(ENDS)) if frames => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

enum Block {
    Frame,
    Extension,
    Trailer,
}

fn block(walker: &mut Walker<impl BufRead>, start: u64) -> Result<Block, PlanError> {
    match walker.array()? {
        [FRAME] => {
            let [_, _, _, _, _, _, _, _, flags] = walker.array()?;
            colours(walker, flags)?;
            // The size of a code.
            walker.array::<1>()?;
            let read = sub_blocks(walker);
            walker.keep_from(start)?;
            read.map(|()| Block::Frame)
        }
        [EXTENSION] => {
            let [label] = walker.array()?;
            let kept = match label {
                PLAIN_TEXT | CONTROL => true,
                APPLICATION => is_kept_application(walker)?,
                _ => false,
            };
            sub_blocks(walker)?;
            if kept {
                walker.keep_from(start)?;
            }
            Ok(Block::Extension)
        }
        [TRAILER] => walker.keep_from(start).map(|()| Block::Trailer),
        _ => Err(PlanError::Malformed("it has an unknown block")),
    }
}

/// Skips a table of colours, if the flags say that there is one.
fn colours(walker: &mut Walker<impl BufRead>, flags: u8) -> Result<(), PlanError> {
    let bytes = if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) };
    walker.skip(bytes)
}

/// Reads the first sub-block of an application's block, which names it.
fn is_kept_application(walker: &mut Walker<impl BufRead>) -> Result<bool, PlanError> {
    let [length] = walker.array()?;
    let name = walker.bytes(length.into())?;
    Ok(APPLICATIONS.contains(&&name[..]))
}

/// Skips sub-blocks, up to the empty one that ends them.
fn sub_blocks(walker: &mut Walker<impl BufRead>) -> Result<(), PlanError> {
    loop {
        let [length] = walker.array()?;
        if length == 0 {
            return Ok(());
        }
        walker.skip(length.into())?;
    }
}
