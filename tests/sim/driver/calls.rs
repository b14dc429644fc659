//! What became of the calls of users: each is verified on both sides, or the caller is told why not.

use crate::record::invariant;
use crate::user::{User, Users};

/// What ends a call, or opens the chat, in the words of the caller's client.
const OUTCOMES: [&str; 7] = [
    "chat with ",
    "Incoming chat request from ",
    "cannot talk to ",
    "cannot call",
    "you ended the chat with ",
    "somebody else listens at ",
    "you already have a chat with ",
];

/// The first line after which no call to that peer is under way: `None` if one is.
fn is_settled(user: &User, peer: &str) -> bool {
    let lines = user.lines();
    let Some(called) =
        lines.iter().rposition(|line| line.starts_with(&format!("calling {peer} at ")))
    else {
        return true;
    };
    lines[called..].iter().any(|line| {
        let is_outcome = OUTCOMES.iter().any(|outcome| line.starts_with(outcome));
        is_outcome || line.starts_with(&format!("{peer} ended the chat"))
    })
}

/// Whether a user has a line with these beginnings that says `(verified)`, or more.
fn is_verified(user: &User, begins: &[String]) -> bool {
    user.lines().iter().any(|line| {
        line.contains("(verified") && begins.iter().any(|begin| line.starts_with(begin.as_str()))
    })
}

/// Checks that chats by TCP are encrypted, and that both sides of each are shown one code.
pub fn check_codes(users: &Users) {
    let mut codes = std::collections::BTreeMap::new();
    for line in users.users.iter().flat_map(User::lines) {
        let is_chat =
            line.starts_with("chat with ") || line.starts_with("Incoming chat request from ");
        if !is_chat || !line.contains("(verified") {
            continue;
        }
        let Some((_, code)) = line.split_once("compare ") else {
            users.fail(invariant::ENCRYPTED, &line);
        };
        *codes.entry(code.to_owned()).or_insert(0) += 1;
    }
    if let Some((code, count)) = codes.iter().find(|(_, count)| **count != 2) {
        users.fail(invariant::ENCRYPTED, &format!("{count} are shown {code:?}"));
    }
}

/// Whether no call is under way.
pub fn all_settled(users: &Users) -> bool {
    let names = || users.users.iter().map(|user| &user.name);
    users.users.iter().all(|user| names().all(|peer| is_settled(user, peer)))
}

/// Checks all calls. A client that was killed has forgotten its own.
pub fn check(users: &Users) {
    for user in &users.users {
        for peer in users.users.iter().filter(|peer| peer.name != user.name) {
            if !is_settled(user, &peer.name) {
                let what =
                    format!("{} does not know what became of its call to {}", user.name, peer.name);
                users.fail(invariant::VERIFIED, &what);
            }
            let opened = [format!("chat with {} ", peer.name)];
            let answered = ["chat with", "Incoming chat request from"]
                .map(|begin| format!("{begin} {} ", user.name));
            // A client that is called by TLS is sure a little later, and may say why not: the link was cut just then,
            // or the user has hung up.
            let whys = ["hung up on", "you ended the chat with"]
                .map(|begin| format!("{begin} {}", user.name));
            let is_why = |line: &String| whys.iter().any(|why| line.starts_with(why));
            let says_why = peer.lines().iter().any(is_why);
            let is_sure = is_verified(peer, &answered) || says_why;
            if !peer.was_killed && is_verified(user, &opened) && !is_sure {
                let what =
                    format!("{} is sure of {}, and not the other way round", user.name, peer.name);
                users.fail(invariant::VERIFIED, &what);
            }
        }
    }
}
