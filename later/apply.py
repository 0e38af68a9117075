import os, shutil
os.chdir('.')
def sub(p, *pairs):
    s=open(p).read()
    for a,b in pairs:
        assert a in s, (p,a)
        s=s.replace(a,b,1)
    open(p,'w').write(s)
sub('crates/service/src/ports/bus.rs',
('''/// A message on the bus.
''','''/// Who is in a room on one node, for sockets that announce those who come and go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attendants {
    /// The room's id.
    pub room: RoomId,
    /// The node's name.
    pub node: String,
    /// The users who have a connection there that follows the room.
    pub users: Vec<UserId>,
    /// Whether the node wants to hear the same from the others.
    pub asks: bool,
}

/// A message on the bus.
'''),
('''    /// A read mark, on the user's channel, and on the room's in small rooms.
    Mark(Mark),
''','''    /// A read mark, on the user's channel, and on the room's in small rooms.
    Mark(Mark),
    /// Who is in a room on one node, on the room's channel. Only while clients of the older contract are in the room.
    Attendants(Attendants),
'''))
s=open('crates/service/src/ports/mod.rs').read()
import re
m=re.search(r'pub use bus::\{([^}]*)\};', s)
names=sorted(set([x.strip() for x in m.group(1).split(',') if x.strip()]+['Attendants']))
s=s.replace(m.group(0),'pub use bus::{'+', '.join(names)+'};'); open('crates/service/src/ports/mod.rs','w').write(s)
sub('crates/bus/src/redis/message.rs',
("use service::ports::{BusMessage,","use service::ports::{Attendants, BusMessage,"),
("const MARK: u8 = b'm';","const MARK: u8 = b'm';\nconst ATTENDANTS: u8 = b'a';"),
('''/// Returns the channel of a log.''','''#[derive(Serialize, Deserialize)]
struct AttendantsBody {
    room: RoomId,
    node: String,
    users: Vec<UserId>,
    asks: bool,
}

/// Returns the channel of a log.'''),
('''            packed(origin, MARK, &MarkBody { room, user, seq, n, mentions })
        }
''','''            packed(origin, MARK, &MarkBody { room, user, seq, n, mentions })
        }
        BusMessage::Attendants(attendants) => {
            let Attendants { room, node, users, asks } = attendants.clone();
            packed(origin, ATTENDANTS, &AttendantsBody { room, node, users, asks })
        }
'''),
('''        _ => None,
    };
    message.map_or''','''        ATTENDANTS => parsed(body).map(|AttendantsBody { room, node, users, asks }| {
            BusMessage::Attendants(Attendants { room, node, users, asks })
        }),
        _ => None,
    };
    message.map_or'''))
