//! Alerts (RFC 8446, sections 6, 6.1 and 6.2): what one side tells the other when it ends a connection, and why.
//!
//! `close_notify` is the orderly end. It is encrypted as everything else, so whoever cuts the wire cannot feign it: an
//! end of the bytes without it is a *cut*, and what was read may be a part. All other alerts but `user_canceled` are
//! fatal. The level that travels with an alert says nothing that its number does not.

use std::error::Error;
use std::{fmt, io};

/// An alert by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alert(pub u8);

impl Alert {
    /// The sender has said everything.
    pub const CLOSE_NOTIFY: Alert = Alert(0);
    /// A record or message that does not belong there.
    pub const UNEXPECTED_MESSAGE: Alert = Alert(10);
    /// A record that cannot be opened: it was changed, or comes out of turn.
    pub const BAD_RECORD_MAC: Alert = Alert(20);
    /// A record that is too long.
    pub const RECORD_OVERFLOW: Alert = Alert(22);
    /// Nothing that the client offers will do.
    pub const HANDSHAKE_FAILURE: Alert = Alert(40);
    /// A field that has a wrong value.
    pub const ILLEGAL_PARAMETER: Alert = Alert(47);
    /// A message that has a wrong length somewhere.
    pub const DECODE_ERROR: Alert = Alert(50);
    /// A Finished or a binder that is wrong: the other side has another key, or somebody changed a message.
    pub const DECRYPT_ERROR: Alert = Alert(51);
    /// Another version of TLS.
    pub const PROTOCOL_VERSION: Alert = Alert(70);
    /// The sender is at fault itself.
    pub const INTERNAL_ERROR: Alert = Alert(80);
    /// The sender's user does not want any more; `close_notify` follows.
    pub const USER_CANCELED: Alert = Alert(90);
    /// An extension is not there that must be.
    pub const MISSING_EXTENSION: Alert = Alert(109);
    /// An answer has an extension that was not offered.
    pub const UNSUPPORTED_EXTENSION: Alert = Alert(110);
    /// A key that the server does not know, or that was used up.
    pub const UNKNOWN_PSK_IDENTITY: Alert = Alert(115);

    /// Whether the connection is over at once.
    pub fn is_fatal(self) -> bool {
        self != Alert::CLOSE_NOTIFY && self != Alert::USER_CANCELED
    }

    /// Whether the other side may mean that it does not accept the key. Each library says that in another way.
    pub fn refuses_key(self) -> bool {
        matches!(
            self,
            Alert::HANDSHAKE_FAILURE
                | Alert::ILLEGAL_PARAMETER
                | Alert::DECRYPT_ERROR
                | Alert::MISSING_EXTENSION
                | Alert::UNKNOWN_PSK_IDENTITY
        )
    }
}

impl fmt::Display for Alert {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self.0 {
            0 => "close_notify",
            10 => "unexpected_message",
            20 => "bad_record_mac",
            22 => "record_overflow",
            40 => "handshake_failure",
            47 => "illegal_parameter",
            50 => "decode_error",
            51 => "decrypt_error",
            70 => "protocol_version",
            80 => "internal_error",
            90 => "user_canceled",
            109 => "missing_extension",
            110 => "unsupported_extension",
            115 => "unknown_psk_identity",
            number => return write!(f, "alert {number}"),
        })
    }
}

/// Why a connection ends in disorder. It travels inside of an [`io::Error`], as readers return it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsError {
    /// This side finds a fault. The other side is told by this alert.
    Found(Alert),
    /// The other side says so.
    Received(Alert),
    /// The bytes end without `close_notify`.
    Cut,
}

impl TlsError {
    /// The TLS error inside of an I/O error, if there is one.
    pub fn of(error: &io::Error) -> Option<TlsError> {
        error.get_ref()?.downcast_ref().copied()
    }
}

impl Error for TlsError {}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            TlsError::Found(alert) => write!(f, "TLS: {alert}"),
            TlsError::Received(alert) => write!(f, "TLS: the other side says {alert}"),
            TlsError::Cut => write!(f, "TLS: the connection is cut, without close_notify"),
        }
    }
}

impl From<Alert> for TlsError {
    fn from(alert: Alert) -> TlsError {
        TlsError::Found(alert)
    }
}

impl From<TlsError> for io::Error {
    fn from(error: TlsError) -> io::Error {
        let kind = match error {
            TlsError::Found(_) => io::ErrorKind::InvalidData,
            TlsError::Received(_) => io::ErrorKind::ConnectionAborted,
            TlsError::Cut => io::ErrorKind::UnexpectedEof,
        };
        io::Error::new(kind, error)
    }
}

impl From<Alert> for io::Error {
    fn from(alert: Alert) -> io::Error {
        TlsError::Found(alert).into()
    }
}
