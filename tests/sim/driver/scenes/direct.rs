//! Real clients talk to each other, by TCP and by UDP, while nothing fails but datagrams, and while much does.

use world::sim::{self, SECOND};

use crate::calls;
use crate::record::invariant;
use crate::server::{self, Server};
use crate::texts;
use crate::user::Users;

/// Two to four users open chats and talk. Datagrams are lost, nothing else fails: all of it arrives.
pub fn direct() {
    let mut server = Server::start(server::perhaps_with_a_key());
    let mut users = Users::start(&server, 2 + sim::dice(3) as usize);
    let mut chats = Vec::new();
    for (one, other) in pairs(users.users.len()) {
        for by_udp in [false, true] {
            if sim::dice(2) == 0 {
                call(&mut users, one, other, by_udp);
                chats.push((one, other, by_udp));
            }
            users.pass(sim::dice([1, SECOND / 2][sim::dice(2) as usize]));
        }
    }
    let all_open = |users: &Users| {
        chats.iter().all(|&(one, other, by_udp)| is_open(users, one, other, by_udp))
    };
    if !users.until(20 * SECOND, all_open) {
        users.fail(invariant::VERIFIED, &format!("not all of {chats:?} are open"));
    }
    for _ in 0..sim::dice(20) {
        let Some(&(one, other, by_udp)) = chats.get(sim::dice(chats.len() as u64) as usize) else {
            break;
        };
        // By TCP the called one can answer.
        let (one, other) = if !by_udp && sim::dice(2) == 0 { (other, one) } else { (one, other) };
        let peer = users.users[other].name.clone();
        users.users[one].message(&peer, by_udp);
        if sim::dice(3) == 0 {
            users.users[one].say();
        }
        users.pass(sim::dice(SECOND / 4));
    }
    users.until(40 * SECOND, texts::all_settled);
    calls::check(&users);
    calls::check_codes(&users);
    texts::check(&users, texts::Network::Good);
    texts::check_room(&users, &server.log());
    users.end(&mut server);
}

/// Clients and the server are killed, links are cut, chats are hung up. What was typed is delivered or reported.
pub fn broken() {
    let mut options = server::perhaps_with_a_key();
    options.ping = std::time::Duration::from_secs(1 + sim::dice(5));
    let mut server = Server::start(options);
    let mut users = Users::start(&server, 2 + sim::dice(3) as usize);
    let pairs = pairs(users.users.len());
    let [cuts, hangs_up, freezes, stops] = [(); 4].map(|()| sim::dice(2) == 0);
    for _ in 0..15 + sim::dice(30) {
        let (one, other) = pairs[sim::dice(pairs.len() as u64) as usize];
        let (peer, by_udp) = (users.users[other].name.clone(), sim::dice(2) == 0);
        match sim::dice(26) {
            2..6 => call(&mut users, one, other, by_udp),
            6..16 => users.users[one].message(&peer, by_udp),
            16 => users.users[one].say(),
            17 if hangs_up => users.users[one].types(&format!("/hangup {peer}")),
            18 => {
                server.kill();
                users.pass(sim::dice(3 * SECOND));
                server.start_again();
            }
            19 => {
                users.kill(one);
                users.pass(sim::dice(3 * SECOND));
                users.start_again(one);
            }
            20 if cuts => {
                sim::cut(users.users[one].host, users.users[other].host, sim::dice(2) == 0)
            }
            21 if cuts => sim::cut(users.users[one].host, server.host, sim::dice(2) == 0),
            22 => sim::jump(
                users.users[one].host,
                sim::dice(7_200 * SECOND).cast_signed() - 3_600 * SECOND.cast_signed(),
            ),
            23 if freezes => sim::freeze(users.users[one].host, sim::dice(20 * SECOND)),
            0 if freezes => sim::freeze(server.host, sim::dice(4 * SECOND)),
            1 if stops => users.stop_paper(one, sim::dice(2) == 0),
            24 => call(&mut users, one, other, by_udp),
            _ => {}
        }
        users.pass(sim::dice([20_000_000, SECOND, 3 * SECOND][sim::dice(3) as usize]));
    }
    for &(one, other) in &pairs {
        sim::cut(users.users[one].host, users.users[other].host, false);
        sim::cut(users.users[one].host, server.host, false);
    }
    (0..users.users.len()).for_each(|number| users.stop_paper(number, false));
    users.come_together();
    users.until(80 * SECOND, |users| texts::all_settled(users) && calls::all_settled(users));
    users.pass(2 * SECOND); // whoever is called by TLS is sure a little later than the caller
    calls::check(&users);
    texts::check(&users, if cuts { texts::Network::Cut } else { texts::Network::Broken });
    texts::check_room(&users, &server.log());
    users.end(&mut server);
}

/// Somebody ends the chat as soon as a text is there. The one who has sent it must not be told that it did not arrive.
pub fn parting() {
    let mut server = Server::start(server::perhaps_with_a_key());
    let mut users = Users::start(&server, 2);
    // On so short a way an answer may come before a thread of the sender has reported that it has sent.
    sim::link(users.users[0].host, users.users[1].host, |link| {
        (link.least, link.jitter, link.grid) = (1_000, 1_000, 1);
    });
    for round in 1..4 + sim::dice(8) as usize {
        let before = users.users[1].lines().len();
        users.users[0].types("/chat u2");
        let is_called = |users: &Users| {
            let lines = users.users[1].lines();
            lines[before..].iter().any(|line| line.starts_with("Incoming chat request from u1 "))
        };
        if !users.until(20 * SECOND, is_called) {
            users.fail(invariant::VERIFIED, "u2 is not called");
        }
        users.users[0].message("u2", false);
        let text = users.users[0].texts.last().map(|(_, _, text)| text.clone()).unwrap_or_default();
        users.until(5 * SECOND, |users| users.users[1].paper.has(&text, 0));
        users.users[1].types("/hangup u1");
        let ends = |users: &Users| {
            let is_end = |line: &&String| line.as_str() == "u2 ended the chat";
            users.users[0].lines().iter().filter(is_end).count()
        };
        users.until(5 * SECOND, |users| ends(users) == round);
        users.pass(sim::dice(SECOND));
    }
    users.until(40 * SECOND, texts::all_settled);
    texts::check(&users, texts::Network::Broken);
    users.end(&mut server);
}

/// All pairs, in both orders.
fn pairs(count: usize) -> Vec<(usize, usize)> {
    let all = (0..count).flat_map(|one| (0..count).map(move |other| (one, other)));
    all.filter(|(one, other)| one != other).collect()
}

/// Opens a chat, or a conversation.
fn call(users: &mut Users, one: usize, other: usize, by_udp: bool) {
    let peer = &users.users[other].name;
    let line = if by_udp { format!("/query {peer}") } else { format!("/chat {peer}") };
    users.users[one].types(&line);
}

/// Whether a chat is open and verified on both sides.
fn is_open(users: &Users, one: usize, other: usize, by_udp: bool) -> bool {
    let sees = |one: usize, other: usize| {
        let (user, peer) = (&users.users[one], &users.users[other].name);
        let has = |begins: &str, ends: &str| {
            let begins = format!("{begins} {peer} ");
            user.lines().iter().any(|line| line.starts_with(&begins) && line.contains(ends))
        };
        match by_udp {
            false => {
                has("chat with", "(verified") || has("Incoming chat request from", "(verified")
            }
            true => {
                has("conversation with", " is open")
                    || has("Incoming query from", "(verified")
            }
        }
    };
    sees(one, other) && sees(other, one)
}
