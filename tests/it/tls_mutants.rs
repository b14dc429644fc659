//! Handshakes and records that are changed at random, by the ten thousand: nothing panics, nothing hangs, nothing that
//! was changed is believed, and each fault is told to the other side.

use std::io::{self, ErrorKind, Read};

use p2p_chat::random::Dice;
use p2p_chat::tls::record::TrafficKeys;
use p2p_chat::tls::{Opener, Secured, TlsError};

use crate::tls::{Trace, accepted, connected, contents, record, sealed};

/// A number below `end`.
fn below(dice: &mut Dice, end: usize) -> usize {
    usize::try_from(dice.below(end.max(1) as u64)).unwrap()
}

/// A random byte. Small ones and the types of records are likelier.
fn byte(dice: &mut Dice) -> u8 {
    let often = [0, 1, 2, 3, 20, 21, 22, 23, 24, 255];
    let any = u8::try_from(dice.below(256)).unwrap();
    if dice.below(2) == 0 { any } else { often[below(dice, often.len())] }
}

/// Changes bytes from `start` on, once or a few times.
fn change(dice: &mut Dice, bytes: &mut Vec<u8>, start: usize) {
    for _ in 0..=below(dice, 3) {
        let at = start + below(dice, bytes.len() - start);
        let end = (at + 1 + below(dice, 8)).min(bytes.len());
        match dice.below(6) {
            0 if at < bytes.len() => bytes[at] ^= 1 << dice.below(8),
            1 if at < bytes.len() => bytes[at] = byte(dice),
            2 => bytes.truncate(at),
            3 if at < end => drop(bytes.drain(at..end)),
            4 if at < end => drop(bytes.splice(at..at, bytes[at..end].to_vec())),
            _ => bytes.insert(at.min(bytes.len()), byte(dice)),
        }
    }
}

/// Bytes without what does not count: the old version in a record that is not protected.
fn meaning(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for place in [1, 2] {
        bytes[place] = 3;
    }
    bytes
}

/// Whether a handshake that was changed ended as it must: a success only if nothing was changed that counts, and an
/// alert for each fault. `keys` are the secrets that an alert may be protected with.
fn right(result: &io::Result<Secured>, same: bool, sent: &[u8], keys: &[[u8; 32]]) {
    let Err(error) = result else {
        assert!(same, "a changed handshake succeeds");
        return;
    };
    let Some(TlsError::Found(alert)) = TlsError::of(error) else { return };
    let expected = [(21, vec![2, alert.0])];
    let clear = sent.ends_with(&record(21, &expected[0].1));
    let protected = sent.len() >= 24
        && keys.iter().any(|secret| {
            let last = &sent[sent.len() - 24..];
            let (header, body) = last.split_first_chunk().unwrap();
            let opened = TrafficKeys::new(*secret).open(header, &mut body.to_vec());
            opened == Ok((21, 2)) && contents(last, &mut TrafficKeys::new(*secret)) == expected
        });
    // After a changed ServerHello both sides have keys of their own, which nobody else knows.
    let unknown = keys.is_empty()
        && sent.len() >= 24
        && sent[sent.len() - 24..].starts_with(&[23, 3, 3, 0, 19]);
    assert!(clear || protected || unknown, "no alert for {error}: {sent:?}");
}

#[test]
fn a_server_survives_ten_thousand_hellos() {
    let (mut dice, trace) = (Dice::new(1), Trace::usual());
    let usual = trace.client_flights();
    let hello = 5 + trace.client_hello.len();
    for _ in 0..10_000 {
        let mut bytes = usual[..hello].to_vec();
        change(&mut dice, &mut bytes, 0);
        let (result, sent) = accepted(&bytes);
        right(&result, false, &sent, &[trace.handshake[1], trace.traffic[1]]);
    }
}

#[test]
fn a_server_survives_a_thousand_ends_of_a_handshake() {
    let (mut dice, trace) = (Dice::new(2), Trace::usual());
    let usual = trace.client_flights();
    for _ in 0..1000 {
        let mut bytes = usual.clone();
        change(&mut dice, &mut bytes, 5 + trace.client_hello.len());
        let (result, sent) = accepted(&bytes);
        right(&result, bytes.starts_with(&usual), &sent, &[trace.handshake[1], trace.traffic[1]]);
    }
}

#[test]
fn a_client_survives_a_thousand_answers() {
    let (mut dice, trace) = (Dice::new(3), Trace::usual());
    let usual = trace.server_flight(&[8, 0, 0, 2, 0, 0]);
    let hello = 5 + trace.server_hello.len();
    for round in 0..1000 {
        let mut bytes = usual.clone();
        // Most changes in the ServerHello are found at once; so each other one is behind it.
        change(&mut dice, &mut bytes, round % 2 * hello);
        let (result, sent) = connected(&bytes);
        let same = bytes.len() >= usual.len() && meaning(&bytes).starts_with(&usual);
        let keys: &[_] =
            if bytes.starts_with(&usual[..hello]) { &[trace.handshake[0]] } else { &[] };
        right(&result, same, &sent, keys);
    }
}

/// Gives bytes in random pieces with timeouts between them, and then ends.
struct Pieces<'a>(&'a [u8], Dice);

impl Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = below(&mut self.1, 60).min(into.len());
        if most == 0 && !self.0.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.0.read(&mut into[..most.max(1)])
    }
}

#[test]
fn twenty_thousand_streams_never_show_what_was_not_sent() {
    let (mut dice, trace) = (Dice::new(4), Trace::usual());
    let mut keys = TrafficKeys::new(trace.traffic[1]);
    let words = b"SAID bob\nSeq: 7\nHello, everyone!\n\n";
    let mut usual = Vec::new();
    for (number, piece) in words.chunks(12).enumerate() {
        usual.extend(sealed(&mut keys, 23, piece));
        if number == 1 {
            usual.extend(sealed(&mut keys, 22, &[24, 0, 0, 1, 1]));
            keys.update();
        }
    }
    usual.extend(sealed(&mut keys, 21, &[1, 0]));
    let (mut whole, mut faults, mut cuts) = (0, 0, 0);
    for round in 0..20_000 {
        let mut bytes = usual.clone();
        if round % 100 != 0 {
            change(&mut dice, &mut bytes, 0);
        }
        let mut opener = Opener::with_secret(true, trace.traffic[1]);
        let (mut source, mut data) = (Pieces(&bytes, Dice::new(round)), Vec::new());
        let end = loop {
            match opener.fill(&mut source) {
                Ok(()) if opener.data().is_empty() => break None,
                Ok(()) => data.extend_from_slice(opener.data()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => break TlsError::of(&error),
            }
            opener.consume(opener.data().len());
        };
        assert!(words.starts_with(&data), "{data:?}");
        match end {
            None => whole += usize::from(data == words),
            Some(TlsError::Found(_)) => faults += 1,
            Some(TlsError::Cut) => cuts += 1,
            Some(TlsError::Received(alert)) => panic!("{alert}"),
        }
        assert!(end.is_some() || data == words, "an end that nobody has sent");
    }
    assert!(whole >= 200 && faults > 10_000 && cuts > 500, "{whole} {faults} {cuts}");
}
