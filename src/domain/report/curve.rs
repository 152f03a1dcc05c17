//! When a broadcast reached whom, in a bounded number of points, kept for good.
//!
//! A curve counts deliveries in slices of equal length. As a broadcast goes on the slices are joined
//! two by two, so that there are never more than [`SLICES_MAX`] of them: a broadcast of a second is
//! known to 10 ms, one of an hour to half a minute. The first and the last delivery are kept exactly.
//!
//! Invariants: deliveries can be counted in any order and give one curve; curves of several bots add
//! up to the curve of all of them. A time between two slices' ends is found as if deliveries within a
//! slice were evenly spread, which they are when a pacer sends them: it is off by less than a slice.

use std::time::Duration;

/// Most slices of one curve: more than a phone's screen shows, and 2 KiB at most in the database.
pub const SLICES_MAX: usize = 240;

/// The length of a slice at first, in microseconds: finer than people can tell.
const SLICE_MIN_US: u64 = 10_000;

/// The latest time that is counted as it is, in microseconds: 30 days. 10 million chats take four at
/// 30 a second; what comes later comes from a clock that jumped.
const AFTER_MAX_US: u64 = 30 * 24 * 3_600 * 1_000_000;

/// See the module. Times are since the broadcast was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Curve {
    /// How often slices were joined two by two.
    joined: u32,
    /// Deliveries in each slice; the last is not empty.
    slices: Vec<u64>,
    /// The first and the last delivery, in microseconds; meaningless without slices.
    ends_us: (u64, u64),
}

impl Curve {
    /// A curve as it was recorded; `None` if no counting could have made it.
    #[must_use]
    pub fn recorded(joined: u32, slices: Vec<u64>, ends_us: (u64, u64)) -> Option<Self> {
        let curve = Self { joined, slices, ends_us };
        let (first, last) = ends_us;
        let whole = curve.slices.iter().try_fold(0_u64, |sum, one| sum.checked_add(*one)).is_some();
        let long = curve.slices.len() <= SLICES_MAX && joined <= Self::joined_max();
        if !long || !whole || first > last || last > AFTER_MAX_US {
            return None;
        }
        let Some((at_end, _)) = curve.slices.split_last() else {
            return (curve == Self::default()).then_some(curve);
        };
        let begins = curve.slices.iter().position(|one| *one > 0);
        let fits = *at_end > 0
            && begins == Some(curve.slice_of(first))
            && curve.slices.len() == curve.slice_of(last) + 1;
        fits.then_some(curve)
    }

    /// What [`Curve::recorded`] takes.
    #[must_use]
    pub fn record(&self) -> (u32, &[u64], (u64, u64)) {
        (self.joined, &self.slices, self.ends_us)
    }

    /// So often are slices joined at most.
    const fn joined_max() -> u32 {
        let mut joined = 0;
        while (SLICE_MIN_US << joined) * (SLICES_MAX as u64) <= AFTER_MAX_US {
            joined += 1;
        }
        joined
    }

    /// Counts a delivery.
    pub fn reached(&mut self, after: Duration) {
        let at = u64::try_from(after.as_micros()).unwrap_or(u64::MAX).min(AFTER_MAX_US);
        let (first, last) = self.ends_us;
        self.ends_us =
            if self.slices.is_empty() { (at, at) } else { (first.min(at), last.max(at)) };
        while self.slice_of(at) >= SLICES_MAX {
            self.join();
        }
        let slice = self.slice_of(at);
        if self.slices.len() <= slice {
            self.slices.resize(slice + 1, 0);
        }
        if let Some(count) = self.slices.get_mut(slice) {
            *count += 1;
        }
    }

    /// Counts everyone another curve counts. Both begin at the same moment.
    pub fn add(&mut self, other: &Self) {
        if other.slices.is_empty() {
            return;
        }
        let mut other = other.clone();
        while self.joined < other.joined {
            self.join();
        }
        while other.joined < self.joined {
            other.join();
        }
        let (first, last) = other.ends_us;
        self.ends_us = if self.slices.is_empty() {
            other.ends_us
        } else {
            (self.ends_us.0.min(first), self.ends_us.1.max(last))
        };
        if self.slices.len() < other.slices.len() {
            self.slices.resize(other.slices.len(), 0);
        }
        for (own, more) in self.slices.iter_mut().zip(other.slices) {
            *own += more;
        }
    }

