//! Copies messages between two rooms, both ways: `cargo run -p examples --bin bridge -- http://127.0.0.1:8080 general random`.

use client::{Client, Credentials, Error, Update};

#[tokio::main]
pub async fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, left, right] = &arguments[..] else {
        eprintln!("usage: bridge URL ROOM ROOM");
        return Ok(());
    };
    run(url, left, right).await
}

/// Runs until the server closes the connection for good.
pub async fn run(url: &str, left: &str, right: &str) -> Result<(), Error> {
    let bridge = Client::connect(url, Credentials::guest("bridge")).await?;
    let mut updates = bridge.updates();
    let rooms = [bridge.join(left).await?, bridge.join(right).await?];
    for (room, other) in rooms.iter().zip([right, left]) {
        bridge.send(room, &format!("This room is connected to {other}.")).await?;
    }

    while let Some(update) = updates.next().await {
        let Update::Message { room, message } = update else { continue };
        // The bridge's own messages came from the other room: copying them back would never end.
        if message.by.id == bridge.user().id {
            continue;
        }
        let Some(from) = rooms.iter().position(|id| *id == room) else { continue };
        // The client resends until the copy is acked, and the server stores a retry only once.
        bridge.send(&rooms[1 - from], &format!("{}: {}", message.by.name, message.text)).await?;
    }
    Ok(())
}
