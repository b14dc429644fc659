//! Users of the system as which hand-ins run. They have numbers and no names, and own nothing.
//!
//! Unix lets a process be of any number. One that is nobody's can read what all may read, write almost nowhere, and
//! neither signal nor look into processes of others. Only root can start such a process.

#[cfg(unix)]
use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
#[cfg(unix)]
use std::{thread, time::Duration};

/// Where everybody may write, so that a user can leave something for the next hand-in that runs as it.
#[cfg(unix)]
const COMMON: [&str; 5] = ["/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run/lock"];
/// How often the processes of a user are tried to be ended, and the pause between two tries.
#[cfg(unix)]
const TRIES: (u32, Duration) = (20, Duration::from_millis(100));

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

/// Makes a folder that only its owner can look into, and that the users of a group can pass through. It belongs to the
/// owner of the folder around it.
///
/// # Errors
/// It cannot be made, or not closed.
#[cfg(unix)]
pub fn close(folder: &Path, group: Option<u32>) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
    fs::create_dir_all(folder)?;
    let around = folder.parent().and_then(|around| fs::metadata(around).ok());
    let _ = chown(folder, around.map(|it| it.uid()), group); // only root can, and only root needs it
    let mode = if group.is_some() { 0o710 } else { 0o700 };
    fs::set_permissions(folder, fs::Permissions::from_mode(mode))
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

/// Ends all processes of a worker's user, and removes what it has left where everybody may write. The signal goes to
/// all that this user may send one to. The shell that sends it is of that user itself, so nobody else's can be met.
///
/// # Errors
/// A sentence: no shell could be started, not even after a while. Then the user's processes may still run.
#[cfg(unix)]
pub fn end_all(user: u32) -> Result<(), String> {
    let mut kill = Command::new("sh");
    kill.args(["-c", "kill -KILL -1"]).stderr(Stdio::null());
    become_user(&mut kill, Some(user));
    let mut is_done = || kill.status().is_ok_and(|it| it.code() <= Some(1)); // 1: there are none
    if !(0..TRIES.0).any(|_| is_done() || pause()) {
        return Err("cannot end what a hand-in has started".to_owned());
    }
    for folder in COMMON {
        remove_all_of(user, Path::new(folder));
    }
    Ok(())
}

/// Waits between two tries, which is no success.
#[cfg(unix)]
fn pause() -> bool {
    thread::sleep(TRIES.1);
    false
}

/// Removes what belongs to a user in a folder. Links are not followed.
#[cfg(unix)]
fn remove_all_of(user: u32, folder: &Path) {
    use std::os::unix::fs::MetadataExt;
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Some(found) = entry.metadata().ok().filter(|found| found.uid() == user) else {
            continue;
        };
        let place = entry.path();
        // What cannot be removed is in nobody's way: the next hand-in has no business with it.
        let _ = if found.is_dir() { fs::remove_dir_all(place) } else { fs::remove_file(place) };
    }
}

/// There are no such users here.
#[cfg(not(unix))]
pub fn let_pass(_folder: &Path) {}

/// There are no such users here.
#[cfg(not(unix))]
pub fn close(folder: &Path, _group: Option<u32>) -> io::Result<()> {
    std::fs::create_dir_all(folder)
}

/// There are no such users here.
#[cfg(not(unix))]
pub fn give(_folder: &Path, _user: u32) {}

/// There are no such users here.
#[cfg(not(unix))]
pub fn become_user(_command: &mut Command, _user: Option<u32>) {}

/// There are no such users here.
#[cfg(not(unix))]
pub fn end_all(_user: u32) -> Result<(), String> {
    Ok(())
}
