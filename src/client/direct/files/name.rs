//! Names of files: what a user means by a path; and what a peer calls a file, which is made harmless before anything is
//! created under it.
//!
//! ```
//! use p2p_chat::client::direct::files::name::{harmless, numbered};
//!
//! assert_eq!(harmless("notes.pdf"), "notes.pdf");
//! assert_eq!(harmless("../../.ssh/authorized_keys"), "authorized_keys");
//! assert_eq!(harmless("NUL.txt"), "_NUL.txt");
//! assert_eq!(harmless("photo\u{202e}gpj.exe. . "), "photogpj.exe");
//! assert_eq!(harmless(".."), "file");
//! assert_eq!(numbered("notes.pdf", 2), "notes (2).pdf");
//! ```

use std::env;
use std::path::PathBuf;

use crate::wire::invisible::judged;

/// The most bytes of a harmless name. Most file systems allow 255; a number may be added.
const MOST: usize = 200;
/// The most bytes of an ending that is kept when a name is cut.
const ENDING: usize = 20;
/// Names that mean a device on Windows, whatever stands after their first dot.
const DEVICES: [&str; 7] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"];
/// Beginnings of such names; one digit follows.
const PORTS: [&str; 2] = ["COM", "LPT"];
/// The ending of files that are not whole. No file gets it that is.
pub const PARTIAL: &str = ".part";

/// The path that a user means: in quotes if it was dragged to a terminal, and with `~/` for the user's own folder.
///
/// ```
/// use p2p_chat::client::direct::files::name::typed_path;
///
/// assert_eq!(typed_path("'my notes.pdf'").to_str(), Some("my notes.pdf"));
/// assert!(!typed_path("~/notes.pdf").starts_with("~"));
/// ```
pub fn typed_path(typed: &str) -> PathBuf {
    let mut quotes = ["'", "\""].into_iter();
    let inner = quotes.find_map(|quote| typed.strip_prefix(quote)?.strip_suffix(quote));
    let path = inner.unwrap_or(typed);
    let at_home = path.strip_prefix("~/").and_then(|rest| Some(env::home_dir()?.join(rest)));
    at_home.unwrap_or_else(|| PathBuf::from(path))
}

/// Makes a name under which a file can be created on every system and shown on every screen: the last part of a path,
/// without what cannot be seen, what a system or a shell takes for something else, and without a dot at its beginning,
/// which would hide the file.
pub fn harmless(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let seen = judged(last).filter(|(_, _, is_invisible)| !is_invisible).map(|(_, c, _)| c);
    let plain: String = seen.map(|c| if r#"<>:"|?*"#.contains(c) { '_' } else { c }).collect();
    let is_edge = |c: char| c == '.' || c.is_whitespace() || c == '\u{2800}';
    let name = shortened(plain.trim_matches(is_edge)).trim_end_matches(is_edge).to_owned();
    let is_partial = name.to_lowercase().ends_with(PARTIAL);
    match name {
        name if name.is_empty() => "file".to_owned(),
        name if is_device(&name) || name.starts_with(['-', '~']) => format!("_{name}"),
        name if is_partial => format!("{name}_"),
        name => name,
    }
}

/// The name with a number before its ending.
pub fn numbered(name: &str, number: u32) -> String {
    let (stem, ending) = parts(name);
    format!("{stem} ({number}){ending}")
}

/// What stands before the ending of a name, and the ending with its dot, if it is short.
fn parts(name: &str) -> (&str, &str) {
    let dot = name.rfind('.').filter(|dot| *dot > 0 && name.len() - dot <= ENDING);
    name.split_at(dot.unwrap_or(name.len()))
}

/// The name, cut before its ending if it is too long.
fn shortened(name: &str) -> String {
    let (stem, ending) = parts(name);
    let mut length = stem.len().min(MOST - ending.len());
    while !stem.is_char_boundary(length) {
        length -= 1;
    }
    format!("{}{ending}", &stem[..length])
}

/// Whether Windows takes a name for a device: its case does not matter, nor what stands after its first dot, nor blanks
/// before that dot.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_uppercase();
    let is_digit = |rest: &str| {
        let mut digits = rest.chars();
        // The raised digits count, too.
        let first = digits.next().is_some_and(|c| c.is_ascii_digit() || "¹²³".contains(c));
        first && digits.next().is_none()
    };
    let is_port = |port: &&str| stem.strip_prefix(*port).is_some_and(is_digit);
    DEVICES.contains(&stem.as_str()) || PORTS.iter().any(is_port)
}
