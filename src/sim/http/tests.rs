//! Stories of the simulated server, over HTTP.

use std::time::Instant;

use reqwest::{
    Client,
    multipart::{Form, Part},
};
use serde_json::json;

use super::*;
use crate::{
    domain::{
        ids::{BotId, ChatId},
        time::{Mono, Utc},
    },
    sim::{weather::Weather, world::Limits},
};

/// A server on a free port, with the runtime's own time.
struct Town {
    world: Arc<Mutex<World>>,
    url: String,
    client: Client,
}

#[expect(clippy::disallowed_methods, reason = "this test is about a server in real time")]
fn real_time() -> Timepiece {
    let start = Instant::now();
    let now = move || {
        let mono = Mono(u64::try_from(start.elapsed().as_micros()).unwrap());
        Moment { mono, utc: Utc::from_timestamp(1_790_000_000, 0).unwrap() }
    };
    Timepiece::new(now, |how_long| Box::pin(tokio::time::sleep(how_long)))
}

impl Town {
    async fn new(weather: Weather) -> Self {
        let mut world = World::new(7, weather, Limits::default());
        world.add_bot("77:secret", "nabat_bot").unwrap();
        let world = Arc::new(Mutex::new(world));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(serve(Arc::clone(&world), listener, real_time()));
        let client = Client::builder().no_proxy().build().unwrap();
        Self { world, url, client }
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let sent = self.client.post(format!("{}{path}", self.url)).json(&body).send().await;
        let response = sent.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        let response = self.client.get(format!("{}{path}", self.url)).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    fn set(&self, rate: &str) {
        let mut world = self.world.lock().unwrap();
        let mut weather = Weather::calm();
        weather.set(rate, 1000).unwrap();
        world.set_weather(weather);
    }
}

#[tokio::test]
async fn a_resident_starts_a_bot_and_is_answered() {
    let town = Town::new(Weather::calm()).await;
    let (status, said) = town.post("/control/say", json!({"user": 5, "text": "/start"})).await;
    assert_eq!((status, said), (200, json!({"message_id": 1})));
    let (_, updates) = town.get("/bot77:secret/GetUpdates?timeout=1&limit=5").await;
    assert_eq!(updates["result"][0]["message"]["text"], "/start");
    let answer = json!({"chat_id": 5, "text": "Welcome"});
    assert_eq!(town.post("/bot77:secret/SendMessage", answer).await.0, 200);
    let (_, chat) = town.get("/control/chat/5").await;
    assert_eq!(chat["messages"][1]["text"], "Welcome");
    let (_, counts) = town.get("/control/counts").await;
    assert_eq!((&counts["sent"], &counts["max_in_any_second"]), (&json!(1), &json!(1)));
    assert_eq!(counts["by_method"]["sendmessage"], 1);
}

#[tokio::test]
async fn stars_and_members_are_set_and_read() {
    let town = Town::new(Weather::calm()).await;
    town.post("/control/residents", json!({"count": 40, "first": 5, "subscribed": true})).await;
    let channel =
        json!({"id": -1_001_000_000_005_i64, "title": "S", "channel": true, "members": 7});
    assert_eq!(town.post("/control/groups", channel).await.0, 200);
    let more = json!({"chat": -1_001_000_000_005_i64, "members": 900});
    assert_eq!(town.post("/control/members", more).await.0, 200);
    assert_eq!(town.post("/control/members", json!({"chat": 5, "members": 9})).await.0, 400);
    town.world.lock().unwrap().befriend(BotId(77), ChatId(-1_001_000_000_005)).unwrap();
    let (_, count) = town.get("/bot77:secret/getChatMemberCount?chat_id=-1001000000005").await;
    assert_eq!(count["result"], 900);
    assert_eq!(town.post("/control/stars", json!({"tenths": 1_000})).await.0, 200);
    for chat in 5..45 {
        let body = json!({"chat_id": chat, "text": "x", "allow_paid_broadcast": true});
        assert_eq!(town.post("/bot77:secret/sendMessage", body).await.0, 200);
    }
    let (_, counts) = town.get("/control/counts").await;
    let spent = counts["stars_tenths"].as_u64().unwrap();
    assert_eq!((&counts["paid"], &counts["max_free_in_any_second"]), (&json!(40), &json!(0)));
    assert_eq!(counts["balance_tenths"], 1_000 - spent);
}

#[tokio::test]
async fn teloxide_itself_can_talk_to_it() {
    use teloxide::prelude::{Requester, *};
    let town = Town::new(Weather::calm()).await;
    town.post("/control/residents", json!({"count": 1, "first": 5, "subscribed": true})).await;
    let bot =
        Bot::with_client("77:secret", town.client.clone()).set_api_url(town.url.parse().unwrap());
    assert_eq!(bot.get_me().await.unwrap().username(), "nabat_bot");
    let message = bot.send_message(teloxide::types::ChatId(5), "Danger").await.unwrap();
    assert_eq!(message.text(), Some("Danger"));
    assert!(bot.get_updates().timeout(0).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_form_is_as_good_as_json() {
    let town = Town::new(Weather::calm()).await;
    town.post("/control/residents", json!({"list": [{"id": 5}], "subscribed": true})).await;
    let sent = town
        .client
        .post(format!("{}/bot77%3Asecret/sendMessage?chat_id=5", town.url))
        .header("content-type", "application/x-www-form-urlencoded")
        .body("text=All+%D1%82%D0%B8%D1%85%D0%BE&disable_notification=true");
    assert_eq!(sent.send().await.unwrap().status().as_u16(), 200);
    let phone = town.world.lock().unwrap().phone(BotId(77), ChatId(5));
    assert_eq!((&*phone[0].text, phone[0].silent), ("All тихо", true));
}

#[tokio::test]
async fn a_long_poll_ends_with_the_first_news() {
    let town = Town::new(Weather::calm()).await;
    let poll = town.get("/bot77:secret/getUpdates?timeout=30");
    let news = async {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        town.post("/control/say", json!({"user": 5, "text": "hello"})).await
    };
    let ((_, updates), _) = tokio::join!(poll, news);
    assert_eq!(updates["result"][0]["message"]["text"], "hello");
}

#[tokio::test]
async fn a_lost_reply_is_a_broken_connection_and_a_message_on_the_phone() {
    let town = Town::new(Weather::calm()).await;
    town.post("/control/residents", json!({"list": [{"id": 5}], "subscribed": true})).await;
    for (fault, shown) in [("lost_request", 0), ("lost_reply", 1)] {
        town.set(fault);
        let url = format!("{}/bot77:secret/sendMessage", town.url);
        let sent = town.client.post(url).json(&json!({"chat_id": 5, "text": "x"})).send().await;
        let error = sent.expect_err("the connection should have broken");
        assert!(!error.is_connect() && !error.is_timeout(), "{error:?}");
        assert_eq!(town.world.lock().unwrap().received(BotId(77), ChatId(5)), shown, "{fault}");
    }
}

#[tokio::test]
async fn the_server_in_front_answers_with_a_page() {
    let town = Town::new(Weather::calm()).await;
    town.set("page_before");
    let url = format!("{}/bot77:secret/getMe", town.url);
    let response = town.client.get(url).send().await.unwrap();
    assert_eq!(response.status().as_u16(), 502);
    assert_eq!(response.headers()["content-type"], "text/html");
    assert!(response.text().await.unwrap().contains("nginx"));
}

#[tokio::test]
async fn a_429_carries_its_header() {
    let town = Town::new(Weather::calm()).await;
    town.post("/control/residents", json!({"list": [{"id": 5}], "subscribed": true})).await;
    town.set("flood_chat");
    let url = format!("{}/bot77:secret/sendMessage", town.url);
    let sent = town.client.post(url).json(&json!({"chat_id": 5, "text": "x"}));
    let response = sent.send().await.unwrap();
    assert_eq!(response.status().as_u16(), 429);
    let header = response.headers()["retry-after"].to_str().unwrap().to_owned();
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["parameters"]["retry_after"].to_string(), header);
}

#[tokio::test]
async fn mistakes_in_control_are_explained() {
    let town = Town::new(Weather::calm()).await;
    for (path, body, status, word) in [
        ("say", json!({"user": 5}), 400, "text"),
        ("say", json!({"user": 5, "text": "x", "tone": "loud"}), 400, "tone"),
        ("press", json!({"user": 5, "data": "x"}), 400, "user"),
        ("press", json!({"user": 5}), 400, "button"),
        ("weather", json!({"preset": "fog"}), 400, "storm"),
        ("weather", json!({"hail": 5}), 400, "hail"),
        ("residents", json!({}), 400, "count"),
        ("fly", json!({}), 404, "fly"),
        ("kick", json!({"chat": -5, "user": 5}), 400, "chat"),
    ] {
        let (got, told) = town.post(&format!("/control/{path}"), body).await;
        assert_eq!(got, status, "{told}");
        assert!(told["error"].as_str().unwrap().contains(word), "{told}");
    }
    assert_eq!(town.get("/control/chat/home").await.0, 400);
    assert_eq!(town.get("/control/counts?bot=x").await.0, 400);
    let (_, rates) = town.post("/control/weather", json!({"preset": "storm", "blocked": 7})).await;
    assert_eq!((&rates["blocked"], &rates["lost_reply"]), (&json!(7), &json!(10)));
}

#[tokio::test]
async fn what_is_no_json_is_refused_and_an_unknown_path_not_found() {
    let town = Town::new(Weather::calm()).await;
    let url = format!("{}/bot77:secret/sendMessage", town.url);
    let sent = town.client.post(url).header("content-type", "application/json").body("{");
    assert_eq!(sent.send().await.unwrap().status().as_u16(), 400);
    assert_eq!(town.get("/nothing/here").await.0, 404);
}

/// The first bytes of a PNG of this size. `// PNG §5.2, §11.2.1`
fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::from(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    bytes.extend(width.to_be_bytes());
    bytes.extend(height.to_be_bytes());
    bytes
}

#[tokio::test]
async fn a_photo_is_on_the_phone_with_its_caption() {
    let town = Town::new(Weather::calm()).await;
    town.post("/control/residents", json!({"list": [{"id": 5}], "subscribed": true})).await;
    let url = format!("{}/bot77:secret/sendPhoto", town.url);
    let send = async |photo: Option<Vec<u8>>, caption: &str| {
        let mut form = Form::new().text("chat_id", "5").text("caption", caption.to_owned());
        if let Some(photo) = photo {
            form = form.part("photo", Part::bytes(photo).file_name("x.png"));
        }
        let response = town.client.post(&url).multipart(form).send().await.unwrap();
        (response.status().as_u16(), response.json::<Value>().await.unwrap())
    };
    let bytes = png(640, 480);
    let (status, answer) = send(Some(bytes.clone()), "so many").await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["result"]["caption"], "so many");
    assert_eq!(answer["result"]["photo"][0]["width"], 640);
    assert!(answer["result"].get("text").is_none());
    let (_, chat) = town.get("/control/chat/5").await;
    let shown = &chat["messages"][0];
    assert_eq!(shown["photo"], json!({"width": 640, "height": 480, "bytes": bytes.len()}));
    assert_eq!(shown["text"], "so many");
    let seen = town.world.lock().unwrap().phone(BotId(77), ChatId(5)).remove(0);
    assert_eq!(seen.photo.as_deref(), Some(&*bytes));
    let edit = json!({"chat_id": 5, "message_id": shown["message_id"], "text": "more"});
    let (status, told) = town.post("/bot77:secret/editMessageText", edit).await;
    assert_eq!(status, 400);
    assert!(told["description"].as_str().unwrap().contains("no text in the message"), "{told}");

    for (photo, caption, says) in [
        (None, "", "there is no photo in the request"),
        (Some(Vec::new()), "", "file must be non-empty"),
        (Some(b"GIF89a".to_vec()), "", "IMAGE_PROCESS_FAILED"),
        (Some(png(9_000, 1_001)), "", "PHOTO_INVALID_DIMENSIONS"),
        (Some(png(2_100, 100)), "", "PHOTO_INVALID_DIMENSIONS"),
        (Some(png(0, 100)), "", "PHOTO_INVALID_DIMENSIONS"),
        (Some(png(1, 1)), &*"x".repeat(1_025), "caption is too long"),
    ] {
        let (status, told) = send(photo, caption).await;
        assert_eq!(status, 400, "{told}");
        assert!(told["description"].as_str().unwrap().contains(says), "{told}");
    }
    let by_name = json!({"chat_id": 5, "photo": "AgACAgIAAx"});
    assert_eq!(town.post("/bot77:secret/sendPhoto", by_name).await.0, 400);
    assert_eq!(town.get("/control/counts").await.1["sent"], 1);
}

#[test]
fn percent_signs_that_encode_nothing_stay() {
    assert_eq!(decode("100%"), "100%");
    assert_eq!(decode("%zz%41"), "%zzA");
}
