//! Stories of the simulated world, called as Telegram is.

use serde_json::{Value, json};
use teloxide::types::{ChatFullInfo, Me, Message as Parsed, Update, UpdateKind};

use super::*;
use crate::domain::{ids::UserId, time::Utc};

const TOKEN: &str = "77:secret";
const ANNA: UserId = UserId(1001);

fn at(ms: u64) -> Moment {
    let utc = Utc::from_timestamp_millis(1_790_000_000_000 + ms.cast_signed()).unwrap();
    Moment { mono: Mono(ms * 1000), utc }
}

/// A calm world, unless said otherwise, with one bot and so many friends of it from Anna on.
fn town(weather: Weather, friends: i64) -> (World, BotId) {
    let mut world = World::new(7, weather, Limits::default());
    let bot = world.add_bot(TOKEN, "nabat_bot").unwrap();
    for user in (0..friends).map(|n| UserId(ANNA.0 + n)) {
        world.add_resident(user, "Anna", "ru").unwrap();
        world.befriend(bot, user.chat()).unwrap();
    }
    (world, bot)
}

fn only(fault: &str) -> Weather {
    let mut weather = Weather::calm();
    weather.set(fault, 1000).unwrap();
    weather
}

fn call(world: &mut World, method: &str, params: &Value, now: Moment) -> (u16, Value) {
    let params = params.as_object().cloned().unwrap();
    match world.call(TOKEN, method, &params, now) {
        Called::Reply(Reply {
            what: What::Http { status, body: Body::Json(json), retry_after },
            ..
        }) => {
            let json: Value = serde_json::from_str(&json).unwrap();
            assert_eq!(json["parameters"]["retry_after"].as_u64(), retry_after.map(u64::from));
            (status, json)
        }
        other @ (Called::Reply(_) | Called::Wait(_)) => panic!("{other:?}"),
    }
}

fn error_of(world: &mut World, method: &str, params: &Value) -> String {
    let (status, json) = call(world, method, params, at(0));
    assert_eq!(json["error_code"], status, "{json}");
    json["description"].as_str().unwrap().to_owned()
}

fn updates(world: &World, bot: BotId) -> Vec<Update> {
    world.pending(bot).map(|json| serde_json::from_str(json).unwrap()).collect()
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the kinds that are not sent here are many")]
fn kind(update: &UpdateKind) -> &'static str {
    match update {
        UpdateKind::Message(message) if message.text().is_some() => "text",
        UpdateKind::Message(_) => "service",
        UpdateKind::CallbackQuery(_) => "press",
        UpdateKind::MyChatMember(_) => "member",
        _ => "other",
    }
}

fn code(sent: &Sent) -> Option<u16> {
    match &sent.answer {
        Answer::Error(error) => Some(error.code),
        Answer::Delivered(_) | Answer::Page | Answer::Dropped { .. } | Answer::Unreachable => None,
    }
}

#[test]
fn what_is_sent_is_on_the_phone() {
    let (mut world, bot) = town(Weather::calm(), 1);
    let sent = world.send(bot, ANNA.chat(), &"Danger".into(), true, at(5));
    assert_eq!(sent.answer, Answer::Delivered(MessageId(1)));
    let phone = world.phone(bot, ANNA.chat());
    assert_eq!(phone.len(), 1);
    assert_eq!((&*phone[0].text, phone[0].silent, phone[0].from_bot), ("Danger", true, true));
    assert_eq!(phone[0].arrival, at(5).mono);
}

#[test]
fn one_seed_and_the_same_calls_make_the_same_world() {
    let run = || {
        let (mut world, bot) = town(Weather::storm(), 300);
        world.strike(bot);
        let text = "Danger".into();
        let answers: Vec<Sent> = (0..900_u32)
            .map(|n| {
                let chat = ChatId(ANNA.0 + i64::from(n % 300));
                world.send(bot, chat, &text, false, at(u64::from(n) * 40))
            })
            .collect();
        (answers, world.tally(bot), world.accepted().to_vec(), world.met().clone())
    };
    assert_eq!(run(), run());
}

