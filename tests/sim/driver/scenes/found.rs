//! What the simulation has found, each as a small story of its own: other scenes change, and their seeds with them.

use std::time::Duration;

use world::sim::{self, SECOND};

use crate::crowd::Crowd;
use crate::record::{invariant, logged};
use crate::server::{self, Server};
use crate::texts;
use crate::user::Users;

/// One of the stories.
pub fn found() {
    match sim::dice(5) {
        0 => power_fails_before_anybody_speaks(),
        1 => hangs_up_before_the_call_is_settled(),
        2 => hangs_up_behind_a_request(),
        3 => hangs_up_on_what_came_by_udp(),
        _ => quits_while_all_speak(),
    }
}

/// The power failed before the system had written the line that says the log's epoch. The clients came into "another
/// room".
fn power_fails_before_anybody_speaks() {
    let mut options = server::options();
    options.ping = Duration::from_secs(2);
    let mut server = Server::start(options);
    let mut crowd = Crowd::new(&server, 3);
    crowd.record.may_lose = true;
    crowd.gather();
    crowd.members.iter_mut().for_each(|member| member.excused = true);
    server.power_off();
    crowd.pass(SECOND);
    server.start_again();
    crowd.rest(&server);
    crowd.end(&mut server);
}

/// A script called somebody who did not answer, had a text for them, and hung up: the client's loop span.
fn hangs_up_before_the_call_is_settled() {
    let mut server = Server::start(server::options());
    let mut users = Users::start(&server, 2);
    sim::cut(users.users[0].host, users.users[1].host, true);
    users.users[0].types("/chat u2");
    users.pass(SECOND);
    users.users[0].message("u2", false);
    users.users[0].types("/hangup u2");
    users.pass(10 * SECOND);
    sim::cut(users.users[0].host, users.users[1].host, false);
    users.come_together();
    users.end(&mut server);
}

/// A script asked the server for something, which stood still, and hung up: the client's loop span.
fn hangs_up_behind_a_request() {
    let mut server = Server::start(server::options());
    let mut users = Users::start(&server, 2);
    sim::freeze(server.host, 5 * SECOND);
    users.users[0].types("/query u2");
    users.users[0].types("/hangup u2");
    users.pass(10 * SECOND);
    users.come_together();
    users.end(&mut server);
}

/// A text came by UDP, was read, and its reader hung up before the ACK arrived. The sender was told that the text was
/// not delivered.
fn hangs_up_on_what_came_by_udp() {
    let mut server = Server::start(server::options());
    let mut users = Users::start(&server, 2);
    sim::link(users.users[0].host, users.users[1].host, |link| link.lost = 300_000);
    for round in 1..=3 {
        let before = users.users[1].lines().len();
        users.users[0].types("/query u2");
        let is_queried = |users: &Users| {
            let lines = users.users[1].lines();
            lines[before..].iter().any(|line| line.starts_with("Incoming query from u1 "))
        };
        if !users.until(20 * SECOND, is_queried) {
            users.fail(invariant::VERIFIED, &format!("u2 is not queried in round {round}"));
        }
        users.users[0].message("u2", true);
        let text = users.users[0].texts.last().map(|(_, _, text)| text.clone()).unwrap_or_default();
        users.until(30 * SECOND, |users| users.users[1].paper.has(&text, 0));
        users.users[1].types("/hangup u1 udp");
        let is_told = |users: &Users| {
            let is_report = |line: &String| line.contains(&text) && !line.starts_with("Sent to ");
            users.users[0].lines().iter().any(is_report)
        };
        users.until(40 * SECOND, is_told);
        users.users[0].types("/hangup u2 udp");
        let has_ended = |users: &Users| {
            users.users[0].lines().last().is_some_and(|line| line.starts_with("you ended the chat"))
        };
        users.until(40 * SECOND, has_ended);
    }
    texts::check(&users, texts::Network::Good);
    users.end(&mut server);
}

/// The server said BYE to everybody before it delivered what was in the log already.
fn quits_while_all_speak() {
    let mut server = Server::start(server::options());
    let mut crowd = Crowd::new(&server, 9);
    crowd.gather();
    for member in &mut crowd.members {
        (0..4).for_each(|_| drop(member.say(5)));
    }
    // As soon as some of it is in the log.
    let changed = sim::disk(server.host).changed;
    while logged(&server.log()).len() < 9 {
        if sim::sleep_on(changed, sim::now() + 10 * SECOND) {
            sim::fail(invariant::LOGGED, "nothing is in the log");
        }
    }
    crowd.end(&mut server);
}
