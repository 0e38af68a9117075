//! Reads a file from front to back, and notes which parts of it a copy consists of.

use std::io::{self, BufRead, ErrorKind, Read};
use std::ops::Range;

use super::PlanError;
use crate::limits::METADATA_PARTS;

/// A part of a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// A range of the original.
    Kept(Range<u64>),
    /// A range of the original with the colour profile, which decoding does not need.
    Profile(Range<u64>),
    /// Bytes in the place of those of a range.
    Replaced(Range<u64>, Vec<u8>),
}

impl Part {
    fn length(&self) -> u64 {
        match self {
            Part::Kept(range) | Part::Profile(range) => range.end - range.start,
            Part::Replaced(_, bytes) => bytes.len() as u64,
        }
    }
}

/// What the copy of a file consists of, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub(super) parts: Vec<Part>,
    size: u64,
}

impl Plan {
    /// Returns whether the copy would be the original.
    pub fn is_identical(&self) -> bool {
        let mut end = 0;
        let follows = |part: &Part| match part {
            Part::Kept(range) | Part::Profile(range) => std::mem::replace(&mut end, range.end) == range.start,
            Part::Replaced(..) => false,
        };
        self.parts.iter().all(follows) && end == self.size
    }

    /// Returns the length of the copy in bytes.
    pub fn length(&self) -> u64 {
        self.parts.iter().map(Part::length).sum()
    }

    /// Returns the plan of a copy that also lacks the colour profile: all that a decoder needs for the pixels. A decoder
    /// would inflate a profile, whatever its size.
    pub fn without_profile(&self) -> Plan {
        let parts = self.parts.iter().filter(|part| !matches!(part, Part::Profile(_))).cloned().collect();
        Plan { parts, size: self.size }
    }
}

/// The place of a header in a plan whose content is known later.
pub(super) struct Slot(usize);

/// A file that is read, and the parts that were kept of it.
pub(super) struct Walker<R> {
    file: R,
    position: u64,
    parts: Vec<Part>,
}

impl<R: BufRead> Walker<R> {
    pub fn new(file: R) -> Self {
        Walker { file, position: 0, parts: Vec::new() }
    }

    /// Returns the number of bytes that were read.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Reads exactly so many bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], PlanError> {
        let mut bytes = [0; N];
        self.file.read_exact(&mut bytes).map_err(ended)?;
        self.position += N as u64;
        Ok(bytes)
    }

    /// Reads as many bytes as there are, but no more than `most`.
    pub fn up_to(&mut self, most: u64) -> Result<Vec<u8>, PlanError> {
        let mut bytes = Vec::new();
        let read = (&mut self.file).take(most).read_to_end(&mut bytes)?;
        self.position += read as u64;
        Ok(bytes)
    }

    /// Reads exactly so many bytes: few, since they are all in memory.
    pub fn bytes(&mut self, length: usize) -> Result<Vec<u8>, PlanError> {
        let bytes = self.up_to(length as u64)?;
        if bytes.len() == length { Ok(bytes) } else { Err(PlanError::Malformed(ENDS)) }
    }

    /// Skips exactly so many bytes.
    pub fn skip(&mut self, length: u64) -> Result<(), PlanError> {
        if self.skip_up_to(length)? { Ok(()) } else { Err(PlanError::Malformed(ENDS)) }
    }

    /// Skips as many bytes as there are, but no more than `length`. Returns whether there were so many.
    pub fn skip_up_to(&mut self, length: u64) -> Result<bool, PlanError> {
        let skipped = io::copy(&mut (&mut self.file).take(length), &mut io::sink())?;
        self.position += skipped;
        Ok(skipped == length)
    }

    /// Returns what is buffered next, which is empty at the end of the file.
    pub fn peek(&mut self) -> Result<&[u8], PlanError> {
        Ok(self.file.fill_buf()?)
    }

    /// Skips bytes that [`Walker::peek`] returned.
    pub fn consume(&mut self, length: usize) {
        self.file.consume(length);
        self.position += length as u64;
    }

    /// Keeps everything from `start` up to here.
    pub fn keep_from(&mut self, start: u64) -> Result<(), PlanError> {
        self.keep(start..self.position)
    }

    /// Keeps a range that was read.
    pub fn keep(&mut self, range: Range<u64>) -> Result<(), PlanError> {
        if let Some(Part::Kept(last)) = self.parts.last_mut()
            && last.end == range.start
        {
            last.end = range.end;
            return Ok(());
        }
        self.add(Part::Kept(range))
    }

    /// Keeps everything from `start` up to here: the colour profile.
    pub fn keep_profile_from(&mut self, start: u64) -> Result<(), PlanError> {
        let end = self.position;
        self.add(Part::Profile(start..end))
    }

    /// Puts bytes in the place of everything from `start` up to here.
    pub fn replace_from(&mut self, start: u64, bytes: Vec<u8>) -> Result<(), PlanError> {
        let end = self.position;
        self.add(Part::Replaced(start..end, bytes))
    }

    /// Reserves the place of everything from `start` up to here for a header that is known later.
    pub fn reserve_from(&mut self, start: u64) -> Result<Slot, PlanError> {
        self.replace_from(start, Vec::new())?;
        Ok(Slot(self.parts.len() - 1))
    }

    /// Fills a reserved place. A header that did not change is a part of the original.
    pub fn fill(&mut self, slot: Slot, original: &[u8], header: Vec<u8>) {
        let part = &mut self.parts[slot.0];
        let Part::Replaced(range, bytes) = part else { return };
        match header == original {
            true => *part = Part::Kept(range.clone()),
            false => *bytes = header,
        }
    }

    /// Returns the bytes of all parts that follow a reserved place.
    pub fn length_after(&self, slot: &Slot) -> u64 {
        self.parts[slot.0 + 1..].iter().map(Part::length).sum()
    }

    /// Returns the plan for a file of this size.
    pub fn finish(self, size: u64) -> Plan {
        Plan { parts: self.parts, size }
    }

    fn add(&mut self, part: Part) -> Result<(), PlanError> {
        if self.parts.len() == METADATA_PARTS {
            return Err(PlanError::Malformed("it has too many parts"));
        }
        self.parts.push(part);
        Ok(())
    }
}

/// Why a file is malformed that ends too early.
pub(super) const ENDS: &str = "it ends too early";

fn ended(error: io::Error) -> PlanError {
    match error.kind() {
        ErrorKind::UnexpectedEof => PlanError::Malformed(ENDS),
        _ => PlanError::Read(error),
    }
}
