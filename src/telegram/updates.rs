//! What is read from `getUpdates`.
//!
//! An update is read by itself and no more of it than is needed: its number first, then the one field
//! that concerns us, with teloxide's types. So an update of a later Bot API blocks nobody behind it,
//! and a command counts even if it answers a message of a kind unknown to us: text, origin and place
//! are taken from the JSON, because teloxide reads attachments strictly and a message with an unknown
//! one as an empty message.
//!
//! teloxide's `Update` is deliberately absent: it knows only one field besides the number, the first
//! in order, and does not say why it could not read it.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use teloxide::types as tg;

use super::verdict::{Answer, Refusal};
use crate::{
    domain::{
        audience::Kind,
        ids::{ChatId, MessageId, UpdateId, UserId},
    },
    ports::courier::{Event, FetchFault, Incoming, Press, Said},
};

/// The kinds of updates we ask for. `// Bot API: getUpdates.allowed_updates`
pub(super) const ALLOWED: [tg::AllowedUpdate; 5] = [
    tg::AllowedUpdate::Message,
    tg::AllowedUpdate::EditedMessage,
    tg::AllowedUpdate::ChannelPost,
    tg::AllowedUpdate::CallbackQuery,
    tg::AllowedUpdate::MyChatMember,
];

/// How long Telegram may be asked to hold a request. `// Bot API: getUpdates.timeout`, at most 50 s.
pub(super) const WAIT_MAX: Duration = Duration::from_secs(50);
/// How many updates are read at once. `// Bot API: getUpdates.limit`, at most 100.
pub(super) const UPDATES_MAX: u8 = 100;

/// Reads an answer to `getUpdates`.
pub(super) fn read(
    status: u16,
    body: &[u8],
    retry_after: Option<&str>,
) -> Result<Vec<Incoming>, FetchFault> {
    // A stray byte in one update must not hide the others.
    let text = String::from_utf8_lossy(body);
    match Answer::read(text.as_bytes()) {
        Answer::Done => list(&text),
        Answer::Refused(refusal) => Err(match refusal.code(status) {
            401 | 404 => FetchFault::Token,
            409 => FetchFault::Conflict,
            429 => FetchFault::Throttled(refusal.wait(retry_after)),
            code => {
                let said = refusal.description();
                FetchFault::Passing(format!("Telegram answers {code}: {said}"))
            }
        }),
        Answer::Foreign if status == 429 => {
            Err(FetchFault::Throttled(Refusal::default().wait(retry_after)))
        }
        // A page of a gateway says nothing about the token, even if it is a 404.
        Answer::Foreign => {
            Err(FetchFault::Passing(format!("no answer of Telegram's; HTTP status {status}")))
        }
    }
}

fn list(text: &str) -> Result<Vec<Incoming>, FetchFault> {
    #[derive(Deserialize)]
    struct Envelope<'a> {
        #[serde(borrow)]
        result: Vec<&'a RawValue>,
    }
    let envelope: Envelope<'_> = serde_json::from_str(text)
        .map_err(|_| FetchFault::Passing("the answer has no list of updates".to_owned()))?;
    let mut incoming: Vec<_> = envelope.result.into_iter().filter_map(incoming).collect();
    incoming.sort_by_key(|one| one.id);
    Ok(incoming)
}

/// Reads one update; `None` if it has no number, for then it can be neither remembered nor confirmed
/// by itself: it goes with the one behind it.
fn incoming(raw: &RawValue) -> Option<Incoming> {
    let Some(id) = update_id(raw.get()) else {
        tracing::warn!("an update without a number is dropped");
        return None;
    };
    let event = event(raw.get()).unwrap_or_else(Event::Broken);
    Some(Incoming { id, event })
}

fn update_id(text: &str) -> Option<UpdateId> {
    #[derive(Deserialize)]
    struct Head {
        update_id: Value,
    }
    let Head { update_id } = serde_json::from_str(text).ok()?;
    let number = update_id.as_i64().or_else(|| update_id.as_str()?.parse().ok())?;
    Some(UpdateId(number))
}

/// Why an update can't be read, without its contents.
type Why = String;

