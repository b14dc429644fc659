//! A client's connections: a writer for each, and a record of what they carry.

pub mod writer;
pub mod capture;
