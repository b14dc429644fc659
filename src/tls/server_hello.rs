//! The ServerHello and the EncryptedExtensions (RFC 8446, sections 4.1.3, 4.2 and 4.3.1): what a server takes of an
//! offer.

use super::alert::Alert;
use super::client_hello::{
    KEY_SHARE, OLD_VERSION, PRE_SHARED_KEY, PSK_MODES, SUITE, SUPPORTED_GROUPS, SUPPORTED_VERSIONS,
    VERSION, X25519,
};
use super::encoding::{Parser, extension, message, vector8, vector16};
use super::key_schedule::Bytes32;
use super::sha256::Sha256;

/// The handshake message's type.
pub const SERVER_HELLO: u8 = 2;
/// The type of the message after it, the first one that is encrypted.
pub const ENCRYPTED_EXTENSIONS: u8 = 8;

/// Writes a ServerHello: the shared key with this index is taken.
pub fn server_hello(random: &Bytes32, session: &[u8], public: &Bytes32, index: u16) -> Vec<u8> {
    let share = [&X25519.to_be_bytes(), &vector16(public)[..]].concat();
    let extensions = [
        extension(SUPPORTED_VERSIONS, &VERSION.to_be_bytes()),
        extension(KEY_SHARE, &share),
        extension(PRE_SHARED_KEY, &index.to_be_bytes()),
    ];
    let body = [
        &OLD_VERSION.to_be_bytes()[..],
        random,
        &vector8(session),
        &SUITE.to_be_bytes(),
        &[0], // no compression
        &vector16(&extensions.concat()),
    ];
    message(SERVER_HELLO, &body.concat())
}

/// Reads a ServerHello, and returns the server's public key. Fails if it takes what was not offered.
pub fn parse_server_hello(message: &[u8]) -> Result<Bytes32, Alert> {
    let mut body = Parser::of_message(message);
    let (old_version, random) = (body.number()?, body.array()?);
    let (session, suite, compression) = (body.vector8()?, body.number()?, body.array()?);
    if body.is_empty() {
        return Err(Alert::PROTOCOL_VERSION); // TLS 1.2 without extensions
    }
    let (mut version, mut public, mut index) = (None, None, None);
    let (mut extensions, mut seen) = (Parser::new(body.last16()?), Vec::new());
    while !extensions.is_empty() {
        let (number, content) = extensions.extension(&mut seen)?;
        match number {
            SUPPORTED_VERSIONS => version = Some(content),
            KEY_SHARE => public = Some(content),
            PRE_SHARED_KEY => index = Some(content),
            number => return Err(wrong_extension(number)),
        }
    }
    if version.ok_or(Alert::PROTOCOL_VERSION)? != VERSION.to_be_bytes() {
        return Err(Alert::ILLEGAL_PARAMETER);
    }
    // A ServerHello with this random is a HelloRetryRequest. There is no other group to try.
    let retry = random == Sha256::of(b"HelloRetryRequest");
    let echoed = (old_version, session, suite) == (OLD_VERSION, &[][..], SUITE);
    if retry || !echoed || compression != [0] {
        return Err(Alert::ILLEGAL_PARAMETER);
    }
    let (public, index) = public.zip(index).ok_or(Alert::MISSING_EXTENSION)?;
    if index != [0, 0] {
        return Err(Alert::ILLEGAL_PARAMETER); // only one key was offered
    }
    let mut share = Parser::new(public);
    let (group, public) = (share.number()?, share.last16()?);
    let public = public.try_into().map_err(|_| Alert::ILLEGAL_PARAMETER);
    if group == X25519 { public } else { Err(Alert::ILLEGAL_PARAMETER) }
}

/// Reads the EncryptedExtensions. Nothing in them is needed.
pub fn parse_encrypted_extensions(message: &[u8]) -> Result<(), Alert> {
    let mut extensions = Parser::new(Parser::of_message(message).last16()?);
    let mut seen = Vec::new();
    while !extensions.is_empty() {
        let (number, _) = extensions.extension(&mut seen)?;
        if number != SUPPORTED_GROUPS {
            return Err(wrong_extension(number));
        }
    }
    Ok(())
}

/// The fault of an extension that does not belong there: one that was offered, or one that was not.
fn wrong_extension(number: u16) -> Alert {
    match number {
        SUPPORTED_VERSIONS | SUPPORTED_GROUPS | KEY_SHARE | PSK_MODES | PRE_SHARED_KEY => {
            Alert::ILLEGAL_PARAMETER
        }
        _ => Alert::UNSUPPORTED_EXTENSION,
    }
}
