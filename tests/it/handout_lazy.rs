//! Every function that a lab leaves open is worth something: with a lazy body in its place, and all else as
//! it should be, a check of its lab is red.

use std::env;
use std::fs;
use std::path::Path;
use std::time::Instant;

use p2p_chat::tools::handout::mark::Mark;
use p2p_chat::tools::handout::stub::leave_open;
use p2p_chat::tools::handout::tree::{Open, Solution};

use crate::support::Folder;
use crate::support::workshop::{Score, Wrong, at_benches};

/// What gives as little as this type allows.
const LAZY: [(&str, &[&str]); 20] = [
    ("bool", &["true", "false"]),
    ("u64", &["0"]),
    ("Duration", &["Duration::ZERO", "Duration::from_secs(1)"]),
    ("String", &["String::new()"]),
    ("Option<", &["None"]),
    ("Vec<", &["Vec::new()"]),
    ("Heard", &["Heard::Nothing", "Heard::Quit"]),
    ("Faults", &["Faults::default()"]),
    ("Next", &["Next::Drop"]),
    ("io::Result<()>", &["Ok(())"]),
    ("io::Result<usize>", &["Ok(0)", "Ok(bytes.len())"]),
    ("io::Result<Line>", &["Ok(Line::End)"]),
    ("io::Result<Option<", &["Ok(None)"]),
    ("[u8; N]", &["[0; N]"]),
    ("[u8; 12]", &["[0; 12]"]),
    ("Bytes32", &["[0; 32]", "*secret"]),
    ("Result<(),", &["Ok(())"]),
    ("Result<(u8, usize),", &["Ok((23, 0))", "Ok((23, body.len()))"]),
    ("Result<bool,", &["Ok(true)", "Ok(false)"]),
    ("Result<Option<", &["Ok(None)"]),
];

/// The lazy bodies for a function: what the mark says, or nothing but a panic; and what its type allows.
fn bodies(source: &str, mark: &Mark) -> Vec<Option<String>> {
    let head = &source[mark.comment.end..mark.body.start];
    let gives = head.rsplit_once("-> ").map_or("", |(_, gives)| gives);
    let found = LAZY.iter().filter(|(begin, _)| gives.starts_with(begin));
    let mut bodies: Vec<_> = found.flat_map(|(_, bodies)| *bodies).copied().collect();
    if head.trim_end().ends_with(')') {
        bodies.push("()");
    }
    bodies.retain(|body| mark.stand_in.as_deref() != Some(body));
    let mut bodies: Vec<_> = bodies.into_iter().map(|body| Some(body.to_owned())).collect();
    bodies.push(mark.stand_in.clone());
    bodies
}

/// The solution but for one function.
struct Lazy {
    lab: u32,
    path: String,
    text: String,
    /// The function and its body.
    what: String,
}

/// All that is lazy in one place.
fn lazies(solution: &Solution) -> Vec<Lazy> {
    let mut found = Vec::new();
    for (path, marks) in solution.marks() {
        let source = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
        let source = source.replace("\r\n", "\n");
        for mark in marks {
            for stand_in in bodies(&source, mark) {
                let body = stand_in.as_deref().unwrap_or("a panic");
                let what = format!("lab {}, {}: {body}", mark.lab, mark.function);
                let lazy = Mark { stand_in, ..mark.clone() };
                let text = leave_open(&source, &[lazy], |_| true);
                found.push(Lazy { lab: mark.lab, path: path.to_owned(), text, what });
            }
        }
    }
    found.sort_by_key(|lazy| lazy.lab);
    found
}

/// `LAZY=lab 4` tries those that have this in their name: `lab 4, carry: ()`.
#[test]
#[ignore = "grades a program for each lazy body: some minutes"]
fn a_lazy_body_costs_points() {
    let solution = Solution::read(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let mut lazies = lazies(&solution);
    assert!(lazies.len() > 60, "only {}", lazies.len());
    let wanted = env::var("LAZY").unwrap_or_default();
    lazies.retain(|lazy| lazy.what.contains(&wanted));
    let solved = Folder::fresh();
    solution.write(solved.path(), Open::Nothing).unwrap();
    let files: Vec<_> =
        lazies.iter().map(|lazy| vec![(lazy.path.clone(), lazy.text.clone())]).collect();
    let built = Wrong::build_together(solved.path(), &files);
    let lazies: Vec<_> = lazies.iter().zip(built).collect();
    let wrong = at_benches(&lazies, |_, (Lazy { lab, what, .. }, built)| {
        let (begun, lab) = (Instant::now(), format!("lab{lab}::"));
        let score = Score::read(built.grade(&[&lab], None).1);
        let (points, time) = (score.points(), begun.elapsed().as_secs_f64());
        println!("{what}: {points} points, {} red ({time:.1} s)", score.red.len());
        score.red.is_empty().then(|| format!("{what} has all points"))
    });
    let wrong: Vec<String> = wrong.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
