//! The directory: which names are registered, from which address, and how clients find each other.
//!
//! [`ids`] gives each client its number. [`whereabouts`] says where else than at its listed address a member may be
//! found. [`registration`] holds the rules for one name, [`former`] the clients that may come back, [`reservations`]
//! the names that are kept for some of them, [`bans`] the names that are kept out, [`registry`] all names under one
//! lock, [`shake`] what tests do to that lock, [`lookup`] the answers that are made from a snapshot of them.

pub mod ids;
pub mod whereabouts;
pub mod registration;
pub mod former;
pub mod reservations;
pub mod bans;
pub mod shake;
pub mod registry;
pub mod lookup;

pub use ids::Ids;
pub use registration::{JoinRequest, Presence, Registration};
pub use registry::{Admission, Registry};
pub use whereabouts::Whereabouts;
