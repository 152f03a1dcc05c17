//! The `nabat` program.
fn main() {}
