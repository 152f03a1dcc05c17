//! The one integration binary: its rooms, each a folder.

mod contract;
mod it;
mod sim;
