//! Prints what was written in a room since the last run, for an archive or an export. A file stores the cursor: `cargo
//! run -p examples --bin read_log -- http://127.0.0.1:8080 general cursor.json`.

use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wire::EventKind;
use wire::rest::messages::MessagePage;

/// The position in the log. A store that was restored from a backup has another epoch, in which the position means
/// nothing.
#[derive(Default, Serialize, Deserialize)]
struct Cursor {
    epoch: String,
    seq: u64,
}

#[tokio::main]
pub async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, room, cursor] = &arguments[..] else { anyhow::bail!("usage: read_log URL ROOM CURSOR-FILE") };
    run(url, room, Path::new(cursor), &mut std::io::stdout()).await
}

/// Prints each message after the saved cursor, one per line, and saves the cursor after each page.
pub async fn run(url: &str, room: &str, file: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    let http = reqwest::Client::new();
    let guest = http.post(format!("{url}/api/auth/guest")).json(&json!({ "name": "reader" })).send().await?;
    let guest: Value = guest.error_for_status()?.json().await?;
    let token = guest["access_token"].as_str().unwrap_or_default();

    let mut cursor: Cursor = match std::fs::read(file) {
        Ok(saved) => serde_json::from_slice(&saved)?,
        Err(_) => Cursor::default(),
    };
    loop {
        // Pages are limited to 200 messages. They never overlap: `after` excludes the message that it names.
        let page = format!("{url}/api/rooms/{room}/messages?after={}&limit=200", cursor.seq);
        let page: MessagePage = http.get(page).bearer_auth(token).send().await?.error_for_status()?.json().await?;
        if page.epoch != cursor.epoch {
            let is_first = cursor.epoch.is_empty();
            cursor = Cursor { epoch: page.epoch.clone(), seq: 0 };
            if !is_first {
                // This page was requested with a position of the other epoch.
                continue;
            }
        }

        for event in &page.items {
            if let EventKind::Message { text, .. } = &event.kind {
                writeln!(out, "{} {}: {text}", event.seq, event.by.name)?;
            }
            cursor.seq = event.seq;
        }
        save(file, &cursor)?;
        if !page.more {
            return Ok(());
        }
    }
}

/// Writes beside the file and moves it there, so that a crash leaves either the old cursor or the new one.
fn save(file: &Path, cursor: &Cursor) -> anyhow::Result<()> {
    let fresh = file.with_extension("new");
    std::fs::write(&fresh, serde_json::to_vec(cursor)?)?;
    Ok(std::fs::rename(fresh, file)?)
}
