//! Chats through a real server: two clients of which nobody can reach the other.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::driver::played::{Peer, Secrets};
use crate::secure::{SECURE, SecurePeer, chat, key};
use crate::support::keyed::Tunnel;
use crate::support::{Client, DEADLINE, Folder, Keyed, Server, free_port};
use p2p_chat::client::direct::secure::Tickets;
use p2p_chat::client::direct::tcp::{Chat, ChatState, RelayCut};
use p2p_chat::client::direct::{Chats, Context, DirectChat, Handshakes, LocalPeer, relayed};
use p2p_chat::client::event::{Events, PeerEvent};
use p2p_chat::client::net::{ConnectionId, Writer};
use p2p_chat::client::ui::Screen;
use p2p_chat::tls::accept;

/// A nonce.
const NONCE: &str = "00112233445566778899aabbccddeeff";

/// Carries the connections of one client to a server, and tells the server another port than that on which the client
/// listens. It has as many digits, and nobody is there.
fn disguise(server: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let (address, dead) = (listener.local_addr().unwrap(), free_port());
    let carrying = move || {
        for near in listener.incoming() {
            let near = near.unwrap();
            let Ok(far) = TcpStream::connect(server) else { continue };
            passes(far.try_clone().unwrap(), near.try_clone().unwrap(), None);
            passes(near, far, Some(dead));
        }
    };
    thread::Builder::new().spawn(carrying).unwrap();
    address
}

