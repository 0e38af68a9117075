//! PNG.

use std::io::Write;
use std::time::{Duration, Instant};

use flate2::write::ZlibEncoder;
use flate2::{Compress, Compression, FlushCompress};

use super::*;
use crate::limits::COLOUR_PROFILE_BYTES;

fn chunk(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut sum = flate2::Crc::new();
    sum.update(kind);
    sum.update(content);
    [&(content.len() as u32).to_be_bytes(), &kind[..], content, &sum.sum().to_be_bytes()].concat()
}

/// The bytes of the signature and of the first chunk.
const BEGINNING: usize = 8 + 25;
/// The bytes of the last chunk.
const END: usize = 12;

/// Returns a picture with chunks before its pixels, behind them, and bytes behind its end.
pub fn with(before: &[Vec<u8>], after: &[Vec<u8>], behind: &[u8]) -> Vec<u8> {
    let plain = encoded(ImageFormat::Png);
    let (head, end) = (&plain[..BEGINNING], plain.len() - END);
    [head, &before.concat(), &plain[BEGINNING..end], &after.concat(), &plain[end..], behind].concat()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("in memory");
    encoder.finish().expect("in memory")
}

fn colours(inflated: &[u8]) -> Vec<u8> {
    chunk(b"iCCP", &[b"Display P3\0\0", &zlib(inflated)[..]].concat())
}

/// Returns a stream that inflates to so many MiB of zeros, and is about a thousandth of that.
fn bomb(mebibytes: usize) -> Vec<u8> {
    let mut compress = Compress::new(Compression::best(), true);
    let mut begin = Vec::with_capacity(1 << 20);
    let zeros = vec![0; 1 << 20];
    compress.compress_vec(&zeros, &mut begin, FlushCompress::Full).expect("compresses");
    // After a full flush, what follows does not depend on what came before.
    let mut repeated = Vec::with_capacity(1 << 20);
    compress.compress_vec(&zeros, &mut repeated, FlushCompress::Full).expect("compresses");
    [begin, repeated.repeat(mebibytes - 1)].concat()
}

/// Returns every kind of chunk that says more than the pixels.
pub fn secrets() -> Vec<Vec<u8>> {
    let with = |prefix: &[u8]| [prefix, SECRET].concat();
    vec![
        chunk(b"tEXt", &with(b"Comment\0")),
        chunk(b"tEXt", &with(b"Raw profile type exif\0")),
        chunk(b"zTXt", &[&b"Raw profile type iptc\0\0"[..], &zlib(SECRET)].concat()),
        chunk(b"iTXt", &with(b"XML:com.adobe.xmp\0\0\0\0\0<x:xmpmeta>")),
        chunk(b"tIME", b"\x07\xEA\x0B\x1E\x06\x0F\x03"),
        chunk(b"caBX", &with(b"jumb")),
        chunk(b"iDOT", &with(b"")),
        chunk(b"prVt", &with(b"")),
    ]
}

#[test]
fn all_but_orientation_and_colours_is_removed_and_the_pixels_stay() {
    let plain = encoded(ImageFormat::Png);
    let kept = [chunk(b"gAMA", b"\0\0\xB1\x8F"), colours(&profile()), chunk(b"pHYs", b"\0\0\x0B\x13\0\0\x0B\x13\x01")];
    let before = [vec![chunk(b"eXIf", &exif(6))], secrets(), kept.to_vec()].concat();
    let after = [secrets(), vec![chunk(b"eXIf", &exif(3))]].concat();
    let full = with(&before, &after, &[b"PK\x03\x04", SECRET].concat());

    let copy = cleaned(Format::Png, &full);
    assert!(!contains(&copy, SECRET));
    assert!(contains(&copy, &kept.concat()), "colours and resolution stay");
    assert!(copy.ends_with(&plain[BEGINNING..]), "the pixels are the same bytes");
    assert_eq!(copy.len(), plain.len() + kept.concat().len() + 12 + 26);
    assert!(shown(&copy) == shown(&full).map(|(pixels, _)| (pixels, Orientation::Rotate90)));
}

