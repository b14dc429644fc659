//! The ClientHello (RFC 8446, sections 4.1.2, 4.2 to 4.2.1, 4.2.7 to 4.2.9, 4.2.11): what a client offers.
//!
//! This client offers one of each: TLS 1.3, `TLS_CHACHA20_POLY1305_SHA256`, X25519 with a public key, and a shared key
//! by its name, with the proof that it has that key (the *binder*). The server takes such an offer out of a longer one.

use super::alert::Alert;
use super::encoding::{Parser, extension, message, numbers, vector8, vector16};
use super::key_schedule::{Bytes32, EarlySecret};
use super::sha256::{HASH, Sha256, same};

/// The handshake message's type.
pub const CLIENT_HELLO: u8 = 1;
/// `TLS_CHACHA20_POLY1305_SHA256`.
pub const SUITE: u16 = 0x1303;
/// TLS 1.3.
pub const VERSION: u16 = 0x0304;
/// TLS 1.2: what all hellos say first, so that old programs on the way let them pass.
pub const OLD_VERSION: u16 = 0x0303;
/// The group `x25519`.
pub const X25519: u16 = 0x001d;
/// The mode `psk_dhe_ke`: a shared key together with X25519, so that who learns the key later cannot open the records.
const PSK_DHE_KE: u8 = 1;

/// The extension `supported_groups`.
pub const SUPPORTED_GROUPS: u16 = 10;
/// The extension `pre_shared_key`.
pub const PRE_SHARED_KEY: u16 = 41;
/// The extension `supported_versions`.
pub const SUPPORTED_VERSIONS: u16 = 43;
/// The extension `psk_key_exchange_modes`.
pub const PSK_MODES: u16 = 45;
/// The extension `key_share`.
pub const KEY_SHARE: u16 = 51;

/// The bytes of the binders in a ClientHello with one shared key.
const BINDERS: usize = 2 + 1 + HASH;

/// Writes a ClientHello. The identity names the shared key.
pub fn client_hello(
    random: &Bytes32,
    public: &Bytes32,
    identity: &[u8],
    early: &EarlySecret,
) -> Vec<u8> {
    let group = X25519.to_be_bytes();
    let share = [&group, &vector16(public)[..]].concat();
    let no_age = [0; 4]; // keys from outside of TLS have none
    let identities = vector16(&[&vector16(identity)[..], &no_age].concat());
    let binders = vector16(&vector8(&[0; HASH]));
    let extensions = [
        extension(SUPPORTED_VERSIONS, &vector8(&VERSION.to_be_bytes())),
        extension(SUPPORTED_GROUPS, &vector16(&group)),
        extension(KEY_SHARE, &vector16(&share)),
        extension(PSK_MODES, &vector8(&[PSK_DHE_KE])),
        extension(PRE_SHARED_KEY, &[identities, binders].concat()),
    ];
    let body = [
        &OLD_VERSION.to_be_bytes()[..],
        random,
        &vector8(&[]), // no session
        &vector16(&SUITE.to_be_bytes()),
        &vector8(&[0]), // no compression
        &vector16(&extensions.concat()),
    ];
    let mut hello = message(CLIENT_HELLO, &body.concat());
    // The binder is a proof of all that stands before the binders.
    let binder = early.binder(&Sha256::of(&hello[..hello.len() - BINDERS]));
    let start = hello.len() - HASH;
    hello[start..].copy_from_slice(&binder);
    hello
}

/// What a server takes out of a ClientHello.
pub struct ClientHello<'a> {
    /// Names the connection in the key log.
    pub random: Bytes32,
    /// To be repeated.
    pub session: &'a [u8],
    /// The client's public key.
    pub public: Bytes32,
    /// The names of shared keys, the best one first.
    pub identities: Vec<&'a [u8]>,
    /// For each of them the proof that the client has the key.
    binders: Vec<&'a [u8]>,
    /// The message without the binders.
    bound: &'a [u8],
}

