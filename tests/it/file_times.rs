//! How long a file may wait: an offer without an answer, and a file of which nothing moves, on a clock of the test's
//! own.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use p2p_chat::client::direct::files::Transfers;
use p2p_chat::client::direct::files::receiving::PieceStore;
use p2p_chat::client::direct::files::transfer::{FileOffer, Transfer, TransferStage};
use p2p_chat::client::direct::tcp::{Chat, ChatState};
use p2p_chat::client::direct::{Chats, Context, DirectChat, LocalPeer};
use p2p_chat::client::event::Events;
use p2p_chat::client::net::ConnectionId;
use p2p_chat::client::ui::Screen;
use p2p_chat::wire::{Checksum, FileBlock};

/// So many seconds.
const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// An open chat with bob, who is verified.
fn chat() -> Chat {
    let name = Some("bob".parse().unwrap());
    let (key, address) = (ConnectionId::next(), ([127, 0, 0, 1], 6202).into());
    let mut chat = Chat::new(key, name, address, ChatState::Open);
    (chat.verified, chat.takes_files) = (true, true);
    chat
}

#[test]
fn an_offer_that_nobody_answers_ends_after_five_minutes() {
    let (events, _receiver) = Events::channel();
    let mut files = Transfers::new(Some("folder".into()), events);
    let (mut chats, mut screen) = (Chats::default(), Screen::new(std::io::sink(), None));
    let chat = chat();
    let (key, start) = (chat.key, Instant::now());
    chats.insert(DirectChat::Tcp(chat));
    let me = LocalPeer { name: None, id: 0, address: ([127, 0, 0, 1], 6201).into() };
    let mut context = Context { me, chats: &mut chats, screen: &mut screen, now: start };
    // Bob has called, so his numbers are odd.
    let (name, sum) = ("a".to_owned(), Checksum([0; 32]));
    files.block(key, FileBlock::Offer { file: 1, name, size: 1, sum }, &mut context);
    assert_eq!(files.progress().collect::<Vec<_>>(), ["bob wants to send you \"a\" (1 byte)"]);
    assert_eq!(files.deadline(), Some(start + seconds(300)));
    context.now = start + seconds(299);
    files.tick(&mut context);
    assert_eq!(files.progress().count(), 1);
    context.now = start + seconds(300);
    files.tick(&mut context);
    assert_eq!((files.progress().count(), files.deadline()), (0, None));
}

#[test]
fn a_file_of_which_nothing_moves_ends_after_a_minute_and_each_piece_begins_the_time_anew() {
    let (start, sum) = (Instant::now(), Checksum([0; 32]));
    let offer = FileOffer { number: 1, name: "a".to_owned(), size: 10, sum };
    let mut file = Transfer::incoming(ConnectionId::next(), "bob".to_owned(), offer, start);
    assert_eq!(file.deadline(), Some(start + seconds(300)));
    let (store, _pieces) = mpsc::sync_channel(8);
    file.stage = TransferStage::Receiving(PieceStore::new(store, 10, 0));
    assert_eq!(file.deadline(), Some(start + seconds(60)));
    let (mut chats, mut screen) = (Chats::default(), Screen::new(std::io::sink(), None));
    let me = LocalPeer { name: None, id: 0, address: ([127, 0, 0, 1], 6201).into() };
    let now = start + seconds(50);
    file.progressed(5, &mut Context { me, chats: &mut chats, screen: &mut screen, now });
    assert_eq!(file.deadline(), Some(start + seconds(110)));
    assert_eq!(file.progress(), "from bob: \"a\" (10 bytes), 50 %");
}
