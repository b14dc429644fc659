//! The directory: which names are registered, from which address, and who asks for whom.

pub mod registration;
pub mod registry;
pub mod lookup;
