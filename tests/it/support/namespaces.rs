//! An internet with homes: machines, cables and routers of the test's own, made of Linux's network namespaces and
//! nftables.
//!
//! Nothing touches the network of the machine that it runs on: each cable lies between two namespaces from the start.
//! The names of the namespaces have the number of this process in them, and the namespaces are removed on drop. What a
//! killed run has left behind goes when the next one begins.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::{self, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Instant;

use super::{DEADLINE, Folder, Program};
use crate::driver::program::{Around, SLICE};
use crate::driver::story::lock;

/// What the names of all these namespaces begin with. Then come the process ID, a number, and the machine's name.
const PREFIX: &str = "p2p-chat-";
/// What carries the internet: the address to which all others send what they have no way for.
const BACKBONE: &str = "203.0.113.254";
/// The port on which a full cone lets everybody in, to the first machine behind it.
pub const OPEN_PORT: u16 = 4000;

/// What stands between a home and the internet. The names of the NATs are those of RFC 3489, section 5.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Router {
    /// Passes everything on: the machines behind it have addresses that lead to them.
    Open,
    /// The same for what answers something from inside only (compare RFC 6092).
    Firewall,
    /// One port for all destinations, and in comes only what answers (a port restricted cone).
    Cone,
    /// One port for all destinations, and everybody may send to it.
    FullCone,
    /// Another port for each destination, and in comes only what answers.
    Symmetric,
    /// The same, in Linux's other way to choose ports.
    Random,
}

impl Router {
    /// Whether the machines behind it have private addresses.
    pub fn translates(self) -> bool {
        !matches!(self, Self::Open | Self::Firewall)
    }

    /// Its rules, for nft. `first` is the address of the first machine behind it.
    fn rules(self, first: &str) -> String {
        let ports = match self {
            Self::Symmetric => "fully-random",
            Self::Random => "random",
            _ => "",
        };
        let translation = if self.translates() {
            format!("oifname wan masquerade {ports}")
        } else {
            String::new()
        };
        let open = if self == Self::FullCone {
            format!("iifname wan udp dport {OPEN_PORT} dnat to {first}:{OPEN_PORT}")
        } else {
            String::new()
        };
        let policy = if self == Self::Open { "accept" } else { "drop" };
        // A home's own public address leads nowhere from inside: most routers know no such way (no hairpin).
        format!(
            "table ip home {{
                 chain inward {{ type nat hook prerouting priority dstnat; {open}; }}
                 chain outward {{ type nat hook postrouting priority srcnat; {translation}; }}
                 chain through {{
                     type filter hook forward priority filter; policy {policy};
                     ct state established,related accept; iifname lan accept; ct status dnat accept;
                 }}
                 chain own {{
                     type filter hook input priority filter; policy {policy};
                     ct state established,related accept;
                 }}
             }}"
        )
    }
}

/// A network namespace, which is removed on drop.
#[derive(Debug)]
pub struct Machine {
    namespace: String,
    /// Its address, for those who can reach it.
    pub address: String,
    /// Its disk.
    pub folder: Folder,
}

impl Machine {
    /// One that is connected to nothing.
    fn new(name: &str, address: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let namespace = format!("{PREFIX}{}-{number}-{name}", process::id());
        let machine = Self { namespace, address: address.to_owned(), folder: Folder::fresh() };
        works("ip", &["netns", "add", &machine.namespace], "");
        machine.ip("link set lo up");
        machine
    }

    /// Configures it: each line is a command for `ip`.
    #[track_caller]
    pub fn ip(&self, lines: &str) {
        works("ip", &["-n", &self.namespace, "-batch", "-"], lines);
    }

    /// Runs a command for the shell, and gives back what it prints.
    #[track_caller]
    pub fn shell(&self, command: &str) -> String {
        works("ip", &["netns", "exec", &self.namespace, "sh", "-c", command], "")
    }

    /// Adds to its rules, which are written for `nft`.
    #[track_caller]
    pub fn nft(&self, rules: &str) {
        works("ip", &["netns", "exec", &self.namespace, "nft", "-f", "-"], rules);
    }

    /// One with a cable to a switch of another machine, to which it sends what it has no way for.
    fn plugged(name: &str, address: &str, (there, switch): (&Self, &str)) -> Self {
        let machine = Self::new(name, address);
        let [here, other] = [&machine.namespace, &there.namespace];
        let ends = ["type", "veth", "peer", "name", "wan", "netns", here];
        works("ip", &[&["link", "add", "name", name, "netns", other], &ends[..]].concat(), "");
        there.ip(&format!("link set {name} master {switch} up"));
        let net = address.rsplit_once('.').unwrap().0;
        let gateway = if switch == "lan" { format!("{net}.1") } else { there.address.clone() };
        machine.ip(&format!(
            "addr add {address}/24 dev wan\nlink set wan up\nroute add default via {gateway}"
        ));
        machine
    }

    /// Runs a program there, in the folder that is its disk.
    pub fn runs(&self, title: &str, program: &str, arguments: &[&str]) -> Program {
        self.runs_with(title, program, arguments, &[])
    }

