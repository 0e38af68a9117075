//! The appender, pages, replay and marks on the store in memory, in virtual time.

mod costs;
mod directed;
mod drain;
mod marks;
mod pages;
mod replay;
mod setup;
mod storm;
