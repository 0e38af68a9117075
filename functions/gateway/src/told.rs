//! What a turn told its session. It is kept until the turn's end: where another frame of the socket was dealt with
//! meanwhile, the state which that one left is told the same.

use domain::{LogId, Refusal, Seq, Timestamp};
use realtime::protocol::{Action, CloseCode, Identity, Protocol};

pub(crate) enum Told<'a> {
    Frame { text: &'a str, at: Timestamp },
    Renewed { id: String, answer: Result<Identity, Refusal>, at: Timestamp },
    Tick { heads: Vec<(LogId, Seq)>, at: Timestamp },
}

impl Told<'_> {
    pub fn tell(&self, session: &mut Protocol, actions: &mut Vec<Action>) {
        match self {
            Told::Frame { text, at } => session.on_text(text, *at, actions),
            Told::Renewed { id, answer, at } => session.renewed(id.clone(), answer, *at, actions),
            Told::Tick { heads, at } => session.on_tick(*at, || heads.clone(), actions),
        }
    }
}

/// Tells a session what another turn told another state of it. What it asks for is done already; only that it is to be
/// closed is news.
pub(crate) fn tell_again(session: &mut Protocol, told: &[Told<'_>]) -> Option<CloseCode> {
    let mut actions = Vec::new();
    told.iter().for_each(|told| told.tell(session, &mut actions));
    actions.into_iter().find_map(|action| match action {
        Action::Close(code) => Some(code),
        _ => None,
    })
}
