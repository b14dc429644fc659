//! A terminal is given back as it was: at the end, after a panic, while the client is stopped; and without a
//! terminal that can do it there is no prompt.

use std::env;
use std::io;

use p2p_chat::client::ui::screen::Screen;
use p2p_chat::client::ui::terminal::prompt::Prompt;

use crate::support::terminal::client;
use crate::support::{Client, Server, Terminal};

#[test]
fn the_terminal_is_given_back_at_each_end() {
    let server = Server::start(&[]);
    let bob = Client::joined("bob", &server);
    for keys in ["/quit\r", "\x03", "half a line\x03", "\x04", "half\x15\x04"] {
        let commands = format!("{}; stty -a > after", client("alice", &server));
        let Some(alice) = Terminal::running(&commands) else { return };
        alice.sees("Other clients' IDs: ");
        alice.sees_prompt("> ");
        alice.presses(keys);
        alice.is_as_before();
        bob.sees("alice left (quit)");
        let output = alice.output();
        assert_eq!(output.rfind("\x1b[?2004"), output.rfind("\x1b[?2004l"), "{output:?}");
        let left = alice.rows().into_iter().filter(|row| row.starts_with('>'));
        assert_eq!(
            left.collect::<Vec<_>>(),
            if keys == "/quit\r" { vec!["> /quit"] } else { vec![] }
        );
    }
}

#[test]
fn what_was_said_before_ctrl_d_is_sent_and_what_was_not_finished_is_not() {
    let server = Server::start(&[]);
    let bob = Client::joined("bob", &server);
    let Some(alice) = Terminal::joined("alice", &server) else { return };
    alice.presses("one\rtwo\r\x04");
    bob.sees("alice: one");
    bob.sees("alice: two");
    bob.sees("alice left (quit)");
    alice.exits(0);
}

/// No test by itself: [`the_terminal_is_given_back_after_a_panic`] runs it in a terminal.
#[test]
fn panics_at_a_prompt() {
    if env::var_os("P2P_CHAT_PANICS").is_none() {
        return;
    }
    let prompt = Prompt::begin().expect("no prompt");
    let mut screen = Screen::new(io::stdout(), Some(prompt));
    screen.prompt(Some(("> half a line".to_owned(), 13)));
    panic!("on purpose");
}

#[test]
fn the_terminal_is_given_back_after_a_panic() {
    let commands = format!(
        "P2P_CHAT_PANICS=1 '{}' --exact prompt_end::panics_at_a_prompt --nocapture; stty -a > after; echo done",
        env::current_exe().unwrap().display()
    );
    let Some(terminal) = Terminal::running(&commands) else { return };
    terminal.sees("on purpose");
    terminal.sees("done");
    terminal.is_as_before();
    let output = terminal.output();
    assert!(output.contains("\x1b[?2004h\x1b") || output.contains("\x1b[?2004h>"), "{output:?}");
    assert_eq!(output.rfind("\x1b[?2004"), output.rfind("\x1b[?2004l"), "{output:?}");
}

#[test]
fn ctrl_z_stops_the_whole_job_and_fg_brings_the_line_back() {
    let server = Server::start(&[]);
    // The client in a job of two processes, as under cargo: the shell waits for both.
    let Some(alice) = Terminal::running("PS1='% ' sh -i; stty -a > after") else { return };
    alice.sees_prompt("% ");
    alice.presses(&format!(
        "sh -c '{}; echo it is over'\r",
        client("alice", &server).replace('\'', "")
    ));
    alice.sees("Other clients' IDs: ");
    let bob = Client::joined("bob", &server);
    alice.sees("bob joined");
    alice.presses("half a line").shows(&["> half a line"], 13);
    alice.presses("\x1a");
    alice.sees("Stopped");
    alice.sees_prompt("% ");
    alice.presses("stty -a | diff before - && echo the same; echo\r");
    alice.sees_line("the same");
    bob.asks("are you there?", "bob: are you there?");
    alice.presses("fg\r");
    alice.sees("bob: are you there?");
    alice.sees_prompt("> half a line");
    alice.presses("!\r");
    bob.sees("alice: half a line!");
    alice.presses("/quit\r");
    alice.sees("it is over");
    alice.sees_prompt("% ");
    alice.presses("exit\r");
    alice.is_as_before();
}

#[test]
fn ctrl_z_where_nothing_can_be_stopped_changes_nothing() {
    let server = Server::start(&[]);
    let Some(alice) = Terminal::joined("alice", &server) else { return };
    alice.presses("abc").shows(&["> abc"], 5);
    // There is no shell that could continue us, and so the system does not stop us.
    alice.presses("\x1ade").shows(&["> abcde"], 7);
}

#[test]
fn without_a_terminal_that_can_do_it_there_are_plain_lines() {
    let server = Server::start(&[]);
    let client = client("alice", &server);
    for (number, commands) in [
        format!("TERM=dumb {client}"),
        format!("TERM= {client}"),
        format!("{client} | cat"),
        format!("PATH=/nowhere {client}"),
    ]
    .into_iter()
    .enumerate()
    {
        let Some(alice) = Terminal::running(&commands) else { return };
        alice.sees("Other clients' IDs: none");
        alice.presses(&format!("typed {number}\n"));
        alice.sees(&format!(" alice: typed {number}"));
        alice.presses("/quit\n");
        alice.exits(0);
        let output = alice.output();
        assert!(!output.contains(['\x1b', '>']), "{commands}: {output:?}");
    }
}
