//! The composition root: the only place where adapters meet ports.
//!
//! ```text
//!            ┌──────────── desk ◄── updates ──┐
//!   officials│ residents                      │
//!            ▼                                │
//!          store ──wake──► driver ──► courier ┴──► Telegram
//!            ▲                │
//!            └── progress ────┘        ticker: expiry, tidying
//! ```
//!
//! Role: turn a configuration into running parts, watch over them, and stop them in order: intake
//! first, then what is in flight, then the store.
//!
//! Invariants: a bot whose token is refused stops alone, and officials hear of it through another;
//! any other part that fails takes the daemon down with one clear sentence, because a supervisor
//! that restarts everything is simpler to trust than one that restarts parts; whatever was confirmed is
//! carried on by the next start.
//!
//! Deliberately absent: decisions.

mod alarm;
pub mod clock;
pub mod rehearse;
pub mod replay;
pub mod report;
pub mod simulate;
mod voice;

use std::{
    collections::{BTreeMap, BTreeSet, hash_map::RandomState},
    hash::{BuildHasher, Hasher},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result, anyhow, bail};
use secrecy::ExposeSecret;
use tokio::{
    sync::{Notify, mpsc, oneshot},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::{
    bot::{
        Rules,
        desk::{Desk, DeskError, DeskOptions},
        dialogue::{Sibling, Tariff},
        phrases,
    },
    config::{Canary, Config},
    domain::{
        ids::{BotId, ChatId},
        lang::Lang,
        letter::Message,
    },
    fanout::{
        dispatch::Alarm,
        driver::{Driver, Options},
        purse::Budget,
    },
    ports::{
        clock::Clock,
        courier::{Courier as _, Extras},
        store::Store,
    },
    store::sqlite::Sqlite,
    telegram::{self, CallFault, Scope, Token, Wire},
};

use self::{alarm::Rung, voice::Voice};

/// How often announced ends are looked at: an expiry is told this late at most.
const TICK: Duration = Duration::from_secs(1);
/// How often an unreachable API is asked at the start before we give up and say so.
const GREETINGS_MAX: u32 = 6;
/// How long the parts may take to finish what is in flight; longer than the longest call.
const FAREWELL: Duration = Duration::from_secs(32);
/// Connections opened ahead for each bot.
const WARM: usize = 8;

/// A bot with its token, ready to be connected.
#[derive(Debug)]
pub struct Credentials {
    /// As the configuration names it.
    pub name: String,
    /// The Bot API server.
    pub api_url: String,
    /// The token.
    pub token: Token,
    /// Messages per second at most that cost nothing.
    pub rate: u32,
    /// Private chats that it serves comfortably.
    pub comfortable: u64,
    /// What it may spend on more.
    pub budget: Budget,
}

fn tariff(bot: &Credentials) -> (BotId, Tariff) {
    let Budget { rate: paid_rate, per_alert, per_day } = bot.budget;
    (bot.token.bot(), Tariff { rate: bot.rate, paid_rate, per_alert, per_day })
}

/// Reads the tokens that the configuration names.
///
/// # Errors
///
/// The first that can't be read or isn't a token, with what to do about it.
pub fn credentials(config: &Config) -> Result<Vec<Credentials>> {
    if config.bots.is_empty() {
        bail!("no bot is configured: add a [[bots]] table to nabat.toml");
    }
    let read = |bot: &crate::config::Bot| {
        let secret =
            bot.token.resolve().with_context(|| format!("bot `{}` has no token", bot.name))?;
        let token = Token::parse(secret.expose_secret())
            .with_context(|| format!("bot `{}`: {} holds no token", bot.name, bot.token))?;
        let (name, api_url) = (bot.name.clone(), bot.api_url.clone());
        let budget = bot.paid.map_or_else(Budget::default, |paid| Budget {
            rate: paid.rate,
            per_alert: paid.stars_per_alert,
            per_day: paid.stars_per_day,
        });
        let (rate, comfortable) = (bot.rate, bot.comfortable);
        Ok(Credentials { name, api_url, token, rate, comfortable, budget })
    };
    config.bots.iter().map(read).collect()
}

/// The file behind a storage address.
#[must_use]
pub fn database(url: &str) -> PathBuf {
    let path = url.strip_prefix("sqlite:").unwrap_or(url);
    Path::new(path.strip_prefix("//").unwrap_or(path)).to_owned()
}

/// Opens the store.
///
/// # Errors
///
/// What is wrong with the database, and what to do.
pub async fn open(path: &Path) -> Result<Sqlite> {
    Sqlite::open(path).await.with_context(|| {
        format!(
            "can't open the database {}: see that its directory exists, belongs to this user and \
             has room, and that no other nabat serves from it",
            path.display()
        )
    })
}

/// What the daemon runs on: one thread for all that waits, beside the database's own. A message is
/// some microseconds of work handed from task to task; with a second thread each hand-over wakes it
/// up, and twice the threads send half as much. Whatever computes for long belongs on a blocking
/// thread.
///
/// # Errors
///
/// If the system refuses a thread.
pub fn runtime() -> Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(1).enable_all().build().context("can't start the runtime")
}

