use std::time::Duration;

use super::*;
use crate::clock::ManualClock;
use crate::ids::Ids;

fn actor(session: SessionId) -> Actor {
    Actor { user: Ids::system().user(), session: Some(session), admin: false, guest: false }
}

#[test]
fn an_entry_is_removed_when_no_token_can_name_it() {
    let clock = Arc::new(ManualClock::new(Timestamp(0)));
    let revocations = Revocations::new(clock.clone());
    let (first, second) = (actor(Ids::system().session()), actor(Ids::system().session()));
    revocations.end_session(first.session.expect("set"));
    clock.advance(ACCESS_TOKEN_LIFE);
    assert_eq!(revocations.check(first), None, "a token may still name it");
    clock.advance(TOKEN_LEEWAY * 3);
    revocations.end_session(second.session.expect("set"));
    assert_eq!(revocations.state.lock().over.len(), 1, "only the later one is left");
    assert_eq!(revocations.check(second), None);
}

#[test]
fn memory_is_bounded() {
    let revocations = Revocations::new(Arc::new(ManualClock::new(Timestamp(0))));
    for _ in 0..ENDED_SESSIONS + 10 {
        revocations.end_session(Ids::system().session());
    }
    let state = revocations.state.lock();
    assert_eq!((state.over.len(), state.order.len()), (ENDED_SESSIONS, ENDED_SESSIONS));
}

#[test]
fn all_earlier_sessions_end_and_no_later_one() {
    let before = actor(Ids::system().session());
    let clock = Arc::new(ManualClock::default());
    // Sessions' ids carry the machine's time, so the test clock is set from one.
    let (seconds, nanos) = before.session.expect("set").0.get_timestamp().expect("version 7").to_unix();
    clock.advance(Duration::new(seconds, nanos) + Duration::from_secs(1));
    let revocations = Revocations::new(clock);
    revocations.end_user(before.user);
    assert_eq!(revocations.check(before), None);
    let later = uuid::Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds + 2, 0));
    let after = Actor { session: Some(SessionId(later)), ..before };
    assert_eq!(revocations.check(after), Some(after));
}
