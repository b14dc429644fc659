//! What is on its way of a file that is sent: at most a window of pieces that the peer has not stored yet. So a text
//! that is said meanwhile waits for few of them, and a peer that stores slowly slows down nobody but itself.
//!
//! ```
//! use p2p_chat::client::direct::files::sending::SendWindow;
//!
//! let (orders, asked) = std::sync::mpsc::channel();
//! let mut sending = SendWindow::new(orders, 1_000_000, 0).unwrap();
//! assert_eq!(asked.try_iter().count(), 8); // the window
//! assert!(sending.stored(60_000).is_ok());
//! assert_eq!(asked.try_iter().collect::<Vec<_>>(), [240_000..270_000, 270_000..300_000]);
//! assert!(sending.stored(400_000).is_err()); // it was not sent so far
//! ```

use std::ops::Range;
use std::sync::mpsc::Sender;

use crate::wire::FileEnd;
use crate::wire::transfer::PIECE;

/// How many pieces may be on their way (PROTOCOL).
pub const WINDOW: u16 = 8;

/// A file that the peer has accepted.
#[derive(Debug)]
pub struct SendWindow {
    /// The way to ask the file's thread for pieces.
    orders: Sender<Range<u64>>,
    size: u64,
    /// Up to where the peer has stored the file.
    stored: u64,
    /// Up to where pieces were asked for.
    ordered: u64,
}

impl SendWindow {
    /// The file of so many bytes, of which the peer has the first ones. Asks for the first pieces.
    ///
    /// # Errors
    /// When the peer cannot have that many.
    pub fn new(orders: Sender<Range<u64>>, size: u64, from: u64) -> Result<SendWindow, FileEnd> {
        let mut sending = SendWindow { orders, size, stored: from, ordered: from };
        if from > size {
            return Err(FileEnd::Disorder);
        }
        sending.fill();
        Ok(sending)
    }

    /// Handles the receipt for all bytes up to there, and asks for the next pieces.
    ///
    /// # Errors
    /// When these bytes are not on their way.
    pub fn stored(&mut self, upto: u64) -> Result<(), FileEnd> {
        if upto <= self.stored || upto > self.ordered {
            return Err(FileEnd::Disorder);
        }
        self.stored = upto;
        self.fill();
        Ok(())
    }

    /// Whether the peer has stored all of it.
    pub fn is_whole(&self) -> bool {
        self.stored == self.size
    }

    /// Asks for pieces as far as the window allows.
    fn fill(&mut self) {
        while self.ordered < self.size.min(self.stored + u64::from(WINDOW) * PIECE) {
            let end = self.size.min(self.ordered + PIECE);
            let _ = self.orders.send(self.ordered..end); // an error: the thread reports why it has ended
            self.ordered = end;
        }
    }
}