#[test]
fn a_chats_weather_does_not_depend_on_the_others() {
    let fate = |others: i64| {
        let (mut world, bot) = town(only("lost_reply"), 10);
        world.weather.lost_reply = 500;
        for other in 1..=others {
            world.send(bot, ChatId(ANNA.0 + other), &"x".into(), false, at(0));
        }
        (0..20)
            .map(|n| world.send(bot, ANNA.chat(), &"x".into(), false, at(10_000 + n * 3_000)))
            .map(|sent| matches!(sent.answer, Answer::Dropped { .. }))
            .collect::<Vec<_>>()
    };
    assert_eq!(fate(0), fate(9));
}

#[test]
fn the_31st_message_of_a_second_is_refused_and_not_sent() {
    let (mut world, bot) = town(Weather::calm(), 40);
    let text: Arc<str> = "x".into();
    for n in 0..30 {
        let sent = world.send(bot, ChatId(ANNA.0 + n), &text, false, at(n.unsigned_abs()));
        assert!(matches!(sent.answer, Answer::Delivered(_)));
    }
    let sent = world.send(bot, ChatId(ANNA.0 + 30), &text, false, at(900));
    let Answer::Error(error) = sent.answer else { panic!("sent over the limit") };
    assert_eq!((error.code, error.retry_after), (429, Some(1)));
    assert_eq!(error.description, "Too Many Requests: retry after 1");
    assert_eq!(world.received(bot, ChatId(ANNA.0 + 30)), 0);
    assert_eq!((world.self_made_429(bot), world.max_in_any_second(bot)), (1, 31));
}

#[test]
fn who_ignores_a_wait_is_refused_until_it_is_over() {
    let (mut world, bot) = town(Weather::calm(), 40);
    let text: Arc<str> = "x".into();
    for n in 0..31 {
        world.send(bot, ChatId(ANNA.0 + n), &text, false, at(0));
    }
    let during = world.send(bot, ChatId(ANNA.0 + 35), &text, false, at(999));
    let after = world.send(bot, ChatId(ANNA.0 + 35), &text, false, at(1000));
    assert_eq!(code(&during), Some(429));
    assert!(matches!(after.answer, Answer::Delivered(_)));
    assert_eq!(world.self_made_429(bot), 2);
}

#[test]
fn thirty_a_second_at_an_even_pace_is_never_refused() {
    let (mut world, bot) = town(Weather::calm(), 600);
    for n in 0..600 {
        let now = Moment { mono: Mono(n * 1_000_000 / 30), ..at(0) };
        let chat = ChatId(ANNA.0 + n.cast_signed());
        let sent = world.send(bot, chat, &"x".into(), false, now);
        assert!(matches!(sent.answer, Answer::Delivered(_)), "{n}");
    }
    assert_eq!(world.max_in_any_second(bot), 30);
    assert_eq!(world.arrivals(bot).values().sum::<u32>(), 600);
}

#[test]
fn a_chat_takes_a_short_burst_and_then_no_more() {
    let (mut world, bot) = town(Weather::calm(), 2);
    let mut send = |user: i64, ms| {
        let sent = world.send(bot, ChatId(user), &"x".into(), false, at(ms));
        code(&sent)
    };
    assert_eq!([0, 1, 2].map(|ms| send(ANNA.0, ms)), [None; 3]);
    assert_eq!(send(ANNA.0, 500), Some(429));
    assert_eq!(send(ANNA.0 + 1, 501), None, "others are not held up");
    assert_eq!(send(ANNA.0, 3_500), None);
}

#[test]
fn a_group_takes_twenty_a_minute_edits_included() {
    let (mut world, bot) = town(Weather::calm(), 0);
    let group = ChatId(-500);
    world.add_group(group, "House 5").unwrap();
    world.befriend(bot, group).unwrap();
    for n in 0..20_u64 {
        let (text, now) = (Arc::from(format!("{n}")), at(n * 1500));
        let sent = if n < 10 {
            world.send(bot, group, &text, false, now)
        } else {
            world.edit(bot, group, MessageId(1), &text, None, now)
        };
        assert!(matches!(sent.answer, Answer::Delivered(_)), "{n}: {sent:?}");
    }
    let Answer::Error(error) = world.send(bot, group, &"x".into(), false, at(50_000)).answer else {
        panic!("over the limit")
    };
    assert_eq!(error.retry_after, Some(10));
}

