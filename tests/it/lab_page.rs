//! LAB.md: its form, its examples, and its transcripts, which are played.
//!
//! A transcript is a block that begins with ```` ```text after ```` or ```` ```text before ````. The first seven
//! columns of a line say whose terminal it is, the next one what the rest of the line is:
//!
//! ```text
//! bob    $ a command, run in the transcript's own folder; `cargo run --bin NAME --` stands for the program.
//!          One with `|`, `<` or `>` goes through a shell. `Ctrl-C` kills bob's program, `Ctrl-D` ends its input,
//!          `Ctrl-Z` stops it; a new command takes the place of an old one.
//! bob    > what bob types
//! bob      a line that the program prints, on stdout or stderr, whole: `…` stands for anything, and so does the
//!          clock, 12:35. Lines in between may be left out. The test waits for it.
//! ```
//!
//! Ports from 5555 to 5559 are replaced by free ones. `after` is played on these programs, the solution.
//! `before` is what a student sees who comes to that page: it is played, by an ignored test, on the tree that
//! `handout --from N` writes.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use crate::stage::story::{Heard, Side, Story, collect, lock};
use crate::stage::{DEADLINE, Folder};

const TREE: &str = env!("CARGO_MANIFEST_DIR");
/// The parts of a lab's page.
const PARTS: [&str; 14] = [
    "Goal",
    "Time",
    "Read first",
    "Rust you need",
    "By hand",
    "Predict",
    "Do",
    "Rules",
    "Check",
    "Think",
    "In the wild",
    "Bug hunt",
    "Extra and hand in",
    "",
];
/// The widest line outside of tables.
const WIDTH: usize = 80;

fn page() -> String {
    fs::read_to_string(Path::new(TREE).join("LAB.md")).unwrap()
}

/// The pages of the labs: number and text.
fn labs() -> Vec<(usize, String)> {
    let page = page();
    let end = page.find("\n## Trials").expect("the labs end with the trials");
    let labs = page[..end].split("\n## Lab ").skip(1);
    labs.map(|lab| (lab.split(':').next().unwrap().parse().unwrap(), lab.to_owned())).collect()
}

/// The blocks that are fenced with this mark.
fn fenced(text: &str, mark: &str) -> Vec<String> {
    let opening = format!("\n```{mark}\n");
    let blocks = text.split(&opening).skip(1);
    blocks.map(|rest| rest.split("\n```").next().unwrap().to_owned()).collect()
}

#[test]
fn the_lab_course_has_ten_pages_with_all_their_parts_in_order() {
    let labs = labs();
    let numbers: Vec<usize> = labs.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (0..10).collect::<Vec<_>>());
    for (number, text) in &labs {
        let parts: Vec<&str> =
            text.split("\n### ").skip(1).map(|part| part.lines().next().unwrap()).collect();
        assert_eq!(parts, PARTS[..13], "lab {number}");
        for part in text.split("\n### ").skip(1) {
            let body = part.split_once('\n').unwrap().1.trim();
            assert!(!body.is_empty(), "lab {number} has an empty part: {part}");
        }
        let questions = text.split("\n### Think\n").nth(1).unwrap();
        let questions = questions.split("\n### ").next().unwrap();
        assert_eq!(questions.matches("\n3. A bug these checks would miss").count(), 1, "{number}");
        assert!(!questions.contains("\n4. "), "lab {number} asks more than three questions");
        let by_hand = text.split("\n### By hand\n").nth(1).unwrap().split("\n### ").next().unwrap();
        assert!(by_hand.contains("rite down"), "lab {number}: nothing to observe by hand");
        assert!(!fenced(by_hand, "text before").is_empty(), "lab {number} shows no tree of before");
        assert!(!fenced(by_hand, "text after").is_empty(), "lab {number} shows no finished tree");
    }
}

#[test]
fn the_lab_course_fits_on_a_terminal() {
    for (number, line) in page().lines().enumerate() {
        let width = line.chars().count();
        assert!(width <= WIDTH || line.starts_with('|'), "LAB.md:{}: {width} columns", number + 1);
        assert!(!line.contains('\t'), "LAB.md:{}: a tab", number + 1);
    }
}

