//! `nabat rehearse`: the whole daemon against the simulated Telegram, and a verdict.
//!
//! Role: starts the simulated Telegram on loopback, starts the real daemon against it over HTTP with
//! the real clock and a database of its own, lets `town` act as officials and residents, and has
//! `judge` say from the phones what was kept of what `nabat` promises.
//!
//! Invariants: the daemon is the one that `serve` runs, whole; people act through messages and
//! presses and nothing else; the verdict is drawn from phones and from the world's own counts, and
//! the store is only asked what it admits to be uncertain of.
//!
//! Deliberately absent: anything that must be installed or configured first, and tuning for the sake
//! of the verdict.

mod judge;
mod show;
mod stage;
mod town;

use std::{
    io::{IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{Arc, Mutex},
    time::Duration,
};

use anyhow::{Context, Result, anyhow, bail};
use tokio::{net::TcpListener, sync::oneshot};
use tokio_util::sync::CancellationToken;

use super::{Credentials, clock::System, simulate::timepiece};
use crate::{
    config::{self, Config},
    domain::report::TransitionFigures,
    fanout::purse::Budget,
    ports::{clock::Clock, store::Store},
    sim::{
        http,
        weather::Weather,
        world::{Limits, World},
    },
    store::sqlite::Sqlite,
    telegram::Token,
};

use self::{
    show::Bar,
    stage::Stage,
    town::{Crowd, Town},
};

/// The first simulated bot's number. Their tokens are made up, and worth nothing anywhere else.
const FIRST_BOT: u64 = 7_000_000_001;
/// The most bots: each is a sender and a poller of its own.
const BOTS_MAX: i64 = 8;
/// The most channels, and the most groups.
const PUBLIC_MAX: i64 = 100;
/// The longest the daemon may take to be at work; in a storm its first calls fail for a while.
const READY_WITHIN: Duration = Duration::from_secs(40);
/// More than anybody rehearses with: nobody is shown another bot.
const COMFORTABLE: u64 = 10_000_000;
/// The most residents: their phones are kept in memory.
const RESIDENTS_MAX: i64 = 1_000_000;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many residents.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=RESIDENTS_MAX))]
    residents: u32,
    /// Messages a second that the bot may send.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    rate: u32,
    /// How many bots share the residents, each with that rate.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=BOTS_MAX))]
    bots: u32,
    /// How many channels of the region that is warned.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=PUBLIC_MAX))]
    channels: u32,
    /// How many groups of it.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=PUBLIC_MAX))]
    groups: u32,
    /// In mid-broadcast the official announces another end, which overtakes the first message.
    #[arg(long)]
    supersede: bool,
    /// Everything by chance comes from this number.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// calm or storm.
    #[arg(long, default_value = "calm", value_parser = super::simulate::weather)]
    weather: Weather,
    /// What is raised, by its id.
    #[arg(long, default_value = "no-fly-zone")]
    hazard: String,
    /// The directory of the configuration; else `config` if it is there and sound, else the sample.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Write the reach curve of the alert here as SVG.
    #[arg(long, value_name = "FILE")]
    curve: Option<PathBuf>,
    /// Print one JSON object on standard output, and everything else on standard error.
    #[arg(long)]
    json: bool,
}

