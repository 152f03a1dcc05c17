//! The one integration binary: its rooms, each a folder.

mod contract;
mod it;
mod kill9;
mod sim;
mod tidy;
