//! A bot that says again what others say in #general: `cargo run --example echo_bot -- http://127.0.0.1:8080`.

use client::{Client, Credentials, Error, Update};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let url = std::env::args().nth(1).unwrap_or("http://127.0.0.1:8080".into());
    let bot = Client::connect(&url, Credentials::guest("echo")).await?;
    let room = bot.join("general").await?;
    let mut updates = bot.updates();
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
