//! What the user sees and types: a terminal, and a page in the browser.

pub mod json;
pub mod output;
pub mod filter;
pub mod transcript;
pub mod unsettled;
pub mod away;
pub mod terminal;
pub mod web;
pub mod screen_queue;
pub mod screen_writer;
pub mod screen;

pub use json::Object;
pub use output::{DeliveryStatus, Output, PeerInfo};
pub use screen::Screen;
