//! Channels, groups and several bots: who is gathered where, and who is told first and by whom.

use std::collections::BTreeMap;

use nabat::{
    domain::ids::{BotId, ChatId, UserId},
    ports::clock::Clock,
    sim::weather::Weather,
};

use super::town::{PETER, Town};

const CHANNEL: ChatId = ChatId(-1_001_000_000_001);
const GROUP: ChatId = ChatId(-1_001_000_000_002);
const HOUSE: ChatId = ChatId(-5_000);

/// When each of these chats got its first message that contains this, in the order of arrival.
fn order(town: &Town, chats: &[ChatId], part: &str) -> Vec<ChatId> {
    let first = |chat: &ChatId| {
        let shown = town.screen(*chat);
        let found = shown.iter().find(|seen| seen.from_bot && seen.text.contains(part));
        found.unwrap_or_else(|| panic!("“{part}” is not in {chat:?}")).arrival
    };
    let mut order = chats.to_vec();
    order.sort_by_key(first);
    order
}

/// How many messages of any bot a person has that contain this, bot by bot.
fn by_bot(town: &Town, user: UserId, part: &str) -> Vec<usize> {
    let of = |bot: &BotId| {
        let shown = town.world().phone(*bot, user.chat());
        shown.iter().filter(|seen| seen.from_bot && seen.text.contains(part)).count()
    };
    town.bots.iter().map(of).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_is_told_first_then_the_larger_group_then_people() {
    let town = Town::with(81, Weather::calm(), 60).await;
    let crowd = town.crowd(90, "RU-SMO").await;
    // The small ones come first: order is by who reaches most.
    for (chat, channel, members) in [(HOUSE, false, 12), (GROUP, false, 4_000)] {
        town.gathers(chat, channel, members, PETER);
        town.says_in(chat, PETER, "/start@nabat_bot RU-SMO");
        town.until(|town| town.count_in(chat, "Вы подписаны") == 1).await;
    }
    town.gathers(CHANNEL, true, 50_000, PETER);
    town.says_in(CHANNEL, PETER, "/start Смоленская область");
    town.until(|town| town.count_in(CHANNEL, "Вы подписаны") == 1).await;
    town.raises(PETER, "/alert fire RU-SMO", "смоленск", "1").await;
    town.reached(PETER, "1").await;
    let mut chats = vec![CHANNEL, GROUP, HOUSE];
    assert_eq!(order(&town, &chats, "Пожар"), chats);
    chats.truncate(2);
    chats.extend(crowd.iter().map(|user| user.chat()));
    assert_eq!(order(&town, &chats, "Пожар")[..2], [CHANNEL, GROUP]);
    let buttons = town.screen(CHANNEL).iter().filter(|seen| seen.keyboard.is_some()).count();
    assert_eq!(buttons, 0, "every reader could press them");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_that_is_lost_is_told_to_officials_and_hurts_nobody_else() {
    let town = Town::calm(82).await;
    let crowd = town.crowd(20, "RU-SMO").await;
    let other = ChatId(CHANNEL.0 - 1);
    for chat in [CHANNEL, other] {
        town.gathers(chat, true, 500, PETER);
        town.says_in(chat, PETER, "/start RU-SMO");
        town.until(|town| town.count_in(chat, "Вы подписаны") == 1).await;
    }
    // Of one the update tells, of the other only the broadcast's answer.
    town.world().kick(town.bot, other, PETER, town.clock.now()).unwrap();
    let told = town.hears(PETER, "Канал потерян").await;
    assert!(told.contains(&format!("{} (Смоленская область)", other.0)), "{told}");
    town.world().mute(town.bot, CHANNEL).unwrap();
    town.raises(PETER, "/alert fire RU-SMO", "смоленск", "1").await;
    let told = town.hears_times(PETER, "Канал потерян", 2).await;
    assert!(told.contains(&CHANNEL.0.to_string()), "{told}");
    let report = town.reached(PETER, "1").await;
    assert!(report.contains("Доставлено: 20"), "{report}");
    assert!(town.copies(&crowd, "Пожар").values().all(|got| *got == 1));
    // The administrators give the right back: it goes on.
    let now = town.clock.now();
    town.world().kick(town.bot, CHANNEL, PETER, now).unwrap();
    town.world().invite(town.bot, CHANNEL, PETER, now).unwrap();
    town.until(|town| town.count_in(CHANNEL, "Пожар") == 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newcomer_beyond_comfort_is_shown_a_sibling_and_whoever_goes_is_told_once() {
    let mut town = Town::of_bots(83, Weather::calm(), 200, 2).await;
    town.comfortable = 10;
    town.start().await;
    for id in 101..=111 {
        town.resident(id, "ru", "RU-SMO").await;
    }
    let anna = town.resident(120, "ru", "RU-SMO-VYAZMA").await;
    town.hears(anna, "Другой наш бот").await;
    let link = "https://t.me/nabat_two_bot?start=RU-SMO-VYAZMA";
    let shown = town.phone(anna);
    assert!(shown.iter().any(|seen| seen.keyboard.as_deref().is_some_and(|k| k.contains(link))));
    let boris = town.resident(121, "ru", "RU-SMO").await;
    // Anna goes, Boris stays.
    town.bot = town.bots[1];
    town.says(anna, "/start RU-SMO-VYAZMA");
    town.hears(anna, "Вы подписаны").await;
    town.bot = town.bots[0];
    town.raises(PETER, "/alert fire RU-SMO", "смоленск", "1").await;
    town.until(|town| by_bot(town, anna, "Пожар") != [0, 0]).await;
    town.reached(PETER, "1").await;
    assert_eq!(by_bot(&town, anna, "Пожар"), [0, 1]);
    assert_eq!(by_bot(&town, boris, "Пожар"), [1, 0]);
    town.ends(PETER, "1", "1.2").await;
    town.until(|town| by_bot(town, anna, "ОКОНЧАНИЕ") == [0, 1]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_token_stops_its_bot_alone_and_is_told_through_another() {
    let mut town = Town::of_bots(84, Weather::calm(), 200, 3).await;
    town.revokes(2);
    town.start().await;
    town.hears(PETER, "Бот «third» замолчал").await;
    let anna = town.resident(101, "ru", "RU-SMO").await;
    town.revokes(1);
    town.hears(PETER, "Бот «second» замолчал").await;
    town.raises(PETER, "/alert fire RU-SMO", "смоленск", "1").await;
    town.hears(anna, "Пожар").await;
    let told = town.count(PETER, "замолчал");
    assert_eq!(told, 2, "each once");
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_bots_overtaken_in_mid_broadcast_tell_everybody_the_truth_once() {
    let mut town = Town::of_bots(85, Weather::calm(), 20, 3).await;
    town.start().await;
    let bots = town.bots.clone();
    let gathered = [(CHANNEL, true, 9_000), (GROUP, false, 4_000), (HOUSE, false, 12)];
    let names = ["nabat_bot", "nabat_two_bot", "nabat_three_bot"];
    let mut everybody: Vec<(BotId, ChatId)> = Vec::new();
    for (n, (chat, channel, members)) in gathered.into_iter().enumerate() {
        town.bot = bots[n];
        for id in 0..80 {
            let user = town.person(20_000 + 1_000 * i64::try_from(n).unwrap() + id, "ru");
            town.says(user, "/start RU-SMO");
            everybody.push((town.bot, user.chat()));
        }
        town.gathers(chat, channel, members, PETER);
        town.says_in(chat, PETER, &format!("/start@{} RU-SMO", names[n]));
        everybody.push((town.bot, chat));
    }
    let shown = |town: &Town, (bot, chat): &(BotId, ChatId), part: &str| {
        let phone = town.world().phone(*bot, *chat);
        phone.into_iter().filter(|m| m.from_bot && m.text.contains(part)).collect::<Vec<_>>()
    };
    for one in &everybody {
        town.until(|town| shown(town, one, "Вы подписаны").len() == 1).await;
    }
    town.bot = bots[0];
    town.raises(PETER, "/alert fire RU-SMO на 1ч", "смоленск", "1").await;
    town.says(PETER, "/update 1 на 3ч");
    town.hears_times(PETER, "Чтобы выпустить, напишите", 2).await;
    town.says(PETER, "смоленск");
    for one in &everybody {
        town.until(|town| shown(town, one, "№ 1.2").len() == 1).await;
    }
    let first_versions = everybody.iter().filter(|one| {
        let now = shown(&town, one, "№ 1.2");
        assert_eq!(shown(&town, one, "Пожар").len(), 1, "one live message: {one:?}");
        now[0].edited
    });
    let edited = first_versions.count();
    assert!(edited > 3 && edited < everybody.len(), "{edited} had the first version");
    for (n, (chat, ..)) in gathered.iter().enumerate() {
        assert!(shown(&town, &(bots[n], *chat), "№ 1.2")[0].edited, "they were the first to know");
    }
    // One figure for the official, however many bots carry it.
    let report = town.reached(PETER, "1.2").await;
    assert!(report.contains(&format!("Получателей: {}", everybody.len())), "{report}");
    assert!(report.contains(&format!("Доставлено: {}", everybody.len())), "{report}");
    town.ends(PETER, "1", "1.3").await;
    for one in &everybody {
        town.until(|town| shown(town, one, "ОКОНЧАНИЕ").len() == 1).await;
        assert_eq!(shown(&town, one, "№ 1.2").len(), 1);
    }
    for (n, (chat, ..)) in gathered.iter().enumerate() {
        let live = shown(&town, &(bots[n], *chat), "№ 1.2")[0].id;
        let end = shown(&town, &(bots[n], *chat), "ОКОНЧАНИЕ")[0].reply_to;
        assert_eq!(end, Some(live), "the end is a reply to the live message");
    }
    stale(&town);
    let worst = bots.iter().map(|bot| town.world().tally(*bot)).collect::<Vec<_>>();
    assert!(worst.iter().all(|tally| tally.max_in_any_second <= 20), "{worst:?}");
    assert!(worst.iter().all(|tally| tally.self_made_429 == 0), "{worst:?}");
}

/// No chat was shown an older state after a newer one.
fn stale(town: &Town) {
    let version = |text: &str| {
        let last = text.lines().last().unwrap_or_default().to_owned();
        let marks = [("№ 1.3", 3), ("№ 1.2", 2), ("№ 1", 1)];
        marks.into_iter().find(|(mark, _)| last.contains(mark)).map(|(_, version)| version)
    };
    let mut newest: BTreeMap<(BotId, ChatId), u32> = BTreeMap::new();
    let officials = 4_000_000_000_000..=4_000_000_000_010;
    for one in town.accepted().into_iter().filter(|one| !officials.contains(&one.chat.0)) {
        let Some(text) = town.world().text(one.body).map(ToString::to_string) else { continue };
        let Some(version) = version(&text) else { continue };
        let before = newest.insert((one.bot, one.chat), version);
        assert!(before.is_none_or(|before| before < version), "{before:?} then {version}");
    }
    assert!(newest.values().all(|version| *version == 3), "somebody was left with an older state");
}
