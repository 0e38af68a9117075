//! Hashes of what is copied.

use sha2::{Digest as _, Sha256};

/// A count, and a hash that does not depend on the order: the sum of the SHA-256 of each text, modulo 2^256. A text that is
/// missing, doubled or changed changes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sum {
    /// The number of texts.
    pub count: u64,
    /// The sum, as limbs of 64 bits, the lowest first.
    limbs: [u64; 4],
}

impl Sum {
    /// Adds a text.
    pub fn add(&mut self, text: &[u8]) {
        self.add_digest(Sha256::digest(text).into());
    }

    /// Adds a text by its hash.
    pub fn add_digest(&mut self, digest: [u8; 32]) {
        self.count += 1;
        let mut carry = 0;
        for (limb, bytes) in self.limbs.iter_mut().zip(digest.as_chunks::<8>().0) {
            let sum = u128::from(*limb) + u128::from(u64::from_le_bytes(*bytes)) + carry;
            *limb = sum as u64;
            carry = sum >> 64;
        }
    }

    /// Returns the hash in hexadecimal digits.
    pub fn hex(&self) -> String {
        hex::encode(self.limbs.map(u64::to_le_bytes).concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(texts: &[&str]) -> Sum {
        let mut sum = Sum::default();
        texts.iter().for_each(|text| sum.add(text.as_bytes()));
        sum
    }

    #[test]
    fn the_order_does_not_matter_and_everything_else_does() {
        let whole = sum(&["a", "b", "c"]);
        assert_eq!(whole, sum(&["c", "a", "b"]));
        for other in [&["a", "b"][..], &["a", "b", "d"], &["a", "b", "b"], &["a", "b", "c", "c"], &["ab", "c"]] {
            assert_ne!(whole.hex(), sum(other).hex(), "{other:?}");
        }
        assert_ne!(sum(&["a", "a"]).hex(), sum(&[]).hex(), "two of the same do not cancel out");
    }

    #[test]
    fn a_sum_carries_from_limb_to_limb() {
        let mut sum = Sum::default();
        let mut one = [0; 32];
        one[0] = 1;
        sum.add_digest([0xff; 32]);
        sum.add_digest(one);
        assert_eq!((sum.count, sum.hex()), (2, "00".repeat(32)));
    }
}
