//! What the page makes of what it is told: links, colours, files, chats that have ended, and answers of several lines.

use super::{chat, heard, mark, notice, said, standing};
use crate::support::{Browser, Client, Host, Keyed};

#[test]
#[ignore = "needs a browser"]
fn browser_makes_links_of_web_addresses_and_of_nothing_else() {
    let host = Host::start();
    host.page
        .tell(&said("bob", "see (https://example.org/a?b=1#c), javascript:alert(1) and ftp://x"));
    host.page.state(&standing("", "null"));
    let mut browser = Browser::open(&host.page.address());
    browser
        .sees(".log .text", "see (https://example.org/a?b=1#c), javascript:alert(1) and ftp://x");
    let links = "[...document.querySelectorAll('.text a')]
        .map(a => `${a.href} ${a.rel} ${a.target}`).join('; ')";
    assert_eq!(
        browser.finds(links).text(),
        "https://example.org/a?b=1#c noopener noreferrer _blank"
    );
}

#[test]
#[ignore = "needs a browser"]
fn browser_gives_names_colours_that_can_be_read() {
    let host = Host::start();
    for name in ["bob", "carol", "dave", "erin", "frank", "grace"] {
        host.page.tell(&said(name, "hello"));
    }
    host.page.tell(&said("bob", "again"));
    host.page.state(&standing("", "null"));
    let mut browser = Browser::open(&host.page.address());
    // The contrast of each name with the paper, as WCAG 2 computes it. A canvas tells what a colour is in red, green
    // and blue.
    let least = "(() => {
        const pen = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
        const light = colour => {
            pen.fillStyle = colour;
            pen.fillRect(0, 0, 1, 1);
            const [r, g, b] = [...pen.getImageData(0, 0, 1, 1).data].map(value => value / 255)
                .map(value => (value <= .03928 ? value / 12.92 : ((value + .055) / 1.055) ** 2.4));
            return .2126 * r + .7152 * g + .0722 * b;
        };
        const paper = light(getComputedStyle(document.body).backgroundColor);
        return Math.min(...[...document.querySelectorAll('.log b')].map(name => {
            const ink = light(getComputedStyle(name).color);
            return (Math.max(ink, paper) + .05) / (Math.min(ink, paper) + .05);
        }));
    })()";
    for scheme in ["light", "dark"] {
        browser.looks(1280, 800, scheme);
        let contrast = browser.finds(least).number();
        assert!(contrast >= 4.5, "{scheme}: {contrast}");
    }
    let colours =
        "[...document.querySelectorAll('.log b')].map(name => getComputedStyle(name).color)";
    assert_eq!(browser.finds(&format!("`${{new Set({colours}).size}}`")).text(), "6");
}

#[test]
#[ignore = "needs a browser"]
fn browser_folds_chats_that_have_ended() {
    let host = Host::start();
    for number in [7, 8] {
        host.page.tell(&heard(number, "bob", "tcp", "hello"));
    }
    host.page.tell(&mark(7, "bob", "tcp", "and back", "waiting"));
    host.page.state(&standing(&chat(8, "bob", 2, "tcp", "open", true), "8"));
    let mut browser = Browser::open(&host.page.address());
    let shown = "[...part('views').children].filter(row => row.checkVisibility()).length";
    browser.waits_for(&format!("{shown} === 2"));
    browser.sees("#fold", "Show ended chats (1)");
    browser.clicks("#fold");
    browser.waits_for(&format!("{shown} === 3"));
    // What comes for one that is out of sight brings it back.
    browser.clicks("#fold");
    browser.waits_for(&format!("{shown} === 2"));
    host.page.tell(&mark(7, "bob", "tcp", "and back", "lost"));
    host.page.tell(&heard(7, "bob", "tcp", "last words"));
    browser.waits_for(&format!("{shown} === 3"));
}

