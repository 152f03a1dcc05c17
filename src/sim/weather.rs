//! PURE. What goes wrong on the way to Telegram and back, and how often.
//!
//! Role: a table of named rates, two presets, and the draw that turns rates into one call's
//! [`Fate`]. Every fault is a row of `reference/telegram.md`, section 3, or a fault of the line.
//!
//! Invariants: a call meets at most one fault. "The request was lost" and "the reply was lost"
//! are different faults that look the same to the sender. What delays an answer never delays
//! the arrival; jitter on the way in is a fault of its own with a bound of its own.
//!
//! Deliberately absent: what people do to a bot while it runs (block it, leave); that is
//! population, and here are only the shares of those who had done it before.

use std::{collections::BTreeMap, time::Duration};

use super::dice::Dice;
use crate::domain::time::Mono;

macro_rules! weather {
    ($($(#[$doc:meta])* $name:ident = $calm:literal / $storm:literal up to $most:expr;)*) => {
        /// All that can go wrong. Rates are per thousand, durations are in milliseconds.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Weather {
            $($(#[$doc])* pub $name: u32,)*
        }

        impl Weather {
            /// Nothing goes wrong, and answers take as long as they do on a good day.
            #[must_use]
            pub const fn calm() -> Self {
                Self { $($name: $calm,)* }
            }

            /// Everything goes wrong that can, each often enough to be met in a short rehearsal.
            #[must_use]
            pub const fn storm() -> Self {
                Self { $($name: $storm,)* }
            }

            /// Every rate by its name.
            #[must_use]
            pub fn rates(&self) -> BTreeMap<&'static str, u32> {
                BTreeMap::from([$((stringify!($name), self.$name),)*])
            }

            /// Changes one rate by its name.
            ///
            /// # Errors
            /// No rate has this name, or the value is above what the rate can be.
            pub fn set(&mut self, name: &str, value: u32) -> Result<(), BadWeather> {
                let (rate, most) = match name {
                    $(stringify!($name) => (&mut self.$name, $most),)*
                    _ => return Err(BadWeather::NoSuchRate(name.to_owned())),
                };
                if value > most {
                    return Err(BadWeather::TooMuch { rate: name.to_owned(), most });
                }
                *rate = value;
                Ok(())
            }
        }
    };
}

/// A rate that always happens.
const ALWAYS: u32 = 1000;
/// The longest duration a rate may name, in milliseconds: an hour, the longest flood wait reported
/// being three.
const AN_HOUR_MS: u32 = 3_600_000;

weather! {
    /// The quickest answer.
    latency_min_ms = 20 / 20 up to AN_HOUR_MS;
    /// The slowest answer.
    latency_max_ms = 80 / 400 up to AN_HOUR_MS;
    /// The most a request is held up before it arrives.
    jitter_max_ms = 0 / 0 up to AN_HOUR_MS;
    /// The connection breaks before the request arrived: nothing was sent.
    lost_request = 0 / 10 up to ALWAYS;
    /// The connection breaks after the request was carried out.
    lost_reply = 0 / 10 up to ALWAYS;
    /// 500 "restart", and nothing was done.
    restart_before = 0 / 5 up to ALWAYS;
    /// 500 "restart", although it was done.
    restart_after = 0 / 5 up to ALWAYS;
    /// 502 as JSON, and nothing was done.
    gateway_before = 0 / 5 up to ALWAYS;
    /// 502 as JSON, although it was done.
    gateway_after = 0 / 5 up to ALWAYS;
    /// 502 as nginx's page, and nothing was done.
    page_before = 0 / 5 up to ALWAYS;
    /// 502 as nginx's page, although it was done.
    page_after = 0 / 5 up to ALWAYS;
    /// 429 for one chat, without a fault of the sender.
    flood_chat = 0 / 5 up to ALWAYS;
    /// 429 for the whole bot, without a fault of the sender.
    flood_bot = 0 / 2 up to ALWAYS;
    /// 429 that names no time to wait.
    flood_bare = 0 / 3 up to ALWAYS;
    /// The longest wait that a 429 of the weather asks for; at least a second.
    flood_wait_max_ms = 2000 / 2000 up to AN_HOUR_MS;
    /// The mean time from one outage to the next; 0 for none.
    outage_every_ms = 0 / 20_000 up to AN_HOUR_MS;
    /// How long an outage lasts.
    outage_for_ms = 0 / 1500 up to AN_HOUR_MS;
    /// Of people: who has blocked the bot.
    blocked = 0 / 20 up to ALWAYS;
    /// Of people: whose account is gone.
    deactivated = 0 / 10 up to ALWAYS;
    /// Of groups: which have become supergroups.
    migrated = 0 / 50 up to ALWAYS;
    /// Of groups: which have thrown the bot out.
    kicked = 0 / 50 up to ALWAYS;
}

/// Why a weather can't be had.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadWeather {
    /// There is no preset of this name.
    #[error("no weather is called \"{0}\"; there are \"calm\" and \"storm\"")]
    NoSuchPreset(String),
    /// There is no rate of this name.
    #[error("no rate of the weather is called \"{0}\"")]
    NoSuchRate(String),
    /// The value is beyond the rate's range.
    #[error("the rate \"{rate}\" can be at most {most}")]
    TooMuch {
        /// Which rate.
        rate: String,
        /// Its greatest value.
        most: u32,
    },
}

impl Weather {
    /// The preset of this name.
    ///
    /// # Errors
    /// There is none.
    pub fn parse(name: &str) -> Result<Self, BadWeather> {
        match name {
            "calm" => Ok(Self::calm()),
            "storm" => Ok(Self::storm()),
            _ => Err(BadWeather::NoSuchPreset(name.to_owned())),
        }
    }

    /// What becomes of one call.
    #[must_use]
    pub fn fate(&self, dice: &mut Dice) -> Fate {
        let mut left = dice.below(u64::from(ALWAYS));
        let fault = Fault::DRAWN.into_iter().find(|fault| {
            let rate = u64::from(self.rate_of(*fault));
            let met = left < rate;
            left = left.saturating_sub(rate);
            met
        });
        let most = self.latency_max_ms.max(self.latency_min_ms);
        let after = dice.between(u64::from(self.latency_min_ms) * 1000, u64::from(most) * 1000);
        let wait_s = dice.between(1, u64::from(self.flood_wait_max_ms / 1000).max(1));
        Fate { fault, after: Duration::from_micros(after), wait: Duration::from_secs(wait_s) }
    }

    /// How long a request is held up before it arrives.
    #[must_use]
    pub fn way_in(&self, dice: &mut Dice) -> Duration {
        Duration::from_micros(dice.below(u64::from(self.jitter_max_ms) * 1000))
    }

    const fn rate_of(&self, fault: Fault) -> u32 {
        match fault {
            Fault::LostRequest => self.lost_request,
            Fault::LostReply => self.lost_reply,
            Fault::RestartBefore => self.restart_before,
            Fault::RestartAfter => self.restart_after,
            Fault::GatewayBefore => self.gateway_before,
            Fault::GatewayAfter => self.gateway_after,
            Fault::PageBefore => self.page_before,
            Fault::PageAfter => self.page_after,
            Fault::FloodChat => self.flood_chat,
            Fault::FloodBot => self.flood_bot,
            Fault::FloodBare => self.flood_bare,
            Fault::Unreachable => 0,
        }
    }
}

/// One thing that went wrong with one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// No connection could be made: surely not sent. Only in outages.
    Unreachable,
    /// The connection broke before the request arrived.
    LostRequest,
    /// The connection broke after the request was carried out.
    LostReply,
    /// 500, not done.
    RestartBefore,
    /// 500, done.
    RestartAfter,
    /// 502 as JSON, not done.
    GatewayBefore,
    /// 502 as JSON, done.
    GatewayAfter,
    /// 502 as a page, not done.
    PageBefore,
    /// 502 as a page, done.
    PageAfter,
    /// 429 for the chat.
    FloodChat,
    /// 429 for the bot.
    FloodBot,
    /// 429 without a time.
    FloodBare,
}

