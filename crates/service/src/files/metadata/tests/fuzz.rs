//! Random damage of valid files.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;

const ROUNDS: usize = 4_000;

/// Damages a file: flips, inserts, removes or repeats some bytes.
fn damaged(valid: &[u8], random: &mut StdRng) -> Vec<u8> {
    let mut bytes = valid.to_vec();
    for _ in 0..random.random_range(1..=3) {
        let at = random.random_range(0..bytes.len());
        let end = (at + random.random_range(1..64)).min(bytes.len());
        match random.random_range(0..6) {
            0 => bytes[at] = random.random(),
            1 => bytes[at] ^= 1 << random.random_range(0..8),
            2 => drop(bytes.drain(at..end)),
            3 => bytes.truncate(end),
            4 => drop(bytes.splice(at..at, bytes[at..end].to_vec())),
            _ => bytes[at..end].fill_with(|| random.random()),
        }
    }
    bytes
}

/// Cleaning never fails in another way than by refusing, and what it makes shows the same.
fn damage(format: Format, valid: &[u8]) {
    let mut random = StdRng::seed_from_u64(valid.len() as u64);
    let mut accepted = 0;
    for round in 0..ROUNDS {
        let bytes = damaged(valid, &mut random);
        let plan = match planned(format, &bytes) {
            Ok(plan) => plan,
            Err(PlanError::Malformed(_)) => continue,
            Err(PlanError::Read(error)) => panic!("round {round}: {error}"),
        };
        accepted += 1;
        let copy = copied(plan, &bytes);
        assert!(planned(format, &copy).expect("a valid file").is_identical(), "round {round}");
        if let Some((pixels, _)) = shown(&bytes) {
            let copy = shown(&copy).map(|(pixels, _)| pixels);
            assert!(copy == Some(pixels), "{format:?}, round {round}: it shows something else");
        }
    }
    assert!(accepted > ROUNDS / 20, "{accepted} of {ROUNDS} damaged files were accepted");
}

#[test]
fn a_damaged_jpeg() {
    damage(Format::Jpeg, &super::jpeg::with(&super::jpeg::secrets(), SECRET));
}

#[test]
fn a_damaged_png() {
    damage(Format::Png, &super::png::with(&super::png::secrets(), &super::png::secrets(), SECRET));
}

#[test]
fn a_damaged_gif() {
    damage(Format::Gif, &super::gif::with_secrets());
}

#[test]
fn a_damaged_webp() {
    damage(Format::WebP, &super::webp::with_secrets(6));
    damage(Format::WebP, &super::webp::animated());
}
