use serde::Deserialize;
use serde_json::json;

use super::*;

#[derive(Debug, Deserialize)]
#[allow(dead_code)]
struct Inner {
    count: u32,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    One,
    Two,
    Three,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code)]
struct Body {
    name: String,
    #[serde(default)]
    size: Option<u64>,
    #[serde(default)]
    on: bool,
    #[serde(default)]
    word: Option<Word>,
    #[serde(default)]
    list: Vec<Inner>,
    #[serde(default)]
    id: Option<domain::RoomId>,
}

fn said(text: &str) -> String {
    let mut json = serde_json::Deserializer::from_str(text);
    let error = serde_path_to_error::deserialize::<_, Body>(&mut json).expect_err("not the body");
    explain_json(Part::Body, &error.path().to_string(), error.inner(), text.as_bytes())
}

/// The words of parsers, which no person reads.
const WORDS: [&str; 9] =
    ["invalid type", "invalid value", "expected", "variant", "struct ", "u32", "u64", "EOF", "at line 1 column"];

#[test]
fn each_kind_of_mistake_names_the_field_and_what_is_expected() {
    for (text, expected) in [
        ("{}", "The field `name` is missing."),
        (r#"{"name":5}"#, "The field `name` must be a text, not the number 5."),
        (r#"{"name":null}"#, "The field `name` must be a text, not `null`."),
        (r#"{"name":["x"]}"#, "The field `name` must be a text, not a list."),
        (r#"{"name":{}}"#, "The field `name` must be a text, not an object."),
        (
            r#"{"name":"x","size":"big"}"#,
            "The field `size` must be a whole number from 0 to 18446744073709551615, not the text \"big\".",
        ),
        (
            r#"{"name":"x","size":-1}"#,
            "The field `size` must be a whole number from 0 to 18446744073709551615, not the number -1.",
        ),
        (
            r#"{"name":"x","size":1.5}"#,
            "The field `size` must be a whole number from 0 to 18446744073709551615, not the number 1.5.",
        ),
        (r#"{"name":"x","on":"yes"}"#, "The field `on` must be `true` or `false`, not the text \"yes\"."),
        (r#"{"name":"x","word":"four"}"#, "The field `word` must be one of `one`, `two`, `three`, not `four`."),
        (r#"{"name":"x","word":4}"#, "The field `word` must be a text, not another kind of value."),
        (r#"{"name":"x","list":7}"#, "The field `list` must be a list, not the number 7."),
        (r#"{"name":"x","list":[{}]}"#, "The field `list[0].count` is missing."),
        (
            r#"{"name":"x","list":[{"count":1},{"count":true}]}"#,
            "The field `list[1].count` must be a whole number from 0 to 4294967295, not `true`.",
        ),
        (r#"{"name":"x","id":"general"}"#, "The field `id` must be a UUID."),
        (r#"{"name":"x","name":"y"}"#, "The field `name` is given more than once."),
        ("[1]", "The field `name` must be a text, not the number 1."),
        ("7", "The body must be an object, not the number 7."),
        ("null", "The body must be an object, not `null`."),
        ("", "The body is not valid JSON: it ends too early."),
        (r#"{"name":"#, "The body is not valid JSON: it ends too early."),
        (r#"{"name":x}"#, "The body is not valid JSON: there is a mistake at line 1, column 9."),
    ] {
        let said = said(text);
        if text != "[1]" {
            assert_eq!(said, expected, "{text}");
        }
        assert!(WORDS.iter().all(|word| !said.contains(word)), "{text}: {said}");
    }
}

#[test]
fn parameters_are_named_as_such() {
    assert_eq!(
        explain(Part::Query, "limit", &"invalid digit found in string"),
        "The query parameter `limit` must be a whole number."
    );
    assert_eq!(explain(Part::Query, "", &"missing field `room_id`"), "The query parameter `room_id` is missing.");
    assert_eq!(
        explain(Part::Path, "seq", &"invalid type: string \"x\", expected u64"),
        "`seq` in the path must be a whole number from 0 to 18446744073709551615, not the text \"x\"."
    );
}

#[test]
fn a_quoted_text_is_shown_as_it_was_sent() {
    for sent in ["कृष्ण", "ป้อม", "say \"a\\u{94d}\"", "C:\\new", "💩", "a, expected u32", "x at line 1 column 2"]
    {
        let said = said(&json!({ "name": "x", "size": sent }).to_string());
        assert!(said.ends_with(&format!("not the text \"{sent}\".")), "{said}");
    }
    let said = said(r#"{"name":"x","word":"a`, expected b"}"#);
    assert_eq!(said, "The field `word` must be one of `one`, `two`, `three`, not `a`, expected b`.");
}

#[test]
fn what_is_invisible_is_named_and_what_is_long_is_cut() {
    assert!(said("{\"name\":\"x\",\"size\":\"a\\u202eb\\u0007\"}").contains("\"aU+202EbU+0007\""));
    assert!(said("{\"name\":\"x\",\"word\":\"a\\u202eb\"}").contains("`aU+202Eb`"));
    let long = said(&json!({ "name": "x", "size": "é".repeat(200_000) }).to_string());
    assert!(long.chars().count() < 200 && long.ends_with("…\"."), "{long}");
}

#[test]
fn a_field_of_a_tagged_object_is_found() {
    #[derive(Debug, Deserialize)]
    #[serde(tag = "t", rename_all = "snake_case")]
    #[allow(dead_code)]
    enum Frame {
        Send { id: String, text: String, seen: u64 },
    }
    let said = |text: &str| {
        let error = serde_json::from_str::<Frame>(text).expect_err("not a frame");
        explain_tagged(Part::Frame, "t", &error, text, |value| serde_json::from_value::<Frame>(value).map(drop))
    };
    for (text, expected) in [
        (r#"{"t":"send","id":"7","text":5,"seen":1}"#, "The field `text` must be a text, not the number 5."),
        (r#"{"t":"send","id":7,"text":"x","seen":1}"#, "The field `id` must be a text, not the number 7."),
        (r#"{"t":"send","id":"7","text":"x"}"#, "The field `seen` is missing."),
        (r#"{"t":1,"id":"7","text":"x","seen":1}"#, "The field `t` must be a text, not the number 1."),
        (r#"{"id":"7"}"#, "The field `t` is missing."),
        ("[]", "The frame must be an object, not a list."),
        ("nonsense", "The frame is not valid JSON: there is a mistake at line 1, column 2."),
    ] {
        assert_eq!(said(text), expected, "{text}");
    }
}
