//! A class with hand-ins of all kinds, graded by one command: the right scores, and nothing for who forges them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use p2p_chat::tools::handout::isolation::Isolation;
use p2p_chat::tools::handout::tree::{Open, Solution};

use crate::handout_tree::handout;
use crate::support::Folder;

/// Where every program begins: what is put here runs in each of them.
const BEGIN: &str = ") -> ExitCode {\n    let line: Result";

/// Writes scores wherever they might be read, and kills who may judge.
const FORGE: &str = r#"
    let fake = "{\"check\":\"lab1::x\",\"lab\":1,\"points\":100,\"of\":100,\"verdict\":\"ok\",\"why\":\"\",\"ms\":1}\n{\"total\":100,\"of\":100}\nTOTAL 100/100\n1 passed, 0 failed\n";
    let parent = String::from("$PPID");
    let script = format!("for fd in 0 1 2 3 4 5 6 7 8 9; do printf '%s' '{fake}' > /proc/$(ps -o ppid= -p {parent})/fd/$fd; printf '%s' '{fake}' > /proc/{parent}/fd/$fd; done");
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
/// Never begins.
const HANG: &str = "
    while std::hint::black_box(true) { std::hint::spin_loop(); }
";
/// Leaves processes behind.
const FORK: &str = r#"
    for _ in 0..300 {
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
        let line = BEGIN.split_once('\n').unwrap().1;
        self.edit(name, "src/cli.rs", BEGIN, &format!(") -> ExitCode {{\n{code}\n{line}"));
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

/// A class of all kinds.
fn class() -> Class {
    let solution = Solution::read(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let class = Class { folder: Folder::fresh(), solution };
    class.hands_in("good", Open::Nothing);
    class.hands_in("half", Open::From(5));
    class.hands_in("starter", Open::From(0));
    class.hands_in("broken", Open::From(4));
    let unfinished = "\nfn unfinished( {\n";
    let lookup = "src/server/directory/lookup.rs";
    class.edit("broken", lookup, "\nuse ", &format!("{unfinished}\nuse "));
    for (name, code) in [("forger", FORGE), ("killer", KILL), ("endless", HANG), ("forking", FORK)]
    {
        class.begins_with(name, code);
    }
    class.hands_in("tampered", Open::From(0));
    for path in ["tests/grade/main.rs", "src/bin/server.rs", "src/bin/client.rs", "build.rs"] {
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
    let (handins, graded) = (class.folder.file("handins"), class.folder.file("graded"));
    let words = ["--class", handins.to_str().unwrap(), "--into", graded.to_str().unwrap()];
    if Isolation::find() == Isolation::Nothing {
        return; // here they could do what they try to
    }
    let first = handout(&words);
    let said = String::from_utf8(first.stdout).unwrap();
    let found = scores(&graded);
    let points =
        |labs: std::ops::RangeInclusive<u32>| labs.map(|lab| class.solution.points(lab)).sum();
    let expected = [
        ("broken", points(0..=2)),
        ("empty", 0),
        ("endless", 0),
        ("forger", 0),
        ("forking", 0),
        ("good", 100),
        ("half", points(0..=4)),
        ("junk.zip", 0),
        ("killer", 0),
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
    let sorted = |said: &str| {
        let mut lines: Vec<String> = said.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&second), sorted(&said));
}
