//! PURE. How a broadcast reached its audience over time, as SVG.
//!
//! A square for a phone's screen: what, where and when in words; the curve with its two marks; what
//! was foreseen, dashed; a legend in words. The words are the caller's.
//!
//! Invariants: whatever the figures and names, nothing leaves the square and no label lies on another
//! while there is room for it elsewhere; the axis of shares is always from 0 to 100 % of the audience.

mod axis;
mod labels;

use std::{fmt::Write as _, time::Duration};

use self::{
    axis::TimeAxis,
    labels::{Box2, Placed},
};
use super::{
    png::FAMILY,
    text::{Face, escaped},
};

/// The side of the square, in units and so in pixels: Telegram shows 1280 at most.
pub const SIDE: u32 = 1_080;

const MARGIN: f64 = 48.0;
/// Where the axis of shares stands: right of "100".
const LEFT: f64 = 120.0;
const RIGHT: f64 = 1_032.0;
/// Where the axis of time lies: above its numbers, its name and three lines of legend.
const BOTTOM: f64 = 800.0;
/// The least height of the plot, whatever stands above it.
const PLOT_MIN: f64 = 300.0;

const TITLE: Face = Face { size: 48.0, bold: true };
const PLACE: Face = Face { size: 36.0, bold: false };
const FACT: Face = Face { size: 32.0, bold: false };
const SMALL: Face = Face { size: 30.0, bold: false };
const MARK: Face = Face { size: 32.0, bold: true };

/// Dark on white: 16 to 1, and 7 to 1 for the second. Both lines differ in shape too.
const INK: &str = "#1b1f24";
const QUIET: &str = "#4a525c";
const GRID: &str = "#d3d8de";
const CURVE: &str = "#0b4f9e";

/// What is drawn. Texts may be of any length and hold anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chart {
    /// What happened: two lines at most.
    pub title: String,
    /// Where, and which alert: two lines at most.
    pub place: String,
    /// What else is to be said above the curve, the first the most: two lines at most each.
    pub facts: Vec<String>,
    /// The words of axes and legend.
    pub words: Words,
    /// How many chats 100 % are.
    pub audience: u64,
    /// Time, and how many were reached by then.
    pub measured: Vec<(Duration, u64)>,
    /// The same, as it was foreseen.
    pub foreseen: Vec<(Duration, u64)>,
    /// Points of the curve that are named.
    pub marks: Vec<Mark>,
}

/// A named point of the curve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// When.
    pub at: Duration,
    /// What it is called.
    pub label: String,
}

/// The words of axes and legend, in the reader's language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// The axis of shares, with its unit.
    pub share: String,
    /// The axis of time in seconds, in minutes and in hours.
    pub time: [String; 3],
    /// What the curve is.
    pub measured: String,
    /// What the dashed line is.
    pub foreseen: String,
    /// What the marks are.
    pub marks: String,
    /// What is said in place of a curve that has no points.
    pub nobody: String,
    /// What stands before tenths.
    pub decimal: char,
}

/// Draws.
#[must_use]
pub fn draw(chart: &Chart) -> String {
    let mut svg = Svg::new(chart);
    let top = svg.heading(chart);
    let plot = Plot::of(chart, top);
    svg.shares(&plot);
    if !chart.measured.is_empty() || chart.foreseen.len() > 1 {
        svg.times(chart, &plot);
    }
    svg.curve(chart, &plot);
    svg.forecast(chart, &plot);
    svg.marks(chart, &plot);
    if chart.measured.is_empty() {
        svg.nobody(chart, &plot);
    }
    svg.legend(chart);
    svg.done()
}

/// Where time and share lie on the picture.
struct Plot {
    top: f64,
    axis: TimeAxis,
    audience: u64,
}

impl Plot {
    fn of(chart: &Chart, top: f64) -> Self {
        let ends = [&chart.measured, &chart.foreseen].map(|line| line.last().map(|(at, _)| *at));
        let last = ends.into_iter().flatten().max().unwrap_or_default();
        let top = top.min(BOTTOM - PLOT_MIN);
        Self { top, axis: TimeAxis::to(last), audience: chart.audience.max(1) }
    }

    fn x(&self, at: Duration) -> f64 {
        LEFT + (RIGHT - LEFT) * (at.as_secs_f64() / self.axis.end()).clamp(0.0, 1.0)
    }

    fn y(&self, chats: u64) -> f64 {
        self.y_of(ratio(chats, self.audience))
    }

    fn y_of(&self, share: f64) -> f64 {
        BOTTOM - (BOTTOM - self.top) * share.clamp(0.0, 1.0)
    }

    fn line(&self, points: &[(Duration, u64)]) -> Vec<(f64, f64)> {
        points.iter().map(|&(at, chats)| (self.x(at), self.y(chats))).collect()
    }

