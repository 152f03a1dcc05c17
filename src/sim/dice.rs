//! PURE. The only source of chance in the simulated Telegram.
//!
//! Invariant: the same seed and the same questions give the same answers, on every machine. A
//! die for one matter is made [`at`](Dice::at) the words that name the matter, so that what
//! happens to one chat does not depend on the order in which others were served.
//!
//! Deliberately absent: any claim to be unpredictable.

/// A generator of one stream of chance (splitmix64).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dice {
    state: u64,
}

/// The step of splitmix64: 2^64 divided by the golden ratio.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

const fn mix(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

impl Dice {
    /// The stream of `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { state: mix(seed.wrapping_add(STEP)) }
    }

    /// The stream of one matter under `seed`, named by `words`.
    #[must_use]
    pub fn at(seed: u64, words: &[u64]) -> Self {
        let state = words.iter().fold(mix(seed ^ STEP), |state, &word| {
            mix(state.wrapping_add(STEP) ^ mix(word.wrapping_add(STEP)))
        });
        Self { state }
    }

    /// A stream of its own, which leaves this one where it is.
    #[must_use]
    pub fn fork(&self, stream: u64) -> Self {
        Self::at(self.state, &[stream])
    }

    /// The next 64 bits.
    pub const fn throw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        mix(self.state)
    }

    /// A number from 0 to `n` − 1; 0 if `n` is 0.
    pub fn below(&mut self, n: u64) -> u64 {
        let wide = u128::from(self.throw()) * u128::from(n);
        // The high half of a product with a 64-bit number is below that number.
        (wide >> 64) as u64
    }

    /// A number from `low` to `high`, both possible; `low` if they are out of order.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low).saturating_add(1))
    }

    /// Whether something that happens `per_mille` times in a thousand happens now.
    pub fn hits(&mut self, per_mille: u32) -> bool {
        self.below(1000) < u64::from(per_mille)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_one_story() {
        let (mut a, mut b) = (Dice::new(7), Dice::new(7));
        assert!((0..100).all(|_| a.throw() == b.throw()));
        assert_ne!(Dice::new(7).throw(), Dice::new(8).throw());
    }

    #[test]
    fn a_fork_leaves_its_parent_alone() {
        let parent = Dice::new(7);
        let mut fork = parent.fork(1);
        fork.throw();
        assert_eq!(parent, Dice::new(7));
        assert_ne!(parent.fork(1).throw(), parent.fork(2).throw());
    }

    #[test]
    fn a_rate_is_about_what_it_says() {
        let mut dice = Dice::new(1);
        let hits = (0..100_000).filter(|_| dice.hits(50)).count();
        assert!((4_500..5_500).contains(&hits), "{hits}");
        assert!((0..1_000).all(|_| !dice.hits(0)));
        assert!((0..1_000).all(|_| dice.hits(1000)));
    }

    #[test]
    fn numbers_stay_within_their_bounds_and_reach_them() {
        let mut dice = Dice::new(3);
        let drawn: Vec<u64> = (0..1_000).map(|_| dice.between(5, 7)).collect();
        assert!(drawn.iter().all(|n| (5..=7).contains(n)));
        assert!((5..=7).all(|n| drawn.contains(&n)));
        assert_eq!(dice.below(0), 0);
    }
}
