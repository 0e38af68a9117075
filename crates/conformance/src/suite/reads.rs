//! The reads of `RoomLog`: ranges, pages, recent entries, the floor.

use domain::{Body, Entry, EntryKey, FileState, LogId, RoomId, RowWrite};
use service::limits::ENTRY_BYTES;
use service::ports::{Charged, Quota, Store};

use super::world::{LogWriter, a_room, a_user, file, message, react, text};

/// Creates a log of 40 entries, appended in pieces of different lengths, with runs of reactions in between.
async fn a_mixed_log(store: &Store) -> (LogWriter, Vec<Entry>) {
    let mut log_writer = LogWriter::new(store, LogId::Room(a_room())).await;
    let mut all = Vec::new();
    for piece in [1, 4, 7, 2, 9, 1, 16] {
        let bodies = (0..piece).map(|i| if (all.len() + i) % 11 < 4 { text("m") } else { react(1) }).collect();
        let entries = log_writer.entries(bodies);
        log_writer.tip = store.log.append(log_writer.log, &log_writer.tip, &entries, &[]).await.expect("an append");
        all.extend(entries);
    }
    (log_writer, all)
}

pub async fn every_range_reads_what_was_appended(store: Store) {
    let (log_writer, all) = a_mixed_log(&store).await;
    // A neighbour whose key has the same prefix.
    LogWriter::new(&store, LogId::Room(a_room())).await.say("another room").await;
    for from in 0..=41_u64 {
        for to in [from, from + 1, from + 13, 40, 41, 1_000] {
            let expected: Vec<Entry> = all.iter().filter(|e| (from..=to).contains(&e.seq)).cloned().collect();
            assert_eq!(store.log.read(log_writer.log, from, to).await, Ok(expected), "{from}..={to}");
        }
    }
    assert_eq!(store.log.read(log_writer.log, 9, 3).await, Ok(Vec::new()));
    assert_eq!(store.log.read(LogId::User(a_user()), 1, 9).await, Ok(Vec::new()));
}

pub async fn pages_hold_messages_only(store: Store) {
    let (log_writer, all) = a_mixed_log(&store).await;
    let messages: Vec<&Entry> = all.iter().filter(|entry| entry.message().is_some()).collect();
    for seq in (0..=42).chain([u64::MAX >> 1]) {
        for limit in [1, 2, 5, 200] {
            let older: Vec<Entry> = messages.iter().filter(|e| e.seq < seq).map(|e| (*e).clone()).collect();
            let back = older[older.len().saturating_sub(limit)..].to_vec();
            assert_eq!(store.log.read_back(log_writer.log, seq, limit).await, Ok(back), "{limit} before {seq}");
            let newer = messages.iter().filter(|e| e.seq > seq).take(limit).map(|e| (*e).clone());
            let forward: Vec<Entry> = newer.collect();
            assert_eq!(store.log.read_forward(log_writer.log, seq, limit).await, Ok(forward), "{limit} after {seq}");
        }
    }
}

pub async fn messages_are_read_by_seq(store: Store) {
    let (log_writer, all) = a_mixed_log(&store).await;
    let asked = [3, 1, 39, 3, 17, 999];
    let mut found = store.log.messages(log_writer.log, &asked).await.expect("a read");
    found.sort_by_key(|entry| entry.seq);
    let expected = all.iter().filter(|e| asked.contains(&e.seq) && e.message().is_some()).cloned();
    assert_eq!(found, expected.collect::<Vec<_>>());
    assert_eq!(store.log.messages(log_writer.log, &[]).await, Ok(Vec::new()));
    let every: Vec<u64> = (1..=1_200).collect();
    let messages = all.iter().filter(|entry| entry.message().is_some()).count();
    assert_eq!(store.log.messages(log_writer.log, &every).await.expect("a read").len(), messages);
}

