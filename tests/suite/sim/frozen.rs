//! Lists of operations that once failed, kept as they were found.
