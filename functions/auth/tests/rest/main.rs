//! Tests the function from outside, on the store in memory: its router with the layers, called like a client would.

mod accounts;
mod browser;
mod caller;
mod documents;
mod flood;
mod sessions;
