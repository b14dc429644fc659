//! How things stand, for a page in the browser: who we are, who is here, whom we talk to. A terminal's
//! user asks for it (`/id`, `/info`, `/peers`); a page shows it all the time.

use std::sync::atomic::Ordering;

use crate::client::direct::chats::Chats;
use crate::client::direct::tcp::chat::{Chat, ChatState};
use crate::client::direct::udp::conversation::Conversation;
use crate::client::rendezvous::membership::Membership;
use crate::client::ui::json::{Object, list};
use crate::wire::entry::Entry;

/// All of it, as one JSON object.
pub fn state(membership: &Membership, chats: &Chats) -> String {
    let me = membership.name().map(|name| {
        let object = Object::empty().text("name", name).json("id", membership.id());
        object.text("address", membership.address()).end()
    });
    let server = Object::empty().text("address", membership.server());
    let server = server.text("status", membership.status()).end();
    let people = list(membership.room().others().map(person));
    let by_tcp = chats.by_tcp().map(by_tcp);
    let by_udp = chats.by_udp.all().map(by_udp);
    let current = chats.current.map_or("null".to_owned(), |current| current.to_string());
    let object = Object::new("state").json("me", me.as_deref().unwrap_or("null"));
    let object = object.json("server", server).json("people", people);
    let object = object.json("chats", list(by_tcp.chain(by_udp))).json("current", current);
    object.json("explain", chats.events.explaining().load(Ordering::Relaxed)).end()
}

fn person(entry: &Entry) -> String {
    let object = Object::empty().json("id", entry.id).text("name", &entry.name);
    object.text("address", entry.address).end()
}

fn by_tcp(chat: &Chat) -> String {
    let state = if matches!(chat.state, ChatState::Open) { "open" } else { "calling" };
    let object = Object::empty().json("id", chat.key).text("label", chat.label());
    let object = object.json("peer", chat.id).text("transport", "tcp");
    let object = object.text("address", chat.address).text("state", state);
    object.json("verified", chat.verified).end()
}

fn by_udp(conversation: &Conversation) -> String {
    let Entry { name, id, address } = &conversation.entry;
    let state = if conversation.sending.is_some() { "open" } else { "queried" };
    let object = Object::empty().json("id", conversation.key).text("label", name);
    let object = object.json("peer", id).text("transport", "udp");
    object.text("address", address).text("state", state).json("verified", true).end()
}
