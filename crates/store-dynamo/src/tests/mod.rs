//! The suite on two emulators, and what is particular to this store.

mod conform;
mod world;
