//! What became of the texts that users have typed.

use crate::record::{invariant, logged};
use crate::user::{User, Users};

/// What may go wrong in a scene.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// Nothing but the loss of datagrams.
    Good,
    /// Programs are killed.
    Broken,
    /// Links are cut, too: then a text may arrive of which the sender hears nothing for so long that it gives up.
    Cut,
}

/// What its sender was told of a direct text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Report {
    /// The system took it (TCP), or the peer has acknowledged it (UDP).
    Arrived,
    NotDelivered,
    /// It may have arrived.
    Unknown,
}

/// What a client has said about a text. That it is sent is the last word by TCP, and by UDP no word at all.
fn reports(user: &User, text: &str) -> Vec<Report> {
    let lines = user.lines();
    let about: Vec<&String> = lines.iter().filter(|line| line.contains(text)).collect();
    let last_words = about.iter().filter_map(|line| {
        if line.contains("not delivered") || line.contains("not sent") {
            Some(Report::NotDelivered)
        } else if line.contains("not confirmed") {
            Some(Report::Unknown)
        } else {
            line.starts_with("Delivered to ").then_some(Report::Arrived)
        }
    });
    let last_words: Vec<Report> = last_words.collect();
    let sent = about.iter().filter(|line| line.starts_with("Sent to "));
    if last_words.is_empty() { sent.map(|_| Report::Arrived).collect() } else { last_words }
}

/// How often a text was shown to anybody as a direct one. (If a peer cannot be chosen, it goes to the one before.)
fn shown(users: &Users, text: &str) -> usize {
    let shows = |line: &&String| {
        line.contains(text)
            && (line.contains(" (direct): ") || line.contains(" (udp): "))
            && !line.starts_with("Delivered to ")
    };
    users.users.iter().map(|user| user.lines().iter().filter(shows).count()).sum()
}

/// Whether a text was shown as one that came by UDP.
fn came_by_udp(users: &Users, text: &str) -> bool {
    users.users.iter().any(|user| user.paper.has(&format!(" (udp): {text}"), 0))
}

/// How many texts a client has refused, without saying which: nobody was there to send them to.
fn refused(user: &User) -> usize {
    let refuses = |line: &&String| {
        line.starts_with("no direct chat: ")
            || *line == "no direct chat is the current one"
            || line.contains(" back first: ")
    };
    user.lines().iter().filter(refuses).count()
}

/// Whether each text has a report, and each that arrives has arrived.
pub fn all_settled(users: &Users) -> bool {
    users.users.iter().all(|user| {
        let open = user.texts.iter().filter(|(_, _, text)| match reports(user, text)[..] {
            [] => true,
            [Report::Arrived] => shown(users, text) == 0,
            _ => false,
        });
        let reported = user.said.iter().all(|text| !room_reports(user, text).is_empty());
        reported && open.count() <= refused(user)
    })
}

/// Checks each direct text.
pub fn check(users: &Users, network: Network) {
    for user in &users.users {
        let mut refused = refused(user);
        for (peer, by_udp, text) in &user.texts {
            let (reports, shown) = (reports(user, text), shown(users, text));
            let fits = match (&*reports, shown) {
                ([Report::Arrived], 1) => true,
                // TCP does not say what the peer has read when the connection breaks.
                ([Report::Arrived], 0) => network != Network::Good,
                ([Report::NotDelivered], 0) | ([Report::Unknown], 0 | 1) => {
                    network != Network::Good
                }
                ([Report::NotDelivered], 1) => {
                    network == Network::Cut && came_by_udp(users, text)
                }
                ([], 0) if refused > 0 => {
                    refused -= 1;
                    network != Network::Good
                }
                _ => false,
            };
            if !fits {
                let what = format!(
                    "{text} to {peer}, udp: {by_udp}, is shown {shown} times, reports: {reports:?}"
                );
                users.fail(invariant::TOLD_ONCE, &what);
            }
        }
    }
}

/// What a client has said about a text of its user in the room: it came back, or it is reported.
fn room_reports(user: &User, text: &str) -> Vec<bool> {
    let about = |line: &String| {
        if !line.contains(text) {
            None
        } else if ["not delivered", "not confirmed", "not sent"]
            .iter()
            .any(|report| line.contains(report))
        {
            Some(false)
        } else {
            Some(true)
        }
    };
    user.lines().iter().filter_map(about).collect()
}

/// The messages of the room that a client has shown.
fn room_lines(user: &User) -> Vec<String> {
    let lines = user.lines();
    let said = lines.iter().filter_map(|line| {
        let message = line.get(6..).filter(|_| line.get(2..3) == Some(":"))?;
        let (name, text) = message.split_once(": ")?;
        text.starts_with(&format!("{name}-")).then(|| message.to_owned())
    });
    said.collect()
}

/// Checks that each client has shown the room's messages once, without gap and in their order, and that what its user
/// has said came back or was reported.
pub fn check_room(users: &Users, log: &str) {
    let logged: Vec<String> = logged(log).into_values().collect();
    for user in &users.users {
        let shown = room_lines(user);
        let begins =
            shown.first().and_then(|first| logged.iter().position(|message| message == first));
        let begins = begins.unwrap_or(logged.len());
        let expected = &logged[begins..(begins + shown.len()).min(logged.len())];
        if shown != expected {
            let what = format!("{} has shown {shown:?}, the log has {logged:?}", user.name);
            users.fail(invariant::ONE_ORDER, &what);
        }
        for text in &user.said {
            let reports = room_reports(user, text);
            if reports.len() != 1 {
                let what = format!("{} has said {text}: {reports:?}", user.name);
                users.fail(invariant::TOLD_ONCE, &what);
            }
        }
    }
}
