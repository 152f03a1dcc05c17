//! Did you mean …?

use std::fmt::Write as _;

/// The known word that was most likely meant; `None` if none is near.
pub(super) fn nearest<'a>(
    typed: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // The country's code is what people write for the language.
    let typed = if typed == "ua" { "uk".to_owned() } else { typed.to_lowercase() };
    let far = (typed.chars().count() / 3).max(1);
    known
        .into_iter()
        .filter_map(|word| {
            let lower = word.to_lowercase();
            let distance = strsim::damerau_levenshtein(&typed, &lower);
            let begins = typed.chars().count() >= 3 && lower.starts_with(&typed);
            (distance <= far || begins).then_some((distance, word))
        })
        .min()
        .map(|(_, word)| word)
}

/// How many known words are listed when none is near: a line of a terminal.
const LISTED_MAX: usize = 12;

/// The help for an unknown word: what was meant, or what there is.
pub(super) fn instead<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    if let Some(word) = nearest(typed, known.iter().copied()) {
        return format!("did you mean `{word}`?");
    }
    if known.is_empty() {
        return "nothing of the kind is configured".to_owned();
    }
    let mut text = String::from("known here: ");
    for (number, word) in known.iter().take(LISTED_MAX).enumerate() {
        let comma = if number == 0 { "" } else { ", " };
        // Writing into a string can't fail.
        let _ = write!(text, "{comma}`{word}`");
    }
    if known.len() > LISTED_MAX {
        let _ = write!(text, " and {} more", known.len() - LISTED_MAX);
    }
    text
}

/// A letter that is taken for a Latin one, with the Latin one.
fn lookalike(letter: char) -> Option<(&'static str, char)> {
    const CYRILLIC: &[(char, char)] = &[
        ('А', 'A'),
        ('В', 'B'),
        ('С', 'C'),
        ('Е', 'E'),
        ('Н', 'H'),
        ('І', 'I'),
        ('Ј', 'J'),
        ('К', 'K'),
        ('М', 'M'),
        ('О', 'O'),
        ('Р', 'P'),
        ('Ѕ', 'S'),
        ('Т', 'T'),
        ('Х', 'X'),
        ('У', 'Y'),
        ('а', 'a'),
        ('в', 'b'),
        ('с', 'c'),
        ('е', 'e'),
        ('һ', 'h'),
        ('і', 'i'),
        ('ј', 'j'),
        ('к', 'k'),
        ('м', 'm'),
        ('о', 'o'),
        ('р', 'p'),
        ('ѕ', 's'),
        ('т', 't'),
        ('х', 'x'),
        ('у', 'y'),
    ];
    const GREEK: &[(char, char)] = &[
        ('Α', 'A'),
        ('Β', 'B'),
        ('Ε', 'E'),
        ('Ζ', 'Z'),
        ('Η', 'H'),
        ('Ι', 'I'),
        ('Κ', 'K'),
        ('Μ', 'M'),
        ('Ν', 'N'),
        ('Ο', 'O'),
        ('Ρ', 'P'),
        ('Τ', 'T'),
        ('Υ', 'Y'),
        ('Χ', 'X'),
    ];
    let of = |table: &[(char, char)]| {
        table.iter().find(|(other, _)| *other == letter).map(|(_, latin)| *latin)
    };
    of(CYRILLIC)
        .map(|latin| ("Cyrillic", latin))
        .or_else(|| of(GREEK).map(|latin| ("Greek", latin)))
}

/// What is wrong with an id that is not Latin: which letter, and the id as it was surely meant.
pub(super) fn homoglyph(id: &str) -> Option<(String, String)> {
    let (letter, (script, latin)) =
        id.chars().find_map(|letter| lookalike(letter).map(|found| (letter, found)))?;
    let meant: String =
        id.chars().map(|letter| lookalike(letter).map_or(letter, |(_, latin)| latin)).collect();
    meant.is_ascii().then(|| {
        let code = u32::from(letter);
        let what = format!("`{letter}` is {script} (U+{code:04X}), not the Latin `{latin}`");
        (what, meant)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_understood_and_a_different_word_is_not() {
        let known = ["fire", "power-outage", "drone-attack"];
        assert_eq!(nearest("fier", known), Some("fire"));
        assert_eq!(nearest("Power-outge", known), Some("power-outage"));
        assert_eq!(nearest("drone", known), Some("drone-attack"));
        assert_eq!(nearest("earthquake", known), None);
        assert_eq!(nearest("ua", ["ru", "uk", "en"]), Some("uk"));
    }

    #[test]
    fn a_cyrillic_letter_in_a_latin_id_is_named() {
        let (what, meant) = homoglyph("RU-ЅМО").unwrap();
        assert!(what.contains("U+0405"), "{what}");
        assert_eq!(meant, "RU-SMO");
        assert_eq!(homoglyph("RU-Щ"), None);
    }
}
