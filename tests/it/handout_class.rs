//! A class is graded: everybody gets what is due, and nobody the points of somebody else.

use std::fs;
use std::path::Path;

use p2p_chat::tools::handout::mark::LABS;
use p2p_chat::tools::handout::tree::{Open, Solution};

use crate::handout_tree::handout;
use crate::support::Folder;
use crate::support::workshop::{Score, Workshop, at_benches};

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

/// Grades a hand-in as LAB.md tells instructors to: the whole, and if that does not compile, each lab alone.
fn grade(workshop: &Workshop, handin: &Path) -> Score {
    let handin = handin.to_str().unwrap();
    let tree = workshop.clear();
    let into = tree.to_str().unwrap();
    if !handout(&["--grade", handin, "--into", into]).status.success() {
        return Score::default();
    }
    let mut score = workshop.grade_patiently("");
    if score.labs.is_empty() {
        for lab in LABS {
            workshop.clear();
            let number = lab.to_string();
            let output = handout(&["--graft", handin, "--lab", &number, "--into", into]);
            assert!(output.status.success(), "{output:?}");
            score.labs.append(&mut workshop.grade_patiently(&format!("lab{lab}::")).labs);
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

    // What one leaves at a bench must not help, nor harm, who is next there.
    let sequences = [&["broken", "good"][..], &["good", "tampered", "empty", "half"]];
    let scores = at_benches(&sequences, |bench, names| {
        let grade = |name: &&str| grade(&Workshop::at(bench), &class.file(name));
        names.iter().map(grade).collect::<Vec<_>>()
    });
    let ([broken, good_again], [good, tampered, empty, half]) = (&scores[0][..], &scores[1][..])
    else {
        panic!("not one score for each")
    };
    for good in [good, good_again] {
        assert!(good.red.iter().all(|(word, _)| word == "not checked"), "{}", good.said);
    }
    for (name, score) in [("tampered", tampered), ("empty", empty)] {
        assert_eq!(score.points(), 0, "{name}: {}", score.said);
    }
    for lab in LABS {
        assert_eq!(half.of(lab), if lab < 5 { good.of(lab) } else { 0 }, "half, lab {lab}");
        assert_eq!(broken.of(lab), if lab == 3 { 0 } else { good.of(lab) }, "broken, lab {lab}");
    }
    assert_eq!(good_again.points(), good.points());
}
