//! A WebSocket that carries a session, or probes to take one over: one task for each.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use engine::Opening;
use realtime::limits::FRAGMENTS;
use socketio::engine::{PROBE, Packet, SEPARATOR};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use web::ConnectionPermit;
use websocket::{Decoder, Event, Limits, Opcode, close_payload, frame};

use super::session::{Probed, Session, Transport, Written};
use super::{EngineSettings, Piece};

/// How long a WebSocket has to take over a session.
const UPGRADE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a client has to read the close frame.
const CLOSE_WAIT: Duration = Duration::from_secs(1);
/// How much is read at once.
const READ_BYTES: usize = 4 * 1024;
/// About how much is written at once.
const WRITE_BYTES: usize = 64 * 1024;

/// A WebSocket.
pub(super) struct Wire {
    stream: TcpStream,
    decoder: Decoder,
    limits: Limits,
    /// What was read and not decoded: the peer reads no message now.
    unread: Vec<u8>,
    /// Answers to the client's own pings.
    pongs: Vec<u8>,
    _permit: Option<ConnectionPermit>,
}

/// Why a WebSocket no longer carries anything.
enum Gone {
    /// The client is gone, or the session has ended.
    Ended,
    /// Close it with this code and reason.
    Close(u16, &'static str),
}

/// How a WebSocket ends that brings no packet, or one that has no place there.
const NOT_A_PACKET: Gone = Gone::Close(1002, "parse error");

impl From<io::Error> for Gone {
    fn from(_: io::Error) -> Gone {
        Gone::Ended
    }
}

impl Wire {
    /// Returns the WebSocket of a connection after its handshake.
    pub fn new(opening: Opening, permit: Option<ConnectionPermit>, settings: &EngineSettings) -> io::Result<Wire> {
        let Opening { stream, read } = opening;
        let stream = TcpStream::from_std(stream)?;
        let _ = stream.set_nodelay(true);
        let limits = Limits { message: settings.max_payload, fragments: FRAGMENTS };
        let (decoder, unread, pongs) = (Decoder::new(), read.to_vec(), Vec::new());
        Ok(Wire { stream, decoder, limits, unread, pongs, _permit: permit })
    }

    /// Carries a new session from its beginning to its end.
    pub async fn open(mut self, session: Arc<Session>, settings: EngineSettings) {
        let handshake = session.handshake(Transport::WebSocket, &settings).text();
        let gone = match self.send(&session, frame(Opcode::Text, handshake.as_bytes())).await {
            Ok(()) => self.carry(&session).await,
            Err(gone) => gone,
        };
        session.end(None);
        self.close(gone).await;
    }

    /// Probes, takes the session over, and carries it to its end.
    pub async fn upgrade(mut self, session: Arc<Session>) {
        match timeout(UPGRADE_TIMEOUT, self.probe(&session)).await {
            Ok(Ok(())) => {
                let gone = self.carry(&session).await;
                session.end(None);
                self.close(gone).await;
            }
            Ok(Err(gone)) => {
                session.fail_upgrade();
                self.close(gone).await;
            }
            Err(_) => {
                session.fail_upgrade();
                self.close(Gone::Close(1000, "")).await;
            }
        }
    }

    /// Closes a WebSocket that comes too late.
    pub async fn refuse(self) {
        self.close(Gone::Close(1000, "")).await;
    }

    async fn probe(&mut self, session: &Arc<Session>) -> Result<(), Gone> {
        loop {
            let mut probed = None;
            self.decode(session, true, |packet| {
                probed = Some(session.on_probe(packet));
                false
            })?;
            self.send_pongs(session).await?;
            match probed {
                Some(Probed::Answer) => {
                    let answer = Packet::Pong(PROBE.into()).text();
                    self.send(session, frame(Opcode::Text, answer.as_bytes())).await?;
                }
                Some(Probed::Upgraded) => return Ok(()),
                Some(Probed::Failed) => return Err(Gone::Close(1000, "")),
                None => tokio::select! {
                    read = self.read() => read?,
                    () = session.ended() => return Err(Gone::Ended),
                },
            }
        }
    }

    async fn carry(&mut self, session: &Arc<Session>) -> Gone {
        loop {
            if let Err(gone) = self.step(session).await {
                return gone;
            }
        }
    }

    /// Writes what waits, decodes what was read, or waits for either.
    async fn step(&mut self, session: &Arc<Session>) -> Result<(), Gone> {
        if session.is_ended() {
            return Err(Gone::Close(1000, ""));
        }
        if let Some(written) = session.take(WRITE_BYTES) {
            self.send(session, encode(&written)).await?;
            session.peer.written(written.pieces.iter().map(Piece::len).sum());
            return written.close.map_or(Ok(()), |(code, reason)| Err(Gone::Close(code, reason)));
        }
        let before = self.unread.len();
        self.decode(session, false, |packet| session.on_packet(packet))?;
        self.send_pongs(session).await?;
        if self.unread.len() < before {
            return Ok(());
        }

        let waits = !self.unread.is_empty();
        tokio::select! {
            () = session.signals.output.notified() => {}
            () = session.signals.reads.notified(), if waits => {}
            read = self.read(), if !waits => read?,
        }
        Ok(())
    }