    /// The same with variables of its own.
    pub fn runs_with(
        &self,
        title: &str,
        program: &str,
        arguments: &[&str],
        variables: &[(&str, String)],
    ) -> Program {
        let path = match program {
            "client" => env!("CARGO_BIN_EXE_client"),
            "server" => env!("CARGO_BIN_EXE_server"),
            other => other,
        };
        let all = [&["netns", "exec", &self.namespace, path], arguments].concat();
        let around = Around { variables, shell: None };
        Program::start_within(title, "ip", &all, &self.folder, around)
    }

    /// Opens a UDP socket there that is worked by lines.
    #[track_caller]
    pub fn probe(&self, port: u16) -> Program {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/nat/probe.py");
        let title = format!("a probe at {}:{port}", self.address);
        let program = self.runs(&title, "python3", &[script, &port.to_string()]);
        program.sees_line("ready");
        program
    }

    /// Counts from now on what arrives there and fits, in nft's words.
    #[track_caller]
    pub fn counts(&self, name: &str, fits: &str) -> Counter<'_> {
        self.nft(&format!(
            "table ip counts {{
                 counter {name} {{ }}
                 chain {name} {{ type filter hook prerouting priority raw; {fits} counter name {name}; }}
             }}"
        ));
        Counter { machine: self, name: name.to_owned() }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // What cannot be removed any more is gone.
        let _ = Command::new("ip").args(["netns", "del", &self.namespace]).status();
    }
}

/// How much of something has arrived at a machine.
#[derive(Debug)]
pub struct Counter<'a> {
    machine: &'a Machine,
    name: String,
}

impl Counter<'_> {
    /// How many datagrams (or packets), and how many bytes of IP.
    #[track_caller]
    pub fn now(&self) -> (u64, u64) {
        let text = self.machine.shell(&format!("nft list counter ip counts {}", self.name));
        let mut words = text.split_whitespace().skip_while(|word| *word != "packets").skip(1);
        let packets = words.next().unwrap().parse().unwrap();
        (packets, words.nth(1).unwrap().parse().unwrap())
    }

    /// Waits until as many datagrams have arrived, which takes up to `seconds` by the programs' own clocks.
    #[track_caller]
    pub fn reaches(&self, datagrams: u64, seconds: u32) {
        let until = Instant::now() + DEADLINE.max(SLICE * 20 * seconds);
        while self.now().0 < datagrams {
            assert!(Instant::now() < until, "{} has {:?} of {datagrams}", self.name, self.now());
            std::thread::sleep(SLICE); // between two looks: nobody rings when a counter counts
        }
    }
}

/// A router, and the machines behind it.
#[derive(Debug)]
pub struct Home {
    /// Its router, whose address is the one that the internet sees if it translates addresses.
    pub router: Machine,
    people: Vec<Machine>,
}

impl Home {
    /// One of its machines.
    pub fn machine(&self, number: usize) -> &Machine {
        &self.people[number]
    }

    /// Opens a port of the router: everything that comes to it goes to the first machine.
    #[track_caller]
    pub fn forwards(&self, port: u16) {
        let to = &self.people[0].address;
        self.router.nft(&format!(
            "add rule ip home inward iifname wan tcp dport {port} dnat to {to}:{port}
             add rule ip home inward iifname wan udp dport {port} dnat to {to}:{port}\n"
        ));
    }

    /// Gives the router another public address, as providers do over night: it forgets all that it has translated, and
    /// chooses other ports.
    #[track_caller]
    pub fn moves_to(&mut self, address: &str, ports: &str) {
        self.router.nft(&format!(
            "flush chain ip home outward
             add rule ip home outward meta l4proto {{ tcp, udp }} oifname wan masquerade to :{ports}\n"
        ));
        self.router.ip(&format!(
            "addr del {}/24 dev wan\naddr add {address}/24 dev wan\nroute replace default via {BACKBONE}",
            self.router.address
        ));
        address.clone_into(&mut self.router.address);
    }

    /// For how many seconds the router remembers who has sent datagrams to whom.
    #[track_caller]
    pub fn remembers_for(&self, seconds: u32) {
        for file in ["udp_timeout", "udp_timeout_stream"] {
            self.router
                .shell(&format!("echo {seconds} > /proc/sys/net/netfilter/nf_conntrack_{file}"));
        }
    }
}

/// What homes are connected to, with a server's machine, and a stranger's, who has nothing to do with it.
#[derive(Debug)]
pub struct Internet {
    backbone: Machine,
    /// A machine with a public address of its own.
    pub server: Machine,
    /// Another one.
    pub stranger: Machine,
}

