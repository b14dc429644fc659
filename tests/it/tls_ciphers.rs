//! X25519 and ChaCha20-Poly1305 against the vectors of their RFCs and of Project Wycheproof.

use p2p_chat::tls::chacha20::{apply, blocks};
use p2p_chat::tls::chacha20poly1305::{open, seal};
use p2p_chat::tls::poly1305::Poly1305;
use p2p_chat::tls::x25519::{public_key, shared_secret, x25519};

use crate::tls::{array, bytes, hex};

/// The lines of a file of vectors, as words.
fn vectors(file: &str) -> impl Iterator<Item = Vec<&str>> {
    let lines = file.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split(' ').map(|word| if word == "-" { "" } else { word }).collect())
}

#[test]
fn x25519_agrees_with_rfc_7748() {
    for (scalar, u, result) in [
        (
            "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
            "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
            "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552",
        ),
        (
            "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
            "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
            "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957",
        ),
    ] {
        assert_eq!(hex(&x25519(&array(scalar), &array(u))), result);
    }
}

/// Computes X25519 of its own results, `times` times (RFC 7748, 5.2).
fn iterate(times: u32) -> String {
    let (mut k, mut u) = ([0; 32], [0; 32]);
    (k[0], u[0]) = (9, 9);
    for _ in 0..times {
        (k, u) = (x25519(&k, &u), k);
    }
    hex(&k)
}

#[test]
fn x25519_agrees_with_rfc_7748_after_a_thousand_iterations() {
    let once = "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079";
    assert_eq!(iterate(1), once);
    let thousand = "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51";
    assert_eq!(iterate(1000), thousand);
}

#[test]
#[ignore = "takes a minute in a release build"]
fn x25519_agrees_with_rfc_7748_after_a_million_iterations() {
    let million = "7c3911e0ab2586fd864497297e575e6f3bc601c0883c30df5f4dd2d24f665424";
    assert_eq!(iterate(1_000_000), million);
}

#[test]
fn both_sides_share_the_secret_of_rfc_7748() {
    let private = [
        array("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"),
        array("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"),
    ];
    let public = [
        "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
        "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
    ];
    let secret = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
    for (mine, other) in [(0, 1), (1, 0)] {
        assert_eq!(hex(&public_key(&private[mine])), public[mine]);
        let shared = shared_secret(&private[mine], &array(public[other]));
        assert_eq!(hex(&shared.unwrap()), secret);
    }
}

#[test]
fn x25519_agrees_with_wycheproof() {
    let mut zeros = 0;
    for words in vectors(include_str!("tls/x25519.txt")) {
        let (private, public) = (array(words[1]), array(words[2]));
        assert_eq!(hex(&x25519(&private, &public)), words[3], "number {}", words[0]);
        let zero = words[4] == "zero";
        zeros += u32::from(zero);
        assert_eq!(shared_secret(&private, &public).is_none(), zero, "number {}", words[0]);
    }
    assert!(zeros > 20, "only {zeros} public keys that make zero");
}

#[test]
fn chacha20_and_poly1305_agree_with_rfc_8439() {
    let mut seen = 0;
    for words in vectors(include_str!("tls/rfc8439.txt")) {
        let (kind, key) = (words[0], array(words[1]));
        seen += 1;
        match kind {
            "block" => {
                let stream = blocks(&key, words[3].parse().unwrap(), &array(words[2]));
                assert_eq!(hex(&stream[..64]), words[4]);
            }
            "encrypt" => {
                let mut text = bytes(words[4]);
                apply(&key, words[3].parse().unwrap(), &array(words[2]), &mut text);
                assert_eq!(hex(&text), words[5]);
            }
            "poly1305" => {
                let mut tag = Poly1305::new(&key);
                tag.update(&bytes(words[2]));
                assert_eq!(hex(&tag.finish()), words[3]);
            }
            "keygen" => assert_eq!(hex(&blocks(&key, 0, &array(words[2]))[..32]), words[3]),
            _ => check(&words[1..]),
        }
    }
    assert_eq!(seen, 5 + 3 + 11 + 3 + 1);
}

/// Seals and opens what a vector says: KEY NONCE ADDITIONAL TEXT CIPHERTEXT TAG.
fn check(words: &[&str]) {
    let (key, nonce, additional) = (array(words[0]), array(words[1]), bytes(words[2]));
    let (plain, sealed, tag) = (bytes(words[3]), bytes(words[4]), bytes(words[5]));
    let mut text = plain.clone();
    assert_eq!(seal(&key, &nonce, &additional, &mut text)[..], tag, "{words:?}");
    assert_eq!(text, sealed, "{words:?}");
    assert!(open(&key, &nonce, &additional, &mut text, &tag), "{words:?}");
    assert_eq!(text, plain, "{words:?}");
}

#[test]
fn chacha20poly1305_agrees_with_wycheproof() {
    let mut wrong = 0;
    for words in vectors(include_str!("tls/chacha20poly1305.txt")) {
        if words[7] == "valid" {
            check(&words[1..7]);
            continue;
        }
        wrong += 1;
        let (key, nonce, additional) = (array(words[1]), array(words[2]), bytes(words[3]));
        let mut text = bytes(words[5]);
        assert!(
            !open(&key, &nonce, &additional, &mut text, &bytes(words[6])),
            "number {}",
            words[0]
        );
        assert_eq!(text, bytes(words[5]), "number {}: it must stay as it is", words[0]);
    }
    assert!(wrong > 50, "only {wrong} wrong tags");
}

/// Four blocks are made at once. Each length up to two such steps, and the blocks one by one, must fit together.
#[test]
fn a_stream_does_not_depend_on_how_many_blocks_are_made_at_once() {
    let (key, nonce) = ([7; 32], [9; 12]);
    let mut whole = [0; 600];
    apply(&key, 5, &nonce, &mut whole);
    for length in 0..whole.len() {
        let mut text = vec![0; length];
        apply(&key, 5, &nonce, &mut text);
        assert_eq!(text, whole[..length]);
    }
    for (block, number) in whole.chunks(64).zip(5..) {
        assert_eq!(blocks(&key, number, &nonce)[..block.len()], *block);
    }
}

#[test]
fn no_flipped_bit_and_no_cut_passes() {
    let (key, nonce, additional) = ([1; 32], [2; 12], [3; 5]);
    let mut text = *b"Hello, everyone!";
    let tag = seal(&key, &nonce, &additional, &mut text);
    let fails = |additional: &[u8], mut text: Vec<u8>, tag: &[u8]| {
        assert!(!open(&key, &nonce, additional, &mut text, tag));
    };
    for bit in 0..8 * 16 {
        let flip = |bytes: &[u8]| {
            let mut flipped = bytes.to_vec();
            flipped[bit / 8 % bytes.len()] ^= 1 << (bit % 8);
            flipped
        };
        fails(&additional, flip(&text), &tag);
        fails(&additional, text.to_vec(), &flip(&tag));
        fails(&flip(&additional), text.to_vec(), &tag);
    }
    for length in 0..16 {
        fails(&additional, text[..length].to_vec(), &tag);
        fails(&additional, text.to_vec(), &tag[..length]);
    }
    assert!(open(&key, &nonce, &additional, &mut text, &tag));
}
