//! `files`.
