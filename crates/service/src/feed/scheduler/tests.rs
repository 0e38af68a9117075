//! The machine, driven by hand: no store, no clock.

use domain::text::Emoji;
use domain::{Body, EntryId, UserId};
use uuid::Uuid;

use super::*;

const EPOCH: Epoch = Epoch(1);

fn room(number: u128) -> RoomId {
    RoomId(Uuid::from_u128(number * FEED_SHARDS as u128))
}

fn entries(from: Seq, to: Seq) -> Vec<Entry> {
    let body = || Body::React { target: 1, emoji: Emoji::try_from("👍".to_owned()).expect("valid"), on: true };
    let entry = |seq: Seq| Entry {
        v: 1,
        seq,
        n: 0,
        by: UserId(Uuid::from_u128(1)),
        id: EntryId(Uuid::from_u128(u128::from(seq))),
        at: domain::Timestamp(0),
        body: body(),
    };
    (from..=to).map(entry).collect()
}

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Returns a machine with two consumers that holds every shard, and has nothing to sweep.
fn machine() -> FeedScheduler {
    let mut machine = FeedScheduler::new(2);
    machine.epoch(EPOCH);
    for shard in machine.leases(at(0)) {
        machine.leased(at(0), shard, Ok(Some(Fence(1))));
    }
    while let Some(sweep) = machine.next_sweep(at(0)) {
        machine.swept(at(0), &sweep, &[], None);
    }
    machine
}

/// Lets the store renew every lease that is due.
fn renew(machine: &mut FeedScheduler, now: Duration) {
    for shard in machine.leases(now) {
        machine.leased(now, shard, Ok(Some(Fence(1))));
    }
}

fn to(consumer: usize, seq: Seq) -> (usize, Seq, Option<Duration>) {
    (consumer, seq, None)
}

/// Introduces a room at `head` whose cursors are there.
fn met(machine: &mut FeedScheduler, id: RoomId, head: Seq) {
    machine.woken(at(0), id, head);
    let run = machine.next_run(at(0)).expect("a room that was woken is read");
    assert_eq!(run.positions, None, "the cursors are read first");
    machine.ran(at(0), id, run.number, Ran::To { cursors: Some(vec![head, head]), moved: vec![] });
    assert_eq!(machine.next_run(at(0)), None);
}

#[test]
fn commits_are_delivered_without_a_read() {
    let mut machine = machine();
    met(&mut machine, room(1), 5);
    assert!(machine.committed(at(1), room(1), EPOCH, &entries(6, 7)));
    let run = machine.next_run(at(1)).expect("ready");
    assert_eq!((run.positions, run.due, run.head), (Some(vec![5, 5]), vec![true, true], 7));
    assert_eq!(run.fresh, entries(6, 7));
    // Entries committed meanwhile wait for the end of the run: one reader per room.
    machine.committed(at(1), room(1), EPOCH, &entries(8, 8));
    assert_eq!(machine.next_run(at(1)), None);
    machine.ran(at(1), room(1), run.number, Ran::To { cursors: None, moved: vec![to(0, 7), to(1, 7)] });
    let run = machine.next_run(at(1)).expect("ready again");
    assert_eq!((run.positions, run.fresh), (Some(vec![7, 7]), entries(8, 8)));
}

#[test]
fn a_gap_before_a_commit_is_read_from_the_log() {
    let mut machine = machine();
    met(&mut machine, room(1), 5);
    machine.committed(at(1), room(1), EPOCH, &entries(9, 9));
    let run = machine.next_run(at(1)).expect("ready");
    assert_eq!((run.positions, run.head, run.fresh), (Some(vec![5, 5]), 9, entries(9, 9)));
    machine.ran(at(1), room(1), run.number, Ran::To { cursors: None, moved: vec![to(0, 9), to(1, 9)] });
    // A hint of a head, then a commit that does not follow what is at hand.
    machine.committed(at(1), room(1), EPOCH, &entries(10, 10));
    machine.woken(at(1), room(1), 12);
    machine.committed(at(1), room(1), EPOCH, &entries(13, 13));
    let run = machine.next_run(at(1)).expect("ready");
    assert_eq!((run.head, run.fresh), (13, entries(13, 13)), "entry 10 does not reach the head");
}

