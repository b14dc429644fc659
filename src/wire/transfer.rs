//! FILE and what follows it: the blocks by which one peer sends a file to the other, between the lines of their chat.
//!
//! A piece is text, too: lines of [base64](super::base64). So the framing of a chat stays what it is, and a piece can
//! be read and written by hand. It costs a third more bytes.
//!
//! ```
//! use p2p_chat::wire::FileBlock;
//!
//! let piece = FileBlock::Piece { file: 1, from: 0, bytes: b"Hello".to_vec() };
//! assert_eq!(piece.to_block().to_string(), "PIECE\r\nFile: 1\r\nFrom: 0\r\nSGVsbG8=\r\n\r\n");
//! ```

use std::fmt;
use std::str::FromStr;

use super::base64::{decode, encode};
use super::block::Block;

/// The most bytes of a file: 100 MB.
pub const MAX_FILE: u64 = 100_000_000;
/// The most bytes of a piece.
pub const PIECE: u64 = LINE as u64 * PIECE_LINES as u64;
/// The most bytes that one line of a piece holds. It has 4,000 characters, and a line has at most 4,096 bytes.
const LINE: usize = 3_000;
/// The most lines of a piece that hold bytes.
const PIECE_LINES: usize = 10;
/// The most bytes of a file's name.
pub const MAX_FILE_NAME: usize = 255;
/// The TYPEs of these blocks.
const KINDS: [&str; 5] = ["FILE", "FILEACK", "PIECE", "PIECEACK", "FILEEND"];

/// One of the blocks of a file's way. `file` is the number of the file in its chat.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the protocol's headers")]
pub enum FileBlock {
    /// A file is offered.
    Offer { file: u64, name: String, size: u64, sum: Checksum },
    /// It is wanted from this byte on: what stands before it is there.
    Accepted { file: u64, from: u64 },
    /// The bytes from that one on.
    Piece { file: u64, from: u64, bytes: Vec<u8> },
    /// All bytes up to there are stored.
    Stored { file: u64, upto: u64 },
    /// Nothing more comes of that file, and why.
    End { file: u64, code: FileEnd },
}

impl FileBlock {
    /// Writes it as a block.
    pub fn to_block(&self) -> Block {
        match self {
            FileBlock::Offer { file, name, size, sum } => {
                let block = Block::new("FILE").with("File", file).with("Name", name);
                block.with("Size", size).with("SHA-256", sum)
            }
            FileBlock::Accepted { file, from } => {
                Block::new("FILEACK").with("File", file).with("From", from)
            }
            FileBlock::Piece { file, from, bytes } => {
                let block = Block::new("PIECE").with("File", file).with("From", from);
                bytes.chunks(LINE).map(encode).fold(block, Block::with_line)
            }
            FileBlock::Stored { file, upto } => {
                Block::new("PIECEACK").with("File", file).with("Upto", upto)
            }
            FileBlock::End { file, code } => {
                Block::new("FILEEND").with("File", file).with("Code", code)
            }
        }
    }

    /// Reads it from a block. `None` for any other block, and for one that breaks a rule.
    pub fn parse(block: &Block) -> Option<FileBlock> {
        let file = block.get("File")?;
        Some(match block.kind() {
            "FILE" => {
                let name = block.header("Name").filter(|name| name.len() <= MAX_FILE_NAME)?;
                let (name, sum) = (name.to_owned(), block.get("SHA-256")?);
                FileBlock::Offer { file, name, size: block.get("Size")?, sum }
            }
            "FILEACK" => FileBlock::Accepted { file, from: block.get("From")? },
            "PIECE" => {
                let lines: Vec<&str> = block.lines().filter(|line| !line.contains(':')).collect();
                let mut bytes = Vec::with_capacity(lines.len().min(PIECE_LINES) * LINE);
                for line in lines {
                    bytes.append(&mut decode(line)?);
                }
                let fits = (1..=PIECE).contains(&(bytes.len() as u64));
                fits.then_some(FileBlock::Piece { file, from: block.get("From")?, bytes })?
            }
            "PIECEACK" => FileBlock::Stored { file, upto: block.get("Upto")? },
            "FILEEND" => FileBlock::End { file, code: block.get("Code")? },
            _ => return None,
        })
    }

    /// Whether a line begins one of these blocks. A text that is such a line must get a space before it.
    pub fn begins_with(line: &[u8]) -> bool {
        KINDS.iter().any(|kind| kind.as_bytes() == line)
    }
}

/// The SHA-256 of a file, on the wire 64 lower-case hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Checksum(pub [u8; 32]);

impl Checksum {
    /// Its first digits: enough for two people to compare.
    pub fn short(&self) -> String {
        format!("{}…", &self.to_string()[..16])
    }
}

impl FromStr for Checksum {
    type Err = ();

    fn from_str(text: &str) -> Result<Checksum, ()> {
        let lower_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != 64 || !text.bytes().all(lower_hex) {
            return Err(());
        }
        let mut bytes = [0; 32];
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).map_err(drop)?;
            *byte = u8::from_str_radix(digits, 16).map_err(drop)?;
        }
        Ok(Checksum(bytes))
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Why nothing more comes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileEnd {
    /// It is whole, its SHA-256 is right, and it has its name.
    Done,
    /// The user of the other side does not want it, or wants no more of it.
    Refused,
    /// The side that offers it takes it back, or stops.
    Withdrawn,
    /// The other side was not told where to put files.
    NoFolder,
    /// Too many are offered, or the same one is on its way already.
    Busy,
    /// It is larger than files may be.
    TooLarge,
    /// Nobody has answered the offer, or nothing has moved for too long.
    Timeout,
    /// It is not what was offered any more: it has changed, or cannot be read.
    Changed,
    /// It cannot be stored.
    Disk,
    /// What has come has another SHA-256.
    Mismatch,
    /// The other side has not kept to the protocol; or a code of a later version.
    Disorder,
}

/// Each end with its code.
const CODES: [(FileEnd, &str); 11] = [
    (FileEnd::Done, "done"),
    (FileEnd::Refused, "refused"),
    (FileEnd::Withdrawn, "withdrawn"),
    (FileEnd::NoFolder, "no-folder"),
    (FileEnd::Busy, "busy"),
    (FileEnd::TooLarge, "too-large"),
    (FileEnd::Timeout, "timeout"),
    (FileEnd::Changed, "changed"),
    (FileEnd::Disk, "disk"),
    (FileEnd::Mismatch, "mismatch"),
    (FileEnd::Disorder, "disorder"),
];

impl FromStr for FileEnd {
    type Err = std::convert::Infallible;

    fn from_str(code: &str) -> Result<FileEnd, Self::Err> {
        let found = CODES.iter().find(|(_, known)| *known == code);
        Ok(found.map_or(FileEnd::Disorder, |(end, _)| *end))
    }
}

impl fmt::Display for FileEnd {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let code = CODES.iter().find(|(end, _)| end == self).map_or("", |(_, code)| code);
        f.write_str(code)
    }
}
