//! A measured figure and its bar: one line of JSON, which `cargo xtask bench` collects.

use std::collections::BTreeMap;

use serde::Serialize;

/// A figure and its bar.
#[derive(Debug, Serialize)]
pub struct Figure {
    /// The row's name.
    pub bench: &'static str,
    /// What was measured.
    pub what: String,
    /// The value.
    pub value: f64,
    /// The unit.
    pub unit: &'static str,
    /// The bar.
    pub bar: String,
    /// Whether the bar is met.
    pub ok: bool,
    /// How many times the value of another server of the same run it is, as `ratio to …`.
    #[serde(flatten)]
    pub ratios: BTreeMap<String, f64>,
}

impl Figure {
    /// Returns a figure without a bar.
    pub fn new(bench: &'static str, what: impl Into<String>, value: f64, unit: &'static str) -> Figure {
        let (what, value) = (what.into(), rounded(value));
        Figure { bench, what, value, unit, bar: String::new(), ok: true, ratios: BTreeMap::new() }
    }

    /// Sets the least value that is good enough.
    #[must_use]
    pub fn at_least(self, bar: f64) -> Figure {
        Figure { bar: format!(">= {bar}"), ok: self.value >= bar, ..self }
    }

    /// Sets the largest value that is good enough.
    #[must_use]
    pub fn at_most(self, bar: f64) -> Figure {
        Figure { bar: format!("<= {bar}"), ok: self.value <= bar, ..self }
    }

    /// Sets the range of good values.
    #[must_use]
    pub fn between(self, low: f64, high: f64) -> Figure {
        Figure { bar: format!("{low} to {high}"), ok: (low..=high).contains(&self.value), ..self }
    }

    /// Adds the ratio to the value of `base`, and the largest ratio that is good enough, if there is one.
    #[must_use]
    pub fn ratio(mut self, base: &str, ratio: f64, bar: Option<f64>) -> Figure {
        self.ratios.insert(format!("ratio to {base}"), rounded(ratio));
        if let Some(bar) = bar {
            self.ok &= ratio <= bar;
            let before = if self.bar.is_empty() { "" } else { ", " };
            self.bar += &format!("{before}<= {bar} x {base}");
        }
        self
    }

    /// Returns its line.
    ///
    /// # Panics
    /// Never: figures are plain values.
    pub fn line(&self) -> String {
        serde_json::to_string(self).expect("figures are plain values")
    }
}

fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}
