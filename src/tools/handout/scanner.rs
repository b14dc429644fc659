//! A scanner for Rust: it tells code from comments and literals.
//!
//! A brace in a string closes no function, and `include!` in a comment includes nothing. The scanner knows
//! just enough of Rust's lexical rules to see that. It must agree with the compiler to the letter: a hand-in
//! may try to make code look like a string.

/// The source with its line comments made of `/`, its block comments blank, and its literals made of `"`.
///
/// Every byte keeps its place and every line break stays, so a position in the result is a position in the
/// source.
///
/// ```text
/// let brace = '}'; // closes nothing
/// let brace = """; /////////////////
/// ```
///
/// # Errors
/// The line, from 1, of a comment or a literal that has no end, or of a character that no code has.
pub fn code(source: &str) -> Result<String, usize> {
    let mut code = String::with_capacity(source.len());
    while code.len() < source.len() {
        let rest = &source[code.len()..];
        let (fill, length) = next(rest).ok_or_else(|| line(source, code.len()))?;
        match fill {
            None => code.push_str(&rest[..length]),
            Some(fill) => {
                let hide = |byte| if byte == b'\n' { '\n' } else { fill };
                code.extend(rest[..length].bytes().map(hide));
            }
        }
    }
    Ok(code)
}

/// The line of a position, from 1.
pub fn line(source: &str, at: usize) -> usize {
    source[..at].matches('\n').count() + 1
}

/// Whether names have this character.
pub fn is_letter(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// The length of the name or the number at the beginning of a text.
pub fn letters(text: &str) -> usize {
    text.find(|letter| !is_letter(letter)).unwrap_or(text.len())
}

/// What fills the first piece of `rest` (nothing, if it is code), and the length of the piece.
fn next(rest: &str) -> Option<(Option<char>, usize)> {
    if rest.starts_with("//") {
        return Some((Some('/'), rest.find('\n').unwrap_or(rest.len())));
    }
    if rest.starts_with("/*") {
        return Some((Some(' '), block_comment(rest)?));
    }
    let (prefix, inside) = rest.split_at(word(rest));
    let literal = match prefix {
        "" | "b" | "c" if inside.starts_with('"') => quoted(inside),
        "" | "b" if is_character(inside) => quoted(inside),
        "r" | "br" | "cr" if inside.trim_start_matches('#').starts_with('"') => raw_string(inside),
        "" if inside.starts_with('\'') => return Some((None, 1 + word(&inside[1..]))),
        // The compiler counts more than letters to a name. Other code has no use for such characters.
        "" => return inside.starts_with(|sign: char| sign.is_ascii()).then_some((None, 1)),
        _ => return Some((None, prefix.len())),
    };
    let end = prefix.len() + literal?;
    // A suffix belongs to the literal: in `"a"r"b"` the `r` makes no raw string.
    Some((Some('"'), end + letters(&rest[end..])))
}

/// The length of the word at the beginning: a name, a raw name (`r#type`), a keyword or digits.
fn word(text: &str) -> usize {
    let raw = text.strip_prefix("r#").map_or(0, letters);
    if raw > 0 { 2 + raw } else { letters(text) }
}

/// The length of a block comment, with the comments in it.
fn block_comment(text: &str) -> Option<usize> {
    let (mut at, mut depth) = (0, 0);
    loop {
        (at, depth) = match text.as_bytes().get(at..at + 2)? {
            b"/*" => (at + 2, depth + 1),
            b"*/" => (at + 2, depth - 1),
            _ => (at + 1, depth),
        };
        if depth == 0 {
            return Some(at);
        }
    }
}

/// Whether the text begins with a character literal (`'a'`) and not with a lifetime (`'a`).
fn is_character(text: &str) -> bool {
    let Some(inside) = text.strip_prefix('\'') else { return false };
    inside.starts_with('\\') || inside.chars().nth(1) == Some('\'')
}

/// The length of a raw string without its `r`.
fn raw_string(text: &str) -> Option<usize> {
    let hashes = text.find('"')?;
    let end = format!("\"{}", &text[..hashes]);
    let inside = text[hashes + 1..].find(&end)?;
    Some(hashes + 1 + inside + end.len())
}

/// The length of a literal that ends with the quote that it begins with. A backslash hides the next character.
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