/// Runs the daemon until `stop`. `ready` is told once everybody is at work.
///
/// # Errors
///
/// Why it can't start, or what failed while it ran.
pub async fn serve<S: Store, K: Clock>(
    config: Config,
    bots: Vec<Credentials>,
    store: S,
    clock: K,
    stop: CancellationToken,
    ready: oneshot::Sender<()>,
) -> Result<()> {
    let Config { forest, catalogue, roster, policy, .. } = config;
    let rules = Arc::new(Rules::new(forest, catalogue, roster));
    let ids: Vec<BotId> = bots.iter().map(|bot| bot.token.bot()).collect();
    let tariffs: BTreeMap<BotId, Tariff> = bots.iter().map(tariff).collect();
    let rates: BTreeMap<BotId, u32> = bots.iter().map(|bot| (bot.token.bot(), bot.rate)).collect();
    let (intake, sending) = (CancellationToken::new(), CancellationToken::new());
    let (alarms, mut rung) = mpsc::unbounded_channel::<(BotId, Alarm)>();
    let mut parts: JoinSet<Result<()>> = JoinSet::new();
    let mut senders: JoinSet<Result<()>> = JoinSet::new();
    let (greeted, deaf) = connect(bots, &alarms, &clock, &stop).await?;
    let wakes: Vec<Arc<Notify>> = greeted.iter().map(|_| Arc::default()).collect();
    let all: Arc<Vec<Arc<Notify>>> = Arc::new(wakes);
    let speaking = greeted.iter().map(|(bot, ..)| (bot.token.bot(), bot.name.clone()));
    let names: BTreeMap<BotId, String> = speaking.chain(deaf).collect();
    let family: Vec<Sibling> = greeted.iter().map(sibling).collect();
    let mut revoked: BTreeSet<BotId> = BTreeSet::new();
    let couriers: BTreeMap<BotId, Wire> =
        greeted.iter().map(|(bot, courier, _)| (bot.token.bot(), courier.clone())).collect();
    for (n, (bot, courier, username)) in greeted.into_iter().enumerate() {
        let wake = Arc::clone(&all);
        let desk = Arc::new(Desk::new(
            DeskOptions {
                bot: bot.token.bot(),
                bots: ids.clone(),
                siblings: family.iter().filter(|one| one.bot != bot.token.bot()).cloned().collect(),
                comfortable: bot.comfortable,
                tariffs: tariffs.clone(),
                default_lang: policy.language,
                late_after: policy.command_late_after,
                username,
                rules: Arc::clone(&rules),
                seed: chance(),
                wake: Arc::new(move || wake.iter().for_each(|bot| bot.notify_one())),
            },
            store.clone(),
            courier.clone(),
            clock.clone(),
        ));
        let driver = Driver::new(
            sending_of(&bot, policy.canary, &rates),
            (store.clone(), courier.clone(), clock.clone()),
            Arc::new(Voice::new(Arc::clone(&rules), bot.name.clone(), policy.language)),
            Arc::clone(&all[n]),
            alarms.clone(),
        );
        if n == 0 {
            let (desk, clock, cancel) = (Arc::clone(&desk), clock.clone(), intake.clone());
            parts.spawn(async move {
                tick(&desk, &clock, &cancel).await;
                Ok(())
            });
        }
        let (bot, tell, cancel) = (bot.token.bot(), alarms.clone(), intake.clone());
        parts.spawn(async move { listen(&desk, bot, &tell, cancel).await });
        let cancel = sending.clone();
        senders.spawn(async move { driver.run(cancel).await.context("the sender has stopped") });
        tokio::spawn(announce(courier, policy.language, rules_officials(&rules)));
    }
    drop(alarms);
    let _ = ready.send(());
    let failed = loop {
        tokio::select! {
            () = stop.cancelled() => break None,
            Some((bot, alarm)) = rung.recv() => {
                let name = names.get(&bot).map_or("", String::as_str);
                let news = !matches!(alarm, Alarm::Revoked(_)) || revoked.insert(bot);
                if revoked.len() == ids.len() {
                    break Some(anyhow!("Telegram refuses the token of every bot"));
                }
                if !news {
                    continue;
                }
                let mut able = ids.clone();
                able.retain(|bot| !revoked.contains(bot));
                let at = clock.now().utc;
                match alarm::ring(&store, &rules, (bot, name), &able, &alarm, at).await {
                    Ok(Rung::Written) => all.iter().for_each(|bot| bot.notify_one()),
                    Ok(Rung::Aloud(messages)) => {
                        error!(alarm = alarm::discreet(&alarm), "a fault that needs a person");
                        if let Some(courier) = couriers.get(&bot) {
                            tokio::spawn(aloud(courier.clone(), messages));
                        }
                    }
                    Ok(Rung::Logged) => error!(alarm = alarm::discreet(&alarm), "a fault that needs a person"),
                    Err(fault) => error!(alarm = alarm::discreet(&alarm), error = %fault, "and nobody could be told"),
                }
            }
            Some(end) = parts.join_next() => break Some(failure(end)),
            Some(end) = senders.join_next() => break Some(failure(end)),
        }
    };
    part((intake, parts), (sending, senders), &clock).await;
    failed.map_or(Ok(()), Err)
}

