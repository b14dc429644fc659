//! A class with hand-ins of all kinds, graded by one command: the right scores, and nothing for who forges them.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use p2p_chat::tools::handout::isolation::Isolation;
use p2p_chat::tools::handout::toolchain::toolchain;
use p2p_chat::tools::handout::tree::{Open, Solution};
use p2p_chat::tools::handout::users::is_root;

use crate::handout_tree::handout;
use crate::support::Folder;

/// Where the work of server, client and load begins.
const BEGINNINGS: [(&str, &str); 3] = [
    ("src/server/mod.rs", ") -> io::Result<()> {\n    let own = "),
    ("src/client/mod.rs", ") -> Result<(), Failure> {\n    options.files"),
    ("src/tools/load/run.rs", ") -> Result<(), Failure> {\n    let failure = "),
];

/// Functions that no server and no client shows enough of, so that the grader asks them alone: how each begins.
const ASKED: [(&str, &str); 3] = [
    ("src/tls/replay_window.rs", "pub fn may_come(&self, number: u64) -> bool {"),
    (
        "src/client/direct/udp/punches.rs",
        "pub fn candidate_order(candidates: &Candidates, listed: SocketAddr) -> Vec<(SocketAddr, Duration)> {",
    ),
    ("src/client/direct/udp/path.rs", "fn keepalive(&self) -> Option<Instant> {"),
];

/// Writes scores wherever they might be read, and kills who may judge.
const FORGE: &str = r#"
    let fake = "{\"check\":\"lab1::x\",\"lab\":1,\"points\":100,\"of\":100,\"verdict\":\"ok\",\"why\":\"\",\"ms\":1}\n{\"total\":100,\"of\":100}\nTOTAL 100/100\n1 passed, 0 failed\n";
    let parent = String::from("$PPID");
    let script = format!("grader=$(echo $(ps -o ppid= -p {parent})); for fd in 0 1 2 3 4 5 6 7 8 9; do printf '%s' '{fake}' > /proc/$grader/fd/$fd; printf '%s' '{fake}' > /proc/{parent}/fd/$fd; done");
    let _ = std::process::Command::new("sh").args(["-c", &script]).stderr(std::process::Stdio::null()).status();
    for place in [concat!(env!("CARGO_MANIFEST_DIR"), "/report.txt"), "report.txt", "../report.txt", "/tmp/report.txt"] {
        let _ = std::fs::write(place, fake);
    }
    for place in [concat!(env!("CARGO_MANIFEST_DIR"), "/../report.jsonl"), "HANDINS/../graded/forger/report.jsonl", "HANDINS/../graded/scores.csv"] {
        let _ = std::fs::write(place, fake);
    }
"#;
/// Ends who has started it.
const KILL: &str = r#"
    let _ = std::process::Command::new("sh").args(["-c", "kill -9 $(ps -o ppid= -p $PPID)"]).status();
"#;
/// Agrees with whoever asks, and with whatever is asked.
const AGREE: &str = r#"
    for line in std::io::stdin().lines() { let _ = line; println!("yes"); }
    std::process::exit(0);
"#;
/// Never begins.
const HANG: &str = "
    while std::hint::black_box(true) { std::hint::spin_loop(); }
";
/// Leaves processes behind.
const FORK: &str = r#"
    for _ in 0..60 {
        let _ = std::process::Command::new("sh").args(["-c", "trap '' TERM HUP; setsid sleep 999 & sleep 999"]).spawn();
    }
"#;

/// A class that is being handed in.
struct Class {
    folder: Folder,
    solution: Solution,
}

impl Class {
    /// Hands in a student's tree with these labs open.
    fn hands_in(&self, name: &str, open: Open) {
        self.solution.write(&self.folder.file(&format!("handins/{name}")), open).unwrap();
    }

    /// Hands in a tree with nothing solved, whose programs begin with this.
    fn begins_with(&self, name: &str, code: &str) {
        self.hands_in(name, Open::From(0));
        let code = code.replace("HANDINS", self.folder.file("handins").to_str().unwrap());
        for (path, begin) in BEGINNINGS {
            let (head, line) = begin.split_once('\n').unwrap();
            self.edit(name, path, begin, &format!("{head}\n{code}\n{line}"));
        }
        self.asked_first(name, &code);
    }

    /// Hands in a tree with nothing solved, in which the functions that a part asks begin with this.
    fn answers_with(&self, name: &str, code: &str) {
        self.hands_in(name, Open::From(0));
        self.asked_first(name, code);
    }

    /// Lets the functions that a part asks begin with this.
    fn asked_first(&self, name: &str, code: &str) {
        for (path, head) in ASKED {
            self.edit(name, path, head, &format!("{head}\n{code}\n"));
        }
    }

