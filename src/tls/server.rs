//! The server's part of the handshake (RFC 8446, appendix A.2), and the keys that it knows.

use std::io::{self, Read, Write};

use super::alert::Alert;
use super::client_hello::{CLIENT_HELLO, ClientHello};
use super::handshake::{Ephemeral, Handshake, Secured, SharedKey};
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
/// Fails with a [`TlsError`](super::TlsError), after an alert if this side has found the fault; and with an error of
/// the input or the output, such as the end of a deadline, after which the handshake cannot go on.
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
    let mut handshake = Handshake::new(false, input, output, log);
    let result = run(&mut handshake, keyring, ephemeral);
    handshake.end(result)
}

/// The steps. The binder is checked before anything that costs time.
fn run<R: Read, W: Write>(
    handshake: &mut Handshake<R, W>,
    keyring: &impl Keyring,
    Ephemeral { random, private }: &Ephemeral,
) -> io::Result<Exporter> {
    let hello = handshake.receive(CLIENT_HELLO)?;
    handshake.opener.set_in_handshake(true);
    let offer = ClientHello::parse(&hello)?;
    let found = keyring.find(&offer.identities);
    let (index, key) = found.ok_or(Alert::UNKNOWN_PSK_IDENTITY)?;
    let early = EarlySecret::new(&key);
    offer.check_binder(index, &early)?;
    handshake.note(&hello);
    let shared = shared_secret(private, &offer.public).ok_or(Alert::ILLEGAL_PARAMETER)?;

    let number = u16::try_from(index).map_err(|_| Alert::INTERNAL_ERROR)?;
    handshake.add(&server_hello(random, offer.session, &public_key(private), number));
    if !offer.session.is_empty() {
        handshake.add_record(CHANGE_CIPHER_SPEC, &[1]); // for old programs on the way (D.4)
    }
    let secret = early.handshake(&shared);
    let [other, own] = handshake.own_secrets(&secret, &offer.random);
    handshake.opener.set_keys(other)?;
    handshake.sealer.set_keys(own);
    handshake.add(&[ENCRYPTED_EXTENSIONS, 0, 0, 2, 0, 0]); // none
    handshake.add_finished(&own);
    let ([client, server], exporter) = handshake.data_secrets(&secret, &offer.random);
    handshake.send()?;
    handshake.sealer.set_keys(server);

    handshake.receive_finished(&other)?;
    handshake.opener.set_keys(client)?;
    let identity = offer.identities.get(index).ok_or(Alert::INTERNAL_ERROR)?;
    if !keyring.use_up(identity) {
        return Err(Alert::UNKNOWN_PSK_IDENTITY.into());
    }
    Ok(exporter)
}
