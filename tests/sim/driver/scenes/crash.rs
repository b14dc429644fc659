//! The server is killed and started again on the log that it left; its power fails; its disk is full, or fails.

use std::time::Duration;

use world::sim::{self, SECOND};

use crate::crowd::Crowd;
use crate::member::Stage;
use crate::scenes::room::act;
use crate::server::{self, Server};

/// Lets the members speak, with small pauses.
fn speak(crowd: &mut Crowd) {
    for _ in 0..5 + sim::dice(20) {
        act(crowd);
        crowd.pass(sim::dice(30_000_000));
    }
}

/// Lets all speak at once, until the first of them hears a word of it: at that moment it must be in the log.
fn speak_until_heard(crowd: &mut Crowd) {
    let before = crowd.record.heard;
    for member in crowd.members.iter_mut().filter(|member| member.stage == Stage::In) {
        member.say(5);
    }
    crowd.until(sim::now() + SECOND, |crowd| crowd.record.heard > before);
}

/// The server is killed at any moment. Nothing that was heard is lost, and no number is given twice.
pub fn crash() {
    let mut options = server::options();
    options.ping = Duration::from_secs(2);
    let mut server = Server::start(options);
    let mut crowd = Crowd::new(&server, 3 + sim::dice(6) as usize);
    sim::disk(server.host).set_faults(0, [0, 2, 8][sim::dice(3) as usize]);
    if sim::dice(2) == 0 {
        crowd.shorten_links(&server, 1);
    }
    crowd.gather();
    for _ in 0..1 + sim::dice(3) {
        if sim::dice(2) == 0 { speak(&mut crowd) } else { speak_until_heard(&mut crowd) }
        server.kill();
        crowd.record.check_log(&server.log());
        crowd.pass(sim::dice(2 * SECOND));
        server.start_again();
        crowd.gather();
    }
    speak(&mut crowd);
    crowd.rest(&server);
    crowd.end(&mut server);
}

/// The server's power fails. With `--sync` nothing that was heard is lost, else the end may be, and everybody is told.
pub fn power() {
    let mut options = server::options();
    options.ping = Duration::from_secs(2);
    options.sync = sim::dice(2) == 0;
    let is_safe = options.sync;
    let mut server = Server::start(options);
    let mut crowd = Crowd::new(&server, 3 + sim::dice(4) as usize);
    crowd.record.may_lose = !is_safe;
    crowd.gather();
    crowd.members.iter_mut().for_each(|member| member.excused = true);
    for _ in 0..1 + sim::dice(2) {
        speak(&mut crowd);
        server.power_off();
        crowd.record.check_log(&server.log());
        crowd.pass(sim::dice(8 * SECOND));
        server.start_again();
        crowd.gather();
    }
    speak(&mut crowd);
    crowd.rest(&server);
    crowd.end(&mut server);
}

/// The server's disk is full for a while, takes half of what it is given, or fails. The room goes on, and the log is
/// whole again after that.
pub fn disk() {
    let mut options = server::options();
    options.ping = Duration::from_secs(2);
    let mut server = Server::start(options);
    let mut crowd = Crowd::new(&server, 3 + sim::dice(4) as usize);
    crowd.record.may_lose = true;
    crowd.gather();
    let disk = sim::disk(server.host);
    for _ in 0..2 + sim::dice(3) {
        speak(&mut crowd);
        match sim::dice(3) {
            0 => disk.set_limit(Some(disk.used() + sim::dice(300) as usize)),
            1 => disk.set_faults(2 + sim::dice(8), 2 + sim::dice(8)),
            _ => {
                disk.set_limit(None);
                disk.set_faults(0, 0);
            }
        }
        speak(&mut crowd);
        if sim::dice(2) == 0 {
            server.kill();
            crowd.pass(sim::dice(SECOND));
            disk.set_limit(None);
            disk.set_faults(0, 0);
            server.start_again();
            crowd.gather();
        }
    }
    disk.set_limit(None);
    disk.set_faults(0, 0);
    crowd.rest(&server);
    crowd.check_last_in(&server.log());
    crowd.end(&mut server);
}
