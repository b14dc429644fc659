//! Other programs that speak TLS, or look at it.

use std::env;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::driver::heard::{Output, Side};
use crate::support::{DEADLINE, Folder, Program};

/// What GnuTLS must be told to do the same as we.
pub const PRIORITY: &str = "NORMAL:-VERS-ALL:+VERS-TLS1.3:-KX-ALL:+ECDHE-PSK";

/// Where a program is. If it is nowhere, says so past the test's own output, which nobody sees. `LibreSSL`, which is
/// `openssl` on macOS, knows no shared keys.
pub fn find(name: &str) -> Option<String> {
    let paths = env::var_os("PATH").unwrap_or_default();
    let found: Option<PathBuf> =
        env::split_paths(&paths).map(|folder| folder.join(name)).find(|path| path.is_file());
    let found = found.filter(|path| name != "openssl" || is_openssl(path));
    if found.is_none() {
        let _ = io::stderr().write_all(format!("LEFT OUT: there is no {name}\n").as_bytes());
    }
    Some(found?.to_str()?.to_owned())
}

/// Whether a program is OpenSSL itself.
fn is_openssl(path: &Path) -> bool {
    let version = Command::new(path).arg("version").output();
    version.is_ok_and(|version| version.stdout.starts_with(b"OpenSSL "))
}

/// Waits for a line with these words on a program's stderr.
pub fn tells(program: &Program, words: &str) {
    let found = |line: &str| line.contains(words).then_some(());
    program.waits_for(Side::Errors, words, Output::line, found);
}

/// Records what goes over a port of this machine into a file. Returns its name.
pub fn records(port: u16, folder: &Folder) -> (Program, String) {
    let (capture, filter) = (folder.file("chat.pcapng"), format!("port {port}"));
    let capture = capture.to_str().unwrap().to_owned();
    let loopback = if cfg!(target_os = "macos") { "lo0" } else { "lo" };
    let flags = ["-i", loopback, "-f", &filter, "-w", &capture];
    let dumpcap = Program::start("dumpcap", &find("dumpcap").unwrap(), &flags, folder);
    tells(&dumpcap, "File:");
    (dumpcap, capture)
}

/// What tshark shows of the data of a recorded connection. Without the key log it shows none.
pub fn decoded(capture: &str, port: u16, keys: &str, folder: &Folder) -> Vec<String> {
    let (layer, keys) = (format!("tcp.port=={port},tls"), format!("tls.keylog_file:{keys}"));
    let flags = ["-r", capture, "-d", &layer, "-o", &keys, "-o", "data.show_as_text:TRUE"];
    let fields = ["-Y", "tls && data", "-T", "fields", "-e", "data.text"];
    let tshark = find("tshark").unwrap();
    let program = Program::start("tshark", &tshark, &[&flags[..], &fields].concat(), folder);
    program.ends().0
}

/// Waits until tshark shows all these words of a record. What was recorded comes into the file a little later.
#[track_caller]
pub fn shows(capture: &str, port: u16, keys: &str, folder: &Folder, all: &[&str]) {
    let until = Instant::now() + DEADLINE;
    loop {
        let shown = decoded(capture, port, keys, folder).join(" ");
        if all.iter().all(|words| shown.contains(words)) {
            return;
        }
        assert!(Instant::now() < until, "{shown}");
    }
}
