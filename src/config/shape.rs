//! From text to `spec`, with every fault of syntax and shape.
//!
//! A file with faults of syntax is not read further: what is recovered from it would be blamed for
//! what is missing. Faults of shape come one at a time out of serde; so the value at fault is taken
//! out and the file is read again, until nothing is wrong.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::de::{DeArray, DeTable, DeValue, Deserializer};

use super::{
    fault::{Fault, Gravity, Place, redact},
    source::Source,
    suggest,
};

/// The most faults of one file that are looked for: more than anybody repairs in one go.
const FAULTS_MAX: usize = 50;

/// The most faults that are told at all, for the same reason; beyond, they are counted.
const FAULTS_TOLD_MAX: usize = 500;

/// Everything that is wrong so far.
#[derive(Debug, Default)]
pub(super) struct Faults {
    pub(super) told: Vec<Fault>,
    pub(super) untold: usize,
}

impl Faults {
    pub(super) fn has_errors(&self) -> bool {
        self.told.iter().any(|fault| fault.gravity == Gravity::Error)
    }

    pub(super) fn push(&mut self, fault: Fault) {
        if self.told.len() < FAULTS_TOLD_MAX {
            self.told.push(fault);
        } else {
            self.untold += 1;
        }
    }
}

/// A file that has been read, as far as that went.
#[derive(Debug)]
pub(super) struct Page<'a, T> {
    pub(super) leaf: Leaf<'a>,
    /// `None` if the syntax is broken.
    pub(super) spec: Option<T>,
    /// Whether all values of the file are in `spec`: if not, what it seems to lack is not blamed.
    pub(super) whole: bool,
}

/// A file as something to point into.
#[derive(Debug)]
pub(super) struct Leaf<'a> {
    pub(super) source: &'a Source,
    /// What was taken out: where its table starts, and the key that is missing now.
    taken: Vec<(usize, String)>,
}

impl Leaf<'_> {
    pub(super) fn place(&self, span: &Range<usize>, label: &str) -> Place {
        Place::of(&self.source.path, &self.source.text, span, label)
    }

    /// Whether `key` was written in the table at `table`, but wrongly, and has been reported.
    pub(super) fn has_taken(&self, table: &Range<usize>, key: &str) -> bool {
        self.taken.iter().any(|(start, taken)| *start == table.start && taken == key)
    }
}

/// Reads a file.
pub(super) fn read<'a, T: DeserializeOwned>(
    source: &'a Source,
    faults: &mut Faults,
) -> Page<'a, T> {
    let mut page = Page { leaf: Leaf { source, taken: Vec::new() }, spec: None, whole: true };
    let (mut root, errors) = DeTable::parse_recoverable(&source.text);
    for error in errors.iter().take(FAULTS_MAX) {
        page.whole = false;
        let span = error.span().unwrap_or_default();
        faults.push(syntax(&page.leaf, error.message(), &span));
    }
    if !page.whole {
        return page;
    }
    for _ in 0..FAULTS_MAX {
        match T::deserialize(Deserializer::from(root.clone())) {
            Ok(spec) => {
                page.spec = Some(spec);
                return page;
            }
            Err(error) => {
                let span = error.span().unwrap_or_default();
                let complaint = Complaint::of(error.message());
                let start = root.span().start;
                let taken = take(root.get_mut(), start, &span);
                let (table, key) = taken.clone().unwrap_or_default();
                faults.push(complaint.fault(&page.leaf, &span, &key));
                if taken.is_none() {
                    break;
                }
                page.whole &= complaint.is_about_a_key();
                // A misspelt key is not missing as well.
                let meant = complaint.meant().unwrap_or(key);
                page.leaf.taken.push((table, meant));
            }
        }
    }
    page.whole = false;
    page
}

fn syntax(leaf: &Leaf<'_>, message: &str, span: &Range<usize>) -> Fault {
    let fault = Fault::at(leaf.place(span, ""), "syntax", message);
    match message {
        "duplicate key" => fault.help("keep one of the two"),
        _ if message.contains("quote") || message.contains("string") => {
            fault.help("texts stand between double quotes: `key = \"text\"`")
        }
        _ => fault.help("a line is `key = value`, `[block]`, `[[block of a list]]` or `# comment`"),
    }
}

/// Takes the value whose key or itself stands at `span` out of the table, innermost first. Says where
/// its table starts, and its key.
fn take(table: &mut DeTable<'_>, start: usize, span: &Range<usize>) -> Option<(usize, String)> {
    let mut found = None;
    for (key, value) in table.iter_mut() {
        let at = value.span().start;
        let inner = take_within(value.get_mut(), at, span, (start, key.get_ref()));
        if inner.is_some() {
            return inner;
        }
        if key.span() == *span || value.span() == *span {
            found = Some(key.get_ref().to_string());
        }
    }
    let key = found?;
    table.remove(key.as_str());
    Some((start, key))
}

