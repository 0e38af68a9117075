//! Project Wycheproof's vectors: signatures of JSON Web Signature (`tests/wycheproof`, by other algorithms and keys than
//! ours), what they do to a valid token done to one of ours, and those of Ed25519 for the verification itself.

use std::collections::HashMap;

use jsonwebtoken::DecodingKey;
use wycheproof::TestResult;
use wycheproof::eddsa::{TestName, TestSet};

use super::*;

const VECTORS: [&str; 3] = [
    include_str!("../../../../../../tests/wycheproof/json_web_signature_test.json"),
    include_str!("../../../../../../tests/wycheproof/json_web_crypto_test.json"),
    include_str!("../../../../../../tests/wycheproof/json_web_key_test.json"),
];

/// A token of another algorithm or key.
struct Vector {
    /// The key's group.
    group: String,
    jws: String,
    is_valid: bool,
}

fn vectors() -> Vec<Vector> {
    let mut vectors = Vec::new();
    for (file, text) in VECTORS.iter().enumerate() {
        let file_of: Value = serde_json::from_str(text).expect("a file of vectors");
        let groups = file_of["testGroups"].as_array().expect("groups");
        for (number, group) in groups.iter().enumerate() {
            for test in group["tests"].as_array().expect("tests") {
                // The same files have vectors of encryption, which no token of ours has.
                let Some(jws) = test["jws"].as_str() else { continue };
                let is_valid = test["result"] == "valid";
                vectors.push(Vector { group: format!("{file}.{number}"), jws: jws.to_owned(), is_valid });
            }
        }
    }
    assert!(vectors.len() > 400, "only {} vectors", vectors.len());
    vectors
}

#[test]
fn no_token_of_another_algorithm_or_key_is_accepted_even_under_our_header() {
    let forge = forge();
    let ours: Vec<&str> = forge.good.split('.').collect();
    for Vector { jws, .. } in vectors() {
        assert!(!forge.accepts(&jws), "{jws}");
        let theirs: Vec<&str> = jws.split('.').collect();
        let part = |index: usize| theirs.get(index).copied().unwrap_or_default();
        for mixed in [
            format!("{}.{}.{}", ours[0], part(1), part(2)),
            format!("{}.{}.{}", ours[0], ours[1], part(2)),
            format!("{}.{}.{}", part(0), ours[1], ours[2]),
            format!("{}.{}.{}", ours[0], part(1), ours[2]),
        ] {
            assert!(!forge.accepts(&mixed), "{mixed}");
        }
    }
    assert!(forge.accepts(&forge.good));
}

/// Returns `text` with the edit that makes `after` of `before`: what is between their common beginning and their common
/// end is replaced.
fn edited(text: &str, before: &str, after: &str) -> String {
    let (text, before, after): (Vec<char>, Vec<char>, Vec<char>) =
        (text.chars().collect(), before.chars().collect(), after.chars().collect());
    let start = before.iter().zip(&after).take_while(|(one, other)| one == other).count();
    let most = before.len().min(after.len()) - start;
    let end = before.iter().rev().zip(after.iter().rev()).take(most).take_while(|(one, other)| one == other).count();
    let (start, end) = (start.min(text.len()), end.min(text.len()));
    let kept_end = text.len() - end.min(text.len() - start);
    text[..start]
        .iter()
        .chain(&after[start.min(after.len() - end)..after.len() - end])
        .chain(&text[kept_end..])
        .collect()
}

#[test]
fn an_edit_that_makes_a_valid_vector_invalid_makes_our_token_invalid() {
    assert_eq!(edited("abcdef", "12345", "12x45"), "abxef", "from the beginning and from the end");
    let forge = forge();
    let vectors = vectors();
    let mut valid: HashMap<&str, Vec<&str>> = HashMap::new();
    for vector in vectors.iter().filter(|vector| vector.is_valid) {
        valid.entry(&vector.group).or_default().push(&vector.jws);
    }
    let mut edits = 0;
    for vector in vectors.iter().filter(|vector| !vector.is_valid) {
        for before in valid.get(vector.group.as_str()).into_iter().flatten() {
            // Of the whole token, and of each of its parts by itself.
            let mut tokens = vec![edited(&forge.good, before, &vector.jws)];
            for part in 0..3 {
                let of = |jws: &str| jws.split('.').nth(part).unwrap_or_default().to_owned();
                let mut ours: Vec<String> = forge.good.split('.').map(str::to_owned).collect();
                ours[part] = edited(&ours[part], &of(before), &of(&vector.jws));
                tokens.push(ours.join("."));
            }
            for token in tokens.iter().filter(|token| **token != forge.good) {
                edits += 1;
                assert!(!forge.accepts(token), "{token}");
            }
        }
    }
    assert!(edits > 500, "only {edits} edits");
}

#[test]
fn signatures_are_verified_as_the_vectors_of_ed25519_say() {
    let set = TestSet::load(TestName::Ed25519).expect("the crate has them");
    let mut tested = 0;
    for group in &set.test_groups {
        let key = DecodingKey::from_ed_der(&group.key.pk);
        for test in &group.tests {
            let signature = URL_SAFE_NO_PAD.encode(&test.sig);
            let verified = jsonwebtoken::crypto::verify(&signature, &test.msg, &key, Algorithm::EdDSA);
            let is_valid = test.result == TestResult::Valid;
            assert_eq!(verified.unwrap_or(false), is_valid, "{} {}", test.tc_id, test.comment);
            tested += 1;
        }
    }
    assert!(tested > 100, "only {tested} vectors");
}
