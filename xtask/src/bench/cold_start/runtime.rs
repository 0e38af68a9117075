//! Emulates Lambda for one start: receives the program's first request for an event, answers it, and receives the
//! answer.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Child;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde_json::Value;

/// The timeout for each step.
const PATIENCE: Duration = Duration::from_secs(30);
/// The pause between two checks for a connection.
const LOOK_EVERY: Duration = Duration::from_micros(200);

/// How long a start took, measured from the start of the process.
pub struct Took {
    /// The time until it requested its first event.
    pub asked: Duration,
    /// The time until that event was answered.
    pub answered: Duration,
}

/// The server that the program asks for events.
pub struct Runtime {
    listener: TcpListener,
}

impl Runtime {
    /// Listens on a free port.
    pub fn listen() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        Ok(Runtime { listener })
    }

    /// Returns the server's address.
    pub fn address(&self) -> Result<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }

    /// Takes a program that was started at `began` through its first event.
    pub fn first_event(&self, child: &mut Child, began: Instant, event: &Value) -> Result<Took> {
        let (mut connection, line) = self.call(child)?;
        let asked = began.elapsed();
        if !line.contains("/invocation/next") {
            bail!("it requested {line:?} instead of an event");
        }
        let event = event.to_string();
        write!(
            connection,
            "HTTP/1.1 200 OK\r\nlambda-runtime-aws-request-id: 1\r\nlambda-runtime-deadline-ms: 9999999999999\r\n\
             lambda-runtime-invoked-function-arn: arn:aws:lambda:us-east-1:123456789012:function:bench\r\n\
             content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{event}",
            event.len(),
        )?;
        drop(connection);
        let (_, line) = self.call(child)?;
        let answered = began.elapsed();
        if !line.contains("/response") {
            bail!("it did not answer its first event: {line:?}");
        }
        Ok(Took { asked, answered })
    }

    /// Reads the program's next call completely; returns the connection and its request line.
    fn call(&self, child: &mut Child) -> Result<(TcpStream, String)> {
        let began = Instant::now();
        let connection = loop {
            match self.listener.accept() {
                Ok((connection, _)) => break connection,
                Err(_) if child.try_wait()?.is_some() => bail!("it ended before it had answered"),
                Err(_) if began.elapsed() > PATIENCE => bail!("it did not call within {PATIENCE:?}"),
                Err(_) => std::thread::sleep(LOOK_EVERY),
            }
        };
        connection.set_nonblocking(false)?;
        connection.set_read_timeout(Some(PATIENCE))?;
        let mut reader = BufReader::new(connection);
        let mut first = String::new();
        reader.read_line(&mut first)?;
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            match line.to_ascii_lowercase().split_once(':') {
                Some(("content-length", value)) => length = value.trim().parse()?,
                Some(_) => {}
                None => break,
            }
        }
        // A call that is cut off would be an error for the program.
        std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink())?;
        Ok((reader.into_inner(), first))
    }
}
