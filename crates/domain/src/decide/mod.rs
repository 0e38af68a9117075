//! Decides a change: it is a duplicate, has no effect, is refused, or is accepted into the next append.
//!
//! Pure: the rows are in the view, the time is an argument. A refused change affects no other change.

mod membership;
mod message;
mod own;
mod rights;
mod room;

use crate::change::{Ack, Change, Intent};
use crate::dedup::{Found, find_duplicate};
use crate::ids::{LogId, Seq};
use crate::refusal::Refusal;
use crate::time::Timestamp;
use crate::view::View;
use crate::window::Window;

/// The decision on a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Accepted and folded into the view: this is its (first) seq once the append has committed.
    Append(Seq),
    /// A duplicate, with its original ack. If its seq is above the last committed entry, the original is in the same
    /// append, and the ack must wait for it.
    Known(Ack),
    /// The change would have no effect.
    Noop(Ack),
    /// The change is refused.
    Refuse(Refusal),
}

/// Decides a change: dedup first, then the rules. The view must have all rows that the change needs
/// ([`View::missing`]), and the window must reach down far enough ([`crate::dedup::reaches_below`]).
pub fn decide(view: &mut View, window: &mut Window, change: &Change, now: Timestamp) -> Decision {
    match find_duplicate(window, view.place().epoch, change) {
        Found::Duplicate { seq, at } => {
            Decision::Known(Ack { seq: Some(seq), at, dup: true, noop: false, entry: None, text: None })
        }
        Found::Refused(refusal) => Decision::Refuse(rights::may_know_head(view, change).err().unwrap_or(refusal)),
        Found::New => apply_rules(view, window, change, now),
    }
}

/// Decides a change that dedup found to be new.
pub fn apply_rules(view: &mut View, window: &mut Window, change: &Change, now: Timestamp) -> Decision {
    let before = view.pending();
    let first = view.place().seq + 1;
    let verdict = rules(view, window, change, now);
    for entry in view.accepted(before) {
        window.push(entry).expect("the view counts on from where the window ends");
    }
    match verdict {
        Ok(Verdict::Accepted) => Decision::Append(first),
        Ok(Verdict::Nothing) => {
            Decision::Noop(Ack { seq: None, at: now, dup: false, noop: true, entry: None, text: None })
        }
        Err(refusal) => Decision::Refuse(refusal),
    }
}

/// The rules' verdict on a change that they do not refuse.
enum Verdict {
    /// Entries were accepted into the view.
    Accepted,
    /// The change would have no effect.
    Nothing,
}

type Ruled = Result<Verdict, Refusal>;

fn rules(view: &mut View, window: &Window, change: &Change, now: Timestamp) -> Ruled {
    match (&change.intent, view.log) {
        (Intent::Own(own), LogId::User(_)) => return own::change(view, change, own, now),
        (Intent::Own(_), LogId::Room(_)) | (_, LogId::User(_)) => {
            return Err(Refusal::bad_request("This change cannot be made to this log."));
        }
        _ => {}
    }
    match &change.intent {
        Intent::Send { .. } => message::send(view, window, change, now),
        Intent::Edit { target, text } => message::edit(view, change, *target, text, now),
        Intent::Delete { target } => message::delete(view, change, *target, now),
        Intent::React { target, emoji, on } => message::react(view, change, *target, emoji, *on, now),
        Intent::Pin { target, on } => message::pin(view, change, *target, *on, now),
        Intent::Create { room, people } => room::create(view, change, room, people, now),
        Intent::Update { .. } => room::update(view, change, now),
        Intent::DeleteRoom => room::delete(view, change, now),
        Intent::Join => membership::join(view, change, now),
        Intent::Leave => membership::leave(view, change, now),
        Intent::Invite { user, role } => membership::invite(view, change, *user, *role, now),
        Intent::Kick { user, why } => membership::kick(view, change, *user, why.clone(), now),
        Intent::Ban { user, why } => membership::ban(view, change, *user, why.clone(), now),
        Intent::Unban { user } => membership::unban(view, change, *user, now),
        Intent::Mute { user, until, why } => membership::mute(view, change, *user, Some(*until), why.clone(), now),
        Intent::Unmute { user } => membership::mute(view, change, *user, None, None, now),
        Intent::SetRole { user, role } => membership::set_role(view, change, *user, *role, now),
        Intent::Own(_) => unreachable!("changes of the user log were handled above"),
    }
}

#[cfg(test)]
mod tests;
