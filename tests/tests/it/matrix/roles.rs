//! Who may do what to whom: five roles, on five roles. The table below says it again, by itself, so that a change of the
//! rules must change it too.

use serde_json::{Value, json};
use tests::person::{Answer, Person};

use crate::setup::{generous, join, room};

/// From the fewest rights to the most.
const ROLES: [&str; 5] = ["read_only", "member", "moderator", "admin", "owner"];
const MODERATOR: usize = 2;
const ADMIN: usize = 3;
const OWNER: usize = 4;

/// Returns whether a member with the first role may kick, ban or mute one with the second.
fn may_remove(actor: usize, target: usize) -> bool {
    actor >= MODERATOR && actor > target
}

/// Returns whether a member with the first role may change the second one into the third.
fn may_set(actor: usize, target: usize, role: usize) -> bool {
    let is_below = target < actor && role < actor;
    // What is the case already changes nothing, so it is refused to nobody who may set roles at all.
    actor == OWNER || (actor == ADMIN && (is_below || target == role))
}

struct Room {
    id: String,
    root: Person,
}

impl Room {
    async fn set_role(&self, by: &Person, target: &Person, role: &str) -> Answer {
        by.patch(&format!("/api/rooms/{}/members/{}", self.id, target.id), json!({ "role": role })).await
    }

    async fn act(&self, by: &Person, action: &str, target: &Person) -> Answer {
        let mut body = json!({ "user": target.id });
        if action == "mute" {
            body["seconds"] = json!(600);
        }
        by.post(&format!("/api/rooms/{}/{action}", self.id), body).await
    }

    /// Returns the row of a member, or of somebody who is banned; null for everybody else.
    async fn member(&self, person: &Person) -> Value {
        let answer = self.root.get(&format!("/api/rooms/{}/members/{}", self.id, person.id)).await;
        if answer.status == 404 { Value::Null } else { answer.ok() }
    }

    /// Gives a member a role, whatever happened to them before.
    async fn restore(&self, person: &Person, role: &str) {
        self.act(&self.root, "unban", person).await.ok();
        join(person, &self.id).await;
        self.act(&self.root, "unmute", person).await.ok();
        self.set_role(&self.root, person, role).await.ok();
    }
}

/// Creates a room with one member of each role in both groups: those who act, and those on whom they act.
async fn people(server: &tests::server::Server) -> (Room, Vec<Person>, Vec<Person>) {
    let root = Person::register(server, "root").await;
    let room = Room { id: room(&root, "garden").await, root };
    let (mut actors, mut targets) = (Vec::new(), Vec::new());
    for role in ROLES {
        for (group, prefix) in [(&mut actors, "actor"), (&mut targets, "target")] {
            let person = Person::register(server, &format!("{prefix}-{}", role.replace('_', "-"))).await;
            room.restore(&person, role).await;
            group.push(person);
        }
    }
    // Not an admin of the installation, who may do everything in a public room.
    (room, actors, targets)
}

#[tokio::test]
async fn five_roles_kick_ban_and_mute_exactly_those_below_them() {
    let server = generous().start().await;
    let (room, actors, targets) = people(&server).await;
    for (actor, by) in actors.iter().enumerate() {
        for (target, person) in targets.iter().enumerate() {
            for (action, state) in [("kick", Value::Null), ("ban", json!("banned")), ("mute", json!("joined"))] {
                let case = format!("{} {action} {}", ROLES[actor], ROLES[target]);
                let answer = room.act(by, action, person).await;
                let member = room.member(person).await;
                let is_muted = !member["muted_until"].is_null();
                if may_remove(actor, target) {
                    answer.ok();
                    assert_eq!((&member["state"], is_muted), (&state, action == "mute"), "{case}: {member}");
                    // Only a ban keeps them out.
                    let back = person.post(&format!("/api/rooms/{}/join", room.id), json!({})).await;
                    assert_eq!(back.status.is_success(), action != "ban", "{case}: {}", back.text());
                    room.restore(person, ROLES[target]).await;
                } else {
                    answer.refused(403, "forbidden");
                    assert_eq!((&member["state"], is_muted), (&json!("joined"), false), "{case}: {member}");
                }
                assert_eq!(room.member(person).await["role"], ROLES[target], "{case}");
            }
        }
    }
}

#[tokio::test]
async fn five_roles_change_roles_only_below_their_own() {
    let server = generous().start().await;
    let (room, actors, targets) = people(&server).await;
    for (actor, by) in actors.iter().enumerate() {
        for (target, person) in targets.iter().enumerate() {
            for (role, name) in ROLES.iter().enumerate() {
                let case = format!("{} makes {} a {name}", ROLES[actor], ROLES[target]);
                let answer = room.set_role(by, person, name).await;
                let now = room.member(person).await["role"].clone();
                if may_set(actor, target, role) {
                    assert!(answer.status.is_success(), "{case}: {}", answer.text());
                    assert_eq!(now, *name, "{case}");
                    room.set_role(&room.root, person, ROLES[target]).await.ok();
                } else {
                    assert_eq!(answer.status, 403, "{case}: {}", answer.text());
                    assert_eq!(now, ROLES[target], "{case}");
                }
            }
        }
    }
}

#[tokio::test]
async fn everybody_may_lower_their_own_role_and_nobody_may_raise_it() {
    let server = generous().start().await;
    let (room, actors, _) = people(&server).await;
    for (actor, by) in actors.iter().enumerate() {
        for (role, name) in ROLES.iter().enumerate() {
            let answer = room.set_role(by, by, name).await;
            let now = room.member(by).await["role"].clone();
            let case = format!("{} makes themselves a {name}: {}", ROLES[actor], answer.text());
            match role <= actor {
                true => assert!(answer.status.is_success() && now == *name, "{case}"),
                false => assert!(answer.status == 403 && now == ROLES[actor], "{case}"),
            }
            room.set_role(&room.root, by, ROLES[actor]).await.ok();
        }
    }
}
