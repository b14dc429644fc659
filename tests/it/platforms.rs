//! Other systems, as far as they can be had on this one. What is here was found there first.

use std::path::Path;
use std::process::Command;

use crate::grader::grader;
use crate::support::Folder;

#[test]
#[ignore = "grades the solution: a minute"]
fn the_solution_has_all_points_under_the_rule_of_macos_for_sockets() {
    let (folder, source) =
        (Folder::fresh(), Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/platforms/xnu.c"));
    let shim = folder.file("xnu.so");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-o"]).arg(&shim).arg(source).arg("-ldl");
    let done = compiler.status();
    assert!(
        done.is_ok_and(|status| status.success()),
        "NOT TRIED: this needs a C compiler, as `cc`"
    );
    let mut graded = Command::new(grader());
    graded.current_dir(env!("CARGO_MANIFEST_DIR")).env("LD_PRELOAD", shim);
    let told = String::from_utf8(graded.output().unwrap().stdout).unwrap();
    assert!(told.contains(" 100/100"), "{told}");
}
