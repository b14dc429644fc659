//! Several addresses.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use super::starts;
use crate::driver::by_hand;
use crate::driver::dice::Dice;
use crate::driver::heard::{Output, Side};
use crate::driver::played::Played;
use crate::driver::program::Program;
use crate::driver::story::{fail, instead, late, not_checked, seconds, step};

/// More connections than a listener keeps that accepts none.
const FULL: usize = 4_096;
/// How soon an address on this machine answers, if it does.
const SOON: Duration = Duration::from_millis(300);
/// No machine is so busy that two limits of one second take so long; those of five seconds take longer anywhere.
const LATE: Duration = Duration::from_secs(9);

pub fn each_address_is_tried_within_its_limit(dice: &mut Dice) {
    let server = Played::open();
    let here = server.address().to_string();
    let [gone, lost] = refusing();
    step("the first address answers, so the second is not tried");
    let second = Played::open();
    talks(&server, &[&here, &second.address().to_string()], dice);
    if second.is_called() {
        fail(instead("no connection to the second address", "one"));
    }
    step("nobody listens at the first two addresses");
    talks(&server, &[&gone, &lost, &here], dice);
    step("nobody listens anywhere");
    let parts = starts(&["connect", &gone, &lost]);
    let names_each = |line: &str| (line.contains(&gone) && line.contains(&lost)).then_some(());
    let what = format!("a line with {gone} and {lost}, on stderr");
    parts.exits(1);
    parts.waits_for(Side::Errors, &what, Output::line, names_each);
    drop(parts);
    let Some(hole) = Hole::dig() else {
        not_checked("this machine makes no address that stays silent");
    };
    let silent = hole.address.to_string();
    by_hand::note("nobody listens at the silent address now: by hand it refuses at once");
    step("nobody answers at the first two addresses, and each may take one second");
    let begun = Instant::now();
    talks(&server, &["--limit", "1", &silent, &silent, &here], dice);
    let took = begun.elapsed();
    if took > LATE {
        let expected = format!("one second for each silent address, {} at most", seconds(LATE));
        late(instead(expected, seconds(took)));
    }
}

/// Two addresses that refuse.
fn refusing() -> [String; 2] {
    let listeners = [(); 2].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().to_string())
}

/// A part that connects with these arguments reaches the server, and carries bytes both ways.
fn talks(server: &Played, arguments: &[&str], dice: &mut Dice) {
    let parts: Program = starts(&[&["connect"], arguments].concat());
    let mut wire = server.accepts("the server (played)");
    let words = dice.words(2);
    parts.types(&words[0]);
    wire.gets_bytes(&format!("{}\n", words[0]));
    wire.sends(format!("{}\n", words[1]));
    parts.sees_line(&words[1]);
    parts.ends_input();
    wire.is_closed();
    wire.ends();
    parts.exits(0);
}

/// An address that does not answer: a listener that accepts nobody, and has as many waiting as it keeps.
struct Hole {
    address: SocketAddr,
    _listener: TcpListener,
    _waiting: Vec<TcpStream>,
}

impl Hole {
    /// Makes one; `None` where all are let in, or refused.
    fn dig() -> Option<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).ok()?;
        let address = listener.local_addr().ok()?;
        let (mut waiting, mut unanswered) = (Vec::new(), 0);
        while waiting.len() < FULL && unanswered < 2 {
            match TcpStream::connect_timeout(&address, SOON) {
                Ok(stream) => waiting.push(stream),
                Err(error) if error.kind() == ErrorKind::TimedOut => unanswered += 1,
                Err(_) => return None,
            }
        }
        let hole = Self { address, _listener: listener, _waiting: waiting };
        (unanswered == 2).then_some(hole)
    }
}