#[test]
fn a_thousand_unanswered_calls_are_too_many() {
    let weather = Weather { latency_min_ms: 60_000, latency_max_ms: 60_000, ..Weather::calm() };
    let limits = Limits { per_second: 5000, ..Limits::default() };
    let mut world = World::new(1, weather, limits);
    let bot = world.add_bot(TOKEN, "b").unwrap();
    let mut answers = (1..=1001).map(|user| {
        world.add_resident(UserId(user), "A", "").unwrap();
        world.befriend(bot, ChatId(user)).unwrap();
        world.send(bot, ChatId(user), &"x".into(), false, at(0))
    });
    assert!(answers.by_ref().take(1000).all(|sent| code(&sent).is_none()));
    let Some(Sent { answer: Answer::Error(error), .. }) = answers.next() else { panic!() };
    assert_eq!((error.code, error.retry_after), (429, Some(60)));
}

#[test]
fn the_weathers_429_are_not_the_senders_unless_it_goes_on() {
    let (mut world, bot) = town(only("flood_bot"), 3);
    let text: Arc<str> = "x".into();
    let first = world.send(bot, ANNA.chat(), &text, false, at(0));
    assert_eq!(code(&first), Some(429));
    let on_the_way = world.send(bot, ChatId(ANNA.0 + 1), &text, false, at(10));
    assert_eq!(code(&on_the_way), Some(429));
    let tally = world.tally(bot);
    assert_eq!((tally.weather_429, tally.self_made_429), (2, 0));
    world.send(bot, ChatId(ANNA.0 + 2), &text, false, at(900));
    assert_eq!(world.self_made_429(bot), 1);
}

#[test]
fn a_429_may_name_no_time() {
    let (mut world, bot) = town(only("flood_bare"), 1);
    let sent = world.send(bot, ANNA.chat(), &"x".into(), false, at(0));
    let Answer::Error(error) = sent.answer else { panic!() };
    assert_eq!((error.code, error.retry_after), (429, None));
    assert_eq!(world.received(bot, ANNA.chat()), 0);
}

#[test]
fn a_lost_request_and_a_lost_reply_look_alike_and_are_not() {
    for (fault, accepted) in [("lost_request", false), ("lost_reply", true)] {
        let (mut world, bot) = town(only(fault), 1);
        let sent = world.send(bot, ANNA.chat(), &"x".into(), false, at(0));
        assert_eq!(sent.answer, Answer::Dropped { accepted });
        assert_eq!(world.received(bot, ANNA.chat()), usize::from(accepted));
        assert_eq!(world.tally(bot).arrived, u64::from(accepted));
        assert_eq!(world.tally(bot).accepted_then_lost, u64::from(accepted));
    }
}

#[test]
fn a_5xx_says_nothing_about_what_was_done() {
    for (fault, answer) in [
        ("restart", Answer::Error(RESTART)),
        ("gateway", Answer::Error(BAD_GATEWAY)),
        ("page", Answer::Page),
    ] {
        for (when, done) in [("before", 0), ("after", 1)] {
            let (mut world, bot) = town(only(&format!("{fault}_{when}")), 1);
            let sent = world.send(bot, ANNA.chat(), &"x".into(), false, at(0));
            assert_eq!(sent.answer, answer);
            assert_eq!(world.received(bot, ANNA.chat()), done, "{fault}_{when}");
        }
    }
}