pub async fn messages_of_several_rooms_come_in_one_read(store: Store) {
    let (mut places, mut expected) = (Vec::new(), Vec::new());
    // One of a room, several of a room, an entry that is not a message, and missing ones.
    for asked in [&[1][..], &[2], &[3, 17, 39], &[12], &[1, 2, 3, 999]] {
        let (log_writer, all) = a_mixed_log(&store).await;
        let room = log_writer.log.room().expect("a room's");
        places.extend(asked.iter().map(|seq| (room, *seq)));
        let found = all.into_iter().filter(|entry| asked.contains(&entry.seq) && entry.message().is_some());
        expected.extend(found.map(|entry| (room, entry)));
    }
    places.extend([(a_room(), 1), (places[0].0, 0), places[0]]);
    let mut found = store.log.messages_of(&places).await.expect("a read");
    let order = |(room, entry): &(RoomId, Entry)| (*room, entry.seq);
    found.sort_by_key(order);
    expected.sort_by_key(order);
    assert_eq!(found, expected);
    assert_eq!(store.log.messages_of(&[]).await, Ok(Vec::new()));
    let many: Vec<_> = (1..=300).map(|seq| (places[0].0, seq)).collect();
    assert!(store.log.messages_of(&many).await.expect("a read").len() > 10, "more than fit one statement");
}

pub async fn keys_match_their_entries(store: Store) {
    let (log_writer, all) = a_mixed_log(&store).await;
    let long = "a long one ".repeat(200);
    let mut log_writer = log_writer;
    let mut all = all;
    for piece in [1, 30, 400, 900] {
        let bodies = (0..piece).map(|number| if number % 3 == 0 { text(&long) } else { react(1) }).collect();
        let entries = log_writer.entries(bodies);
        log_writer.tip = store.log.append(log_writer.log, &log_writer.tip, &entries, &[]).await.expect("an append");
        all.extend(entries);
    }
    let head = all.len() as u64;
    for (from, to) in [(0, 0), (1, 1), (3, 9), (9, 3), (17, 41), (41, 600), (1, head), (head, head), (head - 7, 9_999)]
    {
        let expected = all.iter().filter(|entry| (from..=to).contains(&entry.seq)).map(EntryKey::from);
        let read = store.log.read_keys(log_writer.log, from, to).await.expect("a read");
        assert_eq!(read.keys, expected.collect::<Vec<_>>(), "{from}..={to}");
        assert_eq!(read.units > 0, !read.keys.is_empty(), "{from}..={to}: {} units", read.units);
    }
    let units = async |to| store.log.read_keys(log_writer.log, 1, to).await.expect("a read").units;
    assert!(units(head).await > units(40).await, "more entries cost more");
    assert_eq!(store.log.read_keys(LogId::User(a_user()), 1, 9).await.expect("a read").keys, []);
}

pub async fn a_read_ends_where_its_bytes_are_full(store: Store) {
    let (mut log_writer, mut all) = a_mixed_log(&store).await;
    // Alone and together, short and long.
    for (piece, words) in [(1, 3_000), (1, 3_000), (40, 10), (9, 900), (1, 20), (300, 100), (7, 3_900)] {
        let bodies = (0..piece).map(|_| text(&"x".repeat(words))).collect();
        let entries = log_writer.entries(bodies);
        log_writer.tip = store.log.append(log_writer.log, &log_writer.tip, &entries, &[]).await.expect("an append");
        all.extend(entries);
    }
    let head = all.len() as u64;
    for bytes in [1, 700, 5_000, 64 * 1024, 10_000_000] {
        for from in (1..=head).step_by(17).chain([head, head + 1]) {
            for to in [from, from + 3, head, head + 9] {
                let read = store.log.read_within(log_writer.log, from, to, bytes).await.expect("a read");
                let whole: Vec<Entry> = all.iter().filter(|entry| (from..=to).contains(&entry.seq)).cloned().collect();
                assert_eq!(read, whole[..read.len()], "the first of {from}..={to}");
                assert_eq!(read.is_empty(), whole.is_empty(), "{from}..={to}");

                // Stores measure a little differently.
                let but_one = in_bytes(&read[..read.len().saturating_sub(1)]);
                assert!(but_one <= bytes + bytes / 4, "{but_one} of {bytes}, {from}..={to}");
                let is_full = in_bytes(&read) >= bytes - bytes / 4;
                assert!(read.len() == whole.len() || is_full, "{} of {bytes}, {from}..={to}", in_bytes(&read));
            }
        }
    }
    assert_eq!(store.log.read_within(log_writer.log, 9, 3, 1_000).await, Ok(Vec::new()));
    assert_eq!(store.log.read_within(LogId::User(a_user()), 1, 9, 1_000).await, Ok(Vec::new()));
}

