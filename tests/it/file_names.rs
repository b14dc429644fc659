//! Names of files that others choose, and the blocks and the base64 in which files travel: the rules alone.

use p2p_chat::client::direct::files::name::{harmless, numbered};
use p2p_chat::wire::base64::{decode, encode};
use p2p_chat::wire::{Block, BlockReader, Checksum, FileBlock, FileEnd};

/// What a peer calls a file, and what becomes of it.
#[track_caller]
fn becomes(name: &str, expected: &str) {
    assert_eq!(harmless(name), expected, "{name:?}");
    assert_eq!(harmless(expected), expected, "{name:?}, again");
}

table! { becomes:
    an_ordinary_name_stays("Übung 3 – Lösung (final).tar.gz", "Übung 3 – Lösung (final).tar.gz");
    of_a_path_the_last_part_counts("/etc/passwd", "passwd");
    of_a_path_of_windows_too(r"C:\Windows\System32\hosts", "hosts");
    the_folder_above_is_no_file("../..", "file");
    nor_is_an_empty_name("", "file");
    nor_a_path_alone("notes/", "file");
    nor_are_dots_and_blanks(" . .. ", "file");
    a_hidden_file_is_seen(".bashrc", "bashrc");
    dots_and_blanks_at_the_end_go("report.pdf. .. ", "report.pdf");
    a_stream_of_windows_is_none("notes.txt:hidden", "notes.txt_hidden");
    what_a_shell_expands_is_a_letter("a*?<b>|\"c\"", "a___b___c_");
    an_option_is_none("-rf", "_-rf");
    a_home_is_none("~root", "_~root");
    control_characters_go("a\r\nb\t\0c\x1b[31m.txt", "abc[31m.txt");
    what_turns_text_round_goes("photo\u{202e}gnp.exe", "photognp.exe");
    what_cannot_be_seen_goes("\u{feff}a\u{200b}b\u{ad}.txt", "ab.txt");
    what_looks_like_a_blank_goes("\u{2800}\u{a0}a\u{3000}", "a");
    an_emoji_keeps_its_joiner("👩\u{200d}🚀.png", "👩\u{200d}🚀.png");
    a_device_is_none("CON", "_CON");
    a_device_with_an_ending_is_none("nul.txt", "_nul.txt");
    a_device_with_a_blank_is_none("Aux .tar.gz", "_Aux .tar.gz");
    a_port_is_none("com1", "_com1");
    a_raised_port_is_none("LPT².log", "_LPT².log");
    the_console_is_none("conin$", "_conin$");
    a_word_that_begins_like_a_device_stays("console.txt", "console.txt");
    com10_is_no_port("COM10", "COM10");
    a_part_is_none("aa-1.part", "aa-1.part_");
}

#[test]
fn a_long_name_is_cut_between_characters_and_keeps_its_ending() {
    for letter in ["x", "ä", "語", "👩"] {
        let name = harmless(&(letter.repeat(300) + ".pdf"));
        assert!(
            (190..=200).contains(&name.len())
                && name.rsplit_once('.').is_some_and(|(_, end)| end == "pdf"),
            "{name}"
        );
        let without = harmless(&letter.repeat(300));
        assert!((190..=200).contains(&without.len()), "{without}");
        let long_ending = harmless(&format!("a.{}", letter.repeat(300)));
        assert!((190..=200).contains(&long_ending.len()), "{long_ending}");
    }
    assert_eq!(numbered("notes", 12), "notes (12)");
    assert_eq!(numbered("notes.tar.gz", 2), "notes.tar (2).gz");
}

#[test]
fn base64_is_that_of_the_rfc() {
    // RFC 4648, 10.
    let pairs = [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")];
    for (plain, coded) in pairs {
        assert_eq!(encode(plain.as_bytes()), coded);
        assert_eq!(decode(coded).unwrap(), plain.as_bytes());
    }
    let all: Vec<u8> = (0..=255).collect();
    assert_eq!(decode(&encode(&all)), Some(all));
    for bad in
        ["Z", "Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zg==Zg==", "Zm9 ", "Zm9-", "Zm9ä"]
    {
        assert_eq!(decode(bad), None, "{bad}");
    }
}

/// The block, when it has been over the wire.
fn over_the_wire(block: &Block) -> Option<FileBlock> {
    let text = block.to_string();
    assert!(text.lines().all(|line| line.len() + 2 <= 4_096));
    let block = BlockReader::new(text.as_bytes(), 16).read().unwrap()?.ok()?;
    FileBlock::parse(&block)
}

#[test]
fn each_block_comes_as_it_was_sent() {
    let sum = Checksum(std::array::from_fn(|at| u8::try_from(at * 8).unwrap()));
    let bytes: Vec<u8> = (0..30_000_u32).map(|at| at.to_le_bytes()[0]).collect();
    for block in [
        FileBlock::Offer { file: 1, name: "a: b".to_owned(), size: 7, sum },
        FileBlock::Accepted { file: 2, from: 30_000 },
        FileBlock::Piece { file: 3, from: 0, bytes },
        FileBlock::Piece { file: 3, from: 30_000, bytes: vec![0] },
        FileBlock::Stored { file: 3, upto: u64::MAX },
        FileBlock::End { file: 4, code: FileEnd::NoFolder },
    ] {
        assert_eq!(over_the_wire(&block.to_block()), Some(block));
    }
}

#[test]
fn a_block_that_breaks_a_rule_is_none() {
    let offer = |name: &str, size: &str, sum: &str| {
        let block = Block::new("FILE").with("File", 1).with("Name", name);
        block.with("Size", size).with("SHA-256", sum)
    };
    let sum = "0".repeat(64);
    assert!(over_the_wire(&offer("a", "1", &sum)).is_some());
    for bad in [
        offer(&"x".repeat(256), "1", &sum),
        offer("a", "-1", &sum),
        offer("a", "18446744073709551616", &sum),
        offer("a", "1", &"0".repeat(63)),
        offer("a", "1", &"g".repeat(64)),
        Block::new("FILE").with("Name", "a").with("Size", 1).with("SHA-256", &sum),
        Block::new("PIECE").with("File", 1).with("From", 0),
        Block::new("PIECE").with("File", 1).with("From", 0).with_line("Zg==").with_line("?"),
        Block::new("PIECE").with("File", 1).with_line("Zg=="),
        Block::new("FILEACK").with("File", 1),
        Block::new("FILEEND").with("File", 1),
        Block::new("QUIT").with("File", 1),
    ] {
        assert_eq!(over_the_wire(&bad), None, "{bad}");
    }
    let unknown = Block::new("FILEEND").with("File", 1).with("Code", "later");
    assert_eq!(over_the_wire(&unknown), Some(FileBlock::End { file: 1, code: FileEnd::Disorder }));
}
