//! The handshake (RFC 8446, sections 2.2 and 4.4.4): both sides make keys, and prove that they have the shared key.
//!
//! ```text
//! client                                   server
//!   ClientHello  ─────────────────────────►          offer, public key, binder
//!                ◄─────────────────────────  ServerHello: choice, public key
//!                ◄═════════════════════════  EncryptedExtensions, Finished
//!   Finished     ═════════════════════════►          ═ is encrypted
//! ```
//!
//! This file has what both roles share; [`connect`](super::client::connect) and [`accept`](super::server::accept)
//! are the roles.

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;

use super::alert::{Alert, TlsError};
use super::encoding::message;
use super::key_schedule::{Bytes32, Exporter, HandshakeSecret, check_finished, finished};
use super::keylog::KeyLog;
use super::opener::Opener;
use super::random::random;
use super::record::HANDSHAKE;
use super::sealer::{Control, Sealer};
use super::sha256::Sha256;

/// The handshake message's type.
pub const FINISHED: u8 = 20;

/// What a handshake makes: a connection that is encrypted from here on.
#[derive(Debug)]
pub struct Secured {
    /// The receiving direction.
    pub opener: Opener,
    /// The sending direction.
    pub sealer: Sealer,
    /// Further secrets of this connection.
    pub exporter: Exporter,
}

/// A shared key with its name.
#[derive(Clone)]
pub struct SharedKey {
    /// Names the key in the clear, in 1 to 16,000 bytes.
    pub identity: Vec<u8>,
    /// Any number of secret bytes, 16 at least.
    pub key: Vec<u8>,
}

impl fmt::Debug for SharedKey {
    /// Shows no key, so that no log can hold one.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("SharedKey(…)")
    }
}

/// What one side draws for one handshake. Tests choose it; everybody else takes a fresh one.
#[derive(Clone)]
pub struct Ephemeral {
    /// Makes each hello another one.
    pub random: Bytes32,
    /// The private key of X25519.
    pub private: Bytes32,
}

impl Ephemeral {
    /// Draws what nobody can foresee.
    pub fn fresh() -> Ephemeral {
        Ephemeral { random: random(), private: random() }
    }
}

/// One handshake under way: both directions, and the transcript.
pub(super) struct Handshake<'a, R, W> {
    input: &'a mut R,
    output: &'a mut W,
    pub(super) opener: Opener,
    pub(super) sealer: Sealer,
    /// The hash of all messages so far.
    transcript: Sha256,
    /// The records of the flight that is not sent yet.
    flight: Vec<u8>,
    log: Option<&'a KeyLog>,
}

impl<'a, R: Read, W: Write> Handshake<'a, R, W> {
    /// Begins a handshake. `read` is what was read from the input before.
    pub(super) fn new(
        is_client: bool,
        (read, input): (&[u8], &'a mut R),
        output: &'a mut W,
        log: Option<&'a KeyLog>,
    ) -> Handshake<'a, R, W> {
        let control = Arc::<Control>::default();
        let opener = Opener::new(is_client, read, Arc::clone(&control));
        let (sealer, transcript) = (Sealer::new(control), Sha256::new());
        Handshake { input, output, opener, sealer, transcript, flight: Vec::new(), log }
    }

    /// Waits for the next message, which must be of this kind. The transcript does not have it yet.
    pub(super) fn receive(&mut self, kind: u8) -> io::Result<Vec<u8>> {
        let message = self.opener.message(self.input)?;
        if message[0] == kind { Ok(message) } else { Err(Alert::UNEXPECTED_MESSAGE.into()) }
    }

    /// Waits for the other side's Finished, and checks it.
    pub(super) fn receive_finished(&mut self, secret: &Bytes32) -> io::Result<()> {
        let message = self.receive(FINISHED)?;
        let (_, content) = message.split_at(4); // its type and its length
        check_finished(content, secret, &self.hash())?;
        self.note(&message);
        self.opener.set_in_handshake(false);
        Ok(())
    }

    /// Adds a message to the transcript.
    pub(super) fn note(&mut self, message: &[u8]) {
        self.transcript.update(message);
    }

    /// The hash of all messages so far.
    pub(super) fn hash(&self) -> Bytes32 {
        self.transcript.clone().finish()
    }

    /// Adds a message to the transcript, and a record with it to the flight.
    pub(super) fn add(&mut self, message: &[u8]) {
        self.note(message);
        self.add_record(HANDSHAKE, message);
    }

    /// Adds a record to the flight.
    pub(super) fn add_record(&mut self, kind: u8, content: &[u8]) {
        self.sealer.records(kind, content, &mut self.flight);
    }

    /// Adds a Finished to the flight.
    pub(super) fn add_finished(&mut self, secret: &Bytes32) {
        self.add(&message(FINISHED, &finished(secret, &self.hash())));
    }

    /// Sends the flight, in one write.
    pub(super) fn send(&mut self) -> io::Result<()> {
        let flight = std::mem::take(&mut self.flight);
        self.output.write_all(&flight)?;
        self.output.flush()
    }

    /// The secrets of both directions for the handshake itself, after the ServerHello; the client's first.
    pub(super) fn own_secrets(&self, secret: &HandshakeSecret, random: &Bytes32) -> [Bytes32; 2] {
        let [client, server] = secret.traffic(&self.hash());
        self.log_secret(random, "CLIENT_HANDSHAKE_TRAFFIC_SECRET", &client);
        self.log_secret(random, "SERVER_HANDSHAKE_TRAFFIC_SECRET", &server);
        [client, server]
    }

    /// The secrets of both directions for the data, after the server's Finished; the client's first. And the exporter.
    pub(super) fn data_secrets(
        &self,
        secret: &HandshakeSecret,
        random: &Bytes32,
    ) -> ([Bytes32; 2], Exporter) {
        let (master, hash) = (secret.master(), self.hash());
        let ([client, server], exporter) = (master.traffic(&hash), master.exporter(&hash));
        self.log_secret(random, "CLIENT_TRAFFIC_SECRET_0", &client);
        self.log_secret(random, "SERVER_TRAFFIC_SECRET_0", &server);
        self.log_secret(random, "EXPORTER_SECRET", exporter.secret());
        ([client, server], exporter)
    }

    /// Writes a secret to the key log, if there is one. The random is that of the ClientHello.
    fn log_secret(&self, random: &Bytes32, label: &str, secret: &Bytes32) {
        if let Some(log) = self.log {
            log.write(random, label, secret);
        }
    }

    /// Ends the handshake. If this side has found a fault, the other one is told.
    pub(super) fn end(mut self, result: io::Result<Exporter>) -> io::Result<Secured> {
        match result {
            Ok(exporter) => Ok(Secured { opener: self.opener, sealer: self.sealer, exporter }),
            Err(error) => {
                if let Some(TlsError::Found(alert)) = TlsError::of(&error) {
                    self.sealer.fail(alert);
                    self.flight.clear();
                    self.sealer.close(&mut self.flight);
                    let _ = self.send();
                }
                Err(error)
            }
        }
    }
}
