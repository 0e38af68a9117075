//! Creates named rooms.

use domain::limits::SLUG_CHARS;
use domain::name::{RoomName, Slug};
use domain::{Actor, Code, Intent, Refusal, Room, RoomId, RoomKind};

use super::{ChangeRequest, RoomDetails, Rooms};
use crate::access::RoomRef;

/// How many suffixes are tried for a slug that was derived from a name.
const SLUG_TRIES: usize = 8;

/// The words that stand where the REST API's paths have a room: a room with such a slug could not be called by it.
const PATH_WORDS: [&str; 5] = ["blocks", "direct", "directory", "docs", "health"];

/// The properties of a new room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRoom {
    /// The slug, for public rooms only. `None` derives it from the name.
    pub slug: Option<Slug>,
    /// The room's name.
    pub name: RoomName,
    /// What the room is about.
    pub description: String,
    /// Whether the room is public or private.
    pub kind: RoomKind,
    /// Whether new members cannot see what was written before they joined.
    pub hides_past: bool,
}

impl Rooms {
    /// Creates a room whose owner is the caller. A repeat with the same id returns the room created before.
    pub async fn create(&self, actor: &Actor, new: NewRoom, asked: ChangeRequest) -> Result<RoomDetails, Refusal> {
        if new.kind == RoomKind::Direct {
            return Err(Refusal::bad_request("Create a direct room with POST /api/rooms/direct."));
        }
        if new.kind == RoomKind::Private && new.slug.is_some() {
            return Err(Refusal::bad_request("Only a public room can have an `id` that you choose. Leave it out."));
        }
        if let Some(slug) = new.slug.as_ref().filter(|slug| PATH_WORDS.contains(&slug.as_str())) {
            let why = format!("The id `{slug}` is a word of the API's own paths. Choose another one.");
            return Err(Refusal::bad_request(why));
        }
        // The room's id follows from the caller's id of the change, so that a repeat goes to the same log.
        let id = asked.id.map_or_else(|| self.ids.room(), |key| RoomId::created(actor.user, key));
        let asked = ChangeRequest { seen: Some(0), ..asked };
        if self.store.rooms.room(id).await?.is_none() {
            self.check_room_count(actor).await?;
        }
        let mut tried = 0;
        loop {
            let room = Room {
                id,
                kind: new.kind,
                slug: (new.kind == RoomKind::Public)
                    .then(|| new.slug.clone().unwrap_or_else(|| slug_of(&new.name, tried, self.ids.random()))),
                name: Some(new.name.clone()),
                description: new.description.clone(),
                archived: false,
                hides_past: new.hides_past,
                slow_mode_s: 0,
                pair: None,
                rev: 0,
            };
            let intent = Intent::Create { room: Box::new(room), people: Vec::new() };
            match self.ask_own(actor, id, asked, intent).await {
                Ok(_) => return self.get(actor, &RoomRef::Id(id)).await,
                // A slug derived from the name gets another suffix; a chosen one is refused.
                Err(refusal) if refusal.code == Code::Conflict && new.slug.is_none() && tried < SLUG_TRIES => {
                    tried += 1
                }
                Err(refusal) => return Err(refusal),
            }
        }
    }

    /// Refuses one more room to a user who has reached the limit.
    pub(super) async fn check_room_count(&self, actor: &Actor) -> Result<(), Refusal> {
        let limit = self.rules.limits.rooms_per_user;
        if self.store.rooms.user_room_count(actor.user).await? >= limit as u64 {
            return Err(Refusal::forbidden(format!("You are in {limit} rooms, which is the limit. Leave one first.")));
        }
        Ok(())
    }
}

/// Derives a slug from a name: its ASCII letters and digits, with `-` between. A later try adds a suffix that is
/// unlikely to be taken; after some tries, `random`.
fn slug_of(name: &RoomName, tried: usize, random: [u8; 4]) -> Slug {
    let mut text = String::new();
    for c in name.as_str().chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            text.push(c);
        } else if !text.is_empty() && !text.ends_with('-') {
            text.push('-');
        }
    }
    let base = text.trim_end_matches('-');
    let base = if base.is_empty() { "room" } else { base };
    let base: String = base.chars().take(SLUG_CHARS - 9).collect();
    let text = match tried {
        0 if Slug::parse(&base).is_ok() && !PATH_WORDS.contains(&base.as_str()) => base,
        1..=3 => format!("{base}-{}", tried + 1),
        _ => format!("{base}-{}", u32::from_le_bytes(random)),
    };
    Slug::parse(&text[..text.len().min(SLUG_CHARS)]).expect("ASCII letters and digits with '-' are a slug")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_can_be_derived_from_any_name() {
        let slug =
            |name: &str, tried| slug_of(&RoomName::parse(name).expect("valid"), tried, [255; 4]).as_str().to_owned();
        assert_eq!(slug("Tea & Talk!", 0), "tea-talk");
        assert_eq!(slug("Tea & Talk!", 1), "tea-talk-2");
        assert_eq!(slug("喫茶", 0), "room");
        assert!(!PATH_WORDS.contains(&slug("Health", 0).as_str()));
        assert!(slug(&"x".repeat(80), 9).len() <= SLUG_CHARS);
    }
}
