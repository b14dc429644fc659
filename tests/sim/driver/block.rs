//! A block of the protocol, as a member of a scene reads it: written from PROTOCOL.md, and not with the code that it
//! tests.

/// A block.
#[derive(Debug)]
pub struct Block<'a> {
    pub kind: &'a str,
    lines: &'a str,
}

impl<'a> Block<'a> {
    /// The first whole block of what has arrived, and how many bytes it has.
    pub fn first(inbox: &'a [u8]) -> Option<(Block<'a>, usize)> {
        let end = inbox.windows(4).position(|window| window == b"\r\n\r\n")?;
        let text = std::str::from_utf8(&inbox[..end]).expect("the server sends UTF-8");
        let (kind, lines) = text.split_once("\r\n").unwrap_or((text, ""));
        Some((Block { kind, lines }, end + 4))
    }

    /// The value of a header; empty without it.
    pub fn get(&self, name: &str) -> &'a str {
        self.find(name).unwrap_or_default()
    }

    /// The value of a header.
    pub fn find(&self, name: &str) -> Option<&'a str> {
        let mut lines = self.lines.split("\r\n");
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// A header as a number.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.find(name)?.parse().ok()
    }

    /// The lines that list clients: name and ID, and between them the address.
    pub fn entries(&self) -> Vec<(String, u64)> {
        let entry = |line: &str| {
            let (name, rest) = line.split_once(' ').filter(|(name, _)| !name.ends_with(':'))?;
            let (_, id) = rest.split_once(' ')?;
            Some((name.to_owned(), id.parse().ok()?))
        };
        self.lines.split("\r\n").filter_map(entry).collect()
    }
}
