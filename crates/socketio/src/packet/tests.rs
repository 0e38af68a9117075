//! Tests of packets: the examples of the protocol's page and of its public suite, and random packets.

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng};
use serde_json::{Value, json};

use super::*;
use crate::limits::{ATTACHMENT_BYTES, ATTACHMENTS, NAMESPACE_BYTES};

fn decode(text: &str) -> Result<Packet, Invalid> {
    Decoder::default().on_text(text).map(|packet| packet.expect("a packet without attachments"))
}

#[test]
fn the_examples_of_the_protocol_are_read_and_written() {
    let main = |kind, json| Packet::new(kind, json);
    let examples = [
        ("0", main(Kind::Connect, None)),
        (r#"0{"token":"123"}"#, main(Kind::Connect, Some(json!({"token": "123"})))),
        (r#"0/custom,{"sid":"wZX3oN0bSVIhsaknAAAI"}"#, {
            main(Kind::Connect, Some(json!({"sid": "wZX3oN0bSVIhsaknAAAI"}))).within("/custom")
        }),
        (r#"4/random,{"message":"Invalid namespace"}"#, {
            main(Kind::ConnectError, Some(json!({"message": "Invalid namespace"}))).within("/random")
        }),
        ("1", main(Kind::Disconnect, None)),
        ("1/admin,", main(Kind::Disconnect, None).within("/admin")),
        (r#"2["message",1,"2",{"3":[true]}]"#, Packet::event("message", [json!(1), json!("2"), json!({"3": [true]})])),
        (r#"2/admin,456["project:delete",123]"#, {
            Packet::event("project:delete", [json!(123)]).within("/admin").numbered(456)
        }),
        (r#"3456[1,"2"]"#, main(Kind::Ack, Some(json!([1, "2"]))).numbered(456)),
        ("3/admin,456[]", main(Kind::Ack, Some(json!([]))).within("/admin").numbered(456)),
    ];
    for (text, packet) in examples {
        assert_eq!(decode(text).as_ref(), Ok(&packet), "{text}");
        assert_eq!(packet.text(), text);
    }
}

#[test]
fn a_namespace_may_stand_alone() {
    assert_eq!(decode("0/custom"), Ok(Packet::new(Kind::Connect, None).within("/custom")));
    assert_eq!(decode("1/custom"), Ok(Packet::new(Kind::Disconnect, None).within("/custom")));
}