impl Internet {
    /// Makes one. Where that cannot be done there is none, and a line says so past the test's own output, which nobody
    /// sees.
    pub fn open() -> Option<Self> {
        static MISSING: OnceLock<Option<String>> = OnceLock::new();
        if let Some(why) = MISSING.get_or_init(what_is_missing) {
            let line = format!("\nLEFT OUT: what needs network namespaces and nft: {why}\n");
            let _ = io::stderr().write_all(line.as_bytes());
            return None;
        }
        let backbone = Machine::new("backbone", BACKBONE);
        let up = format!(
            "link add name internet type bridge\naddr add {BACKBONE}/24 dev internet\nlink set internet up\n\
             route add blackhole 192.168.0.0/16\nroute add blackhole 100.64.0.0/10\n"
        );
        backbone.ip(&up);
        backbone.shell("echo 1 > /proc/sys/net/ipv4/ip_forward");
        let public = (&backbone, "internet");
        let server = Machine::plugged("server", "203.0.113.1", public);
        let stranger = Machine::plugged("stranger", "203.0.113.99", public);
        Some(Self { backbone, server, stranger })
    }

    /// Builds a home, number 1 or 2 or 3, with a machine for each of these people.
    pub fn home(&self, number: usize, kind: Router, people: &[&str]) -> Home {
        let public = ["198.51.100", "192.0.2", "198.18.3"][number - 1];
        let private = format!("192.168.{number}");
        self.home_in(if kind.translates() { &private } else { public }, number, kind, people)
    }

    /// The same with the first three numbers of the machines' addresses.
    pub fn home_in(&self, net: &str, number: usize, kind: Router, people: &[&str]) -> Home {
        let own = format!("203.0.113.{number}0");
        let public = (&self.backbone, "internet");
        let router = Machine::plugged(&format!("router{number}"), &own, public);
        if !kind.translates() {
            self.backbone.ip(&format!("route add {net}.0/24 via {own}"));
        }
        Home::behind(router, net, kind, people)
    }
}

impl Home {
    /// Builds a home behind a router, which is connected to what is outside.
    fn behind(router: Machine, net: &str, kind: Router, people: &[&str]) -> Self {
        router.ip(&format!(
            "link add name lan type bridge\naddr add {net}.1/24 dev lan\nlink set lan up"
        ));
        router.shell("echo 1 > /proc/sys/net/ipv4/ip_forward");
        router.nft(&kind.rules(&format!("{net}.5")));
        let people = (5..)
            .zip(people)
            .map(|(host, name)| Machine::plugged(name, &format!("{net}.{host}"), (&router, "lan")));
        let people = people.collect();
        Self { router, people }
    }

    /// Builds the home of a customer, if this one's router is a provider's, who has one public address for all of them.
    /// What has been its next machine so far is the customer's router.
    pub fn customer(&mut self, net: &str, kind: Router, people: &[&str]) -> Self {
        Self::behind(self.people.remove(0), net, kind, people)
    }
}

impl Internet {
    /// From now on datagrams from a home come as if somebody else had sent them: somebody on the way forges them.
    #[track_caller]
    pub fn forges(&self, number: usize, whom: &Machine) {
        self.backbone.nft(&format!(
            "table netdev forger {{
                 chain forger {{
                     type filter hook ingress device router{number} priority 0;
                     ip protocol udp ip saddr set {};
                 }}
             }}",
            whom.address
        ));
    }

    /// Nobody forges anything any more.
    #[track_caller]
    pub fn is_honest(&self) {
        self.backbone.nft("delete table netdev forger\n");
    }
}

/// Runs a program to its end, and gives back what it prints; it must not fail.
#[track_caller]
fn works(program: &str, arguments: &[&str], input: &str) -> String {
    static ONE_BY_ONE: Mutex<()> = Mutex::new(());
    // The first namespace of a machine is made with some care, and not by two at once.
    let guard = (arguments[0] == "netns" && arguments[1] == "add").then(|| lock(&ONE_BY_ONE));
    let output = run(program, arguments, input);
    drop(guard);
    output.unwrap_or_else(|why| panic!("{program} {}: {why}\n{input}", arguments.join(" ")))
}

/// The same; if the program fails, gives back what it says.
fn run(program: &str, arguments: &[&str], input: &str) -> Result<String, String> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    // One that reads nothing has failed, and says why.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    let [said, complained] =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    if output.status.success() { Ok(said) } else { Err(complained.trim().to_owned()) }
}

/// Why there can be no namespaces with routers here.
fn what_is_missing() -> Option<String> {
    sweep();
    let name = format!("{PREFIX}{}-try", process::id());
    let rules = Router::Symmetric.rules("192.168.1.5");
    let tried = run("ip", &["netns", "add", &name], "")
        .and_then(|_| run("ip", &["netns", "exec", &name, "nft", "-f", "-"], &rules))
        .and_then(|_| run("ip", &["netns", "exec", &name, "python3", "-c", ""], ""));
    let _ = run("ip", &["netns", "del", &name], "");
    tried.err()
}

/// Removes the namespaces of killed runs.
fn sweep() {
    for entry in fs::read_dir("/run/netns").into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let owner = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next());
        if owner.is_some_and(|owner| !Path::new("/proc").join(owner).exists()) {
            let _ = run("ip", &["netns", "del", &name], "");
        }
    }
}
