//! A class is graded: everybody gets what is due, and nobody the points of somebody else.

use std::fs;
use std::path::Path;

use p2p_chat::tools::handout::mark::LABS;
use p2p_chat::tools::handout::tree::{Open, Solution};

use crate::handout_tree::handout;
use crate::support::Folder;
use crate::support::workshop::{AT_REST, Bench, PATIENTLY, Score, Wrong, at_benches};

/// A hand-in that is a student's tree with these labs open.
fn handed_in(folder: &Folder, name: &str, open: Open) {
    let solution = Solution::read(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    solution.write(&folder.file(name), open).unwrap();
}

/// Writes a file of a hand-in.
fn with(folder: &Folder, path: &str, text: &str) {
    let place = folder.file(path);
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    fs::write(place, text).unwrap();
}

/// Somebody who would rather have points than solve anything.
fn tamper(folder: &Folder, name: &str) {
    handed_in(folder, name, Open::From(0));
    let with = |path: &str, text: &str| with(folder, &format!("{name}/{path}"), text);
    let fake = "lab 1  framing  10/10\\nTOTAL   100/100\\n55 passed, 0 failed";
    let solution = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let solution = solution.display().to_string().replace('\\', "/");
    let harmless = folder.text(&format!("{name}/Cargo.toml")).replace("build = false\n", "");
    with("Cargo.toml", &harmless.replace("tests/grade/main.rs", "src/bin/fake.rs"));
    with("build.rs", &format!("fn main() {{ println!(\"cargo:warning={fake}\") }}"));
    with(".cargo/config.toml", "[build]\nrustc-wrapper = \"true\"\n[alias]\ntest = \"version\"\n");
    with("rust-toolchain.toml", "[toolchain]\nchannel = \"nightly\"\n");
    with("tests/grade/main.rs", &format!("fn main() {{ println!(\"{fake}\") }}"));
    with("tests/grade/given.txt", "9");
    with("src/bin/fake.rs", &format!("fn main() {{ println!(\"{fake}\") }}"));
    with("src/tools/load/measure.rs", &format!("include!(\"{solution}/measure.rs\");"));
    with(
        "src/wire/line.rs",
        &format!("#[path = \"{solution}/wire/line.rs\"]\nmod it;\npub use it::*;"),
    );
    for program in ["server", "client", "load", "parts"] {
        let text = format!("fn main() {{ println!(\"{fake}\"); std::process::exit(0) }}");
        with(&format!("src/bin/{program}.rs"), &text);
    }
}

/// Grades a hand-in in a fresh tree; if it does not compile there, each lab in a tree of its own. Labs that are wrong
/// need not be waited for.
fn grade(bench: &Bench, handin: &Path, wrong: &[u32]) -> Score {
    let (handin, tree) = (handin.to_str().unwrap(), Folder::fresh());
    let into = tree.path().to_str().unwrap();
    let mut score = Score::default();
    if !handout(&["--grade", handin, "--into", into]).status.success() {
        return score;
    }
    let mut judge = |built: &Wrong, labs: Vec<u32>, variable| {
        let words: Vec<String> = labs.iter().map(|lab| format!("lab{lab}::")).collect();
        if !words.is_empty() {
            score.add(Score::read(built.judge(&words, &[variable]).1));
        }
    };
    if let Ok((built, _)) = Wrong::build_tree(bench, tree.path()) {
        judge(&built, LABS.filter(|lab| !wrong.contains(lab)).collect(), PATIENTLY);
        judge(&built, wrong.to_vec(), AT_REST);
        return score;
    }
    for lab in LABS {
        let (graft, number) = (Folder::fresh(), lab.to_string());
        let into = graft.path().to_str().unwrap();
        let output = handout(&["--graft", handin, "--lab", &number, "--into", into]);
        assert!(output.status.success(), "{output:?}");
        if let Ok((built, _)) = Wrong::build_tree(bench, graft.path()) {
            judge(&built, vec![lab], PATIENTLY);
        }
    }
    score
}

#[test]
#[ignore = "compiles for minutes"]
fn everybody_has_the_points_that_are_due() {
    let class = Folder::fresh();
    handed_in(&class, "good", Open::Nothing);
    handed_in(&class, "half", Open::From(5));
    handed_in(&class, "broken", Open::Nothing);
    let directory = class.text("broken/src/server/directory/lookup.rs");
    with(&class, "broken/src/server/directory/lookup.rs", &(directory + "\nfn unfinished( {\n"));
    tamper(&class, "tampered");
    fs::create_dir(class.file("empty")).unwrap();

    let (everything, wrong) = (LABS.collect::<Vec<_>>(), |labs: &[u32]| labs.to_vec());
    let expected = [
        ("good", wrong(&[])),
        ("broken", wrong(&[3])),
        ("half", wrong(&everything[5..])),
        ("tampered", wrong(&everything)),
        ("empty", wrong(&everything)),
    ];
    let scores =
        at_benches(&expected, |bench, (name, wrong)| grade(bench, &class.file(name), wrong));
    let good = &scores[0];
    assert!(good.red.iter().all(|(word, _)| word == "not checked"), "{}", good.said);
    for ((name, wrong), score) in expected.iter().zip(&scores) {
        for lab in LABS {
            let points = if wrong.contains(&lab) { 0 } else { good.of(lab) };
            assert_eq!(score.of(lab), points, "{name}, lab {lab}: {}", score.said);
        }
    }
}
