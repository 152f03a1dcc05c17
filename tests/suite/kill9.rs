//! A machine that dies in mid-broadcast: the real binary is killed with SIGKILL, started again, and
//! judged from the phones of the simulated Telegram, which is a process of its own.
//!
//! `NABAT_KILLS=10` makes ten rounds of it, in turn calm and storm; two without it.

#![expect(clippy::unwrap_used, reason = "tests, which the lint knows only by their attribute")]
#![expect(clippy::disallowed_methods, reason = "processes of their own live in real time")]

use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

/// Made up, and welcome at the simulator.
const TOKEN: &str = "7700770:kill-nine";
/// An official of the sample configuration, who may raise in Smolensk region.
const OFFICIAL: i64 = 4_000_000_000_001;
const RESIDENTS: i64 = 400;
const FIRST: i64 = 1_000_000;
/// Messages a second: a broadcast of two seconds.
const RATE: i64 = 200;
/// The longest that each weather keeps an answer back: `sim::weather`, `latency_max_ms`.
const LATE_CALM_MS: i64 = 80;
/// The same in a storm.
const LATE_STORM_MS: i64 = 400;
/// Longer is a daemon that hangs, and not a storm on a machine that is busy with a build.
const PATIENCE: Duration = Duration::from_mins(3);

/// A process that does not outlive the test.
struct Process(Child);

impl Process {
    fn start(args: &[&str], at: &Path, log: &str) -> Self {
        let log = fs::File::options().create(true).append(true).open(at.join(log)).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_nabat"))
            .args(args)
            .current_dir(at)
            .env("NABAT_TOKEN", TOKEN)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        Self(child.unwrap())
    }

    /// SIGKILL: nothing is finished, nothing is saved.
    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The control interface.
struct Control {
    http: reqwest::Client,
    base: String,
}

impl Control {
    async fn get(&self, path: &str) -> Option<Value> {
        let url = format!("{}/control/{path}", self.base);
        let answer = self.http.get(url).send().await.ok()?;
        answer.json().await.ok()
    }

    async fn post(&self, path: &str, body: Value) {
        let url = format!("{}/control/{path}", self.base);
        let answer = self.http.post(url).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {:?}", answer.text().await);
    }

    async fn count(&self, name: &str) -> i64 {
        self.get("counts").await.unwrap()[name].as_i64().unwrap()
    }

    /// What the bot wrote in a chat.
    async fn texts(&self, chat: i64) -> Vec<String> {
        let shown = self.get(&format!("chat/{chat}")).await.unwrap();
        let messages = shown["messages"].as_array().cloned().unwrap_or_default();
        let own = messages.iter().filter(|message| message["from_bot"] == json!(true));
        own.map(|message| message["text"].as_str().unwrap().to_owned()).collect()
    }

