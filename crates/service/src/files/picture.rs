//! Measures pictures and makes thumbnails. Blocks, so it is called on a thread of its own.

use std::io::Cursor;

use crate::limits::{PICTURE_PIXELS, THUMBNAIL_SIDE};
use domain::{Code, Refusal};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader};

/// The most bytes that decoding one picture may take: its pixels, and what else the decoder needs.
const DECODER_BYTES: u64 = PIXEL_BYTES + (64 << 20);
/// The bytes of a decoded picture's pixels: four channels of 8 bits.
const PIXEL_BYTES: u64 = PICTURE_PIXELS * 4;
const JPEG_QUALITY: u8 = 82;

/// A decoded picture.
pub struct Measured {
    /// The width in pixels, as displayed.
    pub width: u32,
    /// The height in pixels, as displayed.
    pub height: u32,
    /// A JPEG, or a PNG if the picture is not opaque.
    pub thumbnail: Option<Vec<u8>>,
}

/// Measures a picture. Returns `None` if it cannot be decoded, and `too_large` if it claims more than
/// [`PICTURE_PIXELS`] pixels, which is checked before any is decoded.
pub fn measure(bytes: &[u8]) -> Result<Option<Measured>, Refusal> {
    let Ok(mut reader) = ImageReader::new(Cursor::new(bytes)).with_guessed_format() else { return Ok(None) };
    let mut limits = image::Limits::default();
    limits.max_alloc = Some(DECODER_BYTES);
    reader.limits(limits);
    let Ok(mut decoder) = reader.into_decoder() else { return Ok(None) };
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > PICTURE_PIXELS {
        let megapixels = PICTURE_PIXELS / 1_000_000;
        let message = format!(
            "The picture has {width} × {height} pixels. The limit is {megapixels} megapixels. Make it smaller."
        );
        return Err(Refusal::new(Code::TooLarge, message));
    }
    // The decoder's own limit does not count the pixels that it returns, and 16-bit ones take twice the intended
    // maximum.
    if decoder.total_bytes() > PIXEL_BYTES {
        let message = "The picture needs too much memory. Save it with 8 bits per channel, or make it smaller.";
        return Err(Refusal::new(Code::TooLarge, message));
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let Ok(picture) = DynamicImage::from_decoder(decoder) else { return Ok(None) };
    let (width, height) = match is_turned(orientation) {
        true => (picture.height(), picture.width()),
        false => (picture.width(), picture.height()),
    };
    Ok(Some(Measured { width, height, thumbnail: thumbnail(picture, orientation) }))
}

/// Returns whether width and height are swapped.
fn is_turned(orientation: Orientation) -> bool {
    use Orientation::*;
    matches!(orientation, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH)
}

/// Makes a thumbnail. The orientation is applied to the small picture: a whole one would be in memory twice.
fn thumbnail(picture: DynamicImage, orientation: Orientation) -> Option<Vec<u8>> {
    let mut small = match picture.width().max(picture.height()) > THUMBNAIL_SIDE {
        true => picture.thumbnail(THUMBNAIL_SIDE, THUMBNAIL_SIDE),
        false => picture,
    };
    small.apply_orientation(orientation);
    let mut out = Cursor::new(Vec::new());
    let written = match small.color().has_alpha() {
        true => small.to_rgba8().write_to(&mut out, ImageFormat::Png),
        false => {
            let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut out, JPEG_QUALITY);
            small.to_rgb8().write_with_encoder(encoder)
        }
    };
    written.ok().map(|()| out.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(picture: DynamicImage) -> Vec<u8> {
        let mut out = Cursor::new(Vec::new());
        picture.write_to(&mut out, ImageFormat::Png).expect("writes");
        out.into_inner()
    }

    #[test]
    fn a_picture_is_measured_and_gets_a_thumbnail() {
        let measured = measure(&png(DynamicImage::new_rgb8(1_000, 500))).expect("small enough").expect("decodes");
        assert_eq!((measured.width, measured.height), (1_000, 500));
        let small = image::load_from_memory(&measured.thumbnail.expect("made")).expect("decodes");
        assert_eq!((small.width(), small.height()), (THUMBNAIL_SIDE, THUMBNAIL_SIDE / 2));
    }

    #[test]
    fn a_transparent_picture_stays_transparent() {
        let measured = measure(&png(DynamicImage::new_rgba8(10, 10))).expect("small enough").expect("decodes");
        let thumbnail = measured.thumbnail.expect("made");
        assert_eq!(image::guess_format(&thumbnail).expect("known"), ImageFormat::Png);
    }

    #[test]
    fn sixteen_bit_pictures_do_not_take_twice_the_memory() {
        let side = 6_000;
        assert!(u64::from(side) * u64::from(side) < PICTURE_PIXELS);
        let refusal = measure(&png_header(side, 16)).err().expect("288 MB of pixels");
        assert_eq!(refusal.code, Code::TooLarge);
        assert!(measure(&png_header(side, 8)).expect("144 MB of pixels").is_none(), "the header has no pixels");
    }

    #[test]
    fn a_rotated_picture_is_measured_as_displayed() {
        for orientation in (1..=8).filter_map(Orientation::from_exif) {
            let mut whole = DynamicImage::new_rgb8(30, 20);
            whole.apply_orientation(orientation);
            assert_eq!(is_turned(orientation), whole.width() == 20, "{orientation:?}");
        }
    }

    /// Returns the header of an RGBA picture: its claims, and no pixels.
    fn png_header(side: u32, depth: u8) -> Vec<u8> {
        let mut chunk = b"IHDR".to_vec();
        chunk.extend(side.to_be_bytes().into_iter().chain(side.to_be_bytes()).chain([depth, 6, 0, 0, 0]));
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
        bytes.extend(&chunk);
        bytes.extend(crc32(&chunk).to_be_bytes());
        bytes.extend(b"\0\0\0\0IDAT".iter().copied().chain(crc32(b"IDAT").to_be_bytes()));
        bytes
    }

    fn crc32(bytes: &[u8]) -> u32 {
        let step = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
    }

    #[test]
    fn bytes_that_are_not_a_picture_are_not_measured() {
        for bytes in [&b"\x89PNG\r\n\x1a\n"[..], b"GIF89a", b"nonsense", b""] {
            assert!(measure(bytes).expect("not too large").is_none());
        }
    }
}
