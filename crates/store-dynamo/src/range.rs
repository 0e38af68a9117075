//! Ranges of items for queries.

use crate::item::{PK, SK, text};
use crate::keys::END;
use crate::op::Placeholders;

/// Items of one partition, in the order of their sort keys.
#[derive(Debug, Clone)]
pub struct Range {
    pk: String,
    /// The lowest sort key, included.
    pub from: String,
    /// The highest sort key, included.
    pub to: String,
    /// Whether the highest sort key comes first.
    pub descending: bool,
    /// The most items to read.
    pub limit: Option<usize>,
    /// Whether the read is strongly consistent.
    pub strong: bool,
}

impl Range {
    /// Selects all items whose sort key lies between these, both included.
    pub fn between(pk: impl Into<String>, from: impl Into<String>, to: impl Into<String>) -> Range {
        Range { pk: pk.into(), from: from.into(), to: to.into(), descending: false, limit: None, strong: true }
    }

    /// Selects all items of a partition.
    pub fn all(pk: impl Into<String>) -> Range {
        Range::between(pk, "\u{1}", "\u{10FFFF}")
    }

    /// Selects all items whose sort key has this prefix.
    pub fn beginning(pk: impl Into<String>, prefix: &str) -> Range {
        Range::between(pk, prefix, format!("{prefix}{END}"))
    }

    /// Selects all items whose sort key has this prefix, after `after` (the rest of the sort key).
    pub fn after(pk: impl Into<String>, prefix: &str, after: &str) -> Range {
        // The smallest text above `after`. None of our sort keys has a control character.
        Range::between(pk, format!("{prefix}{after}\u{1}"), format!("{prefix}{END}"))
    }

    /// Selects all items whose sort key has this prefix and is below `sk`, which ends with a digit.
    pub fn before(pk: impl Into<String>, prefix: &str, sk: &str) -> Range {
        // Both ends of a range are included: the highest text below `sk` differs in its last character.
        let (rest, last) = sk.split_at(sk.len().saturating_sub(1));
        let below = last.bytes().next().map_or('\0', |last| char::from(last - 1));
        Range::between(pk, if prefix.is_empty() { "\u{1}" } else { prefix }, format!("{rest}{below}\u{10FFFF}"))
    }

    /// Reverses the order: highest sort key first.
    pub fn descending(self) -> Range {
        Range { descending: true, ..self }
    }

    /// Limits the number of items.
    pub fn limit(self, limit: usize) -> Range {
        Range { limit: Some(limit), ..self }
    }

    /// Allows an eventually consistent read, which may be a moment old, at half the cost.
    pub fn weak(self) -> Range {
        Range { strong: false, ..self }
    }

    /// Renders the key condition of a query.
    pub fn condition(&self, placeholders: &mut Placeholders) -> String {
        let (pk, sk) = (placeholders.name(PK), placeholders.name(SK));
        let values = [&self.pk, &self.from, &self.to].map(|value| placeholders.value(text(value)));
        format!("{pk} = {} AND {sk} BETWEEN {} AND {}", values[0], values[1], values[2])
    }
}
