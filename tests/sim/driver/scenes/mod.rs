//! The scenes. Each makes its world from the seed, plays, comes to rest, and ends everything in good order.

mod room;
mod slow;
mod crash;
mod names;
mod direct;
mod found;
mod wake;

/// A scene.
pub type Scene = fn();

/// All scenes by their names.
pub const ALL: [(&str, Scene); 17] = [
    ("room", room::room),
    ("lab4", room::lab4),
    ("many", room::many),
    ("slow", slow::slow),
    ("cut", slow::cut),
    ("flood", slow::flood),
    ("again", slow::again),
    ("chorus", wake::chorus),
    ("printer", wake::printer),
    ("crash", crash::crash),
    ("power", crash::power),
    ("disk", crash::disk),
    ("names", names::names),
    ("direct", direct::direct),
    ("broken", direct::broken),
    ("parting", direct::parting),
    ("found", found::found),
];
