//! A broadcast of nine hours.
