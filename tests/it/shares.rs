//! The rule of shares: who gives way when a table is full.

use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;

use p2p_chat::net::{Host, Shares};
use p2p_chat::server::capacity::{Connections, Seat};
use p2p_chat::server::room::Outbox;
use p2p_chat::server::room::log::recovery::{KEPT_IDS, recover};

/// A host that is known by a number.
fn host(number: u8) -> Host {
    IpAddr::from(Ipv4Addr::new(192, 0, 2, number)).into()
}

/// A table: the number of each host, how many places it keeps, and how many it may lose.
fn table(hosts: &[(u8, usize, usize)]) -> Shares {
    let places = |&(number, kept, idle): &(u8, usize, usize)| {
        (0..kept + idle).map(move |place| (host(number), place >= kept))
    };
    hosts.iter().flat_map(places).collect()
}

/// Host 1 is the newcomer to a full table of 16 places.
fn checked(hosts: &[(u8, usize, usize)], gives_way: Option<u8>) {
    assert_eq!(hosts.iter().map(|(_, kept, idle)| kept + idle).sum::<usize>(), 16);
    assert_eq!(table(hosts).gives_way(host(1), 16), gives_way.map(host));
}

table! { checked:
    a_newcomer_takes_a_place_of_the_greediest(&[(2, 0, 5), (3, 0, 7), (4, 0, 4)], Some(3));
    the_greediest_is_who_may_lose_the_most(&[(2, 10, 1), (3, 2, 3)], Some(3));
    below_a_quarter_a_host_may_have_more(&[(1, 3, 0), (2, 0, 13)], Some(2));
    with_a_quarter_a_host_must_wait(&[(1, 4, 0), (2, 0, 12)], None);
    those_who_are_equal_take_nothing_from_each_other(
        &[(1, 0, 2), (2, 0, 2), (3, 0, 2), (4, 0, 2), (5, 0, 2), (6, 0, 2), (7, 0, 2), (8, 0, 2)], None,
    );
    a_host_takes_nothing_from_itself(&[(1, 0, 1), (2, 15, 0)], None);
    from_those_who_stay_nothing_is_taken(&[(2, 16, 0)], None);
    against_ten_thousand_hosts_of_one_place_one_of_them_gives_way(&[(2, 15, 0), (3, 0, 1)], Some(3));
}

#[test]
fn the_greediest_of_a_table_is_found() {
    assert_eq!(table(&[(2, 0, 5), (3, 9, 0)]).greediest(), Some((host(2), 5)));
    assert_eq!(table(&[(3, 9, 0)]).greediest(), None);
    assert_eq!(table(&[(2, 3, 2)]).of(host(2)), 5);
}

/// Both ends of a connection, this side as an outbox.
fn outbox() -> (Arc<Outbox>, TcpStream) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let other = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (Arc::new(Outbox::new(listener.accept().unwrap().0, 4_096).unwrap()), other)
}

#[test]
fn the_last_quarter_of_the_connections_is_for_hosts_that_have_none() {
    let connections = Arc::new(Connections::new(8));
    let (first, _other) = outbox();
    let enter = |number: u8| connections.enter(host(number), &first);
    let mut seats: Vec<Seat> = (0..6).map(|_| enter(1).unwrap().0).collect();
    assert_eq!(enter(1).unwrap_err().code, "server-full");
    let (second, displaced) = enter(2).unwrap();
    assert!(displaced.is_none());
    // The next one of host 2 would be in the last quarter, too, so it takes the place of another.
    let (third, displaced) = enter(2).unwrap();
    assert!(displaced.is_some() && seats[0].joins().is_err() && seats[1].joins().is_ok());
    // What had to give way counts no more, and its end frees no place a second time.
    drop(seats.remove(0));
    drop((second, third));
    let sixth = enter(1).unwrap();
    assert_eq!(enter(1).unwrap_err().code, "server-full");
    drop(sixth);
}

#[test]
fn a_small_server_keeps_no_last_quarter() {
    let connections = Arc::new(Connections::new(7));
    let (outbox, _other) = outbox();
    let enter = |number: u8| connections.enter(host(number), &outbox);
    let seats: Vec<Seat> = (0..7).map(|_| enter(1).unwrap().0).collect();
    assert!(enter(1).is_err());
    let (_first, displaced) = enter(2).unwrap();
    assert!(displaced.is_some());
    seats.iter().skip(1).for_each(|seat| seat.joins().unwrap());
    assert!(enter(2).is_err(), "the others have all joined");
}

/// The names whose IDs are known after a restart, of a log that notes these IDs.
fn known(notes: impl Iterator<Item = (String, IpAddr)>) -> Vec<String> {
    let lines = (1..).zip(notes).map(|(id, (name, ip))| format!("# ID {id}: {name} {ip}\n"));
    let log: String = lines.collect();
    let recovered = recover(&mut log.as_bytes()).unwrap();
    assert!(recovered.ids.len() < KEPT_IDS * 9 / 8, "{}", recovered.ids.len());
    recovered.ids.iter().map(|given| given.name.to_string()).collect()
}

#[test]
fn who_takes_thousands_of_ids_costs_nobody_else_the_own_one() {
    let address = |number: u8| IpAddr::from(Ipv4Addr::new(192, 0, 2, number));
    let alice = ("alice".to_owned(), address(1));
    let greedy = |number: usize| (format!("n{number}"), address(2));
    let many = (0..20_000).map(greedy);
    let names = known([alice.clone()].into_iter().chain(many).chain([alice]));
    assert_eq!(names.iter().filter(|name| *name == "alice").count(), 2);
    assert!(names.len() >= KEPT_IDS && names.contains(&"n19999".to_owned()));
    assert!(!names.contains(&"n0".to_owned()));
}

#[test]
fn of_many_hosts_with_an_id_each_the_oldest_are_forgotten() {
    let address = |number: u32| IpAddr::from(Ipv4Addr::from_bits(0xc633_6400 + number));
    let names = known((0..20_000).map(|number| (format!("n{number}"), address(number))));
    assert!(names.len() >= KEPT_IDS);
    let expected = (20_000 - names.len()..20_000).map(|number| format!("n{number}"));
    assert_eq!(names, expected.collect::<Vec<_>>());
}
