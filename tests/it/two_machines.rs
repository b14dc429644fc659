//! README.md's recipe for two machines, run as it is printed: in two network namespaces, each with an address and
//! ports of its own, joined by a cable. It needs root and `ip`, and it never touches the machine's own network.

use std::collections::HashMap;
use std::process::{self, Command};

use crate::readme::{Line, chats, client_arguments, essence};
use crate::support::{Folder, Program};

/// The names of the two machines' ends of the cable.
const CABLE: &str = "cable";

/// A network namespace. It is removed on drop, with its end of the cable.
#[derive(Debug)]
struct Machine(String);

impl Machine {
    fn new(name: &str) -> Self {
        let name = format!("p2p-chat-{}-{name}", process::id());
        ip(&["netns", "add", &name]);
        let machine = Self(name);
        machine.ip(&["link", "set", "lo", "up"]);
        machine
    }

    /// Configures this machine.
    #[track_caller]
    fn ip(&self, arguments: &[&str]) {
        ip(&[&["-n", &self.0], arguments].concat());
    }

    /// Plugs the cable in, and gives that end of it an address.
    fn is_at(&self, address: &str) {
        self.ip(&["addr", "add", &format!("{address}/24"), "dev", CABLE]);
        self.ip(&["link", "set", CABLE, "up"]);
    }

    /// Runs a program on this machine.
    fn runs(&self, title: &str, path: &str, arguments: &[&str], folder: &Folder) -> Program {
        let all = [&["netns", "exec", &self.0, path], arguments].concat();
        Program::start(title, "ip", &all, folder)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // What cannot be removed any more is gone.
        let _ = Command::new("ip").args(["netns", "del", &self.0]).status();
    }
}

/// Runs `ip`. Without network namespaces there is nothing to try here, and the test must not seem to pass.
#[track_caller]
fn ip(arguments: &[&str]) {
    let why = match Command::new("ip").args(arguments).output() {
        Ok(output) if output.status.success() => return,
        Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        Err(error) => error.to_string(),
    };
    panic!(
        "NOT TRIED: this needs network namespaces (Linux, root, the program ip): ip {}: {why}",
        arguments.join(" ")
    );
}

/// The addresses that the recipe gives to the two machines: where the clients find the server, and what bob is told.
fn addresses(recipe: &[Line]) -> [String; 2] {
    let of_bob = |kind| recipe.iter().filter(move |line| line.who == "bob" && line.kind == kind);
    let server = of_bob('$').find_map(|line| line.text.rsplit(' ').next()?.rsplit_once(':'));
    let own = of_bob(' ').find_map(|line| line.text.strip_prefix("Your public IP: "));
    [server.unwrap().0.to_owned(), own.unwrap().to_owned()]
}

#[test]
#[ignore = "needs root: it makes two network namespaces"]
fn the_recipe_for_two_machines_works_as_it_is_printed() {
    let recipe = chats("README.md").1.remove(0);
    let [first, second] = addresses(&recipe);
    let (here, there) = (Machine::new("here"), Machine::new("there"));
    ip(&[
        "link", "add", CABLE, "netns", &here.0, "type", "veth", "peer", "name", CABLE, "netns",
        &there.0,
    ]);
    here.is_at(&first);
    there.is_at(&second);
    let folder = Folder::fresh();
    let mut programs: HashMap<String, Program> = HashMap::new();
    for Line { who, kind, text } in recipe {
        let machine = if who == "bob" { &there } else { &here };
        match kind {
            '$' => {
                let (path, arguments) = program(&text);
                let program = machine.runs(&text, path, &arguments, &folder);
                programs.insert(who, program);
            }
            '>' => programs[&who].types(&text),
            _ => drop(programs[&who].sees(essence(&text))),
        }
    }
}

/// The program that a command line of the recipe runs, and its arguments.
fn program(command: &str) -> (&'static str, Vec<&str>) {
    if let Some(arguments) = client_arguments(command) {
        return (env!("CARGO_BIN_EXE_client"), arguments);
    }
    let arguments = command.strip_prefix("cargo run --bin server -- ").unwrap();
    (env!("CARGO_BIN_EXE_server"), arguments.split(' ').collect())
}