/// The points of each lab, from LAB.md's table.
#[test]
fn the_points_of_the_lab_course_add_up() {
    let page = page();
    let rows = page.lines().filter(|line| line.starts_with("| ") && line.matches('|').count() == 6);
    let points = rows.filter_map(|row| row.split('|').nth(3)?.trim().parse::<u32>().ok());
    let points: Vec<u32> = points.collect();
    assert_eq!((points.len(), points.iter().sum()), (9, 100));
    for (number, text) in labs().iter().skip(1) {
        let points = points[number - 1];
        let full = format!("{points}/{points}");
        assert!(text.contains(&full), "lab {number} does not end with {full}");
    }
}

#[test]
fn the_files_and_functions_of_the_lab_course_are_there() {
    if marked(&Path::new(TREE).join("src")).is_empty() {
        return; // the code is not cut for the labs in this tree
    }
    let page = page();
    let words = page.split(['`', '(', ')', ' ', ',', '\n']);
    let files = words.filter(|word| {
        let top = word.split('/').next().unwrap();
        ["src", "tests"].contains(&top) && word.contains('.') && !word.contains("labN")
    });
    let mut count = 0;
    for file in files {
        // Of other projects, and what is not of every tree.
        if ["src/irc/dcc/dcc-chat.c", "src/networking.c"].contains(&file) {
            continue;
        }
        if file.starts_with("tests/grade/") && !Path::new(TREE).join("tests/grade").exists() {
            continue;
        }
        count += 1;
        let there = Path::new(TREE).join(file).exists();
        assert!(there, "LAB.md names {file}, which is not there");
    }
    assert!(count > 15, "LAB.md names only {count} files");
}

/// All names like `lab4::three_clients_talk` in LAB.md, and where.
fn named_checks(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !(letter.is_alphanumeric() || "_:".contains(letter)));
    let checks = words.filter(|word| {
        word.split_once("::")
            .is_some_and(|(lab, name)| lab.len() == 4 && lab.starts_with("lab") && name.len() > 12)
    });
    checks.map(str::to_owned).collect()
}

/// The grader's checks, from its tables; none while it is not there.
fn checks() -> BTreeSet<String> {
    let names = |lab| {
        let table = fs::read_to_string(format!("{TREE}/tests/grade/lab{lab}/mod.rs"));
        let lines: Vec<String> = table.unwrap_or_default().lines().map(str::to_owned).collect();
        lines.into_iter().filter_map(|line| {
            Some(line.trim().strip_prefix("name: \"")?.strip_suffix("\",")?.to_owned())
        })
    };
    (1..10).flat_map(names).collect()
}

#[test]
fn the_lab_course_says_of_each_check_when_it_turns_green() {
    let checks = checks();
    if checks.is_empty() {
        return; // there is no grader in this tree
    }
    let named = named_checks(&page());
    assert!(named.is_subset(&checks), "there is no {:?}", named.difference(&checks));
    for (number, text) in labs() {
        let to_do = text.split("\n### Do\n").nth(1).unwrap().split("\n### ").next().unwrap();
        let said: BTreeSet<String> = named_checks(to_do);
        let own = format!("lab{number}::");
        let own: BTreeSet<String> =
            checks.iter().filter(|check| check.starts_with(&own)).cloned().collect();
        assert_eq!(said, own, "lab {number}, Do");
        let first = text.split("irst red").nth(1).unwrap_or("");
        let first = first.split('`').nth(1).unwrap_or("");
        let is_first = own.is_empty() || own.iter().any(|check| check.ends_with(first));
        assert!(is_first, "lab {number}: the first red is {first:?}");
    }
}

/// All functions that a mark leaves open are in the page of their lab.
#[test]
fn the_lab_course_names_each_function_that_is_open() {
    let labs = labs();
    let mut count = 0;
    for (number, name) in marked(&Path::new(TREE).join("src")) {
        count += 1;
        let text = &labs[number].1;
        let to_do = text.split("\n### Do\n").nth(1).unwrap().split("\n### ").next().unwrap();
        let named = to_do.split(['`', ':']).any(|word| word == name);
        assert!(named, "lab {number} does not tell when to write {name}");
    }
    assert!(count == 0 || count > 30, "only {count} functions are open");
}

