//! The rules of the house, executed.
//!
//! Role: what a reviewer would otherwise have to see every time: who may import whom, what pure code
//! may not say, names, excuses, sizes. A rule is a function from a file's path and text to faults, so
//! each has a test that a planted violation, a string, is noticed.
//!
//! Deliberately absent: what the compiler or clippy can check. And a parser: the rules read lines, and
//! are strict where that is simpler.

#![expect(clippy::unwrap_used, reason = "tests, which the lint knows only by their attribute")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Each room, and its storey: a room may enter itself and lower storeys.
const HOUSE: &[(&str, u8)] = &[
    ("domain", 0),
    ("seal", 1),
    ("picture", 1),
    ("ports", 2),
    ("bot", 3),
    ("fanout", 3),
    ("web", 3),
    ("telegram", 3),
    ("store", 3),
    ("config", 3),
    ("telemetry", 3),
    ("sim", 3),
    ("app", 4),
    ("cli", 5),
    ("main", 6),
    ("lib", 6),
];

/// Rooms in which nothing knows the world outside.
const PURE_ROOMS: &[&str] = &["domain", "seal", "ports", "picture"];

/// Files that are pure wherever they stand, besides those that say so in their first line.
const PURE_FILES: &[&str] = &[
    "src/fanout/plan.rs",
    "src/fanout/pacer.rs",
    "src/fanout/lane.rs",
    "src/fanout/dispatch.rs",
    "src/fanout/breaker.rs",
    "src/fanout/chats.rs",
    "src/fanout/letters.rs",
    "src/telegram/verdict.rs",
    "src/bot/grammar.rs",
    "src/bot/dialogue.rs",
    "src/bot/phrases.rs",
];

/// Words of the world outside.
const OUTSIDE: &[&str] = &[
    "tokio",
    "teloxide",
    "sqlx",
    "reqwest",
    "serde",
    "serde_json",
    "axum",
    "rand",
    "Utc::now",
    "Local::now",
    "Instant::now",
    "SystemTime",
    "RandomState",
    "std::fs",
    "std::net",
    "std::env",
    "std::thread",
];

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] =
    &["util", "utils", "helper", "helpers", "common", "manager", "service", "services", "misc"];

/// Longer files are to be split.
const LINES_MAX: usize = 800;
/// Files that are longer, and why they may be.
const LONG: &[(&str, &str)] = &[];

#[derive(Clone, Debug)]
struct File {
    path: String,
    text: String,
}

type Rule = fn(&File) -> Vec<String>;

/// Every rule for a file of Rust.
const RULES: &[(&str, Rule)] = &[
    ("layering", layering),
    ("purity", purity),
    ("no async in pure files", no_async),
    ("names", names),
    ("excuses", excuses),
    ("unfinished work", unfinished),
    ("module documentation", documented),
    ("unwrap and expect", unwraps),
    ("size", size),
];