impl<'a> ClientHello<'a> {
    /// Reads a ClientHello. Fails if it is wrong, and if it does not offer what is needed.
    pub fn parse(message: &'a [u8]) -> Result<ClientHello<'a>, Alert> {
        let mut body = Parser::of_message(message);
        body.number()?; // the old version says nothing
        let (random, session) = (body.array()?, body.vector8()?);
        let (suites, compression) = (body.vector16()?, body.vector8()?);
        if session.len() > HASH {
            return Err(Alert::DECODE_ERROR);
        }
        let mut suites = numbers(suites)?;
        let offers = OfferedExtensions::parse(body)?;
        let versions = Parser::new(offers.versions.ok_or(Alert::PROTOCOL_VERSION)?).last8()?;
        if !numbers(versions)?.any(|version| version == VERSION) {
            return Err(Alert::PROTOCOL_VERSION);
        }
        if compression != [0] {
            return Err(Alert::ILLEGAL_PARAMETER);
        }
        let keys = offers.keys.filter(|_| suites.any(|suite| suite == SUITE));
        let keys = keys.ok_or(Alert::HANDSHAKE_FAILURE)?;
        let modes = Parser::new(offers.modes.ok_or(Alert::MISSING_EXTENSION)?).last8()?;
        if !modes.contains(&PSK_DHE_KE) {
            return Err(Alert::HANDSHAKE_FAILURE);
        }
        let public = offers.public_key()?;
        let (identities, binders, length) = shared_keys(keys)?;
        // The binders are the last of the last extension.
        let bound = &message[..message.len() - length];
        Ok(ClientHello { random, session, public, identities, binders, bound })
    }

    /// Checks the proof that the client has the shared key with this index.
    pub fn check_binder(&self, index: usize, early: &EarlySecret) -> Result<(), Alert> {
        let proof = self.binders.get(index).ok_or(Alert::INTERNAL_ERROR)?;
        let right = same(proof, &early.binder(&Sha256::of(self.bound)));
        if right { Ok(()) } else { Err(Alert::DECRYPT_ERROR) }
    }
}

/// The bodies of the extensions that count. All others are skipped.
#[derive(Default)]
struct OfferedExtensions<'a> {
    versions: Option<&'a [u8]>,
    groups: Option<&'a [u8]>,
    shares: Option<&'a [u8]>,
    modes: Option<&'a [u8]>,
    keys: Option<&'a [u8]>,
}

impl<'a> OfferedExtensions<'a> {
    /// Reads the rest of a ClientHello. Very old ones end before it.
    fn parse(body: Parser<'a>) -> Result<OfferedExtensions<'a>, Alert> {
        let mut offers = OfferedExtensions::default();
        if body.is_empty() {
            return Ok(offers);
        }
        let (mut extensions, mut seen) = (Parser::new(body.last16()?), Vec::new());
        while !extensions.is_empty() {
            let (number, content) = extensions.extension(&mut seen)?;
            match number {
                SUPPORTED_VERSIONS => offers.versions = Some(content),
                SUPPORTED_GROUPS => offers.groups = Some(content),
                KEY_SHARE => offers.shares = Some(content),
                PSK_MODES => offers.modes = Some(content),
                PRE_SHARED_KEY if extensions.is_empty() => offers.keys = Some(content),
                PRE_SHARED_KEY => return Err(Alert::ILLEGAL_PARAMETER), // it must be the last
                _ => {}
            }
        }
        Ok(offers)
    }

    /// The public key for X25519. Each group may have one, and each of these groups must be supported.
    fn public_key(&self) -> Result<Bytes32, Alert> {
        let groups = Parser::new(self.groups.ok_or(Alert::MISSING_EXTENSION)?).last16()?;
        let groups: Vec<u16> = numbers(groups)?.collect();
        let shares = Parser::new(self.shares.ok_or(Alert::MISSING_EXTENSION)?).last16()?;
        let (mut shares, mut seen, mut public) = (Parser::new(shares), Vec::new(), None);
        while !shares.is_empty() {
            let (group, key) = shares.extension(&mut seen)?;
            if !groups.contains(&group) {
                return Err(Alert::ILLEGAL_PARAMETER);
            }
            public = if group == X25519 { Some(key) } else { public };
        }
        let public = public.ok_or(Alert::HANDSHAKE_FAILURE)?;
        public.try_into().map_err(|_| Alert::ILLEGAL_PARAMETER)
    }
}

/// Identities, their binders, and how many bytes the binders are with their length.
type SharedKeys<'a> = (Vec<&'a [u8]>, Vec<&'a [u8]>, usize);

/// Reads the body of `pre_shared_key`.
fn shared_keys(body: &[u8]) -> Result<SharedKeys<'_>, Alert> {
    let mut body = Parser::new(body);
    let mut names = Parser::new(body.vector16()?);
    let proofs = body.last16()?;
    let length = 2 + proofs.len();
    let (mut identities, mut binders, mut proofs) = (Vec::new(), Vec::new(), Parser::new(proofs));
    while !names.is_empty() {
        identities.push(names.vector16()?);
        names.bytes(4)?; // its age, which keys from outside of TLS do not have
    }
    while !proofs.is_empty() {
        binders.push(proofs.vector8()?);
    }
    let short = |binder: &&[u8]| binder.len() < HASH;
    if identities.is_empty() || identities.contains(&&[][..]) || binders.iter().any(short) {
        return Err(Alert::DECODE_ERROR);
    }
    let pairs = identities.len() == binders.len();
    if pairs { Ok((identities, binders, length)) } else { Err(Alert::ILLEGAL_PARAMETER) }
}
