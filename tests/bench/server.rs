//! The other side: a Bot API server as thin as it can be, in a process of its own.
//!
//! Role: take messages as fast as a sender can make them, keep to Telegram's limits as a sliding
//! second of what was accepted, break things from a seed, and count. It reads of a request only what
//! it must: token and method from the path, `chat_id`, `text` and `allow_paid_broadcast` from the body.
//!
//! Deliberately absent: everything `nabat simulate` is for. One thread, so that on a small machine the
//! sender under test has the other core.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap, VecDeque},
    io,
    rc::Rc,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::LocalSet,
};

/// Who is an official: their dialogue is kept, what goes to anyone else carries an alert.
pub(crate) const OFFICIALS: i64 = 4_000_000_000_000;
/// Longest request that is read, in bytes.
const REQUEST_MAX: usize = 64 * 1024;
/// What is counted as a second.
const SECOND: Duration = Duration::from_secs(1);
/// One chat in so many has blocked the bot, if there are faults.
pub(crate) const BLOCKED: i64 = 50;

/// One bot, as it is seen from here.
#[derive(Default)]
struct Bot {
    accepted: u64,
    throttled: u64,
    broken: u64,
    blocked: u64,
    lost_replies: u64,
    arrived: u64,
    /// Accepted in the last second: all, and those that were not paid for.
    recent: VecDeque<Instant>,
    recent_free: VecDeque<Instant>,
    fastest: usize,
    /// When anything was accepted, in microseconds since the counts began.
    times: Vec<u32>,
    /// When anything was not throttled: what fails uses the limit too.
    tries: Vec<u32>,
    /// When the first and the last message to a resident were accepted, and how many.
    first: Option<u32>,
    last: u32,
    residents: u64,
    chats: HashMap<i64, u16>,
    updates: VecDeque<(i64, Value, bool)>,
    next_update: i64,
    next_message: i64,
}

struct State {
    origin: Instant,
    bots: BTreeMap<i64, Bot>,
    /// Messages a second: free, and in all. 0: no limit.
    free: usize,
    paid: usize,
    faults: bool,
    /// Counts chats and times; off for a raw loop.
    watch: bool,
    dice: u64,
    pressed: Option<Instant>,
    first: Option<Instant>,
    /// Bodies of what officials were sent, oldest first.
    said: Vec<(i64, Value)>,
    /// The first body that a resident was sent.
    sample: Option<Vec<u8>>,
}

struct Server {
    state: RefCell<State>,
    news: Notify,
}

/// What is answered.
enum Answer {
    Ok(Vec<u8>),
    Refused(u16, &'static str, String),
    /// The connection is reset.
    Reset,
}

/// Serves on a port that is printed, for ever.
pub(crate) fn run() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = LocalSet::new();
    local.block_on(&runtime, async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?.port());
        let server = Rc::new(Server { state: RefCell::new(State::new()), news: Notify::new() });
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let server = Rc::clone(&server);
            tokio::task::spawn_local(async move {
                // A sender that goes away is none of our business.
                let _ = server.talk(stream).await;
            });
        }
    })
}

impl State {
    fn new() -> Self {
        Self {
            origin: Instant::now(),
            bots: BTreeMap::new(),
            free: 0,
            paid: 0,
            faults: false,
            watch: true,
            dice: 1,
            pressed: None,
            first: None,
            said: Vec::new(),
            sample: None,
        }
    }

