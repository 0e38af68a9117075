//! `people`.
