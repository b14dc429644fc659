//! OpenSSL and GnuTLS as the other side, in both roles. A test without its program says so, and is left out.
//!
//! With `--ignored` tshark, too, records a connection and opens it with the key log.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use p2p_chat::io_error::is_waiting;
use p2p_chat::tls::{Alert, KeyLog, Secured, SharedKey, TlsError, accept, connect};

use crate::support::{DEADLINE, Folder, Program, free_port};
use crate::tls::programs::{PRIORITY, decoded, find, records, shows, tells};
use crate::tls::{class_key, error, hex};

/// The key of the class, as the programs take it.
const KEY: &str = "00112233445566778899aabbccddeeff";
/// Another one.
const WRONG: &str = "00112233445566778899aabbccddeefe";
/// A connection of ours, with the socket below it.
struct Ours {
    secured: Secured,
    socket: TcpStream,
}

impl Ours {
    /// Sends these bytes.
    fn says(&mut self, bytes: &[u8]) {
        let mut out = Vec::new();
        assert!(self.secured.sealer.seal(bytes, &mut out));
        self.socket.write_all(&out).unwrap();
    }

    /// Sends KeyUpdate. Perhaps it asks for one.
    fn updates_keys(&mut self, ask: bool) {
        let mut out = Vec::new();
        self.secured.sealer.update_keys(ask, &mut out);
        self.socket.write_all(&out).unwrap();
    }

    /// Waits for a line; `None` is the end.
    fn hears(&mut self) -> Option<String> {
        let opener = &mut self.secured.opener;
        let mut line = Vec::new();
        loop {
            match opener.fill(&mut self.socket) {
                Ok(()) if opener.data().is_empty() => break,
                Ok(()) => {}
                Err(error) if is_waiting(&error) => continue,
                Err(error) => panic!("{error}"),
            }
            let data = opener.data();
            let end = data.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(data.len(), |end| end + 1);
            line.extend_from_slice(&data[..taken]);
            opener.consume(taken);
            if end.is_some() {
                break;
            }
        }
        (!line.is_empty()).then(|| String::from_utf8(line).unwrap().trim_end().to_owned())
    }

    /// Says the last word.
    fn closes(&mut self) {
        let mut out = Vec::new();
        self.secured.sealer.close(&mut out);
        self.socket.write_all(&out).unwrap();
    }
}

/// Where our server listens.
fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Our server's side of the next connection.
fn serve(listener: &TcpListener, log: Option<&KeyLog>) -> io::Result<Ours> {
    let (socket, _) = listener.accept().unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    let secured = accept((&[], &mut &socket), &mut &socket, &class_key(), log)?;
    Ok(Ours { secured, socket })
}

/// Our client's side of a connection to a program.
fn call(address: &str, key: &SharedKey, log: Option<&KeyLog>) -> io::Result<Ours> {
    let socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    let secured = connect(&mut &socket, &mut &socket, key, log)?;
    Ok(Ours { secured, socket })
}

/// Starts OpenSSL's client against our server.
fn s_client(address: SocketAddr, key: &str, flags: &[&str], folder: &Folder) -> Option<Program> {
    let (program, address) = (find("openssl")?, address.to_string());
    let usual =
        ["s_client", "-connect", &address, "-tls1_3", "-psk_identity", "class", "-psk", key];
    Some(Program::start("s_client", &program, &[&usual[..], flags].concat(), folder))
}

/// Lines go both ways, long ones, too, and the end is an orderly one.
fn s_client_talks(flags: &[&str]) {
    let (folder, (listener, address)) = (Folder::fresh(), listener());
    let flags = [flags, &["-quiet", "-nocommands", "-no_ign_eof"]].concat();
    let Some(program) = s_client(address, KEY, &flags, &folder) else { return };
    let mut ours = serve(&listener, None).unwrap();
    for line in ["Hello, everyone!", &"long ".repeat(10_000)] {
        program.types(line);
        assert_eq!(ours.hears().as_deref(), Some(line.trim_end()));
        ours.says(format!("{line}\n").as_bytes());
        program.sees_line(line);
    }
    ours.updates_keys(true);
    ours.says(b"with new keys\n");
    program.sees_line("with new keys");
    program.types("and back");
    assert_eq!(ours.hears().as_deref(), Some("and back"));
    ours.closes();
    program.exits(0);
}

