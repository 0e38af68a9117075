//! Use cases and the ports they need.
//!
//! Decides nothing that a pure rule could decide (that is `domain`) and knows no adapter, no frame and
//! no status code.

pub mod ports;