/// A kind of parts, and what ends them.
type Parts = (CancellationToken, JoinSet<Result<()>>);

/// Stops in order: intake first, then what is in flight.
async fn part<K: Clock>((intake, mut desks): Parts, (sending, mut senders): Parts, clock: &K) {
    info!("stopping: no more updates, what is in flight is finished");
    intake.cancel();
    let last = async {
        while desks.join_next().await.is_some() {}
        sending.cancel();
        while senders.join_next().await.is_some() {}
    };
    tokio::select! {
        () = last => info!("stopped"),
        () = clock.sleep(FAREWELL) => warn!("stopped before everything was answered"),
    }
}

/// A bot that answers to its token, with its name in Telegram.
type Greeted = (Credentials, Wire, String);

/// Connects every bot; those whose token Telegram refuses are named apart, and the others go on.
async fn connect<K: Clock>(
    bots: Vec<Credentials>,
    alarms: &mpsc::UnboundedSender<(BotId, Alarm)>,
    clock: &K,
    stop: &CancellationToken,
) -> Result<(Vec<Greeted>, BTreeMap<BotId, String>)> {
    let (mut greeted, mut deaf) = (Vec::new(), BTreeMap::new());
    let mut refused = None;
    for bot in bots {
        let options =
            telegram::Options { api_url: bot.api_url.clone(), ..telegram::Options::default() };
        let courier = Wire::new(&bot.token, &options)
            .with_context(|| format!("bot `{}` can't be connected", bot.name))?;
        if let Some(username) = greet(&courier, &bot, clock, stop).await? {
            info!(bot = bot.token.bot().0, name = bot.name, "connected");
            greeted.push((bot, courier, username));
            continue;
        }
        let name = &bot.name;
        let why =
            anyhow!("Telegram refuses the token of bot `{name}`: copy it anew from @BotFather");
        error!("{why}");
        // The receiver is this task's own.
        let _ = alarms.send((bot.token.bot(), Alarm::Revoked("at the start".to_owned())));
        deaf.insert(bot.token.bot(), bot.name);
        refused = Some(why);
    }
    match refused {
        Some(why) if greeted.is_empty() => Err(why),
        Some(_) | None => Ok((greeted, deaf)),
    }
}

/// Runs a desk. One whose token is refused raises an alarm and then waits for the end with the others.
async fn listen<S: Store, K: Clock>(
    desk: &Desk<S, Wire, K>,
    bot: BotId,
    alarms: &mpsc::UnboundedSender<(BotId, Alarm)>,
    cancel: CancellationToken,
) -> Result<()> {
    match desk.run(cancel.clone()).await {
        Err(DeskError::Token(_)) => {
            // Nobody listens only while everything stops.
            let _ = alarms.send((bot, Alarm::Revoked("no updates".to_owned())));
            cancel.cancelled().await;
            Ok(())
        }
        end => end.context("the desk has stopped"),
    }
}

