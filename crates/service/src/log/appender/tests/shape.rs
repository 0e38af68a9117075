//! How appends are batched if a store has preferences.

use super::*;

/// Returns a change of one row: a member leaves.
fn leave(by: u128, number: u128) -> Change {
    Change { intent: Intent::Leave, ..send(by, number, None) }
}

/// Returns how long the appends are that follow one under way, with the row writes of the longest.
fn appends_of(shape: AppendShape, changes: Vec<Change>) -> (Vec<usize>, usize) {
    let mut bench = Bench::warmed(shape);
    bench.submit(send(1, 60, None));
    for change in changes {
        bench.queue(change);
    }
    let first = tip_after(&bench.appending());
    bench.input(Input::Appended(Ok(first)));
    let (mut lengths, mut most) = (Vec::new(), 0);
    while let Some(command) = bench.asked.clone() {
        let Command::Append(prepared) = command else {
            bench.rows();
            continue;
        };
        lengths.push(prepared.entries.len());
        most = most.max(prepared.row_writes.len());
        bench.input(Input::Appended(Ok(tip_after(&prepared))));
    }
    assert!(bench.machine.is_idle());
    (lengths, most)
}

#[test]
fn plain_messages_go_apart_if_the_store_prefers_it() {
    let changes = || vec![send(1, 61, None), send(2, 62, None), leave(3, 63), send(1, 64, None)];
    let apart = AppendShape { plain_apart: true, ..AppendShape::default() };
    assert_eq!(appends_of(apart, changes()).0, [2, 1, 1]);
    assert_eq!(appends_of(AppendShape::default(), changes()).0, [4]);
}

#[test]
fn an_append_ends_when_it_has_enough_rows() {
    let changes = || (2..=6).map(|by| leave(by, 60 + by)).collect();
    assert_eq!(appends_of(AppendShape { rows: 2, plain_apart: false }, changes()), (vec![2, 2, 1], 2));
    assert_eq!(appends_of(AppendShape::default(), changes()), (vec![5], 5));
}
