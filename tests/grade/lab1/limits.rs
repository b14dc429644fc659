//! How long a line may be, and how many lines a request may have.

use crate::driver::cast::Server;
use crate::driver::dice::Dice;
use crate::driver::story::step;
use crate::driver::wire::Wire;

/// So many bytes may be skipped for one block: somewhat less than 1 MiB.
const MANY: usize = 1_000_000;
/// And so many more may not.
const MORE: usize = 150_000;

/// A header line of this many bytes with its end.
fn line(name: &str, bytes: usize, end: &str) -> String {
    let head = format!("{name}: ");
    let value = "x".repeat(bytes - head.len() - end.len());
    format!("{head}{value}{end}")
}

pub fn a_line_of_4096_bytes_passes_and_of_4097_does_not(dice: &mut Dice) {
    let server = Server::start(&[]);
    let mut alice = server.connect("alice");
    for (end, name) in [("\r\n", "CRLF"), ("\n", "LF")] {
        step(format!("a line of 4,096 bytes, its {name} among them"));
        let token = dice.word();
        let long = line("Colour", 4096, end);
        alice.sends_in_pieces(format!("PING\r\n{long}Token: {token}\r\n\r\n"), dice, 3000);
        alice.gets("PONG").has_exactly(&[("Token", &token)]);

        step(format!("a line of 4,097 bytes, its {name} among them"));
        let long = line("Colour", 4097, end);
        alice.sends_in_pieces(format!("PING\r\n{long}Token: {token}\r\n\r\n"), dice, 3000);
        alice.refuses("PING", "too-long");
        alice.hears_nothing_else(dice);
    }
    step("a value that fills its line comes back whole");
    let long = line("Token", 4096, "\r\n");
    alice.sends(format!("PING\r\n{long}\r\n"));
    alice.gets("PONG").has_exactly(&[("Token", &long["Token: ".len()..4094])]);

    refused_at_once(&mut alice, dice);
    let begins = |wire: &mut Wire| {
        wire.sends(format!("PING\r\n{}", line("Colour", 5000, "")));
        wire.refuses("PING", "too-long");
    };
    is_skipped_up_to_1_mib(alice, ("one line", "y", "\r\n\r\n"), begins, dice);
}

/// What is skipped is counted, anew for each block, and nothing more is told of it.
fn is_skipped_up_to_1_mib(
    mut wire: Wire,
    (what, piece, end): (&str, &str, &str),
    begins: impl Fn(&mut Wire),
    dice: &mut Dice,
) {
    let much = piece.repeat(MANY / piece.len());
    for _ in 0..2 {
        step(format!("{MANY} bytes of {what} are skipped"));
        begins(&mut wire);
        wire.sends(format!("{much}{end}"));
        wire.hears_nothing_else(dice);
    }
    step(format!("as many and {MORE} more of {what}: the server hangs up"));
    begins(&mut wire);
    wire.sends(much);
    let (bytes, mut more) = (piece.repeat(1 + 1000 / piece.len()), 0);
    while more < MORE && wire.drips(bytes.as_bytes()) {
        more += bytes.len();
    }
    wire.is_closed();
}

/// A line need not end to be too long.
fn refused_at_once(alice: &mut Wire, dice: &mut Dice) {
    step("4,097 bytes and no end of line yet: it is refused now");
    alice.sends(format!("PING\r\n{}", line("Colour", 4097, "")));
    alice.refuses("PING", "too-long");
    step("the rest of that block is skipped, whatever it looks like");
    let rest = "y".repeat(9000);
    alice.sends_in_pieces(format!("{rest}\r\n{rest}\r\nToken: a\r\n\r\n"), dice, 5000);
    alice.hears_nothing_else(dice);
    step("a first line that is too long: the answer cannot know its TYPE");
    alice.sends(format!("{}\r\nToken: a\r\n\r\n", "P".repeat(5000)));
    alice.refuses("", "too-long");
    alice.hears_nothing_else(dice);
}

pub fn sixteen_lines_pass_and_seventeen_do_not(dice: &mut Dice) {
    let server = Server::start(&[]);
    let mut alice = server.connect("alice");
    let lines = |count: usize| "Colour: green\r\n".repeat(count);

    step("15 lines that mean nothing, and the Token as the 16th");
    let token = dice.word();
    alice.sends(format!("PING\r\n{}Token: {token}\r\n\r\n", lines(15)));
    alice.gets("PONG").has_exactly(&[("Token", &token)]);

    for count in [17, 18, 60] {
        step(format!("{count} lines: refused once, and not executed"));
        alice.sends(format!("PING\r\nToken: {token}\r\n{}\r\n", lines(count - 1)));
        alice.refuses("PING", "too-long");
        alice.hears_nothing_else(dice);
    }
    step("the lines of each request are counted anew");
    for _ in 0..3 {
        alice.sends(format!("PING\r\nToken: {token}\r\n{}\r\n", lines(15)));
        alice.gets("PONG").has_exactly(&[("Token", &token)]);
    }
    step(
        "16 lines and half of a 17th, and the stream ends: half a line is none, so none is too many",
    );
    let mut carol = server.connect("carol");
    carol.sends(format!("PING\r\n\r\nPING\r\n{}Shape: ro", lines(16))).ends();
    carol.gets("PONG").has_exactly(&[]);
    carol.is_closed();
    let begins = |wire: &mut Wire| {
        wire.sends(format!("PING\r\n{}", lines(17)));
        wire.refuses("PING", "too-long");
    };
    is_skipped_up_to_1_mib(alice, ("a block's lines", &lines(50), "\r\n"), begins, dice);
    let before = ("blank lines before a TYPE", "\r\n", "");
    is_skipped_up_to_1_mib(server.connect("bob"), before, |_| {}, dice);
}
