//! Examples of bodies and parameters, which a reader of the document can try as they are.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder};
use utoipa::openapi::{Content, RefOr};

/// Examples of bodies, by the name of their schema. `redocly lint` in `tests/api` checks each against its schema.
const BODIES: &str = include_str!("examples.json");

/// Examples of parameters, by their name. They fit each other: a member of the room has sent the message. Optional ones that
/// change the answer have none, because the docs page would send it.
const PARAMETERS: [(&str, Example); 7] = [
    ("room", Example::Text("general")),
    ("room_id", Example::Text("general")),
    ("user", Example::Text("ada")),
    ("seq", Example::Number(1)),
    ("emoji", Example::Text("👍")),
    ("id", Example::Text("0192f4e0-7c00-7000-8000-000000000004")),
    ("limit", Example::Number(20)),
];

#[derive(Clone, Copy)]
enum Example {
    Text(&'static str),
    Number(u64),
}

/// The examples.
pub(super) struct Examples {
    bodies: BTreeMap<String, Value>,
}

impl Examples {
    /// Reads the examples of bodies.
    pub fn read() -> Self {
        Examples { bodies: serde_json::from_str(BODIES).expect("the examples are JSON") }
    }

    /// Adds an example to each body and parameter of an operation that has none.
    pub fn add(&self, operation: &mut Operation) {
        for parameter in operation.parameters.iter_mut().flatten() {
            if let RefOr::T(parameter) = parameter {
                add_to(parameter);
            }
        }
        if let Some(RefOr::T(body)) = &mut operation.request_body {
            body.content.values_mut().for_each(|content| self.add_body(content));
        }
        for (status, response) in &mut operation.responses.responses {
            if let (true, RefOr::T(response)) = (status.starts_with('2'), response) {
                response.content.values_mut().for_each(|content| self.add_body(content));
            }
        }
    }

    fn add_body(&self, content: &mut RefOr<Content>) {
        let RefOr::T(content) = content else { return };
        if content.example.is_some() || !content.examples.is_empty() {
            return;
        }
        let Some(name) = content.schema.as_ref().and_then(referred) else { return };
        content.example = self.bodies.get(name).cloned();
    }
}

/// Returns the name of the schema that a body refers to, also if the body may be left out.
fn referred(schema: &RefOr<utoipa::openapi::Schema>) -> Option<&str> {
    match schema {
        RefOr::Ref(reference) => Some(reference.ref_location.rsplit_once('/')?.1),
        RefOr::T(utoipa::openapi::Schema::OneOf(one)) => one.items.iter().find_map(referred),
        RefOr::T(_) => None,
    }
}

fn add_to(parameter: &mut Parameter) {
    let Some((_, example)) = PARAMETERS.iter().find(|(name, _)| *name == parameter.name) else { return };
    let is_there = serde_json::to_value(&*parameter).is_ok_and(|parameter| !parameter["example"].is_null());
    if is_there {
        return;
    }
    let example = match *example {
        Example::Text(text) => Value::from(text),
        Example::Number(number) => Value::from(number),
    };
    *parameter = ParameterBuilder::from(parameter.clone()).example(Some(example)).build();
}
