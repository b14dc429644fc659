//! A real browser: Chromium, driven over its `DevTools` protocol by two named pipes. No package is needed for it:
//! `--remote-debugging-pipe` reads JSON from descriptor 3 and writes it to descriptor 4, a NUL behind each.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use super::json::{Json, quoted};
use super::{DEADLINE, Folder};

/// A browser with one page in it.
#[derive(Debug)]
pub struct Browser {
    child: Child,
    commands: File,
    answers: Receiver<Json>,
    session: String,
    last: u32,
    /// The page that was asked for last is there.
    loaded: bool,
    /// What the page complained about: violated policies, exceptions, failed requests.
    complaints: Vec<String>,
    _folder: Folder,
}

impl Browser {
    /// Starts a browser and opens a page in it.
    #[track_caller]
    pub fn open(address: &str) -> Self {
        let folder = Folder::fresh();
        let (into, from) = (folder.file("in"), folder.file("out"));
        assert!(Command::new("mkfifo").args([&into, &from]).status().unwrap().success());
        let mut shell = Command::new("sh");
        // Opening a named pipe waits for its other end: so both sides open them in the same order.
        shell.args(["-c", r#"exec "$0" "$@" 3<"$IN" 4>"$OUT""#, &program()]);
        shell.args(["--headless=new", "--no-sandbox", "--remote-debugging-pipe", "--disable-gpu"]);
        shell.args(["--no-first-run", "--disable-dev-shm-usage", "--hide-scrollbars"]);
        shell.arg(format!("--user-data-dir={}", folder.file("profile").display()));
        shell.env("IN", &into).env("OUT", &from).env("HOME", folder.path());
        shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = shell.spawn().unwrap();
        let commands = File::options().write(true).open(&into).unwrap();
        let answers = listen(File::open(&from).unwrap());
        let (session, complaints) = (String::new(), Vec::new());
        let (last, loaded) = (0, false);
        let mut browser =
            Self { child, commands, answers, session, last, loaded, complaints, _folder: folder };
        browser.attach(address);
        browser
    }

    /// Opens one more tab, which is asked from now on. Returns the one that was asked before, for [`Self::turns_to`].
    pub fn opens_tab(&mut self, address: &str) -> String {
        let before = std::mem::take(&mut self.session);
        self.attach(address);
        before
    }

    /// Asks another tab from now on.
    pub fn turns_to(&mut self, tab: &str) {
        tab.clone_into(&mut self.session);
    }

    fn attach(&mut self, address: &str) {
        let target = self.asks("Target.createTarget", r#"{"url":"about:blank"}"#);
        let target = quoted(target.get("targetId").text());
        let attach = format!(r#"{{"targetId":{target},"flatten":true}}"#);
        let session = self.asks("Target.attachToTarget", &attach);
        session.get("sessionId").text().clone_into(&mut self.session);
        for domain in ["Page", "Runtime", "Log"] {
            self.asks(&format!("{domain}.enable"), "{}");
        }
        self.goes_to(address);
    }

    /// Opens another page, and waits until it shows everything that was told before.
    #[track_caller]
    pub fn goes_to(&mut self, address: &str) {
        self.loads("Page.navigate", &format!(r#"{{"url":{}}}"#, quoted(address)));
        // The page is there before what it is told: that comes on a connection of its own.
        self.waits_for("live");
    }

    /// Gives a command that loads a page, and waits until it is there: what is asked before that, the old one answers.
    #[track_caller]
    fn loads(&mut self, method: &str, parameters: &str) {
        self.loaded = false;
        self.asks(method, parameters);
        while !self.loaded {
            let Ok(event) = self.answers.recv_timeout(DEADLINE) else {
                panic!("the page does not load: {method} {parameters}");
            };
            self.notes(&event);
        }
    }

    /// Takes what the browser tells without having been asked.
    fn notes(&mut self, event: &Json) {
        match event.get("method") {
            Json::Text(method) if method == "Page.loadEventFired" => self.loaded = true,
            Json::Text(method)
                if method == "Log.entryAdded" || method == "Runtime.exceptionThrown" =>
            {
                self.complaints.push(format!("{:?}", event.get("params")));
            }
            _ => {}
        }
    }

    /// Gives a command of the protocol, and waits for its answer.
    #[track_caller]
    pub fn asks(&mut self, method: &str, parameters: &str) -> Json {
        self.last += 1;
        let session = match self.session.as_str() {
            "" => String::new(),
            session => format!(r#","sessionId":{}"#, quoted(session)),
        };
        let id = self.last;
        write!(
            self.commands,
            "{{\"id\":{id},\"method\":\"{method}\",\"params\":{parameters}{session}}}\0"
        )
        .unwrap();
        loop {
            let Ok(answer) = self.answers.recv_timeout(DEADLINE) else {
                panic!("the browser does not answer {method} {parameters}");
            };
            if *answer.get("id") == Json::Number(f64::from(id)) {
                assert_eq!(*answer.get("error"), Json::Null, "{parameters}");
                return answer.get("result").clone();
            }
            self.notes(&answer);
        }
    }

    /// The value of an expression in the page; a promise is waited for.
    #[track_caller]
    pub fn finds(&mut self, expression: &str) -> Json {
        let parameters = format!(
            r#"{{"expression":{},"returnByValue":true,"awaitPromise":true}}"#,
            quoted(expression)
        );
        let found = self.asks("Runtime.evaluate", &parameters);
        assert_eq!(*found.get("exceptionDetails"), Json::Null, "{expression}");
        found.get("result").get("value").clone()
    }

    /// Waits until an expression in the page is true.
    #[track_caller]
    pub fn waits_for(&mut self, expression: &str) {
        let patience = DEADLINE.as_millis() / 2;
        let found = self.finds(&format!(
            "new Promise(resolve => {{ const until = Date.now() + {patience}; const look = () => \
             {{ if ({expression}) resolve(true); else if (Date.now() > until) resolve(false); \
             else setTimeout(look, 5); }}; look(); }})"
        ));
        if found != Json::Bool(true) {
            let text = self.finds("document.body.innerText");
            panic!("in vain: {expression}\n{}\n{:#?}", text.text(), self.complaints);
        }
    }

    /// Waits until what a selector finds contains this text, as it is seen.
    #[track_caller]
    pub fn sees(&mut self, selector: &str, text: &str) {
        let (selector, text) = (quoted(selector), quoted(text));
        self.waits_for(&format!(
            "[...document.querySelectorAll({selector})].some(each => each.innerText.includes({text}))"
        ));
    }

    /// Clicks on the first thing that a selector finds, in its middle.
    #[track_caller]
    pub fn clicks(&mut self, selector: &str) {
        let selector = quoted(selector);
        self.waits_for(&format!("document.querySelector({selector})?.checkVisibility()"));
        let place = self.finds(&format!(
            "(() => {{ const each = document.querySelector({selector}); each.scrollIntoView({{block:'nearest'}}); \
             const box = each.getBoundingClientRect(); \
             return {{x: box.x + box.width / 2, y: box.y + box.height / 2}}; }})()"
        ));
        let (x, y) = (place.get("x").number(), place.get("y").number());
        for kind in ["mousePressed", "mouseReleased"] {
            self.asks(
                "Input.dispatchMouseEvent",
                &format!(r#"{{"type":"{kind}","x":{x},"y":{y},"button":"left","clickCount":1}}"#),
            );
        }
    }

    /// Types into whatever has the focus.
    #[track_caller]
    pub fn types(&mut self, text: &str) {
        self.asks("Input.insertText", &format!(r#"{{"text":{}}}"#, quoted(text)));
    }

    /// Types a line: text and Enter.
    #[track_caller]
    pub fn types_line(&mut self, text: &str) {
        self.types(text);
        self.presses("Enter", 13, "\r");
    }

    /// Presses a key; `text` is what it types, if it does.
    #[track_caller]
    pub fn presses(&mut self, key: &str, code: u32, text: &str) {
        let typed =
            if text.is_empty() { String::new() } else { format!(r#","text":{}"#, quoted(text)) };
        for kind in ["keyDown", "keyUp"] {
            let typed = if kind == "keyDown" { &typed } else { "" };
            self.asks(
                "Input.dispatchKeyEvent",
                &format!(
                    r#"{{"type":"{kind}","key":"{key}","code":"{key}","windowsVirtualKeyCode":{code}{typed}}}"#
                ),
            );
        }
    }

    /// Looks at the page as a window of that size shows it, dark or light.
    #[track_caller]
    pub fn looks(&mut self, width: u32, height: u32, scheme: &str) {
        let phone = width < 500;
        self.asks(
            "Emulation.setDeviceMetricsOverride",
            &format!(
                r#"{{"width":{width},"height":{height},"deviceScaleFactor":1,"mobile":{phone}}}"#
            ),
        );
        self.asks(
            "Emulation.setEmulatedMedia",
            &format!(r#"{{"features":[{{"name":"prefers-color-scheme","value":"{scheme}"}}]}}"#),
        );
    }

    /// Keeps a picture of the page, for those who name a folder in `PAGE_SHOTS`.
    #[track_caller]
    pub fn keeps_picture(&mut self, name: &str) {
        let Some(folder) = std::env::var_os("PAGE_SHOTS") else { return };
        fs::create_dir_all(&folder).unwrap();
        let path = std::path::Path::new(&folder).join(format!("{name}.png"));
        fs::write(path, self.picture(r#"{"format":"png"}"#)).unwrap();
    }

    /// A picture of the page as a PNG, or of a part of it, by these parameters.
    #[track_caller]
    pub fn picture(&mut self, parameters: &str) -> Vec<u8> {
        self.finds("new Promise(done => requestAnimationFrame(() => setTimeout(done, 100)))");
        let picture = self.asks("Page.captureScreenshot", parameters);
        decode(picture.get("data").text())
    }

    /// What the page has complained about since the last time this was asked.
    pub fn complaints(&mut self) -> Vec<String> {
        self.finds("1"); // what was on its way is here then
        std::mem::take(&mut self.complaints)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Closed in order, its helpers end with it, and nobody writes into the folder any more. The end of its pipe
        // is its end; one that does not come to it is killed.
        let _ = self.commands.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        while self.answers.recv_timeout(DEADLINE).is_ok() {}
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where the browser is, by `CHROMIUM` or on the `PATH`.
#[track_caller]
fn program() -> String {
    let named = std::env::var("CHROMIUM").ok();
    let usual = ["chromium", "chromium-browser", "google-chrome"].map(str::to_owned);
    let works = |name: &String| {
        let mut asked = Command::new(name);
        asked.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        asked.status().is_ok_and(|status| status.success())
    };
    let found = named.into_iter().chain(usual).find(works);
    found.expect("no browser here: install chromium, or name it in CHROMIUM")
}

/// Reads what the browser says, in a thread of its own: so that one that says nothing is noticed.
fn listen(from: File) -> Receiver<Json> {
    let (said, heard) = mpsc::channel();
    let reading = move || {
        for message in BufReader::new(from).split(0) {
            let Ok(message) = message else { return };
            let message = Json::parse(&String::from_utf8_lossy(&message));
            if said.send(message).is_err() {
                return;
            }
        }
    };
    thread::Builder::new().spawn(reading).unwrap();
    heard
}

/// Base64 (RFC 4648), as pictures come.
fn decode(text: &str) -> Vec<u8> {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let value = |byte: u8| letters.iter().position(|letter| *letter == byte);
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_usize, 0);
    for six in text.bytes().filter_map(value) {
        (bits, held) = ((bits << 6 | six) & 0xFFFF, held + 6);
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xFF).unwrap());
        }
    }
    bytes
}