#[test]
fn a_stopped_consumer_is_retried_later_and_alone() {
    let mut machine = machine();
    met(&mut machine, room(1), 5);
    machine.committed(at(1), room(1), EPOCH, &entries(6, 6));
    let run = machine.next_run(at(1)).expect("ready");
    let moved = vec![to(0, 6), (1, 5, Some(Duration::from_secs(2)))];
    machine.ran(at(1), room(1), run.number, Ran::To { cursors: None, moved });
    machine.tick(at(2));
    assert_eq!(machine.next_run(at(2)), None, "not before the delay has ended");
    machine.tick(at(4));
    let run = machine.next_run(at(4)).expect("now");
    assert_eq!((run.positions, run.due), (Some(vec![6, 5]), vec![false, true]));
}

#[test]
fn delays_double_up_to_half_a_minute() {
    let mut machine = machine();
    met(&mut machine, room(1), 5);
    machine.committed(at(1), room(1), EPOCH, &entries(6, 6));
    let mut now = at(1);
    let mut delays = Vec::new();
    for _ in 0..12 {
        let run = machine.next_run(now).expect("ready");
        let moved = vec![(0, 5, Some(Duration::ZERO)), (1, 5, Some(Duration::ZERO))];
        machine.ran(now, room(1), run.number, Ran::To { cursors: None, moved });
        let began = now;
        while !machine.rooms[&room(1)].queued {
            now += Duration::from_millis(100);
            renew(&mut machine, now);
            machine.tick(now);
        }
        delays.push((now - began).as_millis());
    }
    assert_eq!(delays[..4], [100, 200, 400, 800]);
    assert_eq!(delays.last(), Some(&30_000));
}

#[test]
fn cursors_are_saved_once_in_thirty_seconds_and_at_the_end() {
    let mut machine = machine();
    met(&mut machine, room(1), 0);
    for second in 1..=70 {
        machine.committed(at(second), room(1), EPOCH, &entries(second, second));
        let run = machine.next_run(at(second)).expect("ready");
        machine.ran(
            at(second),
            room(1),
            run.number,
            Ran::To { cursors: None, moved: vec![to(0, second), to(1, second)] },
        );
        for save in machine.saves(at(second), false) {
            assert!(second == 30 || second == 60, "saved at {second}");
            assert_eq!(save, Save { room: room(1), fence: Fence(1), cursors: vec![(0, second), (1, second)] });
            assert!(machine.saves(at(second), false).is_empty(), "once");
            machine.saved(at(second), room(1), &save.cursors);
        }
    }
    let last = machine.saves(at(70), true);
    assert_eq!(last[0].cursors, [(0, 70), (1, 70)]);
}

#[test]
fn a_failed_save_is_retried() {
    let mut machine = machine();
    met(&mut machine, room(1), 5);
    machine.committed(at(1), room(1), EPOCH, &entries(6, 6));
    let run = machine.next_run(at(1)).expect("ready");
    machine.ran(at(1), room(1), run.number, Ran::To { cursors: None, moved: vec![to(0, 6), to(1, 6)] });
    let save = machine.saves(at(31), false).remove(0);
    machine.saved(at(31), room(1), &save.cursors[..1]);
    assert_eq!(machine.saves(at(62), false).remove(0).cursors, [(1, 6)]);
}

#[test]
fn a_quiet_room_is_evicted_once_it_is_saved() {
    let mut machine = machine();
    met(&mut machine, room(1), 5);
    machine.committed(at(1), room(1), EPOCH, &entries(6, 6));
    let run = machine.next_run(at(1)).expect("ready");
    machine.ran(at(1), room(1), run.number, Ran::To { cursors: None, moved: vec![to(0, 6), to(1, 6)] });
    for second in (10..=100).step_by(10) {
        renew(&mut machine, at(second));
        machine.tick(at(second));
    }
    assert_eq!(machine.rooms.len(), 1, "not saved yet");
    let save = machine.saves(at(100), false).remove(0);
    machine.saved(at(100), room(1), &save.cursors);
    machine.tick(at(100));
    assert!(machine.rooms.is_empty());
}

#[test]
fn a_room_without_its_lease_is_not_read() {
    let mut machine = machine();
    met(&mut machine, room(1), 5);
    machine.committed(at(1), room(1), EPOCH, &entries(6, 6));
    let run = machine.next_run(at(1)).expect("ready");
    for shard in machine.leases(at(10)) {
        machine.leased(at(10), shard, Ok(None));
    }
    assert!(machine.committed(at(11), room(1), EPOCH, &entries(7, 7)));
    assert_eq!(machine.next_run(at(11)), None);
    // The end of a run that began under the lease changes nothing.
    machine.ran(at(11), room(1), run.number, Ran::To { cursors: None, moved: vec![to(0, 6), to(1, 6)] });
    assert!(machine.saves(at(100), true).is_empty());
}

