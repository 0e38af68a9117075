//! Lines of the room list, encoded when they are cut into frames, because their size decides where they are cut.

use domain::Seq;
use wire::{RoomEntry, ServerFrame};

/// Maximum size of a `rooms` frame without its lines, in bytes.
const ROOMS_OVERHEAD: usize = 128;

/// The lines of one `rooms` frame: their JSON, separated by commas.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RoomLines(String);

impl RoomLines {
    /// Encodes lines, and cuts them into frames of at most `limit` bytes: at least one frame, and at least one line in
    /// each, unless there are none.
    pub fn cut(lines: &[RoomEntry], limit: usize) -> Vec<RoomLines> {
        let room = limit.saturating_sub(ROOMS_OVERHEAD);
        let (mut frames, mut text) = (Vec::new(), String::new());
        for line in lines {
            let line = serde_json::to_string(line).expect("a line has string keys and no failing serializers");
            if !text.is_empty() && text.len() + 1 + line.len() > room {
                frames.push(RoomLines(std::mem::take(&mut text)));
            }
            if !text.is_empty() {
                text.push(',');
            }
            text.push_str(&line);
        }
        frames.push(RoomLines(text));
        frames
    }

    /// Returns the `rooms` frame with these lines.
    pub(crate) fn frame(&self, me: Option<Seq>, more: bool) -> String {
        const LIST: &str = "\"rooms\":[";
        let frame = ServerFrame::Rooms { me, rooms: Vec::new(), more };
        let mut text = serde_json::to_string(&frame).expect("a frame has string keys and no failing serializers");
        let at = text.find(LIST).expect("a `rooms` frame has a list of rooms") + LIST.len();
        text.insert_str(at, &self.0);
        text
    }
}

#[cfg(test)]
mod tests {
    use domain::{Level, MemberState, Role, RoomKind};
    use serde_json::{Value, json};

    use super::*;

    fn line(id: usize) -> RoomEntry {
        RoomEntry {
            id: id.to_string(),
            slug: None,
            name: Some("\"tea\"".into()),
            kind: RoomKind::Public,
            description: "x".repeat(100),
            with: None,
            state: MemberState::Joined,
            role: Role::Member,
            at_seq: 1,
            level: Level::All,
            quiet_until: None,
            hidden: false,
            request: false,
            archived: false,
            head: 9,
            n: 8,
            last_at: None,
            read: 7,
            read_n: 6,
            mentions: vec![5],
        }
    }

    #[test]
    fn every_frame_is_within_the_limit_and_no_line_is_lost() {
        let lines: Vec<RoomEntry> = (0..100).map(line).collect();
        let frames = RoomLines::cut(&lines, 4_096);
        assert!(frames.len() > 1);

        let mut ids = Vec::new();
        for frame in &frames {
            let text = frame.frame(Some(u64::MAX), true);
            assert!(text.len() <= 4_096, "{}", text.len());
            let frame: Value = serde_json::from_str(&text).expect("JSON");
            assert_eq!((&frame["t"], &frame["more"]), (&json!("rooms"), &json!(true)));
            assert_eq!(frame["rooms"][0]["name"], "\"tea\"");
            ids.extend(frame["rooms"].as_array().expect("a list").iter().map(|room| room["id"].clone()));
        }
        assert_eq!(ids, (0..100).map(|id| json!(id.to_string())).collect::<Vec<_>>());
    }

    #[test]
    fn an_empty_list_is_one_frame_and_a_line_over_the_limit_has_its_own() {
        assert_eq!(RoomLines::cut(&[], 4_096), [RoomLines::default()]);
        let empty = RoomLines::default().frame(None, false);
        assert_eq!(serde_json::from_str::<Value>(&empty).expect("JSON")["rooms"], json!([]));
        assert_eq!(RoomLines::cut(&[line(1), line(2)], 10).len(), 2);
    }
}
