//! What has come of a file that is received: piece after piece, each where the one before it ends, and no byte more
//! than was announced.
//!
//! ```
//! use p2p_chat::client::direct::files::receiving::PieceStore;
//!
//! let (store, pieces) = std::sync::mpsc::sync_channel(8);
//! let mut file = PieceStore::new(store, 10, 4); // 4 of its 10 bytes are here
//! assert!(file.piece(4, vec![1; 4]).is_ok());
//! assert!(file.piece(4, vec![1; 2]).is_err()); // they are here, too, by now
//! assert!(file.piece(8, vec![1; 3]).is_err()); // that would be 11
//! assert_eq!(pieces.try_iter().count(), 1);
//! ```

use std::sync::mpsc::{SyncSender, TrySendError};

use crate::wire::FileEnd;

/// A file that the user has accepted.
#[derive(Debug)]
pub struct PieceStore {
    /// The way to the thread that stores the pieces. It has room for a window of them.
    store: SyncSender<Vec<u8>>,
    size: u64,
    /// Where the next piece begins.
    next: u64,
}

impl PieceStore {
    /// The file of so many bytes, of which the first ones are here.
    pub fn new(store: SyncSender<Vec<u8>>, size: u64, from: u64) -> PieceStore {
        PieceStore { store, size, next: from }
    }

    /// Hands a piece to the thread.
    ///
    /// # Errors
    /// When it is not the next piece, or more than the rest, or one more than may be on their way.
    pub fn piece(&mut self, from: u64, bytes: Vec<u8>) -> Result<(), FileEnd> {
        let length = bytes.len() as u64;
        if from != self.next || length > self.size - self.next {
            return Err(FileEnd::Disorder);
        }
        self.next += length;
        match self.store.try_send(bytes) {
            Err(TrySendError::Full(_)) => Err(FileEnd::Disorder),
            // If the thread has ended, it has reported why.
            Ok(()) | Err(TrySendError::Disconnected(_)) => Ok(()),
        }
    }
}
