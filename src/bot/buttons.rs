//! PURE. What a button carries.
//!
//! A [`Touch`] is written into a button and read back from a press. It is whole in itself, so that
//! nothing is remembered between two presses; it is read strictly; and it proves nothing: anybody can
//! make one by hand.

use std::fmt;

use crate::domain::{
    alert::Status,
    ids::{AlertId, Code, FanoutId, HazardId, RegionId, is_slug},
    lang::Lang,
};

/// Most that a button carries, in bytes. `// Bot API: InlineKeyboardButton.callback_data`
pub const DATA_MAX: usize = 64;

/// A page of a menu.
pub type PageNo = u16;

/// What a press means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Touch {
    /// Show hazards.
    Hazards(Status, PageNo),
    /// Show regions for an alert: those in one, or those that lie in none.
    Areas(Status, HazardId, Option<RegionId>, PageNo),
    /// The area is chosen: show levels.
    Levels(Status, HazardId, RegionId),
    /// The level is chosen, by its place among the hazard's: show durations.
    Times(Status, HazardId, RegionId, u8),
    /// All is chosen; minutes, 0 for "until ended".
    Drafted(Status, HazardId, RegionId, u8, u16),
    /// End this alert.
    End(AlertId),
    /// Withdraw it.
    Withdraw(AlertId),
    /// Report on it.
    Report(AlertId),
    /// Pause what is being sent of this alert.
    Pause(AlertId),
    /// Let it go on.
    Resume(AlertId),
    /// Ask whether to stop it for good.
    Halt(AlertId),
    /// Stop it for good, up to this broadcast.
    HaltNow(AlertId, FanoutId),
    /// Don't, after all.
    Spare,
    /// Release the challenge.
    Yes(Code),
    /// Call it off.
    No(Code),
    /// Show regions to subscribe to.
    Browse(Option<RegionId>, PageNo),
    /// Subscribe.
    Join(RegionId),
    /// Unsubscribe.
    Drop(RegionId),
    /// Show the regions subscribed to.
    Mine,
    /// Speak this language.
    Speak(Lang),
    /// Leave for good.
    Leave,
    /// Stay after all.
    Stay,
}

impl fmt::Display for Touch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let within = |region: &Option<RegionId>| {
            region.as_ref().map_or_else(String::new, ToString::to_string)
        };
        match self {
            Self::Hazards(status, page) => write!(f, "h{}:{page}", mark(*status)),
            Self::Areas(status, hazard, region, page) => {
                write!(f, "a{}:{hazard}:{}:{page}", mark(*status), within(region))
            }
            Self::Levels(status, hazard, region) => {
                write!(f, "l{}:{hazard}:{region}", mark(*status))
            }
            Self::Times(status, hazard, region, step) => {
                write!(f, "t{}:{hazard}:{region}:{step}", mark(*status))
            }
            Self::Drafted(status, hazard, region, step, minutes) => {
                write!(f, "p{}:{hazard}:{region}:{step}:{minutes}", mark(*status))
            }
            Self::End(alert) => write!(f, "e:{alert}"),
            Self::Withdraw(alert) => write!(f, "w:{alert}"),
            Self::Report(alert) => write!(f, "r:{alert}"),
            Self::Pause(alert) => write!(f, "pause:{alert}"),
            Self::Resume(alert) => write!(f, "resume:{alert}"),
            Self::Halt(alert) => write!(f, "halt:{alert}"),
            Self::HaltNow(alert, fanout) => write!(f, "halt:{alert}:{}", fanout.0),
            Self::Spare => f.write_str("spare"),
            Self::Yes(code) => write!(f, "y:{code}"),
            Self::No(code) => write!(f, "n:{code}"),
            Self::Browse(region, page) => write!(f, "b:{}:{page}", within(region)),
            Self::Join(region) => write!(f, "j:{region}"),
            Self::Drop(region) => write!(f, "d:{region}"),
            Self::Mine => f.write_str("m"),
            Self::Speak(lang) => write!(f, "s:{lang}"),
            Self::Leave => f.write_str("q"),
            Self::Stay => f.write_str("k"),
        }
    }
}

fn mark(status: Status) -> char {
    match status {
        Status::Actual => 'a',
        Status::Exercise => 'x',
    }
}