#[test]
fn a_lease_that_cannot_be_renewed_ends() {
    let mut machine = machine();
    let shards = machine.leases(at(10));
    assert_eq!(shards.len(), FEED_SHARDS);
    assert!(machine.leases(at(10)).is_empty(), "each is asked for once");
    for shard in shards {
        machine.leased(at(10), shard, Err(()));
    }
    machine.tick(at(29));
    assert_eq!(machine.held().len(), FEED_SHARDS);
    machine.tick(at(30));
    assert!(machine.held().is_empty(), "thirty seconds after it was last granted");
}

#[test]
fn a_new_lease_sweeps_every_room() {
    let mut machine = machine();
    for shard in machine.leases(at(10)) {
        machine.leased(at(10), shard, Ok(Some(Fence(2))));
    }
    let first = machine.next_sweep(at(10)).expect("a sweep");
    assert_eq!(first, Sweep { consumer: 0, after: None });
    assert_eq!(machine.next_sweep(at(10)), None, "one page at a time");
    machine.swept(at(10), &first, &[(room(1), 3), (room(2), 4)], Some(room(2)));
    let second = machine.next_sweep(at(10)).expect("its next page");
    assert_eq!(second, Sweep { consumer: 0, after: Some(room(2)) });
    machine.sweep_failed(at(10), at(1));
    assert_eq!(machine.next_sweep(at(10)), None, "after a while");
    assert_eq!(machine.next_sweep(at(11)), Some(second.clone()));
    machine.swept(at(11), &second, &[], None);
    assert_eq!(machine.next_sweep(at(11)), Some(Sweep { consumer: 1, after: None }));
    let heads: Vec<Seq> = std::iter::from_fn(|| machine.next_run(at(11))).map(|run| run.head).collect();
    assert_eq!(heads, [3, 4]);
}

#[test]
fn another_epoch_starts_over() {
    let mut machine = machine();
    met(&mut machine, room(1), 9);
    machine.committed(at(1), room(1), EPOCH, &entries(10, 10));
    let run = machine.next_run(at(1)).expect("ready");
    assert!(!machine.committed(at(1), room(1), Epoch(2), &entries(5, 5)), "the store has to be asked");
    machine.epoch(Epoch(2));
    assert!(machine.held().is_empty());
    machine.ran(at(1), room(1), run.number, Ran::To { cursors: None, moved: vec![to(0, 10), to(1, 10)] });
    assert!(machine.saves(at(100), true).is_empty(), "nothing of the previous epoch is saved");
    for shard in machine.leases(at(1)) {
        machine.leased(at(1), shard, Ok(Some(Fence(1))));
    }
    machine.committed(at(2), room(1), Epoch(2), &entries(5, 5));
    let run = machine.next_run(at(2)).expect("ready");
    assert_eq!((run.epoch, run.positions, run.head), (Epoch(2), None, 5));
}

#[test]
fn a_cursor_above_the_head_is_ignored() {
    let mut machine = machine();
    machine.woken(at(0), room(1), 5);
    let run = machine.next_run(at(0)).expect("ready");
    machine.ran(at(0), room(1), run.number, Ran::To { cursors: Some(vec![9, 5]), moved: vec![] });
    let run = machine.next_run(at(0)).expect("the first consumer starts over");
    assert_eq!((run.positions, run.due), (Some(vec![0, 5]), vec![true, false]));
}

#[test]
fn the_number_of_concurrent_runs_is_limited() {
    let mut machine = machine();
    for number in 1..=FEED_ROOMS_AT_ONCE as u128 + 10 {
        machine.woken(at(0), room(number), 1);
    }
    let runs: Vec<Run> = std::iter::from_fn(|| machine.next_run(at(0))).collect();
    assert_eq!(runs.len(), FEED_ROOMS_AT_ONCE);
    machine.ran(at(0), runs[0].room, runs[0].number, Ran::Failed { retry: at(1) });
    assert!(machine.next_run(at(0)).is_some());
}