/// The marked functions below a folder, with their labs.
fn marked(folder: &Path) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            found.extend(marked(&entry));
            continue;
        }
        let Ok(text) = fs::read_to_string(&entry) else { continue };
        for part in text.split('\n').collect::<Vec<_>>().windows(2) {
            let Some(mark) = part[0].trim_start().strip_prefix("// LAB ") else { continue };
            let Some(number) = mark.split(':').next().and_then(|lab| lab.parse().ok()) else {
                continue;
            };
            let name = part[1].split("fn ").nth(1).expect("a function stands under its mark");
            found.push((number, name.split(['(', '<']).next().unwrap().to_owned()));
        }
    }
    found
}

#[test]
fn the_examples_of_the_lab_course_compile_and_hold() {
    let examples = fenced(&page(), "rust");
    assert!(examples.len() > 15, "only {} examples", examples.len());
    let bodies = examples.iter().enumerate();
    let functions = bodies.map(|(number, body)| format!("fn example_{number}() {{\n{body}\n}}\n"));
    let calls = (0..examples.len()).map(|number| format!("    example_{number}();\n"));
    let parts = [vec!["#![allow(unused)]\n".to_owned()], functions.collect(), calls.collect()];
    let [head, functions, calls] = parts.map(|part| part.concat());
    let program = format!("{head}{functions}fn main() {{\n{calls}}}\n");
    let folder = Folder::fresh();
    fs::write(folder.file("examples.rs"), program).unwrap();
    let rustc = std::env::var("RUSTC").unwrap_or("rustc".to_owned());
    let arguments = ["--edition", "2024", "examples.rs", "-o", "examples.exe"];
    let compiled = Command::new(rustc).args(arguments).current_dir(folder.path()).output().unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    let run = Command::new(folder.file("examples.exe")).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}

#[test]
fn the_transcripts_of_finished_labs_go_as_they_say() {
    let programs = Programs {
        server: PathBuf::from(env!("CARGO_BIN_EXE_server")),
        client: PathBuf::from(env!("CARGO_BIN_EXE_client")),
        load: PathBuf::from(env!("CARGO_BIN_EXE_load")),
        ..Programs::default()
    };
    let mut count = 0;
    for (number, text) in labs() {
        for transcript in fenced(&text, "text after") {
            count += 1;
            play(&format!("lab {number}, after"), &transcript, &programs);
        }
    }
    assert!(count >= 10, "only {count} transcripts");
}

/// Each on the tree of a student who has just come to that page.
#[test]
#[ignore = "builds a student's tree for each lab"]
fn the_transcripts_of_labs_to_be_done_go_as_they_say() {
    let handout = option_env!("CARGO_BIN_EXE_handout");
    let handout = handout.expect("this tree has no program `handout` that writes students' trees");
    let folder = Folder::fresh();
    let target = folder.file("target");
    for (number, text) in labs() {
        let transcripts = fenced(&text, "text before");
        let tree = folder.file(&format!("tree{number}"));
        let from = number.max(1).to_string();
        let written =
            Command::new(handout).arg(&tree).args(["--from", &from]).current_dir(TREE).output();
        let written = written.unwrap();
        assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
        // Cargo compares times: a tree must not look older than what was built for the one before.
        let old = target.join("debug");
        drop(fs::remove_dir_all(old.join(".fingerprint")));
        let built = Command::new(env!("CARGO"))
            .args(["build", "--offline", "--bins"])
            .env("CARGO_TARGET_DIR", &target)
            .current_dir(&tree)
            .output()
            .unwrap();
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        let program = |name| old.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        let (server, client, load) = (program("server"), program("client"), program("load"));
        let programs = Programs { server, client, load, ..Programs::default() };
        for transcript in transcripts {
            play(&format!("lab {number}, before"), &transcript, &programs);
        }
    }
}

