use super::*;
use uuid::Uuid;

#[test]
fn seqs_and_times_sort_as_numbers() {
    let seqs = [0, 1, 9, 10, 99, 1_000_000, HIGHEST, u64::MAX];
    assert!(seqs.windows(2).all(|two| padded(two[0]) <= padded(two[1])));
    let of = LogId::Room(RoomId(Uuid::from_u128(1)));
    assert!(floor(of).sk < entries(of, 0).sk);
    assert!(entries(of, u64::MAX).sk.as_str() < END.to_string().as_str());
}

#[test]
fn a_log_is_parsed_from_its_partition() {
    for of in [LogId::Room(RoomId(Uuid::from_u128(7))), LogId::User(UserId(Uuid::from_u128(8)))] {
        assert_eq!(log_of(&log(of)), Some(of));
    }
    assert_eq!(log_of("ROOM#x"), None);
    assert_eq!(log_of("LOG#x"), None);
}

#[test]
fn notifications_sort_as_their_keys() {
    let key = |at, room, seq| NotificationKey { at: Timestamp(at), room: Uuid::from_u128(room), seq };
    let mut keys = [key(5, 1, 10), key(5, 1, 9), key(50, 0, 1), key(5, 2, 1), key(4, 9, 9)];
    let user = UserId(Uuid::from_u128(3));
    let mut texts = keys.map(|key| notification(user, key).sk);
    keys.sort();
    texts.sort();
    assert_eq!(keys.map(|key| notification(user, key).sk), texts);
}
