//! Pictures with metadata in all the places where programs put it, and damaged ones.

mod fuzz;
mod gif;
mod jpeg;
mod png;
mod webp;

use std::io::Cursor;

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, stream};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader};

use super::{Format, Plan, PlanError, plan};

/// What no cleaned file contains.
const SECRET: &[u8] = b"52.520008,13.404954 SM-G991B";

fn planned(format: Format, bytes: &[u8]) -> Result<Plan, PlanError> {
    plan(format, bytes, bytes.len() as u64)
}

/// Makes the copy of a plan, from chunks of an odd length.
fn copied(plan: Plan, bytes: &[u8]) -> Vec<u8> {
    let length = plan.length();
    let chunks: Vec<_> = bytes.chunks(1_009).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
    let copy = plan.copy(Box::pin(stream::iter(chunks))).map(|chunk| chunk.expect("reads")).collect::<Vec<_>>();
    let copy = copy.now_or_never().expect("the original is in memory").concat();
    assert_eq!(copy.len() as u64, length);
    copy
}

/// Returns the cleaned file, which is a valid one: cleaning it again changes nothing.
#[track_caller]
fn cleaned(format: Format, bytes: &[u8]) -> Vec<u8> {
    let copy = copied(planned(format, bytes).expect("a valid file"), bytes);
    assert!(planned(format, &copy).expect("a valid file").is_identical());
    copy
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn picture() -> DynamicImage {
    image::RgbImage::from_fn(61, 43, |x, y| image::Rgb([(x * 4) as u8, (y * 5) as u8, (x * y) as u8])).into()
}

fn encoded(format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    picture().write_to(&mut out, format).expect("encodes");
    out.into_inner()
}

/// Returns what a viewer shows: the pixels, and how they are turned. `None` for a file that cannot be decoded.
fn shown(bytes: &[u8]) -> Option<(Vec<u8>, Orientation)> {
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    let mut decoder = reader.into_decoder().ok()?;
    let (width, height) = decoder.dimensions();
    // A damaged header of a huge picture costs time and shows nothing.
    if u64::from(width) * u64::from(height) > 1_000_000 {
        return None;
    }
    let orientation = decoder.orientation().ok()?;
    Some((DynamicImage::from_decoder(decoder).ok()?.into_bytes(), orientation))
}

/// Returns an Exif block with a secret, a place, and this orientation.
fn exif(orientation: u8) -> Vec<u8> {
    let mut block = b"II\x2a\0\x08\0\0\0\x03\0".to_vec();
    block.extend(b"\x0f\x01\x02\0\x20\0\0\0\x40\0\0\0\x12\x01\x03\0\x01\0\0\0");
    block.extend([orientation, 0, 0, 0]);
    block.extend(b"\x25\x88\x04\0\x01\0\0\0\x40\0\0\0\0\0\0\0");
    block.resize(0x40, 0);
    block.extend(SECRET);
    block
}

/// Returns a colour profile's bytes, which are recognised later.
fn profile() -> Vec<u8> {
    b"a colour profile".repeat(40)
}
