//! What the machine, and not the hand-in, is to blame for when a class is graded. A shell script stands for the
//! compiler, and another one for the grader, so nothing is compiled.

use std::fs;
use std::path::Path;
#[cfg(unix)]
use std::process::Command;
use std::time::Instant;

use p2p_chat::tools::handout::bench::Bench;
use p2p_chat::tools::handout::built::Built;
use p2p_chat::tools::handout::isolation::{Isolation, Outcome};
use p2p_chat::tools::handout::kit::{Grader, Kit};
use p2p_chat::tools::handout::tree::{Open, Solution};

use crate::support::Folder;

/// A file with functions of lab 1.
pub const OF_LAB1: &str = "src/wire/line.rs";
/// A file with functions of lab 2.
#[cfg(unix)]
pub const OF_LAB2: &str = "src/server/directory/registry.rs";
/// What stands for `rustc`, as far as `handout` asks it.
#[cfg(unix)]
pub const RUSTC: &str = "#!/bin/sh\necho \"${0%/*}\"/rust\n";
/// What stands for `cargo`: it runs the lines of a tree that begin with `//build: `. The tree's program has its lines
/// that begin with `//run: `.
#[cfg(unix)]
pub const CARGO: &str = r#"#!/bin/sh
rust=${0%/*} tree=${3%/Cargo.toml}
mkdir -p "$CARGO_TARGET_DIR/debug/deps"
if [ "$1" = test ]; then exec cp "$rust/grade" "$CARGO_TARGET_DIR/debug/deps/grade-1"; fi
{ echo '#!/bin/sh'; grep -rh '^//run: ' "$tree/src" | cut -c 8-; } > "$CARGO_TARGET_DIR/debug/server"
chmod 755 "$CARGO_TARGET_DIR/debug/server"
grep -rh '^//build: ' "$tree/src" | cut -c 10- > "$tree/build.sh"
. "$tree/build.sh"
"#;
/// What stands for the grader: it runs the program as another user, if it is told one, and gives one point.
#[cfg(unix)]
const GRADE: &str = r#"#!/bin/sh
case $LAB_APART in
    [0-9]*) setpriv --reuid "$LAB_APART" --regid "$LAB_APART" --clear-groups "$LAB_SERVER" ;;
esac
printf '{"check":"%s::x","lab":1,"points":1,"of":1,"verdict":"ok","why":""}\n{"total":1}\n' "${1:-lab1}" >&2
"#;

/// A class, and programs that stand for a compiler.
#[cfg(unix)]
pub struct Staged {
    pub folder: Folder,
}

#[cfg(unix)]
impl Staged {
    /// An empty class.
    pub fn class() -> Staged {
        let staged = Staged { folder: Folder::fresh() };
        fs::create_dir(staged.folder.file("handins")).unwrap();
        for (name, script) in [
            ("rustc", RUSTC),
            ("rustfmt", "#!/bin/sh\n"),
            ("rust/bin/rustc", "#!/bin/sh\n"),
            ("rust/bin/cargo", CARGO),
            ("rust/bin/grade", GRADE),
        ] {
            staged.program(name, script);
        }
        staged
    }

    /// Writes a program.
    pub fn program(&self, name: &str, script: &str) {
        use std::os::unix::fs::PermissionsExt;
        let place = self.folder.file("programs").join(name);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(&place, script).unwrap();
        fs::set_permissions(place, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Hands in a file with these lines.
    pub fn hands_in(&self, name: &str, path: &str, lines: &str) {
        let place = self.folder.file("handins").join(name).join(path);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, lines).unwrap();
    }

    /// Lets a command grade the class.
    pub fn grades(&self, command: &mut Command) {
        let path = std::env::var("PATH").unwrap();
        let [handins, graded] = ["handins", "graded"].map(|name| self.folder.file(name));
        command.arg("--class").arg(handins).arg("--into").arg(graded);
        command.env("PATH", format!("{}:{path}", self.folder.file("programs").display()));
    }

    /// What the table has of everybody: the points, and those without a verdict.
    pub fn table(&self) -> Vec<String> {
        let table = self.folder.text("graded/scores.csv");
        let rows = table.lines().skip(1).map(|row| row.splitn(4, ',').take(3));
        rows.map(|row| row.collect::<Vec<_>>().join(" ")).collect()
    }
}

/// What a build has said when it is over.
fn ended(code: Option<i32>, errors: &str) -> Built {
    let (output, errors) = (String::new(), errors.to_owned());
    Built::of(&Outcome { code, is_late: false, output, errors })
}

#[test]
fn a_build_that_the_machine_has_ended_says_nothing_of_the_hand_in() {
    assert_eq!(ended(Some(0), ""), Built::Well);
    for theirs in [
        "error[E0425]: cannot find value `it` in this scope\n",
        "error: unused\n 7 |     Err(\"No space left on device\")\n",
        "error: could not compile\n  process didn't exit successfully: `rustc` (signal: 11, SIGSEGV: invalid memory)\n",
    ] {
        assert_eq!(ended(Some(101), theirs), Built::Not, "{theirs}");
    }
    for (code, said) in [
        (Some(101), "  process didn't exit successfully: `rustc` (signal: 9, SIGKILL: kill)\n"),
        (Some(101), "error: failed to write x: No space left on device (os error 28)\n"),
        (Some(101), "  = note: collect2: fatal error: ld terminated with signal 9 [Killed]\n"),
        (Some(101), "could not execute process: Resource temporarily unavailable (os error 11)\n"),
        (Some(137), ""),
        (Some(99), "the file system cannot be made read-only\n"),
        (None, ""),
    ] {
        assert!(matches!(ended(code, said), Built::Unknown(_)), "{code:?} {said}");
    }
}

/// The disk is full for anna, and the compiler of a lab of dora is killed. Those of ben and cleo do not compile.
#[cfg(unix)]
#[test]
fn what_the_machine_could_not_compile_is_graded_again_and_costs_nothing() {
    let staged = Staged::class();
    let full = "//build: if [ -e \"$rust/full\" ]; then echo 'error: No space left on device' >&2; exit 101; fi\n";
    staged.hands_in("anna", OF_LAB1, full);
    staged.hands_in("ben", OF_LAB1, "//build: echo 'error: no such thing' >&2; exit 101\n");
    let quoted = "//build: echo '1 | // No space left on device' >&2; exit 101\n";
    staged.hands_in("cleo", OF_LAB1, quoted);
    let killed = format!("//build: if grep -q dora \"$tree/{OF_LAB2}\"; then exit 101; fi\n")
        + "//build: if [ -e \"$rust/full\" ]; then echo 'rustc (signal: 9, SIGKILL)' >&2; exit 101; fi\n";
    staged.hands_in("dora", OF_LAB1, &killed);
    staged.hands_in("dora", OF_LAB2, "// dora\n");
    let grade = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_handout"));
        staged.grades(&mut command);
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    staged.program("rust/bin/full", "");
    let said = grade();
    assert_eq!(staged.table(), ["anna 0 100", "ben 0 0", "cleo 0 0", "dora 1 10"], "{said}");
    let tries = |name: &str| said.lines().filter(|line| line.starts_with(name)).count();
    assert_eq!(["anna", "ben", "cleo", "dora"].map(tries), [2, 1, 1, 2], "{said}");
    fs::remove_file(staged.folder.file("programs/rust/bin/full")).unwrap();
    let said = grade();
    assert_eq!(staged.table(), ["anna 1 0", "ben 0 0", "cleo 0 0", "dora 2 0"], "{said}");
}

/// Its time is over before it begins.
#[test]
fn a_hand_in_has_its_time_and_no_more() {
    let folder = Folder::fresh();
    let lines = Path::new(env!("CARGO_MANIFEST_DIR")).join(OF_LAB1);
    let place = folder.file("anna").join(OF_LAB1);
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    fs::copy(lines, place).unwrap();
    let kit = Kit {
        solution: Solution::read(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap(),
        open: Open::From(0),
        seed: 1,
        isolation: Isolation::Nothing,
        into: folder.file("graded"),
        hidden: [folder.file("x"), folder.file("y"), folder.file("z")],
    };
    let (grader, until) = (Grader::default(), Instant::now());
    let sheet =
        Bench { kit: &kit, grader: &grader, worker: 0, until }.grade(&folder.file("anna"), "anna");
    assert_eq!((sheet.note.as_str(), sheet.open_points()), ("compiling takes too long", 100));
}
