//! A bot that deletes messages with a forbidden word. Its account has to be a moderator of the room:
//! `cargo run -p examples --bin moderation_bot -- http://127.0.0.1:8080 general NAME PASSWORD spam scam`.

use client::{Client, Credentials, Error, Message, Update};

#[tokio::main]
pub async fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, room, name, password, forbidden @ ..] = &arguments[..] else {
        eprintln!("usage: moderation_bot URL ROOM NAME PASSWORD WORD...");
        return Ok(());
    };
    run(url, room, Credentials::password(name, password), forbidden).await
}

/// Runs until the server closes the connection for good.
pub async fn run(url: &str, room: &str, account: Credentials, forbidden: &[String]) -> Result<(), Error> {
    let bot = Client::connect(url, account).await?;
    let mut updates = bot.updates();
    let room = bot.join(room).await?;
    bot.send(&room, "I delete messages with words that are forbidden here.").await?;

    while let Some(update) = updates.next().await {
        let message = match update {
            Update::Message { room: at, message } if at == room => Some(message),
            // An edit can add the word later. The client has already applied it.
            Update::Changed { room: at, seq } if at == room => changed_by(&bot, &room, seq),
            _ => None,
        };
        let Some(message) = message.filter(|message| !message.deleted && is_forbidden(&message.text, forbidden)) else {
            continue;
        };
        match bot.delete(&room, message.seq).await {
            Ok(_) => println!("deleted message {} of {}", message.seq, message.by.name),
            // Another moderator was faster, or the bot is no longer a moderator.
            Err(Error::Refused(why)) => eprintln!("message {} stays: {why}", message.seq),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Returns the message whose last change is this entry.
fn changed_by(bot: &Client, room: &str, seq: u64) -> Option<Message> {
    bot.room(room)?.messages.into_values().find(|message| message.rev == seq)
}

/// Compares whole words, so that "scam" does not match "scampi".
fn is_forbidden(text: &str, forbidden: &[String]) -> bool {
    let text = text.to_lowercase();
    text.split(|c: char| !c.is_alphanumeric()).any(|word| forbidden.iter().any(|it| it.to_lowercase() == word))
}
