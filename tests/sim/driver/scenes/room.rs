//! Rooms without accidents: 3 to 30 members who speak, tell, ask, come and go; and 300 who join at once.

use world::sim::{self, SECOND};

use crate::crowd::Crowd;
use crate::member::{Member, Stage};
use crate::server::{self, Server};

/// 3 to 30 members.
pub fn room() {
    play(false);
}

/// The same in a student's tree after lab 4: the server writes no log.
pub fn lab4() {
    play(true);
}

fn play(has_no_log: bool) {
    let mut server = Server::start(server::options());
    let count = 3 + sim::dice(28).min(sim::dice(28)) as usize;
    let mut crowd = Crowd::new(&server, count);
    crowd.record.has_no_log = has_no_log;
    crowd.gather();
    for _ in 0..10 + 2 * count {
        act(&mut crowd);
        crowd.pass(sim::dice(20_000_000));
    }
    crowd.rest(&server);
    crowd.end(&mut server);
}

/// Somebody does something.
pub fn act(crowd: &mut Crowd) {
    let count = crowd.members.len() as u64;
    let other = crowd.members[sim::dice(count) as usize].name.clone();
    let member = &mut crowd.members[sim::dice(count) as usize];
    if member.stage != Stage::In {
        member.wants = true;
        return;
    }
    match sim::dice(16) {
        0 if other != member.name => member.tell(&other),
        1 => member.ask("HISTORY", "Last: 5\r\n"),
        2 => member.ask("INFO", ""),
        3 if member.id != 1 => member.quit(),
        4 => member.hang_up(),
        5 => {
            (0..sim::dice(4)).for_each(|_| drop(member.say(5)));
            member.take_over();
        }
        6 => (0..10).for_each(|_| drop(member.say(20))),
        _ => drop(member.say(sim::dice(40) as usize)),
    }
}

/// 300 who join at once.
pub fn many() {
    let mut server = Server::start(server::options());
    let mut crowd = Crowd::new(&server, 0);
    for number in 0..300_u32 {
        let ip = [10, 0, 3 + (number / 30) as u8, 1 + (number % 30) as u8];
        let name = format!("n{number}");
        let host = sim::host(&name, ip.into());
        crowd.members.push(Member::on(host, name, server.address, crowd.bell));
    }
    crowd.gather();
    for _ in 0..3 {
        let speaker = sim::dice(300) as usize;
        crowd.members[speaker].say(10);
        crowd.pass(sim::dice(SECOND / 100));
    }
    crowd.rest(&server);
    crowd.end(&mut server);
}