/// Passes bytes on. What is said of the client's port becomes a `dead` one.
fn passes(mut from: TcpStream, mut to: TcpStream, dead: Option<u16>) {
    let passing = move || {
        let (mut piece, mut real) = ([0; 4096], String::new());
        while let Ok(count @ 1..) = from.read(&mut piece) {
            let mut bytes = piece[..count].to_vec();
            if let (Some(dead), Ok(text)) = (dead, std::str::from_utf8(&bytes)) {
                let port = text.lines().find_map(|line| line.strip_prefix("Port: "));
                if let Some(port) = port.filter(|_| text.starts_with("REGISTER")) {
                    port.clone_into(&mut real);
                }
                if !real.is_empty() {
                    bytes = text.replace(&*real, &dead.to_string()).into_bytes();
                }
            }
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    };
    thread::Builder::new().spawn(passing).unwrap();
}

/// A client in the room of a server that nobody can reach.
#[track_caller]
fn unreachable(name: &str, server: SocketAddr, flags: &[&str]) -> Client {
    let client = Client::start_with(name, disguise(server), flags);
    client.sees("Other clients' IDs: ");
    client
}

/// The code in a line.
fn code(line: &str) -> String {
    let rest = line.split_once("(verified, encrypted; compare ").unwrap().1;
    let code = rest.strip_suffix("; through the server (relayed))").unwrap();
    code.to_owned()
}

/// Alice calls bob; nobody can reach either.
#[track_caller]
fn relayed(flags: &[&str]) -> (Server, Client, Client) {
    let server = Server::start(&[]);
    let alice = unreachable("alice", server.address(), &[]);
    let bob = unreachable("bob", server.address(), flags);
    alice.sees("bob joined");
    alice.types("/chat bob\n/msg typed at once");
    let codes = [alice.sees("chat with bob "), bob.sees("Incoming chat request from alice ")];
    assert_eq!(code(&codes[0]), code(&codes[1]));
    bob.sees_line("alice (direct): typed at once");
    (server, alice, bob)
}

#[test]
fn two_clients_that_nobody_can_reach_talk_through_the_server() {
    let (_server, alice, bob) = relayed(&[]);
    bob.types("/msg hello, alice");
    alice.sees_line("bob (direct): hello, alice");
    for (client, peer) in [(&alice, "bob"), (&bob, "alice")] {
        let line = client.asks("/peers", &format!("* {peer} "));
        assert!(line.ends_with("; through the server (relayed))"), "{line}");
    }
    bob.types("/away for lunch");
    bob.sees("you are away");
    alice.types("/msg are you there?");
    alice.sees_line("bob (direct): [away] for lunch");
    bob.types("/hangup");
    alice.sees_line("bob ended the chat");
}

#[test]
fn a_file_travels_through_the_server() {
    let (folder, theirs) = (Folder::fresh(), Folder::fresh());
    let path = folder.file("note.txt").display().to_string();
    std::fs::write(&path, vec![b'x'; 20_000]).unwrap();
    let (_server, alice, bob) = relayed(&["--files", &theirs.path().display().to_string()]);
    alice.types(&format!("/send {path}"));
    bob.sees("note.txt");
    bob.types("/accept");
    bob.sees("received \"note.txt\" from alice");
    assert_eq!(std::fs::read(theirs.file("note.txt")).unwrap().len(), 20_000);
}

#[test]
fn a_relayed_chat_ends_with_the_server_and_comes_back_with_it() {
    let (server, alice, bob) = relayed(&[]);
    let server = server.starts_again();
    alice.sees("the chat with bob went through the server, which is gone");
    bob.sees_line("alice ended the chat (it went through the server, which is gone)");
    alice.types("/msg typed meanwhile");
    alice.sees("the server is back: calling bob at ");
    bob.sees_line("alice (direct): typed meanwhile");
    bob.types("/msg welcome back");
    alice.sees_line("bob (direct): welcome back");
    drop(server);
}

#[test]
fn two_that_nobody_can_reach_and_that_call_each_other_have_one_chat() {
    let server = Server::start(&[]);
    let alice = unreachable("alice", server.address(), &[]);
    let bob = unreachable("bob", server.address(), &[]);
    alice.sees("bob joined");
    alice.types("/chat bob\n/msg from alice");
    bob.types("/chat alice\n/msg from bob");
    alice.sees_line("bob (direct): from bob");
    bob.sees_line("alice (direct): from alice");
    for (client, peer) in [(&alice, "bob"), (&bob, "alice")] {
        client.types("/peers\n/id");
        client.sees("you are ");
        let (listed, told) = (format!("* {peer} "), client.output());
        assert_eq!(told.matches(&listed).count(), 1, "{told}");
        assert!(!told.contains("ended the chat"), "{told}");
    }
}

#[test]
fn who_was_called_may_call_back_as_soon_as_that_chat_is_over() {
    let (_server, alice, bob) = relayed(&[]);
    alice.types("/hangup");
    bob.sees_line("alice ended the chat");
    let began = Instant::now();
    bob.types("/chat alice");
    assert!(bob.sees("chat with alice ").ends_with("; through the server (relayed))"));
    let took = began.elapsed();
    assert!(took < Duration::from_secs(6), "it waits for a call that is over: {took:?}");
}

#[test]
fn a_full_relay_is_told_of() {
    let server = Server::start(&["--relays", "0"]);
    let alice = unreachable("alice", server.address(), &[]);
    let bob = unreachable("bob", server.address(), &[]);
    alice.sees("bob joined");
    alice.types("/chat bob\n/msg hello");
    let told = alice.sees("cannot talk to bob at ");
    assert!(told.contains("no way leads there (directly: "), "{told}");
    assert!(told.contains("; through the server: the server says: "), "{told}");
    alice.sees_line("not delivered to bob: hello");
    bob.answers();
    assert!(!bob.output().contains("alice at"), "{}", bob.output());
}

/// Somebody in the room of a server with a key, by hand, at whose port nobody listens.
#[track_caller]
fn by_hand(server: &Keyed, name: &str) -> Tunnel {
    let (mut room, port) = (server.connect(server.0.address()), free_port());
    room.sends(&format!("REGISTER\r\nclientID: {name}\r\nIP: 127.0.0.1\r\nPort: {port}\r\n\r\n"));
    room.gets("REGACK");
    let local = format!("Secure: tls\r\nLocal: 127.0.0.1:{port}\r\n\r\n");
    room.sends(&format!("JOIN\r\nclientID: {name}\r\n{local}"));
    room.gets("JOINACK");
    room
}

/// The secrets in a block.
fn secrets(text: &str) -> Secrets {
    let value = |name: &str| {
        let line = text.lines().rev().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("no {name} in {text}")).to_owned()
    };
    Secrets { ticket: value("Ticket: "), answer: value("Answer: ") }
}

