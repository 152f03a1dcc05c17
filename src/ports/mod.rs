//! What the house needs of the world: a store, a courier, a clock. Three, and no more.
//!
//! Rooms are written against these traits; adapters implement them; only `app` knows which meets
//! which. A method of a port is one whole transaction or one whole call, named for the fact it makes
//! true.

pub mod clock;
pub mod courier;
pub mod store;