/// Rehearses, and tells how it went. The exit code is a failure if a promise broke.
///
/// # Errors
///
/// If the rehearsal can't be held, or something that must happen never did.
pub async fn run(args: Args) -> Result<ExitCode> {
    let config = configuration(args.config.as_deref())?;
    let cast = town::Cast::of(&config, &args.hazard)?;
    let scratch = Scratch::new()?;
    let store = super::open(&scratch.0.join("nabat.db")).await?;
    let clock = System::start();
    let limits = Limits { per_second: args.rate, ..Limits::default() };
    let mut world = World::new(args.seed, args.weather.clone(), limits);
    let tokens: Vec<String> = (0..u64::from(args.bots))
        .map(|n| format!("{}:rehearsal-token-of-a-simulated-bot", FIRST_BOT + n))
        .collect();
    let mut bots = Vec::new();
    for (n, token) in tokens.iter().enumerate() {
        let username = format!("nabat_rehearsal_{}_bot", n + 1);
        bots.push((world.add_bot(token, &username)?, username));
    }
    let world = Arc::new(Mutex::new(world));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("can't listen on loopback")?;
    let address = listener.local_addr()?;
    let server = http::serve(Arc::clone(&world), listener, timepiece(&clock));
    let server = tokio::spawn(server);
    let mut senders = Vec::new();
    for (n, token) in tokens.iter().enumerate() {
        senders.push(Credentials {
            name: format!("rehearsal-{}", n + 1),
            api_url: format!("http://{address}"),
            token: Token::parse(token).context("the made-up token is none")?,
            rate: args.rate,
            comfortable: COMFORTABLE,
            budget: Budget::default(),
        });
    }
    let stop = CancellationToken::new();
    let (ready, up) = oneshot::channel();
    let daemon =
        super::serve(config.clone(), senders, store.clone(), clock.clone(), stop.clone(), ready);
    let stage = Stage { world, bots, clock: clock.clone(), store: store.clone() };
    let play = async {
        let at_work = async { up.await.map_err(|_| anyhow!("the daemon did not start")) };
        tokio::select! {
            up = at_work => up?,
            () = clock.sleep(READY_WITHIN) => bail!("the daemon did not start in time"),
        }
        act(&args, &config, cast, &stage).await
    };
    let (end, played) = Box::pin(together(daemon, play, &stop)).await;
    server.abort();
    store.close().await;
    let kept = played?;
    end.context("the daemon did not stop in order")?;
    Ok(if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs the play while the daemon lives, then stops the daemon.
async fn together(
    daemon: impl Future<Output = Result<()>>,
    play: impl Future<Output = Result<bool>>,
    stop: &CancellationToken,
) -> (Result<()>, Result<bool>) {
    tokio::pin!(daemon);
    tokio::select! {
        end = &mut daemon => {
            let fault = end.err().unwrap_or_else(|| anyhow!("it ended by itself"));
            (Ok(()), Err(fault.context("the daemon has stopped in mid-rehearsal")))
        }
        played = play => {
            stop.cancel();
            (daemon.await, played)
        }
    }
}

/// The play and its verdict: whether every promise was kept.
async fn act(args: &Args, config: &Config, cast: town::Cast, stage: &Stage) -> Result<bool> {
    // Whoever reads may close the pipe at any moment; the rehearsal goes on.
    let mut out: Box<dyn Write + Send> =
        if args.json { Box::new(std::io::stderr()) } else { Box::new(std::io::stdout()) };
    let _ = writeln!(
        out,
        "A rehearsal: {} residents, {} channels, {} groups; bots: {}, each at most {} messages a \
         second; seed {}, {}.\n",
        args.residents,
        args.channels,
        args.groups,
        args.bots,
        args.rate,
        args.seed,
        if args.weather == Weather::calm() { "calm" } else { "storm" },
    );
    let mut bar = Bar::new(std::io::stderr().is_terminal());
    let mut town = Town::new(cast, config, args.seed);
    let crowd = Crowd {
        residents: args.residents,
        channels: args.channels,
        groups: args.groups,
        rate: args.rate,
        supersede: args.supersede,
    };
    let story = town.play(stage, &crowd, &mut bar).await?;
    let verdict = judge::judge(&stage.evidence(&story).await?, &town.residents, &story);
    show::tell(&mut out, stage, &town, &story, &verdict);
    let _ = out.flush();
    if let Some(file) = &args.curve {
        curve(stage, &story, &town, config, file).await?;
    }
    if args.json {
        let _ = writeln!(std::io::stdout().lock(), "{}", verdict.json());
    }
    Ok(verdict.broken.is_empty())
}

/// Writes how the alert reached its audience, as `nabat report --svg` would.
async fn curve(
    stage: &Stage,
    story: &town::Story,
    town: &Town,
    config: &Config,
    file: &Path,
) -> Result<()> {
    let start = story.acts.first().and_then(|act| act.fanouts.first());
    let alert = start.context("no alert was raised")?.transition.alert.id();
    let figures = stage.store.figures(alert).await.context("the figures can't be read")?;
    let reaches = TransitionFigures::by_transition(figures);
    let reach = reaches.first().context("the store has kept no figures of the alert")?;
    let lang = town.cast.official.lang;
    super::report::draw(reach, &config.forest, lang, (Some(file), None))
}

fn configuration(dir: Option<&Path>) -> Result<Config> {
    let broken = |faults: Vec<config::Fault>| {
        let faults: Vec<String> = faults.iter().map(|fault| fault.render(false)).collect();
        anyhow!("{}", faults.join("\n"))
    };
    if let Some(dir) = dir {
        return config::load(dir).map(|(config, _)| config).map_err(broken).with_context(|| {
            format!("the configuration in {} has faults; nothing was started", dir.display())
        });
    }
    match config::load(Path::new("config")) {
        Ok((config, _)) => Ok(config),
        Err(_) => config::sample().map_err(broken).context("the sample configuration has faults"),
    }
}

/// A directory for the database, which goes with the rehearsal.
#[derive(Debug)]
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self> {
        let dir = std::env::temp_dir().join(format!("nabat-rehearsal-{}", std::process::id()));
        std::fs::create_dir(&dir).with_context(|| {
            format!("can't make the directory {}: see that it is not there yet", dir.display())
        })?;
        Ok(Self(dir))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What can't be removed is left to the system, which clears its own temporary directory.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The store the daemon works with.
type Storage = Sqlite;
