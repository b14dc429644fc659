//! Why this client is not in the room, and what follows from a refusal. Only rules and sentences: the
//! [session](super::server_session) acts.

use crate::client::rendezvous::link::Stage;
use crate::client::rendezvous::patience::GHOST;
use crate::wire::compat;
use crate::wire::request::code;

/// Why the client is not in the room although it wants to be. It tries again, with growing pauses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The connection broke, with this cause.
    Lost(String),
    /// There is no connection, or no answer on it.
    Unreachable(String),
    /// The server is there, and refuses with this sentence.
    Refused(String),
    /// Somebody else has this client's name now.
    NameTaken(String),
}

impl Trouble {
    /// What the user is told when the trouble begins.
    pub fn sentence(&self, server: &str) -> String {
        match self {
            Trouble::Lost(cause) => format!("lost the server {server}: {cause}; trying again"),
            Trouble::Unreachable(cause) => {
                format!("cannot reach the server {server}: {cause}; trying again")
            }
            Trouble::Refused(message) => {
                format!("the server {server} does not let you in: {message}; asking again")
            }
            Trouble::NameTaken(message) => format!(
                "cannot join again: {message}; asking again until the name is free, \
                 or take another: /nick NEW"
            ),
        }
    }

    /// Whether the user must be told of this trouble after the one that was `told` before. A server that cannot be
    /// reached is told of once, whatever the cause of each attempt.
    pub fn is_news(&self, told: Option<&Trouble>) -> bool {
        match (told, self) {
            (None, _) => true,
            (Some(Trouble::Lost(_) | Trouble::Unreachable(_)), Trouble::Unreachable(_)) => false,
            (Some(told), _) => told != self,
        }
    }
}

/// What follows from an ERROR in answer to REGISTER or JOIN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The name's owner may be this client's own old connection, half dead: JOIN with the token takes it over.
    TakeOver,
    /// This client never had the name: the user chooses another one.
    AnotherName(String),
    /// It asks again later.
    Later(Trouble),
    /// It is no use to ask again: the sentence for the user.
    Never(String),
}

/// Judges an ERROR with this `code`. `token`: the client has a secret for coming back. `ghost`: a connection that it
/// gave up may still have the name. `was_there`: it was in the room under this name.
pub fn judge(
    code: &str,
    message: &str,
    stage: Stage,
    (token, ghost, was_there): (bool, bool, bool),
) -> Verdict {
    let message = message.to_owned();
    match code {
        code::NAME_TAKEN if token && matches!(stage, Stage::Registering(_)) => Verdict::TakeOver,
        code::NAME_TAKEN if ghost => Verdict::Later(Trouble::Refused(GHOST.to_owned())),
        code::NAME_TAKEN if was_there => Verdict::Later(Trouble::NameTaken(message)),
        code::BAD_NAME if was_there => {
            Verdict::Never(format!("cannot join again: {message}; take another name: /nick NEW"))
        }
        code::NAME_TAKEN | code::BAD_NAME => Verdict::AnotherName(message),
        code::BAD_PORT | code::BANNED | compat::REFUSED => {
            Verdict::Never(format!("not registered: {message}"))
        }
        code::TLS_REQUIRED => {
            Verdict::Never(format!("not registered: {message}; start the client with --key FILE"))
        }
        _ => Verdict::Later(Trouble::Refused(message)),
    }
}
