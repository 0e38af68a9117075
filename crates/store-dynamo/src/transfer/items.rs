//! Records as items, with the claims and the lines of lists that follow from them.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Timestamp, UserId, UserRole};
use service::ports::{SessionRecord, StoreResult, UserRecord};
use stored::{Record, SessionRow, UserRow};

use crate::item::{Item, flag, id, number, text, time, unreadable, word};
use crate::keys;
use crate::op::{Change, Op};
use crate::ports::{audit, people_rows, sessions};
use crate::rows;

/// Returns the items of a record.
pub fn items_of(record: &Record) -> StoreResult<Vec<Item>> {
    Ok(match record {
        Record::User(user) => of_user(user),
        Record::Session(session) => of_session(session)?,
        Record::Room { room } => {
            let slug = room.0.slug.as_ref().map(|slug| rows::slug_item(slug.as_str(), room.0.id));
            let listed = rows::directory_item(&room.0);
            [Some(written(rows::change_room(&room.0))), slug, listed].into_iter().flatten().collect()
        }
        Record::Member(row) => {
            let member = row.member();
            vec![
                written(rows::change_member(row.room, &member))
                    .with("lv", word(&member.level))
                    .with_some("qu", member.quiet_until.map(time)),
            ]
        }
        Record::UserRoom { user, row } => {
            let row = &row.0;
            let item = written(rows::change_user_room(*user, row))
                .with("lv", word(&row.level))
                .with_some("qu", row.quiet_until.map(time))
                .with("hd", flag(row.hidden))
                .with("rs", number(row.read_seq))
                .with("rn", number(row.read_n));
            // DynamoDB stores no empty set.
            let mentions = row.mentions.iter().map(ToString::to_string).collect::<Vec<_>>();
            vec![item.with_some("mn", (!mentions.is_empty()).then_some(AttributeValue::Ns(mentions)))]
        }
        Record::Block { user, other } => vec![Item::at(keys::block(*user, *other))],
        Record::HeldName { key } => held(key)?,
        Record::Deletion { user, messages, at } => {
            let listed = Item::at(keys::deletion(*user)).with("us", id(user.0));
            vec![listed.with("ms", flag(*messages)).with("at", time(*at))]
        }
        Record::Audit { audit: record } => vec![audit::item(&record.0)],
        Record::Pin { room, seq } => vec![Item::at(keys::pin(*room, *seq))],
        Record::Thread { room, root, seq } => vec![Item::at(keys::in_thread(*room, *root, *seq))],
        Record::Reactor { room, seq, emoji, user } => {
            let emoji = domain::text::Emoji::from_stored(emoji.clone());
            vec![Item::at(keys::reactor(*room, *seq, &emoji, *user))]
        }
        Record::File { file } => {
            let puts = rows::moved(None, Some(&file.0));
            puts.into_iter().filter_map(|op| if let Op::Put(item, _) = op { Some(item) } else { None }).collect()
        }
        Record::Usage { owner, bytes } => vec![rows::usage_item(*owner, *bytes)],
        // Seq 0: announced, and perhaps read, before everything that the user's log says from now on.
        Record::Notification { user, notification } => vec![rows::notification_item(*user, &notification.0, 0)],
        Record::Dropped { user, key, expires_s } => {
            vec![rows::mark(*user, *key, Timestamp(expires_s.saturating_mul(1_000)))]
        }
        Record::Cursor { room, consumer, seq } => {
            // Every lease of the new table has a higher fence.
            let cursor = Item::at(keys::feed(*room, consumer)).with("co", text(consumer));
            vec![cursor.with("sq", number(*seq)).with("fe", number(0))]
        }
    })
}

/// Returns the item that an update creates.
fn written(op: Op) -> Item {
    match op {
        Op::Update(Change { key, set, .. }, _) => {
            set.into_iter().fold(Item::at(key), |item, (name, value)| item.with(name, value))
        }
        Op::Put(item, _) => item,
        Op::Delete(key, _) => Item::at(key),
    }
}

fn of_user(row: &UserRow) -> Vec<Item> {
    let user = domain::User {
        id: row.user,
        name: row.name.clone(),
        display_name: row.rest.display_name.clone(),
        guest: row.guest,
        role: row.role,
        banned: row.rest.banned,
        deleted: row.rest.deleted,
        created_at: row.rest.created_at,
    };
    let record = UserRecord {
        user,
        email: row.rest.email.clone(),
        sign_in_email: row.sign_in_email.clone(),
        password_hash: row.rest.password_hash.clone(),
    };
    let claim = |key| Item::at(key).with("us", id(row.user.0));
    let folded = row.name.folded();
    let mut items = vec![people_rows::item(&record), claim(keys::name(&folded)), claim(keys::listed_name(&folded))];
    items.extend(row.owns_written.then(|| claim(keys::written(&row.name.written()))));
    items.extend(row.sign_in_email.as_deref().map(|email| claim(keys::email(email))));
    items.extend((row.role == UserRole::Admin).then(|| claim(keys::admin(row.user))));
    items.extend((!row.guest).then(|| claim(keys::first_person())));
    items
}

/// Returns the claim that holds back a name.
fn held(text: &str) -> StoreResult<Vec<Item>> {
    let nobody = |key| vec![Item::at(key).with("us", id(UserId::SYSTEM.0))];
    match text.split_once(':') {
        Some(("folded", name)) => Ok(nobody(keys::name(name))),
        Some(("written", name)) => Ok(nobody(keys::written(name))),
        _ => Err(unreadable("key", "it is neither `folded:` nor `written:`")),
    }
}

fn of_session(row: &SessionRow) -> StoreResult<Vec<Item>> {
    let hash = |text: &str| -> StoreResult<[u8; 32]> {
        let bytes = hex::decode(text).map_err(|why| unreadable("hash", why))?;
        bytes.try_into().map_err(|_| unreadable("hash", "it is not a SHA-256"))
    };
    let session = SessionRecord {
        id: row.session,
        user: row.user,
        current: hash(&row.current)?,
        previous: row.previous.as_deref().map(hash).transpose()?,
        previous_expires_at: row.previous_expires_at,
        rotated_at: row.rotated_at,
        created_at: row.created_at,
        expires_at: row.expires_at,
        revoked: row.revoked,
        signed_out: row.signed_out,
        device: row.device.clone(),
    };
    let mut items = vec![sessions::item(&session)];
    // A line stands for a session that can be ended.
    items.extend((!row.revoked).then(|| sessions::line(&session)));
    Ok(items)
}