    /// Joins slices two by two.
    fn join(&mut self) {
        self.joined += 1;
        self.slices = self.slices.chunks(2).map(|pair| pair.iter().sum()).collect();
    }

    fn slice_us(&self) -> u64 {
        SLICE_MIN_US << self.joined
    }

    fn slice_of(&self, at: u64) -> usize {
        usize::try_from(at / self.slice_us()).unwrap_or(usize::MAX)
    }

    /// How many it counts.
    #[must_use]
    pub fn delivered(&self) -> u64 {
        self.slices.iter().sum()
    }

    /// When the first was reached.
    #[must_use]
    pub fn first(&self) -> Option<Duration> {
        (!self.slices.is_empty()).then(|| Duration::from_micros(self.ends_us.0))
    }

    /// When the last was reached.
    #[must_use]
    pub fn last(&self) -> Option<Duration> {
        (!self.slices.is_empty()).then(|| Duration::from_micros(self.ends_us.1))
    }

    /// By when so many per cent of all it counts were reached, to a slice's length.
    #[must_use]
    pub fn time_to(&self, per_cent: u8) -> Option<Duration> {
        let rank = (self.delivered() * u64::from(per_cent)).div_ceil(100).max(1);
        let mut before = 0;
        for (n, &count) in self.slices.iter().enumerate() {
            if before + count >= rank {
                let (from, to) = self.span(n);
                let passed = if before == 0 {
                    // The first of all stands at the beginning of its slice.
                    share(to - from, rank - 1, count.saturating_sub(1))
                } else {
                    share(to - from, rank - before, count)
                };
                return Some(Duration::from_micros(from + passed));
            }
            before += count;
        }
        None
    }

    /// When a slice begins and ends, where there can be deliveries in it, in microseconds.
    fn span(&self, slice: usize) -> (u64, u64) {
        let length = self.slice_us();
        let from = length * slice as u64;
        let (first, last) = self.ends_us;
        (from.max(first), (from + length).min(last))
    }

    /// The curve: time and how many were reached by then, from nobody to all, in order of time. At
    /// most one more than [`SLICES_MAX`].
    #[must_use]
    pub fn points(&self) -> Vec<(Duration, u64)> {
        let Some(first) = self.first() else { return Vec::new() };
        let mut points = vec![(first, 0)];
        let mut sum = 0;
        for (n, count) in self.slices.iter().enumerate().skip(self.slice_of(self.ends_us.0)) {
            sum += count;
            points.push((Duration::from_micros(self.span(n).1), sum));
        }
        points
    }

    /// Deliveries a second, from the first to the last; `None` for fewer than two, or all at once.
    #[must_use]
    pub fn per_second(&self) -> Option<f64> {
        let took = self.last()?.checked_sub(self.first()?)?.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 chats")]
        let gaps = self.delivered().checked_sub(1)? as f64;
        (took > 0.0 && gaps > 0.0).then(|| gaps / took)
    }
}

