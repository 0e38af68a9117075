//! The mask of a client's payload.

/// Removes (or applies) a mask. `at` is the place of the first byte in the frame's payload.
pub(crate) fn apply(payload: &mut [u8], mask: [u8; 4], at: usize) {
    let mut mask = mask;
    mask.rotate_left(at % 4);
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, rest) = payload.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_unmasked_the_same_however_it_is_cut() {
        let mask = [1, 2, 4, 8];
        let plain: Vec<u8> = (0..=255).collect();
        let naive: Vec<u8> = plain.iter().enumerate().map(|(at, byte)| byte ^ mask[at % 4]).collect();
        for cut in 0..plain.len() {
            let mut masked = plain.clone();
            let (first, second) = masked.split_at_mut(cut);
            apply(first, mask, 0);
            apply(second, mask, cut);
            assert_eq!(masked, naive, "cut at {cut}");
        }
    }
}
