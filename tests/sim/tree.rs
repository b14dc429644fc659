//! The simulated tree: `src`, in which each path that begins with `std::` begins with `world::` instead, beside the
//! world and the driver.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::uses;

const TREE: &str = env!("CARGO_MANIFEST_DIR");

/// What is left out: programs, and what is not the product.
const LEFT_OUT: [&str; 2] = ["bin/", "tools/"];

/// Reads all files of a folder, by their paths with `/`.
fn read(folder: &Path, inside: &str, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{inside}{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            read(&entry.path(), &format!("{name}/"), files);
        } else {
            files.insert(name, fs::read_to_string(entry.path()).unwrap());
        }
    }
}

/// The files of `src` that are simulated, by their paths.
pub fn product() -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    read(&Path::new(TREE).join("src"), "", &mut files);
    files.retain(|path, _| !LEFT_OUT.iter().any(|folder| path.starts_with(folder)));
    files
}

/// A file of `src` as it is simulated. No line of it moves.
fn simulated(path: &str, text: &str) -> String {
    if path == "lib.rs" {
        return simulated("tour.rs", &text.replace("\npub mod tools;\n", "\n\n"));
    }
    if !uses::is_rust(path) {
        return text.to_owned();
    }
    let mut changed = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("std::") {
        changed.push_str(before);
        let is_word = |letter: char| letter.is_alphanumeric() || "_:".contains(letter);
        changed.push_str(if changed.ends_with(is_word) { "std::" } else { "world::" });
        rest = after;
    }
    changed + rest
}

/// Writes a file, if that changes it: Cargo compiles what is newer.
fn write(path: &Path, text: &str) {
    if fs::read_to_string(path).is_ok_and(|there| there == text) {
        return;
    }
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Makes a folder have these files and no others.
fn fill(folder: &Path, files: &BTreeMap<String, String>) {
    let mut there = BTreeMap::new();
    if folder.is_dir() {
        read(folder, "", &mut there);
    }
    for path in there.keys().filter(|path| !files.contains_key(*path)) {
        fs::remove_file(folder.join(path)).unwrap();
    }
    for (path, text) in files {
        write(&folder.join(path), text);
    }
}

/// Makes the tree in a folder, with some files of `src` changed, and builds it. Returns the driver.
///
/// # Errors
/// What the world does not have, or what the compiler says.
pub fn build(folder: &Path, changed: &[(String, String)]) -> Result<PathBuf, String> {
    let mut product = product();
    for (path, text) in changed {
        product.insert(path.strip_prefix("src/").unwrap().to_owned(), text.clone());
    }
    let unknown: Vec<String> = product
        .iter()
        .filter(|(path, _)| uses::is_rust(path))
        .flat_map(|(path, text)| uses::unknown(&format!("src/{path}"), text))
        .collect();
    if !unknown.is_empty() {
        return Err(unknown.join("\n"));
    }
    let ours = Path::new(TREE).join("tests/sim");
    for part in ["world", "driver"] {
        let mut files = BTreeMap::new();
        read(&ours.join(part), "", &mut files);
        fill(&folder.join(part).join("src"), &files);
    }
    let simulated = |(path, text): (&String, &String)| (path.clone(), simulated(path, text));
    fill(&folder.join("product/src"), &product.iter().map(simulated).collect());
    for part in ["world", "product", "driver"] {
        let manifest = fs::read_to_string(ours.join(format!("{part}.toml"))).unwrap();
        write(&folder.join(part).join("Cargo.toml"), &manifest);
    }
    write(&folder.join("Cargo.toml"), &fs::read_to_string(ours.join("Cargo.toml")).unwrap());
    compile(folder)
}

/// Compiles the tree in a folder.
fn compile(folder: &Path) -> Result<PathBuf, String> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args(["build", "--release", "--offline", "--quiet"]).current_dir(folder);
    for (variable, _) in env::vars_os() {
        let name = variable.to_string_lossy().into_owned();
        if name.starts_with("CARGO_") && name != "CARGO_HOME" {
            cargo.env_remove(variable);
        }
    }
    cargo.env("CARGO_TARGET_DIR", folder.join("target")).stdin(Stdio::null());
    let output = cargo.output().unwrap();
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr);
        return Err(told.replace("product/src/", "src/").replace("world::", "std::"));
    }
    Ok(folder.join("target/release/driver"))
}

/// Where the tree is made.
pub fn folder() -> PathBuf {
    Path::new(TREE).join("target/simulation")
}
