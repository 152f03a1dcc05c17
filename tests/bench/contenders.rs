//! Who is measured, each in a process of its own: the whole daemon, teloxide's bare loop, a raw one.

use std::{
    io::{self, BufRead as _},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Instant,
};

use anyhow::{Context as _, Result, anyhow};
use nabat::{
    app::{self, Credentials, clock::System},
    config::{self, Config},
    fanout::purse::Budget,
    telegram::Token,
};
use teloxide::{Bot, prelude::Requester as _, types::ChatId};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::oneshot,
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

/// The first resident.
pub(crate) const FIRST: i64 = 1_000_000;
/// Stars are no object here.
const STARS: u64 = 1_000_000_000;

/// A token of the nth bot.
pub(crate) fn token(n: usize) -> (i64, String) {
    let bot = 700_000_001 + i64::try_from(n).unwrap_or(0);
    (bot, format!("{bot}:AABenchBenchBenchBenchBenchBenchBen"))
}

/// As `#[tokio::main]` has it.
fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

/// The sample configuration, with a hazard that may cost Stars.
fn configuration() -> Result<Config> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let mut texts = Vec::new();
    for sub in ["", "regions", "hazards"] {
        for entry in std::fs::read_dir(dir.join(sub))? {
            let path = entry?.path();
            if path.extension().is_some_and(|ending| ending == "toml") {
                let text = std::fs::read_to_string(&path)?;
                let text = text.replace("\npaid = false\n", "\npaid = true\n");
                texts.push((Path::new(sub).join(path.file_name().unwrap_or_default()), text));
            }
        }
    }
    let loaded = config::load_sources(texts);
    Ok(loaded.map_err(|faults| anyhow!("the sample configuration: {faults:?}"))?.0)
}

/// `nabat serve` on a database, with as many bots as `bots`, until the input ends. `rate` and `paid`
/// are messages a second; any `rate`, which the configuration's own check would not let through.
pub(crate) fn daemon(url: &str, database: &str, rate: u32, paid: u32, bots: usize) -> Result<()> {
    let config = configuration()?;
    let credentials = (0..bots).map(|n| {
        Ok(Credentials {
            name: format!("bot-{n}"),
            api_url: url.to_owned(),
            token: Token::parse(&token(n).1)?,
            rate,
            comfortable: u64::MAX,
            budget: Budget { rate: paid, per_alert: STARS, per_day: STARS },
        })
    });
    let credentials = credentials.collect::<Result<Vec<_>>>()?;
    let stop = CancellationToken::new();
    let (ready, up) = oneshot::channel();
    let stopping = stop.clone();
    std::thread::spawn(move || {
        // Whatever is said, or the end of it, means the end.
        let _ = io::stdin().lock().read_line(&mut String::new());
        stopping.cancel();
    });
    app::runtime()?.block_on(async {
        let store = app::open(Path::new(database)).await?;
        tokio::spawn(async move {
            if up.await.is_ok() {
                println!("ready");
            }
        });
        let served =
            app::serve(config, credentials, store.clone(), System::start(), stop, ready).await;
        store.close().await;
        served
    })
}

/// Waits to be told, and does so many sends, `concurrency` at once; says how long it took.
async fn race<F, Fut>(count: i64, concurrency: usize, send: F) -> Result<()>
where
    F: Fn(i64) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = Result<()>> + Send,
{
    let next = Arc::new(AtomicI64::new(0));
    // Connections are open and code is warm before the start.
    let warm = i64::try_from(concurrency * 4)?;
    for (from, to) in [(0, warm), (warm, warm + count)] {
        if from > 0 {
            println!("ready");
            io::stdin().lock().read_line(&mut String::new())?;
        }
        next.store(from, Ordering::Relaxed);
        let begun = Instant::now();
        let mut senders = JoinSet::new();
        for _ in 0..concurrency {
            let (next, send) = (Arc::clone(&next), send.clone());
            senders.spawn(async move {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= to {
                        return Ok(());
                    }
                    send(FIRST + n).await?;
                }
            });
        }
        while let Some(end) = senders.join_next().await {
            let end: Result<()> = end?;
            end?;
        }
        if from > 0 {
            println!("{}", begun.elapsed().as_secs_f64());
        }
    }
    // Until our processor time has been read.
    io::stdin().lock().read_line(&mut String::new())?;
    Ok(())
}

/// `Bot::send_message` and nothing else: no log, no pacing, no retries.
pub(crate) fn teloxide(url: &str, text: String, count: i64, concurrency: usize) -> Result<()> {
    runtime()?.block_on(async {
        let bot = Bot::new(token(0).1).set_api_url(url.parse().context("the address")?);
        let text = Arc::new(text);
        let send = move |chat| {
            let (bot, text) = (bot.clone(), Arc::clone(&text));
            async move {
                bot.send_message(ChatId(chat), text.as_str()).await?;
                Ok(())
            }
        };
        race(count, concurrency, send).await
    })
}

/// Bytes on a socket and no HTTP client: as little as a sender can do. The same body every time.
pub(crate) fn raw(url: &str, text: &str, count: i64, concurrency: usize) -> Result<()> {
    let address = url.trim_start_matches("http://").to_owned();
    let body = serde_json::json!({"chat_id": FIRST, "text": text}).to_string();
    let request = format!(
        "POST /bot{}/sendMessage HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        token(0).1,
        body.len()
    );
    runtime()?.block_on(async {
        println!("ready");
        io::stdin().lock().read_line(&mut String::new())?;
        let begun = Instant::now();
        let mut senders = JoinSet::new();
        let each = count / i64::try_from(concurrency)?;
        for _ in 0..concurrency {
            let (address, request) = (address.clone(), request.clone());
            senders.spawn(async move {
                let mut stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                let mut reply = vec![0; 16 * 1024];
                for _ in 0..each {
                    stream.write_all(request.as_bytes()).await?;
                    // An answer ends with the body's brace and comes in one piece on loopback.
                    let mut got = 0;
                    while got == 0 || reply[got - 1] != b'}' {
                        let n = stream.read(&mut reply[got..]).await?;
                        if n == 0 {
                            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
                        }
                        got += n;
                    }
                }
                Ok(())
            });
        }
        while let Some(end) = senders.join_next().await {
            end??;
        }
        println!("{}", begun.elapsed().as_secs_f64());
        io::stdin().lock().read_line(&mut String::new())?;
        Ok(())
    })
}
