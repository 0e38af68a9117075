use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use super::*;
use crate::name::fold;

fn text(text: &str) -> MessageText {
    text.to_owned().try_into().expect("valid")
}

#[test]
fn mentions_are_found_once_and_without_punctuation() {
    let keys =
        |written: &str| text(written).mentions().into_iter().flat_map(|mention| mention.keys).collect::<Vec<_>>();
    assert_eq!(keys("hi @Ada, @ada. (@bob)!"), ["ada", "bob"].map(fold));
    assert!(keys("mail a@example.org @ @@").is_empty());
}

#[test]
fn length_counts_characters() {
    assert!(MessageText::try_from("é".repeat(TEXT_CHARS)).is_ok());
    assert_eq!(MessageText::try_from("x".repeat(TEXT_CHARS + 1)), Err(InvalidText::TooLong(TEXT_CHARS + 1)));
    assert_eq!(MessageText::try_from("a\0".to_owned()), Err(InvalidText::Nul));
}

#[test]
fn a_reaction_is_one_emoji() {
    for good in ["👍", "❤️", "👩‍👩‍👧‍👦", "🇩🇪", "1️⃣", "✅"] {
        assert!(Emoji::try_from(good.to_owned()).is_ok(), "{good}");
    }
    for bad in ["", "a", "👍👍", " ", "1", "ab", "\u{202e}", "\u{200b}", "\u{feff}", "\u{301}", "\u{fe0f}"] {
        assert!(Emoji::try_from(bad.to_owned()).is_err(), "{bad:?}");
    }
}

#[derive(serde::Deserialize)]
struct Vectors {
    vectors: Vec<Vector>,
    hostile: Vec<String>,
}

#[derive(serde::Deserialize)]
struct Vector {
    what: String,
    text: String,
    #[serde(default = "bob_and_ann")]
    users: Vec<String>,
    mentions: Vec<String>,
}

fn bob_and_ann() -> Vec<String> {
    vec!["bob".to_owned(), "ann".to_owned()]
}

/// Reads the file that the page's tests read, too: `frontend/src/lib/text/vectors.ts`.
fn shared() -> Vectors {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/protocol/text-vectors.json");
    let file = std::fs::read_to_string(file).expect("the vectors are there");
    serde_json::from_str(&file).expect("they are JSON")
}

#[test]
fn the_shared_vectors_hold() {
    let Vectors { vectors, .. } = shared();
    assert!(vectors.len() > 200);
    for Vector { what, text: written, users, mentions } in vectors {
        let names: HashMap<String, &str> = users.iter().map(|user| (fold(user), user.as_str())).collect();
        let found = text(&written).mentions().into_iter().filter_map(|mention| {
            let user = mention.keys.iter().find_map(|key| names.get(key));
            user.map(|user| (*user).to_owned())
        });
        let mut seen = HashSet::new();
        let found: Vec<String> = found.filter(|user| seen.insert(user.clone())).collect();
        assert_eq!(found, mentions, "{what}: {written:?}");
    }
}

#[test]
fn nothing_is_looked_up_beyond_the_limit() {
    let many: String = (0..400).map(|n| format!("@user{n} ")).collect();
    assert_eq!(text(&many).mentions().len(), MENTIONS_PER_MESSAGE);
    let chinese: String = (0..90).map(|n| format!("@bob{n}你好你好你好你好你好你好 ")).collect();
    let keys = text(&chinese).mentions().iter().map(|mention| mention.keys.len()).sum::<usize>();
    assert_eq!(keys, NAMES_PER_MESSAGE);
}

#[test]
fn a_hostile_text_costs_little() {
    let repeat = |piece: &str| piece.chars().cycle().take(TEXT_CHARS).collect::<String>();
    let phrases = format!("@{}", "\u{fdfa}".repeat(32));
    let distinct: String = (0..110).map(|n| format!("@{n:03}{} ", "\u{fdfa}".repeat(29))).collect();
    let mut texts: Vec<String> = shared().hostile.iter().map(|piece| repeat(piece)).collect();
    texts.push(repeat(&phrases));
    texts.push(distinct);
    texts.push(format!("{}{}", "[".repeat(2_000), "](a".repeat(666)));
    texts.push((1..80).map(|n| format!("{} ", "`".repeat(n))).collect());
    for written in texts {
        let begun = Instant::now();
        let found = text(&written).mentions();
        // A build without optimization on a busy machine: a hundred times of what it takes.
        assert!(begun.elapsed() < Duration::from_millis(250), "{:?}: {:.40}", begun.elapsed(), written);
        assert!(found.len() <= MENTIONS_PER_MESSAGE);
    }
}
