//! Who has a name, and how it is found.

use crate::driver::cast::Server;
use crate::driver::dice::Dice;
use crate::driver::story::{fail, instead, step};

pub fn a_registration_is_acknowledged(dice: &mut Dice) {
    let server = Server::start_watched(&[]);
    let names = dice.words(3);
    let mut ids = Vec::new();
    for (name, port) in names.iter().zip([6001, 6002, 6003]) {
        step(format!("{name} registers with port {port}"));
        let ack = server.connect(name).registers(name, port);
        let port = port.to_string();
        let here = [("clientID", name.as_str()), ("IP", "127.0.0.1"), ("Port", &port)];
        let rest = [("Status", "registered"), ("ID", "*"), ("Expires", "3600"), ("Room", "yes")];
        ack.has_exactly(&[&here[..], &rest].concat());
        ids.push(ack.number("ID"));
    }
    if ids[0] == 0 || !ids.is_sorted_by(|one, next| one < next) {
        fail(format!("IDs are numbers from 1 up, each above the ones before, and not {ids:?}"));
    }
    step(format!("{} registers again, from another connection, with another port", names[0]));
    let again = server.connect(&names[0]).registers(&names[0], 6009);
    again.has(&[("ID", &ids[0].to_string()), ("Port", "6009")]);
    step("somebody new has a new ID, whatever was renewed before");
    let last = dice.word() + "-last";
    let ack = server.connect(&last).registers(&last, 6004);
    if ack.number("ID") <= ids[2] {
        fail(instead(format!("an ID above {}, in REGACK", ids[2]), ack));
    }
}

pub fn a_name_is_the_same_in_any_case(dice: &mut Dice) {
    let server = Server::start_watched(&[]);
    let name = dice.word();
    let upper = name.to_ascii_uppercase();
    let mut alice = server.connect(&name);
    step(format!("{name} joins without having registered: not-registered"));
    alice.asks("JOIN", &[("clientID", &name)]).refuses("JOIN", "not-registered");
    step(format!("{upper} registers, and then again as {name}: so it is written from now on"));
    let id = alice.registers(&upper, 6001).number("ID");
    alice.registers(&name, 6001).has(&[("clientID", &name)]);
    step(format!("it joins, as {upper}"));
    let ack = alice.obtains("JOIN", &[("clientID", &upper)]);
    ack.has(&[("clientID", &name)]);
    if ack.number("ID") != id {
        fail(instead(format!("`ID: {id}`, as in REGACK"), ack));
    }
    alice.asks("JOIN", &[("clientID", &name)]).refuses("JOIN", "already-joined");

    let mut other = server.connect("another");
    for taken in [&name, &upper] {
        step(format!("another one wants to be {taken}"));
        other.asks("REGISTER", &[("clientID", taken), ("IP", "127.0.0.1"), ("Port", "6002")]);
        other.refuses("REGISTER", "name-taken");
        other.asks("JOIN", &[("clientID", taken)]).refuses("JOIN", "name-taken");
    }
    step("a name that only begins alike is free");
    let longer = format!("{upper}x");
    other.registers(&longer, 6002).has(&[("clientID", &longer)]);
    other.joins(&longer);
    step(format!("on its own connection {name} may register again"));
    alice.skips_to("JOINED");
    alice.asks("REGISTER", &[("clientID", &name), ("IP", "127.0.0.1"), ("Port", "6003")]);
    alice.skips_to("REGACK").has(&[("ID", &id.to_string()), ("Port", "6003")]);
}

pub fn a_peer_is_found_by_name_and_by_number(dice: &mut Dice) {
    let server = Server::start_watched(&[]);
    let names = dice.words(4);
    step("three are in the room, a fourth has only registered");
    let mut bob = server.joined(&names[1], 6002);
    let mut carol = server.joined(&names[2], 6003);
    let mut alice = server.connect(&names[0]);
    let alice_id = alice.registers(&names[0], 6001).number("ID");
    alice.joins(&names[0]);
    let _dave = server.registered(&names[3], 6004);
    let carol_id = alice_id - 1;
    for (peer, found) in
        [(names[1].to_ascii_uppercase(), &mut bob), (carol_id.to_string(), &mut carol)]
    {
        let text = dice.text();
        step(format!("something for {peer} alone"));
        alice.asks("TELL", &[("Peer", &peer), ("Text", &text)]);
        let (id, who) = (alice_id.to_string(), names[0].as_str());
        let told = found.skips_to("TOLD");
        told.has_exactly(&[("Time", "*"), ("ID", &id), ("clientID", who), ("Text", &text)]);
        alice.skips_to("TELLACK");
    }
    for (peer, code) in [
        (names[3].as_str(), "no-such-client"),
        ("nobody-of-that-name", "no-such-client"),
        ("4711", "no-such-client"),
        (&names[0], "self"),
    ] {
        step(format!("something for {peer}: {code}"));
        alice.asks("TELL", &[("Peer", peer), ("Text", "hello")]).refuses("TELL", code);
    }
    step("nobody has heard anything else");
    bob.hears_joins_only(dice);
    carol.hears_joins_only(dice);
}

pub fn a_full_directory_says_so(dice: &mut Dice) {
    let server = Server::start_watched(&["--max-clients", "3"]);
    let names = dice.words(4);
    let mut wire = server.connect("somebody");
    step("three names are registered, over one connection");
    let ids: Vec<u64> =
        names[..3].iter().map(|name| wire.registers(name, 6001).number("ID")).collect();
    for _ in 0..2 {
        step("a fourth is too many");
        wire.asks("REGISTER", &[("clientID", &names[3]), ("IP", "127.0.0.1"), ("Port", "6004")]);
        wire.refuses("REGISTER", "server-full");
    }
    step("the second of the three registers again");
    wire.registers(&names[1], 6005).has(&[("ID", &ids[1].to_string()), ("Port", "6005")]);
}