fn take_within(
    value: &mut DeValue<'_>,
    at: usize,
    span: &Range<usize>,
    (start, key): (usize, &str),
) -> Option<(usize, String)> {
    match value {
        DeValue::Table(table) => take(table, at, span),
        DeValue::Array(array) => {
            for item in array.iter_mut() {
                let at = item.span().start;
                let inner = take_within(item.get_mut(), at, span, (start, key));
                if inner.is_some() {
                    return inner;
                }
            }
            let whole = array.len();
            let kept = std::mem::replace(array, DeArray::new())
                .into_iter()
                .filter(|item| item.span() != *span);
            *array = kept.collect();
            (array.len() < whole).then(|| (start, key.to_owned()))
        }
        DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_) => None,
    }
}

/// What serde says is wrong, taken apart.
#[derive(Debug)]
enum Complaint {
    /// A key that is not known here, and the known ones.
    Key(String, Vec<String>),
    /// A word that is not known here, and the known ones.
    Word(String, Vec<String>),
    /// What is there, and what should be.
    Type { found: String, expected: String },
    /// Anything else.
    Other(String),
}

impl Complaint {
    fn of(message: &str) -> Self {
        let quoted: Vec<String> =
            message.split('`').skip(1).step_by(2).map(ToOwned::to_owned).collect();
        let words = || {
            let mut words = quoted.iter().cloned();
            words.next().map(|typed| (typed, words.collect::<Vec<_>>()))
        };
        if message.starts_with("unknown field")
            && let Some((typed, known)) = words()
        {
            return Self::Key(typed, known);
        }
        if message.starts_with("unknown variant")
            && let Some((typed, known)) = words()
        {
            return Self::Word(typed, known);
        }
        let rest = message.strip_prefix("invalid type: ");
        if let Some((found, expected)) = rest.and_then(|rest| rest.split_once(", expected ")) {
            return Self::Type { found: found.to_owned(), expected: plain(expected) };
        }
        // What toml says of a number where one of several words should stand.
        if message == "wanted string or table" {
            let found = "a value without quotes".to_owned();
            return Self::Type { found, expected: "one of its words".to_owned() };
        }
        Self::Other(message.to_owned())
    }

    fn is_about_a_key(&self) -> bool {
        matches!(self, Self::Key(..))
    }

    /// The key that was meant by an unknown one.
    fn meant(&self) -> Option<String> {
        let Self::Key(typed, known) = self else { return None };
        suggest::nearest(typed, known.iter().map(String::as_str)).map(ToOwned::to_owned)
    }

    fn fault(&self, leaf: &Leaf<'_>, span: &Range<usize>, key: &str) -> Fault {
        let place = |label: &str| leaf.place(span, label);
        match self {
            Self::Key(typed, _) if typed == "token" => Fault::at(
                place("").ending_here(),
                "token-in-file",
                "a token is never written in the configuration: whoever sees the file could speak for the bot",
            )
            .help("put it in the environment, `token_env = \"NABAT_TOKEN\"`, or in a file that only the daemon can read, `token_file = \"PATH\"`")
            .help("if this file has been shown to anybody, have @BotFather revoke the token"),
            Self::Key(typed, known) => {
                let message = format!("`{typed}` is not known here");
                Fault::at(place(""), "unknown-key", message)
                    .help(suggest::instead(typed, known.iter().map(String::as_str)))
            }
            Self::Word(typed, known) => {
                let message = format!("`{typed}` is no value of `{key}`");
                Fault::at(place(""), "unknown-word", message)
                    .help(suggest::instead(typed, known.iter().map(String::as_str)))
            }
            Self::Type { found, expected } => {
                let message = format!("`{key}` has to be {expected}, not {}", redact(&plain(found)));
                Fault::at(place(""), "wrong-type", message).help(example(expected))
            }
            Self::Other(message) => Fault::at(place(""), "shape", message.as_str()),
        }
    }
}

/// Rust's words in those of the file's language.
fn plain(words: &str) -> String {
    let table = |name: &str| name.starts_with("struct ") || name == "map";
    match words {
        "a sequence" | "sequence" => "a list".to_owned(),
        "i64" | "an integer" => "a whole number".to_owned(),
        "a boolean" => "`true` or `false`".to_owned(),
        "a string" => "a text".to_owned(),
        "map" => "a table".to_owned(),
        name if table(name) => "a table".to_owned(),
        name => name.strip_prefix("string ").map_or(name, |text| text).to_owned(),
    }
}

fn example(expected: &str) -> &'static str {
    match expected {
        "a list" => "write a list, `[\"…\", \"…\"]`; of blocks, `[[…]]` in double brackets",
        "a whole number" => "write a number without quotes",
        "`true` or `false`" => "write `true` or `false` without quotes",
        "a table" => "write `{ key = \"…\" }`, or a block `[…]`",
        _ => "texts stand in double quotes: \"…\"",
    }
}