#[test]
fn an_event_examines_only_its_room() {
    let mut machine = machine();
    for number in 1..=FEED_ROOMS as u128 {
        machine.woken(at(0), room(number), 1);
    }
    while let Some(run) = machine.next_run(at(0)) {
        let moved = vec![to(0, 1), to(1, 1)];
        machine.ran(at(0), run.room, run.number, Ran::To { cursors: Some(vec![0, 0]), moved });
    }
    assert_eq!(machine.rooms.len(), FEED_ROOMS);

    let before = machine.looked;
    for second in 1..=20 {
        machine.committed(at(second), room(7), EPOCH, &entries(second + 1, second + 1));
        let run = machine.next_run(at(second)).expect("ready");
        let moved = vec![to(0, second + 1), to(1, second + 1)];
        machine.ran(at(second), room(7), run.number, Ran::To { cursors: None, moved });
        assert!(machine.saves(at(second), false).is_empty());
        machine.tick(at(second));
    }
    let looked = machine.looked - before;
    println!("20 events beside {FEED_ROOMS} rooms: {looked} looks");
    assert!(looked <= 80, "{looked}");
}

#[test]
fn rooms_that_wait_to_be_saved_are_not_examined_repeatedly() {
    let mut machine = machine();
    for number in 1..=1_000 {
        machine.woken(at(0), room(number), 1);
    }
    while let Some(run) = machine.next_run(at(0)) {
        let moved = vec![to(0, 1), to(1, 1)];
        machine.ran(at(0), run.room, run.number, Ran::To { cursors: Some(vec![0, 0]), moved });
    }
    let before = machine.looked;
    let mut saved = 0;
    loop {
        let saves = machine.saves(at(30), false);
        assert!(saves.len() <= FEED_SAVES_AT_ONCE && machine.saves(at(30), false).is_empty());
        for save in &saves {
            machine.saved(at(30), save.room, &save.cursors);
        }
        saved += saves.len();
        if saves.is_empty() {
            break;
        }
    }
    assert_eq!((saved, machine.looked - before), (1_000, 2_000), "once when it begins, once when it ends");
}

/// Performs random steps, and compares with what an examination of every room finds.
#[test]
fn nothing_that_is_due_is_missed() {
    let mut machine = machine();
    let mut seed = 7_u64;
    let mut below = |n: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % n
    };
    let (mut running, mut saving): (Vec<Run>, Vec<Save>) = (Vec::new(), Vec::new());
    let mut now = Duration::ZERO;
    for _ in 0..20_000 {
        now += Duration::from_millis(below(400));
        renew(&mut machine, now);
        let id = room(1 + u128::from(below(40)));
        match below(6) {
            0 | 1 => {
                let head = machine.rooms.get(&id).map_or(0, |room| room.head);
                machine.committed(now, id, EPOCH, &entries(head + 1, head + 1));
            }
            2 | 3 if !running.is_empty() => {
                let run = running.swap_remove(below(running.len() as u64) as usize);
                let cursors = run.positions.is_none().then(|| vec![0, 0]);
                let ran = match below(4) {
                    0 => Ran::Failed { retry: at(1) },
                    1 => Ran::To { cursors, moved: vec![(0, run.head, Some(at(1))), to(1, run.head)] },
                    _ => Ran::To { cursors, moved: vec![to(0, run.head), to(1, run.head)] },
                };
                machine.ran(now, run.room, run.number, ran);
            }
            4 if !saving.is_empty() => {
                let save = saving.swap_remove(below(saving.len() as u64) as usize);
                let written = below(save.cursors.len() as u64 + 1) as usize;
                machine.saved(now, save.room, &save.cursors[..written]);
            }
            _ => machine.tick(now),
        }
        running.extend(std::iter::from_fn(|| machine.next_run(now)));
        saving.extend(machine.saves(now, false));
        if below(10) == 0 {
            machine.tick(now);
            running.extend(std::iter::from_fn(|| machine.next_run(now)));
            let missed = machine.rooms.values().filter(|room| room.is_ready(now) || room.is_over(now)).count();
            let unsaved = machine.rooms.values().filter(|room| !room.to_save(now, false).is_empty()).count();
            let at_once = running.len() < FEED_ROOMS_AT_ONCE && saving.len() < FEED_SAVES_AT_ONCE;
            assert!(!at_once || (missed, unsaved) == (0, 0), "{missed} and {unsaved} at {now:?}");
        }
    }
}
