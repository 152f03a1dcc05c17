//! The harness of the stories: a simulated Telegram on loopback, the real daemon on a database of
//! its own, and verbs that speak as people.
//!
//! The daemon runs on its own runtime, so that a crash takes every task of it at once.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard},
    thread,
    time::Duration,
};

use nabat::{
    app::{self, Credentials, clock::System},
    config,
    domain::ids::{BotId, ChatId, UserId},
    fanout::purse::Budget,
    ports::clock::Clock,
    sim::{
        clock::Shifted,
        http::{self, Timepiece},
        weather::Weather,
        world::{Accepted, Button, Limits, Seen, World},
    },
    store::sqlite::Sqlite,
    telegram::Token,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    net::TcpListener,
    sync::{oneshot, watch},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

pub(crate) const PETER: UserId = UserId(4_000_000_000_001);
pub(crate) const MARINA: UserId = UserId(4_000_000_000_002);
pub(crate) const IGOR: UserId = UserId(4_000_000_000_003);
pub(crate) const NINA: UserId = UserId(4_000_000_000_007);

/// Tokens of as many bots as a story may have; the first is the one most of them are about.
const TOKENS: [&str; 3] = [
    "700000001:AAStoriesStoriesStoriesStoriesStory",
    "700000002:AAStoriesStoriesStoriesStoriesStory",
    "700000003:AAStoriesStoriesStoriesStoriesStory",
];
const NAMES: [&str; 3] = ["main", "second", "third"];
/// More than any story has.
const COMFORTABLE: u64 = 10_000;
/// Longer than anything takes on a machine that also compiles.
const PATIENCE: Duration = Duration::from_secs(40);
const LOOK: Duration = Duration::from_millis(15);

type Telling = Shifted<System>;

struct Daemon {
    stop: CancellationToken,
    crash: CancellationToken,
    thread: Option<thread::JoinHandle<()>>,
    end: watch::Receiver<Option<Result<(), String>>>,
}

pub(crate) struct Town {
    pub(crate) seed: u64,
    /// The bot that people speak to.
    pub(crate) bot: BotId,
    /// All bots.
    pub(crate) bots: Vec<BotId>,
    /// Private chats that each of them serves comfortably.
    pub(crate) comfortable: u64,
    pub(crate) clock: Telling,
    world: Arc<Mutex<World>>,
    rate: u32,
    /// To whom the daemon proves every hour that it can speak.
    pub(crate) canary: Option<ChatId>,
    api_url: String,
    dir: TempDir,
    daemon: Option<Daemon>,
    server: JoinHandle<()>,
}

impl Town {
    /// A calm town with its daemon at work.
    pub(crate) async fn calm(seed: u64) -> Self {
        Self::with(seed, Weather::calm(), 500).await
    }

    pub(crate) async fn with(seed: u64, weather: Weather, rate: u32) -> Self {
        let mut town = Self::asleep(seed, weather, rate).await;
        town.start().await;
        town
    }

    /// A town whose daemon was not started yet.
    pub(crate) async fn asleep(seed: u64, weather: Weather, rate: u32) -> Self {
        Self::of_bots(seed, weather, rate, 1).await
    }

    /// The same with several bots.
    pub(crate) async fn of_bots(seed: u64, weather: Weather, rate: u32, bots: usize) -> Self {
        let clock = Shifted::new(System::start());
        let limits = Limits { per_second: rate, per_chat: 12, ..Limits::default() };
        let mut world = World::new(seed, weather, limits);
        let usernames = ["nabat_bot", "nabat_two_bot", "nabat_three_bot"];
        let bots: Vec<BotId> = TOKENS
            .iter()
            .zip(usernames)
            .take(bots)
            .map(|(token, name)| world.add_bot(token, name).unwrap())
            .collect();
        let bot = bots[0];
        for id in 1..=7 {
            let user = UserId(4_000_000_000_000 + id);
            world.add_resident(user, "Official", "ru").unwrap();
            for bot in &bots {
                world.befriend(*bot, user.chat()).unwrap();
            }
        }
        let world = Arc::new(Mutex::new(world));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let api_url = format!("http://{}", listener.local_addr().unwrap());
        let (now, sleep) = (clock.clone(), clock.clone());
        let timepiece = Timepiece::new(
            move || now.now(),
            move |time| {
                let clock = sleep.clone();
                Box::pin(async move { clock.sleep(time).await })
            },
        );
        let shared = Arc::clone(&world);
        let server = tokio::spawn(async move {
            http::serve(shared, listener, timepiece).await.unwrap();
        });
        let dir = tempfile::tempdir().unwrap();
        let (comfortable, daemon) = (COMFORTABLE, None);
        Self {
            seed,
            bot,
            bots,
            comfortable,
            clock,
            world,
            rate,
            canary: None,
            api_url,
            dir,
            daemon,
            server,
        }
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.dir.path().join("nabat.db")
    }

    /// A directory with the sample configuration, whose database is this town's.
    pub(crate) fn configured(&self) -> TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in config::SAMPLE {
            let path = dir.path().join("config").join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            let url = format!("url = \"sqlite:{}\"", self.database().display());
            std::fs::write(path, text.replace("url = \"sqlite:nabat.db\"", &url)).unwrap();
        }
        dir
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    // The daemon.

    pub(crate) async fn start(&mut self) {
        assert!(self.daemon.is_none(), "it runs already");
        let (stop, crash) = (CancellationToken::new(), CancellationToken::new());
        let (ready, up) = oneshot::channel();
        let (ended, end) = watch::channel(None);
        let (path, clock, stopped) = (self.database(), self.clock.clone(), stop.clone());
        let named = TOKENS.iter().zip(NAMES).take(self.bots.len());
        let bots = named
            .map(|(token, name)| Credentials {
                name: name.to_owned(),
                api_url: self.api_url.clone(),
                token: Token::parse(token).unwrap(),
                rate: self.rate,
                comfortable: self.comfortable,
                budget: Budget::default(),
            })
            .collect();
        let crashed = crash.clone();
        let canary = self.canary;
        let thread = thread::spawn(move || {
            let life = async move {
                let store = open(&path, &clock).await;
                let mut config = config::sample().unwrap();
                let every = Duration::from_hours(1);
                config.policy.canary = canary.map(|chat| config::Canary { chat, every });
                let end = app::serve(config, bots, store.clone(), clock, stopped, ready).await;
                store.close().await;
                let _ = ended.send(Some(end.map_err(|fault| format!("{fault:#}"))));
            };
            let mut builder = tokio::runtime::Builder::new_multi_thread();
            let runtime = builder.worker_threads(1).enable_all().build().unwrap();
            runtime.block_on(async move {
                tokio::select! {
                    biased;
                    () = crashed.cancelled() => {}
                    () = life => {}
                }
            });
            runtime.shutdown_background();
        });
        self.daemon = Some(Daemon { stop, crash, thread: Some(thread), end });
        let up = tokio::select! {
            up = up => up.is_ok(),
            () = self.clock.sleep(PATIENCE) => false,
        };
        if !up {
            self.fail(PETER, "the daemon did not start");
        }
    }

    /// As SIGTERM does.
    pub(crate) async fn stop(&mut self) {
        let mut daemon = self.daemon.take().unwrap();
        daemon.stop.cancel();
        let end = tokio::select! {
            end = daemon.end.wait_for(Option::is_some) => end.unwrap().clone(),
            () = self.clock.sleep(PATIENCE) => None,
        };
        assert_eq!(end, Some(Ok(())), "seed {}: it did not stop in order", self.seed);
    }

    /// As a crash does: every task ends where it stands.
    pub(crate) fn kill(&mut self) {
        drop(self.daemon.take().unwrap());
    }

    /// @BotFather gives a bot a new token, of which the daemon does not know.
    pub(crate) fn revokes(&self, n: usize) {
        let id = self.bots[n].0;
        self.world().add_bot(&format!("{id}:AnotherAnotherAnother"), "nabat_bot").unwrap();
    }

    /// A channel or group comes, and the bot is let in.
    pub(crate) fn gathers(&self, chat: ChatId, channel: bool, members: u64, by: UserId) {
        let (bot, now) = (self.bot, self.clock.now());
        let mut world = self.world();
        if channel {
            world.add_channel(chat, "Channel").unwrap();
        } else {
            world.add_group(chat, "Group").unwrap();
        }
        world.set_members(chat, members).unwrap();
        world.invite(bot, chat, by, now).unwrap();
    }

    pub(crate) fn says_in(&self, chat: ChatId, user: UserId, text: &str) {
        let now = self.clock.now();
        self.world().say(self.bot, user, Some(chat), text, None, now).unwrap();
    }

    // People.

    /// Somebody with a phone in this language.
    pub(crate) fn person(&self, id: i64, language: &str) -> UserId {
        let user = UserId(id);
        self.world().add_resident(user, "Resident", language).unwrap();
        user
    }

    /// Somebody who follows the bot's link, and was answered.
    pub(crate) async fn resident(&self, id: i64, language: &str, region: &str) -> UserId {
        let user = self.person(id, language);
        self.says(user, &format!("/start {region}"));
        self.hears(user, "112").await;
        user
    }

    /// Many such people, ids one after another.
    pub(crate) async fn crowd(&self, count: i64, region: &str) -> Vec<UserId> {
        let crowd: Vec<UserId> = (1..=count).map(|n| self.person(10_000 + n, "ru")).collect();
        for user in &crowd {
            self.says(*user, &format!("/start {region}"));
        }
        for user in &crowd {
            self.hears(*user, "Вы подписаны").await;
        }
        crowd
    }

    pub(crate) fn says(&self, user: UserId, text: &str) {
        let now = self.clock.now();
        self.world().say(self.bot, user, None, text, None, now).unwrap();
    }

    /// Says something that arrives late.
    pub(crate) fn said(&self, user: UserId, text: &str, ago: Duration) {
        let now = self.clock.now();
        self.world().say(self.bot, user, None, text, Some(now.utc - ago), now).unwrap();
    }

    /// An update about a message, of any shape.
    #[expect(clippy::needless_pass_by_value, reason = "the callers make it on the spot")]
    pub(crate) fn update(&self, kind: &'static str, user: UserId, text: &str, more: Value) {
        let now = self.clock.now();
        let mut shape = json!({
            "message_id": 900_000 + now.mono.0 % 90_000,
            "from": {"id": user.0, "is_bot": false, "first_name": "Somebody"},
            "chat": {"id": user.0, "type": "private", "first_name": "Somebody"},
            "date": now.utc.timestamp(),
            "text": text,
        });
        for (name, value) in more.as_object().cloned().unwrap_or_default() {
            shape[name] = value;
        }
        self.world().update(self.bot, kind, &shape, now).unwrap();
    }

    /// Presses the newest button whose label contains this, once it is there.
    pub(crate) async fn presses(&self, user: UserId, label: &str) {
        let end = self.clock.now().mono + PATIENCE;
        loop {
            let found =
                self.labels(user).into_iter().rev().find(|(shown, _)| shown.contains(label));
            if let Some((_, data)) = found {
                let now = self.clock.now();
                let button = Button::Data(data);
                self.world().press(self.bot, user, None, None, &button, now).unwrap();
                return;
            }
            if self.clock.now().mono > end {
                self.fail(user, &format!("no button “{label}”"));
            }
            self.clock.sleep(LOOK).await;
        }
    }

    /// Presses the button that reads exactly so, once it is there.
    pub(crate) async fn presses_label(&self, user: UserId, label: &str) {
        self.until(|town| town.labels(user).iter().any(|(shown, _)| shown == label)).await;
        let now = self.clock.now();
        let button = Button::Label(label.to_owned());
        self.world().press(self.bot, user, None, None, &button, now).unwrap();
    }

    pub(crate) async fn until(&self, holds: impl Fn(&Self) -> bool) {
        let end = self.clock.now().mono + PATIENCE;
        while !holds(self) {
            assert!(self.clock.now().mono < end, "seed {}: it did not come true", self.seed);
            self.clock.sleep(LOOK).await;
        }
    }

    pub(crate) fn clock_unix(&self) -> i64 {
        self.clock.now().utc.timestamp()
    }

    /// What a button that was once shown carries, to press it again from a phone that is behind.
    pub(crate) fn labels(&self, user: UserId) -> Vec<(String, String)> {
        let mut labels = Vec::new();
        for seen in self.phone(user) {
            let Some(keyboard) = seen.keyboard else { continue };
            let keyboard: Value = serde_json::from_str(&keyboard).unwrap();
            for key in keyboard["inline_keyboard"].as_array().into_iter().flatten() {
                for key in key.as_array().into_iter().flatten() {
                    let word = |name: &str| key[name].as_str().unwrap_or_default().to_owned();
                    labels.push((word("text"), word("callback_data")));
                }
            }
        }
        labels
    }

    /// Presses what may no longer be shown, under a message that was.
    pub(crate) fn presses_data(&self, user: UserId, data: &str) {
        let shown = self.phone(user);
        let under = shown.iter().rev().find(|seen| seen.from_bot).unwrap().id;
        let now = self.clock.now();
        let button = Button::Data(data.to_owned());
        self.world().press(self.bot, user, None, Some(under), &button, now).unwrap();
    }

    pub(crate) fn blocks(&self, user: UserId) {
        self.world().block(self.bot, user, self.clock.now()).unwrap();
    }

    pub(crate) fn unblocks(&self, user: UserId) {
        self.world().unblock(self.bot, user, self.clock.now()).unwrap();
    }

    // Phones.

    pub(crate) fn phone(&self, user: UserId) -> Vec<Seen> {
        self.screen(user.chat())
    }

    pub(crate) fn screen(&self, chat: ChatId) -> Vec<Seen> {
        self.world().phone(self.bot, chat)
    }

    /// How many of the bot's messages here contain this.
    pub(crate) fn count(&self, user: UserId, part: &str) -> usize {
        self.count_in(user.chat(), part)
    }

    pub(crate) fn count_in(&self, chat: ChatId, part: &str) -> usize {
        self.screen(chat).iter().filter(|seen| seen.from_bot && seen.text.contains(part)).count()
    }

    /// Waits for a message of the bot that contains this, and gives the newest such.
    pub(crate) async fn hears(&self, user: UserId, part: &str) -> String {
        self.hears_times(user, part, 1).await
    }

    pub(crate) async fn hears_times(&self, user: UserId, part: &str, times: usize) -> String {
        let end = self.clock.now().mono + PATIENCE;
        while self.count(user, part) < times {
            if self.clock.now().mono > end {
                self.fail(user, &format!("“{part}” did not come {times} times"));
            }
            self.clock.sleep(LOOK).await;
        }
        let phone = self.phone(user);
        let newest = phone.iter().rev().find(|seen| seen.from_bot && seen.text.contains(part));
        newest.unwrap().text.to_string()
    }

    /// The bot never said this here.
    pub(crate) fn silent(&self, user: UserId, part: &str) {
        if self.count(user, part) > 0 {
            self.fail(user, &format!("“{part}” must not be here"));
        }
    }

    pub(crate) fn fail(&self, user: UserId, why: &str) -> ! {
        let lines = self.phone(user).into_iter().map(|seen| {
            let who = if seen.from_bot { "bot" } else { "me" };
            let keys = seen.keyboard.as_deref().unwrap_or_default().to_owned();
            format!("{who}: {}\n    {keys}", seen.text)
        });
        let phone = lines.collect::<Vec<_>>().join("\n");
        let end = self.daemon.as_ref().map(|daemon| daemon.end.borrow().clone());
        panic!("seed {}: {why}\ndaemon: {end:?}\nphone of {}:\n{phone}", self.seed, user.0)
    }

    // Officials.

    /// Types a command and then the word.
    pub(crate) async fn raises(&self, user: UserId, command: &str, word: &str, number: &str) {
        let before = self.count(user, "Чтобы выпустить, напишите");
        self.says(user, command);
        self.hears_times(user, "Чтобы выпустить, напишите", before + 1).await;
        self.says(user, word);
        self.hears(user, &format!("Поднято: № {number}")).await;
    }

    /// Ends an alert and waits until everybody was told.
    pub(crate) async fn ends(&self, user: UserId, number: &str, revision: &str) {
        self.says(user, &format!("/clear {number}"));
        self.presses(user, "Объявить окончание").await;
        self.hears(user, &format!("Окончание объявлено: № {revision}")).await;
        self.reached(user, revision).await;
    }

    /// Waits until a broadcast is over, and gives its last report.
    pub(crate) async fn reached(&self, user: UserId, revision: &str) -> String {
        self.hears(user, &format!("№ {revision}: рассылка окончена")).await
    }

    /// What the bot wrote to each chat of a crowd: copies of one text.
    pub(crate) fn copies(&self, crowd: &[UserId], part: &str) -> BTreeMap<UserId, usize> {
        crowd.iter().map(|user| (*user, self.count(*user, part))).collect()
    }

    /// Waits until so many of the crowd have this.
    pub(crate) async fn partly(&self, crowd: &[UserId], part: &str, least: usize) {
        let end = self.clock.now().mono + PATIENCE;
        while crowd.iter().filter(|user| self.count(**user, part) > 0).count() < least {
            assert!(self.clock.now().mono < end, "seed {}: the broadcast stands", self.seed);
            self.clock.sleep(LOOK).await;
        }
    }

    pub(crate) fn accepted(&self) -> Vec<Accepted> {
        self.world().accepted().to_vec()
    }

    /// Lines of the journal, as the database keeps them; the daemon must be stopped.
    pub(crate) async fn journal(&self) -> String {
        let bytes = tokio::fs::read(self.database()).await.unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// A daemon that nobody stopped crashes.
impl Drop for Daemon {
    fn drop(&mut self) {
        self.crash.cancel();
        let ended = self.thread.take().map(thread::JoinHandle::join);
        assert!(
            thread::panicking() || ended.is_none_or(|ended| ended.is_ok()),
            "the daemon panicked"
        );
    }
}

/// After a crash within this process the old connections may take a moment to be gone.
async fn open(path: &std::path::Path, clock: &Telling) -> Sqlite {
    let mut last = None;
    for _ in 0..500 {
        match Sqlite::open(path).await {
            Ok(store) => return store,
            Err(fault) => last = Some(fault),
        }
        clock.sleep(Duration::from_millis(20)).await;
    }
    panic!("the database can't be opened: {last:?}")
}
