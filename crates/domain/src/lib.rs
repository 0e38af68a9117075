//! Ids, entries, fold, decide, roles, limits. Pure: no async, no I/O.
