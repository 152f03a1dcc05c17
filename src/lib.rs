//! nabat.
