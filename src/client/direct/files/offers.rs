//! What becomes of an offer by a peer: it is shown to the user, or refused at once.
//!
//! A peer is verified, but that says only who it is. It may still offer files without end, or files without an end.
//! So one offer of each chat waits at a time, and a peer whose offers nobody wants is not shown for ever.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::client::direct::chats::Chats;
use crate::client::direct::context::Context;
use crate::client::direct::files::size::shown;
use crate::client::direct::files::transfer::{FileOffer, Transfer};
use crate::client::net::ConnectionId;
use crate::wire::FileEnd;
use crate::wire::transfer::MAX_FILE;

/// The most files that may be offered to this client, or come to it, at a time.
const MAX_INCOMING: usize = 16;
/// After so many offers of one chat, of which the user has accepted none, further ones are refused.
const MAX_UNWANTED: usize = 16;

/// The rules for offers, and what they must remember.
#[derive(Debug)]
pub struct Offers {
    /// Where files go, if the user has said so.
    pub folder: Option<PathBuf>,
    /// How many offers of each chat were not accepted since the last that was.
    unwanted: BTreeMap<ConnectionId, usize>,
}

impl Offers {
    /// No offers yet. Files go into that folder, if there is one.
    pub fn into_folder(folder: Option<PathBuf>) -> Offers {
        Offers { folder, unwanted: BTreeMap::new() }
    }

    /// Judges an offer of a chat, while `others` are on their way, and shows it. Returns it if the user must decide.
    ///
    /// Some are refused without a line on the screen: a peer could send them all the time.
    ///
    /// # Errors
    /// The code of the refusal, for the peer.
    pub fn judge<'a>(
        &mut self,
        chat: ConnectionId,
        offer: FileOffer,
        others: impl Iterator<Item = &'a Transfer>,
        context: &mut Context,
    ) -> Result<Transfer, FileEnd> {
        let label = context.chats.label(chat).unwrap_or_default();
        let incoming: Vec<_> = others.filter(|other| !other.is_outgoing()).collect();
        let unwanted = self.unwanted.entry(chat).or_default();
        if context.screen.filter.ignores(&label) {
            return Err(FileEnd::Refused); // the user wants to hear nothing of that one
        }
        if *unwanted >= MAX_UNWANTED || incoming.iter().any(|other| other.chat == chat) {
            return Err(FileEnd::Busy);
        }
        *unwanted += 1;
        let was_last = *unwanted == MAX_UNWANTED;
        let transfer = Transfer::incoming(chat, label, offer, context.now);
        let refusal = self.refusal(&transfer, incoming.len());
        let offered = transfer.progress();
        let (screen, label) = (&mut context.screen, &transfer.label);
        match &refusal {
            Some((_, why)) => screen.line(format_args!("{offered}, and it was refused: {why}")),
            None => screen.line(format_args!("{offered}: /accept or /refuse")),
        }
        if was_last {
            screen.line(format_args!(
                "{label} has offered {MAX_UNWANTED} files that you did not accept: further offers are refused"
            ));
        }
        refusal.map_or(Ok(transfer), |(end, _)| Err(end))
    }

    /// Why an offer is refused without asking the user, if it is: the code for the peer, and the words for the user.
    /// `incoming` others are offered or on their way.
    fn refusal(&self, offer: &Transfer, incoming: usize) -> Option<(FileEnd, String)> {
        if offer.size > MAX_FILE {
            let why = format!("a file may have at most {}", shown(MAX_FILE));
            return Some((FileEnd::TooLarge, why));
        }
        if incoming >= MAX_INCOMING {
            return Some((FileEnd::Busy, format!("{MAX_INCOMING} files are offered already")));
        }
        let how = "start the client with --files DIR to receive files in the folder DIR";
        self.folder.is_none().then(|| (FileEnd::NoFolder, how.to_owned()))
    }

    /// Notes that the user has accepted an offer of a chat.
    pub fn accepted(&mut self, chat: ConnectionId) {
        self.unwanted.remove(&chat);
    }

    /// Forgets the chats that are over.
    pub fn forget(&mut self, chats: &Chats) {
        self.unwanted.retain(|chat, _| chats.tcp(*chat).is_some());
    }
}
