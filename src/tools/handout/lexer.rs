//! The words of Rust, as far as needed to find a function and its end: what looks like code in a string or
//! in a comment is none.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// `// …` to the end of the line.
    LineComment,
    /// `/* … */`, others within.
    BlockComment,
    /// A string, a byte string, a raw one, a character.
    Literal,
    /// `'a`
    Lifetime,
    /// A name, a keyword or a number.
    Word,
    /// A sign; `->` and `=>` are one.
    Sign,
}

/// A piece of source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub kind: TokenKind,
    /// Its text. A raw name stands without its `r#`.
    pub text: &'a str,
    /// Where it begins.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

impl Token<'_> {
    /// Whether it is this sign or word.
    pub fn is(&self, text: &str) -> bool {
        matches!(self.kind, TokenKind::Sign | TokenKind::Word) && self.text == text
    }

    /// Whether it is a comment.
    pub fn is_comment(&self) -> bool {
        matches!(self.kind, TokenKind::LineComment | TokenKind::BlockComment)
    }
}

/// The tokens of a source.
///
/// # Errors
/// Where something begins that does not end.
pub fn tokens(source: &str) -> Result<Vec<Token<'_>>, usize> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(first) = source[at..].chars().next() {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (kind, length) = next(&source[at..]).ok_or(at)?;
        let text = &source[at..at + length];
        let text =
            if kind == TokenKind::Word { text.strip_prefix("r#").unwrap_or(text) } else { text };
        found.push(Token { kind, text, start: at, end: at + length });
        at += length;
    }
    Ok(found)
}

/// The kind and the length of the token that `rest` begins with.
fn next(rest: &str) -> Option<(TokenKind, usize)> {
    if rest.starts_with("//") {
        let line = rest.split('\n').next().unwrap_or(rest);
        return Some((TokenKind::LineComment, line.trim_end_matches('\r').len()));
    }
    if rest.starts_with("/*") {
        return Some((TokenKind::BlockComment, block_comment(rest)?));
    }
    if let Some(prefix) = literal(rest) {
        let inside = &rest[prefix.len()..];
        let length = if prefix.ends_with('r') { raw_string(inside) } else { quoted(inside) };
        return Some((TokenKind::Literal, prefix.len() + length?));
    }
    if let Some(name) = rest.strip_prefix('\'') {
        return Some((TokenKind::Lifetime, 1 + word(name)));
    }
    match word(rest.strip_prefix("r#").unwrap_or(rest)) {
        0 if rest.starts_with("->") || rest.starts_with("=>") => Some((TokenKind::Sign, 2)),
        0 => Some((TokenKind::Sign, rest.chars().next()?.len_utf8())),
        length => Some((TokenKind::Word, length + if rest.starts_with("r#") { 2 } else { 0 })),
    }
}

/// How much of it is letters, digits and `_`. Of a number that is the part before its point, which does.
fn word(text: &str) -> usize {
    text.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(text.len())
}

fn block_comment(text: &str) -> Option<usize> {
    let (mut at, mut depth) = (0, 0);
    loop {
        let (opens, closes) = (text[at..].find("/*"), text[at..].find("*/")?);
        if let Some(opens) = opens.filter(|opens| *opens < closes) {
            (at, depth) = (at + opens + 2, depth + 1);
        } else {
            (at, depth) = (at + closes + 2, depth - 1);
        }
        if depth == 0 {
            return Some(at);
        }
    }
}

/// What stands before the quote of the literal that `text` begins with, if it does.
fn literal(text: &str) -> Option<&'static str> {
    ["br", "cr", "b", "c", "r", ""].into_iter().find(|prefix| {
        let Some(rest) = text.strip_prefix(prefix) else { return false };
        let raw = if prefix.ends_with('r') { rest.trim_start_matches('#') } else { rest };
        raw.starts_with('"') || (matches!(*prefix, "" | "b") && is_character(rest))
    })
}

/// Whether it begins with a character in quotes, and not with a lifetime.
fn is_character(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next() == Some('\'')
        && match letters.next() {
            Some('\\') => true,
            Some(_) => letters.next() == Some('\''),
            None => false,
        }
}

fn raw_string(text: &str) -> Option<usize> {
    let hashes = text.find('"')?;
    let end = format!("\"{}", &text[..hashes]);
    let inside = text[hashes + 1..].find(&end)?;
    Some(hashes + 1 + inside + end.len())
}

/// What ends with the sign that it begins with.
fn quoted(text: &str) -> Option<usize> {
    let mut letters = text.char_indices();
    let (_, quote) = letters.next()?;
    while let Some((at, letter)) = letters.next() {
        if letter == quote {
            return Some(at + 1);
        }
        if letter == '\\' {
            letters.next();
        }
    }
    None
}

/// The index of the bracket that closes the one at index `open`.
pub fn closing(tokens: &[Token], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        if ["(", "[", "{"].iter().any(|sign| token.is(sign)) {
            depth += 1;
        } else if [")", "]", "}"].iter().any(|sign| token.is(sign)) {
            depth -= 1;
        }
        if depth == 0 {
            return Some(index);
        }
    }
    None
}
