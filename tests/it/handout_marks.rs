//! Marks and stubs: which functions the labs leave to the students, and what stands there meanwhile.

use std::path::Path;

use p2p_chat::tools::handout::mark::{Mark, marks};
use p2p_chat::tools::handout::stub::leave_open;
use p2p_chat::tools::handout::tree::Solution;

/// All marks: lab, file, function, and what a quiet stub gives.
const TABLE: &str = r#"
0 src/net/accept.rs accept => one_after_the_other(listener, service)
0 src/net/connect.rs connect => TcpStream::connect(&addresses[..addresses.len().min(1)])
0 src/net/copy.rs copy => io::copy(from, to).map(drop)
0 src/net/copy.rs join => one_way(one, other)
0 src/net/pair.rs bind_pair => let failed = |error| (address.to_string(), error); let listener = TcpListener::bind(address).map_err(failed)?; let socket = UdpSocket::bind((address.ip(), 0)).map_err(failed)?; Ok((listener, Arc::new(socket)))
1 src/wire/block.rs Block::header
1 src/wire/framing.rs BlockParser::push
1 src/wire/framing.rs BlockReader::read
1 src/wire/line.rs read_line
2 src/server/directory/registration.rs Registration::renew
2 src/server/directory/registration.rs Registration::authorize
2 src/server/directory/registration.rs Registration::bind
2 src/server/directory/registry.rs Registry::register
2 src/server/directory/registry.rs Registry::join
2 src/server/directory/registry.rs Registry::leave => None
2 src/server/directory/registry.rs Registry::find
3 src/server/directory/lookup.rs recorded => Ok((claimed.unwrap_or(seen), port).into())
3 src/server/directory/lookup.rs listing
3 src/server/directory/lookup.rs asking
3 src/server/directory/lookup.rs wanted
3 src/server/directory/lookup.rs introduce
4 src/server/room/batch.rs Batch::put
4 src/server/room/broadcaster.rs write_to_all => for member in members { member.deliver(bytes, FIRST_MODE); }
4 src/server/room/send_buffer.rs SendBuffer::send => write_and_wait(bytes, write)
4 src/server/room/send_buffer.rs SendBuffer::took
4 src/server/room/send_buffer.rs write_some
5 src/client/direct/tcp/peer.rs Invitations::admit => None
5 src/client/direct/tcp/peer.rs Invitations::find => None
5 src/client/direct/tcp/peer.rs is_called_one => true
5 src/client/direct/tcp/peer.rs parse_line
5 src/client/direct/tcp/peer.rs line_of => format!("{text}\r\n")
6 src/client/direct/udp/reliable.rs Sending::send_new
6 src/client/direct/udp/reliable.rs Sending::send_again => Vec::new()
6 src/client/direct/udp/reliable.rs Sending::take_late => Vec::new()
6 src/client/direct/udp/reliable.rs Sending::acknowledged
6 src/client/direct/udp/reliable.rs Sending::deadline => None
6 src/client/direct/udp/reliable.rs Receiving::accept
6 src/client/direct/udp/reliable.rs Receiving::skip_to => ()
7 src/server/room/log/journal.rs Journal::append => Ok(())
7 src/server/room/log/journal.rs Journal::close_torn_line => Ok(())
7 src/server/room/log/recovery.rs recover => Ok(Recovered::default())
8 src/server/keepalive.rs Keepalive::heard => false
8 src/server/keepalive.rs Keepalive::deadline => None
8 src/server/keepalive.rs Keepalive::next => Next::Wait(Duration::from_millis(100))
8 src/wire/http.rs is_http => false
9 src/tools/load/measure.rs percentile
9 src/tools/load/measure.rs Order::hear
9 src/tools/load/measure.rs Order::fill => false
9 src/tools/load/measure.rs Order::lost
9 src/tools/load/measure.rs Faults::of
10 src/tls/key_schedule.rs expand_label => expand(secret, label.as_bytes())
10 src/tls/key_schedule.rs check_finished => Ok(())
10 src/tls/key_schedule.rs below => extract(secret, input)
10 src/tls/record.rs TrafficKeys::nonce => self.iv
10 src/tls/record.rs TrafficKeys::open => let nonce = self.nonce(); super::chacha20::apply(&self.key, 1, &nonce, body); let end = body.len() - TAG - 1; Ok((body[end], end))
10 src/tls/replay_window.rs ReplayWindow::may_come => true
10 src/tls/replay_window.rs ReplayWindow::note => ()
11 src/client/direct/udp/path.rs Path::keepalive => None
11 src/client/direct/udp/path.rs Path::heard_from => self.proven = Some(Proven { address: from, since: now, spoke: now, unanswered: 0 })
11 src/client/direct/udp/punches.rs candidate_order => vec![(listed, Duration::ZERO)]
11 src/client/direct/udp/punches.rs Punches::add => let nonce = self.tried.first().map_or_else(|| PunchNonce(u64::from_be_bytes(random())), |first| first.nonce); self.tried.push(Tried { address, nonce, start, passed: 0 })
11 src/client/direct/udp/punches.rs Punches::due => let unsent = self.tried.iter_mut().filter(|tried| tried.passed == 0); unsent.map(|tried| { tried.passed = SCHEDULE.len(); Punch { to: tried.address, nonce: tried.nonce, count: 1 } }).collect()
11 src/client/direct/udp/punches.rs Punches::accepts => true
12 src/client/direct/round_trip.rs RoundTrip::took => self.0 = Some(Estimate { smoothed: time, variation: Duration::ZERO });
12 src/client/direct/round_trip.rs RoundTrip::timeout => None
12 src/client/direct/udp/congestion.rs CongestionControl::timeout => SHORTEST
12 src/client/direct/udp/congestion.rs CongestionControl::allows => true
12 src/client/direct/udp/congestion.rs CongestionControl::lost => ()
12 src/client/direct/udp/congestion.rs CongestionControl::measure => ()
12 src/client/direct/udp/congestion.rs CongestionControl::grow => ()
"#;

