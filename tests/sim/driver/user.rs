//! A user: a real client, with its loop, on a host of its own. A scene types for it and reads what it shows.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use p2p_chat::client::{self, ClientOptions};
use world::sim::{self, HostId, Key, SECOND};
use world::terminal::{self, Paper, Typist};
use world::turns::ThreadId;

use crate::record::invariant;
use crate::server::Server;

/// How a client has ended; `None` while it runs.
type Ended = Arc<Mutex<Option<Result<(), String>>>>;

/// A user.
pub struct User {
    pub name: String,
    pub host: HostId,
    pub paper: Paper,
    pub options: ClientOptions,
    typist: Typist,
    thread: ThreadId,
    ended: Ended,
    spoken: u64,
    /// Whether it was killed, and has begun anew.
    pub was_killed: bool,
    /// The direct texts that were typed: to whom, by UDP or not, and the text.
    pub texts: Vec<(String, bool, String)>,
    /// What was said in the room.
    pub said: Vec<String>,
}

/// How a client starts.
fn options(name: &str, server: &Server) -> ClientOptions {
    ClientOptions {
        name: Some(name.to_owned()),
        port: 0,
        server: server.address.to_string(),
        key: server.options.key.clone(),
        interactive: false,
        prompt: false,
        explain: false,
        bell: false,
        files: None,
        give_up: Duration::from_secs(30),
        lossy: None,
        page: None,
    }
}

impl User {
    /// Starts a client.
    pub fn start(number: u8, server: &Server, bell: Key) -> User {
        let name = format!("u{number}");
        let host = sim::host(&name, [10, 0, 5, number].into());
        let options = options(&name, server);
        if let Some(file) = &options.key {
            sim::disk(host).put(file, &sim::disk(server.host).text(&file.to_string_lossy()));
        }
        let paper = Paper::new(bell);
        let (typist, thread, ended) = run(host, &options, &paper);
        let (texts, said) = (Vec::new(), Vec::new());
        User {
            name,
            host,
            paper,
            options,
            typist,
            thread,
            ended,
            spoken: 0,
            was_killed: false,
            texts,
            said,
        }
    }

    /// Types a line.
    pub fn types(&self, line: &str) {
        sim::note("user types", line.len() as u64, || format!("{}: {line:?}", self.name));
        self.typist.line(line);
    }

    /// A text that nobody has said before.
    fn text(&mut self) -> String {
        self.spoken += 1;
        format!("{}-{:03}.", self.name, self.spoken)
    }

    /// Says something in the room.
    pub fn say(&mut self) {
        let text = self.text();
        self.types(&format!("/say {text}"));
        self.said.push(text);
    }

    /// Says something to the peer of a chat.
    pub fn message(&mut self, peer: &str, by_udp: bool) {
        let text = self.text();
        self.types(&format!("/peer {peer}{}", if by_udp { " udp" } else { "" }));
        self.types(&format!("/msg {text}"));
        self.texts.push((peer.to_owned(), by_udp, text));
    }

    /// What the client has shown.
    pub fn lines(&self) -> Vec<String> {
        self.paper.text(0).lines().map(str::to_owned).collect()
    }

    /// Whether the client runs.
    pub fn runs(&self) -> bool {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// Forgets what was typed.
    fn forget(&mut self) {
        self.texts.clear();
        self.said.clear();
    }

    /// Whether it has shown this text as one of the room.
    pub fn has_heard(&self, text: &str) -> bool {
        let name = text.split('-').next().unwrap_or_default();
        self.paper.has(&format!(" {name}: {text}"), 0)
    }

    /// Ends the client, and checks that it ends.
    pub fn quit(&self) {
        self.types("/quit");
        // What cannot be delivered is tried for half a minute.
        if !sim::await_end(self.thread, sim::now() + 60 * SECOND) {
            let what = format!("60 s after /quit {} has not ended", self.name);
            sim::fail(invariant::NO_SLEEP, &what);
        }
    }
}

/// Runs a client on a host.
fn run(host: HostId, options: &ClientOptions, paper: &Paper) -> (Typist, ThreadId, Ended) {
    let (typist, keyboard) = terminal::keyboard();
    let ended = Ended::default();
    let (slot, options, paper) = (Arc::clone(&ended), options.clone(), paper.clone());
    let thread = sim::start(host, "client", move || {
        let result = client::run(options, keyboard, paper).map_err(|failure| failure.message);
        sim::note("client ends", 0, || format!("{result:?}"));
        *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
    });
    (typist, thread, ended)
}

/// The users of a scene.
pub struct Users {
    pub users: Vec<User>,
    bell: Key,
}

impl Users {
    /// Starts some clients, and waits until they are in the room.
    pub fn start(server: &Server, count: usize) -> Users {
        let bell = sim::key();
        let users = (1..=count).map(|number| User::start(number as u8, server, bell)).collect();
        let users = Users { users, bell };
        let all_in = |users: &Users| users.users.iter().all(|user| user.paper.has("Your ID: ", 0));
        if !users.until(60 * SECOND, all_in) {
            users.fail(invariant::JOINED, "not all clients are in the room");
        }
        users
    }

    /// Waits for something, for some time. Returns whether it has come.
    pub fn until(&self, time: u64, done: impl Fn(&Users) -> bool) -> bool {
        let until = sim::now() + time;
        loop {
            if done(self) {
                return true;
            }
            if sim::now() >= until {
                return false;
            }
            sim::sleep_on(self.bell, until);
        }
    }

    /// Lets some time pass.
    pub fn pass(&self, time: u64) {
        self.until(time, |_| false);
    }

    /// Kills a client. Of what its user has typed there will be no report.
    pub fn kill(&mut self, number: usize) {
        let user = &mut self.users[number];
        sim::kill(user.host);
        user.forget();
    }

    /// Starts a client again, which was killed. What it shows comes on a new page.
    pub fn start_again(&mut self, number: usize) {
        let user = &mut self.users[number];
        user.paper.turn_page();
        user.was_killed = true;
        (user.typist, user.thread, user.ended) = run(user.host, &user.options, &user.paper);
    }

    /// Stops the paper that a client prints on, as a paused terminal does, or lets it move.
    pub fn stop_paper(&self, number: usize, stops: bool) {
        sim::note("stops the paper", u64::from(stops), || {
            format!("{}: {stops}", self.users[number].name)
        });
        self.users[number].paper.stop(stops);
    }

    /// Waits until all are in the room: everybody hears what each says.
    pub fn come_together(&mut self) {
        for round in 0..10 {
            let mut words = Vec::new();
            for number in 0..self.users.len() {
                if !self.users[number].runs() {
                    self.users[number].forget(); // the name was kept for the client before it
                    self.start_again(number);
                }
            }
            for number in 0..self.users.len() {
                self.users[number].say();
                words.extend(self.users[number].said.last().cloned());
            }
            let heard = |user: &User| words.iter().all(|text| user.has_heard(text));
            if self.until(15 * SECOND, |users| users.users.iter().all(heard)) {
                return;
            }
            sim::note("not all have heard the round", round, String::new);
        }
        self.fail(invariant::JOINED, "not all clients hear each other");
    }

    /// Ends everything in good order.
    pub fn end(&self, server: &mut Server) {
        self.users.iter().for_each(User::quit);
        server.quit();
    }

    /// Ends the run, with what all have seen.
    pub fn fail(&self, invariant: &str, what: &str) -> ! {
        let mut told = what.to_owned();
        for user in &self.users {
            told.push_str(&format!("\n--- {} ---\n{}", user.name, user.paper.text(0)));
        }
        sim::fail(invariant, &told);
    }
}
