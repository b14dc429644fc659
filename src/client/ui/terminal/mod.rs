//! The terminal with a prompt: bytes become keys ([`keys`]), keys change the line ([`editor`]), and the line
//! is laid out ([`layout`]) and drawn ([`prompt`]). Only [`prompt`] touches a real terminal.

pub mod keys;
pub mod layout;
pub mod editor;
pub mod prompt;
