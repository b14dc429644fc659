//! The exit code of a script tells the truth: whether everything was said and delivered, and the output written.

#[cfg(target_os = "linux")]
use std::fs::File;
#[cfg(target_os = "linux")]
use std::process::{Command, Stdio};

#[cfg(target_os = "linux")]
use crate::support::Server;
use crate::support::{Client, OutputMode, Program, alice_alone, free_port};

/// A script of bob's, in a room with alice.
#[track_caller]
fn script(lines: &str, code: i32) -> Program {
    let (server, alice) = alice_alone(&[]);
    let bob = Client::with_args(&["bob", "0", &server.address().to_string()]);
    bob.types_bytes(lines.as_bytes());
    bob.ends_input();
    bob.exits(code);
    alice.sees("bob left");
    assert_eq!(bob.errors(), "");
    bob
}

/// A script in which one line comes to nothing, with a sentence that says it.
fn tells_what_failed(lines: &str, sentence: &str) {
    let bob = script(lines, 1);
    assert!(bob.output().contains(sentence), "{}", bob.output());
}

table! { tells_what_failed:
    a_text_to_nobody("to all\n/msg to nobody\nto all again\n", "no direct chat");
    a_text_through_the_server_to_nobody("/tell carol hello\n", "not delivered to carol: hello");
    a_text_that_is_too_long(&format!("{}\n", "x".repeat(2001)), "not sent: ");
    a_line_that_is_too_long(&format!("{}\n", "x".repeat(5000)), "was not sent");
    a_text_with_control_characters("a\u{1b}b\n", "not sent: ");
    a_text_behind_a_misspelt_command("/mgs hello\n", "there is no command /mgs");
    a_command_without_its_text("/msg\n", "usage: /msg TEXT");
    a_text_before_quit("/msg to nobody\n/quit\n", "no direct chat");
}

#[test]
fn a_script_whose_texts_all_arrive_ends_well() {
    let lines = "to all\n/tell alice hello\n/chat alice\n/msg hi\n/peers\n/id\n";
    script(lines, 0);
    script(&format!("{lines}/quit\n/msg behind the end\n"), 0);
}

#[test]
fn a_text_without_a_server_is_told() {
    let server = format!("127.0.0.1:{}", free_port());
    for (lines, code) in [("hello\n", 1), ("/id\n", 0)] {
        let bob = Client::with_args(&["bob", "0", &server]);
        bob.types_bytes(lines.as_bytes());
        bob.ends_input();
        bob.exits(code);
    }
}

#[test]
fn lines_that_nobody_took_are_told() {
    let (_server, alice) = alice_alone(&["--rate", "0"]);
    alice.has_output(OutputMode::Paused);
    for _ in 0..400 {
        alice.types(&"x".repeat(1900));
    }
    alice.ends_input();
    // Its last lines are waited for only as long as the output moves.
    alice.exits(1);
    alice.complains(" lines of the output were lost");
}

/// Runs a program with its output to a device that is always full. Gives its exit code and what it complains of.
#[cfg(target_os = "linux")]
fn on_a_full_disk(program: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(full).stderr(Stdio::piped());
    let output = command.output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_told() {
    let server = Server::start(&[]);
    let address = server.address().to_string();
    let (client, load) = (env!("CARGO_BIN_EXE_client"), env!("CARGO_BIN_EXE_load"));
    let lines =
        [(client, vec!["bob", "0", &address]), (load, vec!["--members", "2", "--messages", "2"])];
    for (program, arguments) in lines {
        let (code, errors) = on_a_full_disk(program, &arguments);
        assert_eq!(code, Some(1), "{errors}");
        assert!(errors.contains("cannot write the output: "), "{errors}");
    }
    for program in [client, load, env!("CARGO_BIN_EXE_server")] {
        assert_eq!(on_a_full_disk(program, &["--help"]).0, Some(1), "{program} --help");
    }
}
