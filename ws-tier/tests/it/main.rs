//! Tests of the tier as clients see it: real sockets, the real service, a store in memory.

mod chat;
mod harness;
mod limits;
mod nodes;
mod peers;
mod resume;
mod sessions;
mod shards;