    /// A number below 1000, from the seed.
    fn cast(&mut self) -> u64 {
        // xorshift64*: enough for weather.
        self.dice ^= self.dice >> 12;
        self.dice ^= self.dice << 25;
        self.dice ^= self.dice >> 27;
        (self.dice.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % 1000
    }

    /// One message to one chat.
    fn send(&mut self, bot: i64, body: &[u8]) -> Answer {
        let Some(chat) = number(body, b"\"chat_id\":") else {
            return Answer::Refused(400, "Bad Request: chat_id is empty", String::new());
        };
        let now = Instant::now();
        let resident = chat < OFFICIALS;
        if resident && self.first.is_none() && self.pressed.is_some() {
            self.first = Some(now);
        }
        if resident && self.sample.is_none() {
            self.sample = Some(body.to_vec());
        }
        let paid = find(body, b"\"allow_paid_broadcast\":true").is_some();
        let dice = if self.faults && resident { self.cast() } else { 999 };
        let (free, all, faults, watch) =
            (self.free, self.paid.max(self.free), self.faults, self.watch);
        let at = u32::try_from((now - self.origin).as_micros()).unwrap_or(u32::MAX);
        let state = self.bots.entry(bot).or_default();
        state.arrived += 1;
        forget(&mut state.recent, now);
        forget(&mut state.recent_free, now);
        if (all > 0 && state.recent.len() >= all)
            || (free > 0 && !paid && state.recent_free.len() >= free)
        {
            state.throttled += 1;
            return Answer::Refused(
                429,
                "Too Many Requests: retry after 1",
                r#","parameters":{"retry_after":1}"#.to_owned(),
            );
        }
        if watch {
            state.tries.push(at);
        }
        if dice < 10 {
            state.broken += 1;
            return Answer::Refused(502, "Bad Gateway", String::new());
        }
        if faults && resident && chat % BLOCKED == 0 {
            state.blocked += 1;
            return Answer::Refused(403, "Forbidden: bot was blocked by the user", String::new());
        }
        state.accepted += 1;
        state.recent.push_back(now);
        if !paid {
            state.recent_free.push_back(now);
        }
        state.fastest = state.fastest.max(state.recent.len());
        if watch {
            state.times.push(at);
        }
        if resident {
            state.first.get_or_insert(at);
            state.last = at;
            state.residents += 1;
        }
        if resident && watch {
            *state.chats.entry(chat).or_default() += 1;
        }
        if (10..15).contains(&dice) {
            state.lost_replies += 1;
            return Answer::Reset;
        }
        state.next_message += 1;
        let message = state.next_message;
        if !resident && let Ok(body) = serde_json::from_slice(body) {
            self.said.push((chat, body));
        }
        Answer::Ok(described(message, chat, body))
    }

    fn act(&mut self, path: &str, asked: &Value) -> Value {
        match path {
            "/control/set" => {
                let number =
                    |name: &str| asked[name].as_u64().and_then(|n| usize::try_from(n).ok());
                self.free = number("free").unwrap_or(0);
                self.paid = number("paid").unwrap_or(0);
                self.faults = asked["faults"].as_bool().unwrap_or(false);
                self.watch = asked["watch"].as_bool().unwrap_or(true);
                self.dice = asked["seed"].as_u64().unwrap_or(7).max(1);
                for bot in self.bots.values_mut() {
                    let Bot { updates, next_update, next_message, .. } = std::mem::take(bot);
                    *bot = Bot { updates, next_update, next_message, ..Bot::default() };
                }
                self.said.clear();
                self.origin = Instant::now();
                (self.pressed, self.first) = (None, None);
                Value::Null
            }
            "/control/said" => {
                let said = self.said.iter().map(|(chat, body)| json!([chat, body]));
                said.collect()
            }
            "/control/sample" => {
                let sample = self.sample.as_deref().unwrap_or_default();
                serde_json::from_slice(sample).unwrap_or_default()
            }
            "/control/counts" => self.counts(asked["window"].as_f64().unwrap_or(60.0)),
            "/control/say" => {
                self.update(asked);
                Value::Null
            }
            _ => json!({"error": "no such call"}),
        }
    }

    fn update(&mut self, asked: &Value) {
        let (bot, user) = (asked["bot"].as_i64().unwrap_or(0), &asked["user"]);
        let who =
            json!({"id": user, "is_bot": false, "first_name": "Somebody", "language_code": "ru"});
        let date = std::time::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs());
        let message = json!({
            "message_id": 1,
            "from": who.clone(),
            "chat": {"id": user, "type": "private", "first_name": "Somebody"},
            "date": date,
            "text": asked["text"],
        });
        let bot = self.bots.entry(bot).or_default();
        bot.next_update += 1;
        let id = bot.next_update;
        let update = if asked["data"].is_string() {
            let query = json!({
                "id": id.to_string(),
                "from": who,
                "chat_instance": "1",
                "message": message,
                "data": asked["data"],
            });
            json!({"update_id": id, "callback_query": query})
        } else {
            json!({"update_id": id, "message": message})
        };
        bot.updates.push_back((id, update, asked["timed"].as_bool().unwrap_or(false)));
    }

