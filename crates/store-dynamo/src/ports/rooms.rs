//! `rooms`.
