//! Members that stall, drip, vanish, or flood: nobody else waits for them.

use world::sim::{self, SECOND};

use crate::crowd::Crowd;
use crate::member::{Reading, Stage};
use crate::record::invariant;
use crate::scenes::room::act;
use crate::server::{self, Server};

/// Some members read nothing, or little, while others speak.
pub fn slow() {
    let mut options = server::options();
    options.backlog = [4_096, 16_384, 1 << 20][sim::dice(3) as usize];
    options.ping = std::time::Duration::from_secs(1 + sim::dice(3));
    let mut server = Server::start(options);
    let mut crowd = Crowd::new(&server, 4 + sim::dice(6) as usize);
    crowd.gather();
    let lazy = 1 + sim::dice(2) as usize;
    for member in crowd.members.iter_mut().take(lazy) {
        member.reading = match sim::dice(2) {
            0 => Reading::Nothing,
            _ => Reading::Drips(1 + sim::dice(600) as usize, 1_000_000 + sim::dice(SECOND)),
        };
    }
    for _ in 0..20 + sim::dice(60) {
        let count = crowd.members.len() - lazy;
        let speaker = lazy + sim::dice(count as u64) as usize;
        let member = &mut crowd.members[speaker];
        if member.stage == Stage::In {
            let length = sim::dice(1_900) as usize;
            (0..=sim::dice(3)).for_each(|_| drop(member.say(length)));
        }
        crowd.pass(sim::dice(100_000_000));
    }
    crowd.pass(sim::dice(10) * SECOND);
    crowd.rest(&server);
    crowd.end(&mut server);
}

/// Members lose the server, or it loses them, by a link that is cut.
pub fn cut() {
    let mut options = server::options();
    options.ping = std::time::Duration::from_secs(1 + sim::dice(4));
    let mut server = Server::start(options);
    let mut crowd = Crowd::new(&server, 3 + sim::dice(6) as usize);
    crowd.gather();
    crowd.members.iter_mut().for_each(|member| member.excused = true);
    for _ in 0..30 {
        match sim::dice(14) {
            0 => sim::freeze(server.host, sim::dice(3 * SECOND)),
            1 => {
                sim::jump(server.host, sim::dice(7_200 * SECOND).cast_signed() - 3_600_000_000_000)
            }
            2..6 => {
                let member = sim::dice(crowd.members.len() as u64) as usize;
                sim::cut(crowd.members[member].host, server.host, sim::dice(2) == 0);
            }
            _ => act(&mut crowd),
        }
        crowd.pass(sim::dice([20_000_000, SECOND, 4 * SECOND][sim::dice(3) as usize]));
    }
    for member in &crowd.members {
        sim::cut(member.host, server.host, false);
    }
    crowd.rest(&server);
    crowd.end(&mut server);
}

/// One reads nothing until its socket is full and more waits for it. Then it reads on, and nobody speaks any more.
pub fn again() {
    let mut server = Server::start(server::options());
    let mut crowd = Crowd::new(&server, 3);
    crowd.shorten_links(&server, [1, 100_000][sim::dice(2) as usize]);
    crowd.gather();
    crowd.members[0].reading = Reading::Nothing;
    for _ in 0..150 + sim::dice(150) {
        crowd.members[1].say(1_500);
        crowd.pass(sim::dice(1_000_000));
    }
    crowd.members[1].excused = true;
    crowd.until(sim::now() + 2 * SECOND, |crowd| crowd.members[1].is_quiet());
    crowd.members[0].reading = Reading::All;
    let has_all = |crowd: &mut Crowd| crowd.members[0].seen == crowd.members[1].seen;
    if !crowd.until(sim::now() + SECOND, has_all) {
        let [one, other] = [0, 1].map(|number| crowd.members[number].seen);
        sim::fail(invariant::AGAIN, &format!("m1 has heard {one} of {other}"));
    }
    crowd.rest(&server);
    crowd.end(&mut server);
}

/// One says far more than it may. It is slowed down, and the others are not.
pub fn flood() {
    let mut options = server::options();
    options.rate = 20;
    let mut server = Server::start(options);
    let mut crowd = Crowd::new(&server, 3 + sim::dice(4) as usize);
    crowd.gather();
    crowd.members[0].excused = true;
    for _ in 0..200 + sim::dice(200) {
        crowd.members[0].say(sim::dice(30) as usize);
    }
    let begun = sim::now();
    let count = crowd.members.len() as u64;
    while sim::now() < begun + 3 * SECOND {
        let member = &mut crowd.members[1 + sim::dice(count - 1) as usize];
        if member.stage == Stage::In {
            member.say(20);
        }
        crowd.pass(sim::dice(SECOND / 2));
    }
    // 100 in a burst, then 20 in each second.
    let heard = crowd.record.messages.values().filter(|message| message.starts_with("m1:")).count();
    if heard > 100 + 20 * 5 {
        sim::fail(invariant::NOBODY_WAITS, &format!("{heard} of the flood were let through"));
    }
    crowd.rest(&server);
    crowd.end(&mut server);
}
