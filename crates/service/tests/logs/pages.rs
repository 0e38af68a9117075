//! Pages of history, and who may read which.

use domain::{Code, Entry, Intent, LogId, Room, RoomKind, Seq};
use service::{MessagePage, PageQuery, RoomRef};

use crate::setup::{Node, World, actor, room, send, seq, text, user};

fn by_id(log: LogId) -> RoomRef {
    RoomRef::Id(log.room().expect("a room"))
}

fn words(page: &MessagePage) -> Vec<&str> {
    page.entries.iter().map(|entry: &Entry| entry.message().expect("messages only").text.as_str()).collect()
}

async fn say(world: &World, node: &Node, log: LogId, by: u128, said: &str) -> Seq {
    seq(&node.logs.submit(log, world.change(by, send(said))).await)
}

#[tokio::test(start_paused = true)]
async fn pages_go_back_forward_and_say_whether_there_is_more() {
    let world = World::new();
    let node = world.node();
    let log = world.room(&node, room(1, RoomKind::Public), &[2]).await;
    let mut seqs = Vec::new();
    for n in 0..5 {
        seqs.push(say(&world, &node, log, 2, &n.to_string()).await);
        let edit = Intent::Edit { target: seqs[n], text: text(&format!("{n}!")) };
        assert!(node.logs.submit(log, world.change(2, edit)).await.is_ok());
    }
    let (reader, by_slug) = (actor(9), RoomRef::Slug("room-1".to_owned().try_into().expect("valid")));
    let ask = |query| node.messages.page(&reader, &by_slug, query);
    let newest = ask(PageQuery { limit: Some(2), ..PageQuery::default() }).await.expect("public");
    assert_eq!((words(&newest), newest.has_more), (vec!["3!", "4!"], true));
    assert_eq!(newest.as_of, seqs[4] + 1);
    assert!(newest.related.users.contains_key(&user(2)));
    let before = PageQuery { before: Some(seqs[3]), limit: Some(3), ..PageQuery::default() };
    let before = ask(before).await.expect("public");
    assert_eq!((words(&before), before.has_more), (vec!["0!", "1!", "2!"], false));
    let after = PageQuery { after: Some(seqs[0]), limit: Some(2), ..PageQuery::default() };
    let after = ask(after).await.expect("public");
    assert_eq!((words(&after), after.has_more), (vec!["1!", "2!"], true));
    let both = ask(PageQuery { before: Some(1), after: Some(1), ..PageQuery::default() }).await;
    assert_eq!(both.expect_err("refused").code, Code::BadRequest);
    let enough = PageQuery { min_seq: Some(newest.as_of), ..PageQuery::default() };
    assert!(ask(enough).await.is_ok());
    let above = ask(PageQuery { min_seq: Some(newest.as_of + 1), ..PageQuery::default() }).await;
    assert_eq!(above.expect_err("refused").head, Some(newest.as_of));
}

#[tokio::test(start_paused = true)]
async fn a_private_room_is_read_by_its_members_and_by_the_former_up_to_their_end() {
    let world = World::new();
    let node = world.node();
    let hides = Room { hides_past: true, ..room(1, RoomKind::Private) };
    let log = world.room(&node, hides, &[2, 3]).await;
    let first = say(&world, &node, log, 2, "one").await;
    assert!(node.logs.submit(log, world.change(1, Intent::Kick { user: user(3), why: None })).await.is_ok());
    let second = say(&world, &node, log, 2, "two").await;
    let page = |who, query| {
        let node = &node;
        async move { node.messages.page(&actor(who), &by_id(log), query).await }
    };
    let newest = PageQuery::default();
    assert_eq!(words(&page(2, newest).await.expect("a member")), ["one", "two"]);
    assert_eq!(words(&page(3, newest).await.expect("was a member")), ["one"]);
    let after = PageQuery { after: Some(0), ..PageQuery::default() };
    assert_eq!(words(&page(3, after).await.expect("was a member")), ["one"]);
    assert_eq!(page(9, newest).await.expect_err("not a member").code, Code::NotFound);
    assert!(node.messages.one(&actor(3), &by_id(log), first).await.is_ok());
    assert_eq!(
        node.messages.one(&actor(3), &by_id(log), second).await.expect_err("after the end").code,
        Code::NotFound
    );
    let some = node.messages.some(&actor(3), &by_id(log), &[second, first, 1]).await.expect("was a member");
    assert_eq!(words(&some), ["one"]);
    world.store.users.create_user(&crate::setup::person(4)).await.expect("new");
    let invite = Intent::Invite { user: user(4), role: domain::Role::Member };
    assert!(node.logs.submit(log, world.change(2, invite)).await.is_ok());
    assert_eq!(page(4, newest).await.expect_err("invited").code, Code::Forbidden);
    assert!(node.logs.submit(log, world.change(4, Intent::Join)).await.is_ok());
    assert!(words(&page(4, newest).await.expect("in")).is_empty(), "the past is hidden");
}

