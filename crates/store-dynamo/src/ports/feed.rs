//! `feed`.