fn event(text: &str) -> Result<Event, Why> {
    // What serde says may quote what it read, so only the place is kept.
    let mut update: Value = serde_json::from_str(text)
        .map_err(|error| format!("not readable at column {}", error.column()))?;
    let mut take = |field| update.get_mut(field).map(Value::take);
    if let Some(value) = take("message").or_else(|| take("channel_post")) {
        message(&value, false)
    } else if let Some(value) = take("edited_message") {
        message(&value, true)
    } else if let Some(value) = take("callback_query") {
        press(value)
    } else if let Some(value) = take("my_chat_member") {
        membership(value)
    } else {
        Ok(Event::Other)
    }
}

fn message(value: &Value, edited: bool) -> Result<Event, Why> {
    let read = tg::Message::deserialize(value).map_err(|_| "a message is malformed")?;
    let chat = ChatId(read.chat.id.0);
    // Bot API: Message.migrate_to_chat_id. The new group says the same with migrate_from_chat_id;
    // once is enough.
    if let Some(to) = value["migrate_to_chat_id"].as_i64() {
        return Ok(Event::Migrated { from: chat, to: ChatId(to) });
    }
    if value.get("migrate_from_chat_id").is_some() {
        return Ok(Event::Other);
    }
    // Who writes in the name of a chat is not known: Bot API: Message.sender_chat.
    let user = if read.sender_chat.is_none() { read.from.as_ref() } else { None };
    // A text that another bot composed is not the words of who sent it: Bot API: Message.via_bot.
    let lent = ["forward_origin", "forward_date", "via_bot"];
    Ok(Event::Said(Said {
        chat,
        kind: kind(&read.chat),
        message: MessageId(read.id.0.into()),
        user: user.map(user_id).transpose()?,
        tag: user.and_then(|user| user.language_code.clone()),
        at: read.date,
        text: value["text"].as_str().map(str::to_owned),
        second_hand: edited || lent.iter().any(|field| value.get(field).is_some()),
    }))
}

fn press(mut value: Value) -> Result<Event, Why> {
    // Bot API: MaybeInaccessibleMessage. All we need of it is where it is.
    let under = value.as_object_mut().and_then(|query| query.remove("message"));
    // Whoever reads a channel can press, and only its administrators have a say in it: nothing that
    // we post there has buttons, and a press that is made by hand is not heard.
    if under.as_ref().is_some_and(|under| under["chat"]["type"] == "channel") {
        return Ok(Event::Other);
    }
    let place = under.and_then(|under| {
        let chat = under["chat"]["id"].as_i64()?;
        Some((ChatId(chat), MessageId(under["message_id"].as_i64()?)))
    });
    let query: tg::CallbackQuery =
        serde_json::from_value(value).map_err(|_| "a press is malformed")?;
    // Without data it is the button of a game.
    let Some(data) = query.data else { return Ok(Event::Other) };
    Ok(Event::Pressed(Press {
        callback: query.id.0,
        place,
        user: user_id(&query.from)?,
        tag: query.from.language_code,
        data,
    }))
}

fn membership(value: Value) -> Result<Event, Why> {
    let update: tg::ChatMemberUpdated =
        serde_json::from_value(value).map_err(|_| "a change of membership is malformed")?;
    let chat = ChatId(update.chat.id.0);
    let kind = kind(&update.chat);
    let may = |member: &tg::ChatMember| may_write(&member.kind, kind == Kind::Channel);
    Ok(if !may(&update.new_chat_member) {
        Event::Shut(chat, kind)
    } else if !may(&update.old_chat_member) {
        Event::Opened(chat, kind)
    } else {
        Event::Other
    })
}

fn kind(chat: &tg::Chat) -> Kind {
    if chat.is_private() {
        Kind::Private
    } else if chat.is_channel() {
        Kind::Channel
    } else {
        Kind::Group
    }
}

/// Whether a bot of this standing may write.
fn may_write(kind: &tg::ChatMemberKind, channel: bool) -> bool {
    match kind {
        tg::ChatMemberKind::Owner(_) => true,
        // Bot API: ChatMemberAdministrator.can_post_messages, "for channels only".
        tg::ChatMemberKind::Administrator(rights) => !channel || rights.can_post_messages,
        tg::ChatMemberKind::Member(_) => !channel,
        tg::ChatMemberKind::Restricted(rights) => rights.is_member && rights.can_send_messages,
        tg::ChatMemberKind::Left | tg::ChatMemberKind::Banned(_) => false,
    }
}

