//! Where somebody is: the address of an entry, and who may change it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};

use crate::driver::cast::Server;
use crate::driver::dice::Dice;
use crate::driver::story::{not_checked, step};
use crate::driver::wire::Wire;

pub fn the_room_is_told_where_somebody_is(dice: &mut Dice) {
    let server = Server::start_watched(&[]);
    let names = dice.words(4);
    let [name, other, third, last] = names.as_slice() else { return };
    let mut witness = server.joined("witness", 6000);
    step(format!("{name} registers one port here and another one there, and joins here"));
    let mut here = server.registered(name, 6001);
    let mut there = server.registered(name, 6002);
    let ack = here.joins(name);
    let (id, token) = (ack.get("ID").to_owned(), ack.get("Token").to_owned());
    is_at(&mut witness, &id, name, 6001);
    step(format!("{other} registers on one connection, twice, and joins on another"));
    server.registered(other, 6010).registers(other, 6011);
    let mut joined = server.connect(other);
    let other_id = joined.joins(other).get("ID").to_owned();
    is_at(&mut witness, &other_id, other, 6011);

    step(format!("{name} registers again where it has joined, with another port"));
    here.skips_to("JOINED");
    registers(&mut here, name, 6003);
    is_at(&mut witness, &id, name, 6003);
    step("and with the same port, of which the room hears nothing: next comes somebody new");
    registers(&mut here, name, 6003);
    let mut new = server.registered(third, 6021);
    let new_id = new.joins(third).get("ID").to_owned();
    is_at(&mut witness, &new_id, third, 6021);

    step(format!("{name} comes back by the Token there, where it has registered before"));
    there
        .obtains("JOIN", &[("clientID", name), ("Token", &token)])
        .has(&[("ID", &id), ("Token", &token)]);
    is_at(&mut witness, &id, name, 6002);
    step("and again where it has registered nothing: the room hears nothing of that");
    let mut again = server.connect(name);
    again.obtains("JOIN", &[("clientID", name), ("Token", &token)]).has(&[("ID", &id)]);
    let mut new = server.registered(last, 6031);
    let new_id = new.joins(last).get("ID").to_owned();
    is_at(&mut witness, &new_id, last, 6031);
}

fn registers(wire: &mut Wire, name: &str, port: u16) {
    let port = port.to_string();
    wire.asks("REGISTER", &[("clientID", name), ("IP", "127.0.0.1"), ("Port", &port)]);
    wire.skips_to("REGACK").has(&[("clientID", name), ("Port", &port)]);
}

/// The next that the witness hears is that somebody is there.
fn is_at(witness: &mut Wire, id: &str, name: &str, port: u16) {
    let port = port.to_string();
    let expected = [("ID", id), ("clientID", name), ("IP", "127.0.0.1"), ("Port", &port)];
    witness.gets("JOINED").has_exactly(&expected);
}

pub fn an_entry_belongs_to_the_address_it_came_from(dice: &mut Dice) {
    let Some((host, address)) = second_address() else {
        not_checked("it takes a second address of this machine, by IPv6 or in a network");
    };
    let server = Server::start_watched(&["--host", host]);
    let port = server.address().port();
    let [here, there] = [IpAddr::from(Ipv4Addr::LOCALHOST), address];
    let connect = |who: &str, ip: IpAddr| server.connect_to(who, SocketAddr::new(ip, port));
    let names = dice.words(2);
    let name = &names[0];
    let mut witness = connect(&names[1], here);
    witness.registers(&names[1], 6009);
    witness.joins(&names[1]);

    step(format!("{name} registers from {here}; from {there} nobody can have that name"));
    let id = connect(name, here).registers(name, 6001).get("ID").to_owned();
    let mut other = connect("another", there);
    let seen = other.local().ip().to_string();
    let claim = [("clientID", name.as_str()), ("IP", &seen), ("Port", "6002")];
    other.asks("REGISTER", &claim).refuses("REGISTER", "name-taken");
    other.asks("JOIN", &[("clientID", name)]).refuses("JOIN", "not-registered");
    step(format!("from {here}, it can be renewed and joined, on any connection"));
    connect(name, here).registers(name, 6003).has(&[("ID", &id), ("Port", "6003")]);
    let mut wire = connect(name, here);
    let ack = wire.joins(name);
    let token = ack.has(&[("ID", &id)]).get("Token").to_owned();
    let at = |ip: &str| -> Vec<(&str, String)> {
        let ip = ip.to_owned();
        vec![("ID", id.clone()), ("clientID", name.clone()), ("IP", ip), ("Port", "6003".into())]
    };
    is_told(&mut witness, &at("127.0.0.1"));
    step(format!("who shows the Token comes from {there}, too, and the room is told"));
    other.asks("REGISTER", &claim).refuses("REGISTER", "name-taken");
    other.asks("JOIN", &[("clientID", name)]).refuses("JOIN", "name-taken");
    other
        .obtains("JOIN", &[("clientID", name), ("Token", &token)])
        .has(&[("ID", &id), ("Token", &token)]);
    wire.gets("BYE").has_exactly(&[("Reason", "replaced")]);
    is_told(&mut witness, &at(&seen));
}

fn is_told(witness: &mut Wire, expected: &[(&str, String)]) {
    let expected: Vec<_> = expected.iter().map(|(name, value)| (*name, value.as_str())).collect();
    witness.gets("JOINED").has_exactly(&expected);
}

/// An address of this machine from which one is seen as somebody else than from 127.0.0.1, and where a
/// server must listen to be reached at both.
fn second_address() -> Option<(&'static str, IpAddr)> {
    if let Ok(both) = TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0)) {
        let port = both.local_addr().ok()?.port();
        let reached = |ip: IpAddr| TcpStream::connect((ip, port)).is_ok();
        let v6 = IpAddr::from(Ipv6Addr::LOCALHOST);
        // Some systems keep IPv4 out of such a socket.
        if reached(v6) && reached(Ipv4Addr::LOCALHOST.into()) {
            return Some(("::", v6));
        }
    }
    // Nothing is sent: a UDP socket that is connected only looks up from which address it would send.
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    let own = socket.local_addr().ok()?.ip();
    (!own.is_loopback() && TcpListener::bind((own, 0)).is_ok()).then_some(("0.0.0.0", own))
}