impl Touch {
    /// Reads what a press brought; `None` for anything that no button of ours carries.
    #[must_use]
    pub fn parse(data: &str) -> Option<Self> {
        if data.len() > DATA_MAX {
            return None;
        }
        let parts: Vec<&str> = data.split(':').collect();
        let touch = match *parts.as_slice() {
            ["ha" | "hx", page] => Self::Hazards(status(data)?, page.parse().ok()?),
            ["aa" | "ax", hazard, region, page] => {
                Self::Areas(status(data)?, kind(hazard)?, perhaps(region)?, page.parse().ok()?)
            }
            ["la" | "lx", hazard, region] => {
                Self::Levels(status(data)?, kind(hazard)?, place(region)?)
            }
            ["ta" | "tx", hazard, region, step] => {
                Self::Times(status(data)?, kind(hazard)?, place(region)?, step.parse().ok()?)
            }
            ["pa" | "px", hazard, region, step, minutes] => Self::Drafted(
                status(data)?,
                kind(hazard)?,
                place(region)?,
                step.parse().ok()?,
                minutes.parse().ok()?,
            ),
            ["e", alert] => Self::End(AlertId(alert.parse().ok()?)),
            ["w", alert] => Self::Withdraw(AlertId(alert.parse().ok()?)),
            ["r", alert] => Self::Report(AlertId(alert.parse().ok()?)),
            ["pause", alert] => Self::Pause(AlertId(alert.parse().ok()?)),
            ["resume", alert] => Self::Resume(AlertId(alert.parse().ok()?)),
            ["halt", alert] => Self::Halt(AlertId(alert.parse().ok()?)),
            ["halt", alert, fanout] => {
                Self::HaltNow(AlertId(alert.parse().ok()?), FanoutId(fanout.parse().ok()?))
            }
            ["spare"] => Self::Spare,
            ["y", code] => Self::Yes(Code::parse(code)?),
            ["n", code] => Self::No(Code::parse(code)?),
            ["b", region, page] => Self::Browse(perhaps(region)?, page.parse().ok()?),
            ["j", region] => Self::Join(place(region)?),
            ["d", region] => Self::Drop(place(region)?),
            ["m"] => Self::Mine,
            ["s", lang] => Self::Speak(Lang::ALL.into_iter().find(|one| one.code() == lang)?),
            ["q"] => Self::Leave,
            ["k"] => Self::Stay,
            _ => return None,
        };
        // Only what we would write ourselves: no signs, no leading zeros, no lower-case code.
        (touch.to_string() == data).then_some(touch)
    }
}

fn status(data: &str) -> Option<Status> {
    match data.as_bytes().get(1)? {
        b'a' => Some(Status::Actual),
        b'x' => Some(Status::Exercise),
        _ => None,
    }
}

fn kind(text: &str) -> Option<HazardId> {
    is_slug(text).then(|| HazardId::new(text))
}

fn place(text: &str) -> Option<RegionId> {
    is_slug(text).then(|| RegionId::new(text))
}

/// A region, or none.
#[expect(clippy::option_option, reason = "unreadable, none, or this one")]
fn perhaps(text: &str) -> Option<Option<RegionId>> {
    if text.is_empty() { Some(None) } else { place(text).map(Some) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::SLUG_MAX;

    fn longest() -> (HazardId, RegionId) {
        let slug = "x".repeat(SLUG_MAX);
        (HazardId::new(&slug), RegionId::new(&slug))
    }

    #[test]
    fn every_button_fits_and_is_read_back() {
        let (hazard, region) = longest();
        let status = Status::Exercise;
        for touch in [
            Touch::Hazards(status, PageNo::MAX),
            Touch::Areas(status, hazard.clone(), Some(region.clone()), PageNo::MAX),
            Touch::Areas(Status::Actual, hazard.clone(), None, 0),
            Touch::Levels(status, hazard.clone(), region.clone()),
            Touch::Times(status, hazard.clone(), region.clone(), 9),
            Touch::Drafted(status, hazard, region.clone(), u8::MAX, 9999),
            Touch::End(AlertId(i64::MAX)),
            Touch::Withdraw(AlertId(1)),
            Touch::Report(AlertId(i64::MAX)),
            Touch::Pause(AlertId(i64::MAX)),
            Touch::Resume(AlertId(3)),
            Touch::Halt(AlertId(3)),
            Touch::HaltNow(AlertId(i64::MAX), FanoutId(i64::MAX)),
            Touch::Spare,
            Touch::Yes(Code::draw(7)),
            Touch::No(Code::draw(8)),
            Touch::Browse(Some(region.clone()), 3),
            Touch::Browse(None, 0),
            Touch::Join(region.clone()),
            Touch::Drop(region),
            Touch::Mine,
            Touch::Speak(Lang::Uk),
            Touch::Leave,
            Touch::Stay,
        ] {
            let data = touch.to_string();
            assert!((1..=DATA_MAX).contains(&data.len()), "{data}");
            assert_eq!(Touch::parse(&data), Some(touch), "{data}");
        }
    }

    #[test]
    fn what_no_button_of_ours_carries_is_refused() {
        for data in
            ["", ":", "y", "y:", "y:abcde", "e:+1", "e:01", "j:a b", "ha:0:0", "zz", "b::-1"]
        {
            assert_eq!(Touch::parse(data), None, "{data}");
        }
    }
}
