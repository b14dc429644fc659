//! The server's part of the handshake (RFC 8446, appendix A.2), and the keys that it knows.

use std::io::{self, Read, Write};

use super::alert::Alert;
use super::client_hello::{CLIENT_HELLO, ClientHello};
use super::handshake::{Ephemeral, Exchange, Secured, SharedKey};
use super::key_schedule::{EarlySecret, Exporter};
use super::keylog::KeyLog;
use super::record::CHANGE_CIPHER_SPEC;
use super::server_hello::{ENCRYPTED_EXTENSIONS, server_hello};
use super::x25519::{public_key, shared_secret};

/// The shared keys that a server knows.
pub trait Keyring {
    /// Finds the key of the first identity that is known, and returns its index and the key. It may wait for one.
    fn find(&self, identities: &[&[u8]]) -> Option<(usize, Vec<u8>)>;

    /// A client has proved that it has the key, and is no replay. Returns whether it may go on: false if the key serves
    /// once, and another client was first.
    fn use_up(&self, _identity: &[u8]) -> bool {
        true
    }
}

/// One key that serves for any number of connections.
impl Keyring for SharedKey {
    fn find(&self, identities: &[&[u8]]) -> Option<(usize, Vec<u8>)> {
        let index = identities.iter().position(|identity| *identity == self.identity)?;
        Some((index, self.key.clone()))
    }
}

/// Makes a connection secure, as the server. `read` is what was read from the input before it was clear that the client
/// speaks TLS.
///
/// # Errors
///
/// Fails with a [`TlsError`](super::TlsError), after an alert if this side has found the fault; and with an error of the
/// input or the output, such as the end of a deadline, after which the handshake cannot go on.
pub fn accept<R: Read, W: Write>(
    (read, input): (&[u8], &mut R),
    output: &mut W,
    keyring: &impl Keyring,
    log: Option<&KeyLog>,
) -> io::Result<Secured> {
    accept_with((read, input), output, keyring, log, &Ephemeral::fresh())
}

/// The same, with what the server would draw.
///
/// # Errors
///
/// Fails as [`accept`] does.
pub fn accept_with<R: Read, W: Write>(
    input: (&[u8], &mut R),
    output: &mut W,
    keyring: &impl Keyring,
    log: Option<&KeyLog>,
    ephemeral: &Ephemeral,
) -> io::Result<Secured> {
    let mut exchange = Exchange::new(false, input, output, log);
    let result = run(&mut exchange, keyring, ephemeral);
    exchange.end(result)
}

/// The steps. The binder is checked before anything that costs time.
fn run<R: Read, W: Write>(
    exchange: &mut Exchange<R, W>,
    keyring: &impl Keyring,
    Ephemeral { random, private }: &Ephemeral,
) -> io::Result<Exporter> {
    let hello = exchange.receive(CLIENT_HELLO)?;
    exchange.opener.set_in_handshake(true);
    let offer = ClientHello::parse(&hello)?;
    let found = keyring.find(&offer.identities);
    let (index, key) = found.ok_or(Alert::UNKNOWN_PSK_IDENTITY)?;
    let early = EarlySecret::new(&key);
    offer.check_binder(index, &early)?;
    exchange.note(&hello);
    let shared = shared_secret(private, &offer.public).ok_or(Alert::ILLEGAL_PARAMETER)?;

    let number = u16::try_from(index).map_err(|_| Alert::INTERNAL_ERROR)?;
    exchange.add(&server_hello(random, offer.session, &public_key(private), number));
    if !offer.session.is_empty() {
        exchange.add_record(CHANGE_CIPHER_SPEC, &[1]); // for old programs on the way (D.4)
    }
    let handshake = early.handshake(&shared);
    let [client, server] = handshake.traffic(&exchange.hash());
    exchange.log_handshake(&offer.random, &client, &server);
    exchange.opener.set_keys(client)?;
    exchange.sealer.set_keys(server);
    exchange.add(&[ENCRYPTED_EXTENSIONS, 0, 0, 2, 0, 0]); // none
    exchange.add_finished(&server);
    let master = handshake.master();
    let (hash, finished_key) = (exchange.hash(), client);
    let [client, server] = master.traffic(&hash);
    let exporter = master.exporter(&hash);
    exchange.log_data(&offer.random, [&client, &server], &exporter);
    exchange.send()?;
    exchange.sealer.set_keys(server);

    exchange.receive_finished(&finished_key)?;
    exchange.opener.set_keys(client)?;
    if !keyring.use_up(offer.identities[index]) {
        return Err(Alert::UNKNOWN_PSK_IDENTITY.into());
    }
    Ok(exporter)
}
