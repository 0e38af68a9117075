//! `marks`.
