//! Several clients of one host want one name: it is one person's at a time.

use world::sim::{self, SECOND};

use crate::crowd::Crowd;
use crate::member::{Member, Stage};
use crate::record::invariant;
use crate::server::{self, Server};

/// Two names, five who want them, and two who watch.
pub fn names() {
    let mut server = Server::start(server::options());
    let mut crowd = Crowd::new(&server, 2);
    crowd.gather();
    let host = sim::host("shared", [10, 0, 4, 1].into());
    for number in 0..5 {
        let name = if number < 3 { "ann" } else { "Bob" };
        let mut member = Member::on(host, name.to_owned(), server.address, crowd.bell);
        (member.wants, member.excused) = (true, true);
        crowd.members.push(member);
    }
    for _ in 0..30 {
        let number = 2 + sim::dice(5) as usize;
        let member = &mut crowd.members[number];
        match sim::dice(6) {
            0 => member.hang_up(),
            1 => member.take_over(),
            4 | 5 if member.stage == Stage::In => member.switch(),
            2 if member.stage == Stage::In => member.quit(),
            2 => member.wants = !member.wants,
            _ => drop(crowd.members[sim::dice(2) as usize].say(5)),
        }
        crowd.pass(sim::dice(SECOND / 3));
        check(&mut crowd);
    }
    for member in crowd.members.iter_mut().skip(2) {
        if member.stage != Stage::In {
            member.wants = false;
        }
    }
    crowd.pass(2 * SECOND);
    for member in crowd.members.iter_mut().skip(2) {
        member.wants = member.stage == Stage::In;
    }
    crowd.rest(&server);
    crowd.end(&mut server);
}

/// Checks that nobody has a name that another has, once all that is on its way has arrived.
fn check(crowd: &mut Crowd) {
    let two = |crowd: &Crowd| {
        let has = |name: &str| {
            let holds = |member: &&Member| member.stage == Stage::In && member.name == name;
            crowd.members.iter().filter(holds).count()
        };
        has("ann") > 1 || has("Bob") > 1
    };
    if two(crowd) && !crowd.until(sim::now() + 5 * SECOND, |crowd| !two(crowd)) {
        sim::fail(invariant::ONE_PERSON, "two have one name for five seconds");
    }
}
