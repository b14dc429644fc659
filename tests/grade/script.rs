//! The story that has failed, once more before your eyes: a shell script, and the files that were sent.
//!
//! Each connection and each program of the story is one line of the script; `client --raw` speaks for whom the
//! grader has spoken. The input is cut where somebody else had the word: `sleep` keeps the order, and pauses
//! of the story stay pauses.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use crate::driver::by_hand::{Actor, How, Moment, Play, Said, play, quoted};
use crate::driver::settings::settings;

/// How much time each turn has, beside what it took in the story; and all of them, if there are many.
const TURN: Duration = Duration::from_millis(100);
const TURNS: Duration = Duration::from_secs(15);
/// How long everybody stays after the last turn, and after the failure.
const AFTER: Duration = Duration::from_millis(1500);
const AFTER_ALL: Duration = Duration::from_millis(750);
/// A shorter pause is none.
const WORTH: Duration = Duration::from_millis(5);
/// How many lines there may be.
const ACTORS: usize = 250;
/// In how many pieces something is cut at most, and how long one takes.
const PIECES: usize = 400;
const PIECE: Duration = Duration::from_millis(3);

/// What the lines of the script use.
const FUNCTIONS: &str = r#"trap 'kill 0' INT TERM
unset RUST_BACKTRACE
as() { sed "s/^/$1: /; s/^\(.\{150\}\).*/\1 .../"; }
pieces() { # a file, in pieces of so many bytes
    n=0
    while [ $((n * $2)) -lt $(($(wc -c < "$1"))) ]; do
        dd bs="$2" count=1 skip=$n if="$1" 2> /dev/null
        n=$((n + 1))
    done
}

"#;

/// Writes the script and its files into this folder, and gives what is to be said of it.
///
/// # Errors
/// What cannot be written.
pub fn script(check: &str, folder: &Path) -> io::Result<Vec<String>> {
    let play = play();
    if let Some(instead) = &play.instead {
        return Ok(instead.lines().map(str::to_owned).collect());
    }
    if play.actors.len() > ACTORS {
        return Ok(vec!["too many speak in this story to be played by hand".to_owned()]);
    }
    // What lies there is of another run.
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder)?;
    let file = folder.join("by-hand.sh");
    let mut text = head(check, folder);
    let names = play.names();
    for (actor, names) in play.actors.iter().zip(&names) {
        for (name, said) in names.iter().zip(&actor.said) {
            fs::write(folder.join(name), &said.bytes)?;
        }
        text.push_str(&play.line(actor, names));
    }
    fs::write(&file, text + "wait\n")?;
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shown = file.strip_prefix(here).unwrap_or(&file).display().to_string();
    let mut lines = vec![format!("sh {}", quoted(&shown))];
    lines.extend(play.notes.iter().map(|note| format!("({note})")));
    Ok(lines)
}

/// What stands before the lines.
fn head(check: &str, folder: &Path) -> String {
    let path = |name| quoted(&settings().program(name).display().to_string());
    format!(
        "# {check}, LAB_SEED={seed}: the story that has failed, once more.\n\
         # Each line is one of its people. What it says lies in the files beside this one,\n\
         # `sleep` keeps the order, and the name at the end stands before what comes. (Whose words go to\n\
         # `sleep 1000` does not read them. Into a file or a pipe they do not come in the order of the story.)\n\
         (cd {here} && cargo build --quiet --bins) || exit 1\n\
         cd {folder} && rm -f server-*.log\n\
         server={server}\n\
         client={client}\n\
         parts={parts}\n\
         raw={raw}\n\
         {FUNCTIONS}",
        seed = settings().seed,
        here = quoted(env!("CARGO_MANIFEST_DIR")),
        folder = quoted(&folder.display().to_string()),
        server = path("server"),
        client = path("client"),
        parts = path("parts"),
        raw = quoted(env!("CARGO_BIN_EXE_client")),
    )
}

impl Play {
    /// The files of each, numbered in the order in which they are sent.
    fn names(&self) -> Vec<Vec<String>> {
        let mut order: Vec<(Moment, usize)> = Vec::new();
        let mut names: Vec<Vec<String>> = Vec::new();
        for (number, actor) in self.actors.iter().enumerate() {
            order.extend(actor.said.iter().map(|said| (said.at, number)));
            names.push(Vec::new());
        }
        order.sort_by_key(|(at, _)| self.time(*at));
        for (place, (_, number)) in order.iter().enumerate() {
            let words = self.actors[*number].who.split(|letter: char| !letter.is_alphanumeric());
            let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
            names[*number].push(format!("{:02}-{}.txt", place + 1, words.join("-")));
        }
        names
    }

    /// When a moment comes in the play.
    fn time(&self, at: Moment) -> Duration {
        at.time + TURN.min(TURNS / (self.failed.turn + 1)) * at.turn
    }

    /// When it is over.
    fn over(&self) -> Duration {
        let said = || self.actors.iter().flat_map(|actor| &actor.said);
        let moments = self.actors.iter().map(|actor| actor.from).chain(said().map(|said| said.at));
        let last = moments.map(|at| self.time(at)).max().unwrap_or_default() + AFTER;
        let cut = said().filter(|said| said.how == How::InPieces);
        let pieces: usize = cut.map(|said| said.bytes.len().min(PIECES)).sum();
        last.max(self.time(self.failed) + AFTER_ALL) + PIECE * u32::try_from(pieces).unwrap_or(0)
    }

    /// The line of one of its people.
    fn line(&self, actor: &Actor, names: &[String]) -> String {
        let Actor { who, command, .. } = actor;
        let (from, over) = (self.time(actor.from), self.over());
        let end = actor.ends.as_ref().map_or(over, |end| self.time(end.at));
        let input = self.input(from, &actor.said, names, end);
        let (kill, until) = match &actor.ends {
            Some(end) if end.is_killed => ("kill -9", self.time(end.at)),
            _ => ("kill", over),
        };
        let ears = if actor.is_deaf { " | sleep 1000" } else { "" };
        let title = who.replace(['/', '"', '\\', '&', '$', '`'], " ");
        format!(
            "({}{{ {input}}} |\n    {command}{ears} & {}{kill} $! 2> /dev/null) 2>&1 | as \"{title}\" &\n",
            pause(Duration::ZERO, from),
            pause(from, until)
        )
    }

    /// What somebody says who comes at one time and ends at another.
    fn input(&self, from: Duration, said: &[Said], names: &[String], end: Duration) -> String {
        let (mut input, mut clock) = (String::new(), from);
        for (said, name) in said.iter().zip(names) {
            let at = self.time(said.at).max(clock);
            input += &pause(clock, at);
            clock = at;
            let size = said.bytes.len().div_ceil(PIECES);
            let command = match said.how {
                How::Whole => format!("cat {name}; "),
                How::InPieces => format!("pieces {name} {size}; "),
                How::Datagram => format!("cat {name}; sleep 0.02; "), // or two would be one
            };
            input.push_str(&command);
        }
        input + &pause(clock, end) + ":; " // a shell wants one command at least
    }
}

/// Waits from one time to another, unless it is hardly worth while.
fn pause(from: Duration, to: Duration) -> String {
    let time = to.saturating_sub(from);
    if time < WORTH { String::new() } else { format!("sleep {:.2}; ", time.as_secs_f64()) }
}
