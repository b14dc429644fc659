//! Words of Rust: what looks like code in strings and comments is none.

use p2p_chat::tools::handout::lexer::{TokenKind, closing, tokens};

/// The texts of the tokens of one kind.
fn of(kind: TokenKind, source: &str) -> Vec<&str> {
    let all = tokens(source).unwrap();
    all.iter().filter(|token| token.kind == kind).map(|token| token.text).collect()
}

/// The signs and words, between blanks.
fn code(source: &str) -> String {
    let all = tokens(source).unwrap();
    let code = all.iter().filter(|token| matches!(token.kind, TokenKind::Word | TokenKind::Sign));
    code.map(|token| token.text).collect::<Vec<_>>().join(" ")
}

#[test]
fn words_and_signs() {
    assert_eq!(code("fn a(b: &u8) -> c {}"), "fn a ( b : & u8 ) -> c { }");
    assert_eq!(code("x>=1; 0..=9.5 => _y"), "x > = 1 ; 0 . . = 9 . 5 => _y");
    assert_eq!(code("r#fn größe r#\u{e9}t\u{e9}"), "fn größe \u{e9}t\u{e9}");
}

#[test]
fn strings_hold_what_they_like() {
    for string in [
        r#""{ } // /* fn \" ' ""#,
        r##"r#"a " } "#"##,
        r###"br##"a "# } "##"###,
        r#"b"\\""#,
        r#"c"}""#,
        r#"cr"}\""#,
        "\"two\nlines }\"",
        r#""\\""#,
    ] {
        assert_eq!(of(TokenKind::Literal, &format!("a({string}) {{ }}")), [string]);
        assert_eq!(code(&format!("a({string}) {{ }}")), "a ( ) { }", "{string}");
    }
}

#[test]
fn characters_and_lifetimes_begin_alike() {
    let source = r#"fn a<'a>(x: &'a str) { ['{', '\'', '\\', b'}', '\u{7d}', 'é', '"'] }"#;
    assert_eq!(of(TokenKind::Lifetime, source), ["'a", "'a"]);
    let characters = [r"'{'", r"'\''", r"'\\'", r"b'}'", r"'\u{7d}'", "'é'", "'\"'"];
    assert_eq!(of(TokenKind::Literal, source), characters);
    assert_eq!(of(TokenKind::Lifetime, "impl Foo<'_> for &'static b {}"), ["'_", "'static"]);
}

#[test]
fn comments_end_where_they_end() {
    let source = "a // } \" '\r\nb /* { /* \" */ } */ c /// d\n//! e";
    assert_eq!(code(source), "a b c");
    assert_eq!(of(TokenKind::LineComment, source), ["// } \" '", "/// d", "//! e"]);
    assert_eq!(of(TokenKind::BlockComment, source), ["/* { /* \" */ } */"]);
}

#[test]
fn what_has_no_end_is_told_with_its_place() {
    for source in ["ab \"c", "ab /* /* */", "ab r#\"c\"", "ab b'\\", "ab '\\n"] {
        assert_eq!(tokens(source).unwrap_err(), 3, "{source}");
    }
}

#[test]
fn a_bracket_is_closed_by_its_own() {
    let source = "x { ( [ \"}\" ] ) '}' } }";
    let all = tokens(source).unwrap();
    assert_eq!(all[closing(&all, 1).unwrap()].start, source.len() - 3);
    assert_eq!(closing(&all[..5], 1), None);
}

#[test]
fn all_of_this_source_can_be_read() {
    let mut folders = vec![std::path::PathBuf::from("src"), "tests".into()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let all = tokens(&text).unwrap();
                let open = |index: &usize| ["(", "[", "{"].iter().any(|sign| all[*index].is(sign));
                for index in (0..all.len()).filter(open) {
                    assert!(closing(&all, index).is_some(), "{} at {index}", path.display());
                }
            }
        }
    }
}