    fn counts(&self, window: f64) -> Value {
        let bots = self.bots.iter().map(|(id, bot)| {
            let copies: u64 = bot.chats.values().map(|n| u64::from(n.saturating_sub(1))).sum();
            let counts = json!({
                "arrived": bot.arrived,
                "accepted": bot.accepted,
                "throttled": bot.throttled,
                "broken": bot.broken,
                "blocked": bot.blocked,
                "lost_replies": bot.lost_replies,
                "fastest": bot.fastest,
                "residents": bot.residents,
                "in_window": within(&bot.times, bot.first, window),
                "tried_in_window": within(&bot.tries, bot.first, window),
                "first": bot.first,
                "last": bot.last,
                "chats": bot.chats.len(),
                "copies": copies,
            });
            (id.to_string(), counts)
        });
        let bots: serde_json::Map<String, Value> = bots.collect();
        let micros = self.pressed.zip(self.first).map(|(from, to)| (to - from).as_micros());
        json!({"bots": bots, "first_after_us": micros.map(|us| us as u64)})
    }

    /// What a bot is to hear, from an update on.
    fn hear(&mut self, bot: i64, offset: i64) -> Option<Vec<u8>> {
        let bot = self.bots.entry(bot).or_default();
        bot.updates.retain(|(id, ..)| *id >= offset);
        if bot.updates.is_empty() {
            return None;
        }
        if bot.updates.iter().any(|(.., timed)| *timed) {
            self.pressed = Some(Instant::now());
            self.first = None;
        }
        let updates: Vec<&Value> = bot.updates.iter().map(|(_, update, _)| update).collect();
        Some(format!(r#"{{"ok":true,"result":{}}}"#, json!(updates)).into_bytes())
    }
}

impl Server {
    async fn talk(&self, mut stream: TcpStream) -> io::Result<()> {
        let mut buffer = Vec::with_capacity(8 * 1024);
        let mut reply = Vec::with_capacity(4 * 1024);
        loop {
            let Some((head, length)) = whole(&buffer) else {
                if buffer.len() > REQUEST_MAX || stream.read_buf(&mut buffer).await? == 0 {
                    return Ok(());
                }
                continue;
            };
            let answer = self.answer(&buffer[..head], &buffer[head..head + length]).await;
            buffer.drain(..head + length);
            reply.clear();
            match answer {
                Answer::Ok(body) => put(&mut reply, "200 OK", &body),
                Answer::Refused(code, why, more) => {
                    let body = format!(
                        r#"{{"ok":false,"error_code":{code},"description":"{why}"{more}}}"#
                    );
                    let line = match code {
                        429 => "429 Too Many Requests",
                        403 => "403 Forbidden",
                        502 => "502 Bad Gateway",
                        _ => "400 Bad Request",
                    };
                    put(&mut reply, line, body.as_bytes());
                }
                Answer::Reset => {
                    stream.set_zero_linger()?;
                    return Ok(());
                }
            }
            stream.write_all(&reply).await?;
        }
    }

    async fn answer(&self, head: &[u8], body: &[u8]) -> Answer {
        let line = head.split(|b| *b == b'\r').next().unwrap_or_default();
        let path = line.split(|b| *b == b' ').nth(1).unwrap_or_default();
        let path = std::str::from_utf8(path).unwrap_or_default();
        let Some(rest) = path.strip_prefix("/bot") else {
            let asked = serde_json::from_slice(body).unwrap_or_default();
            let said = self.state.borrow_mut().act(path, &asked);
            self.news.notify_waiters();
            return Answer::Ok(said.to_string().into_bytes());
        };
        let (token, method) = rest.split_once('/').unwrap_or_default();
        let bot = token.split(':').next().and_then(|id| id.parse().ok()).unwrap_or(0);
        if method.eq_ignore_ascii_case("sendMessage")
            || method.eq_ignore_ascii_case("editMessageText")
        {
            return self.state.borrow_mut().send(bot, body);
        }
        if method.eq_ignore_ascii_case("getUpdates") {
            return self.updates(bot, body).await;
        }
        if method.eq_ignore_ascii_case("getMe") {
            let me = json!({
                "id": bot, "is_bot": true, "first_name": "Nabat", "username": format!("b{bot}_bot"),
            });
            return Answer::Ok(format!(r#"{{"ok":true,"result":{me}}}"#).into_bytes());
        }
        Answer::Ok(br#"{"ok":true,"result":true}"#.to_vec())
    }

    async fn updates(&self, bot: i64, body: &[u8]) -> Answer {
        let offset = number(body, b"\"offset\":").unwrap_or(0);
        let wait = number(body, b"\"timeout\":").and_then(|s| u64::try_from(s).ok()).unwrap_or(0);
        let until = tokio::time::Instant::now() + Duration::from_secs(wait);
        loop {
            let news = self.news.notified();
            if let Some(said) = self.state.borrow_mut().hear(bot, offset) {
                return Answer::Ok(said);
            }
            tokio::select! {
                () = news => {}
                () = tokio::time::sleep_until(until) => {
                    return Answer::Ok(br#"{"ok":true,"result":[]}"#.to_vec());
                }
            }
        }
    }
}

/// How long head and body are, once they are there.
fn whole(buffer: &[u8]) -> Option<(usize, usize)> {
    let head = find(buffer, b"\r\n\r\n")? + 4;
    let mut length = 0;
    for line in buffer[..head].split(|b| *b == b'\n') {
        const NAME: &[u8] = b"content-length:";
        if line.len() > NAME.len() && line[..NAME.len()].eq_ignore_ascii_case(NAME) {
            let value = std::str::from_utf8(&line[NAME.len()..]).ok()?;
            length = value.trim().parse().ok()?;
        }
    }
    (buffer.len() >= head + length).then_some((head, length))
}

/// The message as Telegram describes it to who sent it. The text is said as it was sent.
fn described(message: i64, chat: i64, body: &[u8]) -> Vec<u8> {
    let text = find(body, b"\"text\":\"").map_or(&b""[..], |at| {
        let from = at + 8;
        let mut to = from;
        while to < body.len() && body[to] != b'"' {
            to += if body[to] == b'\\' { 2 } else { 1 };
        }
        &body[from..to.min(body.len())]
    });
    let mut out = Vec::with_capacity(256 + text.len());
    out.extend_from_slice(
        format!(
            r#"{{"ok":true,"result":{{"message_id":{message},"from":{{"id":700000001,"is_bot":true,"first_name":"Nabat","username":"nabat_bot"}},"chat":{{"id":{chat},"first_name":"Somebody","type":"private"}},"date":1790000000,"text":""#
        )
        .as_bytes(),
    );
    out.extend_from_slice(text);
    out.extend_from_slice(br#""}}"#);
    out
}

fn put(out: &mut Vec<u8>, line: &str, body: &[u8]) {
    let head = format!(
        "HTTP/1.1 {line}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    out.extend_from_slice(head.as_bytes());
    out.extend_from_slice(body);
}

fn forget(recent: &mut VecDeque<Instant>, now: Instant) {
    while recent.front().is_some_and(|at| now - *at >= SECOND) {
        recent.pop_front();
    }
}

/// How many of these are in so many seconds, from the first on.
fn within(times: &[u32], first: Option<u32>, seconds: f64) -> usize {
    let Some(first) = first else { return 0 };
    let end = f64::from(first) + seconds * 1e6;
    times.partition_point(|at| f64::from(*at) < end) - times.partition_point(|at| *at < first)
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = wanted[0];
    let mut from = 0;
    while let Some(at) = text[from..].iter().position(|b| *b == first) {
        let at = from + at;
        if text[at..].starts_with(wanted) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

/// The number after a key.
fn number(text: &[u8], key: &[u8]) -> Option<i64> {
    let rest = &text[find(text, key)? + key.len()..];
    let rest = rest.strip_prefix(b" ").unwrap_or(rest);
    let end = rest.iter().position(|b| *b != b'-' && !b.is_ascii_digit()).unwrap_or(rest.len());
    std::str::from_utf8(&rest[..end]).ok()?.parse().ok()
}