#[test]
fn the_house_is_in_order() {
    let mut faults = Vec::new();
    let files = rust_files();
    assert!(files.len() > 80, "the files were not found");
    for file in &files {
        for (name, rule) in RULES {
            faults.extend(
                rule(file).into_iter().map(|what| format!("{}: {name}: {what}", file.path)),
            );
        }
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn every_dependency_says_what_it_is_for() {
    let faults = unexplained(&read("Cargo.toml"));
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn there_is_one_http_client_and_one_runtime() {
    let lock = read("Cargo.lock");
    for name in ["reqwest", "tokio", "rustls", "sqlx-core"] {
        assert_eq!(versions(&lock, name), 1, "{name}");
    }
}

#[test]
fn exceptions_to_the_size_are_still_needed() {
    for (path, why) in LONG {
        assert!(!why.is_empty());
        assert!(read(path).lines().count() > LINES_MAX, "{path} is short now: strike it off");
    }
}

#[test]
fn every_pure_file_is_there() {
    for path in PURE_FILES {
        assert!(root().join(path).is_file(), "{path} has moved: name its new place");
    }
}

// The rules.

/// A room enters itself and lower storeys, test modules included.
fn layering(file: &File) -> Vec<String> {
    let Some(room) = room(&file.path) else { return Vec::new() };
    let Some(storey) = storey(room) else {
        return vec![format!("`{room}` has no place in the house")];
    };
    let mut faults = Vec::new();
    for (line, code) in code(&file.text) {
        if room != "main" && code.contains("nabat::") {
            faults.push(format!("line {line}: say `crate`, not the name of the crate"));
        }
    }
    for other in rooms_named(&joined(&file.text)) {
        match self::storey(&other) {
            // Something at the top of the crate that is no room.
            None => faults.push(format!("`crate::{other}` is no room")),
            Some(below) if other != room && below >= storey => {
                faults.push(format!("`{room}` may not enter `{other}`"));
            }
            Some(_) => {}
        }
    }
    faults
}

fn purity(file: &File) -> Vec<String> {
    if !room(&file.path).is_some_and(|room| PURE_ROOMS.contains(&room)) && !is_pure(file) {
        return Vec::new();
    }
    // The simulated Bot API's methods read and write JSON, which is what they are.
    let json = file.path.starts_with("src/sim/") || file.path.starts_with("src/telegram/");
    let mut faults = Vec::new();
    for (line, code) in code(&file.text) {
        for word in OUTSIDE.iter().filter(|word| says(&code, word)) {
            if json && matches!(*word, "serde" | "serde_json") {
                continue;
            }
            faults.push(format!("line {line}: pure code says `{word}`"));
        }
    }
    faults
}

fn no_async(file: &File) -> Vec<String> {
    if !is_pure(file) {
        return Vec::new();
    }
    let lines = code(&file.text).into_iter().filter(|(_, code)| says(code, "async"));
    lines.map(|(line, _)| format!("line {line}: pure code is synchronous")).collect()
}

fn names(file: &File) -> Vec<String> {
    let stem = Path::new(&file.path).with_extension("");
    let in_path = stem.iter().filter_map(|part| part.to_str()).map(str::to_owned);
    let modules = code(&file.text).into_iter().filter_map(|(_, code)| {
        let at = code.find("mod ")?;
        Some(identifier(&code[at + "mod ".len()..]))
    });
    in_path
        .chain(modules)
        .filter(|name| EMPTY_NAMES.contains(&name.as_str()))
        .map(|name| format!("`{name}` says nothing about what is inside"))
        .collect()
}

/// What is against a lint is expected, with a reason.
fn excuses(file: &File) -> Vec<String> {
    let lines: Vec<(usize, String)> = code(&file.text);
    let mut faults = Vec::new();
    for (index, (line, code)) in lines.iter().enumerate() {
        if code.contains("#[allow") || code.contains("#![allow") {
            faults.push(format!("line {line}: `expect` with a reason, not `allow`"));
        }
        if code.contains("#[expect") || code.contains("#![expect") {
            let rest: String =
                lines[index..].iter().take(8).map(|(_, code)| code.as_str()).collect();
            let end = rest.find(")]").unwrap_or(rest.len());
            if !rest[..end].contains("reason =") {
                faults.push(format!("line {line}: an `expect` without a reason"));
            }
        }
    }
    faults
}

fn unfinished(file: &File) -> Vec<String> {
    let mut faults = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        let line = without_strings(line);
        for word in ["TODO", "FIXME", "XXX", "todo!", "unimplemented!", "#[ignore", "dbg!"] {
            if says(&line, word) {
                faults.push(format!("line {}: `{word}`", index + 1));
            }
        }
    }
    faults
}

fn documented(file: &File) -> Vec<String> {
    let first = file.text.lines().next().unwrap_or_default();
    if first.starts_with("//!") {
        Vec::new()
    } else {
        vec!["no `//!` in the first line".to_owned()]
    }
}

/// Outside tests, whatever could fail by its type is explained in the line above, or is handled.
fn unwraps(file: &File) -> Vec<String> {
    let tests = file.path.starts_with("tests/") || is_test_module(&file.path);
    if tests {
        return Vec::new();
    }
    let mut faults = Vec::new();
    let (mut above, mut excused) = ("", 0);
    for (index, line) in file.text.lines().enumerate() {
        // Unit tests stand at the end of a file.
        if line.trim() == "#[cfg(test)]" {
            break;
        }
        let trimmed = line.trim_start();
        // An `expect` of the lint gives its reason in the attribute, just above.
        if trimmed.contains("_used,") || trimmed.contains("clippy::panic") {
            excused = index + 7;
        }
        let code = without_strings(line);
        let fails = [".unwrap()", ".expect(", "panic!(", "unreachable!("];
        let fails = fails.iter().find(|word| code.contains(**word));
        if let Some(word) = fails
            && !trimmed.starts_with("//")
            && !above.trim_start().starts_with("//")
            && index >= excused
        {
            faults.push(format!("line {}: `{word}` without a comment above", index + 1));
        }
        above = line;
    }
    faults
}

fn size(file: &File) -> Vec<String> {
    let lines = file.text.lines().count();
    let excused = LONG.iter().any(|(path, _)| *path == file.path);
    if lines > LINES_MAX && !excused {
        return vec![format!("{lines} lines: split it, or say in `LONG` why not")];
    }
    Vec::new()
}

fn unexplained(manifest: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let (mut within, mut above) = (false, "");
    for line in manifest.lines() {
        if line.starts_with('[') {
            within = line.contains("dependencies]");
        } else if within && line.contains('=') && !line.starts_with(['#', ' ', ']']) {
            let words = above.strip_prefix('#').map_or(0, |text| text.split_whitespace().count());
            if words < 3 {
                faults.push(format!("no sentence above: {line}"));
            }
        }
        above = line;
    }
    faults
}

fn versions(lock: &str, name: &str) -> usize {
    lock.lines().filter(|line| *line == format!("name = \"{name}\"")).count()
}

// Reading.

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

fn rust_files() -> Vec<File> {
    let mut found = BTreeMap::new();
    for dir in ["src", "tests"] {
        walk(&root().join(dir), &mut found);
    }
    found.into_iter().map(|(path, text)| File { path, text }).collect()
}

fn walk(dir: &Path, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
            found.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
}

fn room(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("src/")?;
    Some(rest.split('/').next().unwrap_or(rest).trim_end_matches(".rs"))
}

fn storey(room: &str) -> Option<u8> {
    HOUSE.iter().find(|(name, _)| *name == room).map(|(_, storey)| *storey)
}

fn is_test_module(path: &str) -> bool {
    ["tests.rs", "stories.rs", "telegram/stand.rs"].iter().any(|name| path.ends_with(name))
        || ["/tests/", "/stories/"].iter().any(|room| path.contains(room))
}

fn is_pure(file: &File) -> bool {
    let head: String = file.text.lines().take_while(|line| line.starts_with("//!")).collect();
    let says_so = head.contains("PURE");
    let room = room(&file.path).is_some_and(|room| PURE_ROOMS.contains(&room) && room != "ports");
    says_so || room || PURE_FILES.contains(&file.path.as_str())
}

/// The lines of code with their numbers, without comments and the insides of strings.
fn code(text: &str) -> Vec<(usize, String)> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, without_strings(line)));
    let bare = lines.map(|(line, code)| {
        let end = code.find("//").unwrap_or(code.len());
        (line, code[..end].to_owned())
    });
    bare.filter(|(_, code)| !code.trim().is_empty()).collect()
}

