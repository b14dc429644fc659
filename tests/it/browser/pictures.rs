//! The pictures of README.md, taken of real programs. `CHAT_PICTURES` names the folder for them.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, fs};

use crate::support::{Browser, Client, Folder, Server};

/// The size of a letter and of a line of text in the drawn terminal, in pixels.
const LETTER: (usize, usize) = (8, 19);
/// The space around the text there.
const MARGIN: usize = 20;
/// How the drawn terminal looks: the same in light and dark surroundings.
const LOOK: &str = "text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, \
     'DejaVu Sans Mono', monospace; fill: #3d444d; white-space: pre } \
     .typed { font-weight: 700; fill: #1e2226 } .head { fill: #1a5fb4; font-weight: 600 } \
     .why { fill: #1d6f42; font-style: italic } .said { fill: #1e2226 }";

/// Where the pictures go, if they are wanted, and the ports of server, alice and bob: those of README.md then, else
/// any that are free.
fn wanted() -> (Option<PathBuf>, [u16; 3]) {
    let folder = env::var_os("CHAT_PICTURES").map(PathBuf::from);
    let ports = if folder.is_some() { [5555, 5556, 5557] } else { [0; 3] };
    (folder, ports)
}

#[test]
#[ignore = "needs a browser"]
fn browser_makes_the_pictures_of_the_readme() {
    let (folder, [of_server, of_alice, of_bob]) = wanted();
    let server = Server::start_in(Folder::fresh(), of_server, &[]);
    let address = server.address().to_string();
    let [of_alice, of_bob] = [of_alice, of_bob].map(|port| port.to_string());
    let alice = Client::with_args(&["alice", &of_alice, &address, "--page", "--no-open"]);
    let page = alice.sees("page: ").replace("page: ", "");
    alice.sees("Other clients' IDs: ");
    let bob = Client::with_args(&["bob", &of_bob, &address]);
    bob.sees("Other clients' IDs: ");
    let mut browser = Browser::open(&page);
    browser.looks(1120, 660, "light");

    bob.types("Has anybody understood lab 5?");
    browser.sees(".log .text", "lab 5");
    browser.clicks("#wire-button");
    browser.waits_for("part('wire').checkVisibility()");
    browser.clicks("#entry");
    browser.types_line("Yes. I call you.");
    alice.sees("alice: Yes. I call you.");
    let before = alice.output().len();
    alice.types("/chat bob");
    alice.sees("is open (verified, encrypted; compare ");
    let printed = alice.output()[before..].to_owned();
    browser.clicks("#chat-2"); // there is a chat: it is shown
    browser.sees("#about", "✓ verified");
    browser.types_line("Hello Bob! The server does not see this.");
    bob.sees("alice (direct): Hello Bob!");
    bob.types("/msg And if somebody kills the server?");
    browser.sees(".log .text", "kills the server?");
    browser.clicks("#query-2");
    browser.sees("#about", "UDP");
    browser.types_line("Then we go on. This is a datagram.");
    bob.sees("alice (udp): Then we go on.");
    browser.sees(".log .mark.delivered", "✓ delivered");

    let chart = chart(&mut browser);
    let chart = browser.picture(&chart);
    browser.finds("show([...views.values()].find(view => view.transport === 'tcp')), 1");
    browser.finds("part('blocks').children[5].firstChild.click(), 1");
    browser.finds("part('chart').scrollTop = 1e6, 1");
    let whole = browser.picture(&clip(["0", "0", "1120", "660"], 1.5));
    assert_eq!(browser.complaints(), [""; 0]);
    if let Some(folder) = folder {
        // On a busy machine the answer may be captured before the request. That is no picture for beginners.
        assert!(
            printed.find(" BRIDGE ") < printed.find(" BRIDGEACK "),
            "again, please:\n{printed}"
        );
        fs::write(folder.join("sequence.png"), chart).unwrap();
        fs::write(folder.join("page.png"), whole).unwrap();
        fs::write(folder.join("wire.svg"), drawn(&format!("> /chat bob\n{printed}"))).unwrap();
    }
}

/// The parameters for a picture of a rectangle: x, y, width, height.
fn clip(place: [&str; 4], scale: f64) -> String {
    let [x, y, width, height] = place;
    format!(
        r#"{{"format":"png","clip":{{"x":{x},"y":{y},"width":{width},"height":{height},"scale":{scale}}}}}"#
    )
}

/// The parameters for a picture of the sequence chart, down to its last arrow.
fn chart(browser: &mut Browser) -> String {
    let found = browser.finds(
        "(() => { const box = part('chart').getBoundingClientRect(); \
         const end = part('blocks').lastChild.getBoundingClientRect().bottom; \
         return [box.x, box.y, box.width - 6, end - box.y + 12].join(); })()",
    );
    let place: Vec<&str> = found.text().split(',').collect();
    clip(place.try_into().unwrap(), 2.0)
}

/// What a client printed, as a picture.
fn drawn(printed: &str) -> String {
    let lines: Vec<&str> = printed.lines().collect();
    let widest = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    let (width, height) = (widest * LETTER.0 + 2 * MARGIN, lines.len() * LETTER.1 + 2 * MARGIN);
    let mut drawing = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" xml:space=\"preserve\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\">\n<style>{LOOK}</style>\n\
         <rect x=\".5\" y=\".5\" width=\"{}\" height=\"{}\" rx=\"8\" fill=\"#fbfbf9\" stroke=\"#dedfda\"/>\n",
        width - 1,
        height - 1
    );
    for (number, line) in lines.iter().enumerate() {
        let look = match line.strip_prefix("| ") {
            None if line.starts_with('>') => "typed",
            None => "said",
            Some(rest) if rest.trim_start().starts_with('#') => "why",
            Some(rest) if !rest.starts_with(' ') => "head",
            Some(_) => "",
        };
        let y = MARGIN + LETTER.1 * number + 14;
        let text = line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        writeln!(drawing, "<text x=\"{MARGIN}\" y=\"{y}\" class=\"{look}\">{text}</text>").unwrap();
    }
    drawing + "</svg>\n"
}
