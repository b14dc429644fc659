//! The window against replays, asked number by number.
//!
//! | asked | answered |
//! | --- | --- |
//! | `may N` | `yes` or `no`: whether a datagram with this number is worth opening |
//! | `note N` | `noted`: it was opened, and its tag was right |
//! | `new` | `new`: the window forgets everything |

use super::questions::Answers;
use crate::tls::ReplayWindow;

/// A window that is asked.
#[derive(Debug, Default)]
pub struct Window(ReplayWindow);

impl Answers for Window {
    const QUESTIONS: &'static str = "may N, note N, new";

    fn answer(&mut self, question: &[&str]) -> Option<String> {
        match question {
            ["may", number] => {
                Some(if self.0.may_come(number.parse().ok()?) { "yes" } else { "no" }.to_owned())
            }
            ["note", number] => {
                self.0.note(number.parse().ok()?);
                Some("noted".to_owned())
            }
            ["new"] => {
                *self = Window::default();
                Some("new".to_owned())
            }
            _ => None,
        }
    }
}
