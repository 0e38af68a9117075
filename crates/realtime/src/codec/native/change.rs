//! Decodes a client's frame into the change that it requests. Checks only what needs no state; the log decides the rest.

use domain::limits::FILES_PER_MESSAGE;
use domain::text::{Emoji, MessageText};
use domain::{Code, Intent, Refusal};
use wire::ClientFrame;

use crate::message::{Reply, ReplyTo};
use crate::request::Request;

/// Returns the change that a frame requests, or the frame if it requests none.
pub(super) fn request(frame: ClientFrame) -> Result<Request, Box<ClientFrame>> {
    let of = frame.name();
    let (id, room, seen, intent) = match frame {
        ClientFrame::Send { id, room, text, reply_to, thread, files, seen } => {
            let intent = message(text).and_then(|text| match files.len() {
                0 if text.is_blank() => Err(Refusal::bad_request("Write a message or attach a file.")),
                n if n > FILES_PER_MESSAGE => {
                    Err(Refusal::new(Code::TooLarge, format!("A message can have at most {FILES_PER_MESSAGE} files.")))
                }
                _ => Ok(Intent::Send { text, reply_to, thread, files }),
            });
            (id, room, Some(seen), intent)
        }
        ClientFrame::Edit { id, room, target, text, seen } => {
            (id, room, Some(seen), message(text).map(|text| Intent::Edit { target, text }))
        }
        ClientFrame::Delete { id, room, target, seen } => (id, room, Some(seen), Ok(Intent::Delete { target })),
        ClientFrame::React { id, room, target, emoji, on, seen } => {
            let intent = Emoji::try_from(emoji).map_err(Refusal::from).map(|emoji| Intent::React { target, emoji, on });
            (id, room, Some(seen), intent)
        }
        ClientFrame::Join { id, room, seen } => (id, room, seen, Ok(Intent::Join)),
        ClientFrame::Leave { id, room, seen } => (id, room, Some(seen), Ok(Intent::Leave)),
        other => return Err(Box::new(other)),
    };

    let intent = intent.and_then(|intent| match id.0.get_version_num() {
        7 => Ok(intent),
        _ => Err(Refusal::bad_request("The id of a change must be a UUIDv7.")),
    });
    let reply = Reply { to: ReplyTo::Frame(id.to_string()), of: Some(of.into()), room: Some(room.clone()) };
    Ok(Request::Change { reply, id: Some(id), room, seen, intent })
}

fn message(text: String) -> Result<MessageText, Refusal> {
    MessageText::try_from(text).map_err(Refusal::from)
}