    /// Decodes what was read, as long as the peer reads, and `on_packet` returns that another one may follow. While probing, a
    /// packet ends it; otherwise `false` means that the packet has no place here.
    fn decode(
        &mut self,
        session: &Session,
        probing: bool,
        mut on_packet: impl FnMut(&Packet<'_>) -> bool,
    ) -> Result<(), Gone> {
        let mut bytes = std::mem::take(&mut self.unread);
        let mut input = &mut bytes[..];
        while !input.is_empty() && (probing || session.peer.reads()) {
            let packet = match self.decoder.next(&mut input, &self.limits) {
                Ok(None) => break,
                Ok(Some(Event::Text(text))) => Packet::decode(text).ok(),
                Ok(Some(Event::Binary(bytes))) => Some(Packet::Binary(bytes.into())),
                Ok(Some(Event::Ping(payload))) => {
                    self.pongs.extend_from_slice(&frame(Opcode::Pong, payload));
                    session.peer.on_control();
                    continue;
                }
                Ok(Some(Event::Pong(_) | Event::Fragment)) => {
                    session.peer.on_control();
                    continue;
                }
                Ok(Some(Event::Close { code })) => return Err(Gone::Close(code.unwrap_or(1000), "")),
                Err(violation) => {
                    session.peer.on_breach();
                    return Err(Gone::Close(violation.close_code(), ""));
                }
            };
            let accepted = packet.as_ref().is_some_and(&mut on_packet);
            match (probing, packet) {
                (true, Some(_)) => break,
                // The session itself goes on with polling.
                (true, None) => return Err(NOT_A_PACKET),
                (false, _) if !accepted => {
                    session.on_breach();
                    return Err(NOT_A_PACKET);
                }
                (false, _) => {}
            }
        }
        let left = input.len();
        bytes.drain(..bytes.len() - left);
        // An idle socket keeps no memory for what it reads.
        self.unread = if left == 0 { Vec::new() } else { bytes };
        Ok(())
    }

    /// Waits for bytes of the client, and reads some.
    async fn read(&mut self) -> io::Result<()> {
        loop {
            self.stream.readable().await?;
            match self.try_read() {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(_) => return Ok(()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads into a buffer that is not part of the task's memory.
    fn try_read(&mut self) -> io::Result<usize> {
        let mut buffer = [0; READ_BYTES];
        let read = self.stream.try_read(&mut buffer)?;
        self.unread.extend_from_slice(&buffer[..read]);
        Ok(read)
    }

    async fn send_pongs(&mut self, session: &Session) -> Result<(), Gone> {
        if self.pongs.is_empty() {
            return Ok(());
        }
        let pongs = std::mem::take(&mut self.pongs);
        self.send(session, pongs).await
    }

    async fn send(&mut self, session: &Session, bytes: Vec<u8>) -> Result<(), Gone> {
        tokio::select! {
            sent = self.stream.write_all(&bytes) => Ok(sent?),
            () = session.ended() => Err(Gone::Ended),
        }
    }

    async fn close(mut self, gone: Gone) {
        let Gone::Close(code, reason) = gone else { return };
        let farewell = async {
            self.stream.write_all(&frame(Opcode::Close, &close_payload(code, reason))).await?;
            self.stream.shutdown().await?;
            // Bytes that were never read would turn the close into a reset, and the reason would be lost.
            let mut rest = [0; 256];
            while self.stream.read(&mut rest).await? > 0 {}
            io::Result::Ok(())
        };
        let _ = timeout(CLOSE_WAIT, farewell).await;
    }
}

/// Returns the frames of what is written: one for each packet.
fn encode(written: &Written) -> Vec<u8> {
    let mut frames = Vec::new();
    if written.ping {
        frames.extend_from_slice(&frame(Opcode::Text, Packet::Ping("".into()).text().as_bytes()));
    }
    for piece in &written.pieces {
        match piece {
            Piece::Binary(bytes) => frames.extend_from_slice(&frame(Opcode::Binary, bytes)),
            Piece::Packets(packets) => {
                let payload = packets.payload();
                let mut packets_of = payload.split(|byte| *byte == SEPARATOR as u8);
                match (packets_of.next(), packets_of.next()) {
                    (Some(_), None) => frames.extend_from_slice(packets.wire()),
                    _ => payload
                        .split(|byte| *byte == SEPARATOR as u8)
                        .for_each(|packet| frames.extend_from_slice(&frame(Opcode::Text, packet))),
                }
            }
        }
    }
    frames
}