sub('crates/bus/src/redis/message/tests.rs',
('''        BusMessage::Mark(mark),
    ];''','''        BusMessage::Mark(mark),
        BusMessage::Attendants(Attendants {
            room: RoomId(Uuid::from_u128(2)),
            node: "n-1".into(),
            users: vec![user()],
            asks: true,
        }),
    ];'''),
('''                BusMessage::Mark(_) => drop(kinds.insert("mark".to_owned())),
''','''                BusMessage::Mark(_) => drop(kinds.insert("mark".to_owned())),
                BusMessage::Attendants(_) => drop(kinds.insert("attendants".to_owned())),
'''))
s=open('crates/bus/src/redis/message/tests.rs').read()
print([l for l in s.splitlines() if 'use service' in l or 'use super' in l])
sub('ws-tier/src/relay.rs',
("    pub receipts: Arc<Receipts>,\n}","    pub receipts: Arc<Receipts>,\n    pub attendance: Arc<Attendance>,\n}"),
("                BusMessage::Typing(_) | BusMessage::Mark(_) => drop","                BusMessage::Attendants(attendants) => self.attendance.hear(attendants),\n                BusMessage::Typing(_) | BusMessage::Mark(_) => drop"),
('''                (BusMessage::Committed(_) | BusMessage::Head { .. }, _) => unreachable!("`listen` keeps them"),
''','''                (BusMessage::Committed(_) | BusMessage::Head { .. } | BusMessage::Attendants(_), _) => {
                    unreachable!("`listen` keeps them")
                }
'''),
("use crate::delivery::{Deliveries, Job};","use crate::attendance::Attendance;\nuse crate::delivery::{Deliveries, Job};"))
s=open('ws-tier/src/node.rs').read()
a=s.index("        let attendance = Attendance::new("); b=s.index("        Ok(Arc::new(Node {")
block=s[a:b]; s=s[:a]+s[b:]
block=block.replace("Attendance::new(services.clone(), follow.clone())","Attendance::new(services.clone(), follow.clone(), name.clone())")
i=s.index("        let relay = Relay {")
s=s[:i]+block+s[i:]
s=s.replace("            receipts: receipts.clone(),\n","            receipts: receipts.clone(),\n            attendance: attendance.clone(),\n",1)
open('ws-tier/src/node.rs','w').write(s)
s=open('ws-tier/src/limits.rs').read()
s+='''/// How often nodes tell each other who is in such a room, besides when that changes.
pub const ATTENDANCE_REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// How long what a node has said of such a room is believed, and how long a node that was asked answers.
pub const ATTENDANCE_REPORT_LIFE: Duration = Duration::from_secs(4);
/// Users whom a node names in one such message: of a larger crowd, nobody needs to hear who comes and goes.
pub const ATTENDANCE_USERS: usize = 500;
'''
open('ws-tier/src/limits.rs','w').write(s)
os.makedirs('ws-tier/src/attendance',exist_ok=True)
shutil.copy('later/attendance.rs','ws-tier/src/attendance.rs')
shutil.copy('later/roll.rs','ws-tier/src/attendance/roll.rs')
s=open('docs/compatibility.md').read()
s=s.replace("- `user_joined` and `user_left` are seen on the node that holds the socket, of the connections that it holds.\n","- With several nodes, `user_left` comes up to some seconds later if a node was killed; in a room with more than 500 people on one node,\n  not everybody's coming and going is announced to the other nodes.\n")
open('docs/compatibility.md','w').write(s)

sub('crates/realtime/src/protocol/action.rs',
("""    /// What the handshake has found out already.
    Granted(Grant),
""","""    /// What the handshake has found out already.
    Granted {
        /// The user and their sign-in, if there is one.
        actor: Actor,
        /// When it expires.
        expires_at: Timestamp,
    },
"""),
("Credential::Granted(_) =>","Credential::Granted { .. } =>"),
("use service::auth::Grant;\n\n",""))
sub('crates/realtime/src/interpreter/mod.rs',
("Credential::Granted(grant) => grant,","Credential::Granted { actor, expires_at } => Grant { actor, expires_at },"))
sub('ws-tier/src/socket.rs',
("        let Begins { grant, room, attends } = *begins;","        let Begins { grant: Grant { actor, expires_at }, room, attends } = *begins;"),
("Credential::Granted(grant)","Credential::Granted { actor, expires_at }"))
s=open('crates/realtime/src/protocol/tests.rs').read()
s+='''
#[test]
fn a_socket_whose_handshake_names_user_and_room_signs_in_and_follows_without_a_frame() {
    let mut rig = Rig::new();
    let (room, mut asked) = (ROOM.parse::<RoomId>().expect("an id"), Vec::new());
    let Identity { actor, expires_at, .. } = identity();
    let credential = Credential::Granted { actor, expires_at };
    rig.protocol.begin(credential.clone(), room, rig.now, &mut asked);
    assert_eq!(asked, [Action::SignIn(credential)]);
    assert!(!rig.protocol.reads());

    let actions = rig.signed_in();
    let request = PageRequest { by: actor, reply: ReplyTo::Nothing, log: LogId::Room(room), cursor: None };
    assert_eq!(actions[1..], [Action::Resume(vec![request])], "and no room list");
    assert!(rig.protocol.reads());
}
'''
open('crates/realtime/src/protocol/tests.rs','w').write(s)