    async fn says(&self, user: i64, text: &str) {
        self.post("say", json!({"user": user, "text": text, "language": "ru"})).await;
    }
}

/// Asks until the answer is yes.
async fn until(what: &str, mut asked: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !asked().await {
        assert!(begun.elapsed() < PATIENCE, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What one round showed.
#[derive(Debug)]
struct Round {
    weather: &'static str,
    at_kill: i64,
    /// Phones without the message that the official's report does not own up to.
    missed: i64,
    /// Phones without the message that it does: uncertain, or not reached.
    owned: i64,
    copies: i64,
    lost_replies: i64,
    on_the_way: i64,
    fastest: i64,
    restart: Duration,
}

impl Round {
    /// Promise 6: replies lost after acceptance, what was in flight, and 0.1 s of traffic.
    fn bound(&self) -> i64 {
        self.lost_replies + self.on_the_way + RATE / 10
    }
}

fn configure(at: &Path, port: u16) {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    for dir in ["", "regions", "hazards"] {
        fs::create_dir_all(at.join("config").join(dir)).unwrap();
        for entry in fs::read_dir(sample.join(dir)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let to = at.join("config").join(dir).join(path.file_name().unwrap());
                let text = fs::read_to_string(&path).unwrap();
                let text = text
                    .replace(
                        "https://api.telegram.org\"\n",
                        &format!("http://127.0.0.1:{port}\"\n"),
                    )
                    .replace("\nrate = 30\n", &format!("\nrate = {RATE}\n"));
                fs::write(to, text).unwrap();
            }
        }
    }
}

async fn round(weather: &'static str, seed: u64) -> Round {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    configure(at, port);
    let (listen, seed, rate) = (format!("127.0.0.1:{port}"), seed.to_string(), RATE.to_string());
    let simulate =
        ["simulate", "--listen", &listen, "--seed", &seed, "--weather", weather, "--rate", &rate];
    let _simulator = Process::start(&simulate, at, "simulator.log");
    let control =
        Control { http: reqwest::Client::new(), base: format!("http://127.0.0.1:{port}") };
    until("the simulator", async || control.get("weather").await.is_some()).await;
    control.post("bots", json!({"token": TOKEN})).await;
    let mut daemon = Process::start(&["serve"], at, "serve.log");
    for n in 0..RESIDENTS {
        control.says(FIRST + n, "/start RU-SMO").await;
    }
    control.says(OFFICIAL, "/alert no-fly-zone RU-SMO declared for 90m").await;
    let asked = async || {
        let texts = control.texts(OFFICIAL).await;
        texts.iter().any(|text| text.contains("СМОЛЕНСК") && text.contains("400"))
    };
    until("the preview, with everybody in it", async || {
        if asked().await {
            return true;
        }
        // Asked too early: some had not joined yet.
        if control.count("pending_updates").await == 0 {
            control.says(OFFICIAL, "/alert no-fly-zone RU-SMO declared for 90m").await;
            tokio::time::sleep(Duration::from_millis(700)).await;
        }
        asked().await
    })
    .await;
    // The answer to joining tells what is true when it leaves: it must not leave under the alert.
    until("an answer for everybody who joined", async || {
        let mut silent = 0;
        for n in 0..RESIDENTS {
            silent += i64::from(control.texts(FIRST + n).await.is_empty());
        }
        // In a storm an answer may be given up as uncertain.
        silent <= RESIDENTS / 20
    })
    .await;
    let (lost, sent) = (control.count("accepted_then_lost").await, control.count("sent").await);
    let code = code_of(&control.texts(OFFICIAL).await);
    control.says(OFFICIAL, &format!("/confirm {code} СМОЛЕНСК")).await;
    until("a third of them", async || control.count("sent").await > sent + RESIDENTS / 3).await;
    daemon.kill();
    let at_kill = control.count("sent").await - sent;
    let killed = Instant::now();
    let _again = Process::start(&["serve"], at, "serve.log");
    until("the end of the broadcast", async || {
        control.texts(OFFICIAL).await.iter().any(|text| text.contains("рассылка окончена"))
    })
    .await;
    let restart = killed.elapsed();
    let (mut without, mut copies) = (0, 0);
    for n in 0..RESIDENTS {
        let texts = control.texts(FIRST + n).await;
        match texts.iter().filter(|text| text.starts_with("Бесполётная зона")).count()
        {
            0 => without += 1,
            got => copies += i64::try_from(got).unwrap() - 1,
        }
    }
    let owned = owned_up(&control.texts(OFFICIAL).await).min(without);
    let missed = without - owned;
    for text in control.texts(OFFICIAL).await.iter().filter(|text| text.contains("рассылка"))
    {
        eprintln!("{}", text.replace('\n', " · "));
    }
    // Nobody can count from outside what is on its way: as much as is sent in the longest time that
    // this weather keeps an answer back.
    let late = if weather == "storm" { LATE_STORM_MS } else { LATE_CALM_MS };
    let on_the_way = RATE * late / 1000;
    let lost_replies = control.count("accepted_then_lost").await - lost;
    let fastest = control.count("max_in_any_second").await;
    Round { weather, at_kill, missed, owned, copies, lost_replies, on_the_way, fastest, restart }
}

/// How many the report says are uncertain or not reached.
fn owned_up(texts: &[String]) -> i64 {
    let report = texts.iter().find(|text| text.contains("рассылка окончена")).unwrap();
    let lines = report
        .lines()
        .filter(|line| line.starts_with("Неизвестно") || line.starts_with("Не дошло"));
    lines.map(|line| line.rsplit(": ").next().unwrap().parse::<i64>().unwrap()).sum()
}

/// The code of the last preview.
fn code_of(texts: &[String]) -> String {
    let preview = texts.iter().rfind(|text| text.contains("СМОЛЕНСК")).unwrap();
    let after = preview.split("Код ").nth(1).unwrap();
    after.chars().take(5).collect()
}

#[test]
fn a_daemon_killed_in_mid_broadcast_misses_nobody() {
    let rounds = std::env::var("NABAT_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(2);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut failed = 0;
    eprintln!(
        "weather  sent at kill  missed  owned up  copies  allowed  lost replies  most/s  done after"
    );
    for n in 0..rounds {
        let weather = if n % 2 == 0 { "calm" } else { "storm" };
        let one = runtime.block_on(round(weather, 7 + n));
        eprintln!(
            "{:7}  {:12}  {:6}  {:8}  {:6}  {:7}  {:12}  {:6}  {:.1?}",
            one.weather,
            one.at_kill,
            one.missed,
            one.owned,
            one.copies,
            one.bound(),
            one.lost_replies,
            one.fastest,
            one.restart
        );
        let kept = one.missed == 0 && one.copies <= one.bound() && one.fastest <= RATE;
        failed += u32::from(!kept);
    }
    assert_eq!(failed, 0, "rounds in which a promise broke");
}
