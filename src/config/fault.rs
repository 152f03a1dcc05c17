//! A fault of the configuration: where it is, what is wrong, what to write instead.
//!
//! [`fmt::Display`] is the compiler-style text without colour; the fields are for machines. A fault
//! carries no more of a file than the lines it points to, and of those no more than a terminal shows.
//!
//! Deliberately absent: anything that would print a token. What
//! looks like one is redacted in every line and message.

use std::{
    fmt,
    ops::Range,
    path::{Path, PathBuf},
};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// How much of what is marked, and of what follows, is kept, in characters: a terminal's width.
const EXCERPT_MAX: usize = 100;

/// How much of a line before the mark is kept, in characters: more than anybody writes by hand.
const BEFORE_MAX: usize = 2_000;

/// Whether the configuration can be used as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gravity {
    /// It can't.
    Error,
    /// It can, but somebody should look.
    Warning,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// As it was opened.
    pub file: PathBuf,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What is wrong about just these characters; may be empty.
    pub label: String,
    /// The line, or the part of it around the caret.
    excerpt: String,
    /// Bytes of the excerpt.
    marked: Range<usize>,
}

impl Place {
    /// The place of `span` in `text`. A span over several lines is marked on its first.
    pub(super) fn of(file: &Path, text: &str, span: &Range<usize>, label: &str) -> Self {
        let start = floor(text, span.start);
        let before = text.get(..start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let rest = text.get(line_start..).unwrap_or_default();
        let line = redact(rest.lines().next().unwrap_or_default());
        let within = (start - line_start).min(line.len());
        let end = floor(text, span.end.max(start)).saturating_sub(line_start).min(line.len());
        let marked = within..end.max(within);
        let (excerpt, marked) = cut(&line, marked);
        Self {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: line.get(..within).unwrap_or_default().chars().count() + 1,
            label: label.to_owned(),
            excerpt,
            marked,
        }
    }

    /// The same place without what follows the mark: for secrets.
    pub(super) fn ending_here(mut self) -> Self {
        self.excerpt.truncate(self.marked.end);
        self.excerpt.push_str(" …");
        self
    }
}

/// The shortest secret half of a token that is taken for one, in characters; real ones have 35.
const SECRET_MIN: usize = 20;

/// How far a login is looked for in an address, in bytes: so that a hostile line costs no more than its
/// length.
const AUTHORITY_MAX: usize = 300;

/// The longest message, in characters: it may quote what stands in a file.
const MESSAGE_MAX: usize = 300;

/// `text` with whatever looks like a bot's token, or the login of an address, made unreadable, byte for
/// byte.
pub(super) fn redact(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for (colon, _) in text.match_indices(':') {
        let digits = text[..colon].bytes().rev().take_while(u8::is_ascii_digit).count();
        let secret = text[colon + 1..].bytes().take_while(|&byte| is_token_byte(byte)).count();
        if digits >= 5 && secret >= SECRET_MIN {
            bytes[colon + 1..=colon + secret].fill(b'*');
        }
    }
    for (slashes, sign) in text.match_indices("://") {
        let start = slashes + sign.len();
        let authority = bytes.iter().skip(start).take(AUTHORITY_MAX);
        let authority: Vec<u8> =
            authority.copied().take_while(|byte| !b"\"' ".contains(byte)).collect();
        if let Some(at) = authority.iter().rposition(|&byte| byte == b'@') {
            bytes[start..start + at].fill(b'*');
        }
    }
    // Whole characters were replaced: from after one ASCII character to before another.
    String::from_utf8_lossy(&bytes).into_owned()
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

fn floor(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at.min(text.len()))
}

/// As much of a line as is shown, without tabs: a caret under one points elsewhere. What stands before
/// the mark is kept, since columns are counted in it, unless the line is endless.
fn cut(line: &str, marked: Range<usize>) -> (String, Range<usize>) {
    let part = |range: Range<usize>| line.get(range).unwrap_or_default().replace('\t', " ");
    let before = part(0..marked.start);
    let skipped = before.chars().count().saturating_sub(BEFORE_MAX);
    let before: String = before.chars().skip(skipped).collect();
    let inside = shortened(&part(marked.clone()), EXCERPT_MAX);
    let after = shortened(&part(marked.end..line.len()), EXCERPT_MAX);
    let marked = before.len()..before.len() + inside.len();
    (format!("{before}{inside}{after}"), marked)
}

fn shortened(text: &str, max: usize) -> String {
    let mut kept: String = text.chars().take(max).collect();
    if kept.len() < text.len() {
        kept.push('…');
    }
    kept
}

/// Something wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Error or warning.
    pub gravity: Gravity,
    /// A stable name for the kind of fault, for machines and for searching: `unknown-key`.
    pub code: &'static str,
    /// What is wrong, in one sentence.
    pub message: String,
    /// The file at fault.
    pub file: PathBuf,
    /// Where: the fault itself first, then what it clashes with. Empty if the file could not be read.
    pub places: Vec<Place>,
    /// What to write instead, if that can be said.
    pub advice: Vec<String>,
}

impl Fault {
    /// A fault of a whole file.
    pub(super) fn of_file(file: &Path, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            gravity: Gravity::Error,
            code,
            message: shortened(&redact(&message.into()), MESSAGE_MAX),
            file: file.to_owned(),
            places: Vec::new(),
            advice: Vec::new(),
        }
    }

    /// A fault at a place.
    pub(super) fn at(place: Place, code: &'static str, message: impl Into<String>) -> Self {
        let file = place.file.clone();
        Self { places: vec![place], ..Self::of_file(&file, code, message) }
    }

    /// Other places that belong to it.
    pub(super) fn and(mut self, places: impl IntoIterator<Item = Place>) -> Self {
        self.places.extend(places);
        self
    }

    /// What to do.
    pub(super) fn help(mut self, advice: impl Into<String>) -> Self {
        self.advice.push(advice.into());
        self
    }

    /// As a warning.
    pub(super) fn warning(mut self) -> Self {
        self.gravity = Gravity::Warning;
        self
    }

    /// The line of the fault, from 1.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.places.first().map(|place| place.line)
    }

    /// The column of the fault, from 1, in characters.
    #[must_use]
    pub fn column(&self) -> Option<usize> {
        self.places.first().map(|place| place.column)
    }

    /// The compiler-style text, in colours if `coloured`.
    #[must_use]
    pub fn render(&self, coloured: bool) -> String {
        let renderer = if coloured { Renderer::styled() } else { Renderer::plain() };
        let level = match self.gravity {
            Gravity::Error => Level::ERROR,
            Gravity::Warning => Level::WARNING,
        };
        let files: Vec<String> =
            self.places.iter().map(|place| place.file.display().to_string()).collect();
        let mut group: Group<'_> = if self.places.is_empty() {
            let message = format!("{}: {}", self.file.display(), self.message);
            Group::with_title(level.primary_title(message).id(self.code))
        } else {
            Group::with_title(level.primary_title(self.message.as_str()).id(self.code))
        };
        for (number, (place, file)) in self.places.iter().zip(&files).enumerate() {
            let kind = if number == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
            let mark = kind.span(place.marked.clone());
            let mark = if place.label.is_empty() { mark } else { mark.label(place.label.as_str()) };
            group = group.element(
                Snippet::source(place.excerpt.as_str())
                    .line_start(place.line)
                    .path(file.as_str())
                    .fold(false)
                    .annotation(mark),
            );
        }
        for advice in &self.advice {
            group = group.element(Level::HELP.message(advice.as_str()));
        }
        renderer.render(&[group])
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}
