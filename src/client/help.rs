//! The list of commands, and the answer to a word that is none of them.
//!
//! Nothing here has an effect. A word that is no command is never taken for one: the answer names what may have been
//! meant, and the user types it.

/// What `/help` shows.
pub const HELP: &str = "\
TEXT                       send TEXT where the prompt says: at first to the room
/say TEXT                  send TEXT to everyone in the room
/to NAME [udp]             from now on, TEXT goes to this direct chat alone
/room                      from now on, TEXT goes to the room
/chat NAME|ID|IP:PORT      open a direct chat over TCP
/connect ID                the same
/query NAME|ID             open a UDP conversation; the other side must
                           /query you before it can reply
/msg TEXT                  send TEXT to the current direct peer
/send FILE                 offer FILE to the current direct peer (a verified /chat)
/accept [NAME]             accept the file that a peer, or NAME, offers
/refuse [NAME]             refuse it, or stop a file that is on its way
/peers                     list your direct chats and the files on their way
/peer NAME [udp]           make this chat the current one
/hangup [NAME [udp]]       end the current direct chat, or this one
/tell NAME TEXT            send TEXT to one client in the room, through the server
/history [N]               show the last N messages of the room (20)
/info, /list               list who is registered
/bridge [NAME]             ask the server for a client's address
/register                  register again
/nick NAME                 take another name, while you are not in the room
/id                        show who you are
/ignore [NAME]             hide what NAME says, or show it again; tell who is ignored
/mute                      hide what is said in the room, or show it again
/away [TEXT]               tell whoever writes to you alone, or calls, that you
                           are away; /away or any text of yours ends it
/save FILE                 write what was shown to a new file
/explain on|off            tracing: show what the sockets send and receive
/help [COMMAND]            list the commands, or explain one
/quit                      leave
A line that begins with // is sent with one / less. These words work, too:
conn:IP:PORT, to_peer:TEXT, Query NAME, List, and close or Exit for /quit.";

/// Commands of other programs, and what does the same here.
const ELSEWHERE: [(&str, &str); 17] = [
    ("/exit", "/quit"),
    ("/q", "/quit"),
    ("/bye", "/quit"),
    ("/who", "/info"),
    ("/names", "/info"),
    ("/users", "/info"),
    ("/name", "/nick NAME"),
    ("/me", "/say TEXT"),
    ("/all", "/say TEXT"),
    ("/afk", "/away"),
    ("/back", "/away"),
    ("/dm", "/tell NAME TEXT"),
    ("/pm", "/tell NAME TEXT"),
    ("/w", "/tell NAME TEXT"),
    ("/whisper", "/tell NAME TEXT"),
    ("/call", "/chat NAME"),
    ("/close", "/hangup"),
];

/// The most letters by which a misspelt command differs from the one that was meant.
const MOST_SLIPS: usize = 2;

/// The names of the commands that [`HELP`] lists, for completion.
pub fn names() -> impl Iterator<Item = &'static str> {
    let usages = HELP.lines().filter_map(|line| Some(line.split_once("  ")?.0));
    let names = usages.flat_map(|usages| usages.split(", ")).map(|usage| usage.split(' ').next());
    names.flatten().filter(|name| name.starts_with('/'))
}

/// The lines of [`HELP`] about one command, given with or without its `/`; all lines for none, or an unknown one.
///
/// ```
/// use p2p_chat::client::help::about;
///
/// assert_eq!(about(Some("list")).len(), 1);
/// assert!(about(Some("/query"))[1].contains("/query you before it can reply"));
/// ```
pub fn about(command: Option<&str>) -> Vec<&'static str> {
    let command = format!("/{}", command.unwrap_or_default().trim_start_matches('/'));
    let begins = |line: &str| {
        let usages = line.split("  ").next().unwrap_or_default();
        usages.split(", ").any(|usage| usage.split(' ').next() == Some(&command))
    };
    let mut lines = HELP.lines().skip_while(|line| !begins(line));
    let Some(first) = lines.next() else { return HELP.lines().collect() };
    let rest = lines.take_while(|line| line.starts_with(' '));
    std::iter::once(first).chain(rest).collect()
}

/// The answer to `word`, which begins with `/` and is no command: what does the same here, or the command with the
/// most similar name, or where the list is.
pub fn unknown(word: &str) -> String {
    let small = word.to_lowercase();
    if let Some((_, here)) = ELSEWHERE.iter().find(|(elsewhere, _)| *elsewhere == small) {
        return format!("there is no command {word}: {here} does that");
    }
    let slips = |name: &&str| distance(&small, name);
    let nearest = names().min_by_key(slips).filter(|name| {
        // Half of the letters may be right by chance.
        let slips = slips(name);
        slips <= MOST_SLIPS && slips * 2 < name.len()
    });
    match nearest {
        Some(name) => format!("there is no command {word}: did you mean {name}?"),
        None => format!("there is no command {word}: /help lists them"),
    }
}

/// The answer to a line that is the bare word `help`. It is not sent: others would wonder.
pub fn bare(line: &str) -> Option<String> {
    let word = line.trim();
    let answer = format!("not sent: {word}. The command is /help; /say {word} says it to the room");
    word.eq_ignore_ascii_case("help").then_some(answer)
}

/// How many slips make one word of the other: a letter too many, too few, wrong, or two exchanged (the distance of
/// Damerau and Levenshtein, in the form that changes no letter twice).
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) =
        (one.chars().take(32).collect(), other.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=other.len()).collect()];
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let wrong = rows[i][j] + usize::from(a != b);
            let mut least = wrong.min(row[j] + 1).min(rows[i][j + 1] + 1);
            if i > 0 && j > 0 && *a == other[j - 1] && one[i - 1] == *b {
                least = least.min(rows[i - 1][j - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
}