/// Returns roughly the size of entries in a read that is bounded by bytes.
fn in_bytes(entries: &[Entry]) -> usize {
    let text = |entry: &Entry| entry.message().map_or(0, |message| message.text.as_str().len());
    entries.iter().map(|entry| text(entry) + 50 + ENTRY_BYTES).sum()
}

pub async fn an_edit_is_stored_without_text(store: Store) {
    let mut log_writer = LogWriter::new(&store, LogId::Room(a_room())).await;
    log_writer.say("tee").await;
    let mut edited = store.log.read(log_writer.log, 1, 1).await.expect("a read").remove(0);
    let Body::Message(content) = &mut edited.body else { panic!("a message") };
    (content.text, content.rev) = (message("tea").text, 2);
    log_writer.write(vec![Body::edit(1)], &[RowWrite::Message(edited.clone())]).await;
    let read = store.log.read(log_writer.log, 1, 2).await.expect("a read");
    assert_eq!(read[0], edited, "the message has the text");
    assert_eq!(read[1].body, Body::edit(1));
}

pub async fn all_logs_come_in_pages(store: Store) {
    let mut expected = Vec::new();
    for number in 0..7 {
        let log = if number % 2 == 0 { LogId::Room(a_room()) } else { LogId::User(a_user()) };
        let mut log_writer = LogWriter::new(&store, log).await;
        for _ in 0..=number {
            log_writer.say("x").await;
        }
        expected.push((log, number + 1));
    }
    expected.sort();
    for limit in 1..=8 {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = store.log.all_logs(after, limit).await.expect("a page");
            assert!(page.len() <= limit);
            let Some((last, _)) = page.last() else { break };
            after = Some(*last);
            found.extend(page);
        }
        assert_eq!(found, expected, "pages of {limit}");
    }
}

pub async fn the_floor_blanks_what_is_below(store: Store) {
    let room = a_room();
    let mut log_writer = LogWriter::new(&store, LogId::Room(room)).await;
    assert_eq!(store.log.floor(log_writer.log).await, Ok(0));
    let attached = file(room, log_writer.by, 1);
    assert_eq!(store.files.put(&attached, Quota::NONE).await, Ok(Charged::Done), "a row");
    assert_eq!(store.files.complete(&attached, Quota::NONE).await, Ok(Charged::Done), "complete");
    let mut with_file = message("look");
    with_file.files = vec![attached.id];
    log_writer.write(vec![Body::Message(with_file)], &[RowWrite::FileSent { file: attached.id, seq: 1 }]).await;
    // More than one step of any store.
    for _ in 0..4 {
        log_writer.write((0..150).map(|_| text("secret")).collect(), &[]).await;
    }
    let before = store.log.read(log_writer.log, 1, 601).await.expect("a read");
    store.log.raise_floor(log_writer.log, 500).await.expect("raised");
    let after = store.log.read(log_writer.log, 1, 601).await.expect("a read");
    assert_eq!(store.log.floor(log_writer.log).await, Ok(500));
    assert_eq!(after.len(), before.len(), "rows stay");
    for (old, new) in before.iter().zip(&after) {
        let mut blanked = old.clone();
        if old.seq <= 500 {
            blanked.body.blank();
        }
        assert_eq!(new, &blanked);
    }
    let row = store.files.get(attached.id).await.expect("a read").expect("the row");
    assert_eq!(row.state, FileState::Dropped);
    store.log.raise_floor(log_writer.log, 20).await.expect("lower: nothing to do");
    assert_eq!(store.log.floor(log_writer.log).await, Ok(500));
    store.log.raise_floor(log_writer.log, 9_999).await.expect("raised to the head");
    assert_eq!(store.log.floor(log_writer.log).await, Ok(601));
    log_writer.say("still here").await;
    assert_eq!(store.log.read_back(log_writer.log, 1_000, 1).await.expect("a page")[0].seq, 602);
    store.log.raise_floor(LogId::Room(a_room()), 5).await.expect("a log that does not exist");
}
