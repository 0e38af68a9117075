//! WebP.

use super::*;

fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let pad = if content.len().is_multiple_of(2) { &[][..] } else { &[0] };
    [&name[..], &(content.len() as u32).to_le_bytes(), content, pad].concat()
}

fn riff(chunks: &[Vec<u8>]) -> Vec<u8> {
    let chunks = chunks.concat();
    [b"RIFF", &(chunks.len() as u32 + 4).to_le_bytes()[..], b"WEBP", &chunks].concat()
}

/// Returns the chunk of pixels of a simple file.
fn pixels() -> Vec<u8> {
    encoded(ImageFormat::WebP)[12..].to_vec()
}

fn features(flags: u8) -> Vec<u8> {
    chunk(b"VP8X", &[flags, 0, 0, 0, 60, 0, 0, 42, 0, 0])
}

const PROFILE: u8 = 0x20;
const ANIMATION: u8 = 0x02;
const EXIF: u8 = 0x08;
const XMP: u8 = 0x04;

/// Returns a picture with all kinds of metadata.
pub fn with_secrets(orientation: u8) -> Vec<u8> {
    let chunks = [
        features(PROFILE | EXIF | XMP),
        chunk(b"ICCP", &profile()),
        chunk(b"JUNK", SECRET),
        pixels(),
        chunk(b"EXIF", &exif(orientation)),
        chunk(b"XMP ", &[b"<x:xmpmeta>", SECRET].concat()),
        chunk(b"EXIF", &exif(3)),
    ];
    [riff(&chunks), SECRET.to_vec()].concat()
}

/// Returns an animation of two frames, with metadata also inside of one.
pub fn animated() -> Vec<u8> {
    let frame = |more: &[Vec<u8>]| {
        let mut content = vec![0, 0, 0, 0, 0, 0, 60, 0, 0, 42, 0, 0, 100, 0, 0, 0];
        content.extend(pixels());
        content.extend(more.concat());
        chunk(b"ANMF", &content)
    };
    let secret = chunk(b"EXIF", &exif(6));
    let flags = features(ANIMATION | XMP);
    riff(&[flags, chunk(b"ANIM", &[0; 6]), frame(&[]), frame(&[secret]), chunk(b"XMP ", SECRET)])
}

#[test]
fn all_but_orientation_and_colours_is_removed_and_the_pixels_stay() {
    let full = with_secrets(6);
    let copy = cleaned(Format::WebP, &full);
    let only = crate::files::metadata::exif::orientation_only(&exif(6)).expect("turned");
    let expected = [features(PROFILE | EXIF), chunk(b"ICCP", &profile()), pixels(), chunk(b"EXIF", &only)];
    assert_eq!(copy, riff(&expected));
    assert!(shown(&copy) == shown(&full));
    assert_eq!(shown(&copy).map(|(_, orientation)| orientation), Some(Orientation::Rotate90));
}

#[test]
fn the_features_name_no_metadata_that_was_removed() {
    let copy = cleaned(
        Format::WebP,
        &riff(&[features(EXIF | XMP), pixels(), chunk(b"EXIF", &exif(1)), chunk(b"XMP ", SECRET)]),
    );
    assert_eq!(copy, riff(&[features(0), pixels()]));
    assert!(shown(&copy).is_some());
}

#[test]
fn a_simple_file_keeps_only_its_pixels() {
    let plain = encoded(ImageFormat::WebP);
    assert!(planned(Format::WebP, &plain).expect("valid").is_identical());
    assert_eq!(cleaned(Format::WebP, &[&plain[..], SECRET].concat()), plain);
    assert_eq!(cleaned(Format::WebP, &riff(&[pixels(), chunk(b"EXIF", &exif(6)), chunk(b"abcd", SECRET)])), plain);
}

#[test]
fn metadata_inside_a_frame_is_removed() {
    let full = animated();
    let copy = cleaned(Format::WebP, &full);
    assert!(!contains(&copy, SECRET) && !contains(&copy, b"EXIF"));
    assert!(shown(&full).is_some());
    assert!(shown(&copy) == shown(&full));
}

#[test]
fn wrong_lengths_make_no_plan() {
    let plain = encoded(ImageFormat::WebP);
    let long = chunk(b"VP8L", &[0; 40]);
    let mut longer = long.clone();
    longer[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
    let wrong: [Vec<u8>; 5] = [
        b"RIFF".to_vec(),
        b"RIFF\x04\0\0\0WAVE".to_vec(),
        plain[..plain.len() - 9].to_vec(),
        riff(&[features(0), longer]),
        riff(&[features(ANIMATION), chunk(b"ANMF", b"short")]),
    ];
    for bytes in wrong {
        assert!(matches!(planned(Format::WebP, &bytes), Err(PlanError::Malformed(_))), "{bytes:x?}");
    }
}
