//! The `nabat` program: see the library's documentation.

use std::process::ExitCode;

fn main() -> ExitCode {
    nabat::cli::run()
}
