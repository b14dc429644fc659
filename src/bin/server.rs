//! The rendezvous server: `server [PORT] [flags]`. This file only reads the command line; the server is
//! [`p2p_chat::server`].

use std::env;
use std::ffi::OsString;
use std::io;
use std::net::TcpListener;
use std::process::ExitCode;
use std::time::Duration;

use p2p_chat::cli::{Arguments, Failure, host, number, program};
use p2p_chat::server::{self, ServerOptions};

/// The text of `--help`, which also follows every mistake in the command line.
const USAGE: &str = "\
usage: server [PORT] [flags]
  PORT, --port N          the port to listen on (5555; 0: any free one)
  --host ADDR             the address to listen on (127.0.0.1; all: 0.0.0.0 or ::)
  --log FILE              the file that keeps the messages (server.log)
  --key FILE              speak TLS with the key in the file, which is made if it is not there
  --allow-plain           with --key: serve clients without TLS, too
  --max-clients N         the largest number of clients (4096; at most 12000)
  --relays N              chats passed on between clients without another way (16; 0: none)
  --rate N                messages per second from each client (20; 0: no limit)
  --rate-address N        the same from all clients of one address (25 times --rate)
  --register-timeout S    seconds that a new connection has for its first request (10)
  --ping S                seconds of silence until a client is asked by PING (30)
  --expires S             seconds until a registration expires (3600)
  --backlog BYTES         how many bytes may wait for one client (1048576)
  --sync                  sync the log to the disk before a message is sent to anyone
  --until-eof             end when the standard input ends; the same as CHAT_UNTIL_EOF=1
                          in the environment";

/// The flags that take a value.
#[rustfmt::skip]
const FLAGS: [&str; 12] = ["port", "host", "log", "key", "max-clients", "relays", "rate", "rate-address", "register-timeout", "ping",
    "expires", "backlog"];

/// The flags that take none.
const SWITCHES: [&str; 3] = ["allow-plain", "sync", "until-eof"];

/// The most clients. Each has a thread, every thread uses four memory mappings, and by Linux' default a
/// process has 65,530 of them: beyond 16,365 threads it aborts, whatever the program does.
const MOST_CLIENTS: usize = 12_000;

/// The most chats that are relayed. Each has two connections, which count as clients.
const MOST_RELAYS: usize = MOST_CLIENTS / 2;

fn main() -> ExitCode {
    program("server", USAGE, parse, |(host, port, options)| {
        let listener = TcpListener::bind((host.as_str(), port)).map_err(|error| {
            let host = if host.contains(':') { format!("[{host}]") } else { host };
            Failure::cannot("bind", format!("{host}:{port}"), &error)
        })?;
        let console = io::BufReader::new(io::stdin());
        server::run(listener, options, console, io::stdout())
            .map_err(|error| Failure { message: error.to_string(), code: 1 })
    })
}

/// The seed in `CHAT_SHAKE`. It is for tests of the server: see `Registry`.
fn shake() -> Result<Option<u64>, String> {
    let seed = env::var_os("CHAT_SHAKE").filter(|seed| !seed.is_empty());
    let read = |seed: OsString| number("CHAT_SHAKE", &seed.to_string_lossy(), 0..=u64::MAX);
    seed.map(read).transpose()
}

/// Whether `CHAT_UNTIL_EOF` is set. A program that starts servers in any language sets it, and holds the other end of
/// their input: then none outlives that program, however it ends. A flag would stop the servers that do not know it.
fn until_eof() -> bool {
    env::var_os("CHAT_UNTIL_EOF").is_some_and(|value| !value.is_empty() && value != "0")
}

/// Parses the command line: the host, the port and the options.
fn parse(line: impl Iterator<Item = String>) -> Result<(String, u16, ServerOptions), String> {
    let arguments = Arguments::split(line, &FLAGS, &SWITCHES)?;
    let (mut address, mut port) = ("127.0.0.1".to_owned(), 5555);
    let named = arguments.flags.iter().any(|(flag, _)| flag == "port");
    match arguments.words.as_slice() {
        [] => {}
        [_] if named => return Err("the port is given twice".to_owned()),
        [word] => port = number("PORT", word, 0..=u16::MAX)?,
        [_, extra, ..] => return Err(format!("unexpected argument '{extra}'")),
    }
    let mut options =
        ServerOptions { shake: shake()?, until_eof: until_eof(), ..ServerOptions::default() };
    for (flag, value) in arguments.flags {
        match flag.as_str() {
            "host" => address = host("--host", &value)?,
            "port" => port = number("--port", &value, 0..=u16::MAX)?,
            flag => set(&mut options, flag, &value)?,
        }
    }
    let alone = options.allow_plain && options.key.is_none();
    if alone {
        Err("--allow-plain goes with --key".to_owned())
    } else {
        Ok((address, port, options))
    }
}

/// Sets the option of a flag. Values out of range are errors: the usage names the limits.
fn set(options: &mut ServerOptions, flag: &str, value: &str) -> Result<(), String> {
    let name = format!("--{flag}");
    let seconds = |range| number(&name, value, range).map(Duration::from_secs);
    match flag {
        "log" | "key" if value.is_empty() => return Err(format!("{name} needs a file")),
        "log" => options.log = value.into(),
        "key" => options.key = Some(value.into()),
        "allow-plain" => options.allow_plain = true,
        "rate" => options.rate = number(&name, value, 0..=1_000_000)?,
        "rate-address" => options.rate_address = Some(number(&name, value, 0..=25_000_000)?),
        "relays" => options.relays = number(&name, value, 0..=MOST_RELAYS)?,
        "max-clients" => options.max_clients = number(&name, value, 1..=MOST_CLIENTS)?,
        "register-timeout" => options.register_timeout = seconds(1..=86_400)?,
        "ping" => options.ping = seconds(1..=86_400)?,
        "expires" => options.expires = seconds(1..=31_536_000)?,
        "backlog" => options.backlog = number(&name, value, 4_096..=1 << 30)?,
        "until-eof" => options.until_eof = true,
        _ => options.sync = true, // --sync
    }
    Ok(())
}
