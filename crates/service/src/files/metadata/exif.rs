//! The one tag of an Exif block that decides how a picture looks: its orientation (Exif 2.32, 4.6.4 and TIFF 6.0).

use image::metadata::Orientation;

/// What a block in JPEG begins with, and in some WebP files.
pub const NAME: &[u8] = b"Exif\0\0";

/// Returns a block that holds only the orientation of this one, or `None` if that has none, or one that changes nothing.
/// Both begin with the TIFF header.
pub fn orientation_only(block: &[u8]) -> Option<Vec<u8>> {
    let orientation = Orientation::from_exif_chunk(block)?;
    if orientation == Orientation::NoTransforms {
        return None;
    }
    // Big-endian, a first directory at byte 8 with one entry, and none after it: tag 0x0112, of type SHORT, once.
    let mut only = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    only.push(orientation.to_exif());
    only.extend([0; 6]);
    Some(only)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_orientation_is_left() {
        for number in 2..=8 {
            // Little-endian, with a maker and a pointer to a GPS directory around the orientation.
            let mut block = b"II\x2a\0\x08\0\0\0\x03\0".to_vec();
            block.extend(b"\x0f\x01\x02\0\x04\0\0\0Acme\x12\x01\x03\0\x01\0\0\0");
            block.extend([number, 0, 0, 0]);
            block.extend(b"\x25\x88\x04\0\x01\0\0\0\x40\0\0\0\0\0\0\0");
            let only = orientation_only(&block).expect("it is rotated");
            assert_eq!(only.len(), 26);
            assert_eq!(Orientation::from_exif_chunk(&only), Orientation::from_exif(number));
            assert_eq!(orientation_only(&only), Some(only), "it stays as it is");
        }
    }

    #[test]
    fn a_block_that_changes_nothing_is_not_needed() {
        let upright = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x01\0\0\0\0\0\0";
        for block in [&upright[..], &upright[..20], b"MM\0\x2a\xff\xff\xff\xff", b"II", b""] {
            assert_eq!(orientation_only(block), None);
        }
    }
}