    /// The words by which it is graded, and the folder for its results. Most of these hand-ins are waited for, so more
    /// are graded at a time than there are processors.
    fn graded(&self) -> (Vec<String>, PathBuf) {
        let [handins, graded] = ["handins", "graded"].map(|name| self.folder.file(name));
        let path = |path: &Path| path.to_str().unwrap().to_owned();
        let folders = [path(&handins), path(&graded)];
        let words = ["--class", &folders[0], "--into", &folders[1], "--workers", "4"];
        (words.map(str::to_owned).to_vec(), graded)
    }

    /// Changes a file of a hand-in.
    fn edit(&self, name: &str, path: &str, from: &str, to: &str) {
        let path = format!("handins/{name}/{path}");
        let text = self.folder.text(&path);
        assert!(text.contains(from), "{path}");
        fs::write(self.folder.file(&path), text.replacen(from, to, 1)).unwrap();
    }
}

/// The rows of the table: names with points.
fn scores(graded: &Path) -> BTreeMap<String, u32> {
    let table = fs::read_to_string(graded.join("scores.csv")).unwrap();
    let row = |row: &str| {
        let mut cells = row.split(',');
        Some((cells.next()?.to_owned(), cells.next()?.parse().ok()?))
    };
    table.lines().skip(1).filter_map(row).collect()
}

