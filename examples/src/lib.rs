//! The examples as modules, so that `tests/tests/it/examples.rs` runs the code that newcomers copy. Each file beside
//! this folder is a separate program: `cargo run -p examples --bin echo_bot`.

#[path = "../bridge.rs"]
pub mod bridge;
#[path = "../echo_bot.rs"]
pub mod echo_bot;
#[path = "../embed_router.rs"]
pub mod embed_router;
#[path = "../moderation_bot.rs"]
pub mod moderation_bot;
#[path = "../post_to_connection.rs"]
pub mod post_to_connection;
#[path = "../read_log.rs"]
pub mod read_log;