#[test]
fn attachments_follow_their_packet() {
    let mut decoder = Decoder::default();
    let text = r#"52-789["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#;
    assert_eq!(decoder.on_text(text), Ok(None));
    assert_eq!(decoder.on_bytes(&[1, 2, 3]), Ok(None));
    let packet = decoder.on_bytes(&[4, 5, 6]).expect("valid").expect("complete");
    assert_eq!((packet.kind, packet.id), (Kind::Event, Some(789)));
    assert_eq!(packet.data.attachments, [[1, 2, 3], [4, 5, 6]]);
    assert_eq!(packet.data.json, Some(json!(["message", placeholder(0), placeholder(1)])));
    assert_eq!(packet.text(), text);

    let data = Data { json: Some(json!([placeholder(0)])), attachments: vec![vec![9]] };
    let ack = Packet { data, ..Packet::new(Kind::Ack, None) }.within("/admin").numbered(7);
    assert_eq!(ack.text(), r#"61-/admin,7[{"_placeholder":true,"num":0}]"#);
    assert_eq!(decoder.on_text(&ack.text()), Ok(None));
    assert_eq!(decoder.on_bytes(&[9]), Ok(Some(ack)));
}

#[test]
fn attachments_out_of_order_are_rejected() {
    let mut decoder = Decoder::default();
    assert_eq!(decoder.on_bytes(&[1]), Err(Invalid::Order), "no packet asked for it");
    assert_eq!(decoder.on_text(r#"51-["a",{"_placeholder":true,"num":0}]"#), Ok(None));
    assert_eq!(decoder.on_text(r#"2["b"]"#), Err(Invalid::Order), "an attachment is missing");
}

#[test]
fn attachments_are_limited_in_number_and_size() {
    assert_eq!(decode(&format!("5{}-[\"a\"]", ATTACHMENTS + 1)), Err(Invalid::Attachments));
    let mut decoder = Decoder::default();
    assert_eq!(decoder.on_text(r#"52-["a"]"#), Ok(None));
    assert_eq!(decoder.on_bytes(&vec![0; ATTACHMENT_BYTES]), Ok(None));
    assert_eq!(decoder.on_bytes(&[0]), Err(Invalid::Size));
    assert_eq!(decoder.on_text(r#"2["b"]"#), Ok(Some(Packet::event("b", []))), "nothing of it is kept");
}

#[test]
fn what_is_no_packet_is_rejected() {
    let long = format!("0/{}", "n".repeat(NAMESPACE_BYTES));
    let deep = format!("2[\"a\",{}{}]", "[".repeat(10_000), "]".repeat(10_000));
    let cases = [
        ("", Invalid::Type),
        ("abc", Invalid::Type),
        ("7", Invalid::Type),
        ("é", Invalid::Type),
        ("2{}", Invalid::Json),
        ("2", Invalid::Json),
        ("2[]", Invalid::Json),
        ("2[true]", Invalid::Json),
        (r#"2["connect"]"#, Invalid::Json),
        (r#"2["disconnecting",1]"#, Invalid::Json),
        (r#"2abc["message-with-ack",1]"#, Invalid::Json),
        (r#"2["a"]x"#, Invalid::Json),
        (r#"21234567890123456["a"]"#, Invalid::Id),
        ("0[]", Invalid::Json),
        ("0\"a\"", Invalid::Json),
        ("1{}", Invalid::Json),
        ("3{}", Invalid::Json),
        ("3", Invalid::Json),
        ("4", Invalid::Json),
        ("5", Invalid::Attachments),
        (r#"5["a"]"#, Invalid::Attachments),
        (r#"5x-["a"]"#, Invalid::Attachments),
        (r#"5-["a"]"#, Invalid::Attachments),
        (r#"5+1-["a"]"#, Invalid::Attachments),
        (long.as_str(), Invalid::Namespace),
        (deep.as_str(), Invalid::Json),
    ];
    for (text, why) in cases {
        assert_eq!(decode(text), Err(why), "{text}");
    }
}

#[test]
fn an_event_is_a_name_and_arguments() {
    assert_eq!(Packet::event("a", [json!(1)]).into_event(), Some(("a".to_owned(), vec![json!(1)])));
    assert_eq!(decode("2[7,8]").expect("valid").into_event(), Some(("7".to_owned(), vec![json!(8)])));
    assert_eq!(Packet::new(Kind::Ack, Some(json!([1]))).into_event(), None);
}

#[test]
fn any_packet_is_decoded_as_it_was_encoded() {
    let mut random = StdRng::seed_from_u64(5);
    for _ in 0..3_000 {
        let packet = any_packet(&mut random);
        let mut decoder = Decoder::default();
        let mut decoded = decoder.on_text(&packet.text()).expect("valid");
        for bytes in &packet.data.attachments {
            assert_eq!(decoded, None);
            decoded = decoder.on_bytes(bytes).expect("valid");
        }
        assert_eq!(decoded, Some(packet));
    }
}

#[test]
fn any_text_is_decoded_or_rejected() {
    let mut random = StdRng::seed_from_u64(6);
    let parts = ["0", "2", "5", "6", "1-", "-", "/", "/a,", ",", "12", "[", "]", "\"a\"", "{}", "é", "\u{1f600}", "-1"];
    for _ in 0..20_000 {
        let count = random.random_range(0..8);
        let text: String = (0..count).map(|_| parts[random.random_range(0..parts.len())]).collect();
        if let Ok(Some(packet)) = Decoder::default().on_text(&text) {
            assert_eq!(decode(&packet.text()), Ok(packet), "{text}");
        }
    }
}

fn any_packet(random: &mut StdRng) -> Packet {
    let names = ["message", "send_message", "", "ä\u{1f600}", "a,b", "/x", "1-"];
    let name = json!(names[random.random_range(0..names.len())]);
    let attachments: Vec<Vec<u8>> = match random.random_range(0..3) {
        0 => (0..random.random_range(1..=ATTACHMENTS)).map(|at| vec![at as u8; at]).collect(),
        _ => Vec::new(),
    };
    let arguments = (0..attachments.len()).map(placeholder).chain([any_value(random, 0)]);
    let (kind, list): (_, Vec<Value>) = match random.random_range(0..2) {
        0 => (Kind::Ack, arguments.collect()),
        _ => (Kind::Event, std::iter::once(name).chain(arguments).collect()),
    };
    let namespaces = [MAIN_NAMESPACE, "/a", "/admin-1", "/ä"];
    Packet {
        kind,
        namespace: namespaces[random.random_range(0..namespaces.len())].to_owned(),
        id: random.random::<bool>().then(|| random.random_range(0..1_000_000)),
        data: Data { json: Some(Value::Array(list)), attachments },
    }
}

fn any_value(random: &mut StdRng, depth: usize) -> Value {
    match random.random_range(0..if depth < 3 { 6 } else { 4 }) {
        0 => Value::Null,
        1 => json!(random.random::<bool>()),
        2 => json!(random.random::<i32>()),
        3 => json!("1[\"a\",\u{1e}\u{2028}\n]"),
        4 => (0..random.random_range(0..3)).map(|_| any_value(random, depth + 1)).collect(),
        _ => json!({ "k": any_value(random, depth + 1), "": any_value(random, depth + 1) }),
    }
}