impl Fault {
    /// The faults that are drawn call by call, in the order of the draw.
    pub const DRAWN: [Self; 11] = [
        Self::LostRequest,
        Self::LostReply,
        Self::RestartBefore,
        Self::RestartAfter,
        Self::GatewayBefore,
        Self::GatewayAfter,
        Self::PageBefore,
        Self::PageAfter,
        Self::FloodChat,
        Self::FloodBot,
        Self::FloodBare,
    ];

    /// What an outage can look like from outside.
    const OUTAGES: [Self; 4] =
        [Self::Unreachable, Self::LostRequest, Self::GatewayBefore, Self::PageBefore];

    /// Where on the way it strikes.
    #[must_use]
    pub const fn stage(self) -> Stage {
        match self {
            Self::Unreachable | Self::LostRequest => Stage::WayIn,
            Self::RestartBefore | Self::GatewayBefore | Self::PageBefore => Stage::Before,
            Self::LostReply | Self::RestartAfter | Self::GatewayAfter | Self::PageAfter => {
                Stage::After
            }
            Self::FloodChat | Self::FloodBot | Self::FloodBare => Stage::Flood,
        }
    }

    /// The name in reports: that of the rate, where there is one.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::LostRequest => "lost_request",
            Self::LostReply => "lost_reply",
            Self::RestartBefore => "restart_before",
            Self::RestartAfter => "restart_after",
            Self::GatewayBefore => "gateway_before",
            Self::GatewayAfter => "gateway_after",
            Self::PageBefore => "page_before",
            Self::PageAfter => "page_after",
            Self::FloodChat => "flood_chat",
            Self::FloodBot => "flood_bot",
            Self::FloodBare => "flood_bare",
        }
    }
}

