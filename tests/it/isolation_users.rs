//! Hand-ins as other users, without namespaces: what one leaves behind is neither read nor met by another one. Scripts
//! stand for the compiler and the grader, so nothing is compiled.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use p2p_chat::tools::handout::users::is_root;

use crate::handout_bench::{CARGO, OF_LAB1, OF_LAB2, RUSTC, Staged};

/// Tells of the folder around each tree that is written, and who may enter it.
const RUSTFMT: &str = "#!/bin/sh\ncase $3 in */.work/*) stat -c '%a %U %g' \"${3%/tree/*}\" >> \"${0%/*}/modes\" ;; esac\n";
/// The programs that are needed to grade, but for the shell.
const TOOLS: &str = "id grep cut mkdir cp chmod cat setpriv";

/// A class on a machine that has no namespaces, as far as `handout` can tell. `None` if this is not root, or has none.
fn class() -> Option<Staged> {
    let can = Command::new("unshare").args(["-mpf", "true"]).status().is_ok_and(|it| it.success());
    if !is_root() || !can {
        let _ = io::stderr().write_all(b"LEFT OUT: what needs root, and namespaces around it\n");
        return None;
    }
    let staged = Staged::class();
    staged.program("unshare", "#!/bin/sh\nexit 1\n");
    Some(staged)
}