/// The programs that are played.
#[derive(Clone, Default)]
struct Programs {
    server: PathBuf,
    client: PathBuf,
    load: PathBuf,
    /// Where the server is to listen.
    port: String,
}

impl Programs {
    /// The command with the programs' paths.
    fn named_in(&self, command: &str) -> String {
        let path = |path: &Path| path.to_str().unwrap().to_owned();
        let server = format!("{} {}", path(&self.server), self.port);
        let all = [("server", server), ("client", path(&self.client)), ("load", path(&self.load))];
        all.iter().fold(command.to_owned(), |line, (name, path)| {
            let line = line.replace(&format!("cargo run --bin {name} --"), path);
            line.replace(&format!("cargo run --bin {name}"), path)
        })
    }
}

/// Does what a transcript says, and waits for what it shows.
fn play(title: &str, transcript: &str, programs: &Programs) {
    if cfg!(windows) && (transcript.contains(['|', '<', '\'']) || transcript.contains("Ctrl-Z")) {
        return; // a shell and signals of Unix are needed there
    }
    let folder = Folder::fresh();
    let mut terminals: HashMap<String, Terminal> = HashMap::new();
    let (transcript, port) = with_free_ports(transcript);
    let programs = &Programs { port, ..programs.clone() };
    for line in transcript.lines() {
        let title = format!("{title}: {line}");
        let (who, rest) = line.split_at(7.min(line.len()));
        let text = rest.get(2..).unwrap_or("");
        let terminal = terminals.get_mut(who).ok_or("nobody has started a program there");
        match (rest.chars().next(), text) {
            (Some('$'), "Ctrl-C") => terminal.expect(&title).kill(),
            (Some('$'), "Ctrl-D") => terminal.expect(&title).input = None,
            (Some('$'), "Ctrl-Z") => terminal.expect(&title).stop(),
            (Some('$'), command) => {
                let mut started = Terminal::run(command, programs, &folder);
                if command.contains(" > ") || command.contains(" >> ") {
                    started.waits(&title); // it writes a file for those that follow
                }
                terminals.insert(who.to_owned(), started);
            }
            (Some('>'), _) => terminal.expect(&title).types(text),
            _ => terminal.expect(&title).shows(text, &title),
        }
    }
}

/// The transcript with ports that nobody uses, and the one in place of the server's.
fn with_free_ports(transcript: &str) -> (String, String) {
    let listeners = [(); 5].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let free = listeners.map(|listener| listener.local_addr().unwrap().port().to_string());
    // In two steps, for a free port may have the digits of one that is still to be replaced.
    let mark = |number: usize| format!("\u{1}{number}\u{1}");
    let marked = (0..5).fold(transcript.to_owned(), |text, number| {
        text.replace(&(5555 + number).to_string(), &mark(number))
    });
    let text = (0..5).fold(marked, |text, number| text.replace(&mark(number), &free[number]));
    (text, free[0].clone())
}

/// A program in somebody's terminal.
struct Terminal {
    child: Child,
    input: Option<ChildStdin>,
    story: Arc<Story>,
    readers: Vec<JoinHandle<()>>,
}

