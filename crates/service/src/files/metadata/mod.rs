//! Finds what a picture's file says besides its pixels (where and when it was taken, with which camera, by whom), and
//! plans a copy without it.
//!
//! Never decodes or encodes pixels: a copy consists of ranges of the original, in their order, and of a few small
//! headers. The pixels' bytes, the colour profile and the orientation stay. Reads a file once, from front to back, in
//! bounded memory.
//!
//! This walks the containers itself because the libraries that edit metadata (`img-parts`, `little_exif`) hold the whole
//! file in memory, and remove the blocks that they know: here everything goes that is not known to be needed, such as
//! other vendors' blocks, embedded previews, and what follows the end of the picture.

mod exif;
mod gif;
mod jpeg;
mod png;
mod rewrite;
mod walker;
mod webp;

use std::io::{self, BufRead};

pub use walker::Plan;
use walker::Walker;

/// A format whose metadata can be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JPEG (ITU-T T.81), in a file of JFIF or Exif.
    Jpeg,
    /// PNG, also animated.
    Png,
    /// GIF, also animated.
    Gif,
    /// WebP, also animated.
    WebP,
}

impl Format {
    /// Returns the format of a content type, if it is one of these.
    pub fn of(content_type: &str) -> Option<Format> {
        match content_type {
            "image/jpeg" => Some(Format::Jpeg),
            "image/png" => Some(Format::Png),
            "image/gif" => Some(Format::Gif),
            "image/webp" => Some(Format::WebP),
            _ => None,
        }
    }
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The file contradicts its format, so nobody can say what is metadata.
    #[error("not a valid file of its format: {0}")]
    Malformed(&'static str),
    /// The file cannot be read.
    #[error("the file cannot be read: {0}")]
    Read(#[from] io::Error),
}

/// Plans the copy of a file of `size` bytes without metadata. Costs one pass over the file, and memory that does not
/// depend on its size. A file that ends in the middle of its pixels is valid; one that ends before them is not.
pub fn plan(format: Format, file: impl BufRead, size: u64) -> Result<Plan, PlanError> {
    let mut walker = Walker::new(file);
    match format {
        Format::Jpeg => jpeg::walk(&mut walker)?,
        Format::Png => png::walk(&mut walker)?,
        Format::Gif => gif::walk(&mut walker)?,
        Format::WebP => webp::walk(&mut walker, size)?,
    }
    Ok(walker.finish(size))
}

#[cfg(test)]
mod tests;
