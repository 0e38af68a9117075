use realtime::codec::CodecKind;

use super::*;
use crate::memory::MemoryBudget;

fn queue() -> Arc<SendQueue> {
    Arc::new(SendQueue::new(CodecKind::Native, MemoryBudget::new(usize::MAX)))
}

#[tokio::test]
async fn an_overrun_closes_open_sockets_and_those_whose_opening_was_queued() {
    let shards = Shards::start(1);
    let (open, opening, later) = (queue(), queue(), queue());
    shards.open(1, open.clone()).await;
    tokio::task::yield_now().await;

    // The shard's task does not run meanwhile, so its queue fills up behind the opening.
    shards.open(2, opening.clone()).await;
    for _ in 0..SHARD_QUEUE {
        shards.enqueue(0, Arc::new(vec![1, 2]), Arc::new([]));
    }
    shards.open(3, later.clone()).await;
    while open.closing().is_none() || opening.closing().is_none() {
        tokio::task::yield_now().await;
    }
    shards.open(4, queue()).await;
    tokio::task::yield_now().await;
    assert_eq!((open.closing(), opening.closing()), (Some(CloseCode::Lagged), Some(CloseCode::Lagged)));
    assert_eq!(later.closing(), None, "it was opened after the loss");
}