#[test]
fn refusals_are_told_in_the_servers_own_words() {
    let (mut world, bot) = town(Weather::calm(), 2);
    let boris = UserId(2000);
    world.add_resident(boris, "Boris", "ru").unwrap();
    world.block(bot, ANNA, at(0)).unwrap();
    world.deactivate(UserId(ANNA.0 + 1)).unwrap();
    for (id, title) in [(-1, "kicked"), (-2, "migrated"), (-3, "strange"), (-4, "muted")] {
        world.add_group(ChatId(id), title).unwrap();
    }
    world.invite(bot, ChatId(-1), boris, at(0)).unwrap();
    world.kick(bot, ChatId(-1), boris, at(0)).unwrap();
    world.befriend(bot, ChatId(-2)).unwrap();
    let to = world.migrate(ChatId(-2), at(0)).unwrap();
    world.mute(bot, ChatId(-4)).unwrap();
    for (chat, code, told) in [
        (ANNA.0, 403, "Forbidden: bot was blocked by the user"),
        (ANNA.0 + 1, 403, "Forbidden: user is deactivated"),
        (boris.0, 403, "Forbidden: bot can't initiate conversation with a user"),
        (-1, 403, "Forbidden: bot was kicked from the group chat"),
        (-2, 400, "Bad Request: group chat was upgraded to a supergroup chat"),
        (-3, 403, "Forbidden: bot is not a member of the group chat"),
        (-4, 400, "Bad Request: not enough rights to send text messages to the chat"),
        (-99, 400, "Bad Request: chat not found"),
    ] {
        let sent = world.send(bot, ChatId(chat), &"x".into(), false, at(0));
        let Answer::Error(error) = sent.answer else { panic!("{chat} took it") };
        assert_eq!((error.code, &*error.description), (code, told));
        assert_eq!(error.migrate_to, (chat == -2).then_some(to));
    }
    let moved = world.send(bot, to, &"x".into(), false, at(0));
    assert!(matches!(moved.answer, Answer::Delivered(_)));
    assert_eq!(world.tally(bot).refused, 8);
}

#[test]
fn payload_faults_are_told_whatever_the_chat() {
    let (mut world, _) = town(Weather::calm(), 1);
    let long = "ж".repeat(4097);
    for (params, told) in [
        (json!({"chat_id": ANNA.0}), "Bad Request: message text is empty"),
        (json!({"chat_id": ANNA.0, "text": long}), "Bad Request: message is too long"),
        (json!({"text": "x"}), "Bad Request: chat_id is empty"),
        (
            json!({"chat_id": ANNA.0, "text": "x", "message_thread_id": 5}),
            "Bad Request: message thread not found",
        ),
        (
            json!({"chat_id": ANNA.0, "text": "x", "reply_parameters": {"message_id": 9}}),
            "Bad Request: message to be replied not found",
        ),
    ] {
        assert_eq!(error_of(&mut world, "sendMessage", &params), told);
    }
}

