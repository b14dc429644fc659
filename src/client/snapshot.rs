//! The client's state as one JSON object, for a page in the browser: this client, the room, the direct chats. A
//! terminal's user asks for it (`/id`, `/info`, `/peers`); a page shows it all the time.

use crate::client::direct::tcp::Chat;
use crate::client::direct::udp::Conversation;
use crate::client::direct::{RoundTrip, Transfers};
use crate::client::state::State;
use crate::client::ui::Object;
use crate::client::ui::json::{list, quoted};
use crate::wire::text::escape;
use crate::wire::{Entry, Text};

/// The snapshot of this moment. `server.status` is `connecting`, `joined`, `lost` or `no room`; `current` is the number
/// of the chat to which `/msg` goes. `away` is what `me`, or one of the `people`, says of an absence, or `null`;
/// `standing` is what is known of a peer and of the way to it, in words; `roundTrip` is the time there and back in
/// milliseconds, or `null`.
pub fn state(state: &State) -> String {
    let server = &state.server;
    let me = server.name.as_ref().map(|name| {
        let object = Object::empty().text("name", name).json("id", server.id);
        let answer = state.screen.away.answer().map(Text::as_str);
        object.text("address", server.address()).json("away", maybe(answer)).end()
    });
    let people = list(server.room.others().map(|entry| person(entry, state)));
    // A caller whose ticket is still judged is not shown.
    let known = |chat: &&Chat| chat.is_open() || chat.called;
    let chats = state.chats.over_tcp().filter(known);
    let (says_plain, secure) = (state.chats.server_tells_tls, state.chats.server_is_secure);
    let by_tcp = chats.map(|chat| by_tcp(chat, &state.files, says_plain));
    let by_udp =
        state.chats.over_udp().map(|conversation| by_udp(conversation, says_plain, secure));
    let current = state.chats.current.map_or("null".to_owned(), |current| current.to_string());
    let link = Object::empty().text("address", &server.server);
    let link = link.text("status", server.status()).end();
    let object = Object::new("state").json("me", me.as_deref().unwrap_or("null"));
    let object = object.json("server", link).json("people", people);
    let object = object.json("chats", list(by_tcp.chain(by_udp))).json("current", current);
    object.json("explain", state.is_traced()).end()
}

/// One member of the room.
fn person(entry: &Entry, state: &State) -> String {
    let object = Object::empty().json("id", entry.id).text("name", &entry.name);
    let away = state.screen.away.of(&entry.name);
    object.text("address", entry.address).json("away", maybe(away)).end()
}

/// A text as JSON, or `null`. It is escaped like all that is shown.
fn maybe(text: Option<&str>) -> String {
    text.map_or("null".to_owned(), |text| quoted(&escape(text)))
}

/// One chat over TCP: `calling` until it is open. Each of its `files` has an `id`, a `name`, its `size` and what is
/// `done` in bytes, a `direction` (`in` or `out`) and a `state` (`preparing`, `offered`, `moving`).
fn by_tcp(chat: &Chat, files: &Transfers, says_plain: bool) -> String {
    let state = if chat.is_open() { "open" } else { "calling" };
    let object = Object::empty().json("id", chat.key).text("label", chat.label());
    let object = object.json("peer", chat.id).text("transport", "tcp");
    let object = object.text("address", chat.address).text("state", state);
    let object = object.json("verified", chat.verified).json("files", files.json(chat.key));
    let object = object.text("standing", chat.standing(says_plain));
    let way = chat.passage.way.map_or("null".to_owned(), |way| quoted(way.word()));
    object.json("way", way).json("roundTrip", round_trip(&chat.round_trip)).end()
}

/// One conversation over UDP: `queried` until this client has queried back and may write.
fn by_udp(conversation: &Conversation, says_plain: bool, server_is_secure: bool) -> String {
    let Entry { name, id, .. } = &conversation.entry;
    let address = conversation.address();
    let state = if conversation.sending.is_some() { "open" } else { "queried" };
    let object = Object::empty().json("id", conversation.key).text("label", name);
    let object = object.json("peer", id).text("transport", "udp");
    let object = object.text("address", address).text("state", state).json("verified", true);
    let object = object.text("standing", conversation.standing(says_plain, server_is_secure));
    let way = conversation.route.reach().map_or("null".to_owned(), |way| quoted(way.word()));
    object.json("way", way).json("roundTrip", round_trip(&conversation.round_trip())).end()
}

/// The time of the way there and back in milliseconds, if it is known.
fn round_trip(round_trip: &RoundTrip) -> String {
    round_trip.milliseconds().unwrap_or_else(|| "null".to_owned())
}
