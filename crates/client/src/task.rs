//! Drives the machine over a socket: connects, reconnects with full jitter, renews tokens.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::Backoff;
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use wire::{ClientFrame, CloseCode, ServerFrame};

use crate::state::Output;
use crate::{ClientInner, Error};

/// Bounds of the delay between two failed connections.
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(250), Duration::from_secs(10));
/// The heartbeat interval until the server names its own.
const HEARTBEAT: Duration = Duration::from_secs(25);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How a connection ended.
enum End {
    /// It broke, or was closed to be reopened.
    Again,
    /// Like [`End::Again`], after this delay.
    After(Duration),
    /// The access token has expired.
    Unauthenticated,
    /// The server closed it permanently.
    Final(u16),
    /// The last client was dropped.
    Stopped,
}

/// Runs until it is asked to stop, or the server closes the connection permanently.
pub(crate) async fn run(inner: Arc<ClientInner>, mut stopped: watch::Receiver<bool>) {
    let mut backoff = BACKOFF;
    loop {
        let end = tokio::select! {
            end = connection(&inner, &mut backoff) => end,
            _ = stopped.wait_for(|stopped| *stopped) => End::Stopped,
        };
        inner.state.lock().disconnected();
        // Only news is pending: without a socket nothing can fail.
        let _ = perform(&inner, None).await;
        let wait = match end {
            End::Stopped => break,
            End::Final(code) => {
                inner.ended.send_replace(Some(code));
                break;
            }
            End::After(wait) => wait,
            End::Unauthenticated => match inner.rest.refresh().await {
                // The session has ended: its token cannot be renewed.
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

/// Returns a delay with full jitter, so that many clients do not reconnect together.
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
    // Behind an API Gateway the server has no timer for pings, so the client asks before it gives up.
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
        code if !CloseCode::allows_reconnect(code) => End::Final(code),
        _ => End::Again,
    }
}

/// Parses one frame, or an array of them. Skips frames that it cannot read, because they belong to a later version.
fn frames(text: &str) -> Vec<ServerFrame> {
    let values = match serde_json::from_str(text) {
        Ok(serde_json::Value::Array(values)) => values,
        Ok(value) => vec![value],
        Err(_) => Vec::new(),
    };
    values.into_iter().filter_map(|value| serde_json::from_value(value).ok()).collect()
}

/// Carries out the machine's output. Returns the delay after which to close the connection, if it should be closed.
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
                    // A frame lost with a broken connection is sent again on the next one.
                    if let Some(socket) = &mut socket {
                        feed(socket, &frame).await?;
                    }
                }
                // There may be no receiver.
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
