//! Files over a verified chat (PROTOCOL, "Files"): `/send`, `/accept` and `/refuse`.
//!
//! The loop decides and waits for no disk. Each file has a thread, for [`reading`] or for [`writing`], which does what
//! the loop asks for and reports it as an event. [`name`], [`size`], [`sending`] and [`receiving`] are rules without
//! any of that. [`transfer`] is one file on its way, [`transfer_list`] the list of all, [`offers`] says what becomes of
//! an offer by a peer, and [`transfers`] handles whatever happens.

pub mod name;
pub mod size;
pub mod reading;
pub mod writing;
pub mod sending;
pub mod receiving;
pub mod transfer;
pub mod transfer_list;
pub mod offers;
pub mod transfers;

pub use transfers::Transfers;
