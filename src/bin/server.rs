//! The rendezvous server: `server [PORT] [flags]`.

use std::fmt::Display;
use std::io::{self, Write};
use std::net::TcpListener;
use std::process::ExitCode;
use std::time::Duration;

use p2p_chat::arguments::{Arguments, number};
use p2p_chat::cause::cause;
use p2p_chat::server::{self, Options};

const USAGE: &str = "\
usage: server [PORT] [flags]
  PORT, --port N          where to listen (5555; 0: any free port)
  --host ADDR             on which address (127.0.0.1; 0.0.0.0 or :: for all)
  --log FILE              where the messages are kept (server.log)
  --max-clients N         the most clients (4096; at most 12000)
  --rate N                messages per second and client (20; 0: no limit)
  --register-timeout S    how long a connection may take to register (10)
  --ping S                ask a client that is silent for so long (30)
  --expires S             how long a registration lasts (3600)
  --backlog BYTES         how much may wait for one client (1048576)
  --sync                  survive a power cut, too: sync the log before anyone hears";

/// Every thread uses four memory mappings, and by Linux' default a process has 65,530: beyond 16,365
/// threads it aborts, whatever the program does.
const MOST_CLIENTS: usize = 12_000;

fn main() -> ExitCode {
    if std::env::args().any(|word| word == "--help" || word == "-h") {
        let _ = writeln!(io::stdout(), "{USAGE}"); // nobody may be reading it
        return ExitCode::SUCCESS;
    }
    let (host, port, options) = match parse(std::env::args().skip(1)) {
        Ok(parsed) => parsed,
        Err(message) => {
            complain(format_args!("{message}\n{USAGE}"));
            return ExitCode::from(2);
        }
    };
    let served = bind(&host, port).and_then(|listener| {
        let console = io::BufReader::new(io::stdin());
        server::run(listener, options, console, io::stdout())
            .map_err(|error| format!("cannot start the server: {}", cause(&error)))
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            complain(message);
            ExitCode::FAILURE
        }
    }
}

fn bind(host: &str, port: u16) -> Result<TcpListener, String> {
    TcpListener::bind((host, port)).map_err(|error| {
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        format!("cannot bind {host}:{port}: {}", cause(&error))
    })
}

/// Tells what went wrong, if stderr is still there.
fn complain(message: impl Display) {
    let _ = writeln!(io::stderr(), "server: {message}");
}

/// Where to listen and how to serve.
fn parse(line: impl Iterator<Item = String>) -> Result<(String, u16, Options), String> {
    let arguments = Arguments::split(line, &["sync"])?;
    let (mut host, mut port) = ("127.0.0.1".to_owned(), 5555);
    match arguments.words.as_slice() {
        [] => {}
        [word] => port = number("PORT", word, 0..=u16::MAX)?,
        [_, extra, ..] => return Err(format!("unexpected argument '{extra}'")),
    }
    let mut options = Options::default();
    for (flag, value) in arguments.flags {
        let seconds = |range| number(&format!("--{flag}"), &value, range).map(Duration::from_secs);
        match flag.as_str() {
            "host" => host = value,
            "port" => port = number("--port", &value, 0..=u16::MAX)?,
            "log" if value.is_empty() => return Err("--log needs a file".to_owned()),
            "max-clients" => {
                options.max_clients = number("--max-clients", &value, 1..=MOST_CLIENTS)?;
            }
            "register-timeout" => options.register_timeout = seconds(1..=86_400)?,
            "ping" => options.ping = seconds(1..=86_400)?,
            "expires" => options.expires = seconds(1..=31_536_000)?,
            "backlog" => options.backlog = number("--backlog", &value, 4_096..=1 << 30)?,
            // The log and the rate limit are not built yet; their flags are checked all the same.
            "rate" => drop(number("--rate", &value, 0..=1_000_000)?),
            "log" | "sync" => {}
            _ => return Err(format!("unknown flag --{flag}")),
        }
    }
    Ok((host, port, options))
}