#[test]
fn a_message_is_edited_once_and_then_not_modified() {
    let (mut world, _) = town(Weather::calm(), 1);
    let keyboard = json!({"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]});
    let sent = json!({"chat_id": ANNA.0, "text": "1", "reply_markup": keyboard});
    let (_, json) = call(&mut world, "SendMessage", &sent, at(0));
    assert_eq!(json["result"]["reply_markup"], keyboard);
    let edit = json!({"chat_id": ANNA.0, "message_id": 1, "text": "2"});
    let (_, json) = call(&mut world, "EditMessageText", &edit, at(0));
    let edited: Parsed = serde_json::from_value(json["result"].clone()).unwrap();
    assert_eq!(edited.text(), Some("2"));
    assert!(edited.reply_markup().is_none(), "an edit without a keyboard takes it away");
    assert!(error_of(&mut world, "editMessageText", &edit).contains("message is not modified"));
    let (_, other) = call(
        &mut world,
        "editMessageText",
        &json!({"chat_id": ANNA.0, "message_id": 7, "text": "2"}),
        at(9_000),
    );
    assert_eq!(other["description"], "Bad Request: message to edit not found");
}

#[test]
fn updates_are_what_telegrams_clients_parse() {
    let (mut world, bot) = town(Weather::calm(), 1);
    world.say(bot, ANNA, None, "/start smolensk", None, at(0)).unwrap();
    let keyboard: Arc<str> =
        json!({"inline_keyboard": [[{"text": "Yes", "callback_data": "y:1"}]]}).to_string().into();
    let letter = Letter { text: "Sure?".into(), keyboard: Some(keyboard), ..Letter::default() };
    world.send_letter(bot, ANNA.chat(), &letter, at(0));
    world.press(bot, ANNA, None, None, &Button::Label("Yes".into()), at(0)).unwrap();
    world.block(bot, ANNA, at(0)).unwrap();
    world.unblock(bot, ANNA, at(0)).unwrap();
    world.add_group(ChatId(-5), "House").unwrap();
    world.invite(bot, ChatId(-5), ANNA, at(0)).unwrap();
    world.say(bot, ANNA, Some(ChatId(-5)), "hello", None, at(0)).unwrap();
    world.migrate(ChatId(-5), at(0)).unwrap();
    world.add_channel(ChatId(-1_000_000_000_077), "Alerts").unwrap();
    world.invite(bot, ChatId(-1_000_000_000_077), ANNA, at(0)).unwrap();

    let updates = updates(&world, bot);
    let kinds: Vec<&str> = updates.iter().map(|update| kind(&update.kind)).collect();
    let expected =
        ["text", "press", "member", "member", "member", "text", "service", "service", "member"];
    assert_eq!(kinds, expected);
    let UpdateKind::CallbackQuery(query) = &updates[1].kind else { panic!() };
    assert_eq!(query.data.as_deref(), Some("y:1"));
    assert_eq!(query.regular_message().and_then(Parsed::text), Some("Sure?"));
    let UpdateKind::MyChatMember(blocked) = &updates[2].kind else { panic!() };
    assert!(blocked.new_chat_member.is_banned() && !blocked.old_chat_member.is_banned());
    let UpdateKind::Message(moved) = &updates[6].kind else { panic!() };
    assert!(moved.migrate_to_chat_id().is_some());
    assert!(updates.windows(2).all(|pair| pair[0].id.0 + 1 == pair[1].id.0));
}

#[test]
fn answers_are_what_telegrams_clients_parse() {
    let (mut world, _) = town(Weather::calm(), 1);
    let channel = ChatId(-1_000_000_000_077);
    world.add_channel(channel, "Alerts").unwrap();
    world.befriend(BotId(77), channel).unwrap();
    for chat in [ANNA.chat(), channel] {
        let params = json!({"chat_id": chat.0, "text": "Danger"});
        let (_, json) = call(&mut world, "sendMessage", &params, at(0));
        let message: Parsed = serde_json::from_value(json["result"].clone()).unwrap();
        assert_eq!(message.text(), Some("Danger"));
        let (_, json) = call(&mut world, "GetChat", &json!({"chat_id": chat.0}), at(0));
        let full: ChatFullInfo = serde_json::from_value(json["result"].clone()).unwrap();
        assert_eq!(full.id.0, chat.0);
    }
    let (_, json) = call(&mut world, "getme", &json!({}), at(0));
    let me: Me = serde_json::from_value(json["result"].clone()).unwrap();
    assert_eq!(me.username(), "nabat_bot");
}

#[test]
fn updates_stay_until_they_are_confirmed() {
    let (mut world, bot) = town(Weather::calm(), 1);
    for text in ["a", "b", "c"] {
        world.say(bot, ANNA, None, text, None, at(0)).unwrap();
    }
    let ids = |json: &Value| -> Vec<i64> {
        json["result"]
            .as_array()
            .unwrap()
            .iter()
            .map(|u| u["update_id"].as_i64().unwrap())
            .collect()
    };
    let (_, json) = call(&mut world, "getUpdates", &json!({"limit": 2}), at(0));
    let two = ids(&json);
    assert_eq!(two.len(), 2);
    let (_, json) = call(&mut world, "getUpdates", &json!({"offset": two[1]}), at(0));
    assert_eq!(ids(&json), [two[1], two[1] + 1]);
    let (_, json) = call(&mut world, "getUpdates", &json!({}), at(25 * 3_600_000));
    assert_eq!(ids(&json), [0; 0], "a day is all that updates are kept");
}

#[test]
fn a_poll_waits_for_news_and_the_newer_poller_wins() {
    let (mut world, bot) = town(Weather::calm(), 1);
    let params = json!({"timeout": 10}).as_object().cloned().unwrap();
    let Called::Wait(old) = world.call(TOKEN, "getUpdates", &params, at(0)) else { panic!() };
    let Called::Wait(new) = world.call(TOKEN, "getUpdates", &params, at(0)) else { panic!() };
    let Called::Reply(Reply { what: What::Http { status, .. }, .. }) =
        world.poll_again(old, at(1).mono)
    else {
        panic!()
    };
    assert_eq!(status, 409);
    let Called::Wait(new) = world.poll_again(new, at(9_999).mono) else { panic!() };
    world.say(bot, ANNA, None, "hello", None, at(9_999)).unwrap();
    assert!(matches!(world.poll_again(new, at(9_999).mono), Called::Reply(_)));
}

#[test]
fn a_wrong_token_is_unauthorized_and_a_malformed_one_not_found() {
    let (mut world, _) = town(Weather::calm(), 0);
    for (token, method, expected) in [
        ("77:other", "getMe", 401),
        ("78:secret", "getMe", 401),
        ("nonsense", "getMe", 404),
        (TOKEN, "sendVideo", 404),
    ] {
        let called = world.call(token, method, &Params::new(), at(0));
        let Called::Reply(Reply { what: What::Http { status, .. }, .. }) = called else { panic!() };
        assert_eq!(status, expected, "{token}");
    }
    world.welcome_any_bot(true);
    let called = world.call("78:secret", "getMe", &Params::new(), at(0));
    let Called::Reply(Reply { what: What::Http { status, .. }, .. }) = called else { panic!() };
    assert_eq!(status, 200);
}

#[test]
fn a_new_token_revokes_the_old_and_loses_nothing() {
    let (mut world, bot) = town(Weather::calm(), 1);
    world.say(bot, ANNA, None, "hello", None, at(0)).unwrap();
    world.add_bot("77:newer", "nabat_bot").unwrap();
    let called = world.call(TOKEN, "getMe", &Params::new(), at(0));
    let Called::Reply(Reply { what: What::Http { status, .. }, .. }) = called else { panic!() };
    assert_eq!((status, world.pending(bot).count()), (401, 1));
}

#[test]
fn a_press_is_answered_with_a_word() {
    let (mut world, bot) = town(Weather::calm(), 1);
    let keyboard: Arc<str> =
        json!({"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]}).to_string().into();
    let letter = Letter { text: "Sure?".into(), keyboard: Some(keyboard), ..Letter::default() };
    world.send_letter(bot, ANNA.chat(), &letter, at(0));
    let missing = world.press(bot, ANNA, None, None, &Button::Label("No".into()), at(0));
    assert_eq!(missing, Err(Unable::NoSuchButton));
    let query = world.press(bot, ANNA, None, None, &Button::Data("y".into()), at(0)).unwrap();
    let params = json!({"callback_query_id": query, "text": "Done"});
    assert_eq!(call(&mut world, "answerCallbackQuery", &params, at(0)).0, 200);
    assert_eq!(world.toast(&query), Some("Done"));
    let params = json!({"callback_query_id": "5", "text": "Done"});
    assert!(error_of(&mut world, "answerCallbackQuery", &params).contains("query is too old"));
}

#[test]
fn writing_again_takes_the_bot_back() {
    let (mut world, bot) = town(Weather::calm(), 1);
    world.block(bot, ANNA, at(0)).unwrap();
    world.say(bot, ANNA, None, "/start", None, at(0)).unwrap();
    assert_eq!(world.friends(bot).collect::<Vec<_>>(), [ANNA.chat()]);
    assert_eq!(updates(&world, bot).len(), 3, "blocked, taken back, written");
}

#[test]
fn a_strike_tells_nobody() {
    let (mut world, bot) = town(Weather::storm(), 2000);
    let struck = world.strike(bot);
    assert!((20..70).contains(&struck.blocked), "{struck:?}");
    assert!((8..40).contains(&struck.deactivated), "{struck:?}");
    let gone = struck.blocked + struck.deactivated;
    assert_eq!(world.friends(bot).count(), 2000 - gone as usize);
    assert_eq!(world.pending(bot).count(), 0);
}

#[test]
fn an_outage_lets_nothing_through() {
    let mut weather = Weather::calm();
    (weather.outage_every_ms, weather.outage_for_ms) = (4_000, 2_000);
    let (mut world, bot) = town(weather, 2000);
    let delivered = (0..2000_u32)
        .map(|n| {
            let chat = ChatId(ANNA.0 + i64::from(n));
            world.send(bot, chat, &"x".into(), false, at(u64::from(n) * 40)).answer
        })
        .filter(|answer| matches!(answer, Answer::Delivered(_)))
        .count();
    assert!((800..1700).contains(&delivered), "{delivered}");
    assert_eq!(world.accepted().len(), delivered);
    assert_eq!(world.self_made_429(bot), 0);
}

#[test]
fn commands_are_kept_by_language_and_checked() {
    let (mut world, bot) = town(Weather::calm(), 0);
    let commands = json!([{"command": "status", "description": "What holds now"}]);
    let params = json!({"commands": commands, "language_code": "en"});
    assert_eq!(call(&mut world, "setMyCommands", &params, at(0)).0, 200);
    assert_eq!(world.menu(bot, "setmycommands", "en"), Some(&commands));
    let params = json!({"commands": [{"command": "Status", "description": "x"}]});
    assert_eq!(call(&mut world, "setMyCommands", &params, at(0)).0, 400);
}

#[test]
fn calls_that_are_no_messages_are_not_flooded() {
    let (mut world, _) = town(only("flood_bot"), 1);
    assert_eq!(call(&mut world, "getMe", &json!({}), at(0)).0, 200);
}

#[test]
fn a_hundred_thousand_chats_in_a_storm_meet_every_fault() {
    let limits = Limits { per_second: 1000, ..Limits::default() };
    let mut world = World::new(7, Weather::storm(), limits);
    let bot = world.add_bot(TOKEN, "nabat_bot").unwrap();
    let text: Arc<str> = "Danger".into();
    for user in 1..=100_000 {
        world.add_resident(UserId(user), "Anna", "ru").unwrap();
        world.befriend(bot, ChatId(user)).unwrap();
    }
    for n in 0..300_000_u64 {
        let chat = ChatId((n % 100_000).cast_signed() + 1);
        world.send(bot, chat, &text, false, at(n));
    }
    let tally = world.tally(bot);
    let shown: usize = (1..=100_000).map(|user| world.received(bot, ChatId(user))).sum();
    assert_eq!(shown as u64, tally.sent);
    assert!(tally.max_in_any_second <= 1000);
    let met = world.met();
    assert!(Fault::DRAWN.into_iter().all(|fault| met.contains_key(&fault)), "{met:?}");
}

fn paid(reply_to: Option<MessageId>) -> Letter {
    Letter { text: "Danger".into(), reply_to, paid: true, ..Letter::default() }
}

#[test]
fn what_is_paid_for_passes_the_free_limit_and_costs_what_is_above_it() {
    let (mut world, bot) = town(Weather::calm(), 1_100);
    let friend = |n: i64| ChatId(ANNA.0 + n);
    for n in 0..1_000 {
        let sent = world.send_letter(bot, friend(n), &paid(None), at(0));
        assert!(matches!(sent.answer, Answer::Delivered(_)), "{n}: {sent:?}");
    }
    let tally = world.tally(bot);
    assert_eq!((tally.paid, tally.stars_tenths), (1_000, 970));
    assert_eq!((tally.max_in_any_second, tally.max_free_in_any_second), (1_000, 0));
    assert_eq!(world.balance(bot), Some(100_000 - 970));
    let over = world.send_letter(bot, friend(1_000), &paid(None), at(999));
    assert_eq!(code(&over), Some(429));
    assert_eq!(world.tally(bot).self_made_429, 1);
}

#[test]
fn dialogue_keeps_its_free_rate_beside_a_paid_broadcast() {
    let (mut world, bot) = town(Weather::calm(), 200);
    for n in 0..100 {
        world.send_letter(bot, ChatId(ANNA.0 + n), &paid(None), at(0));
    }
    let sends: Vec<Option<u16>> = (100..131)
        .map(|n| code(&world.send(bot, ChatId(ANNA.0 + n), &"Hi".into(), false, at(1))))
        .collect();
    assert_eq!(sends[..30], [None; 30]);
    assert_eq!(sends[30], Some(429), "the 31st that is not paid for");
    assert_eq!(world.tally(bot).max_free_in_any_second, 31);
}

#[test]
fn an_edit_has_no_paid_lane() {
    let (mut world, bot) = town(Weather::calm(), 40);
    for n in 0..31 {
        world.send_letter(bot, ChatId(ANNA.0 + n), &paid(None), at(0));
    }
    let edit = |n: i64| json!({"chat_id": ANNA.0 + n, "message_id": 1, "text": "2", "allow_paid_broadcast": true});
    let edited = (0..31).map(|n| call(&mut world, "editMessageText", &edit(n), at(2_000)).0);
    let edited: Vec<u16> = edited.collect();
    assert_eq!((edited[29], edited[30]), (200, 429));
    assert_eq!(world.tally(bot).paid, 31);
}

#[test]
fn without_stars_only_the_free_rate_is_left() {
    for (broke, told) in [(Broke::Refused, 400), (Broke::Throttled, 429)] {
        let (mut world, bot) = town(Weather::calm(), 50);
        world.set_balance(bot, 2, broke).unwrap();
        let params = |n: i64| json!({"chat_id": ANNA.0 + n, "text": "Danger", "allow_paid_broadcast": "true"});
        let answers = (0..40).map(|n| call(&mut world, "sendMessage", &params(n), at(0)));
        let answers: Vec<(u16, Value)> = answers.collect();
        assert!(answers[..32].iter().all(|(status, _)| *status == 200), "30 free, 2 paid for");
        assert!(answers[32..].iter().all(|(status, _)| *status == told), "{broke:?}");
        let description = answers[32].1["description"].as_str().unwrap();
        assert_eq!(description.contains("BALANCE_TOO_LOW"), broke == Broke::Refused);
        let tally = world.tally(bot);
        assert_eq!((tally.unpaid, tally.stars_tenths, tally.self_made_429), (8, 2, 0));
        let later = call(&mut world, "sendMessage", &params(45), at(1_000)).0;
        assert_eq!(later, 200, "the next second has its own thirty");
    }
}

#[test]
fn members_are_counted_where_the_bot_is() {
    let (mut world, bot) = town(Weather::calm(), 1);
    let (channel, group) = (ChatId(-1_001_000_000_005), ChatId(-5));
    world.add_channel(channel, "Smolensk").unwrap();
    world.add_group(group, "House").unwrap();
    world.set_members(channel, 12_345).unwrap();
    world.befriend(bot, channel).unwrap();
    let count = |world: &mut World, chat: ChatId| {
        call(world, "getChatMemberCount", &json!({"chat_id": chat.0}), at(0))
    };
    assert_eq!(count(&mut world, channel).1["result"], 12_345);
    assert_eq!(count(&mut world, group).0, 403, "it was never there");
    world.befriend(bot, group).unwrap();
    world.mute(bot, group).unwrap();
    assert_eq!(count(&mut world, group).1["result"], 2, "whoever is silenced can still count");
    assert_eq!(world.set_members(ANNA.chat(), 5), Err(Unable::NotAGroup));
}

#[test]
fn a_post_in_a_channel_is_nobodys_and_only_an_administrator_is_told() {
    let (mut world, bot) = town(Weather::calm(), 1);
    let channel = ChatId(-1_001_000_000_005);
    world.add_channel(channel, "Smolensk").unwrap();
    world.say(bot, ANNA, Some(channel), "/start RU-SMO", None, at(0)).unwrap();
    assert_eq!(world.pending(bot).count(), 0);
    world.befriend(bot, channel).unwrap();
    world.say(bot, ANNA, Some(channel), "/start RU-SMO", None, at(0)).unwrap();
    let update: Value = serde_json::from_str(world.pending(bot).next().unwrap()).unwrap();
    let post = &update["channel_post"];
    assert_eq!(
        (&post["text"], &post["chat"]["type"]),
        (&json!("/start RU-SMO"), &json!("channel"))
    );
    assert_eq!((&post["sender_chat"]["id"], post.get("from")), (&json!(channel.0), None));
    let parsed = updates(&world, bot);
    assert!(matches!(parsed[0].kind, UpdateKind::ChannelPost(_)));
}
