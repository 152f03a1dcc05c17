//! Text that has to fit: how wide it is, where it breaks, and what of it SVG can't hold.

use super::font;

/// Wide enough for any letter that the fonts lack, in thousandths of the size.
const UNKNOWN: u16 = 1_100;

/// A font: which face, and its size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Face {
    /// In units of the picture.
    pub(super) size: f64,
    pub(super) bold: bool,
}

impl Face {
    /// How wide a text is, without the fonts' kerning, which only makes it narrower or hardly wider.
    pub(super) fn width(self, text: &str) -> f64 {
        let table = if self.bold { font::BOLD } else { font::REGULAR };
        let thousandths: f64 = text.chars().map(|c| f64::from(advance(table, c))).sum();
        thousandths * self.size / 1_000.0
    }

    /// The text in lines that fit, at most so many; what does not is cut, and an ellipsis says so.
    pub(super) fn lines(self, text: &str, width: f64, most: usize) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for word in text.split_whitespace() {
            let joined = lines.last().map(|line| format!("{line} {word}"));
            match joined.filter(|joined| self.width(joined) <= width) {
                Some(joined) => {
                    if let Some(line) = lines.last_mut() {
                        *line = joined;
                    }
                }
                None if lines.len() < most => lines.push(word.to_owned()),
                None => {
                    if let Some(line) = lines.last_mut() {
                        line.push_str(" …");
                    }
                    break;
                }
            }
        }
        lines.into_iter().map(|line| self.cut(line, width)).collect()
    }

    /// The text on one line that fits.
    pub(super) fn cut(self, text: String, width: f64) -> String {
        if self.width(&text) <= width {
            return text;
        }
        let mut kept = text;
        while kept.pop().is_some() {
            let shown = format!("{}…", kept.trim_end_matches([' ', '…']));
            if self.width(&shown) <= width {
                return shown;
            }
        }
        kept
    }
}

fn advance(table: &[(u32, u32, u16)], c: char) -> u16 {
    let code = u32::from(c);
    let after = table.partition_point(|&(first, ..)| first <= code);
    let found = after.checked_sub(1).and_then(|at| table.get(at));
    found.filter(|(_, last, _)| code <= *last).map_or(UNKNOWN, |&(.., width)| width)
}

/// Text as SVG holds it. `// XML 1.0 §2.2, §2.4`
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' | '\r' => out.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACE: Face = Face { size: 10.0, bold: false };

    #[test]
    fn the_tables_can_be_searched() {
        for table in [font::REGULAR, font::BOLD] {
            assert!(table.is_sorted_by(|one, next| one.1 < next.0));
            assert!(table.iter().all(|(first, last, width)| first <= last && *width < 2_000));
            for c in "АЯаяёЁіїєґІЇЄҐAZaz09№«»—–…°·%’".chars() {
                assert!(advance(table, c) != UNKNOWN, "{c} has no width");
            }
            assert_eq!(advance(table, '漢'), UNKNOWN);
            assert_eq!(advance(table, '\u{10ffff}'), UNKNOWN);
        }
    }

    #[test]
    fn long_texts_break_between_words_and_are_cut_at_the_end() {
        let text = "Смоленская область, Вяземский муниципальный округ и посёлок Красный";
        let whole = FACE.lines(text, 200.0, 9);
        assert!(whole.len() > 1);
        assert_eq!(whole.join(" "), text);
        let two = FACE.lines(text, 200.0, 2);
        assert_eq!(two.len(), 2);
        assert!(two[1].ends_with('…'), "{two:?}");
        for line in whole.iter().chain(&two) {
            assert!(FACE.width(line) <= 200.0, "{line}");
        }
        let word = FACE.lines(&"щ".repeat(500), 200.0, 2);
        assert_eq!(word.len(), 1);
        assert!(word[0].ends_with('…') && FACE.width(&word[0]) <= 200.0, "{word:?}");
        assert!(FACE.lines(" ", 200.0, 2).is_empty());
    }

    #[test]
    fn nothing_in_a_text_ends_it() {
        assert_eq!(
            escaped("<b a=\"x\" c='y'>&\u{0}\u{1b}\n"),
            "&lt;b a=&quot;x&quot; c=&#39;y&#39;&gt;&amp; "
        );
    }
}
