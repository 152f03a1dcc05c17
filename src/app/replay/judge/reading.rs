//! PURE. What a resident learns from a message.
//!
//! By its words alone: the last line is the bare number of the alert that holds, or a sentence with
//! the number of the one that is over; each line with a bullet ends with the number of another that
//! still holds, or with how many more there are.

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::app::replay) struct Reading {
    /// This alert is over, and of this place nothing holds but what is named.
    pub(in crate::app::replay) over: Option<i64>,
    /// These hold.
    pub(in crate::app::replay) active: Vec<i64>,
    /// So many more hold.
    pub(in crate::app::replay) more: u64,
}

impl Reading {
    /// Reads a message; `None` if it does not say which alert it is about.
    pub(in crate::app::replay) fn of(text: &str) -> Option<Self> {
        let last = text.lines().last()?;
        let about = number(last)?;
        if last.starts_with('№') {
            return Some(Self { over: None, active: vec![about], more: 0 });
        }
        let (mut active, mut more) = (Vec::new(), 0);
        for line in text.lines().filter(|line| line.starts_with('•')) {
            match number(line) {
                Some(alert) => active.push(alert),
                None => more += line.rsplit(' ').next()?.parse::<u64>().ok()?,
            }
        }
        Some(Self { over: Some(about), active, more })
    }
}

/// The number at the end of a line: `… № 12` or `… № 12.3`.
fn number(line: &str) -> Option<i64> {
    let (_, number) = line.rsplit_once("№ ")?;
    number.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over(over: i64, active: &[i64]) -> Reading {
        Reading { over: Some(over), active: active.to_vec(), more: 0 }
    }

    #[test]
    fn messages_are_read_as_people_read_them() {
        let start = "Drone threat. Kyiv.\nTake shelter.\nSince 19:12, until announced over.\n№ 17";
        assert_eq!(Reading::of(start), Some(Reading { over: None, active: vec![17], more: 0 }));
        let end = "ENDED: Drone threat. Kyiv.\nNo other warnings are active: Kyiv.\n\
                   As of: 19:50 15.03 (UTC+2). № 17.2";
        assert_eq!(Reading::of(end), Some(over(17, &[])));
        let part = "ENDED: Drone threat. Kyiv.\nSTILL ACTIVE:\n• Drone threat. Bucha. № 18\n\
                    • Fire. Bucha. № 9.4\nAs of: 19:50 15.03 (UTC+2). № 17.2";
        assert_eq!(Reading::of(part), Some(over(17, &[18, 9])));
        let many = part.replace("• Fire. Bucha. № 9.4", "• и ещё 45");
        assert_eq!(Reading::of(&many), Some(Reading { more: 45, ..over(17, &[18]) }));
    }

    #[test]
    fn a_message_without_a_number_says_nothing() {
        assert_eq!(Reading::of("ENDED: Drone threat."), None);
        assert_eq!(Reading::of(""), None);
        assert_eq!(Reading::of("ENDED\n• Fire\nAs of: 19:50. № 3"), None);
    }
}
