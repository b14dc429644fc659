//! What the exit code says at the end: a script learns by it whether everything was said, delivered and shown.

use crate::cli::Failure;
use crate::client::ui::Screen;

/// Who reads the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// A user at a terminal, who has read what went wrong.
    User,
    /// A script.
    Script,
    /// A user of the page, who does not need the terminal.
    Page,
}

impl Audience {
    /// The audience of a client, at whose terminal somebody sits or not, and which has a page or not.
    pub fn of(interactive: bool, has_page: bool) -> Audience {
        match (has_page, interactive) {
            (true, _) => Audience::Page,
            (false, true) => Audience::User,
            (false, false) => Audience::Script,
        }
    }
}

/// Ends the screen, and judges the whole run. `None`: it went well.
///
/// The failure has no sentence if the screen has told everything, or if the reader of a pipe has gone.
pub fn verdict(screen: &mut Screen, audience: Audience) -> Option<Failure> {
    let end = screen.finish();
    let fault = match audience {
        Audience::Page => None,
        Audience::User => end.error.as_ref().and(end.fault()),
        Audience::Script => end.fault().or_else(|| (screen.failures() > 0).then(String::new)),
    };
    fault.map(|message| Failure { message, code: 1 })
}
