//! One write of one item, and its condition: the parts of a call or a transaction.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{
    AttributeValue, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};

use crate::item::{Item, PK, SK, number, size, text};
use crate::keys::Key;

/// The condition of a write.
#[derive(Debug, Clone, PartialEq)]
pub enum When {
    /// No condition.
    Always,
    /// The item does not exist.
    Absent,
    /// The item exists.
    Present,
    /// It has this attribute.
    Has(&'static str),
    /// It lacks this attribute.
    Lacks(&'static str),
    /// An attribute has this value.
    Is(&'static str, AttributeValue),
    /// An attribute is less than this.
    Less(&'static str, AttributeValue),
    /// An attribute is at most this.
    AtMost(&'static str, AttributeValue),
    /// An attribute is more than this.
    More(&'static str, AttributeValue),
    /// A set has fewer members than this, or does not exist.
    Fewer(&'static str, usize),
    /// All of these conditions hold.
    All(Vec<When>),
    /// One of these conditions holds.
    Any(Vec<When>),
}

impl When {
    /// Returns the condition that the attribute still has the value that was read, or still does not exist.
    pub fn same(name: &'static str, read: Option<AttributeValue>) -> When {
        read.map_or(When::Lacks(name), |value| When::Is(name, value))
    }
}

/// One write.
#[derive(Debug, Clone, PartialEq)]
pub enum Op {
    /// Writes the whole item.
    Put(Item, When),
    /// Changes some attributes of an item, which is created if it does not exist.
    Update(Change, When),
    /// Deletes the item.
    Delete(Key, When),
}

/// What an update does.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The key of the item.
    pub key: Key,
    /// Attributes with their new values.
    pub set: Vec<(&'static str, AttributeValue)>,
    /// Attributes that are copied, as they were before the update, and the names of the copies.
    pub copy: Vec<(&'static str, &'static str)>,
    /// Attributes to remove.
    pub remove: Vec<&'static str>,
    /// Numbers to add, and set members to insert.
    pub add: Vec<(&'static str, AttributeValue)>,
    /// Set members to remove.
    pub delete: Vec<(&'static str, AttributeValue)>,
}

impl Change {
    /// Creates an empty update.
    pub fn of(key: Key) -> Change {
        Change { key, set: Vec::new(), copy: Vec::new(), remove: Vec::new(), add: Vec::new(), delete: Vec::new() }
    }

    /// Sets an attribute.
    pub fn set(mut self, name: &'static str, value: AttributeValue) -> Change {
        self.set.push((name, value));
        self
    }

    /// Sets an attribute, or removes it if there is no value.
    pub fn set_or_remove(mut self, name: &'static str, value: Option<AttributeValue>) -> Change {
        match value {
            Some(value) => self.set.push((name, value)),
            None => self.remove.push(name),
        }
        self
    }

    /// Copies an attribute as it is before the update. The item must have it.
    pub fn copy(mut self, from: &'static str, to: &'static str) -> Change {
        self.copy.push((from, to));
        self
    }

    /// Adds to a number or a set.
    pub fn add(mut self, name: &'static str, value: AttributeValue) -> Change {
        self.add.push((name, value));
        self
    }

    /// Removes members from a set.
    pub fn delete(mut self, name: &'static str, value: AttributeValue) -> Change {
        self.delete.push((name, value));
        self
    }

    fn render(&self, names: &mut Placeholders) -> String {
        let pairs = |list: &[(&'static str, AttributeValue)], between: &str, names: &mut Placeholders| {
            let parts: Vec<String> = list
                .iter()
                .map(|(name, value)| format!("{}{between}{}", names.name(name), names.value(value.clone())))
                .collect();
            parts.join(", ")
        };
        let mut clauses = Vec::new();
        let mut sets: Vec<String> =
            self.copy.iter().map(|(from, to)| format!("{} = {}", names.name(to), names.name(from))).collect();
        if !self.set.is_empty() {
            sets.push(pairs(&self.set, " = ", names));
        }
        if !sets.is_empty() {
            clauses.push(format!("SET {}", sets.join(", ")));
        }
        if !self.remove.is_empty() {
            let parts: Vec<String> = self.remove.iter().map(|name| names.name(name)).collect();
            clauses.push(format!("REMOVE {}", parts.join(", ")));
        }
        if !self.add.is_empty() {
            clauses.push(format!("ADD {}", pairs(&self.add, " ", names)));
        }
        if !self.delete.is_empty() {
            clauses.push(format!("DELETE {}", pairs(&self.delete, " ", names)));
        }
        clauses.join(" ")
    }
}

/// The names and values that expressions use. Every name gets a placeholder, since many plain ones are reserved words.
#[derive(Debug, Default)]
pub struct Placeholders {
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Placeholders {
    /// Returns the placeholder of a name.
    pub fn name(&mut self, name: &str) -> String {
        let placeholder = format!("#{name}");
        self.names.insert(placeholder.clone(), name.to_owned());
        placeholder
    }

    /// Returns a placeholder for a value.
    pub fn value(&mut self, value: AttributeValue) -> String {
        let placeholder = format!(":{}", self.values.len());
        self.values.insert(placeholder.clone(), value);
        placeholder
    }

    /// Returns all names, or `None`: DynamoDB refuses an empty map.
    pub fn names(&self) -> Option<HashMap<String, String>> {
        (!self.names.is_empty()).then(|| self.names.clone())
    }

    /// Returns all values, or `None`.
    pub fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        (!self.values.is_empty()).then(|| self.values.clone())
    }
}

impl When {
    /// Renders the condition as an expression; `None` for [`When::Always`].
    pub fn render(&self, names: &mut Placeholders) -> Option<String> {
        let compare = |name: &str, sign: &str, value: &AttributeValue, names: &mut Placeholders| {
            format!("{} {sign} {}", names.name(name), names.value(value.clone()))
        };
        let joined = |list: &[When], word: &str, names: &mut Placeholders| {
            let parts: Vec<String> = list.iter().filter_map(|one| one.render(names)).collect();
            (!parts.is_empty()).then(|| format!("({})", parts.join(word)))
        };
        Some(match self {
            When::Always => return None,
            When::Absent => format!("attribute_not_exists({})", names.name(PK)),
            When::Present => format!("attribute_exists({})", names.name(PK)),
            When::Has(name) => format!("attribute_exists({})", names.name(name)),
            When::Lacks(name) => format!("attribute_not_exists({})", names.name(name)),
            When::Is(name, value) => compare(name, "=", value, names),
            When::Less(name, value) => compare(name, "<", value, names),
            When::AtMost(name, value) => compare(name, "<=", value, names),
            When::More(name, value) => compare(name, ">", value, names),
            When::Fewer(name, members) => {
                let (name, members) = (names.name(name), names.value(number(*members as u64)));
                format!("(attribute_not_exists({name}) OR size({name}) < {members})")
            }
            When::All(list) => return joined(list, " AND ", names),
            When::Any(list) => return joined(list, " OR ", names),
        })
    }
}

/// The parts of an SDK request that an operation is rendered to.
pub struct Rendered {
    /// The update expression.
    pub update: Option<String>,
    /// The condition expression.
    pub condition: Option<String>,
    /// The placeholders that both use.
    pub placeholders: Placeholders,
}

impl Op {
    /// Returns the key of the item that it writes.
    pub fn key(&self) -> Key {
        let of = |item: &Item| item.key().expect("an item that is written has a key");
        match self {
            Op::Put(item, _) => of(item),
            Op::Update(change, _) => change.key.clone(),
            Op::Delete(key, _) => key.clone(),
        }
    }

    /// Returns its condition.
    pub fn when(&self) -> &When {
        match self {
            Op::Put(_, when) | Op::Update(_, when) | Op::Delete(_, when) => when,
        }
    }

    /// Returns its expressions.
    pub fn render(&self) -> Rendered {
        let mut placeholders = Placeholders::default();
        let update = match self {
            Op::Update(change, _) => Some(change.render(&mut placeholders)),
            _ => None,
        };
        let condition = self.when().render(&mut placeholders);
        Rendered { update, condition, placeholders }
    }

    /// Returns the size in bytes of what it writes, as far as known.
    pub fn size(&self) -> usize {
        let key = |key: &Key| PK.len() + key.pk.len() + SK.len() + key.sk.len();
        match self {
            Op::Put(item, _) => item.size(),
            Op::Update(change, _) => {
                let values = change.set.iter().chain(&change.add).map(|(name, value)| name.len() + size(value));
                key(&change.key) + values.sum::<usize>()
            }
            Op::Delete(at, _) => key(at),
        }
    }

    /// Converts it to a part of a transaction.
    pub fn into_transaction(self, table: &str) -> TransactWriteItem {
        let Rendered { update, condition, placeholders } = self.render();
        let old = Some(ReturnValuesOnConditionCheckFailure::AllOld);
        let (names, values) = (placeholders.names(), placeholders.values());
        // The builders of the three kinds are separate types with the same methods.
        macro_rules! part {
            ($builder:expr) => {
                $builder
                    .table_name(table)
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .set_return_values_on_condition_check_failure(old)
            };
        }
        let whole = "every required field is set";
        let item = TransactWriteItem::builder();
        match self {
            Op::Put(put, _) => item.put(part!(Put::builder().set_item(Some(put.0))).build().expect(whole)),
            Op::Update(change, _) => {
                let builder = Update::builder().set_key(Some(key_map(&change.key))).set_update_expression(update);
                item.update(part!(builder).build().expect(whole))
            }
            Op::Delete(key, _) => {
                item.delete(part!(Delete::builder().set_key(Some(key_map(&key)))).build().expect(whole))
            }
        }
        .build()
    }
}

/// Returns a key in the SDK's form.
pub fn key_map(key: &Key) -> HashMap<String, AttributeValue> {
    HashMap::from([(PK.to_owned(), text(key.pk.clone())), (SK.to_owned(), text(key.sk.clone()))])
}
