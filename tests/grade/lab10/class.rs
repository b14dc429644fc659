//! A class's key, and everybody who has it.

use std::fs;
use std::net::SocketAddr;

use crate::driver::by_hand;
use crate::driver::cast::{Client, Server};
use crate::driver::dice::Dice;
use crate::driver::folder::Folder;
use crate::lab10::tls::{Channel, Handshake};

/// What can be done by hand in place of a story over TLS.
const BY_HAND: &str = "the grader's TLS lies where it must, so this cannot be played by hand.\n\
    With OpenSSL you can try the honest part:\n\
    cargo run --bin server -- --key class.key   and in another terminal\n\
    openssl s_client -connect 127.0.0.1:5555 -tls1_3 -psk_identity p2p-chat \\\n\
    \u{20}   -psk $(cat class.key) -ciphersuites TLS_CHACHA20_POLY1305_SHA256 \\\n\
    \u{20}   -groups X25519 -nocommands -quiet -no_ign_eof";

/// A class's key, in a file.
pub struct Class {
    folder: Folder,
    key: Vec<u8>,
}

impl Class {
    /// Makes a key.
    pub fn new(dice: &mut Dice) -> Self {
        let folder = Folder::fresh();
        let key: Vec<u8> = (0..16).map(|_| u8::try_from(dice.below(256)).unwrap()).collect();
        let digits: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        fs::write(folder.file("class.key"), digits + "\n").unwrap();
        by_hand::cannot(BY_HAND);
        Self { folder, key }
    }

    /// The key.
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// Starts a server with this key.
    #[track_caller]
    pub fn server(&self) -> Server {
        Server::start(&["--key", self.folder.file("class.key").to_str().unwrap()])
    }

    /// Starts a client with this key.
    #[track_caller]
    pub fn client(&self, name: &str, server: SocketAddr) -> Client {
        Client::start_with(
            name,
            server,
            &["--key", self.folder.file("class.key").to_str().unwrap()],
        )
    }

    /// Somebody with this key comes to a server and is answered: both sides have keys.
    #[track_caller]
    pub fn offers(&self, who: &str, server: &Server, dice: &mut Dice) -> Handshake {
        Handshake::offers(server.connect(who), &self.key, dice)
    }

    /// Somebody with this key comes to a server, and waits for the server's Finished.
    #[track_caller]
    pub fn hears_finished(&self, who: &str, server: &Server, dice: &mut Dice) -> Handshake {
        let mut handshake = self.offers(who, server, dice);
        handshake.gets_extensions();
        handshake.gets_server_finished();
        handshake
    }

    /// The whole handshake.
    #[track_caller]
    pub fn connects(&self, who: &str, server: &Server, dice: &mut Dice) -> Channel {
        let handshake = self.hears_finished(who, server, dice);
        let finished = handshake.finished();
        handshake.ends(&finished, 0)
    }

    /// The whole handshake; then it registers and joins. What follows JOINACK is still to be read.
    #[track_caller]
    pub fn joins(&self, name: &str, server: &Server, dice: &mut Dice) -> Channel {
        let mut channel = self.connects(name, server, dice);
        channel.joins(name);
        channel
    }
}