#[tokio::test(start_paused = true)]
async fn a_public_room_is_cut_only_for_the_banned() {
    let world = World::new();
    let node = world.node();
    let log = world.room(&node, room(1, RoomKind::Public), &[2, 3]).await;
    say(&world, &node, log, 2, "one").await;
    assert!(node.logs.submit(log, world.change(3, Intent::Leave)).await.is_ok());
    say(&world, &node, log, 2, "two").await;
    let newest = || PageQuery::default();
    let page = node.messages.page(&actor(3), &by_id(log), newest()).await.expect("left, not banned");
    assert_eq!(words(&page), ["one", "two"]);
    for who in [3, 4] {
        let _ = world.store.users.create_user(&crate::setup::person(who)).await;
        assert!(node.logs.submit(log, world.change(1, Intent::Ban { user: user(who), why: None })).await.is_ok());
    }
    let page = node.messages.page(&actor(3), &by_id(log), newest()).await.expect("what they were there for");
    assert_eq!(words(&page), ["one"]);
    let page = node.messages.page(&actor(4), &by_id(log), newest()).await;
    assert_eq!(page.expect_err("never was in").code, Code::Forbidden);
}

#[tokio::test(start_paused = true)]
async fn a_thread_begins_with_its_root_and_is_paged() {
    let world = World::new();
    let node = world.node();
    let log = world.room(&node, room(1, RoomKind::Public), &[2]).await;
    let root = say(&world, &node, log, 2, "root").await;
    let mut last = root;
    for n in 0..3 {
        let reply =
            Intent::Send { text: text(&n.to_string()), reply_to: Some(last), thread: Some(root), files: Vec::new() };
        last = seq(&node.logs.submit(log, world.change(1, reply)).await);
    }
    let (reader, room) = (actor(2), by_id(log));
    let thread = |after| node.messages.thread(&reader, &room, root, after, Some(2));
    let first = thread(0).await.expect("there");
    assert_eq!((words(&first), first.has_more), (vec!["root", "0", "1"], true));
    let second = thread(first.entries[2].seq).await.expect("there");
    assert_eq!((words(&second), second.has_more), (vec!["2"], false));
    let nested = Intent::Send { text: text("x"), reply_to: None, thread: Some(last), files: Vec::new() };
    let answer = node.logs.submit(log, world.change(1, nested)).await;
    assert_eq!(answer.expect_err("refused").code, Code::BadRequest);
}

