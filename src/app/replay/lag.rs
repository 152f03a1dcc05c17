//! PURE. Waiting times counted, so that sixty million of them need no room.
//!
//! Up to 1,024 ms every millisecond is counted by itself; above, a class is at most 1/64 of its value
//! wide, and its upper edge is what is told: a quantile is never shown as less than it is.

use std::time::Duration;

/// Below this, in milliseconds, every value has a class of its own.
const EXACT: u64 = 1 << EXACT_BITS;
const EXACT_BITS: u32 = 10;
/// Classes of each doubling above: 2 to this power.
const FINE_BITS: u32 = 6;

/// Counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lags {
    counts: Vec<u64>,
    all: u64,
    most: u64,
}

impl Lags {
    /// Counts one.
    pub(super) fn add(&mut self, lag: Duration) {
        let ms = u64::try_from(lag.as_micros().div_ceil(1_000)).unwrap_or(u64::MAX);
        let class = class(ms);
        if self.counts.len() <= class {
            self.counts.resize(class + 1, 0);
        }
        self.counts[class] += 1;
        self.all += 1;
        self.most = self.most.max(ms);
    }

    /// Both.
    pub(super) fn and(&self, other: &Self) -> Self {
        let len = self.counts.len().max(other.counts.len());
        let of = |lags: &Self, n: usize| lags.counts.get(n).copied().unwrap_or(0);
        Self {
            counts: (0..len).map(|n| of(self, n) + of(other, n)).collect(),
            all: self.all + other.all,
            most: self.most.max(other.most),
        }
    }

    /// The longest, in milliseconds.
    pub(super) fn most_ms(&self) -> u64 {
        self.most
    }

    /// What `per_cent` of them do not exceed, in milliseconds; 0 if there is none.
    pub(super) fn quantile_ms(&self, per_cent: u64) -> u64 {
        let wanted = (self.all * per_cent).div_ceil(100).max(1);
        let mut met = 0;
        for (class, count) in self.counts.iter().enumerate() {
            met += count;
            if met >= wanted {
                return edge(class).min(self.most);
            }
        }
        self.most
    }
}

fn class(ms: u64) -> usize {
    if ms < EXACT {
        return usize::try_from(ms).unwrap_or(usize::MAX);
    }
    let doubling = ms.ilog2() - EXACT_BITS;
    let fine = (ms >> (doubling + EXACT_BITS - FINE_BITS)) - (1 << FINE_BITS);
    let class = EXACT + (u64::from(doubling) << FINE_BITS) + fine;
    usize::try_from(class).unwrap_or(usize::MAX)
}

/// The greatest value of a class.
fn edge(class: usize) -> u64 {
    let class = class as u64;
    if class < EXACT {
        return class;
    }
    let (doubling, fine) = ((class - EXACT) >> FINE_BITS, (class - EXACT) % (1 << FINE_BITS));
    (((1 << FINE_BITS) + fine + 1) << (doubling + u64::from(EXACT_BITS - FINE_BITS))) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(all: impl Iterator<Item = u64>) -> Lags {
        let mut lags = Lags::default();
        all.for_each(|ms| lags.add(Duration::from_millis(ms)));
        lags
    }

    #[test]
    fn a_quantile_is_exact_below_a_second() {
        let lags = of(1..=100);
        assert_eq!([50, 99, 100].map(|part| lags.quantile_ms(part)), [50, 99, 100]);
        assert_eq!(lags.most_ms(), 100);
        assert_eq!(Lags::default().quantile_ms(99), 0);
    }

    #[test]
    fn above_it_is_never_less_and_hardly_more() {
        for ms in [1_000, 1_023, 1_024, 1_999, 2_000, 2_001, 65_535, 3_600_000, 864_000_000] {
            let told = of([ms, 1 << 40].into_iter()).quantile_ms(50);
            assert!((ms..=ms + ms / 64).contains(&told), "{ms} is told as {told}");
        }
    }

    #[test]
    fn two_counts_make_one() {
        assert_eq!(of(1..=50).and(&of(51..=3_000)), of(1..=3_000));
    }

    #[test]
    fn a_part_of_a_millisecond_is_a_whole_one() {
        let mut lags = Lags::default();
        lags.add(Duration::from_micros(1_001));
        assert_eq!(lags.quantile_ms(99), 2);
    }
}
