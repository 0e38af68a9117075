//! JPEG.

use super::*;

fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
    [&[0xFF, marker][..], &(content.len() as u16 + 2).to_be_bytes(), content].concat()
}

/// Returns a picture with these segments behind its first two bytes, and these bytes behind its end.
pub fn with(segments: &[Vec<u8>], behind: &[u8]) -> Vec<u8> {
    let plain = encoded(ImageFormat::Jpeg);
    [&plain[..2], &segments.concat(), &plain[2..], behind].concat()
}

fn exif_segment(orientation: u8) -> Vec<u8> {
    segment(0xE1, &[&b"Exif\0\0"[..], &exif(orientation)].concat())
}

/// Returns every kind of segment that says more than the pixels.
pub fn secrets() -> Vec<Vec<u8>> {
    let with = |prefix: &[u8]| [prefix, SECRET].concat();
    vec![
        segment(0xE1, &with(b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>")),
        segment(0xE1, &with(b"http://ns.adobe.com/xmp/extension/\0")),
        segment(0xE1, &with(b"QVCI\0")),
        segment(0xED, &with(b"Photoshop 3.0\08BIM\x04\x04\0\0")),
        segment(0xE2, &with(b"MPF\0MM\0*")),
        segment(0xE2, &with(b"FPXR\0")),
        segment(0xE0, &with(b"JFXX\0\x10")),
        segment(0xE3, &with(b"Meta\0\0")),
        segment(0xE4, &with(b"")),
        segment(0xEB, &with(b"JP\0\0jumb c2pa")),
        segment(0xEC, &with(b"Ducky")),
        segment(0xEE, &with(b"Not Adobe's")),
        segment(0xEF, &with(b"")),
        segment(0xFE, &with(b"a comment ")),
    ]
}

#[test]
fn all_but_orientation_and_colours_is_removed_and_the_pixels_stay() {
    let plain = encoded(ImageFormat::Jpeg);
    let colours = segment(0xE2, &[&b"ICC_PROFILE\0\x01\x01"[..], &profile()].concat());
    let mut segments = vec![exif_segment(6)];
    segments.extend(secrets());
    segments.push(colours.clone());
    segments.push(exif_segment(3));
    let full = with(&segments, &[b"\0\0\0\x18ftypmp42", SECRET, b"SEFHe SEFT"].concat());

    let copy = cleaned(Format::Jpeg, &full);
    assert!(!contains(&copy, SECRET));
    assert!(shown(&copy) == shown(&plain).map(|(pixels, _)| (pixels, Orientation::Rotate90)));
    assert!(contains(&copy, &colours), "the colour profile stays");
    assert!(copy.ends_with(&plain[2..]), "tables and scan are the same bytes");
    assert_eq!(copy.len(), plain.len() + 36 + colours.len());
}

#[test]
fn each_orientation_survives() {
    for number in 1..=8 {
        let full = with(&[exif_segment(number)], b"");
        let copy = cleaned(Format::Jpeg, &full);
        assert!(shown(&copy) == shown(&full), "{number}");
        assert!(!contains(&copy, SECRET));
    }
}

#[test]
fn a_file_without_metadata_stays_as_it_is() {
    let plain = encoded(ImageFormat::Jpeg);
    assert!(planned(Format::Jpeg, &plain).expect("valid").is_identical());
}

#[test]
fn previews_in_application_segments_are_removed_and_their_fields_stay() {
    let plain = encoded(ImageFormat::Jpeg);
    let jfif = segment(0xE0, &[&b"JFIF\0\x01\x02\x01\0\x48\0\x48\x01\x01"[..], SECRET].concat());
    let adobe = segment(0xEE, &[&b"Adobe\0\x64\0\0\0\0\x01"[..], SECRET].concat());
    // The encoder's own JFIF segment is replaced.
    let rest = plain[2..].strip_prefix(&b"\xFF\xE0\0\x10"[..]).map(|rest| &rest[14..]).expect("begins with JFIF");
    let full = [&plain[..2], &jfif, &adobe, rest].concat();
    let copy = cleaned(Format::Jpeg, &full);
    assert!(!contains(&copy, SECRET));
    assert!(contains(&copy, b"\xFF\xE0\0\x10JFIF\0\x01\x02\x01\0\x48\0\x48\0\0"));
    assert!(contains(&copy, b"\xFF\xEE\0\x0EAdobe\0\x64\0\0\0\0\x01"));
    assert!(shown(&copy) == shown(&full));
}

#[test]
fn segments_between_scans_are_found() {
    // Two pictures' scans in a row are no valid picture, but a chain of segments as a progressive one has.
    let plain = encoded(ImageFormat::Jpeg);
    let scan = plain.windows(2).position(|two| two == [0xFF, 0xDA]).expect("has a scan");
    let until_end = &plain[..plain.len() - 2];
    let full = [until_end, &exif_segment(1), &plain[scan..]].concat();
    let copy = cleaned(Format::Jpeg, &full);
    assert_eq!(copy, [until_end, &plain[scan..]].concat());
}

#[test]
fn a_file_that_was_cut_in_its_scan_keeps_all_that_it_has_of_it() {
    let plain = encoded(ImageFormat::Jpeg);
    let full = with(&[exif_segment(1)], b"");
    let cut = &full[..full.len() - 100];
    assert_eq!(cleaned(Format::Jpeg, cut), plain[..plain.len() - 100]);
}

#[test]
fn fill_bytes_before_a_marker_are_no_error() {
    let plain = encoded(ImageFormat::Jpeg);
    let full = [&plain[..2], &[0xFF; 7], &secrets()[0][..], &[0xFF; 3], &plain[2..]].concat();
    let copy = cleaned(Format::Jpeg, &full);
    assert!(!contains(&copy, SECRET));
    assert!(shown(&copy) == shown(&full));
}

#[test]
fn wrong_lengths_make_no_plan() {
    let plain = encoded(ImageFormat::Jpeg);
    let wrong: [Vec<u8>; 7] = [
        b"".to_vec(),
        b"\xFF\xD8\xFF".to_vec(),
        plain[..40].to_vec(),
        [&plain[..2], b"\xFF\xE1\0\0", &plain[2..]].concat(),
        [&plain[..2], b"\xFF\xE1\0\x01", &plain[2..]].concat(),
        [&plain[..2], b"\xFF\xE1\0\x10Exif\0\0", &plain[2..]].concat(),
        [&plain[..2], b"\xFF\xE1\xFF\xFFExif\0\0"].concat(),
    ];
    for bytes in wrong {
        assert!(matches!(planned(Format::Jpeg, &bytes), Err(PlanError::Malformed(_))), "{bytes:x?}");
    }
}
