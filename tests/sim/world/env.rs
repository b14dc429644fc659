//! The environment of the host.

use std::ffi::{OsStr, OsString};

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