impl Terminal {
    fn run(command: &str, programs: &Programs, folder: &Folder) -> Terminal {
        let line = programs.named_in(command);
        let mut child = if line.contains(['|', '<', '\'']) || line.starts_with("cat ") {
            let mut shell = Command::new("sh");
            shell.args(["-c", &line]);
            shell
        } else {
            let mut words = line.split(' ');
            let mut program = Command::new(words.next().unwrap());
            program.args(words);
            program
        };
        child.current_dir(folder.path()).env_remove("RUST_BACKTRACE");
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut child, 0);
        child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = child.spawn().unwrap_or_else(|error| panic!("cannot run {line}: {error}"));
        let story = Arc::new(Story::default());
        let readers = vec![
            collect(child.stdout.take().unwrap(), Arc::clone(&story), Side::Output),
            collect(child.stderr.take().unwrap(), Arc::clone(&story), Side::Errors),
        ];
        let input = child.stdin.take();
        Terminal { child, input, story, readers }
    }

    fn types(&mut self, text: &str) {
        let input = self.input.as_mut().expect("the input was ended before");
        // If the program has ended, what it was to print next is missing, and that is told.
        let _ = input.write_all(format!("{text}\n").as_bytes());
    }

    /// Waits for a line on either side.
    fn shows(&self, pattern: &str, title: &str) {
        let until = Instant::now() + DEADLINE;
        let mut told = lock(&self.story.told);
        loop {
            let ended = told.output.ended && told.errors.ended;
            if passes(&mut told.output, pattern) || passes(&mut told.errors, pattern) {
                return;
            }
            let left = until.saturating_duration_since(Instant::now());
            if ended || left.is_zero() {
                let (output, errors) = (told.output.tail(), told.errors.tail());
                drop(told);
                panic!("{title}\n--- not shown; stdout\n{output}\n--- stderr\n{errors}\n---");
            }
            told = self.story.more.wait_timeout(told, left).unwrap().0;
        }
    }

    /// Waits for its end.
    fn waits(&mut self, title: &str) {
        self.input = None;
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{title}\n--- ended with {status}");
    }

    /// Ends it and whatever it has started itself: a shell's programs, the server of `load`.
    fn kill(&mut self) {
        if cfg!(unix) {
            self.signal("KILL");
        }
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn stop(&mut self) {
        self.signal("STOP");
    }

    /// As a terminal does it: to all programs that were started together.
    fn signal(&self, signal: &str) {
        let group = format!("-{}", self.child.id());
        // Nobody may be left to hear it, and on Windows there is no such command.
        let _ =
            Command::new("kill").args(["-s", signal, "--", &group]).stderr(Stdio::null()).status();
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.kill();
        for reader in self.readers.drain(..) {
            // What it might say has no listener any more.
            let _ = reader.join();
        }
    }
}

/// Moves past the first line that fits, if there is one.
fn passes(heard: &mut Heard, pattern: &str) -> bool {
    let (mut at, rest) = (heard.seen, heard.bytes[heard.seen..].to_vec());
    for line in rest.split_inclusive(|byte| *byte == b'\n') {
        at += line.len();
        let text = String::from_utf8_lossy(line);
        if text.ends_with('\n') && fits(text.trim_end_matches(['\r', '\n']), pattern) {
            heard.seen = at;
            return true;
        }
    }
    false
}

/// Whether a line is what a transcript says.
fn fits(line: &str, pattern: &str) -> bool {
    let pattern = pattern.replace("12:35 ", "… ");
    let mut parts = pattern.split('…');
    let Some(mut rest) = line.strip_prefix(parts.next().unwrap_or("")) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

/// The loop for instructors, word for word but for where things are.
#[test]
#[ignore = "grades a small class"]
fn the_loop_for_instructors_grades_a_class() {
    let handout = option_env!("CARGO_BIN_EXE_handout");
    let handout = handout.expect("this tree has no program `handout` that takes hand-ins");
    let class = Folder::fresh();
    for (name, first) in [("anna", "1"), ("bert", "3"), ("carl", "3")] {
        let into = class.file("handins").join(name);
        let written = Command::new(handout).arg(into).args(["--from", first]).status();
        assert!(written.unwrap().success());
    }
    fs::write(class.file("handins/carl/src/wire/line.rs"), "fn broken( {\n").unwrap();
    let script = fenced(&page(), "sh")[0]
        .replace("cargo build -q --bin handout", "")
        .replace("\"$PWD/target/debug/handout\"", handout)
        .replace("\"$PWD/../class\"", class.path().to_str().unwrap());
    let output = Command::new("sh").args(["-c", &script]).current_dir(TREE).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let scores: Vec<String> =
        told.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        scores,
        ["anna TOTAL 0/100", "bert TOTAL 26/100", "carl does not compile"],
        "{told}"
    );
    let report = class.text("graded/bert/report.jsonl");
    assert!(report.contains("\"total\":26") && report.contains("\"seed\":20261120"), "{report}");
}