table! { s_client_talks:
    openssl_as_client(&[]);
    openssl_as_client_with_our_suite_alone(&["-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256", "-groups", "X25519"]);
    openssl_as_client_with_padding_and_pieces(&["-record_padding", "1024", "-max_send_frag", "512"]);
    openssl_as_client_without_middlebox_dress(&["-no_middlebox"]);
}

#[test]
fn openssl_as_client_changes_keys() {
    let (folder, (listener, address)) = (Folder::fresh(), listener());
    let Some(program) = s_client(address, KEY, &[], &folder) else { return };
    let mut ours = serve(&listener, None).unwrap();
    program.waits("the handshake's end", |line| line.starts_with("---").then_some(()));
    for line in ["k", "K", "K"] {
        program.types_bytes(format!("{line}\n").as_bytes());
        tells(&program, "KEYUPDATE");
        program.types("Hello");
        assert_eq!(ours.hears().as_deref(), Some("Hello"));
        ours.says(b"Hello, too\n");
        program.sees_line("Hello, too");
    }
}

#[test]
fn openssl_exports_the_same_secret() {
    let (folder, (listener, address)) = (Folder::fresh(), listener());
    let label = "EXPERIMENTAL-p2p-chat-code";
    let flags = ["-keymatexport", label, "-keymatexportlen", "32"];
    let Some(program) = s_client(address, KEY, &flags, &folder) else { return };
    let ours = serve(&listener, None).unwrap();
    let theirs = program.waits("the exported secret", |line| {
        line.trim().strip_prefix("Keying material: ").map(str::to_lowercase)
    });
    assert_eq!(hex(&ours.secured.exporter.export::<32>(label, b"")), theirs);
}

#[test]
fn openssl_with_another_key_is_refused() {
    let (folder, (listener, address)) = (Folder::fresh(), listener());
    let Some(program) = s_client(address, WRONG, &[], &folder) else { return };
    let fault = serve(&listener, None).map(|ours| ours.secured);
    assert_eq!(error(fault), TlsError::Found(Alert::DECRYPT_ERROR));
    tells(&program, "alert decrypt error");
}

/// Starts OpenSSL's server, which sends each line back turned round. Returns where it listens.
fn s_server(key: &str, folder: &Folder) -> Option<(Program, String)> {
    let usual = ["s_server", "-accept", "127.0.0.1:0", "-nocert", "-psk_identity", "class"];
    let flags = ["-psk", key, "-tls1_3", "-rev"];
    let program =
        Program::start("s_server", &find("openssl")?, &[&usual[..], &flags].concat(), folder);
    let address =
        program.waits("where it listens", |line| line.strip_prefix("ACCEPT ").map(str::to_owned));
    Some((program, address))
}

#[test]
fn openssl_as_server() {
    let folder = Folder::fresh();
    let Some((_program, address)) = s_server(KEY, &folder) else { return };
    let mut ours = call(&address, &class_key(), None).unwrap();
    for ask in [false, true] {
        ours.says(b"Hello, everyone!\n");
        assert_eq!(ours.hears().as_deref(), Some("!enoyreve ,olleH"));
        ours.updates_keys(ask);
    }
    // In two records.
    ours.says(format!("{}\n", "ab".repeat(5000)).as_bytes());
    assert_eq!(ours.hears(), Some("ba".repeat(5000)));
    ours.says(b"CLOSE\n"); // so s_server -rev ends
    assert_eq!(ours.hears(), None);
}

#[test]
fn openssl_as_server_with_another_key() {
    let folder = Folder::fresh();
    let Some((_program, address)) = s_server(WRONG, &folder) else { return };
    let fault = call(&address, &class_key(), None).map(|ours| ours.secured);
    refuses(error(fault));
}

/// The other side does not accept the key.
fn refuses(error: TlsError) {
    let TlsError::Received(alert) = error else { panic!("{error}") };
    assert!(alert.refuses_key(), "{alert}");
}

