//! What was measured, line by line.

use serde_json::{Value, json};

/// Lines so far. Each is printed as it comes.
pub(crate) struct Table {
    json: bool,
    lines: Vec<Value>,
}

impl Table {
    pub(crate) fn new(json: bool) -> Self {
        if !json {
            println!("| section | what | measured | wanted |\n|---|---|---|---|");
        }
        Self { json, lines: Vec::new() }
    }

    pub(crate) fn row(&mut self, section: &str, what: &str, measured: &str, wanted: &str) {
        if !self.json {
            println!("| {section} | {what} | {measured} | {wanted} |");
        }
        self.lines.push(json!({
            "section": section, "what": what, "measured": measured, "wanted": wanted,
        }));
    }

    pub(crate) fn end(self) {
        if self.json {
            println!("{}", Value::from(self.lines));
        }
    }
}