#[test]
fn the_labs_leave_these_functions_open() {
    let solution = Solution::read(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let line = |path: &str, mark: &Mark| {
        let stand_in = mark.stand_in.as_ref().map(|it| format!(" => {it}"));
        format!("{} {path} {}{}", mark.lab, mark.function, stand_in.unwrap_or_default())
    };
    let all = solution.marks().flat_map(|(path, marks)| marks.iter().map(move |it| line(path, it)));
    let mut all: Vec<String> = all.collect();
    // By lab; it keeps the order within one.
    all.sort_by_key(|line| line.split(' ').next().and_then(|lab| lab.parse::<u32>().ok()));
    let expected: Vec<&str> = TABLE.trim().lines().collect();
    assert_eq!(all, expected);
}

#[test]
fn a_marked_function_is_one_that_can_be_seen_at_once() {
    let solution = Solution::read(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    for (path, marks) in solution.marks() {
        for mark in marks {
            assert!(mark.lines <= 25, "{path}: {} has {} lines", mark.function, mark.lines);
        }
    }
}

/// The source of a student for a solution, all labs open.
fn opened(source: &str) -> String {
    leave_open(source, &marks(source).unwrap(), |_| true)
}

#[test]
fn a_loud_stub_panics_and_uses_its_arguments() {
    let source = "\
impl<T: Into<u8>> A<T> for B<'_> where T: Fn(&u8) -> u8 {
    /// Does it.
    #[must_use]
    // LAB 3: say \"{}\" \\ it
    pub(super) fn a<'a, R>(&'a mut self, r: &mut R, _b: impl Fn(&u8) -> u8) -> [u8; 4]
    where
        R: Default,
    {
        let text = \"
    }
\";
        /*
    }
        */
        if x { '}' } else { text }
    }
}
";
    let stub = "    {
        let _ = (&self, &r, &_b);
        todo!(\"LAB 3: say \\\"{{}}\\\" \\\\ it\")
    }
";
    let body = source.find("    {\n").unwrap()..source.rfind("    }\n").unwrap() + 6;
    let mut expected = source.to_owned();
    expected.replace_range(body, stub);
    assert_eq!(opened(source), expected);
    assert_eq!(marks(source).unwrap()[0].function, "B::a");
    assert_eq!(marks(source).unwrap()[0].lines, 7);
}

#[test]
fn a_function_has_the_name_of_its_type() {
    for (before, owner) in [
        ("impl A", "A::"),
        ("impl<T: B> A<T>", "A::"),
        ("impl<T> Into<B> for A<T>", "A::"),
        ("impl B {}\n\nimpl<T> A<T>\nwhere\n    T: B,\n", "A::"),
        ("impl B {\n    fn b() {\n    }\n}\n\ntrait A", ""),
        ("impl B {\n    fn b() {\n    }\n}\n\nmod a", ""),
    ] {
        let source = format!("{before} {{\n    // LAB 3: a\n    fn a() {{\n    }}\n}}\n");
        assert_eq!(marks(&source).unwrap()[0].function, format!("{owner}a"), "{source}");
    }
}

#[test]
fn a_stub_uses_all_arguments() {
    for (head, used) in [
        ("fn a()", ""),
        ("fn a<F: Fn(u8) -> u8>(b: F)", "let _ = &b;"),
        ("fn a<F: Fn(u8) -> Vec<u8>>(&self, b: F)", "let _ = (&self, &b);"),
        ("fn a(&self)", "let _ = &self;"),
        ("fn a(&'a mut self, b: &mut u8, _: u8)", "let _ = (&self, &b);"),
        ("fn a(self: Arc<Self>, b: [u8; 4])", "let _ = (&self, &b);"),
        (
            "fn a(\n    self,\n    b: Vec<(u8, u8)>, // c: d\n) -> Map<u8, u8>",
            "let _ = (&self, &b);",
        ),
        ("fn a<T>(b: T)\nwhere\n    T: B,\n", "let _ = &b;"),
    ] {
        let stub = opened(&format!("// LAB 3: a\n{head} {{\n    b\n}}\n"));
        let between = if used.is_empty() { String::new() } else { format!("\n    {used}") };
        let expected = format!("// LAB 3: a\n{head} {{{between}\n    todo!(\"LAB 3: a\")\n}}\n");
        assert_eq!(stub, expected);
    }
}

