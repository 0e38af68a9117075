//! The store's ports on SQLite (PostgreSQL next).
