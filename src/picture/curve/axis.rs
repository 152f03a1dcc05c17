//! PURE. The axis of time: its unit, and numbers on it that people count by.

use std::time::Duration;

/// Most numbers on the axis, but for the zero: a phone's width.
const TICKS_MAX: f64 = 6.0;

/// Steps between numbers, in seconds: tenths, and what clocks count by.
const STEPS: [f64; 27] = [
    0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0,
    1_800.0, 3_600.0, 7_200.0, 10_800.0, 21_600.0, 43_200.0, 86_400.0, 172_800.0, 259_200.0,
    432_000.0, 864_000.0,
];

/// The shortest axis, in seconds: less says nothing.
const END_MIN: f64 = 0.1;

/// How far the axis goes beyond the last point, so that the point stands free.
const ROOM: f64 = 1.04;

/// Up to so many seconds the axis counts seconds, and then minutes.
const SECONDS_TO: f64 = 180.0;
/// Up to so many seconds it counts minutes, and then hours.
const MINUTES_TO: f64 = 3.0 * 3_600.0;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct TimeAxis {
    /// In seconds.
    end: f64,
    step: f64,
    /// Seconds of one unit.
    unit: f64,
}

impl TimeAxis {
    /// An axis that reaches to this.
    pub(super) fn to(last: Duration) -> Self {
        let end = last.as_secs_f64().max(END_MIN) * ROOM;
        let unit = match end {
            end if end <= SECONDS_TO => 1.0,
            end if end <= MINUTES_TO => 60.0,
            _ => 3_600.0,
        };
        let fits = |step: &f64| end / *step <= TICKS_MAX && (*step >= unit || unit < 2.0);
        let step = STEPS.into_iter().find(fits).unwrap_or(end);
        Self { end, step, unit }
    }

    /// Where it ends, in seconds.
    pub(super) fn end(&self) -> f64 {
        self.end
    }

    /// Its name, among those for seconds, minutes and hours.
    pub(super) fn name<'a>(&self, [seconds, minutes, hours]: [&'a str; 3]) -> &'a str {
        match self.unit {
            unit if unit < 2.0 => seconds,
            unit if unit < 61.0 => minutes,
            _ => hours,
        }
    }

    /// The numbers on it, from 0.
    pub(super) fn ticks(&self, decimal: char) -> Vec<(Duration, String)> {
        let mut ticks = Vec::new();
        let mut n = 0.0;
        while n * self.step <= self.end {
            let at = n * self.step;
            ticks.push((Duration::from_secs_f64(at), number(at / self.unit, decimal)));
            n += 1.0;
        }
        ticks
    }
}

/// A number without zeros that say nothing.
fn number(value: f64, decimal: char) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    text.replace('.', decimal.encode_utf8(&mut [0; 4]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(last: Duration) -> (&'static str, Vec<String>) {
        let axis = TimeAxis::to(last);
        let ticks = axis.ticks(',');
        assert!(axis.end() >= last.as_secs_f64());
        assert!((2..=7).contains(&ticks.len()), "{ticks:?}");
        (axis.name(["s", "min", "h"]), ticks.into_iter().map(|(_, text)| text).collect())
    }

    #[test]
    fn the_numbers_are_those_people_count_by() {
        let axis = |last| {
            let (unit, numbers) = told(last);
            format!("{} {unit}", numbers.join(" "))
        };
        assert_eq!(axis(Duration::ZERO), "0 0,02 0,04 0,06 0,08 0,1 s");
        assert_eq!(axis(Duration::from_millis(990)), "0 0,2 0,4 0,6 0,8 1 s");
        assert_eq!(axis(Duration::from_secs(9)), "0 2 4 6 8 s");
        assert_eq!(axis(Duration::from_secs(100)), "0 30 60 90 s");
        assert_eq!(axis(Duration::from_secs(200)), "0 1 2 3 min");
        assert_eq!(axis(Duration::from_mins(56)), "0 10 20 30 40 50 min");
        assert_eq!(axis(Duration::from_hours(3)), "0 1 2 3 h");
        assert_eq!(axis(Duration::from_hours(10)), "0 2 4 6 8 10 h");
        assert_eq!(axis(Duration::from_hours(30 * 24)), "0 240 480 720 h");
    }

    #[test]
    fn every_length_has_an_axis() {
        let mut last = Duration::from_millis(1);
        while last < Duration::from_hours(31 * 24) {
            told(last);
            last = last * 11 / 10 + Duration::from_micros(700);
        }
    }
}