#[test]
fn gnutls_as_client() {
    let (folder, (listener, address)) = (Folder::fresh(), listener());
    let Some(path) = find("gnutls-cli") else { return };
    let port = address.port().to_string();
    let flags = ["127.0.0.1", "-p", &port, "--pskusername", "class", "--pskkey", KEY];
    let flags = [&flags[..], &["--priority", PRIORITY, "--inline-commands"]].concat();
    let program = Program::start("gnutls-cli", &path, &flags, &folder);
    let mut ours = serve(&listener, None).unwrap();
    program.waits("the handshake's end", |line| line.contains("Simple Client Mode").then_some(()));
    for line in ["Hello, everyone!", "^rekey^", "after the rekey"] {
        program.types(line);
        if !line.starts_with('^') {
            assert_eq!(ours.hears().as_deref(), Some(line));
            // GnuTLS does not take a request, which is a fault of its own, once it has sent one itself.
            ours.updates_keys(line == "Hello, everyone!");
            ours.says(format!("{line}\n").as_bytes());
            program.sees_line(line);
        }
    }
    ours.closes();
    program.exits(0);
}

#[test]
fn gnutls_as_client_with_another_key_is_refused() {
    let (folder, (listener, address)) = (Folder::fresh(), listener());
    let Some(path) = find("gnutls-cli") else { return };
    let port = address.port().to_string();
    let flags = ["127.0.0.1", "-p", &port, "--pskusername", "class", "--pskkey", WRONG];
    let flags = [&flags[..], &["--priority", PRIORITY]].concat();
    let program = Program::start("gnutls-cli", &path, &flags, &folder);
    let fault = serve(&listener, None).map(|ours| ours.secured);
    assert_eq!(error(fault), TlsError::Found(Alert::DECRYPT_ERROR));
    program.exits(1);
}

/// Starts GnuTLS's server, which sends all back. Returns where it listens.
fn gnutls_serv(key: &str, folder: &Folder) -> Option<(Program, String)> {
    let (path, file, port) = (find("gnutls-serv")?, folder.file("psk.txt"), free_port());
    std::fs::write(&file, format!("class:{key}\n")).unwrap();
    let flags = ["-p", &port.to_string(), "--echo", "--pskpasswd", file.to_str().unwrap()];
    let flags = [&flags[..], &["--priority", PRIORITY]].concat();
    let program = Program::start("gnutls-serv", &path, &flags, folder);
    tells(&program, "IPv4 0.0.0.0");
    Some((program, format!("127.0.0.1:{port}")))
}

#[test]
fn gnutls_as_server() {
    let folder = Folder::fresh();
    let Some((_program, address)) = gnutls_serv(KEY, &folder) else { return };
    let mut ours = call(&address, &class_key(), None).unwrap();
    for ask in [false, true, true] {
        ours.says(b"Hello, everyone!\n");
        assert_eq!(ours.hears().as_deref(), Some("Hello, everyone!"));
        ours.updates_keys(ask);
    }
    ours.closes();
}

#[test]
fn gnutls_as_server_with_another_key() {
    let folder = Folder::fresh();
    let Some((_program, address)) = gnutls_serv(WRONG, &folder) else { return };
    let fault = call(&address, &class_key(), None).map(|ours| ours.secured);
    refuses(error(fault));
}

#[test]
#[ignore = "needs tshark, and the right to record"]
fn tshark_opens_a_connection_with_the_key_log() {
    let (folder, (listener, address)) = (Folder::fresh(), listener());
    let (log, port) = (folder.file("keys.log"), address.port());
    let keys = log.to_str().unwrap();
    let (dumpcap, capture) = records(port, &folder);
    let log = KeyLog::open(&log).unwrap();
    thread::scope(|scope| {
        let server = scope.spawn(|| {
            let mut ours = serve(&listener, None).unwrap();
            while let Some(line) = ours.hears() {
                ours.says(format!("heard {line}\n").as_bytes());
            }
            ours.closes();
        });
        let mut ours = call(&address.to_string(), &class_key(), Some(&log)).unwrap();
        for line in ["CHAT alice", "with new keys"] {
            ours.says(format!("{line}\n").as_bytes());
            assert_eq!(ours.hears(), Some(format!("heard {line}")));
            ours.updates_keys(true);
        }
        ours.closes();
        assert_eq!(ours.hears(), None);
        server.join().unwrap();
    });
    let all = ["CHAT alice", "heard CHAT alice", "with new keys", "heard with new keys"];
    shows(&capture, port, keys, &folder, &all);
    assert!(!decoded(&capture, port, "nothing", &folder).join(" ").contains("alice"));
    drop(dumpcap);
}