fn sibling((bot, _, username): &Greeted) -> Sibling {
    let (bot, comfortable) = (bot.token.bot(), bot.comfortable);
    Sibling { bot, username: username.clone(), comfortable }
}

/// What a bot's sender is told.
fn sending_of(bot: &Credentials, canary: Option<Canary>, rates: &BTreeMap<BotId, u32>) -> Options {
    let canary = canary.map(|canary| (canary.chat, canary.every));
    let own = bot.token.bot();
    let others = rates.iter().filter(|(other, _)| **other != own);
    let others = others.map(|(other, rate)| (*other, *rate)).collect();
    Options { bot: own, limit: bot.rate, budget: bot.budget, others, canary }
}

/// A part that ends by itself has failed, whatever it says.
fn failure(end: std::result::Result<Result<()>, tokio::task::JoinError>) -> anyhow::Error {
    match end {
        Ok(Ok(())) => anyhow!("a part of the daemon has ended by itself"),
        Ok(Err(fault)) => fault,
        Err(broken) => anyhow!(broken).context("a part of the daemon broke down"),
    }
}

/// Asks the bot's name, which shows that address and token are right; `None` if the token is refused.
async fn greet<K: Clock>(
    courier: &Wire,
    bot: &Credentials,
    clock: &K,
    stop: &CancellationToken,
) -> Result<Option<String>> {
    let mut wait = Duration::from_millis(500);
    for attempt in 1.. {
        let fault = match courier.me().await {
            Ok(me) => {
                // A webhook left by another program would keep the updates from us.
                if let Err(fault) = courier.delete_webhook().await {
                    warn!(name = bot.name, %fault, "can't make sure that no webhook is set");
                }
                return Ok(Some(me.username));
            }
            Err(fault) => fault,
        };
        if matches!(fault, CallFault::Token) {
            return Ok(None);
        }
        if attempt >= GREETINGS_MAX || stop.is_cancelled() {
            return Err(anyhow!(fault).context(format!(
                "can't reach {} for bot `{}`: check the network and `api_url`",
                bot.api_url, bot.name
            )));
        }
        warn!(name = bot.name, %fault, attempt, "no answer yet");
        clock.sleep(wait).await;
        wait *= 2;
    }
    bail!("unreachable: the loop returns")
}

async fn tick<S: Store, C: crate::ports::courier::Courier, K: Clock>(
    desk: &Desk<S, C, K>,
    clock: &K,
    cancel: &CancellationToken,
) {
    loop {
        tokio::select! {
            () = cancel.cancelled() => return,
            () = clock.sleep(TICK) => {}
        }
        if let Err(fault) = desk.tick().await {
            warn!(error = %fault, "announced ends could not be looked at");
        }
    }
}

/// Sends past the store, which can't keep a letter, and past the pacer, which is a few messages.
async fn aloud(courier: Wire, messages: Vec<(ChatId, Message)>) {
    for (chat, message) in messages {
        let body = courier.prepare(&message);
        let outcome = courier.send(chat, &body, Extras::default()).await;
        tracing::debug!(?outcome, "an official was told past the store");
    }
}

fn rules_officials(rules: &Rules) -> Vec<(crate::domain::ids::ChatId, Lang)> {
    rules.roster.iter().map(|one| (one.user.chat(), one.lang)).collect()
}

/// Opens connections ahead and sets the menus. Nothing depends on it.
async fn announce(
    courier: Wire,
    default: Lang,
    officials: Vec<(crate::domain::ids::ChatId, Lang)>,
) {
    courier.warm(WARM).await;
    let menu = async |scope: Scope, tag: Option<Lang>, lang: Lang, reader: phrases::Reader| {
        let commands = phrases::commands(lang, reader);
        let commands: Vec<(&str, &str)> =
            commands.iter().map(|(name, text)| (*name, text.as_str())).collect();
        if let Err(fault) = courier.set_commands(scope, tag, &commands).await {
            info!(%fault, "a menu of commands could not be set");
        }
    };
    menu(Scope::Default, None, default, phrases::Reader::Resident).await;
    for lang in Lang::ALL {
        menu(Scope::Default, Some(lang), lang, phrases::Reader::Resident).await;
    }
    for (chat, lang) in officials {
        menu(Scope::Chat(chat), None, lang, phrases::Reader::Official).await;
    }
}

/// Chance, from the seed that the standard library draws from the system for its maps.
fn chance() -> u64 {
    RandomState::new().build_hasher().finish()
}