#[tokio::test(start_paused = true)]
async fn a_removed_member_does_not_see_later_edits() {
    let world = World::new();
    let node = world.node();
    let log = world.room(&node, room(1, RoomKind::Private), &[2, 3]).await;
    let edited_before = say(&world, &node, log, 2, "draft").await;
    let edited_after = say(&world, &node, log, 2, "harmless").await;
    let untouched = say(&world, &node, log, 2, "still").await;
    let edit = |target, words| world.change(2, Intent::Edit { target, text: text(words) });
    let react =
        |target| world.change(2, Intent::React { target, emoji: "👍".to_owned().try_into().unwrap(), on: true });
    assert!(node.logs.submit(log, edit(edited_before, "final")).await.is_ok());
    world.clock.advance(std::time::Duration::from_secs(1));
    let kicked = seq(&node.logs.submit(log, world.change(1, Intent::Kick { user: user(3), why: None })).await);
    world.clock.advance(std::time::Duration::from_secs(1));
    assert!(node.logs.submit(log, edit(edited_after, "secret")).await.is_ok());
    let mut head = 0;
    for target in [edited_before, untouched] {
        head = seq(&node.logs.submit(log, react(target)).await);
    }
    let whole = PageQuery::default();
    let of = async |who| node.messages.page(&actor(who), &by_id(log), whole).await.expect("was in");
    assert_eq!(words(&of(2).await), ["final", "secret", "still"]);
    assert_eq!(words(&of(3).await), ["final", "", "still"], "a reaction hides no text");
    let reactions = |page: &service::messages::MessagePage| {
        page.entries.iter().filter_map(|entry| entry.message()).map(|message| message.reactions.len()).sum::<usize>()
    };
    assert_eq!((reactions(&of(2).await), of(2).await.as_of), (2, head));
    assert_eq!((reactions(&of(3).await), of(3).await.as_of), (0, kicked), "what came later is not told");
    for min_seq in [kicked + 1, head, head + 1] {
        let asked = PageQuery { min_seq: Some(min_seq), ..whole };
        let refused = node.messages.page(&actor(3), &by_id(log), asked).await.expect_err("refused");
        assert_eq!((refused.code, refused.head), (Code::Forbidden, None), "{min_seq}");
    }
    let one = node.messages.one(&actor(3), &by_id(log), edited_after).await.expect("was in");
    assert_eq!(words(&one), [""]);
    let replay = node.messages.replay(&actor(3), log, Some(edited_before - 1), 500).await.expect("up");
    let mut shown: Vec<String> = replay.entries.iter().map(|entry| format!("{:?}", entry.body)).collect();
    shown.extend(replay.related.texts.values().map(|text| text.as_str().to_owned()));
    assert!(shown.iter().any(|body| body.contains("final")) && replay.span.through == kicked, "{shown:?}");
    assert!(!shown.iter().any(|body| body.contains("secret")), "{shown:?}");
}

#[tokio::test(start_paused = true)]
async fn an_edit_does_not_reveal_a_hidden_message() {
    let world = World::new();
    let node = world.node();
    for (number, kind, shown) in [(1, RoomKind::Private, false), (2, RoomKind::Public, true)] {
        let log = world.room(&node, Room { hides_past: true, ..room(number, kind) }, &[2]).await;
        let hidden = say(&world, &node, log, 2, "before").await;
        let _ = world.store.users.create_user(&crate::setup::person(3)).await;
        if kind == RoomKind::Private {
            let invite = Intent::Invite { user: user(3), role: domain::Role::Member };
            assert!(node.logs.submit(log, world.change(2, invite)).await.is_ok());
        }
        let joined = seq(&node.logs.submit(log, world.change(3, Intent::Join)).await);
        let edit = Intent::Edit { target: hidden, text: text("secret") };
        assert!(node.logs.submit(log, world.change(2, edit)).await.is_ok());
        let replay = node.messages.replay(&actor(3), log, Some(joined), 500).await.expect("up");
        assert_eq!(replay.entries.len(), 1);
        assert!(!format!("{:?}", replay.entries[0].body).contains("secret"), "the text is beside the entry");
        let texts: Vec<&str> = replay.related.texts.values().map(|text| text.as_str()).collect();
        assert_eq!(texts, if shown { vec!["secret"] } else { vec![] }, "{kind:?}");
        assert_eq!(replay.span.from_seq, if shown { 1 } else { joined });
        let reset = node.messages.replay(&actor(3), log, None, 500).await.expect("up");
        assert_eq!(reset.span.from_seq, replay.span.from_seq);
    }
}
