//! The scanner: what looks like code in strings and comments is none.

use p2p_chat::tools::handout::scanner::code;

#[test]
fn code_stays_as_it_is() {
    for source in
        ["fn a(b: &u8) -> c {}", "x>=1; 0..=9.5 => _y / 2", "r#fn größe r#\u{e9}t\u{e9} br"]
    {
        assert_eq!(code(source).unwrap(), source);
    }
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
        r#""\\""#,
        r#""größer }""#,
    ] {
        let hidden = "\"".repeat(string.len());
        let expected = format!("a({hidden}) {{ }}");
        assert_eq!(code(&format!("a({string}) {{ }}")).unwrap(), expected, "{string}");
    }
    assert_eq!(code("\"two\nlines }\" }").unwrap(), "\"\"\"\"\n\"\"\"\"\"\"\"\" }");
}

#[test]
fn characters_and_lifetimes_begin_alike() {
    for character in ["'{'", r"'\''", r"'\\'", "b'}'", r"'\u{7d}'", "'é'", "'\"'"] {
        let expected = format!("[{}, '_]", "\"".repeat(character.len()));
        assert_eq!(code(&format!("[{character}, '_]")).unwrap(), expected);
    }
    for source in ["fn a<'a>(x: &'a str)", "impl Foo<'_> for &'static b {}", "'r#a 'r 'b"] {
        assert_eq!(code(source).unwrap(), source);
    }
}

#[test]
fn comments_end_where_they_end() {
    let source = "a // } \" '\nb /* { /* \" */ } */ c /// d\n//! e";
    assert_eq!(code(source).unwrap(), "a ////////\nb                   c /////\n/////");
    assert_eq!(code("/*/ } */ a /* \n */").unwrap(), "         a    \n   ");
}

/// In each of these the brace is code for the compiler, or else it is in a string.
#[test]
fn the_compiler_sees_strings_in_the_same_places() {
    for (source, is_code) in [
        (r#""a"r"\" }" "#, false), // a suffix
        (r#"1r"\" }" "#, false),   // of a number
        (r#"'a'b"\" }" "#, false), // of a character
        (r#"'r"\" }" "#, false),   // a lifetime
        (r#"'r#r"\" }" "#, false), // a raw one
        (r#"r#r"\" }" "#, false),  // a raw name
        (r#""a"r#r"\" }"#, true),  // a suffix, `#`, and a raw string
        (r#"r"\" }"#, true),
        (r#"'b' "" }"#, true),
    ] {
        assert_eq!(code(source).unwrap().contains('}'), is_code, "{source}");
    }
}

#[test]
fn what_has_no_end_is_told_with_its_line() {
    for source in ["\"c", "/* /* */", "r#\"c\"", "b'\\", "'\\n", "a\u{b7}b", "\u{2028}"] {
        assert_eq!(code(&format!("a\n\nb {source}\n")).unwrap_err(), 3, "{source}");
    }
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
                let code = code(&text).unwrap();
                assert_eq!(code.len(), text.len());
                for (open, close) in [('(', ')'), ('[', ']'), ('{', '}')] {
                    let [opened, closed] = [open, close].map(|sign| code.matches(sign).count());
                    assert_eq!(opened, closed, "{open} in {}", path.display());
                }
            }
        }
    }
}
