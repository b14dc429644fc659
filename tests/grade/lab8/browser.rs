//! Somebody's browser was sent here, by a page that knows our protocol.

use crate::driver::block::Block;
use crate::driver::cast::{Client, Server};
use crate::driver::dice::Dice;
use crate::driver::played::{Peer, Played};
use crate::driver::story::step;

pub fn a_browser_is_hung_up_on(dice: &mut Dice) {
    let server = Server::start(&[]);
    let mut other = server.connect("somebody else");
    for (verb, version) in [("POST /", "1.1"), ("GET /a b", "1.0"), ("PRI *", "2.0")] {
        let name = dice.word();
        step(format!("a browser comes with HTTP/{version}; its request holds a REGISTER"));
        let mut browser = server.connect("the browser");
        let head = format!("{verb} HTTP/{version}\r\nHost: 127.0.0.1:5555\r\n\r\n");
        let hidden = format!("REGISTER\r\nclientID: {name}\r\nIP: 127.0.0.1\r\nPort: 6001\r\n\r\n");
        browser.sends(head + &hidden);
        browser.is_closed();
        step("nobody was registered");
        other.asks("JOIN", &[("clientID", &name)]).refuses("JOIN", "not-registered");
    }
    let name = dice.word();
    step(
        "a browser comes whose first line is too long: that is told, and its end is known all the same",
    );
    let mut browser = server.connect("the browser");
    let head = format!("GET /{} HTTP/1.1\r\nHost: 127.0.0.1:5555\r\n\r\n", "x".repeat(5000));
    browser.sends(head + &Block::text("REGISTER", &[("clientID", &name), ("Port", "6001")]));
    browser.refuses("", "too-long");
    browser.is_closed();
    other.asks("JOIN", &[("clientID", &name)]).refuses("JOIN", "not-registered");
    step("a line that only looks a little like it is malformed, and the connection lives");
    for line in ["GET / HTTP/1.1 ", "GET / HTTP/1.2", "HTTP/1.1", "GET /HTTP/1.1"] {
        other.sends(format!("{line}\r\nHost: x\r\n\r\n")).refuses("", "malformed");
        other.hears_nothing_else(dice);
    }
    step("and within a block it is a line like any other");
    other.sends("PING\r\nColour: GET / HTTP/1.1\r\nGET / HTTP/1.1\r\nToken: a\r\n\r\n");
    other.gets("PONG").has_exactly(&[("Token", "a")]);
}

pub fn a_browser_is_no_peer(dice: &mut Dice) {
    let played = Played::open();
    let name = dice.word();
    let bob = Client::start("bob", played.address());
    let _server = played.welcomes(1, &[]);
    bob.sees_line("Other clients' IDs: none");
    for version in ["1.1", "1.0"] {
        step(format!(
            "a browser calls bob's client, with HTTP/{version} (who takes that for a call reads on, by lab 5)"
        ));
        let mut browser = bob.is_called_by("the browser");
        browser.sends(format!("POST / HTTP/{version}\r\nHost: x\r\n\r\nhello from the web\r\n"));
        browser.is_closed();
    }
    step(format!("then {name} calls; it is the first that bob is told of"));
    let caller = Peer::new(&name, ([127, 0, 0, 1], 6001).into(), 0);
    let mut call = bob.is_called_by(&name);
    call.sends(caller.chat(&[]));
    let line = format!("Incoming chat request from {name}? 127.0.0.1:6001 (unverified)");
    bob.sees_line_without(&["Incoming", "HTTP", "hello", "Host"], &line);
}
