//! `nabat.toml`.

use std::{collections::BTreeMap, path::Path, time::Duration};

use toml::Spanned;

use super::{Names, Table, lang};
use crate::config::{
    Bot, Canary, Log, LogFormat, Paid, Policy, Storage, TokenSource,
    fault::Fault,
    secret::is_token,
    shape::{Faults, Leaf, Page},
    spec::{BotSpec, FormatSpec, SettingsFile},
};
use crate::domain::{ids::ChatId, lang::Lang};

const API_URL: &str = "https://api.telegram.org";
const STORAGE_URL: &str = "sqlite:nabat.db";
const LOG_FILTER: &str = "info";

/// Messages per second of a bot that does not pay. `// Telegram: Bots FAQ, broadcasting to users`
const RATE: u32 = 30;

/// How long it may take to reach everybody through one bot: longer, and another bot serves better.
const COMFORT: Duration = Duration::from_mins(10);

/// Messages per second at most. `// Bot API: allow_paid_broadcast`
const RATE_MAX: u32 = 1_000;

/// After this a command is about another state of the world.
const COMMAND_LATE_AFTER: Duration = Duration::from_mins(2);

/// Bounds of that: below, a slow phone is late; above, an outage's backlog is executed.
const COMMAND_LATE_BOUNDS: (Duration, Duration) =
    (Duration::from_secs(10), Duration::from_hours(1));

/// How often a bot proves that it can speak.
const CANARY_EVERY: Duration = Duration::from_hours(1);

/// Bounds of that: below, it takes from the rate; above, nobody notices in time.
const CANARY_BOUNDS: (Duration, Duration) = (Duration::from_mins(1), Duration::from_hours(24));

/// What `nabat.toml` says.
pub(super) struct Settings {
    pub(super) bots: Vec<Bot>,
    pub(super) storage: Storage,
    pub(super) policy: Policy,
    pub(super) log: Log,
}

