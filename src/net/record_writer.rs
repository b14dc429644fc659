//! Writing to a connection that may be secured by TLS: the other half of [`Reader`](super::reader::Reader).
//!
//! The client, `--raw` and the load generator write by it. The server does not: a socket that is full must not hold its
//! threads up, so what it seals waits in a buffer, see
//! [`SealedBuffer`](crate::server::room::sealed_buffer::SealedBuffer).

use std::io::{self, Write};

use crate::tls::Sealer;

/// Writes bytes as they are, or as records once it has a sealer. Threads that share a connection must share this, too,
/// under a lock that is held until the bytes are written: records that overtake each other do not open.
#[derive(Debug, Default)]
pub struct RecordWriter(Option<Sealer>);

impl RecordWriter {
    /// Seals, if there is a sealer.
    pub fn new(sealer: Option<Sealer>) -> RecordWriter {
        RecordWriter(sealer)
    }

    /// Writes all bytes.
    ///
    /// # Errors
    /// As writing fails; `BrokenPipe` if the connection is over because of what was received on it.
    pub fn write(&mut self, to: impl Write, bytes: &[u8]) -> io::Result<()> {
        self.write_seen(to, bytes, |_| {})
    }

    /// The same. Before anything is written, `see` is given the records, if there are any.
    ///
    /// # Errors
    /// As [`RecordWriter::write`].
    pub fn write_seen(
        &mut self,
        mut to: impl Write,
        bytes: &[u8],
        see: impl FnOnce(Option<&[u8]>),
    ) -> io::Result<()> {
        let Some(sealer) = &mut self.0 else {
            see(None);
            return to.write_all(bytes);
        };
        let mut records = Vec::new();
        let open = sealer.seal(bytes, &mut records);
        see(Some(&records));
        to.write_all(&records)?;
        if open { Ok(()) } else { Err(io::ErrorKind::BrokenPipe.into()) }
    }

    /// Writes the last word of a secured connection: that everything was said, or what is wrong with what came.
    ///
    /// # Errors
    /// As writing fails.
    pub fn close(&mut self, mut to: impl Write) -> io::Result<()> {
        let mut records = Vec::new();
        self.0.iter_mut().for_each(|sealer| sealer.close(&mut records));
        to.write_all(&records)
    }
}