#[test]
fn an_orientation_behind_the_pixels_survives() {
    let full = with(&[], &[chunk(b"eXIf", &exif(8))], b"");
    let copy = cleaned(Format::Png, &full);
    let only = crate::files::metadata::exif::orientation_only(&exif(8)).expect("turned");
    assert!(contains(&copy, &chunk(b"eXIf", &only)) && !contains(&copy, SECRET));
}

#[test]
fn a_file_without_metadata_stays_as_it_is() {
    assert!(planned(Format::Png, &encoded(ImageFormat::Png)).expect("valid").is_identical());
    assert!(planned(Format::Png, &with(&[colours(&profile())], &[], b"")).expect("valid").is_identical());
}

#[test]
fn an_animation_keeps_its_frames() {
    let mut animated = [chunk(b"acTL", b"\0\0\0\x02\0\0\0\0"), chunk(b"fcTL", &[0; 26])];
    let after = [chunk(b"fcTL", &[1; 26]), chunk(b"tEXt", SECRET), chunk(b"fdAT", b"\0\0\0\x02pixels")];
    let copy = cleaned(Format::Png, &with(&animated, &after, b""));
    animated.reverse();
    let kept: Vec<_> = animated.iter().chain([&after[0], &after[2]]).collect();
    assert!(kept.iter().all(|chunk| contains(&copy, chunk)) && !contains(&copy, SECRET));
}

#[test]
fn a_profile_that_inflates_without_end_is_removed_before_it_is_inflated() {
    let content = [&b"bomb\0\0"[..], &bomb(1024)].concat();
    assert!(content.len() < 2 << 20, "{} bytes", content.len());
    let full = with(&[chunk(b"iCCP", &content)], &[], b"");
    let begun = Instant::now();
    let copy = cleaned(Format::Png, &full);
    // All of it would take many times as long.
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(copy, encoded(ImageFormat::Png));
}

#[test]
fn a_profile_may_have_its_limit_and_no_more() {
    let limit = COLOUR_PROFILE_BYTES as usize;
    for (length, kept) in [(limit, true), (limit + 1, false)] {
        let full = with(&[colours(&vec![7; length])], &[], b"");
        assert_eq!(planned(Format::Png, &full).expect("valid").is_identical(), kept, "{length}");
    }
    let broken = [&b"x\0\0"[..], &zlib(b"profile")[..4], b"", b"no name", b"x\0"];
    for content in broken {
        assert_eq!(cleaned(Format::Png, &with(&[chunk(b"iCCP", content)], &[], b"")), encoded(ImageFormat::Png));
    }
}

#[test]
fn only_the_first_profile_is_kept_and_inflated() {
    let large = colours(&vec![7; COLOUR_PROFILE_BYTES as usize]);
    let many = vec![large.clone(); 2_000];
    let begun = Instant::now();
    let copy = cleaned(Format::Png, &with(&many, &many, b""));
    // Each would take milliseconds.
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert!(copy == with(&[large], &[], b""));
}

#[test]
fn a_decoder_gets_the_pixels_without_the_profile() {
    let full = with(&[colours(&profile())], &[], b"");
    let pixels = planned(Format::Png, &full).expect("valid").without_profile();
    assert_eq!(copied(pixels, &full), encoded(ImageFormat::Png));
}

#[test]
fn a_file_that_was_cut_in_its_pixels_keeps_all_that_it_has_of_them() {
    let plain = encoded(ImageFormat::Png);
    let full = with(&secrets(), &[], b"");
    assert_eq!(cleaned(Format::Png, &full[..full.len() - 50]), plain[..plain.len() - 50]);
}

#[test]
fn wrong_lengths_make_no_plan() {
    let plain = encoded(ImageFormat::Png);
    let wrong: [Vec<u8>; 7] = [
        b"\x89PNG".to_vec(),
        plain[..20].to_vec(),
        plain[..BEGINNING + 3].to_vec(),
        with(&[b"\xFF\xFF\xFF\xFFtEXt".to_vec()], &[], b""),
        with(&[b"\0\0\0\x05tEXtab".to_vec()], &[], b""),
        with(&[chunk(b"CgBI", b"1234")], &[], b""),
        [&plain[..8], &chunk(b"tEXt", b"first"), &plain[8..]].concat(),
    ];
    for bytes in wrong {
        assert!(matches!(planned(Format::Png, &bytes), Err(PlanError::Malformed(_))), "{bytes:x?}");
    }
}