#[test]
fn with_the_key_of_a_class_the_relay_is_asked_for_by_tls_and_then_passes_on_as_it_comes() {
    let server = Keyed::start(&[]);
    let alice = server.joined("alice", server.0.address(), &[]);
    let mut room = by_hand(&server, "bob");
    alice.sees("bob joined");
    alice.types("/chat bob");
    room.gets("Via: back");
    let call = secrets(&room.gets("Via: relay"));
    let mut relay = server.connect(server.0.address());
    relay.sends(&format!("RELAY\r\nclientID: bob\r\nAnswer: {}\r\n\r\n", call.answer));
    relay.gets("RELAYACK\r\n\r\n");
    let mut end = Vec::new();
    relay.secured.sealer.close(&mut end);
    relay.socket.write_all(&end).unwrap();
    while relay.secured.opener.rest().is_none() {
        let _ = relay.secured.opener.fill(&mut relay.socket); // a record that is not whole yet
    }
    let rest = relay.secured.opener.rest().unwrap().to_vec();
    let mut stream = relay.socket;
    let secured =
        accept((&rest, &mut &stream), &mut stream.try_clone().unwrap(), &key(&call), None);
    stream.flush().unwrap();
    let mut call_of_alice = SecurePeer::over(stream, secured.unwrap());
    call_of_alice.gets("CHAT").has(&[("Ticket", &call.ticket), SECURE]);
    let bob = Peer::new("bob", server.0.address(), 2);
    let answer = [("Answer", &*call.answer), SECURE, ("Nonce", NONCE)];
    call_of_alice.sends(chat(&bob, &answer));
    call_of_alice.gets("NONCE");
    alice.sees("; through the server (relayed))");
    call_of_alice.sends("hello, alice\r\n");
    alice.sees_line("bob (direct): hello, alice");
}

/// A chat was cut when its server ended, and bob is not there any more; so many chats are left after these seconds.
fn chats_after(server_is_gone: bool, seconds: u64) -> usize {
    let (begun, key, address) =
        (Instant::now(), ConnectionId::next(), SocketAddr::from(([10, 0, 0, 2], 5557)));
    let (mut chats, mut screen) = (Chats::default(), Screen::new(io::sink(), None));
    let until = begun + Duration::from_secs(600);
    let state = ChatState::Cut(RelayCut::AwaitsServer(until));
    chats.insert(DirectChat::Tcp(Chat::new(key, "bob".parse().ok(), address, state)));
    chats.server_is_gone = server_is_gone;
    let me = LocalPeer { name: "alice".parse().ok(), id: 1, address };
    let mut context = Context { me, chats: &mut chats, screen: &mut screen, now: begun };
    relayed::tick(key, &mut context);
    context.now = begun + Duration::from_secs(seconds);
    relayed::tick(key, &mut context);
    context.chats.over_tcp().count()
}

#[test]
fn a_peer_that_does_not_come_back_with_the_server_is_given_up_soon() {
    assert_eq!([29, 30].map(|seconds| chats_after(false, seconds)), [1, 0]);
    assert_eq!([599, 600].map(|seconds| chats_after(true, seconds)), [1, 0]);
}

#[test]
fn a_relayed_connection_that_comes_too_late_is_cut() {
    let (begun, address) = (Instant::now(), SocketAddr::from(([10, 0, 0, 2], 5555)));
    let (mut chats, mut screen) = (Chats::default(), Screen::new(io::sink(), None));
    let me = LocalPeer { name: "alice".parse().ok(), id: 1, address };
    let (events, _receiver) = Events::channel();
    let mut handshakes = Handshakes::new(Tickets::default(), events);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let near = Arc::new(TcpStream::connect(listener.local_addr().unwrap()).unwrap());
    let (mut far, _) = listener.accept().unwrap();
    far.set_read_timeout(Some(DEADLINE)).unwrap();
    let (writer, _reading) = Writer::start(&near, None, |_| {}).unwrap();
    // Nobody waits for it: the call has come to something else, and the word of its coming was on its way.
    let came = PeerEvent::Relayed(writer, address, None, None);
    let mut context = Context { me, chats: &mut chats, screen: &mut screen, now: begun };
    handshakes.event(ConnectionId::next(), came, &mut context);
    assert_eq!(context.chats.over_tcp().count(), 0, "it has become a chat");
    assert!(matches!(far.read(&mut [0]), Ok(0)), "it is still open");
}
