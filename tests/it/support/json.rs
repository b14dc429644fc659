//! As much JSON (RFC 8259) as a browser needs to be driven.

use std::iter::Peekable;
use std::str::Chars;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`, and whatever is not there.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Json>),
    /// An object, in its order.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads a text that is known to be JSON.
    #[track_caller]
    pub fn parse(text: &str) -> Self {
        let mut rest = text.chars().peekable();
        let value = value(&mut rest);
        space(&mut rest);
        assert!(rest.next().is_none(), "more than one value in {text:?}");
        value
    }

    /// The member of that name; `Null` if there is none.
    pub fn get(&self, name: &str) -> &Json {
        let Json::Object(members) = self else { return &Json::Null };
        members.iter().find(|(known, _)| known == name).map_or(&Json::Null, |(_, value)| value)
    }

    /// The string that it is.
    #[track_caller]
    pub fn text(&self) -> &str {
        let Json::Text(text) = self else { panic!("no string: {self:?}") };
        text
    }

    /// The number that it is.
    #[track_caller]
    pub fn number(&self) -> f64 {
        let Json::Number(number) = self else { panic!("no number: {self:?}") };
        *number
    }
}

/// A text as a JSON string, in its quotes.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.extend(format!("\\u{:04x}", u32::from(c)).chars()),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

fn space(rest: &mut Peekable<Chars>) {
    while rest.next_if(char::is_ascii_whitespace).is_some() {}
}

#[track_caller]
fn value(rest: &mut Peekable<Chars>) -> Json {
    space(rest);
    match rest.peek().expect("the JSON ends too early") {
        '{' => Json::Object(items(rest, '}', |rest| {
            let name = string(rest);
            space(rest);
            assert_eq!(rest.next(), Some(':'));
            (name, value(rest))
        })),
        '[' => Json::List(items(rest, ']', value)),
        '"' => Json::Text(string(rest)),
        _ => {
            let mut word = String::new();
            while let Some(c) = rest.next_if(|c| c.is_ascii_alphanumeric() || "+-.".contains(*c)) {
                word.push(c);
            }
            match word.as_str() {
                "null" => Json::Null,
                "true" | "false" => Json::Bool(word == "true"),
                _ => Json::Number(word.parse().unwrap_or_else(|_| panic!("no JSON: {word:?}"))),
            }
        }
    }
}

/// What stands between two brackets, with commas.
fn items<T>(
    rest: &mut Peekable<Chars>,
    end: char,
    item: impl Fn(&mut Peekable<Chars>) -> T,
) -> Vec<T> {
    let mut items = Vec::new();
    rest.next();
    loop {
        space(rest);
        if rest.next_if(|c| *c == end || *c == ',') == Some(end) {
            return items;
        }
        space(rest);
        items.push(item(rest));
    }
}

fn string(rest: &mut Peekable<Chars>) -> String {
    let mut units: Vec<u16> = Vec::new();
    rest.next();
    loop {
        match rest.next().expect("a string without an end") {
            '"' => return String::from_utf16_lossy(&units),
            '\\' => match rest.next().expect("a string without an end") {
                'u' => {
                    let digits: String = rest.by_ref().take(4).collect();
                    units.push(u16::from_str_radix(&digits, 16).unwrap());
                }
                'n' => units.push(10),
                'r' => units.push(13),
                't' => units.push(9),
                'b' => units.push(8),
                'f' => units.push(12),
                c => units.extend(c.encode_utf16(&mut [0; 2]).iter()),
            },
            c => units.extend(c.encode_utf16(&mut [0; 2]).iter()),
        }
    }
}
