//! A bot that repeats what others say in #general: `cargo run -p examples --bin echo_bot -- http://127.0.0.1:8080`.

use client::{Client, Credentials, Error, Update};

/// The room of a new installation.
pub const ROOM: &str = "general";

#[tokio::main]
pub async fn main() -> Result<(), Error> {
    let url = std::env::args().nth(1).unwrap_or("http://127.0.0.1:8080".into());
    run(&url, ROOM).await
}

/// Runs until the server closes the connection for good. The client reconnects if the connection breaks.
pub async fn run(url: &str, room: &str) -> Result<(), Error> {
    let bot = Client::connect(url, Credentials::guest("echo")).await?;
    let mut updates = bot.updates();
    let room = bot.join(room).await?;
    bot.send(&room, "I repeat what you say.").await?;

    while let Some(update) = updates.next().await {
        if let Update::Message { room: at, message } = update
            && at == room
            && message.by.id != bot.user().id
        {
            bot.reply(&room, message.seq, &message.text).await?;
        }
    }
    Ok(())
}
