//! Pictures as text (SVG), and as what Telegram shows (PNG).
//!
//! Role: [`curve`] draws how a broadcast reached its audience, [`png`] rasterises. The same SVG is
//! what the command line writes.
//!
//! Invariants: pure, and the same in gives the same out; a picture needs nothing from outside, no font
//! of the machine's either; it has a background of its own, so that it reads in a light and in a dark
//! chat; nothing is said by colour alone; text from outside is escaped, and cut where it does not fit.
//!
//! Deliberately absent: words. Whoever draws brings them in the reader's language. Maps and codes, yet.

pub mod curve;
#[path = "font/widths.rs"]
mod font;
pub mod png;
mod text;
