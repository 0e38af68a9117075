//! `nodes`.
