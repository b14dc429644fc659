//! Hand-ins that are made to keep the grader busy, or to fill its disk.

use std::fs;
#[cfg(target_os = "linux")]
use std::fs::File;
#[cfg(target_os = "linux")]
use std::path::PathBuf;
#[cfg(target_os = "linux")]
use std::process::Command;
use std::time::{Duration, Instant};

#[cfg(target_os = "linux")]
use p2p_chat::tools::handout::isolation::Isolation;
#[cfg(target_os = "linux")]
use p2p_chat::tools::handout::packed::unpack;

use crate::handout_handin::{grade, handin};
#[cfg(target_os = "linux")]
use crate::support::Folder;

/// A file of a marked function.
const MARKED: &str = "src/tools/load/measure.rs";
/// How long a hand-in may take to be looked at. Each of these takes a second, or many minutes.
const SOON: Duration = Duration::from_secs(60);

#[test]
fn sources_that_say_one_thing_over_and_over_are_looked_at_once() {
    let nested = "/*".repeat(99_000) + "*/";
    for (text, is_taken) in [
        ("#[".repeat(100_000), false),
        (format!("#[{}]", "a".repeat(1_000)), false),
        (format!("#[{}]", "a".repeat(900)), true),
        (nested, false),
        ("include".repeat(28_000), true),
    ] {
        let start = Instant::now();
        let said = grade(&handin(&[(MARKED, &text)])).1;
        let head = said.get(..60).unwrap_or(&said);
        assert!(start.elapsed() < SOON, "{head}");
        assert_eq!(said.starts_with("1 files taken\n"), is_taken, "{head}");
    }
}

/// The modules of so many names in a folder.
fn modules(folder: &str, begin: &str) -> (String, Vec<(String, String)>) {
    let names: Vec<String> = (0..150).map(|number| format!("{begin}{number}")).collect();
    let declare = names.iter().map(|name| format!("mod {name};\n")).collect();
    let path = |name: String| (format!("{folder}/{name}.rs"), String::new());
    (declare, names.into_iter().map(path).collect())
}

/// Each needed module may need one of the others, and each file with marks may name it.
#[test]
fn modules_are_looked_for_once() {
    let (declared, files) = modules("src/wire/line", "needed");
    let (nameless, others) = modules("src/wire", "another");
    let line = declared + &"word ".repeat(20_000);
    let mut all = vec![("src/wire/line.rs", line.as_str()), ("src/wire/mod.rs", &nameless)];
    all.extend(files.iter().chain(&others).map(|(path, text)| (path.as_str(), text.as_str())));
    let start = Instant::now();
    let said = grade(&handin(&all)).1;
    assert!(start.elapsed() < SOON);
    assert!(said.starts_with("152 files taken\n"), "{said}");
    assert_eq!(said.matches("left out: src/wire/another").count(), 150, "{said}");
}

/// What is refused counts, too: each refused file was read.
#[test]
fn no_more_files_are_read_than_may_be_taken() {
    let folder = handin(&[("src/random.rs", "")]);
    for number in 0..600 {
        fs::write(folder.file(&format!("src/a{number:03}.rs")), "/*").unwrap();
    }
    let said = grade(&folder).1;
    assert_eq!(said.matches(": there are more than 500 files\n").count(), 101, "{said}");
}

/// An archive of a folder's files. Holes in them take no place in it.
#[cfg(target_os = "linux")]
fn packed(folder: &Folder) -> PathBuf {
    let archive = folder.file("packed.tgz");
    let mut tar = Command::new("tar");
    tar.arg("-czSf").arg(&archive).arg("-C").arg(folder.path()).args(["src", "target"]);
    assert!(tar.status().unwrap().success());
    archive
}

#[cfg(target_os = "linux")]
#[test]
fn an_archive_unpacks_to_no_more_than_a_disk_can_bear() {
    let folder = handin(&[("src/random.rs", ""), ("target/debug/server", "")]);
    let large = |path: &str| File::create(folder.file(path)).unwrap().set_len(1 << 32).unwrap();
    // What was built is not unpacked, so it may be large.
    large("target/debug/server");
    let into = folder.file("into");
    assert_eq!(unpack(&packed(&folder), &into, Isolation::Nothing, 0), Ok(into.clone()));
    assert!(into.join("src/random.rs").exists() && !into.join("target/debug").exists());
    large("src/random.rs");
    let refused = unpack(&packed(&folder), &folder.file("again"), Isolation::Nothing, 0);
    assert_eq!(refused, Err("it has more than 300000000 bytes".to_owned()));
}
