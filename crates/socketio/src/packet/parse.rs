//! The parser of a packet's text: `<type>[<attachments>-][<namespace>,][<ack number>][<JSON>]`.

use serde_json::Value;

use super::{Data, Invalid, Kind, MAIN_NAMESPACE, Packet};
use crate::limits::{ATTACHMENTS, ID_DIGITS, NAMESPACE_BYTES};

/// Events that a library makes itself, so that no peer may send them.
const RESERVED: [&str; 6] =
    ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

/// Parses a packet, and returns it with the number of attachments that follow.
pub(super) fn parse(text: &str) -> Result<(Packet, usize), Invalid> {
    let (kind, binary) = match text.as_bytes().first() {
        Some(b'0') => (Kind::Connect, false),
        Some(b'1') => (Kind::Disconnect, false),
        Some(b'2') => (Kind::Event, false),
        Some(b'3') => (Kind::Ack, false),
        Some(b'4') => (Kind::ConnectError, false),
        Some(b'5') => (Kind::Event, true),
        Some(b'6') => (Kind::Ack, true),
        _ => return Err(Invalid::Type),
    };
    let rest = &text[1..];
    let (attachments, rest) = if binary { attachments(rest)? } else { (0, rest) };
    let (namespace, rest) = namespace(rest)?;
    let (id, rest) = id(rest)?;
    let json = match rest {
        "" => None,
        rest => Some(serde_json::from_str(rest).map_err(|_| Invalid::Json)?),
    };
    if !is_valid(kind, json.as_ref()) {
        return Err(Invalid::Json);
    }
    let data = Data { json, attachments: Vec::new() };
    Ok((Packet { kind, namespace: namespace.to_owned(), id, data }, attachments))
}

fn attachments(rest: &str) -> Result<(usize, &str), Invalid> {
    let (count, rest) = rest.split_once('-').ok_or(Invalid::Attachments)?;
    let digits = !count.is_empty() && count.len() <= 4 && count.bytes().all(|byte| byte.is_ascii_digit());
    let count = count.parse().ok().filter(|count| digits && *count <= ATTACHMENTS);
    Ok((count.ok_or(Invalid::Attachments)?, rest))
}

fn namespace(rest: &str) -> Result<(&str, &str), Invalid> {
    if !rest.starts_with('/') {
        return Ok((MAIN_NAMESPACE, rest));
    }
    let (namespace, rest) = rest.split_once(',').unwrap_or((rest, ""));
    if namespace.len() > NAMESPACE_BYTES {
        return Err(Invalid::Namespace);
    }
    Ok((namespace, rest))
}

fn id(rest: &str) -> Result<(Option<u64>, &str), Invalid> {
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = rest.split_at(digits);
    match digits {
        0 => Ok((None, rest)),
        1..=ID_DIGITS => Ok((number.parse().ok(), rest)),
        _ => Err(Invalid::Id),
    }
}

fn is_valid(kind: Kind, json: Option<&Value>) -> bool {
    match (kind, json) {
        (Kind::Connect, None | Some(Value::Object(_))) => true,
        (Kind::Disconnect, None) => true,
        (Kind::Event, Some(Value::Array(list))) => match list.first() {
            Some(Value::String(name)) => !RESERVED.contains(&name.as_str()),
            Some(Value::Number(_)) => true,
            _ => false,
        },
        (Kind::Ack, Some(Value::Array(_))) => true,
        (Kind::ConnectError, Some(Value::String(_) | Value::Object(_))) => true,
        _ => false,
    }
}