#[test]
fn a_quiet_stub_says_so_and_gives_its_stand_in() {
    let source = "// LAB 7: do it => Ok(())\nfn a(one: u8) -> R {\n    b\n}\n// LAB 7: go => ()\nfn c() {\n}\n";
    let expected = "\
// LAB 7: do it
fn a(one: u8) -> R {
    let _ = &one;
    not_yet!(\"LAB 7: do it\");
    Ok(())
}
// LAB 7: go
fn c() {
    not_yet!(\"LAB 7: go\");
}
";
    assert_eq!(opened(source), expected);
}

#[test]
fn what_is_solved_keeps_its_body_and_tells_nothing() {
    let source = "// LAB 7: do it => Ok(())\nfn a(one: u8) -> R {\n    b\n}\n";
    let solved = leave_open(source, &marks(source).unwrap(), |_| false);
    assert_eq!(solved, "// LAB 7: do it\nfn a(one: u8) -> R {\n    b\n}\n");
}

#[test]
fn what_only_looks_like_a_mark_is_none() {
    for source in [
        "// LAB.md tells more\nfn a() {}",
        "// LABEL: x\nfn a() {}",
        "const A: &str = \"\n// LAB 3: x\n\";",
        "/* \n// LAB 3: x\n */",
        "// see LAB 3: x\nfn a() {}",
    ] {
        assert_eq!(marks(source).unwrap(), [], "{source}");
    }
}

#[test]
fn wrong_marks_are_told_with_their_line() {
    for (source, line, part) in [
        ("\n// LAB 13: a\nfn a() {\n}", 2, "no such lab"),
        ("// LAB -1: a\nfn a() {\n}", 1, "a mark is"),
        ("// LAB: a\nfn a() {\n}", 1, "a mark is"),
        ("// LAB 3 a\nfn a() {\n}", 1, "a mark is"),
        ("//LAB 3: a\nfn a() {\n}", 1, "a mark is"),
        ("/// LAB 3: a\nfn a() {\n}", 1, "a mark is"),
        ("// LAB 3: \nfn a() {\n}", 1, "a mark is"),
        ("// LAB 3: a => \nfn a() {\n}", 1, "a mark is"),
        ("// LAB 3: a\n// LAB 3: b\nfn a() {\n}", 1, "two marks"),
        ("// LAB 3: a\nstruct A;", 1, "no function"),
        ("// LAB 3: a\n\nfn a() {\n}", 1, "no function"),
        ("fn a() {\n}\n// LAB 3: a\n", 3, "no function"),
        ("fn a() {\n}\n// LAB 3: a", 3, "no function"),
        ("trait A {\n    // LAB 3: a\n    fn a();\n}", 2, "no body"),
        ("trait A {\n    // LAB 3: a\n    fn a();\n\n    fn b() {\n    }\n}", 2, "no body"),
        ("fn a() {\n} // LAB 3: a\nfn b() {\n}", 2, "line of its own"),
        ("// LAB 3: a\nfn a() {\n    // LAB 3: b\n    fn b() {\n    }\n}", 3, "marked itself"),
        ("// LAB 3: a\nfn a() {\n}\n// LAB 4: b\nfn b() {\n}", 4, "another lab"),
        ("// LAB 3: a\nconst fn a() {\n}", 1, "plain function"),
        ("// LAB 3: a\npub async fn a() {\n}", 1, "plain function"),
        ("// LAB 3: a\nfn a() -> impl Fn() {\n}", 1, "impl"),
        ("// LAB 3: a\nfn a(mut b: u8) {\n}", 1, "mut"),
        ("// LAB 3: a\nfn a(b: &u8, mut c: u8) {\n}", 1, "mut"),
        ("// LAB 3: a\nfn a(mut self) {\n}", 1, "mut"),
        ("// LAB 3: a\nfn a((b, c): (u8, u8)) {\n}", 1, "a name"),
        ("// LAB 3: a\nfn a() { b }\nfn c() {\n}", 1, "lines of its own"),
        ("// LAB 3: a\nfn a() {}\n", 1, "lines of its own"),
        ("// LAB 3: a\nfn a() {\n", 1, "no end"),
        ("// LAB 3: a\nfn a()", 1, "no end"),
        ("    // LAB 3: a\n    fn a() {\n  }\n\n    fn b() {\n    }\n", 1, "no end"),
        ("    // LAB 3: a\n    fn a() {\nb\n    }\n", 1, "no end"),
        ("// LAB 3: a\n    fn a() {\n    }\n", 1, "no end"),
        ("a\n/*", 2, "no end"),
    ] {
        let (found, what) = marks(source).unwrap_err();
        assert!(found == line && what.contains(part), "{source}: line {found}: {what}");
    }
}
