//! A thread that must be woken is woken by the one that should do it, and not by chance by the next one.

use std::sync::Arc;

use p2p_chat::server::printer::Printer;
use world::sim::{self, SECOND};
use world::terminal::Paper;

use crate::crowd::Crowd;
use crate::member::{Member, Stage};
use crate::record::invariant;
use crate::server::{self, Server};

/// All speak and ask at one moment, and are silent until all is answered. In the end some say that they send nothing
/// more.
pub fn chorus() {
    let mut server = Server::start(server::options());
    let mut crowd = Crowd::new(&server, 3 + sim::dice(6) as usize);
    crowd.shorten_links(&server, [1, 1_000_000][sim::dice(2) as usize]);
    crowd.gather();
    for _ in 0..8 {
        crowd.pass(SECOND / 4);
        for member in &mut crowd.members {
            member.say(5);
            if sim::dice(3) > 0 {
                member.ask("INFO", "");
            }
        }
        if !crowd.until(sim::now() + SECOND, |crowd| crowd.members.iter().all(Member::is_quiet)) {
            let waits: Vec<String> = crowd.members.iter().map(Member::waits_for).collect();
            sim::fail(invariant::NOBODY_WAITS, &waits.join("; "));
        }
    }
    for member in crowd.members.iter_mut().skip(2) {
        member.say(5);
        member.finish();
    }
    let are_out = |crowd: &mut Crowd| {
        crowd.members.iter().skip(2).all(|member| member.stage == Stage::Out)
    };
    crowd.until(sim::now() + 5 * SECOND, are_out);
    crowd.rest(&server);
    crowd.end(&mut server);
}

/// Some threads print, and the printer is closed: what they have printed until then is on the paper.
pub fn printer() {
    let (host, paper) = (sim::host("server", [10, 0, 1, 1].into()), Paper::new(sim::key()));
    let printer = Arc::new(Printer::default());
    let (own, output) = (Arc::clone(&printer), paper.clone());
    let printing = sim::start(host, "printer", move || own.run(output));
    let count = 1 + sim::dice(4);
    let speakers = (0..count).map(|speaker| {
        let printer = Arc::clone(&printer);
        sim::start(host, "speaker", move || {
            for line in 0..5 {
                world::thread::sleep(std::time::Duration::from_nanos(sim::dice(10_000_000)));
                printer.line(format_args!("{speaker} says {line}"));
            }
        })
    });
    for speaker in speakers.collect::<Vec<_>>() {
        sim::await_end(speaker, sim::now() + SECOND);
    }
    printer.close();
    if !sim::await_end(printing, sim::now() + SECOND) {
        sim::fail(invariant::NO_SLEEP, "1 s after its close the printer has not ended");
    }
    for (speaker, line) in (0..count).flat_map(|speaker| (0..5).map(move |line| (speaker, line))) {
        let line = format!("{speaker} says {line}");
        if !paper.has(&line, 0) {
            sim::fail(invariant::PRINTED, &format!("{line:?} is not"));
        }
    }
}
