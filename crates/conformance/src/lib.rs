//! One test suite a port, run on every adapter; and the store in memory.
