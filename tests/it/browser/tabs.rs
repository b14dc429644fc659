//! Several tabs with the page, and a client that does not answer.

use crate::support::process::signal;
use crate::support::{Browser, Client, Program, Server};

/// bob, and alice with a page: the address of the page comes last.
fn bob_and_a_page(server: &Server) -> (Client, Program, String) {
    let bob = Client::joined("bob", server);
    let address = server.address().to_string();
    let alice = Client::with_args(&["--id", "alice", "--server", &address, "--page", "--no-open"]);
    let page = alice.sees("page: ").replace("page: ", "");
    alice.ends_input();
    bob.sees("alice joined");
    (bob, alice, page)
}

/// Puts a text into the entry, and sends it.
fn sends(browser: &mut Browser, text: &str) {
    browser.finds(&format!("part('entry').value = '{text}', send(), 1"));
}

#[test]
#[ignore = "needs a browser"]
fn browser_has_one_live_tab_and_any_other_can_take_over() {
    let server = Server::start(&[]);
    let (bob, _alice, page) = bob_and_a_page(&server);
    let mut browser = Browser::open(&page);
    browser.finds("part('entry').value = 'half a sentence', 1");
    // A browser has six connections for one address: more streams than that would leave none for what is sent.
    let first = browser.opens_tab(&page);
    for _ in 0..6 {
        browser.opens_tab(&page);
    }
    sends(&mut browser, "from the eighth tab");
    bob.sees(" alice: from the eighth tab");
    browser.turns_to(&first);
    browser.waits_for("part('elsewhere').checkVisibility() && part('chat').inert");
    assert_eq!(browser.finds("part('entry').value").text(), "half a sentence");
    browser.finds("part('here').click(), 1");
    browser.waits_for("live && !part('elsewhere').checkVisibility() && !part('chat').inert");
    // (A tab in the background lays nothing out, so it is asked for its text, and not for what is seen of it.)
    browser.waits_for("room.lines.textContent.includes('from the eighth tab')");
    sends(&mut browser, "from the first one");
    bob.sees(" alice: from the first one");
}

#[test]
#[ignore = "needs a browser"]
fn browser_gives_a_text_back_when_the_client_does_not_answer() {
    let server = Server::start(&[]);
    let (_bob, alice, page) = bob_and_a_page(&server);
    let mut browser = Browser::open(&page);
    signal(alice.pid(), "STOP");
    sends(&mut browser, "is anybody there?");
    browser.sees("#said", "it may have taken it all the same");
    assert_eq!(browser.finds("part('entry').value").text(), "is anybody there?");
    // What is being mended is no error any more.
    browser.finds("part('entry').dispatchEvent(new Event('input')), 1");
    assert_eq!(browser.finds("part('said').textContent").text(), "");
    signal(alice.pid(), "CONT");
}

#[test]
#[ignore = "needs a browser"]
fn browser_says_that_the_client_has_ended() {
    let server = Server::start(&[]);
    let (_bob, alice, page) = bob_and_a_page(&server);
    let mut browser = Browser::open(&page);
    browser.sees("#server", "in the room at");
    sends(&mut browser, "/quit");
    alice.exits(0);
    browser.sees("#trouble", "does not answer");
    browser.sees("#server", "the client does not answer");
}
