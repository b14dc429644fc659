//! The address that the server sees.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};

use crate::driver::cast::Server;
use crate::driver::dice::Dice;
use crate::driver::story::{fail, instead, not_checked, step};
use crate::driver::wire::Wire;

/// This machine's own address in its network, if it has one. Nothing is sent: a UDP socket that is
/// connected only looks up from which address it would send.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && TcpListener::bind((address, 0)).is_ok()).then_some(address)
}

pub fn the_address_recorded_is_the_one_seen(dice: &mut Dice) {
    let has_v6 = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
    let own = own_address();
    if !has_v6 && own.is_none() {
        not_checked(
            "it takes IPv6, or an address in a network, to tell what is seen from 127.0.0.1",
        );
    }
    if has_v6 {
        step("a server on ::1");
        let server = Server::start(&["--host", "::1"]);
        sees(&server, (Ipv6Addr::LOCALHOST, server.address().port()).into(), dice);
    }
    if has_v6 && TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0)).is_ok() {
        step("a server on ::, whose clients come by IPv4 and by IPv6");
        let server = Server::start(&["--host", "::"]);
        let port = server.address().port();
        // Some systems keep IPv4 out of such a socket.
        let mapped = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpStream::connect(mapped).is_ok() {
            sees(&server, mapped, dice);
        }
        sees(&server, (Ipv6Addr::LOCALHOST, port).into(), dice);
    }
    if let Some(own) = own {
        step(format!("a server on all addresses of this machine, reached at {own}"));
        let server = Server::start(&["--host", "0.0.0.0"]);
        sees(&server, (own, server.address().port()).into(), dice);
        sees(&server, (Ipv4Addr::LOCALHOST, server.address().port()).into(), dice);
    }
}

/// Somebody comes to this address, from the same one, claims another, and is recorded where it is.
fn sees(server: &Server, address: SocketAddr, dice: &mut Dice) {
    let names = dice.words(2);
    for (name, claimed) in names.iter().zip(["203.0.113.9", "no address"]) {
        let mut wire = server.connect_to(name, address);
        let seen = wire.local().ip().to_string();
        step(format!("{name} comes from {seen} and claims to be at {claimed}"));
        wire.asks("REGISTER", &[("clientID", name), ("IP", claimed), ("Port", "6001")]);
        let ack = wire.gets("REGACK");
        ack.has(&[("clientID", name), ("IP", &seen), ("Port", "6001")]);
        let entry = SocketAddr::new(wire.local().ip(), 6001);
        let line = format!("{name} {entry} {}", ack.get("ID"));
        let info = wire.obtains("INFO", &[]);
        if !info.lines.contains(&line) {
            fail(instead(format!("the line `{line}`, in INFOACK"), info));
        }
    }
    step(format!("{} is told where {} is", names[1], names[0]));
    let mut wire = server.connect_to(&names[1], address);
    let seen = wire.local().ip().to_string();
    wire.obtains("BRIDGE", &[("clientID", &names[1]), ("Peer", &names[0])]).has(&[
        ("clientID", &names[0]),
        ("IP", &seen),
        ("Port", "6001"),
    ]);
}

pub fn the_servers_own_address_is_no_clients(dice: &mut Dice) {
    let server = Server::start(&[]);
    let names = dice.words(2);
    let mut wire = server.connect("somebody");
    let own = server.address().port();
    for port in [own.to_string(), "0".to_owned(), "80".to_owned(), "65536".to_owned()] {
        step(format!("nobody can be reached at port {port}"));
        wire.asks("REGISTER", &[("clientID", &names[0]), ("IP", "127.0.0.1"), ("Port", &port)]);
        wire.refuses("REGISTER", "bad-port");
    }
    step("none of this has left an entry");
    wire.obtains("INFO", &[]).has_exactly(&[]);
    for port in [own ^ 1, 1024, 65535] {
        step(format!("port {port} is as good as any other"));
        wire.registers(&names[1], port).has(&[("Port", &port.to_string())]);
    }
    is_its_own_by_all_ways(&names[0]);
    is_good_elsewhere(&names[0]);
}

/// A server on all addresses is reached by IPv4 and by IPv6, and knows its own port both times.
fn is_its_own_by_all_ways(name: &str) {
    if TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0)).is_err() {
        return;
    }
    let server = Server::start(&["--host", "::"]);
    let port = server.address().port();
    for ip in [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()] {
        // Some systems keep IPv4 out of such a socket.
        if TcpStream::connect((ip, port)).is_err() {
            continue;
        }
        let mut wire = server.connect_to("somebody", (ip, port).into());
        step(format!("by {ip}, nobody can be reached at the server's own port {port}"));
        registers(&mut wire, name, port);
        wire.refuses("REGISTER", "bad-port");
    }
}

/// On Linux 127.0.0.2 is this machine, too, and who calls it comes from 127.0.0.1 all the same.
fn is_good_elsewhere(name: &str) {
    let other = IpAddr::from([127, 0, 0, 2]);
    if TcpListener::bind((other, 0)).is_err() {
        return;
    }
    let server = Server::start(&["--host", &other.to_string()]);
    let (mut wire, port) = (server.connect("somebody"), server.address().port());
    let seen = wire.local().ip();
    if seen != other {
        step(format!("the server's port {port}, but at {seen}: that is good"));
        registers(&mut wire, name, port);
        wire.gets("REGACK").has(&[("IP", &seen.to_string()), ("Port", &port.to_string())]);
    }
}

fn registers(wire: &mut Wire, name: &str, port: u16) {
    let port = port.to_string();
    wire.asks("REGISTER", &[("clientID", name), ("IP", "127.0.0.1"), ("Port", &port)]);
}
