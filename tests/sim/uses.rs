//! What of the standard library the simulated tree may use: the rest has no counterpart in the world.

use std::path::Path;

/// Modules that touch nothing outside of the program. The world has them as they are.
const PURE: &str = "any array borrow cell char cmp convert error ffi fmt hint iter mem num ops panic path slice str string vec";

/// Modules that the world has in its own way, and what it has of them.
const OWN: [(&str, &str); 14] = [
    ("collections", "BTreeMap BTreeSet BinaryHeap HashMap HashSet VecDeque"),
    ("env", "args_os home_dir var_os"),
    (
        "fs",
        "File Metadata OpenOptions TryLockError create_dir_all hard_link metadata read_to_string remove_file \
         rename symlink_metadata",
    ),
    ("hash", "BuildHasher Hash Hasher RandomState"),
    (
        "io",
        "BufRead BufReader BufWriter Cursor Error ErrorKind IsTerminal Lines Read Result Seek SeekFrom Sink Write empty \
         sink stderr stdout",
    ),
    (
        "net",
        "AddrParseError IpAddr Ipv4Addr Ipv6Addr Shutdown SocketAddr SocketAddrV4 SocketAddrV6 TcpListener TcpStream \
         ToSocketAddrs UdpSocket",
    ),
    ("os::unix::fs", "MetadataExt OpenOptionsExt"),
    ("os::windows::fs", "OpenOptionsExt"), // the world is like Unix, so nothing of it is compiled
    ("process", "Command ExitCode ExitStatus Output Stdio"),
    (
        "sync",
        "Arc Condvar LockResult Mutex MutexGuard Once OnceLock PoisonError TryLockError WaitTimeoutResult Weak",
    ),
    ("sync::atomic", "AtomicBool AtomicI32 AtomicU16 AtomicU32 AtomicU64 AtomicUsize Ordering"),
    (
        "sync::mpsc",
        "Receiver RecvError RecvTimeoutError SendError Sender SyncSender TryRecvError TrySendError channel sync_channel",
    ),
    ("thread", "Builder JoinHandle Result ThreadId current sleep yield_now"),
    ("time", "Duration Instant SystemTime SystemTimeError UNIX_EPOCH"),
];

/// Whether a file is one of Rust.
pub fn is_rust(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|end| end == "rs")
}

/// Whether the world has what this path names, without its `std::`.
fn is_known(path: &str) -> bool {
    let first = path.split("::").next().unwrap_or("");
    if PURE.split(' ').any(|module| module == first) {
        return true;
    }
    let path = path.strip_suffix("::self").unwrap_or(path);
    OWN.iter().any(|(module, names)| {
        let Some(rest) = path.strip_prefix(module) else { return false };
        let name = rest.strip_prefix("::").and_then(|rest| rest.split("::").next());
        rest.is_empty() || name.is_some_and(|name| names.split(' ').any(|known| known == name))
    })
}

/// The paths of a text that begin with `std::`, without that, each with the number of its line.
fn paths(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("std::") {
        let before = &text[..at];
        let line = before.rsplit('\n').next().unwrap_or("");
        let is_word =
            before.ends_with(|letter: char| letter.is_alphanumeric() || "_:".contains(letter));
        if is_word || line.trim_start().starts_with("//") || line.contains(" // ") {
            continue;
        }
        let number = before.matches('\n').count() + 1;
        let mut inside = Vec::new();
        take_apart(&text[at + "std::".len()..], "", &mut inside);
        found.extend(inside.into_iter().map(|path| (number, path)));
    }
    found
}

/// Takes the tree of a `use` apart from the start of `text`, and gives back what stands behind it.
fn take_apart<'a>(text: &'a str, before: &str, found: &mut Vec<String>) -> &'a str {
    let is_path = |letter: char| letter.is_alphanumeric() || "_:*".contains(letter);
    let end = text.find(|letter| !is_path(letter)).unwrap_or(text.len());
    let (path, mut rest) = text.split_at(end);
    let path = format!("{before}{path}");
    if !((path.is_empty() || path.ends_with("::")) && rest.starts_with('{')) {
        found.push(path.trim_end_matches(':').to_owned());
        return rest;
    }
    while !rest.is_empty() && !rest.starts_with('}') {
        let next = rest[1..].trim_start();
        if let Some(rest) = next.strip_prefix('}') {
            return rest; // behind the last comma
        }
        rest = take_apart(next, &path, found);
        let next = rest.find([',', '}']).unwrap_or(rest.len());
        rest = &rest[next..];
    }
    rest.get(1..).unwrap_or("")
}

/// What a file uses that the world does not have: `FILE:LINE: std::PATH has no counterpart in the world`.
pub fn unknown(file: &str, text: &str) -> Vec<String> {
    let paths = paths(text).into_iter().filter(|(_, path)| !is_known(path));
    paths
        .map(|(line, path)| {
            format!(
                "{file}:{line}: std::{path} has no counterpart in the simulated world (tests/sim/world)"
            )
        })
        .collect()
}
