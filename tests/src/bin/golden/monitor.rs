//! Reads every message that nodes publish on a Redis, with `MONITOR`.

use std::sync::{Arc, Mutex};

use anyhow::Result;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// The messages published so far.
pub struct Heard(Arc<Mutex<Vec<Published>>>);

/// A channel, and what was published on it.
type Published = (String, Vec<u8>);

/// Starts to listen.
pub async fn start(port: u16) -> Result<Heard> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(b"MONITOR\r\n").await?;
    let heard = Arc::new(Mutex::new(Vec::new()));
    let kept = heard.clone();
    let mut lines = BufReader::new(stream).lines();
    anyhow::ensure!(lines.next_line().await?.as_deref() == Some("+OK"), "Redis refused MONITOR");
    tokio::spawn(async move {
        while let Ok(Some(line)) = lines.next_line().await {
            let words = words(&line);
            if let [command, channel, payload] = &words[..]
                && command.to_ascii_uppercase().ends_with(b"PUBLISH")
            {
                let channel = String::from_utf8_lossy(channel).into_owned();
                kept.lock().expect("nobody panics").push((channel, payload.clone()));
            }
        }
    });
    Ok(Heard(heard))
}

impl Heard {
    /// Formats one message per line, its payload in base64.
    pub fn messages(&self) -> String {
        let heard = self.0.lock().expect("nobody panics");
        let line = |(channel, payload): &Published| {
            format!("{}\n", json!({ "channel": channel, "payload": BASE64_STANDARD.encode(payload) }))
        };
        heard.iter().map(line).collect()
    }
}

/// Splits a line into words, which Redis quotes and escapes like C.
fn words(line: &str) -> Vec<Vec<u8>> {
    let (mut words, mut bytes) = (Vec::new(), line.bytes());
    while bytes.any(|byte| byte == b'"') {
        let mut word = Vec::new();
        loop {
            match bytes.next() {
                None | Some(b'"') => break,
                Some(b'\\') => word.push(match bytes.next() {
                    Some(b'n') => b'\n',
                    Some(b'r') => b'\r',
                    Some(b't') => b'\t',
                    Some(b'a') => 7,
                    Some(b'b') => 8,
                    Some(b'x') => {
                        let hex: String = bytes.by_ref().take(2).map(char::from).collect();
                        u8::from_str_radix(&hex, 16).expect("Redis writes two hexadecimal digits")
                    }
                    other => other.expect("an escape has a second byte"),
                }),
                Some(byte) => word.push(byte),
            }
        }
        words.push(word);
    }
    words
}
