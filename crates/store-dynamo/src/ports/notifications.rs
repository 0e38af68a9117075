//! `notifications`.
