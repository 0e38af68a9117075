//! Drives the machine over a socket: connects, reconnects with full jitter, renews tokens.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::Backoff;
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use wire::{ClientFrame, ServerFrame};

use crate::state::Output;
use crate::{ClientInner, Error};

/// The delays between two connections that failed.
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(250), Duration::from_secs(10));
/// The server's heartbeat, until it names its own.
const HEARTBEAT: Duration = Duration::from_secs(25);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How a connection ended.
enum End {
    /// Broken, or closed to be opened again.
    Again,
    /// As [`End::Again`], after this.
    After(Duration),
    /// The access token is over.
    Unauthenticated,
    /// Closed for good.
    Final(u16),
    /// Nobody needs it any more.
    Stopped,
}

/// Runs until it is told to stop, or the server closes for good.
pub(crate) async fn run(inner: Arc<ClientInner>, mut stopped: watch::Receiver<bool>) {
    let mut backoff = BACKOFF;
    loop {
        let end = tokio::select! {
            end = connection(&inner, &mut backoff) => end,
            _ = stopped.wait_for(|stopped| *stopped) => End::Stopped,
        };
        inner.state.lock().disconnected();
        // Only news is left: without a socket nothing can fail.
        let _ = perform(&inner, None).await;
        let wait = match end {
            End::Stopped => break,
            End::Final(code) => {
                inner.ended.send_replace(Some(code));
                break;
            }
            End::After(wait) => wait,
            End::Unauthenticated => match inner.rest.refresh().await {
                // The session is over: no other token will come.
                Err(Error::Rest { status: 401, .. }) => {
                    inner.ended.send_replace(Some(4401));
                    break;
                }
                _ => full_jitter(&mut backoff),
            },
            End::Again => full_jitter(&mut backoff),
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            _ = stopped.wait_for(|stopped| *stopped) => break,
        }
    }
    inner.answers.lock().clear();
}

/// Full jitter, so that many clients do not come back together.
fn full_jitter(backoff: &mut Backoff) -> Duration {
    backoff.next_delay(rand::random_range(0.0..1.0))
}

async fn connection(inner: &Arc<ClientInner>, backoff: &mut Backoff) -> End {
    let Ok((mut socket, _)) = connect_async(inner.rest.sockets()).await else { return End::Again };
    let epoch = inner.state.lock().epoch().map(ToOwned::to_owned);
    let token = Some(inner.rest.access_token());
    let hello = ClientFrame::Hello { v: wire::VERSION, token, epoch, caps: Vec::new(), batch: true };
    if say(&mut socket, &hello).await.is_err() {
        return End::Again;
    }
    let mut heard = Instant::now();
    let mut heartbeat = HEARTBEAT;
    // One behind an API Gateway has no timer that could ping, so the client asks before it gives up.
    let mut asked = false;
    let mut leave = None;
    loop {
        let due = inner.state.lock().next_tick().map(|at| inner.started + at);
        let silence = heard + if asked { heartbeat * 3 } else { heartbeat * 3 / 2 };
        let due = due.into_iter().chain(leave).chain([silence]).min().expect("silence is always due");
        tokio::select! {
            biased;
            () = inner.cut.notified() => return End::Again,
            message = socket.next() => {
                heard = Instant::now();
                asked = false;
                match message {
                    Some(Ok(Message::Text(text))) => {
                        for frame in frames(&text) {
                            if let ServerFrame::Welcome { heartbeat_ms, .. } = &frame {
                                backoff.reset();
                                heartbeat = Duration::from_millis(*heartbeat_ms);
                            }
                            inner.state.lock().on_frame(frame, inner.elapsed());
                        }
                    }
                    Some(Ok(Message::Close(frame))) => return ended(frame.map_or(1005, |frame| frame.code.into())),
                    Some(Ok(_)) => {}
                    None | Some(Err(_)) => return End::Again,
                }
            }
            () = inner.wake.notified() => {}
            () = tokio::time::sleep_until(due.into()) => {
                let now = Instant::now();
                if now >= heard + heartbeat * 3 {
                    return End::Again;
                }
                if !asked && now >= heard + heartbeat * 3 / 2 {
                    asked = true;
                    let ping = ClientFrame::Ping { id: None };
                    if say(&mut socket, &ping).await.is_err() {
                        return End::Again;
                    }
                }
                if leave.is_some_and(|at| now >= at) {
                    return End::After(Duration::ZERO);
                }
                inner.state.lock().on_tick(inner.elapsed());
            }
        }
        match perform(inner, Some(&mut socket)).await {
            Ok(wait) => leave = leave.or(wait.map(|wait| Instant::now() + wait)),
            Err(()) => return End::Again,
        }
    }
}

fn ended(code: u16) -> End {
    match code {
        4401 => End::Unauthenticated,
        4500..=4599 => End::Final(code),
        _ => End::Again,
    }
}

/// One frame, or an array of them. What cannot be read is of a later version, and left out.
fn frames(text: &str) -> Vec<ServerFrame> {
    let values = match serde_json::from_str(text) {
        Ok(serde_json::Value::Array(values)) => values,
        Ok(value) => vec![value],
        Err(_) => Vec::new(),
    };
    values.into_iter().filter_map(|value| serde_json::from_value(value).ok()).collect()
}

/// Does what the machine asks for. Returns when the connection is to be left.
async fn perform(inner: &Arc<ClientInner>, mut socket: Option<&mut Socket>) -> Result<Option<Duration>, ()> {
    let mut leave = None;
    loop {
        let outputs = inner.state.lock().take_outputs();
        if outputs.is_empty() {
            break;
        }
        for output in outputs {
            match output {
                Output::Say(frame) => {
                    // What was said into a connection that is gone is said again on the next one.
                    if let Some(socket) = &mut socket {
                        feed(socket, &frame).await?;
                    }
                }
                // Nobody may listen.
                Output::Tell(update) => drop(inner.updates.send(update)),
                Output::Answer(id, answer) => {
                    if let Some(waiting) = inner.answers.lock().remove(&id) {
                        let _ = waiting.send(answer.map_err(Error::from));
                    }
                }
                Output::Renew => {
                    if let (Some(socket), Ok(())) = (&mut socket, inner.rest.refresh().await) {
                        let token = inner.rest.access_token();
                        feed(socket, &ClientFrame::Auth { id: "renew".into(), token }).await?;
                    }
                }
                Output::Leave(wait) => leave = Some(wait),
            }
        }
    }
    if let Some(socket) = socket {
        socket.flush().await.map_err(drop)?;
    }
    Ok(leave)
}

async fn feed(socket: &mut Socket, frame: &ClientFrame) -> Result<(), ()> {
    let text = serde_json::to_string(frame).expect("frames have string keys and no failing serializers");
    socket.feed(Message::Text(text.into())).await.map_err(drop)
}

async fn say(socket: &mut Socket, frame: &ClientFrame) -> Result<(), ()> {
    feed(socket, frame).await?;
    socket.flush().await.map_err(drop)
}
