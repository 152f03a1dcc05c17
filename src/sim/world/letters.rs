//! PURE. Every text once, however many phones show it.
//!
//! Invariant: number 0 is the absence of a text.

use std::{collections::BTreeMap, sync::Arc};

/// Bot API: `sendMessage.text`, 1–4096 characters.
const TEXT_MAX: usize = 4096;
/// The most bytes of raw text the server reads.
const RAW_MAX: usize = 32_768;

#[derive(Debug, Default)]
pub(super) struct Letters {
    index: BTreeMap<Arc<str>, u32>,
    kept: Vec<(Arc<str>, Option<&'static str>)>,
    last: u32,
}

impl Letters {
    /// Keeps a text and gives its number.
    pub(super) fn keep(&mut self, text: &Arc<str>) -> u32 {
        // A broadcast sends the same few texts over and over: no need to compare their letters.
        if self.get(self.last).is_some_and(|last| Arc::ptr_eq(last, text)) {
            return self.last;
        }
        let number = self.index.get(text).copied().unwrap_or_else(|| {
            self.kept.push((Arc::clone(text), fault_of(text)));
            let number = u32::try_from(self.kept.len()).unwrap_or(u32::MAX);
            self.index.insert(Arc::clone(text), number);
            number
        });
        self.last = number;
        number
    }

    pub(super) fn get(&self, number: u32) -> Option<&Arc<str>> {
        Some(&self.row(number)?.0)
    }

    /// Why the Bot API would not take this text.
    pub(super) fn fault(&self, number: u32) -> Option<&'static str> {
        self.row(number)?.1
    }

    fn row(&self, number: u32) -> Option<&(Arc<str>, Option<&'static str>)> {
        self.kept.get(usize::try_from(number).ok()?.checked_sub(1)?)
    }
}

fn fault_of(text: &str) -> Option<&'static str> {
    if text.trim().is_empty() {
        Some("Bad Request: message text is empty")
    } else if text.len() > RAW_MAX {
        Some("Bad Request: text is too long")
    } else if text.chars().count() > TEXT_MAX {
        Some("Bad Request: message is too long")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_once() {
        let mut letters = Letters::default();
        let (a, b) = (letters.keep(&"a".into()), letters.keep(&"b".into()));
        assert_ne!(a, b);
        assert_eq!(letters.keep(&"a".into()), a);
        assert_eq!(letters.get(a).map(|text| &**text), Some("a"));
        assert_eq!(letters.get(0), None);
    }

    #[test]
    fn letters_are_counted_not_bytes() {
        assert_eq!(fault_of(&"ж".repeat(4096)), None);
        assert_eq!(fault_of(&"ж".repeat(4097)), Some("Bad Request: message is too long"));
        assert_eq!(fault_of(" \n"), Some("Bad Request: message text is empty"));
    }
}