/// `part` of `whole` parts of a length.
fn share(length: u64, part: u64, whole: u64) -> u64 {
    let exact = u128::from(length) * u128::from(part) / u128::from(whole.max(1));
    u64::try_from(exact).unwrap_or(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    fn of(times: impl IntoIterator<Item = Duration>) -> Curve {
        let mut curve = Curve::default();
        times.into_iter().for_each(|time| curve.reached(time));
        curve
    }

    /// The same, from every single time.
    fn exact(times: &[Duration], per_cent: usize) -> Duration {
        let mut times = times.to_vec();
        times.sort_unstable();
        times[(times.len() * per_cent).div_ceil(100).max(1) - 1]
    }

    #[test]
    fn nobody_has_no_times() {
        let curve = Curve::default();
        assert_eq!((curve.first(), curve.last(), curve.time_to(50)), (None, None, None));
        assert!(curve.points().is_empty());
        assert_eq!(curve.per_second(), None);
    }

    #[test]
    fn one_recipient_is_the_first_the_half_and_the_last() {
        let curve = of([MS(317)]);
        for time in [curve.first(), curve.last(), curve.time_to(50), curve.time_to(99)] {
            assert_eq!(time, Some(MS(317)));
        }
        assert_eq!(curve.points(), [(MS(317), 0), (MS(317), 1)]);
        assert_eq!(curve.per_second(), None);
    }

    #[test]
    fn times_are_those_of_every_single_delivery_to_a_slice() {
        // Steady, with a stall of ten minutes, and a burst at the end; a second, and ten hours.
        for scale in [1_u32, 36_000] {
            let at = |n: u64| Duration::from_micros(n * 700) * scale;
            let stalled = |n: u64| at(if n < 800 { n } else { n + 300 });
            let times: Vec<Duration> =
                (0..1_200).map(stalled).chain((0..200).map(|_| at(1_500))).collect();
            let curve = of(times.iter().copied());
            let slice = Duration::from_micros(curve.slice_us());
            assert!(slice * 100 < *times.iter().max().unwrap() || slice == MS(10));
            assert_eq!(curve.delivered(), 1_400);
            assert_eq!(curve.first(), times.iter().min().copied());
            assert_eq!(curve.last(), times.iter().max().copied());
            for per_cent in [1, 25, 50, 60, 75, 90, 99, 100] {
                let told = curve.time_to(per_cent).unwrap();
                let truth = exact(&times, per_cent.into());
                let off = told.abs_diff(truth);
                assert!(off <= slice, "{per_cent} %: {told:?}, in truth {truth:?}");
            }
        }
    }

    #[test]
    fn points_are_few_and_grow() {
        for hours in [0, 1, 10, 700] {
            let curve = of((0..=5_000).map(|n| Duration::from_secs(hours * 3_600 * n / 5_000)));
            let points = curve.points();
            assert!(points.len() <= SLICES_MAX + 1, "{} points", points.len());
            assert!(points.is_sorted(), "{points:?}");
            assert_eq!(points.first().unwrap().1, 0);
            assert_eq!(points.last(), Some(&(Duration::from_secs(hours * 3_600), 5_001)));
        }
    }

    #[test]
    fn the_order_of_counting_does_not_matter() {
        let times: Vec<Duration> = (0..500).map(|n| MS(n * n * 3)).collect();
        let forward = of(times.iter().copied());
        assert_eq!(of(times.iter().rev().copied()), forward);
        assert_eq!(
            of(times.iter().copied().skip(250).chain(times.iter().copied().take(250))),
            forward
        );
    }

    #[test]
    fn curves_of_bots_add_up_to_the_curve_of_all() {
        let quick: Vec<Duration> = (0..300).map(|n| MS(n * 3)).collect();
        let slow: Vec<Duration> = (0..300).map(|n| MS(40 + n * 1_700)).collect();
        let both = of(quick.iter().chain(&slow).copied());
        for (one, other) in [(&quick, &slow), (&slow, &quick)] {
            let mut sum = of(one.iter().copied());
            sum.add(&of(other.iter().copied()));
            sum.add(&Curve::default());
            assert_eq!(sum, both);
        }
        let mut nothing = Curve::default();
        nothing.add(&both);
        assert_eq!(nothing, both);
    }

    #[test]
    fn a_clock_that_jumps_leaves_a_curve() {
        let curve = of([MS(5), Duration::MAX, MS(9)]);
        assert_eq!(curve.delivered(), 3);
        assert_eq!(curve.last(), Some(Duration::from_hours(30 * 24)));
        assert_eq!(curve.first(), Some(MS(5)));
    }

    #[test]
    fn a_record_is_read_back_and_nonsense_is_not() {
        let curves = [of([]), of([MS(3)]), of((0..2_000).map(|n| MS(n * 91)))];
        for curve in curves {
            let (joined, slices, ends) = curve.record();
            assert_eq!(Curve::recorded(joined, slices.to_vec(), ends), Some(curve.clone()));
        }
        let nonsense = [
            (0, vec![1; SLICES_MAX + 1], (0, 2_405_000)),
            (0, vec![1, 0], (0, 10_000)),
            (0, vec![0, 1], (0, 10_000)),
            (0, vec![1, 1], (0, 30_000)),
            (0, vec![1, 1], (10_000, 9_000)),
            (0, vec![], (0, 1)),
            (0, vec![u64::MAX, 1], (0, 10_000)),
            (63, vec![1], (0, 0)),
        ];
        for (joined, slices, ends) in nonsense {
            assert_eq!(Curve::recorded(joined, slices.clone(), ends), None, "{slices:?} {ends:?}");
        }
    }
}
