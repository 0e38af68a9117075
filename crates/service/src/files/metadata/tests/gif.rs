//! GIF.

use image::codecs::gif::{GifEncoder, Repeat};

use super::*;

/// Returns an animation of two frames that repeats.
pub fn animated() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new(&mut bytes);
    encoder.set_repeat(Repeat::Infinite).expect("encodes");
    for _ in 0..2 {
        encoder.encode_frame(image::Frame::new(picture().to_rgba8())).expect("encodes");
    }
    drop(encoder);
    bytes
}

/// Returns the length of what comes before the first block.
fn head(bytes: &[u8]) -> usize {
    let table = if bytes[10] & 0x80 == 0 { 0 } else { 3 << ((bytes[10] & 7) + 1) };
    13 + table
}

fn comment() -> Vec<u8> {
    [&[0x21, 0xFE, SECRET.len() as u8], SECRET, &[0]].concat()
}

/// Returns XMP as it is in a GIF: not in sub-blocks, with an end that a reader of sub-blocks finds its way out of.
fn xmp() -> Vec<u8> {
    let trailer: Vec<u8> = [1].into_iter().chain((0..=255).rev()).chain([0]).collect();
    [&b"\x21\xFF\x0BXMP DataXMP<x:xmpmeta>"[..], SECRET, &trailer].concat()
}

/// Returns an animation with metadata between all of its blocks.
pub fn with_secrets() -> Vec<u8> {
    let plain = animated();
    let (head, end) = (head(&plain), plain.len() - 1);
    let other = [&b"\x21\xFF\x0BMAGPIE  1.0"[..], &[SECRET.len() as u8], SECRET, &[0]].concat();
    let unknown = [&[0x21, 0x77, SECRET.len() as u8], SECRET, &[0]].concat();
    let secrets = [comment(), xmp(), other, unknown].concat();
    [&plain[..head], &secrets, &plain[head..end], &secrets, &plain[end..], SECRET].concat()
}

#[test]
fn comments_and_xmp_are_removed_and_the_animation_stays() {
    let plain = animated();
    assert!(planned(Format::Gif, &plain).expect("valid").is_identical());
    assert_eq!(cleaned(Format::Gif, &with_secrets()), plain);
    assert!(contains(&plain, b"NETSCAPE2.0"), "it still repeats");
}

#[test]
fn a_file_that_was_cut_in_a_frame_keeps_all_that_it_has_of_it() {
    let (plain, full) = (animated(), with_secrets());
    let behind =
        full.len() - 200 - full.windows(6).rposition(|bytes| bytes == [0x21, 0xFE, 28, b'5', b'2', b'.']).unwrap();
    let cut = &full[..full.len() - 200 - behind];
    let length = plain.len() - 1 - 200;
    assert_eq!(cleaned(Format::Gif, cut)[..length], plain[..length]);
}

#[test]
fn wrong_lengths_make_no_plan() {
    let plain = animated();
    for bytes in [&b"GIF89a"[..], b"GIF88a", &plain[..13], &plain[..head(&plain) + 4]] {
        assert!(matches!(planned(Format::Gif, bytes), Err(PlanError::Malformed(_))), "{bytes:x?}");
    }
}
