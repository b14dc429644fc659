//! The parts of the chat alone: `parts PART …`. This file only reads the command line; the work is done in
//! [`p2p_chat::tools::parts`].

use std::io::{self, BufReader};
use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;
use std::time::Duration;

use p2p_chat::cli::{Arguments, number, program, server_address};
use p2p_chat::tools::parts::link::{self, LinkOptions};
use p2p_chat::tools::parts::{self, Part};

/// The text of `--help`, which also follows every mistake in the command line.
const USAGE: &str = "\
usage: parts PART …
  echo PORT [--host IP]
                     an echo server, TCP and UDP on one port: what comes goes back
  connect HOST:PORT… [--limit S]
                     a connection by hand to the first that answers, each within S seconds (5)
  join HOST:PORT HOST:PORT
                     what one connection says the other one hears, both ways
  window             the window against replays: may N, note N, new
  punches            the search for a way, in virtual time: order, at T try, at T, from, new
  path               the path of a conversation, in virtual time: new, at T, told, ack, met, heard, sent
  sender             the sender of datagrams in virtual time: at T, say N, ack SEQ upto UPTO, new
  link [flags]       senders over one link, in virtual time: a table, and a picture
    --rate N         messages a second (100)
    --queue N        how many messages may wait; further ones are dropped (20)
    --delay MS       the time each way, after the queue (40)
    --loss PERCENT   what is lost by chance, each way (0)
    --flows N        how many senders (2; at most 4)
    --seconds S      how long (60)
    --slower MS      --delay, from the middle on
    --svg FILE       the picture: windows, queue, round trip and timers against time
window, punches, path and sender are asked: a question on each line of the input, the answer on a line of the output";

/// How long an address may take to answer, without `--limit`.
const LIMIT: u64 = 5;

fn main() -> ExitCode {
    program("parts", USAGE, parse, |part| {
        parts::run(&part, BufReader::new(io::stdin()), &mut io::stdout())
    })
}

/// Parses the command line: which part, and what it works on.
fn parse(line: impl Iterator<Item = String>) -> Result<Part, String> {
    let known: Vec<&str> = ["host", "limit"].into_iter().chain(link::FLAGS).collect();
    let Arguments { words, flags } = Arguments::split(line, &known, &[])?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let value = |name: &str| flags.iter().find(|(flag, _)| flag == name).map(|(_, value)| value);
    let of_link = link::FLAGS.map(|flag| (flag, "link"));
    for (flag, part) in [("host", "echo"), ("limit", "connect")].into_iter().chain(of_link) {
        if value(flag).is_some() && words.first() != Some(&part) {
            return Err(format!("--{flag} goes with {part}"));
        }
    }
    match words[..] {
        ["echo", port] => echo(port, value("host")),
        ["echo", ..] => Err("echo takes one port".to_owned()),
        ["connect", _, ..] => connect(&words[1..], value("limit")),
        ["connect"] => Err("connect takes one HOST:PORT or more".to_owned()),
        ["join", one, other] => Ok(Part::Join([server(one)?, server(other)?])),
        ["join", ..] => Err("join takes two of HOST:PORT".to_owned()),
        ["window"] => Ok(Part::Window),
        ["punches"] => Ok(Part::Punches),
        ["path"] => Ok(Part::Path),
        ["sender"] => Ok(Part::Sender),
        ["link"] => {
            let flags = flags.iter().map(|(flag, value)| (flag.as_str(), value.as_str()));
            LinkOptions::read(flags).map(Part::Link)
        }
        [part @ ("window" | "punches" | "path" | "sender" | "link"), ..] => {
            Err(format!("{part} takes no arguments"))
        }
        [part, ..] => Err(format!("there is no part '{part}'")),
        [] => Err("which part?".to_owned()),
    }
}

/// Parses where an echo server is to listen: on this machine alone, unless a host is given.
fn echo(port: &str, host: Option<&String>) -> Result<Part, String> {
    let port = number("PORT", port, 0..=u16::MAX)?;
    let ip = host.map_or(Ok(Ipv4Addr::LOCALHOST.into()), |host| {
        let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let wrong = |_| format!("--host must be an IP address, not '{host}'");
        inner.unwrap_or(host).parse::<IpAddr>().map_err(wrong)
    })?;
    Ok(Part::Echo((ip, port).into()))
}

/// Parses where to connect, and how long each may take.
fn connect(servers: &[&str], limit: Option<&String>) -> Result<Part, String> {
    let servers = servers.iter().map(|&it| server(it)).collect::<Result<_, _>>()?;
    let limit = limit.map_or(Ok(LIMIT), |limit| number("--limit", limit, 1..=60))?;
    Ok(Part::Connect(servers, Duration::from_secs(limit)))
}

/// Parses one of the servers.
fn server(word: &str) -> Result<String, String> {
    server_address(word, None)
}
