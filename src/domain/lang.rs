//! The languages residents and officials are spoken to in.

use std::fmt;

/// A language. Every text of the configuration exists in every one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lang {
    /// Russian.
    Ru,
    /// Ukrainian.
    Uk,
    /// English.
    En,
}

impl Lang {
    /// Every language.
    pub const ALL: [Self; 3] = [Self::Ru, Self::Uk, Self::En];

    /// The two-letter code of ISO 639-1.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ru => "ru",
            Self::Uk => "uk",
            Self::En => "en",
        }
    }

    /// Reads a two-letter code or an IETF tag such as `ru-RU` (Bot API: `User.language_code`).
    #[must_use]
    pub fn parse(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        Self::ALL.into_iter().find(|lang| lang.code() == primary)
    }

    /// The language's name in itself.
    #[must_use]
    pub const fn endonym(self) -> &'static str {
        match self {
            Self::Ru => "Русский",
            Self::Uk => "Українська",
            Self::En => "English",
        }
    }
}

impl fmt::Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A text in every language: a missing translation can't be built.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Texts {
    /// Russian.
    pub ru: String,
    /// Ukrainian.
    pub uk: String,
    /// English.
    pub en: String,
}

impl Texts {
    /// The same text in every language: for names that have no translation, and for tests.
    #[must_use]
    pub fn same(text: &str) -> Self {
        Self { ru: text.to_owned(), uk: text.to_owned(), en: text.to_owned() }
    }

    /// Makes a text language by language.
    #[must_use]
    pub fn from_fn(mut text: impl FnMut(Lang) -> String) -> Self {
        Self { ru: text(Lang::Ru), uk: text(Lang::Uk), en: text(Lang::En) }
    }

    /// The text in `lang`.
    #[must_use]
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::Ru => &self.ru,
            Lang::Uk => &self.uk,
            Lang::En => &self.en,
        }
    }

    /// Every language with its text.
    pub fn iter(&self) -> impl Iterator<Item = (Lang, &str)> {
        Lang::ALL.into_iter().map(|lang| (lang, self.get(lang)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telegram_tags_are_understood() {
        assert_eq!(Lang::parse("ru-RU"), Some(Lang::Ru));
        assert_eq!(Lang::parse("UK"), Some(Lang::Uk));
        assert_eq!(Lang::parse("pt-br"), None);
    }
}
