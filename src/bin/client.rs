//! The chat client: `client [NAME [LISTEN_PORT] [SERVER]]`. This file only reads the command line; the client
//! is [`p2p_chat::client`].
//!
//! The command line also understands the forms of other courses' assignments: `NAME HOST PORT`, and the flags
//! `--id`, `--port` and `--server`.

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use p2p_chat::cli::{Arguments, number, program, server_address};
use p2p_chat::client::netcat::{self, End};
use p2p_chat::client::{self, ClientOptions, PageOptions};

/// The text of `--help`, which also follows every mistake in the command line.
const USAGE: &str = "\
usage: client [NAME [LISTEN_PORT] [HOST[:PORT]]]
       client NAME HOST PORT
       client --id NAME [--port N] [--server HOST[:PORT]]
       client --raw HOST:PORT | --raw --listen PORT
  without NAME it asks for a nickname; without a server it takes 127.0.0.1:5555
  --raw                  a connection by hand: sends what you type, shows what arrives
  --key FILE             speak TLS with the server (or with --raw), by the key in the file
  --page [PORT]          the same chat in a browser on this machine, on any free port or on PORT
  --no-open              print the page's address, but do not open a browser
  --bell                 ring when somebody says your name
  --files DIR            put the files that you accept into the folder DIR
  --explain              show what the sockets send and receive
  --give-up S            for how many seconds a UDP message is sent again (30)
  --lossy LOSS[,DUP[,REORDER[,SEED]]]
                         simulate loss, duplication and reordering of what we send, in percent";

/// Where the server listens unless it is told otherwise.
const SERVER: &str = "127.0.0.1";
/// The port of the server unless it is given.
const PORT: &str = "5555";
/// How long a message over UDP is tried, without `--give-up`.
const GIVE_UP: Duration = Duration::from_secs(30);

fn main() -> ExitCode {
    program("client", USAGE, parse, |wanted| match wanted {
        Mode::Chat(options) => client::run(options, io::BufReader::new(io::stdin()), io::stdout()),
        Mode::Raw(end) if io::stdout().is_terminal() => {
            netcat::run(&end, io::stdin(), netcat::Terminal(io::stdout()), io::stderr())
        }
        Mode::Raw(end) => netcat::run(&end, io::stdin(), io::stdout(), io::stderr()),
    })
}

/// What the client is started for.
enum Mode {
    /// The chat.
    Chat(ClientOptions),
    /// A connection by hand (`--raw`), perhaps by TLS with the key in a file.
    Raw((End, Option<PathBuf>)),
}

/// Parses the command line.
fn parse(line: impl Iterator<Item = String>) -> Result<Mode, String> {
    let flags = ["id", "port", "server", "give-up", "lossy", "listen", "page", "files", "key"];
    let arguments = Arguments::split(line, &flags, &["explain", "raw", "page", "no-open", "bell"])?;
    let has = |wanted| arguments.flags.iter().any(|(flag, _)| flag == wanted);
    match (has("raw"), has("listen")) {
        (false, false) => chat(arguments).map(Mode::Chat),
        (false, true) => Err("--listen goes with --raw".to_owned()),
        (true, _) => by_hand(&arguments).map(Mode::Raw),
    }
}

/// Parses `--raw HOST:PORT` or `--raw --listen PORT`, with a key or without, and nothing else.
fn by_hand(arguments: &Arguments) -> Result<(End, Option<PathBuf>), String> {
    let flag = |name: &str| arguments.flags.iter().find(|(flag, _)| flag == name);
    let key = flag("key").map(|(_, file)| PathBuf::from(file));
    let others = arguments.flags.len() - 1 - usize::from(key.is_some());
    let end = match (arguments.words.as_slice(), flag("listen"), others) {
        ([server], None, 0) => End::Call(server_address(server, None)?),
        ([], Some((_, port)), 1) => End::Listen(number("--listen", port, 0..=u16::MAX)?),
        _ => return Err("--raw goes with HOST:PORT or with --listen PORT".to_owned()),
    };
    Ok((end, key))
}

/// Parses the words of a chat and its flags. The words after the name may be:
///
/// - nothing: any free port, the usual server
/// - a number: the port to listen on, perhaps with a server behind it
/// - a server: `HOST:PORT`, or `HOST PORT` as in the assignments
fn chat(arguments: Arguments) -> Result<ClientOptions, String> {
    let is_number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    let rest: Vec<&str> = arguments.words.iter().skip(1).map(String::as_str).collect();
    let (port, server) = match rest.as_slice() {
        [] => (None, None),
        [port] if is_number(port) => (Some(port), None),
        [server] if server.contains([':', '.']) || *server == "localhost" => {
            (None, Some((*server).to_owned()))
        }
        [word] => return Err(format!("'{word}' is neither a port nor HOST:PORT")),
        [port, server] if is_number(port) => (Some(port), Some((*server).to_owned())),
        [host, port] if is_number(port) => (None, Some(format!("{}:{port}", bracketed(host)))),
        [_, word] => return Err(format!("'{word}' is not a port")),
        [_, _, extra, ..] => return Err(format!("unexpected argument '{extra}'")),
    };
    let mut options = ClientOptions {
        name: arguments.words.first().cloned(),
        port: port.map_or(Ok(0), |port| listening_port("LISTEN_PORT", port))?,
        server: address(server.as_deref().unwrap_or(SERVER))?,
        key: None,
        interactive: io::stdin().is_terminal(),
        prompt: io::stdin().is_terminal() && io::stdout().is_terminal(),
        explain: false,
        bell: false,
        files: None,
        give_up: GIVE_UP,
        lossy: None,
        page: None,
    };
    take_flags(&mut options, arguments.flags)?;
    Ok(options)
}

/// Parses the flags of a chat. They override its words, except for the name.
///
/// `--no-open` may stand before or after `--page`.
fn take_flags(options: &mut ClientOptions, flags: Vec<(String, String)>) -> Result<(), String> {
    let no_open = flags.iter().any(|(flag, _)| flag == "no-open");
    for (flag, value) in flags {
        match flag.as_str() {
            "id" if options.name.is_some() => return Err("the name is given twice".to_owned()),
            "id" => options.name = Some(value),
            "port" => options.port = listening_port("--port", &value)?,
            "give-up" => {
                options.give_up = Duration::from_secs(number("--give-up", &value, 1..=3600)?);
            }
            "explain" => options.explain = true,
            "bell" => options.bell = true,
            "key" => options.key = Some(PathBuf::from(value)),
            "files" => options.files = Some(PathBuf::from(value)),
            "page" => {
                let port = if value.is_empty() { 0 } else { listening_port("--page", &value)? };
                options.page = Some(PageOptions { port, open: options.interactive && !no_open });
            }
            "no-open" => {} // it goes with --page, wherever that stands
            "lossy" => options.lossy = Some(value.parse()?),
            _ => options.server = address(&value)?, // --server
        }
    }
    if no_open && options.page.is_none() {
        return Err("--no-open goes with --page".to_owned());
    }
    Ok(())
}

/// Parses a port to listen on: one that needs no rights of an administrator, or 0.
fn listening_port(what: &str, value: &str) -> Result<u16, String> {
    let any_or = |message| format!("{message} (or 0 for any free one)");
    if value == "0" { Ok(0) } else { number(what, value, 1024..=u16::MAX).map_err(any_or) }
}

/// Checks a server's address. Without a port the usual one is meant.
fn address(server: &str) -> Result<String, String> {
    server_address(server, Some(PORT))
}

/// A host as it stands before a port: an IPv6 address in brackets.
fn bracketed(host: &str) -> String {
    if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() }
}
