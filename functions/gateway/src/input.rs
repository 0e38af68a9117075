//! The inputs of the protocol during a turn, kept until the turn ends: if another frame of the socket was handled
//! meanwhile, they are applied again to the state which that one stored.

use domain::{LogId, Now, Refusal, Seq};
use realtime::codec::{Codec, Incoming, Native};
use realtime::connection::Input;
use realtime::message::ReplyTo;
use realtime::protocol::{Action, CloseCode, Identity, Protocol};
use realtime::request::Decoded;

/// An input that changes the protocol's state.
pub(crate) enum ProtocolInput<'a> {
    Frame { text: &'a str, at: Now },
    Renewed { reply: ReplyTo, answer: Box<Result<Identity, Refusal>>, at: Now },
    Tick { heads: Vec<(LogId, Seq)>, at: Now },
}

impl ProtocolInput<'_> {
    /// Applies the input to the protocol. A frame's length is checked before it is decoded.
    pub fn apply(&self, protocol: &mut Protocol, actions: &mut Vec<Action>) {
        match self {
            ProtocolInput::Frame { text, at } => {
                let decoded = match text.len() <= protocol.frame_limit() {
                    true => Native.decode(Incoming::Text(text)),
                    false => Decoded::Breach,
                };
                protocol.on_request(decoded, *at, actions);
            }
            ProtocolInput::Renewed { reply, answer, at } => protocol.renewed(reply.clone(), answer, *at, actions),
            ProtocolInput::Tick { heads, at } => protocol.on_tick(*at, || heads.clone(), actions),
        }
    }
}

/// Applies the inputs of a turn to the state that another turn stored. The resulting actions were performed already, so
/// only a close is new.
pub(crate) fn apply_again(protocol: &mut Protocol, inputs: &[ProtocolInput<'_>]) -> Option<CloseCode> {
    let mut actions = Vec::new();
    inputs.iter().for_each(|input| input.apply(protocol, &mut actions));
    actions.into_iter().find_map(|action| match action {
        Action::Close(code) => Some(code),
        _ => None,
    })
}

/// Applies the result of an action to the protocol, unless it changes stored state.
pub(crate) fn answer(protocol: &mut Protocol, input: Input, now: Now, actions: &mut Vec<Action>) {
    match input {
        Input::SignedIn(answer) => match *answer {
            Ok(signed_in) => protocol.signed_in(signed_in, now, actions),
            Err(refusal) => protocol.not_signed_in(&refusal, actions),
        },
        Input::Acked(reply, room, ack) => protocol.acked(reply, room, &ack, actions),
        Input::Refused(reply, refusal) | Input::NotReplayed(reply, refusal) => {
            protocol.refused(reply, &refusal, actions);
        }
        Input::NotListed(refusal) => {
            // Without the list the client knows nothing, so it must reconnect.
            protocol.refused(realtime::message::Reply::unnamed("hello", None), &refusal, actions);
            actions.push(Action::Close(CloseCode::Overloaded));
        }
        Input::Detached => actions.push(Action::Close(CloseCode::Drained)),
        Input::Renewed(..) => unreachable!("a renewal is a `ProtocolInput`"),
        Input::Resumed(left) | Input::Found(left) => actions.extend(left.into_iter().map(Action::Replay)),
        Input::Replayed | Input::Done => {}
    }
}