#[test]
#[ignore = "needs a browser"]
fn browser_shows_all_of_an_answer_in_a_conversation() {
    let host = Host::start();
    host.page.state(&standing(&chat(7, "bob", 2, "tcp", "open", true), "7"));
    let mut browser = Browser::open(&host.page.address());
    browser.finds("show(views.get(7)), 1");
    for line in ["2 registered:", "alice 127.0.0.1:5556 1", "bob 127.0.0.1:5557 2"] {
        host.page.tell(&notice(line));
    }
    browser.sees("#said", "2 registered:\nalice 127.0.0.1:5556 1\nbob 127.0.0.1:5557 2");
}

#[test]
#[ignore = "needs a browser"]
fn browser_brings_lines_back_and_the_entry_keeps_the_focus() {
    let host = Host::start();
    host.page.state(&standing("", "null"));
    let mut browser = Browser::open(&host.page.address());
    browser.clicks("#entry");
    for line in ["one", "two"] {
        browser.types_line(line);
    }
    for (key, code, line) in [
        ("ArrowUp", 38, "two"),
        ("ArrowUp", 38, "one"),
        ("ArrowUp", 38, "one"),
        ("ArrowDown", 40, "two"),
        ("ArrowDown", 40, ""),
    ] {
        browser.presses(key, code, "");
        assert_eq!(browser.finds("part('entry').value").text(), line);
    }
    browser.types("three");
    browser.presses("ArrowUp", 38, "");
    assert_eq!(browser.finds("part('entry').value").text(), "three");
    browser.clicks("#wire-button");
    assert_eq!(browser.finds("document.activeElement.id").text(), "entry");
}

#[test]
#[ignore = "needs a browser"]
fn browser_shows_how_far_a_file_is_and_offers_what_can_be_done() {
    let host = Host::start();
    let files = r#","files":[{"id":1,"name":"notes.pdf","size":1200000,"done":0,"direction":"in","state":"offered"},
        {"id":2,"name":"a<b>.png","size":2000,"done":500,"direction":"out","state":"moving"}]}"#;
    let with = chat(7, "bob", 2, "tcp", "open", true);
    let with = format!("{}{files}", with.trim_end_matches('}'));
    host.page.state(&standing(&with, "7"));
    let mut browser = Browser::open(&host.page.address());
    browser.finds("show(views.get(7)), 1");
    browser.sees("#files", "from bob: notes.pdf (1.2 MB) is offered");
    browser.sees("#files", "to bob: a<b>.png (2 kB)");
    let buttons =
        "[...part('files').querySelectorAll('button')].map(each => each.textContent).join()";
    assert_eq!(browser.finds(buttons).text(), "Accept,Refuse");
    browser.waits_for("part('files').querySelector('progress').position === 0.25");
    browser.keeps_picture("files");
}

#[test]
#[ignore = "needs a browser"]
fn browser_draws_a_lock_on_what_was_encrypted() {
    let server = Keyed::start(&[]);
    let bob = server.joined("bob", server.0.address(), &[]);
    let (key, address) = (server.key(), server.0.address().to_string());
    let flags = ["--server", &address, "--key", key.to_str().unwrap(), "--page", "--no-open"];
    let alice = Client::with_args(&[&["--id", "alice"], &flags[..]].concat());
    let page = alice.sees("page: ").replace("page: ", "");
    alice.sees("Other clients' IDs: ");
    let mut browser = Browser::open(&page);
    browser.looks(1280, 800, "light");
    browser.clicks("#wire-button");
    browser.waits_for("part('wire').checkVisibility()");
    browser.clicks("#entry");
    browser.types_line("sealed");
    bob.sees(" alice: sealed");
    browser.waits_for(
        "[...document.querySelectorAll('.arrow')].some(each => each.textContent === 'SAY' && each.querySelector('.lock'))",
    );
    browser.finds("[...part('blocks').children].find(each => each.textContent.includes('SAY')).firstChild.click(), 1");
    browser.sees(".bytes", "record: application data, ");
    browser.sees(".bytes", "Text: sealed");
    browser.clicks("#chat-1");
    let line = bob.sees("Incoming chat request from alice ");
    let (_, code) = line.trim_end_matches(')').split_once("compare ").unwrap();
    browser.sees("#about", &format!("✓ verified, encrypted; compare {code}"));
    browser.keeps_picture("lock-light");
    browser.looks(1280, 800, "dark");
    browser.keeps_picture("lock-dark");
}
