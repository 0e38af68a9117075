//! The protocol's client in Rust: outbox, cursors, fold.
