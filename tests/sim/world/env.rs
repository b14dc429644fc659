//! The environment of the host.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use crate::hosts;

/// A variable.
pub fn var_os(name: impl AsRef<OsStr>) -> Option<OsString> {
    let name = name.as_ref().to_str()?;
    hosts::hosts()[hosts::here()].environment.get(name).map(OsString::from)
}

/// The command line: nothing, for a scene calls the functions behind it.
pub fn args_os() -> std::vec::IntoIter<OsString> {
    Vec::new().into_iter()
}

/// The folder of the user.
pub fn home_dir() -> Option<PathBuf> {
    var_os("HOME").map(PathBuf::from)
}
