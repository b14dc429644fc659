//! What the user sees and types: a terminal, and a page in the browser.

pub mod json;
pub mod output;
pub mod terminal;
pub mod web;
pub mod screen;

pub use json::Object;
pub use output::{DeliveryStatus, Output, PeerInfo};
pub use screen::Screen;