/// Finds `unshare` where it really is, and runs the words in it with this `PATH`.
const INSIDE: &str = r#"
    unshare=$(PATH=${PATH#*:} command -v unshare); PATH=$1; export PATH; shift
    exec "$unshare" -mpf --mount-proc --kill-child "$@"
"#;

/// Grades it where only these programs are found, and gives what is said. Nothing outside sees its users.
fn grade(staged: &Staged, path: &str) -> String {
    let mut command = Command::new("sh");
    command.args(["-c", INSIDE, "sh", path, env!("CARGO_BIN_EXE_handout")]);
    staged.grades(&mut command);
    command.current_dir(staged.folder.path());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The programs that stand for others, and all of this machine.
fn all_programs(staged: &Staged) -> String {
    let path = std::env::var("PATH").unwrap();
    format!("{}:{path}", staged.folder.file("programs").display())
}

/// What a lab's program leaves for the compiler and for a later one is not there when the next lab is built.
#[test]
#[ignore = "needs root"]
fn what_a_program_leaves_behind_is_gone_before_the_next_lab_is_built() {
    let Some(staged) = class() else { return };
    let left = format!("/tmp/left-{}", std::process::id());
    let leave = format!(
        "//build: if grep -q 'build: for' \"$tree/{OF_LAB2}\"; then exit 101; fi\n\
         //run: work=${{0%/target/*}}\n\
         //run: mkdir -p \"$work/cargo\" && touch \"$work/cargo/config.toml\" \"$work/target/left\" {left}\n"
    );
    staged.hands_in("anna", OF_LAB1, &leave);
    let find = format!(
        "//build: for it in \"$CARGO_HOME/config.toml\" \"$CARGO_TARGET_DIR/left\" {left}; do \
         if [ -e \"$it\" ]; then echo \"$it\" >&2; exit 101; fi; done\n"
    );
    staged.hands_in("anna", OF_LAB2, &find);
    let said = grade(&staged, &all_programs(&staged));
    let is_left = fs::remove_file(&left).is_ok();
    assert_eq!((staged.table(), is_left), (vec!["anna 2 0".to_owned()], false), "{said}");
}

/// All are run by the first worker, as one user, for they share a network.
#[test]
#[ignore = "needs root"]
fn hand_ins_that_are_users_read_no_results_and_run_one_at_a_time() {
    let Some(staged) = class() else { return };
    staged.program("rustfmt", RUSTFMT);
    let graded = staged.folder.file("graded").display().to_string();
    let pry = format!(
        "//run: id -u; cat {graded}/*/*.txt {graded}/*/*.json* {graded}/scores.csv; ls {graded}/.work\n"
    );
    for name in ["anna", "ben", "cleo", "deep/packed"] {
        staged.hands_in(name, OF_LAB1, &pry);
    }
    let mut tar = Command::new("tar");
    tar.args(["-czf", "packed.tgz", "deep"]).current_dir(staged.folder.file("handins"));
    assert!(tar.status().unwrap().success());
    fs::remove_dir_all(staged.folder.file("handins/deep")).unwrap();
    let names = ["anna", "ben", "cleo", "packed.tgz"];
    for more in ["", "// Another version, when the first one's results are there.\n"] {
        for name in &names[..3] {
            staged.hands_in(name, OF_LAB1, &format!("{pry}{more}"));
        }
        let said = grade(&staged, &all_programs(&staged));
        assert!(said.contains("; they share a network, so one runs at a time\n"), "{said}");
        assert_eq!(staged.table(), names.map(|name| format!("{name} 1 0")), "{said}");
        for name in names {
            assert_eq!(staged.folder.text(&format!("graded/{name}/report.txt")), "59000\n");
        }
    }
    let modes = staged.folder.text("programs/modes");
    assert!(modes.lines().all(|mode| mode == "710 root 59000") && !modes.is_empty(), "{modes}");
}

/// From the first hand-in on, its user can start no shell, by which its processes would be ended.
#[test]
#[ignore = "needs root"]
fn a_hand_in_whose_processes_cannot_be_ended_gets_no_verdict() {
    let Some(staged) = class() else { return };
    let link = "for it in $2; do ln -s \"$(command -v \"$it\")\" \"$1/$it\" || exit 1; done; cp /bin/sh \"$1/sh\"";
    let programs = staged.folder.file("programs");
    let linked = Command::new("sh").args(["-c", link, "sh"]).arg(&programs).arg(TOOLS).status();
    assert!(linked.unwrap().success());
    staged.program("test", "#!/bin/sh\ntest \"$@\"\n");
    let close = "#!/bin/sh\ncase $3 in */.work/*) chmod 700 \"${0%/*}/sh\" ;; esac\n";
    staged.program("rustfmt", close);
    staged.hands_in("anna", OF_LAB1, "//run: true\n");
    let said = grade(&staged, programs.to_str().unwrap());
    assert!(said.contains("cannot end what a hand-in has started"), "{said}");
    assert_eq!(staged.table(), ["anna 0 100"], "{said}");
}

/// Cargo, rustup and the programs that it starts look for settings in the folder where they run, and around it. A job
/// may be started in a folder of a student, and write its results there.
#[test]
#[ignore = "needs root"]
fn nothing_is_built_where_a_student_could_leave_settings() {
    let Some(staged) = class() else { return };
    let told = staged.folder.file("told");
    staged.program("../told", "");
    fs::set_permissions(&told, fs::Permissions::from_mode(0o666)).unwrap();
    let tells = |script: &str| {
        let line = format!("#!/bin/sh\necho \"${{0##*/}} $1 $PWD\" >> {}\n", told.display());
        script.replace("#!/bin/sh\n", &line)
    };
    for (name, script) in [("rustc", RUSTC), ("rustfmt", "#!/bin/sh\n"), ("rust/bin/cargo", CARGO)]
    {
        staged.program(name, &tells(script));
    }
    staged.hands_in("anna", OF_LAB1, "//run: true\n");
    let said = grade(&staged, &all_programs(&staged));
    assert_eq!(staged.table(), ["anna 1 0"], "{said}");
    let told = fs::read_to_string(told).unwrap();
    let runs = ["rustc --print ", "rustfmt --edition ", "cargo test ", "cargo build "];
    let is_there = |run: &&str| told.lines().any(|line| line.starts_with(*run));
    assert!(runs.iter().all(is_there), "{told}");
    assert!(!told.contains(staged.folder.path().to_str().unwrap()), "{told}");
}