    /// Where the curve is at a moment.
    fn on(&self, points: &[(Duration, u64)], at: Duration) -> (f64, f64) {
        let next = points.partition_point(|(time, _)| *time < at);
        let y = match (next.checked_sub(1).and_then(|n| points.get(n)), points.get(next)) {
            // Straight up: the mark stands where it ends.
            (_, Some(&(time, _))) if time == at => {
                let here = points.iter().rev().find(|(time, _)| *time == at);
                self.y(here.map_or(0, |(_, chats)| *chats))
            }
            (Some(&(from, less)), Some(&(to, more))) => {
                let since = |time: Duration| time.saturating_sub(from).as_secs_f64();
                let part = since(at) / since(to);
                self.y(less) + (self.y(more) - self.y(less)) * part
            }
            (Some(&(_, chats)), None) | (None, Some(&(_, chats))) => self.y(chats),
            (None, None) => BOTTOM,
        };
        (self.x(at), y)
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "far fewer than 2^52 chats, and pixels are coarser"
    )]
    let (part, whole) = (part as f64, whole as f64);
    part / whole
}

/// The text that is being written.
struct Svg(String);

impl Svg {
    fn new(chart: &Chart) -> Self {
        let mut svg = Self(String::new());
        // An accessible name, for whoever reads the file and does not see it.
        svg.add(format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{SIDE}\" height=\"{SIDE}\" \
             viewBox=\"0 0 {SIDE} {SIDE}\" role=\"img\" font-family=\"'{FAMILY}', 'DejaVu Sans', \
             sans-serif\">\n<title>{}. {}</title>\n<desc>{}</desc>\n<rect width=\"{SIDE}\" \
             height=\"{SIDE}\" fill=\"#ffffff\"/>",
            escaped(&chart.title),
            escaped(&chart.place),
            escaped(&chart.facts.join(" ")),
        ));
        svg
    }

    fn add(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing into memory does not fail.
        let _ = self.0.write_fmt(line);
        self.0.push('\n');
    }

    fn text(&mut self, (x, y): (f64, f64), face: Face, anchor: &str, fill: &str, text: &str) {
        let weight = if face.bold { " font-weight=\"700\"" } else { "" };
        self.add(format_args!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{}\"{weight} text-anchor=\"{anchor}\" \
             fill=\"{fill}\">{}</text>",
            face.size,
            escaped(text),
        ));
    }

    /// What stands above the plot. Says where the plot may begin.
    fn heading(&mut self, chart: &Chart) -> f64 {
        let mut y = MARGIN;
        let width = f64::from(SIDE) - 2.0 * MARGIN;
        let mut paragraph = |svg: &mut Self, text: &str, face: Face, fill: &str| {
            for line in face.lines(text, width, 2) {
                y += face.size * 1.2;
                svg.text((MARGIN, y - face.size * 0.25), face, "start", fill, &line);
            }
        };
        paragraph(self, &chart.title, TITLE, INK);
        paragraph(self, &chart.place, PLACE, INK);
        for (n, fact) in chart.facts.iter().enumerate() {
            let (face, fill) = if n == 0 { (MARK, INK) } else { (FACT, QUIET) };
            paragraph(self, fact, face, fill);
        }
        y += SMALL.size * 1.6;
        let share = SMALL.cut(chart.words.share.clone(), width);
        let y = y.min(BOTTOM - PLOT_MIN - SMALL.size);
        self.text((MARGIN, y), SMALL, "start", QUIET, &share);
        y + SMALL.size
    }

    fn shares(&mut self, plot: &Plot) {
        for share in [0_u8, 25, 50, 75, 100] {
            let y = plot.y_of(f64::from(share) / 100.0);
            let (stroke, width) = if share == 0 { (QUIET, 3) } else { (GRID, 2) };
            self.add(format_args!(
                "<line x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{RIGHT}\" y2=\"{y:.1}\" \
                 stroke=\"{stroke}\" stroke-width=\"{width}\"/>"
            ));
            let at = (LEFT - 14.0, y + SMALL.size * 0.36);
            self.text(at, SMALL, "end", QUIET, &share.to_string());
        }
    }

    fn times(&mut self, chart: &Chart, plot: &Plot) {
        for (at, number) in plot.axis.ticks(chart.words.decimal) {
            let x = plot.x(at);
            self.add(format_args!(
                "<line x1=\"{x:.1}\" y1=\"{BOTTOM}\" x2=\"{x:.1}\" y2=\"{}\" stroke=\"{QUIET}\" \
                 stroke-width=\"3\"/>",
                BOTTOM + 10.0,
            ));
            self.text((x, BOTTOM + 44.0), SMALL, "middle", QUIET, &number);
        }
        let [seconds, minutes, hours] = &chart.words.time;
        let name = plot.axis.name([seconds, minutes, hours]);
        let name = SMALL.cut(name.to_owned(), RIGHT - MARGIN);
        self.text((RIGHT, BOTTOM + 88.0), SMALL, "end", QUIET, &name);
    }

    fn nobody(&mut self, chart: &Chart, plot: &Plot) {
        let words = MARK.cut(chart.words.nobody.clone(), RIGHT - LEFT);
        let left = LEFT.midpoint(RIGHT) - MARK.width(&words) / 2.0;
        // Between two lines of the grid, and under the middle of a forecast.
        self.over((left, plot.y_of(0.1)), &words);
    }

    fn curve(&mut self, chart: &Chart, plot: &Plot) {
        let mut line = plot.line(&chart.measured);
        let (Some(&(first, _)), Some(&(last, height))) = (line.first(), line.last()) else {
            return;
        };
        let area = path(&line);
        self.add(format_args!(
            "<path d=\"{area} L{last:.1} {BOTTOM} L{first:.1} {BOTTOM} Z\" fill=\"{CURVE}\" \
             fill-opacity=\"0.12\"/>"
        ));
        line.insert(0, (LEFT, BOTTOM));
        self.add(format_args!(
            "<path d=\"{}\" fill=\"none\" stroke=\"{CURVE}\" stroke-width=\"6\" \
             stroke-linejoin=\"round\"/>",
            path(&line),
        ));
        // Nobody more was reached.
        if last < RIGHT - 1.0 {
            self.add(format_args!(
                "<path d=\"M{last:.1} {height:.1} L{RIGHT} {height:.1}\" fill=\"none\" \
                 stroke=\"{CURVE}\" stroke-width=\"2\"/>"
            ));
        }
    }

    fn forecast(&mut self, chart: &Chart, plot: &Plot) {
        if chart.foreseen.len() > 1 {
            self.add(format_args!(
                "<path d=\"{}\" fill=\"none\" {DASHED}/>",
                path(&plot.line(&chart.foreseen)),
            ));
        }
    }

    fn marks(&mut self, chart: &Chart, plot: &Plot) {
        let at: Vec<(f64, f64)> =
            chart.marks.iter().map(|mark| plot.on(&chart.measured, mark.at)).collect();
        for &(x, y) in &at {
            self.add(format_args!(
                "<path d=\"M{x:.1} {y:.1} L{x:.1} {BOTTOM}\" stroke=\"{INK}\" stroke-width=\"2\" \
                 stroke-dasharray=\"2 7\"/>"
            ));
        }
        for &(x, y) in &at {
            self.add(format_args!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"11\" {DOT}/>"));
        }
        let mut lines = vec![plot.line(&chart.measured), plot.line(&chart.foreseen)];
        lines.extend(at.iter().map(|&(x, y)| vec![(x, y), (x, BOTTOM)]));
        let frame = Box2 { left: LEFT, top: plot.top - 20.0, right: RIGHT, bottom: BOTTOM };
        let names: Vec<(&str, (f64, f64))> =
            chart.marks.iter().map(|mark| mark.label.as_str()).zip(at).collect();
        for Placed { x, y, text } in labels::place(&names, MARK, frame, &lines) {
            self.over((x, y), &text);
        }
    }

    /// Text that reads whatever is under it.
    fn over(&mut self, (x, y): (f64, f64), text: &str) {
        self.add(format_args!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{}\" font-weight=\"700\" \
             fill=\"{INK}\" stroke=\"#ffffff\" stroke-width=\"8\" stroke-linejoin=\"round\" \
             paint-order=\"stroke\">{}</text>",
            MARK.size,
            escaped(text),
        ));
    }

    fn legend(&mut self, chart: &Chart) {
        let mut y = BOTTOM + 136.0;
        let words = &chart.words;
        let rows: [(&str, &str, bool); 3] = [
            (&words.measured, LINE, !chart.measured.is_empty()),
            (&words.foreseen, DASHED, chart.foreseen.len() > 1),
            (&words.marks, DOT, !chart.marks.is_empty()),
        ];
        for (text, style, _) in rows.into_iter().filter(|(.., drawn)| *drawn) {
            let middle = y - SMALL.size * 0.34;
            if style == DOT {
                let x = MARGIN + 40.0;
                self.add(format_args!("<circle cx=\"{x}\" cy=\"{middle:.1}\" r=\"11\" {style}/>"));
            } else {
                let end = MARGIN + 80.0;
                self.add(format_args!(
                    "<path d=\"M{MARGIN} {middle:.1} L{end} {middle:.1}\" {style}/>"
                ));
            }
            let x = MARGIN + 100.0;
            let text = SMALL.cut(text.to_owned(), RIGHT - x);
            self.text((x, y), SMALL, "start", INK, &text);
            y += SMALL.size * 1.5;
        }
    }

    fn done(mut self) -> String {
        self.0.push_str("</svg>\n");
        self.0
    }
}

const LINE: &str = "stroke=\"#0b4f9e\" stroke-width=\"6\"";
const DASHED: &str = "stroke=\"#8a4b00\" stroke-width=\"4\" stroke-dasharray=\"14 10\"";
const DOT: &str = "fill=\"#ffffff\" stroke=\"#1b1f24\" stroke-width=\"5\"";

fn path(line: &[(f64, f64)]) -> String {
    let mut path = String::new();
    for (n, (x, y)) in line.iter().enumerate() {
        let letter = if n == 0 { 'M' } else { 'L' };
        let gap = if n == 0 { "" } else { " " };
        let _ = write!(path, "{gap}{letter}{x:.1} {y:.1}");
    }
    path
}

#[cfg(test)]
mod tests;
