//! How long this client waits for the server, and how long it takes a name for its own that seems to be taken.
//!
//! A server whose disk stalls answers nobody until the disk goes on. A client that gives up then, and comes back, finds
//! its name taken: by the connection that was given up, which the server has not missed yet.

use std::time::{Duration, Instant};

use crate::client::rendezvous::link::{LinkState, Stage};
use crate::client::ui::Screen;

/// How long the server may take to answer REGISTER or JOIN.
pub const ANSWER: Duration = Duration::from_secs(5);
/// How much longer it may take to answer JOIN.
const LONGER: Duration = Duration::from_secs(55);
/// How long the name may belong to a connection that was given up: a server with the usual options misses it sooner.
const HAUNTED: Duration = Duration::from_secs(90);
/// Why a name is taken that is this client's own.
pub const GHOST: &str = "it still has your last connection";

/// The patience of one client.
#[derive(Debug, Default)]
pub struct Patience {
    /// Whether the server has had more time to answer JOIN.
    extended: bool,
    /// Until when the name may belong to a connection that was given up.
    ghost: Option<Instant>,
}

impl Patience {
    /// Gives the server more time if it is to answer JOIN and has not had that. Returns whether it gets it.
    pub fn extend(&mut self, link: &mut LinkState, screen: &mut Screen) -> bool {
        let Some(link) = link.link() else { return false };
        let more = matches!(link.stage, Stage::Joining(_)) && !self.extended;
        if more {
            self.extended = true;
            link.stage = Stage::Joining(Instant::now() + LONGER);
            screen.line("the server has not let you in yet; waiting");
        }
        more
    }

    /// Handles that the server has refused: it has answered.
    pub fn answered(&mut self) {
        self.extended = false;
    }

    /// Handles the end of a connection.
    pub fn lost(&mut self, link: &LinkState) {
        self.extended = false;
        if matches!(link.stage(), Some(Stage::Joining(_))) {
            self.ghost = Some(Instant::now() + HAUNTED);
        }
    }

    /// Whether a name that is taken may belong to a connection of this client.
    pub fn has_ghost(&self) -> bool {
        self.ghost.is_some_and(|until| until > Instant::now())
    }
}
