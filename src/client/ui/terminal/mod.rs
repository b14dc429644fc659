//! The terminal: keys, the line that is typed, its place on the screen.

pub mod keys;
pub mod layout;
pub mod editor;
pub mod prompt;
