//! From a client's packets to requests.

use std::borrow::Cow;

use domain::text::MessageText;
use domain::{Intent, Refusal, Seq};
use serde_json::{Map, Value, json};
use socketio::{Kind, MAIN_NAMESPACE, Packet};

use super::{SocketIo, encode, offset};
use crate::codec::Aside;
use crate::limits::LOGS_PER_SOCKET;
use crate::message::{EventReply, Reply, ReplyTo};
use crate::request::{Decoded, Request};

/// An event of a client.
struct Arrived {
    name: String,
    ack: Option<u64>,
    body: Map<String, Value>,
}

/// Why an event is not a request: a sentence for its sender.
type Why = Cow<'static, str>;

impl SocketIo {
    pub(super) fn on_packet(&mut self, packet: Packet) -> Decoded {
        if packet.namespace != MAIN_NAMESPACE {
            if packet.kind == Kind::Connect {
                let refused = json!({ "message": "Invalid namespace" });
                let packet = Packet::new(Kind::ConnectError, Some(refused)).within(&packet.namespace);
                self.answer([encode::message(&packet)]);
            }
            return Decoded::Nothing;
        }
        match packet.kind {
            Kind::Connect if self.connects => Decoded::Nothing,
            Kind::Connect => self.connect(packet.data.json),
            Kind::Disconnect => {
                self.asides.push_back(Aside::Leave);
                Decoded::Nothing
            }
            Kind::Event if !self.connects => rejected_connect("Connect to the namespace / first."),
            Kind::Event => self.event(packet),
            Kind::Ack | Kind::ConnectError => Decoded::Nothing,
        }
    }

    fn connect(&mut self, auth: Option<Value>) -> Decoded {
        self.connects = true;
        let text = |name: &str| auth.as_ref()?.get(name)?.as_str().map(str::to_owned);
        self.offset = text("offset").as_deref().and_then(offset::parse);
        match text("token") {
            Some(token) => Decoded::Request(Request::SignIn {
                version: wire::VERSION,
                token: Some(token),
                epoch: None,
                batch: false,
            }),
            None => rejected_connect("Set auth.token to an access token: POST /api/auth/login returns one."),
        }
    }

    fn event(&mut self, packet: Packet) -> Decoded {
        let (ack, has_bytes) = (packet.id, !packet.data.attachments.is_empty());
        let Some((name, arguments)) = packet.into_event() else { return Decoded::Breach };
        let body = match arguments.into_iter().next() {
            Some(Value::Object(body)) => body,
            _ => Map::new(),
        };
        let arrived = Arrived { name, ack, body };
        if has_bytes {
            return arrived
                .rejected("An event cannot carry bytes here. Upload a file with the REST API instead.".into());
        }
        if let Err(refusal) = self.check_user(&arrived) {
            return arrived.refused(refusal);
        }
        match self.request(&arrived) {
            Ok(request) => Decoded::Request(request),
            Err(why) => arrived.rejected(why),
        }
    }

    /// Refuses to act for another user than the one of the token.
    fn check_user(&self, arrived: &Arrived) -> Result<(), Refusal> {
        match arrived.body.get("userId") {
            None | Some(Value::Null) => Ok(()),
            Some(Value::String(user)) if self.user.as_ref() == Some(user) => Ok(()),
            Some(_) => {
                Err(Refusal::forbidden("userId is not the user of your token. Leave it out, or send your own id."))
            }
        }
    }

    fn request(&mut self, arrived: &Arrived) -> Result<Request, Why> {
        Ok(match arrived.name.as_str() {
            "join_room" => {
                let room = arrived.text("roomId")?;
                // The names of more rooms than a connection may follow are not remembered.
                let is_first = self.entered.len() < LOGS_PER_SOCKET && self.entered.insert(room.clone());
                let after = self.offset.filter(|_| is_first);
                Request::Enter { reply: arrived.reply(&room, None), room, after }
            }
            "leave_room" => {
                let room = arrived.text("roomId")?;
                let reply = arrived.reply(&room, None);
                self.answer(arrived.ack.map(encode::done));
                Request::Exit { reply, room }
            }
            "send_message" => {
                let room = arrived.text("roomId")?;
                match arrived.body.get("type").and_then(Value::as_str).unwrap_or("text") {
                    "text" | "message" => {}
                    _ => return Err("type must be \"text\". Upload a file with the REST API instead.".into()),
                }
                let text = content(&arrived.text("content")?);
                let intent = text.map(|text| Intent::Send { text, reply_to: None, thread: None, files: Vec::new() });
                arrived.change(room, None, intent)
            }
            "edit_message" => {
                let (room, target) = arrived.message()?;
                let intent = content(&arrived.text("content")?).map(|text| Intent::Edit { target, text });
                arrived.change(room, Some(target), intent)
            }
            "delete_message" => {
                let (room, target) = arrived.message()?;
                arrived.change(room, Some(target), Ok(Intent::Delete { target }))
            }
            "typing_start" | "typing_stop" => {
                let room = arrived.text("roomId")?;
                self.answer(arrived.ack.map(encode::done));
                Request::Typing { room, on: arrived.name == "typing_start" }
            }
            "mark_read" => {
                let (room, seq) = arrived.message()?;
                self.answer(arrived.ack.map(encode::done));
                Request::Mark { room, seq }
            }
            _ => return Err("This server does not know this event.".into()),
        })
    }

    fn answer(&mut self, packets: impl IntoIterator<Item = String>) {
        self.asides.extend(encode::payload(packets).map(Aside::Answer));
    }
}

impl Arrived {
    fn text(&self, name: &'static str) -> Result<String, Why> {
        match self.body.get(name) {
            Some(Value::String(text)) => Ok(text.clone()),
            _ => Err(format!("{name} must be a text.").into()),
        }
    }

    /// Returns the room and the seq of `messageId`, which events name as `<room>:<seq>`.
    fn message(&self) -> Result<(String, Seq), Why> {
        let id = self.text("messageId")?;
        let parsed = id.rsplit_once(':').and_then(|(room, seq)| Some((room.to_owned(), seq.parse().ok()?)));
        parsed.ok_or_else(|| "messageId must be the id of a message, as `message` events name it.".into())
    }

    fn reply(&self, room: &str, message: Option<Seq>) -> Reply {
        let to = EventReply { ack: self.ack, room: room.to_owned(), message };
        let of = Some(Cow::Owned(self.name.clone()));
        Reply { to: ReplyTo::Event(Box::new(to)), of, room: Some(room.to_owned()) }
    }

    fn change(&self, room: String, message: Option<Seq>, intent: Result<Intent, Refusal>) -> Request {
        Request::Change { reply: self.reply(&room, message), id: None, room, seen: None, intent }
    }

    fn rejected(&self, message: Why) -> Decoded {
        Decoded::Rejected { reply: self.reply("", None), message: message.into_owned() }
    }

    fn refused(&self, refusal: Refusal) -> Decoded {
        Decoded::Request(self.change(String::new(), None, Err(refusal)))
    }
}

fn content(text: &str) -> Result<MessageText, Refusal> {
    let text = MessageText::try_from(text.to_owned()).map_err(Refusal::from)?;
    match text.is_blank() {
        true => Err(Refusal::bad_request("Write a message: content is empty.")),
        false => Ok(text),
    }
}

fn rejected_connect(message: &str) -> Decoded {
    Decoded::Rejected { reply: Reply::unnamed("hello", None), message: message.to_owned() }
}
