//! What the user does not want to see: what some people say, or the whole room.
//!
//! It is hidden here and nowhere else: nobody is told, and the client goes on counting and confirming.

use std::collections::BTreeSet;

use crate::client::ui::output::{Output, PeerInfo};

/// The most names that are ignored.
const MAX_IGNORED: usize = 256;

/// What is not shown.
#[derive(Debug, Default)]
pub struct Filter {
    /// The names whose texts are hidden, in small letters: no two names differ by capitals alone.
    ignored: BTreeSet<String>,
    /// Whether the room is hidden.
    muted: bool,
    /// How many texts were hidden since the last change.
    hidden: usize,
}

impl Filter {
    /// Ignores a name, or ends that. Without a name it changes nothing. Returns a sentence for the user.
    pub fn ignore(&mut self, name: Option<&str>) -> String {
        let Some(name) = name else {
            let names = self.ignored.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            let names = if names.is_empty() { "nobody" } else { &names };
            return format!("you ignore {names}");
        };
        let small = name.to_lowercase();
        if self.ignored.remove(&small) {
            format!("what {name} says is shown again{}", self.count())
        } else if self.ignored.len() >= MAX_IGNORED {
            format!("you ignore {MAX_IGNORED} already, and that is the most")
        } else {
            self.ignored.insert(small);
            format!("what {name} says is not shown; /ignore {name} shows it again")
        }
    }

    /// Hides the room, or shows it again. Returns a sentence for the user.
    pub fn mute(&mut self) -> String {
        self.muted = !self.muted;
        if self.muted {
            "the room is not shown; /mute shows it again".to_owned()
        } else {
            format!("the room is shown again{}", self.count())
        }
    }

    /// How many texts were hidden, at the end of a sentence. The count begins anew.
    fn count(&mut self) -> String {
        match std::mem::take(&mut self.hidden) {
            0 => String::new(),
            1 => "; 1 text was not shown".to_owned(),
            many => format!("; {many} texts were not shown"),
        }
    }

    /// Whether the one with that label is ignored, also as an unverified peer.
    pub fn ignores(&self, label: &str) -> bool {
        self.ignored.contains(&label.trim_end_matches('?').to_lowercase())
    }

    /// Whether an output is hidden. A text of the user never is.
    pub fn hides(&mut self, output: &Output) -> bool {
        if !self.muted && self.ignored.is_empty() {
            return false;
        }
        let name = match output {
            Output::Room { name, own: false, .. } | Output::Private { name, .. } => {
                name.to_string()
            }
            Output::Received(PeerInfo { label, .. }, _) => label.clone(),
            _ => return false,
        };
        let is_room = matches!(output, Output::Room { .. });
        let hides = (self.muted && is_room) || self.ignores(&name);
        self.hidden += usize::from(hides);
        hides
    }
}
