//! The part of Redis's protocol (RESP2) that is needed to send one command and read its answer.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Result, bail};

/// The timeout for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Opens a connection, sends one command and returns the answer as text.
pub fn ask(port: u16, password: Option<&str>, words: &[&str]) -> Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    if let Some(password) = password {
        give(&mut stream, &["AUTH", password])?;
        answer(&mut reader)?;
    }
    give(&mut stream, words)?;
    answer(&mut reader)
}

fn give(stream: &mut TcpStream, words: &[&str]) -> Result<()> {
    let mut bytes = format!("*{}\r\n", words.len());
    for word in words {
        bytes += &format!("${}\r\n{word}\r\n", word.len());
    }
    Ok(stream.write_all(bytes.as_bytes())?)
}

fn answer(reader: &mut impl BufRead) -> Result<String> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let line = line.trim_end();
    let (Some(kind), Some(rest)) = (line.get(..1), line.get(1..)) else { bail!("Redis closed the connection") };
    match kind {
        "+" | ":" => Ok(rest.to_owned()),
        "$" | "*" if rest == "-1" => Ok(String::new()),
        "$" => {
            let mut bytes = vec![0; rest.parse::<usize>()? + 2];
            reader.read_exact(&mut bytes)?;
            bytes.truncate(bytes.len() - 2);
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        }
        "*" => {
            let items: Result<Vec<String>> = (0..rest.parse::<usize>()?).map(|_| answer(reader)).collect();
            Ok(items?.join("\n"))
        }
        _ => bail!("Redis answered {line}"),
    }
}