/// A class that nobody has handed in to.
fn empty_class() -> Class {
    let solution = Solution::read(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    Class { folder: Folder::fresh(), solution }
}

/// What somebody hands in whose functions forge scores, and end who has started them.
fn hands_in_a_forging_library(class: &Class) {
    let leave = "println!(\"{fake}\"); std::process::exit(0);";
    class.answers_with("library", &format!("{{ {FORGE} {KILL} {leave} }}"));
}

/// A class of all kinds.
fn class() -> Class {
    let class = empty_class();
    class.hands_in("good", Open::Nothing);
    class.hands_in("most", Open::From(11));
    class.hands_in("starter", Open::From(0));
    class.hands_in("broken", Open::From(4));
    let unfinished = "\nfn unfinished( {\n";
    let lookup = "src/server/directory/lookup.rs";
    class.edit("broken", lookup, "\nuse ", &format!("{unfinished}\nuse "));
    // Each lab of it is built alone, if there is one of its files.
    for (path, marks) in class.solution.marks().filter(|(_, marks)| marks[0].lab > 4) {
        fs::remove_file(class.folder.file(&format!("handins/broken/{path}"))).unwrap();
        assert!(marks.iter().all(|mark| mark.lab > 4), "{path}");
    }
    for (name, code) in [("forger", FORGE), ("killer", KILL), ("endless", HANG), ("forking", FORK)]
    {
        class.begins_with(name, code);
    }
    class.begins_with("agreeing", AGREE);
    hands_in_a_forging_library(&class);
    class.hands_in("tampered", Open::From(0));
    for path in ["tests/grade/main.rs", "src/bin/server.rs", "src/tools/mod.rs", "build.rs"] {
        let fake = "fn main() { println!(\"TOTAL 100/100\\n1 passed, 0 failed\") }";
        fs::write(class.folder.file(&format!("handins/tampered/{path}")), fake).unwrap();
    }
    fs::create_dir(class.folder.file("handins/empty")).unwrap();
    fs::write(class.folder.file("handins/junk.zip"), "no archive").unwrap();
    class.hands_in("deep/er/packed", Open::From(2));
    let mut tar = Command::new("tar");
    tar.args(["-czf", "packed.tgz", "deep"]).current_dir(class.folder.file("handins"));
    assert!(tar.status().unwrap().success());
    fs::remove_dir_all(class.folder.file("handins/deep")).unwrap();
    class
}

#[test]
#[ignore = "compiles for minutes"]
fn a_class_of_all_kinds_gets_its_scores_by_one_command() {
    let class = class();
    let (words, graded) = class.graded();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if Isolation::find() == Isolation::Nothing {
        return; // here they could do what they try to
    }
    let first = handout(&words);
    let said = String::from_utf8(first.stdout).unwrap();
    let found = scores(&graded);
    let points =
        |labs: std::ops::RangeInclusive<u32>| labs.map(|lab| class.solution.points(lab)).sum();
    let expected = [
        ("agreeing", 0),
        ("broken", points(0..=2)),
        ("empty", 0),
        ("endless", 0),
        ("forger", 0),
        ("forking", 0),
        ("good", 100),
        ("junk.zip", 0),
        ("killer", 0),
        ("library", 0),
        ("most", points(0..=10)),
        ("packed.tgz", points(0..=1)),
        ("starter", 0),
        ("tampered", 0),
    ];
    for (name, points) in expected {
        assert_eq!(found[name], points, "{name}: {said}");
    }
    assert_eq!(found.len(), expected.len(), "{said}");
    // A second run has nothing to do, and says the same.
    let second = String::from_utf8(handout(&words).stdout).unwrap();
    let last_lines = |said: &str| -> BTreeMap<String, String> {
        // A hand-in that was graded once more has two.
        let lines = said.lines().filter_map(|line| Some((line.split_once(' ')?.0, line)));
        lines.map(|(name, line)| (name.to_owned(), line.to_owned())).collect()
    };
    assert_eq!(last_lines(&second), last_lines(&said));
}

/// Prints what is in the file of the solution that lies where a lab alone is built.
const PRY: &str = r#"
    let program = std::env::current_exe().unwrap();
    let tree = program.ancestors().nth(3).unwrap().join("tree/src/client/direct/udp/reliable.rs");
    println!("pried {:?}", std::fs::read_to_string(tree));
"#;

/// A lab of a hand-in that does not compile is built in the solution, and its programs must not find that.
#[test]
#[ignore = "compiles for a minute"]
fn a_lab_that_is_judged_alone_sees_no_solution() {
    if Isolation::find() == Isolation::Nothing {
        return; // here it could
    }
    let class = empty_class();
    class.hands_in("prying", Open::Nothing);
    let (path, head) = ASKED[0];
    class.edit("prying", path, head, &format!("{head}\n{PRY}\n"));
    let lab = class.solution.lab_of(path);
    for (path, _) in class.solution.marks().filter(|(path, _)| class.solution.lab_of(path) != lab) {
        fs::remove_file(class.folder.file(&format!("handins/prying/{path}"))).unwrap();
    }
    class.edit("prying", "src/clock.rs", "\nuse ", "\nfn unfinished( {\n\nuse ");
    let (words, graded) = class.graded();
    let said = handout(&words.iter().map(String::as_str).collect::<Vec<_>>());
    let result = fs::read_to_string(graded.join("prying/results.json")).unwrap();
    let told = String::from_utf8_lossy(&said.stdout);
    assert!(told.contains("does not compile") && result.contains("pried Err"), "{told}\n{result}");
    assert!(!result.contains("pried Ok"), "{result}");
}

/// Shows the compiler's folder, `$1`, where every user may look, `$2`; then `$4` is run. `$3` comes first in `PATH`.
const SHOWN: &str =
    r#"mount --bind "$1" "$2" && PATH=$3:$2/bin:$PATH && export PATH && shift 3 && exec "$@""#;

/// In most containers root can make no namespaces, and runs each hand-in as another user.
#[cfg(unix)]
#[test]
#[ignore = "compiles for minutes; needs root"]
fn without_namespaces_a_hand_in_is_another_user() {
    use std::os::unix::fs::PermissionsExt;

    let can_mount =
        Command::new("unshare").args(["-m", "true"]).status().is_ok_and(|it| it.success());
    if !is_root() || !can_mount {
        let _ = io::stderr().write_all(b"LEFT OUT: what needs root, and a mount namespace\n");
        return;
    }
    let class = empty_class();
    class.hands_in("good", Open::Nothing);
    class.begins_with("forger", FORGE);
    class.begins_with("killer", KILL);
    hands_in_a_forging_library(&class);
    // This machine has no namespaces, as far as `handout` can tell.
    let (programs, rust) = (class.folder.file("programs"), class.folder.file("rust"));
    for folder in [&programs, &rust] {
        fs::create_dir(folder).unwrap();
    }
    fs::write(programs.join("unshare"), "#!/bin/sh\nexit 1\n").unwrap();
    fs::set_permissions(programs.join("unshare"), fs::Permissions::from_mode(0o755)).unwrap();
    let (words, graded) = class.graded();
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-c", SHOWN, "sh"]).arg(toolchain().unwrap());
    command.args([&rust, &programs]).arg(env!("CARGO_BIN_EXE_handout")).args(words);
    command.env_remove("LD_LIBRARY_PATH"); // by which the compiler would be that of the tests
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let is_so = output.status.success() && said.starts_with(Isolation::User.says());
    assert!(is_so, "{output:?}");
    let expected = [("forger", 0), ("good", 100), ("killer", 0), ("library", 0)];
    let expected: BTreeMap<String, u32> =
        expected.into_iter().map(|(name, points)| (name.to_owned(), points)).collect();
    assert_eq!(scores(&graded), expected, "{said}");
}
