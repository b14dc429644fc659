//! A block of the protocol, as a member of a scene reads it: written from PROTOCOL.md, and not with the code that it
//! tests.

/// A block.
#[derive(Debug, Clone)]
pub struct Block {
    pub kind: String,
    lines: Vec<String>,
}

impl Block {
    /// Takes the first whole block out of what has arrived.
    pub fn take(inbox: &mut Vec<u8>) -> Option<Block> {
        let end = inbox.windows(4).position(|window| window == b"\r\n\r\n")?;
        let text = String::from_utf8_lossy(&inbox[..end]).into_owned();
        inbox.drain(..end + 4);
        let mut lines = text.split("\r\n").map(str::to_owned);
        Some(Block { kind: lines.next().unwrap_or_default(), lines: lines.collect() })
    }

    /// The value of a header; empty without it.
    pub fn get(&self, name: &str) -> &str {
        self.find(name).unwrap_or_default()
    }

    /// The value of a header.
    pub fn find(&self, name: &str) -> Option<&str> {
        self.lines.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// A header as a number.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.find(name)?.parse().ok()
    }

    /// The lines that list clients: name, address, ID.
    pub fn entries(&self) -> Vec<(String, u64)> {
        let entry = |line: &String| match *line.split(' ').collect::<Vec<_>>() {
            [name, _, id] if !name.ends_with(':') => Some((name.to_owned(), id.parse().ok()?)),
            _ => None,
        };
        self.lines.iter().filter_map(entry).collect()
    }
}