fn user_id(user: &tg::User) -> Result<UserId, Why> {
    // Bot API: User.id has at most 52 significant bits.
    i64::try_from(user.id.0).map(UserId).map_err(|_| "a user's number is out of range".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(fixture: &str) -> Vec<(i64, Event)> {
        let incoming = read(200, fixture.as_bytes(), None).unwrap();
        incoming.into_iter().map(|one| (one.id.0, one.event)).collect()
    }

    fn said(event: &Event) -> &Said {
        let Event::Said(said) = event else { panic!("{event:?}") };
        said
    }

    macro_rules! fixture {
        ($name:literal) => {
            include_str!(concat!("../../tests/fixtures/botapi/", $name, ".json"))
        };
    }

    #[test]
    fn a_command_is_read_with_who_where_and_when() {
        let events = events(fixture!("messages"));
        let ordinary = Said {
            chat: ChatId(5_000_000_001),
            kind: Kind::Private,
            message: MessageId(11),
            user: Some(UserId(5_000_000_001)),
            tag: Some("uk".to_owned()),
            at: chrono::DateTime::from_timestamp(1_790_000_000, 0).unwrap(),
            text: Some("/alert air kyiv".to_owned()),
            second_hand: false,
        };
        assert_eq!(events[0], (101, Event::Said(ordinary)));
    }

    #[test]
    fn a_picture_has_no_words_even_with_a_caption() {
        let events = events(fixture!("messages"));
        assert_eq!((events[1].0, said(&events[1].1).text.as_deref()), (102, None));
    }

    #[test]
    fn forwarded_edited_and_lent_words_are_second_hand() {
        let events = events(fixture!("messages"));
        for (at, id) in [(2, 103), (3, 104), (4, 105)] {
            let said = said(&events[at].1);
            assert_eq!(events[at].0, id);
            assert!(said.second_hand, "{id}");
            assert!(said.text.is_some(), "{id}");
        }
    }

    #[test]
    fn an_anonymous_administrator_is_nobody() {
        let events = events(fixture!("messages"));
        for (at, id) in [(5, 106), (6, 107)] {
            let said = said(&events[at].1);
            assert_eq!((events[at].0, said.user, said.tag.as_deref()), (id, None, None));
        }
    }

    #[test]
    fn a_command_that_answers_something_unknown_counts() {
        let events = events(fixture!("messages"));
        let said = said(&events[7].1);
        assert_eq!(said.text.as_deref(), Some("/clear 7"));
        assert_eq!(said.user, Some(UserId(5_000_000_001)));
    }

    #[test]
    fn a_press_says_where_even_if_the_message_is_gone() {
        let presses: Vec<_> = events(fixture!("presses"))
            .into_iter()
            .map(|(id, event)| {
                let Event::Pressed(press) = event else { panic!("{event:?}") };
                (id, press.callback, press.place, press.data)
            })
            .collect();
        let place = Some((ChatId(-1_001_234_567_890), MessageId(42)));
        let named = |id, callback: &str, place, data: &str| {
            (id, callback.to_owned(), place, data.to_owned())
        };
        assert_eq!(
            presses,
            [
                named(201, "c1", place, "confirm:AB2CD"),
                named(202, "c2", place, "late"),
                named(203, "c3", None, "inline"),
                named(204, "c4", place, "under something unknown"),
            ]
        );
    }

    #[test]
    fn blocks_and_removals_shut_a_chat_and_their_end_opens_it() {
        let group = ChatId(-1_001_234_567_890);
        let private = ChatId(5_000_000_001);
        let channel = ChatId(-1_009_876_543_210);
        let expected = [
            Event::Shut(private, Kind::Private),
            Event::Opened(private, Kind::Private),
            Event::Shut(group, Kind::Group),
            Event::Shut(group, Kind::Group),
            Event::Opened(group, Kind::Group),
            Event::Other,
            Event::Shut(group, Kind::Group),
            Event::Shut(channel, Kind::Channel),
            Event::Opened(channel, Kind::Channel),
        ];
        let events: Vec<_> =
            events(fixture!("membership")).into_iter().map(|(_, event)| event).collect();
        assert_eq!(events, expected);
    }

    #[test]
    fn a_post_in_a_channel_is_said_by_nobody_and_a_press_there_is_not_heard() {
        let body = br#"{"ok":true,"result":[
            {"update_id":1,"channel_post":{"message_id":7,"date":1790000000,"text":"/start RU-SMO",
             "chat":{"id":-1009876543210,"type":"channel","title":"S"},
             "sender_chat":{"id":-1009876543210,"type":"channel","title":"S"}}},
            {"update_id":2,"callback_query":{"id":"c","chat_instance":"1","data":"j:RU-BEL",
             "from":{"id":5000000001,"is_bot":false,"first_name":"A"},
             "message":{"message_id":8,"date":1790000000,
              "chat":{"id":-1009876543210,"type":"channel","title":"S"}}}}]}"#;
        let events: Vec<Event> =
            read(200, body, None).unwrap().into_iter().map(|one| one.event).collect();
        let post = said(&events[0]);
        assert_eq!((post.kind, post.user, post.second_hand), (Kind::Channel, None, false));
        assert_eq!(post.text.as_deref(), Some("/start RU-SMO"));
        assert_eq!(events[1], Event::Other);
    }

    #[test]
    fn a_migration_is_told_once() {
        let migrated = Event::Migrated { from: ChatId(-599), to: ChatId(-1_001_555) };
        assert_eq!(events(fixture!("migration")), [(401, migrated), (402, Event::Other)]);
    }

    #[test]
    fn a_broken_update_blocks_nobody_and_tells_nothing() {
        let events = events(fixture!("broken"));
        let ids: Vec<_> = events.iter().map(|(id, _)| *id).collect();
        assert_eq!(ids, [501, 502, 503, 504, 505, 507, 508, 9_000_000_000]);
        for (id, event) in &events {
            match (id, event) {
                (501 | 502 | 503 | 504 | 507, Event::Broken(why)) => {
                    assert!(!why.contains("hidden") && !why.contains("666"), "{why}");
                }
                (505 | 9_000_000_000, Event::Other) => {}
                (508, Event::Said(said)) => assert_eq!(said.text.as_deref(), Some("after them")),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn a_stray_byte_hides_only_its_own_update() {
        let mut body =
            br#"{"ok":true,"result":[{"update_id":1,"x":"?"},{"update_id":2}]}"#.to_vec();
        let at = body.iter().position(|b| *b == b'?').unwrap();
        body[at] = 0xff;
        let ids: Vec<_> = read(200, &body, None).unwrap().iter().map(|one| one.id.0).collect();
        assert_eq!(ids, [1, 2]);
    }

    #[test]
    fn a_refusal_to_give_updates_is_named() {
        let refused = |code: u16, description: &str| {
            let body =
                serde_json::json!({"ok": false, "error_code": code, "description": description});
            read(code, body.to_string().as_bytes(), Some("8")).unwrap_err()
        };
        assert_eq!(refused(401, "Unauthorized"), FetchFault::Token);
        assert_eq!(refused(404, "Not Found"), FetchFault::Token);
        for words in [
            "Conflict: terminated by other getUpdates request; make sure that only one bot \
             instance is running",
            "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook",
        ] {
            assert_eq!(refused(409, words), FetchFault::Conflict);
        }
        let eight = Duration::from_secs(8);
        assert_eq!(refused(429, "Too Many Requests"), FetchFault::Throttled(eight));
        assert!(matches!(refused(500, "Internal Server Error: restart"), FetchFault::Passing(_)));
    }

    #[test]
    fn what_is_not_telegrams_passes() {
        let page = read(429, b"<html>429</html>", Some("8")).unwrap_err();
        assert_eq!(page, FetchFault::Throttled(Duration::from_secs(8)));
        for (status, body) in [
            (502, "<html>502</html>"),
            (404, "<html>404</html>"),
            (200, r#"{"ok":true,"result":[{"update_id":1}"#),
            (200, r#"{"ok":true}"#),
            (200, r#"{"ok":true,"result":true}"#),
        ] {
            assert!(matches!(read(status, body.as_bytes(), None), Err(FetchFault::Passing(_))));
        }
    }

    #[test]
    fn updates_come_in_order() {
        let body = br#"{"ok":true,"result":[{"update_id":3},{"update_id":1},{"update_id":"2"}]}"#;
        let ids: Vec<_> = read(200, body, None).unwrap().iter().map(|one| one.id.0).collect();
        assert_eq!(ids, [1, 2, 3]);
    }
}
