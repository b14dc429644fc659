//! Users of the system as which hand-ins run. They have numbers and no names, and own nothing.
//!
//! Unix lets a process be of any number. One that is nobody's can read what all may read, write almost nowhere, and
//! neither signal nor look into processes of others. Only root can start such a process.

#[cfg(unix)]
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Whether this process is root, as far as the system tells. Only root can start programs as another user.
pub fn is_root() -> bool {
    let id = Command::new("id").arg("-u").stderr(Stdio::null()).output();
    cfg!(unix) && id.is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}

/// Lets all users pass through a folder of this one, but not list it.
#[cfg(unix)]
pub fn let_pass(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let _ = fs::set_permissions(folder, fs::Permissions::from_mode(0o711)); // if that fails, the caller finds out
}

/// Gives a folder and all that is in it to a user, and to nobody else. Links are not followed.
#[cfg(unix)]
pub fn give(folder: &Path, user: u32) {
    use std::os::unix::fs::PermissionsExt;
    // What cannot be given away cannot be written, and the run tells.
    let _ = fs::set_permissions(folder, fs::Permissions::from_mode(0o700));
    give_all(folder, user);
}

/// Gives a folder and all that is in it to a user.
#[cfg(unix)]
fn give_all(folder: &Path, user: u32) {
    let _ = std::os::unix::fs::lchown(folder, Some(user), Some(user)); // as above
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            give_all(&entry.path(), user);
        } else {
            let _ = std::os::unix::fs::lchown(entry.path(), Some(user), Some(user)); // as above
        }
    }
}

/// Lets a command run as this user. With `None` it keeps the user of this process. The group has the same number as the
/// user.
#[cfg(unix)]
pub fn become_user(command: &mut Command, user: Option<u32>) {
    use std::os::unix::process::CommandExt;
    if let Some(user) = user {
        command.uid(user).gid(user);
    }
}

/// Ends all processes of a worker's user: the signal goes to all that this user may send one to. The shell that sends
/// it is of that user itself, so nobody else's can be met.
#[cfg(unix)]
pub fn end_all(user: u32) {
    let mut kill = Command::new("sh");
    kill.args(["-c", "kill -KILL -1"]).stderr(Stdio::null());
    become_user(&mut kill, Some(user));
    let _ = kill.status(); // it ends itself, too
}

/// There are no such users here.
#[cfg(not(unix))]
pub fn let_pass(_folder: &Path) {}

/// There are no such users here.
#[cfg(not(unix))]
pub fn give(_folder: &Path, _user: u32) {}

/// There are no such users here.
#[cfg(not(unix))]
pub fn become_user(_command: &mut Command, _user: Option<u32>) {}

/// There are no such users here.
#[cfg(not(unix))]
pub fn end_all(_user: u32) {}