pub(super) fn check(dir: &Path, pages: &[Page<'_, SettingsFile>], faults: &mut Faults) -> Settings {
    let mut settings = Settings {
        bots: Vec::new(),
        storage: Storage { url: STORAGE_URL.to_owned() },
        policy: Policy { language: Lang::Ru, command_late_after: COMMAND_LATE_AFTER, canary: None },
        log: Log { filter: LOG_FILTER.to_owned(), format: LogFormat::Text },
    };
    for page in pages {
        if let Some(spec) = &page.spec {
            let table = Table::new(&page.leaf, 0..0);
            general(&table, spec, &mut settings, faults);
            settings.bots = bots(dir, page, spec, faults);
        }
    }
    settings
}

fn general(
    table: &Table<'_, '_>,
    spec: &SettingsFile,
    settings: &mut Settings,
    faults: &mut Faults,
) {
    if let Some(url) = &spec.storage.url {
        settings.storage.url.clone_from(url.get_ref());
        if url.get_ref().strip_prefix("sqlite:").is_none_or(str::is_empty) {
            let message =
                format!("`{}` is no storage that this program knows", without_login(url.get_ref()));
            faults.push(
                table
                    .at(url, "bad-url", message)
                    .help("write `sqlite:` and a path: \"sqlite:nabat.db\""),
            );
        }
    }
    if let Some(language) = spec.policy.language {
        settings.policy.language = lang(language);
    }
    if let Some(late) = &spec.policy.command_late_after {
        let found = table.duration(late, "command_late_after", COMMAND_LATE_BOUNDS, faults);
        settings.policy.command_late_after = found.unwrap_or(COMMAND_LATE_AFTER);
    }
    settings.policy.canary = canary(table, spec, faults);
    if let Some(filter) = &spec.log.filter {
        settings.log.filter = table.line(filter, "`filter`", super::TEXT_MAX, faults);
    }
    settings.log.format = match spec.log.format {
        None | Some(FormatSpec::Text) => LogFormat::Text,
        Some(FormatSpec::Json) => LogFormat::Json,
    };
}

fn canary(table: &Table<'_, '_>, spec: &SettingsFile, faults: &mut Faults) -> Option<Canary> {
    let given = spec.policy.canary_every.as_ref();
    let every =
        given.and_then(|every| table.duration(every, "canary_every", CANARY_BOUNDS, faults));
    let Some(chat) = &spec.policy.canary_chat else {
        if let Some(every) = given {
            let message = "`canary_every` says how often, and nothing says to whom";
            faults
                .push(table.at(every, "missing-key", message).help("add `canary_chat = -100123`"));
        }
        return None;
    };
    if *chat.get_ref() == 0 {
        faults.push(table.at(chat, "bad-number", "no chat has the number 0"));
    }
    let every = every.unwrap_or(CANARY_EVERY);
    Some(Canary { chat: ChatId(*chat.get_ref()), every })
}

/// A storage URL may carry a password.
fn without_login(url: &str) -> &str {
    url.split_once("://").map_or(url, |(scheme, _)| scheme)
}

fn bots(
    dir: &Path,
    page: &Page<'_, SettingsFile>,
    spec: &SettingsFile,
    faults: &mut Faults,
) -> Vec<Bot> {
    let leaf = &page.leaf;
    if spec.bots.is_empty() && !leaf.has_taken(&(0..0), "bots") {
        let message = "no bot is configured, so nobody can be warned";
        faults.push(Fault::of_file(&leaf.source.path, "no-bot", message).help(
            "add a block `[[bots]]` with `name = \"main\"` and `token_env = \"NABAT_TOKEN\"`",
        ));
    }
    let mut names = Names::new();
    let mut tokens: BTreeMap<TokenSource, Spanned<()>> = BTreeMap::new();
    let mut bots = Vec::new();
    for (index, given) in spec.bots.iter().enumerate() {
        let table = Table::new(leaf, given.span());
        let spec = given.get_ref();
        let name = table.need(spec.name.as_ref(), "name", "\"main\"", faults);
        let name = name.filter(|name| {
            table.as_slug(name, faults).is_some()
                && names.claim(leaf, name, ("bot name", index), faults)
        });
        let token = token(dir, &table, spec, faults);
        if let Some((source, place)) = &token {
            unshared(leaf, &mut tokens, source, place, faults);
        }
        let api_url = api_url(&table, spec, faults);
        let rate = rate(&table, spec, faults);
        let comfortable = comfortable(&table, spec, rate, faults);
        let paid = paid(&table, spec, rate, faults);
        if let (Some(name), Some((token, _))) = (name, token) {
            let name = name.get_ref().clone();
            bots.push(Bot { name, api_url, token, rate, comfortable, paid });
        }
    }
    bots
}

fn unshared(
    leaf: &Leaf<'_>,
    tokens: &mut BTreeMap<TokenSource, Spanned<()>>,
    source: &TokenSource,
    place: &Spanned<()>,
    faults: &mut Faults,
) {
    if let Some(first) = tokens.get(source) {
        let message = format!("two bots take their token from {source}");
        faults.push(
            Fault::at(leaf.place(&place.span(), "here again"), "shared-token", message)
                .and([leaf.place(&first.span(), "first here")])
                .help("each bot has a token of its own: limits and progress are kept per token"),
        );
    } else {
        tokens.insert(source.clone(), place.clone());
    }
}

fn token(
    dir: &Path,
    table: &Table<'_, '_>,
    spec: &BotSpec,
    faults: &mut Faults,
) -> Option<(TokenSource, Spanned<()>)> {
    let keys = ["token_env", "token_file", "token_credential"];
    let given = [&spec.token_env, &spec.token_file, &spec.token_credential];
    let mut written =
        given.iter().zip(keys).filter_map(|(given, key)| Some((given.as_ref()?, key)));
    let Some((value, key)) = written.next() else {
        let reported =
            keys.iter().chain(&["token"]).any(|key| table.leaf.has_taken(&table.span, key));
        if !reported {
            let place = table.leaf.place(&table.span, "this bot");
            let message = "it is not said where the bot's token is kept";
            faults.push(Fault::at(place, "no-token", message).help(
                "write one of `token_env = \"NABAT_TOKEN\"`, `token_file = \"PATH\"` or `token_credential = \"NAME\"`",
            ));
        }
        return None;
    };
    if let Some((other, second)) = written.next() {
        let message = format!("the token has two sources, `{key}` and `{second}`");
        let fault = table.at(other, "two-tokens", message);
        faults.push(fault.and([table.leaf.place(&value.span(), "")]).help("keep one of them"));
    }
    let text = value.get_ref().trim();
    if is_token(text) {
        let message = "this is a token, not the place where it is kept: whoever sees the file could speak for the bot";
        faults.push(
            table
                .at(value, "token-in-file", message)
                .help(format!("`{key}` names a place; put the token there"))
                .help("if this file has been shown to anybody, have @BotFather revoke the token"),
        );
        return None;
    }
    let named = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
    if text.is_empty() || (key != "token_file" && !named) {
        faults.push(
            table
                .at(value, "bad-name", format!("`{key}` can't be called `{text}`"))
                .help("a name has Latin letters, digits, `_`, `-` and `.`"),
        );
        return None;
    }
    let source = match key {
        "token_env" => TokenSource::Env(text.to_owned()),
        "token_file" => TokenSource::File(dir.join(text)),
        _ => TokenSource::Credential(text.to_owned()),
    };
    Some((source, Spanned::new(value.span(), ())))
}

fn api_url(table: &Table<'_, '_>, spec: &BotSpec, faults: &mut Faults) -> String {
    let Some(given) = &spec.api_url else { return API_URL.to_owned() };
    let url = given.get_ref().trim().trim_end_matches('/');
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    match host {
        None | Some("") => faults.push(
            table
                .at(given, "bad-url", "`api_url` is no web address")
                .help(format!("write `https://` and a host: \"{API_URL}\"")),
        ),
        Some(host)
            if host.contains('@')
                || url.contains(['?', '#'])
                || url.contains(char::is_whitespace) =>
        {
            faults.push(
                table
                    .at(given, "bad-url", "`api_url` is an address without login, `?` and `#`")
                    .help(format!("for Telegram itself: \"{API_URL}\"")),
            );
        }
        Some(host) if url.starts_with("http://") && !is_loopback(host) => faults.push(
            table
                .at(given, "token-in-clear", "the token travels to this server unencrypted")
                .help("use `https://`, but for a server on this machine")
                .warning(),
        ),
        Some(_) => {}
    }
    url.to_owned()
}

fn is_loopback(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name == "localhost" || name == "[::1]" || name.starts_with("127.")
}

/// All three keys or none: a bot that may spend without a bound, or pays for nothing, is a mistake.
fn paid(table: &Table<'_, '_>, spec: &BotSpec, free: u32, faults: &mut Faults) -> Option<Paid> {
    if spec.paid_rate.is_none() && spec.stars_per_alert.is_none() && spec.stars_per_day.is_none() {
        return None;
    }
    let rate = table.need(spec.paid_rate.as_ref(), "paid_rate", "1000", faults);
    let alert = table.need(spec.stars_per_alert.as_ref(), "stars_per_alert", "5000", faults);
    let day = table.need(spec.stars_per_day.as_ref(), "stars_per_day", "20000", faults);
    let (rate, alert, day) = (rate?, alert?, day?);
    let fits = |rate: &u32| *rate > free && *rate <= RATE_MAX;
    let known = u32::try_from(*rate.get_ref()).ok().filter(fits);
    if known.is_none() {
        let message =
            format!("`paid_rate` has to lie above `rate` ({free}) and at {RATE_MAX} at most");
        faults.push(table.at(rate, "out-of-range", message).help(
            "`rate` is what costs nothing, 30 for every bot; `paid_rate` is what Stars may buy",
        ));
    }
    let mut stars = |given: &Spanned<i64>, name: &str| {
        let stars = u64::try_from(*given.get_ref()).ok().filter(|stars| *stars > 0);
        if stars.is_none() {
            let message = format!("`{name}` has to be a number of Stars above 0");
            faults.push(table.at(given, "out-of-range", message).help(
                "a message above the free rate costs 0.1 Star: 10,000 people cost about 1,000",
            ));
        }
        stars
    };
    let (stars_per_alert, stars_per_day) =
        (stars(alert, "stars_per_alert"), stars(day, "stars_per_day"));
    Some(Paid { rate: known?, stars_per_alert: stars_per_alert?, stars_per_day: stars_per_day? })
}

fn rate(table: &Table<'_, '_>, spec: &BotSpec, faults: &mut Faults) -> u32 {
    let Some(given) = &spec.rate else { return RATE };
    let rate = u32::try_from(*given.get_ref()).ok().filter(|rate| (1..=RATE_MAX).contains(rate));
    if rate.is_none() {
        let message = format!("`rate` has to lie between 1 and {RATE_MAX} messages per second");
        faults.push(
            table.at(given, "out-of-range", message).help(format!("free bots: `rate = {RATE}`")),
        );
    }
    rate.unwrap_or(RATE)
}

fn comfortable(table: &Table<'_, '_>, spec: &BotSpec, rate: u32, faults: &mut Faults) -> u64 {
    let usual = u64::from(rate) * COMFORT.as_secs();
    let Some(given) = &spec.comfortable else { return usual };
    let chats = u64::try_from(*given.get_ref()).ok().filter(|chats| *chats > 0);
    if chats.is_none() {
        let message = "`comfortable` has to be a number of chats above 0";
        faults.push(table.at(given, "out-of-range", message).help(format!(
            "what this bot's `rate` reaches in ten minutes: `comfortable = {usual}`"
        )));
    }
    chats.unwrap_or(usual)
}
