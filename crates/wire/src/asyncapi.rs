//! Generates the AsyncAPI 3 document of the WebSocket protocol, from the same types as the JSON Schemas.
//!
//! The document describes the server: it receives what clients send. `docs/protocol/README.md` says in prose what the
//! document cannot say: the order of frames, retries, cursors.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::{ClientFrame, CloseCode, ServerFrame, VERSION};

/// Where the document keeps its schemas. AsyncAPI's own format of schemas is a superset of JSON Schema draft 7.
const SCHEMAS: &str = "/components/schemas";

/// Returns `asyncapi.json`.
pub fn asyncapi() -> String {
    let settings = SchemaSettings::draft07().with(|settings| settings.definitions_path = SCHEMAS.into());
    let mut generator = settings.into_generator();
    generator.subschema_for::<ClientFrame>();
    generator.subschema_for::<ServerFrame>();
    generator.subschema_for::<CloseCode>();
    let mut schemas = generator.take_definitions(true);

    let mut messages = Map::new();
    let received = frames(&mut schemas, "ClientFrame", "client", &mut messages);
    let sent = frames(&mut schemas, "ServerFrame", "server", &mut messages);
    let close_codes = close_codes(&schemas.remove("CloseCode").expect("it was generated above"));
    let of_channel = |name: &String| (name.clone(), json!({ "$ref": format!("#/components/messages/{name}") }));
    let channel_messages: Map<String, Value> = messages.keys().map(of_channel).collect();

    let document = json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Palaver's WebSocket protocol",
            "version": format!("{VERSION}.0.0"),
            "description": "One WebSocket carries all of a user's rooms. Each text message is one frame: a JSON object with a `t`. \
                Once the client has set `batch` in its `hello`, a message of the server may also be an array of frames. \
                README.md beside this document explains the order of frames, retries, cursors and what a client does after each error code and close code.",
            "license": { "name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0" },
            "tags": [{ "name": "chat" }],
        },
        "defaultContentType": "application/json",
        "servers": {
            "local": {
                "host": "127.0.0.1:8080",
                "protocol": "ws",
                "description": "A server on this machine. Behind a proxy with TLS the protocol is `wss`.",
            },
        },
        "channels": {
            "socket": {
                "address": "/v1/ws",
                "title": "The socket",
                "description": "The first frame is `hello`. A browser that cannot send a token in it puts a ticket into the URL.",
                "servers": [{ "$ref": "#/servers/local" }],
                "messages": channel_messages,
                "bindings": {
                    "ws": {
                        "method": "GET",
                        "query": {
                            "type": "object",
                            "properties": {
                                "ticket": {
                                    "type": "string",
                                    "description": "A ticket of `POST /api/auth/ticket`. It works once, within 30 seconds.",
                                },
                            },
                        },
                        "bindingVersion": "0.1.0",
                    },
                },
            },
        },
        "operations": {
            "receiveFrames": operation("receive", "Frames that clients send", &received),
            "sendFrames": operation("send", "Frames that the server sends", &sent),
        },
        "components": { "messages": messages, "schemas": schemas },
        "x-close-codes": close_codes,
    });
    serde_json::to_string_pretty(&document).expect("the document is JSON") + "\n"
}

fn operation(action: &str, summary: &str, messages: &[String]) -> Value {
    let on_channel = |name: &String| json!({ "$ref": format!("#/channels/socket/messages/{name}") });
    let messages: Vec<Value> = messages.iter().map(on_channel).collect();
    json!({ "action": action, "channel": { "$ref": "#/channels/socket" }, "summary": summary, "messages": messages })
}

/// Replaces the schema of all frames of one side by a message for each frame. Returns the messages' names.
fn frames(schemas: &mut Map<String, Value>, of: &str, sender: &str, messages: &mut Map<String, Value>) -> Vec<String> {
    let mut all = schemas.remove(of).expect("it was generated above");
    let Some(Value::Array(variants)) = all.get_mut("oneOf").map(Value::take) else {
        unreachable!("an enum with a tag is a `oneOf`");
    };
    let mut names = Vec::new();
    for mut payload in variants {
        let frame = payload["properties"]["t"]["const"].as_str().expect("the tag is a constant").to_owned();
        let summary = payload.as_object_mut().and_then(|schema| schema.remove("description"));
        let name = format!("{sender}.{frame}");
        let message = json!({ "name": frame, "title": frame, "summary": summary, "payload": payload });
        messages.insert(name.clone(), message);
        names.push(name);
    }
    names
}

/// Returns the close codes as a list for programs. AsyncAPI itself has no place for them.
fn close_codes(schema: &Value) -> Vec<Value> {
    let described = |code: CloseCode| {
        let variants = schema["oneOf"].as_array()?;
        variants.iter().find(|one| one["const"] == code.reason())?["description"].as_str()
    };
    let code = |code: CloseCode| {
        let (number, description) = (code.number(), described(code).expect("each close code has a description"));
        json!({
            "code": number,
            "reason": code.reason(),
            "description": description,
            "reconnect": CloseCode::allows_reconnect(number),
        })
    };
    CloseCode::ALL.map(code).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_frame_is_a_message_of_its_side_and_every_reference_leads_somewhere() {
        let document: Value = serde_json::from_str(&asyncapi()).expect("it is JSON");
        let messages = document["components"]["messages"].as_object().expect("it has messages");
        for name in ["client.hello", "client.send", "client.ping", "server.ping", "server.event", "server.error"] {
            assert!(messages.contains_key(name), "{name}");
        }
        let listed = |operation: &str| document["operations"][operation]["messages"].as_array().map_or(0, Vec::len);
        assert_eq!(listed("receiveFrames") + listed("sendFrames"), messages.len());

        let mut references = Vec::new();
        collect(&document, &mut references);
        assert!(references.len() > messages.len());
        for reference in references {
            let pointer = reference.strip_prefix('#').expect("a reference within the document");
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }

    fn collect<'a>(value: &'a Value, references: &mut Vec<&'a str>) {
        match value {
            Value::Object(fields) => {
                references.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|field| collect(field, references));
            }
            Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
            _ => {}
        }
    }
}