fn joined(text: &str) -> String {
    code(text).into_iter().map(|(_, code)| code + "\n").collect()
}

/// The line with its strings emptied.
fn without_strings(line: &str) -> String {
    let (mut out, mut inside, mut escaped) = (String::new(), false, false);
    for c in line.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if inside => escaped = true,
            '"' => {
                inside = !inside;
                out.push('"');
            }
            _ if inside => {}
            _ => out.push(c),
        }
    }
    // A quotation mark as a character, or a string over several lines: the line as it is.
    if inside { line.to_owned() } else { out }
}

/// Whether `word` stands in `code` as a word of its own.
fn says(code: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = code[at + word.len()..].chars().next();
        let open = |end: Option<char>| end.is_none_or(|c| !part(c));
        let ends_in_word = word.chars().next_back().is_some_and(part);
        open(before) && (!ends_in_word || open(after))
    })
}

fn identifier(text: &str) -> String {
    text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// Every `x` in `crate::x` and at the first level of `crate::{x::.., y}`.
fn rooms_named(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let Some(group) = rest.strip_prefix('{') else {
            names.push(identifier(rest));
            continue;
        };
        let (mut depth, mut start) = (1, true);
        for (index, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => start = true,
                c if start && depth == 1 && !c.is_whitespace() => {
                    names.push(identifier(&group[index..]));
                    start = false;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    names
}

// That each rule notices.

fn noticed(rule: Rule, path: &str, text: &str) -> usize {
    rule(&File { path: path.to_owned(), text: text.to_owned() }).len()
}

#[test]
fn a_forbidden_import_is_noticed() {
    let lane = "src/fanout/lane.rs";
    assert_eq!(noticed(layering, lane, "use crate::store::memory;"), 1);
    assert_eq!(
        noticed(layering, lane, "use crate::{\n    domain::ids,\n    sim::{world, dice},\n};"),
        1
    );
    assert_eq!(noticed(layering, lane, "#[cfg(test)]\nmod tests { use crate::sim::dice; }"), 1);
    assert_eq!(noticed(layering, "src/domain/alert.rs", "use crate::ports::clock::Clock;"), 1);
    assert_eq!(noticed(layering, "src/seal/mod.rs", "use crate::picture::map;"), 1);
    assert_eq!(noticed(layering, "src/app.rs", "use crate::cli::Cli;"), 1);
    assert_eq!(noticed(layering, "src/attic.rs", "use crate::domain::ids;"), 1);
    assert_eq!(noticed(layering, "src/bot/desk.rs", "use nabat::store::sqlite;"), 1);
    assert_eq!(noticed(layering, lane, "use crate::{domain::ids, ports::store};"), 0);
    assert_eq!(noticed(layering, lane, "// see crate::store\nuse crate::domain::ids;"), 0);
}

#[test]
fn the_world_outside_is_noticed_in_pure_code() {
    let alert = "src/domain/alert.rs";
    for word in OUTSIDE {
        assert_eq!(noticed(purity, alert, &format!("let it = {word}::now();")), 1, "{word}");
    }
    assert_eq!(noticed(purity, alert, "#[derive(serde::Deserialize)]"), 1);
    assert_eq!(noticed(purity, "src/fanout/lane.rs", "let t = Instant::now();"), 1);
    assert_eq!(noticed(purity, "src/bot/x.rs", "//! PURE. So.\nuse tokio::sync;"), 1);
    assert_eq!(noticed(purity, "src/bot/x.rs", "//! So.\nuse tokio::sync;"), 0);
    assert_eq!(noticed(purity, alert, "let grand = operand; // tokio"), 0);
}

#[test]
fn async_is_noticed_in_pure_files() {
    assert_eq!(noticed(no_async, "src/fanout/lane.rs", "pub async fn next() {}"), 1);
    assert_eq!(noticed(no_async, "src/sim/x.rs", "//! PURE.\nlet it = async move {};"), 1);
    assert_eq!(noticed(no_async, "src/fanout/driver.rs", "pub async fn run() {}"), 0);
    assert_eq!(noticed(no_async, "src/ports/store.rs", "async fn page();"), 0);
}

#[test]
fn empty_names_are_noticed() {
    assert_eq!(noticed(names, "src/bot/utils.rs", ""), 1);
    assert_eq!(noticed(names, "src/helpers/text.rs", ""), 1);
    assert_eq!(noticed(names, "src/bot/mod.rs", "pub(crate) mod common;"), 1);
    assert_eq!(noticed(names, "src/bot/mod.rs", "mod grammar;"), 0);
}

#[test]
fn excuses_without_a_reason_are_noticed() {
    let (path, allow) = ("src/bot/x.rs", "#[allow(dead_code, reason = \"so\")]");
    assert_eq!(noticed(excuses, path, allow), 1);
    assert_eq!(noticed(excuses, path, "#![allow(missing_docs)]"), 1);
    assert_eq!(noticed(excuses, path, "#[expect(\n    dead_code\n)]\nlet reason = 1;"), 1);
    assert_eq!(noticed(excuses, path, "#[expect(\n    dead_code,\n    reason = \"so\"\n)]"), 0);
}

#[test]
fn unfinished_work_is_noticed() {
    let path = "src/bot/x.rs";
    for word in ["// TODO: so", "// FIXME", "todo!()", "unimplemented!()", "#[ignore]", "dbg!(x)"] {
        assert_eq!(noticed(unfinished, path, word), 1, "{word}");
    }
    assert_eq!(noticed(unfinished, path, "let all = \"TODO\";"), 0);
}

#[test]
fn a_file_without_a_role_is_noticed() {
    assert_eq!(noticed(documented, "src/bot/x.rs", "use std::fmt;"), 1);
    assert_eq!(noticed(documented, "src/bot/x.rs", "//! What it is."), 0);
}

#[test]
fn an_unwrap_without_a_word_is_noticed() {
    let path = "src/bot/x.rs";
    assert_eq!(noticed(unwraps, path, "let x = y.unwrap();"), 1);
    assert_eq!(noticed(unwraps, path, "let x = y\n    .expect(\"so\");"), 1);
    assert_eq!(noticed(unwraps, path, "// Checked above.\nlet x = y.unwrap();"), 0);
    assert_eq!(noticed(unwraps, path, "#[cfg(test)]\nmod tests { fn t() { y.unwrap(); } }"), 0);
    assert_eq!(noticed(unwraps, "tests/suite/x.rs", "let x = y.unwrap();"), 0);
}

#[test]
fn a_long_file_is_noticed() {
    assert_eq!(noticed(size, "src/bot/x.rs", &"x\n".repeat(LINES_MAX + 1)), 1);
    assert_eq!(noticed(size, "src/bot/x.rs", &"x\n".repeat(LINES_MAX)), 0);
}

#[test]
fn a_dependency_without_a_sentence_is_noticed() {
    assert_eq!(unexplained("[dependencies]\nserde = \"1\"").len(), 1);
    assert_eq!(unexplained("[dev-dependencies]\n# so\nserde = \"1\"").len(), 1);
    assert_eq!(unexplained("[dependencies]\n# What is written to disk.\nserde = \"1\"").len(), 0);
    assert_eq!(unexplained("[lints.rust]\nunsafe_code = \"forbid\"").len(), 0);
    assert_eq!(versions("name = \"reqwest\"\nname = \"x\"\nname = \"reqwest\"", "reqwest"), 2);
}