/// Where on its way a call is struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It never arrived.
    WayIn,
    /// It arrived, and nothing was done.
    Before,
    /// It was carried out, and the sender is not told.
    After,
    /// It was refused with a 429.
    Flood,
}

/// What becomes of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fate {
    /// What goes wrong, if anything.
    pub fault: Option<Fault>,
    /// How long the answer takes after the arrival.
    pub after: Duration,
    /// How long a 429 of the weather asks to wait: whole seconds, as the Bot API counts.
    pub wait: Duration,
}

/// When everything is down. The windows follow from the seed alone and are made as time goes on.
#[derive(Clone, Debug)]
pub struct Outages {
    dice: Dice,
    window: Option<(Mono, Mono, Fault)>,
}

impl Outages {
    /// The outages of one stream of chance.
    #[must_use]
    pub const fn new(dice: Dice) -> Self {
        Self { dice, window: None }
    }

    /// What an outage does to a call that arrives at `now`; times never go back.
    pub fn at(&mut self, weather: &Weather, now: Mono) -> Option<Fault> {
        if weather.outage_every_ms == 0 {
            self.window = None;
            return None;
        }
        let (start, end, fault) = match self.window {
            Some(window) if now < window.1 => window,
            passed => {
                // An outage that nobody met is over for good; the next is counted from now.
                let next = self.draw(weather, passed.map_or(now, |(_, end, _)| end.max(now)));
                self.window = Some(next);
                next
            }
        };
        (start <= now && now < end).then_some(fault)
    }

    fn draw(&mut self, weather: &Weather, from: Mono) -> (Mono, Mono, Fault) {
        let every = u64::from(weather.outage_every_ms);
        let gap = self.dice.between(every / 4, every + every / 4);
        let start = from + Duration::from_millis(gap);
        let end = start + Duration::from_millis(u64::from(weather.outage_for_ms));
        let kind = self.dice.below(Fault::OUTAGES.len() as u64);
        let fault = Fault::OUTAGES.into_iter().nth(usize::try_from(kind).unwrap_or(0));
        (start, end, fault.unwrap_or(Fault::Unreachable))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_a_calm_day_nothing_goes_wrong() {
        let (weather, mut dice) = (Weather::calm(), Dice::new(1));
        for _ in 0..10_000 {
            let fate = weather.fate(&mut dice);
            assert_eq!(fate.fault, None);
            assert!((Duration::from_millis(20)..=Duration::from_millis(80)).contains(&fate.after));
        }
    }

    #[test]
    fn in_a_storm_every_fault_is_met() {
        let (weather, mut dice) = (Weather::storm(), Dice::new(1));
        let mut met = BTreeMap::new();
        for _ in 0..20_000 {
            if let Some(fault) = weather.fate(&mut dice).fault {
                *met.entry(fault).or_insert(0_u32) += 1;
            }
        }
        for fault in Fault::DRAWN {
            let expected = 20 * weather.rates()[fault.name()];
            let times = met.get(&fault).copied().unwrap_or(0);
            assert!(times > expected / 2 && times < expected * 2, "{fault:?}: {times}/{expected}");
        }
    }

    #[test]
    fn outages_come_and_go() {
        let weather = Weather::storm();
        let mut outages = Outages::new(Dice::new(5));
        let minutes = (0..600_000_u64).map(|ms| outages.at(&weather, Mono(ms * 1000)));
        let down = minutes.flatten().count();
        assert!((20_000..80_000).contains(&down), "{down} ms of ten minutes");
    }

    #[test]
    fn a_rate_is_changed_by_its_name_and_within_its_range() {
        let mut weather = Weather::calm();
        assert_eq!(weather.set("lost_reply", 500), Ok(()));
        assert_eq!(weather.lost_reply, 500);
        assert_eq!(weather.set("hail", 1), Err(BadWeather::NoSuchRate("hail".into())));
        let beyond = BadWeather::TooMuch { rate: "blocked".into(), most: 1000 };
        assert_eq!(weather.set("blocked", 1001), Err(beyond));
    }

    #[test]
    fn presets_have_names() {
        assert_eq!(Weather::parse("storm"), Ok(Weather::storm()));
        assert!(Weather::parse("fog").is_err());
    }
}
