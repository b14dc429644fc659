//! The client's part of the handshake (RFC 8446, appendix A.1).

use std::io::{self, Read, Write};

use super::alert::Alert;
use super::client_hello::client_hello;
use super::handshake::{Ephemeral, Handshake, Secured, SharedKey};
use super::key_schedule::{EarlySecret, Exporter};
use super::keylog::KeyLog;
use super::server_hello::{
    ENCRYPTED_EXTENSIONS, SERVER_HELLO, parse_encrypted_extensions, parse_server_hello,
};
use super::x25519::{public_key, shared_secret};

/// Makes a connection secure, as the client.
///
/// # Errors
///
/// Fails with a [`TlsError`](super::TlsError), after an alert if this side has found the fault; and with an error of
/// the input or the output, such as the end of a deadline, after which the handshake cannot go on.
pub fn connect<R: Read, W: Write>(
    input: &mut R,
    output: &mut W,
    key: &SharedKey,
    log: Option<&KeyLog>,
) -> io::Result<Secured> {
    connect_with(input, output, key, log, &Ephemeral::fresh())
}

/// The same, with what the client would draw.
///
/// # Errors
///
/// Fails as [`connect`] does.
pub fn connect_with<R: Read, W: Write>(
    input: &mut R,
    output: &mut W,
    key: &SharedKey,
    log: Option<&KeyLog>,
    ephemeral: &Ephemeral,
) -> io::Result<Secured> {
    let mut handshake = Handshake::new(true, (&[], input), output, log);
    let result = run(&mut handshake, key, ephemeral);
    handshake.end(result)
}

/// The steps.
fn run<R: Read, W: Write>(
    handshake: &mut Handshake<R, W>,
    key: &SharedKey,
    Ephemeral { random, private }: &Ephemeral,
) -> io::Result<Exporter> {
    let early = EarlySecret::new(&key.key);
    handshake.add(&client_hello(random, &public_key(private), &key.identity, &early));
    handshake.send()?;
    handshake.opener.set_in_handshake(true);

    let hello = handshake.receive(SERVER_HELLO)?;
    let public = parse_server_hello(&hello)?;
    handshake.note(&hello);
    let shared = shared_secret(private, &public).ok_or(Alert::ILLEGAL_PARAMETER)?;
    let secret = early.handshake(&shared);
    let [own, other] = handshake.own_secrets(&secret, random);
    handshake.opener.set_keys(other)?;
    handshake.sealer.set_keys(own);

    let extensions = handshake.receive(ENCRYPTED_EXTENSIONS)?;
    parse_encrypted_extensions(&extensions)?;
    handshake.note(&extensions);
    handshake.receive_finished(&other)?;
    let ([client, server], exporter) = handshake.data_secrets(&secret, random);
    handshake.opener.set_keys(server)?;

    handshake.add_finished(&own);
    handshake.send()?;
    handshake.sealer.set_keys(client);
    Ok(exporter)
}
