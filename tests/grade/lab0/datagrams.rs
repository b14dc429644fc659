//! Two sockets with one port.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};

use super::accepting::listens;
use super::starts;
use crate::driver::by_hand::{self, How};
use crate::driver::datagrams::Datagrams;
use crate::driver::dice::Dice;
use crate::driver::heard::{Output, Side, fail_if_one_has_failed};
use crate::driver::program::SLICE;
use crate::driver::story::{self, fail, instead, step};
use crate::driver::wire::{Wire, is_waiting};

pub fn datagrams_come_to_the_port_of_the_listener(dice: &mut Dice) {
    step("an echo server on any free port: parts echo 0");
    answers(&["echo", "0"], &[V4], dice);
    let free = Datagrams::open("nobody").port();
    step(format!("on port {free}, which is free"));
    answers(&["echo", &free.to_string()], &[V4], dice);
    let taken = Datagrams::open("somebody");
    let port = taken.port();
    step(format!("on port {port}, which somebody has for datagrams"));
    refuses(port);
    drop(taken);
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok() {
        step("on the IPv6 address of this machine");
        answers(&["echo", "0", "--host", "::1"], &[V6], dice);
    }
    step("on all addresses of this machine");
    answers(&["echo", "0", "--host", "0.0.0.0"], &[V4], dice);
    if TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0)).is_ok() {
        step("on all addresses of this machine, by IPv6 and by IPv4");
        answers(&["echo", "0", "--host", "::"], &[V6, V4], dice);
    }
}

/// This machine itself.
const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

/// An echo server answers both kinds at one port of these addresses.
fn answers(arguments: &[&str], ips: &[IpAddr], dice: &mut Dice) {
    let echo = starts(arguments);
    let own = listens(&echo);
    for ip in ips {
        let there = SocketAddr::new(*ip, own.port());
        // Some systems keep IPv4 out of a socket on `::`.
        if ips.len() == 1 || TcpStream::connect(there).is_ok() {
            answers_at(there, dice);
        }
    }
}

/// What is sent there comes back.
fn answers_at(there: SocketAddr, dice: &mut Dice) {
    let mut wire = Wire::connect("a connection", there);
    let text = dice.text() + "\n";
    wire.sends(&text).gets_bytes(&text);
    let correspondents = ["one", "other"].map(|who| Correspondent::of(who, there));
    for size in [30, 1_200, 1, 700] {
        let texts = [(); 2].map(|()| dice.word().repeat(size)[..size].to_owned());
        for (correspondent, text) in correspondents.iter().zip(&texts) {
            correspondent.sends(text);
        }
        for (correspondent, text) in correspondents.iter().zip(&texts) {
            correspondent.gets(text);
        }
    }
    wire.sends("and still\n").gets_bytes("and still\n");
}

/// An echo server says that it cannot have this port, and ends.
fn refuses(port: u16) {
    let echo = starts(&["echo", &port.to_string()]);
    echo.exits(1);
    let says_which = |line: &str| line.contains(&port.to_string()).then_some(());
    echo.waits_for(
        Side::Errors,
        &format!("a line with {port}, on stderr"),
        Output::line,
        says_which,
    );
}

/// Somebody who sends datagrams to one place, and is told by the system if nobody is there.
struct Correspondent {
    who: &'static str,
    socket: UdpSocket,
    hand: usize,
}

impl Correspondent {
    fn of(who: &'static str, there: SocketAddr) -> Self {
        let socket = UdpSocket::bind((there.ip(), 0)).unwrap();
        socket.connect(there).unwrap();
        socket.set_read_timeout(Some(SLICE)).unwrap();
        let hand = by_hand::posts(who, socket.local_addr().unwrap(), there);
        Self { who, socket, hand }
    }

    #[track_caller]
    fn sends(&self, text: &str) {
        story::told(self.who, "~>", text.as_bytes());
        by_hand::says(self.hand, text.as_bytes(), How::Datagram);
        // An error tells that nobody was there for the datagram before, and so will the next read.
        let _ = self.socket.send(text.as_bytes());
    }

    #[track_caller]
    fn gets(&self, text: &str) {
        let until = story::deadline();
        let mut datagram = [0; 2_048];
        let what = format!("a datagram of {} bytes, the one that was sent", text.len());
        let instead = |came: &str| format!("to {}\n{}", self.who, instead(&what, came));
        loop {
            match self.socket.recv(&mut datagram) {
                Ok(count) => {
                    story::told(self.who, "<~", &datagram[..count]);
                    if datagram[..count] != *text.as_bytes() {
                        fail(instead(&format!("one of {count} bytes")));
                    }
                    return;
                }
                Err(error) if is_waiting(&error) => {
                    fail_if_one_has_failed();
                    if story::left(until).is_zero() {
                        story::time_out(instead(&("nothing".to_owned() + &story::in_time())));
                    }
                }
                Err(error) if is_refused(&error) => {
                    fail(instead("the system's word that no socket for datagrams has this port"));
                }
                Err(error) => fail(format!("{} cannot read: {error}", self.who)),
            }
        }
    }
}

/// Whether the system says that nobody is there: by ICMP, and on this machine at once.
fn is_refused(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset)
}
