//! Characters that show as nothing or turn text round, and the few places where such a character is part of what
//! is shown: the joiners inside an emoji, and between letters that they shape.
//!
//! The classes are those of Unicode 17. A person who updates them compares the ranges with its `DerivedCoreProperties`.

/// The flags of England, Scotland and Wales after their black flag: tag letters, which show as nothing elsewhere.
const FLAGS: [&str; 3] = [
    "\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}",
    "\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}",
    "\u{E0067}\u{E0062}\u{E0077}\u{E006C}\u{E0073}\u{E007F}",
];

/// Whether a character shows as nothing, splits lines or reorders text: the general categories Cc, Cf, Zl and Zp, and
/// what is `Default_Ignorable_Code_Point` (variation selectors, fillers, joiners). The few of Cf that show, because
/// they stand before a number (`Prepended_Concatenation_Mark`), are left out.
#[rustfmt::skip]
pub fn is_invisible(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    matches!(u32::from(c), 0x80..=0x9F | 0xAD | 0x34F | 0x61C | 0x115F..=0x1160 | 0x17B4..=0x17B5
        | 0x180B..=0x180F | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F
        | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB | 0x13430..=0x1343F | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A
        | 0xE0000..=0xE0FFF)
}

/// The characters of a text with their places, and whether each must be escaped: it is invisible, and no part of
/// what is shown.
///
/// ```
/// use p2p_chat::wire::invisible::judged;
///
/// let escaped = |text: &str| judged(text).filter(|(_, _, escaped)| *escaped).count();
/// assert_eq!([escaped("👩\u{200d}🚀"), escaped("a\u{200d}b"), escaped("a\u{200b}")], [0, 1, 1]);
/// ```
pub fn judged(text: &str) -> impl Iterator<Item = (usize, char, bool)> + '_ {
    let (mut before, mut flag_ends) = (None, 0);
    text.char_indices().map(move |(at, c)| {
        let after = &text[at + c.len_utf8()..];
        if c == '\u{1F3F4}' {
            let flag = FLAGS.iter().find(|flag| after.starts_with(**flag));
            flag_ends = at + c.len_utf8() + flag.map_or(0, |flag| flag.len());
        }
        let escaped = is_invisible(c) && at >= flag_ends && !is_part(before, c, after);
        before = Some(c).filter(|_| !escaped);
        (at, c, escaped)
    })
}

/// Whether an invisible character belongs to what is shown around it. `before` is the character before it, unless
/// that is escaped.
fn is_part(before: Option<char>, c: char, after: &str) -> bool {
    let (Some(before), after) = (before, after.chars().next()) else { return false };
    match c {
        '\u{FE0E}' | '\u{FE0F}' => {
            let is_keycap = matches!(before, '0'..='9' | '#' | '*') && after == Some('\u{20E3}');
            is_keycap || is_pictograph(before)
        }
        '\u{200C}' | '\u{200D}' => after.is_some_and(|after| {
            let in_emoji = is_pictograph(before) || before == '\u{FE0F}';
            let in_emoji = c == '\u{200D}' && in_emoji && is_pictograph(after);
            in_emoji || (is_shaped(before) && is_shaped(after))
        }),
        _ => false,
    }
}

/// Whether a character may be an emoji, or a part of one: the blocks that hold `Extended_Pictographic`, without
/// those of mathematics.
#[rustfmt::skip]
fn is_pictograph(c: char) -> bool {
    matches!(u32::from(c), 0xA9 | 0xAE | 0x203C | 0x2049 | 0x2122 | 0x2139 | 0x2190..=0x21FF | 0x2300..=0x23FF
        | 0x24C2 | 0x25A0..=0x27BF | 0x2934..=0x2935 | 0x2B00..=0x2BFF | 0x3030 | 0x303D | 0x3297 | 0x3299
        | 0x1F000..=0x1FAFF)
}

/// Whether a character is one of those whose shape a joiner changes: the letters and marks of Arabic, of the
/// scripts of India and its neighbours, and of Mongolian.
fn is_shaped(c: char) -> bool {
    matches!(u32::from(c), 0x620..=0x109F | 0x1780..=0x17D3 | 0x1820..=0x18AA) && !is_invisible(c)
}
