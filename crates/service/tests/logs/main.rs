//! The appender, pages, replay and marks on the in-memory store, in virtual time.

mod costs;
mod directed;
mod drain;
mod marks;
mod pages;
mod replay;
mod setup;
mod storm;
