//! The scenes. Each makes its world from the seed, plays, comes to rest, and ends everything in good order.

mod room;

/// A scene.
pub type Scene = fn();

/// All scenes by their names.
pub const ALL: [(&str, Scene); 2] = [("room", room::room), ("many", room::many)];
