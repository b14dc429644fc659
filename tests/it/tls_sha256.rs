//! SHA-256, HMAC and HKDF against the vectors of their RFCs, and the random bytes of both sources.

use std::collections::HashSet;

use p2p_chat::tls::hkdf::{expand, extract};
use p2p_chat::tls::random::{fill_from_threads, random};
use p2p_chat::tls::sha256::{Sha256, hmac, same};

use crate::tls::{array, bytes, hex};

#[test]
fn sha256_agrees_with_rfc_6234() {
    let million = "a".repeat(1_000_000);
    let blocks = "0123456701234567012345670123456701234567012345670123456701234567".repeat(10);
    let two = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    for (message, hash) in [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (two, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"),
        (&million, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
        (&blocks, "594847328451bdfa85056225462cc1d867d877fb388df0ce35f25ab5562bfbb5"),
        ("\x19", "68aa2e2ee5dff96e3355e6c7ee373e3d6a4e17f75f9518d843709c0c9bc3e3d4"),
    ] {
        assert_eq!(hex(&Sha256::of(message.as_bytes())), hash, "{} bytes", message.len());
    }
    let message = bytes("e3d72570dcdd787ce3887ab2cd684652");
    let hash = "175ee69b02ba9b58e2b0a5fd13819cea573f3940a94f825128cf4209beabb4e8";
    assert_eq!(hex(&Sha256::of(&message)), hash);
}

/// The vectors end in blocks of a few lengths. Here each length of a last block has its turn, in pieces of each length.
#[test]
fn a_hash_does_not_depend_on_the_pieces_in_which_the_bytes_come() {
    let message: Vec<u8> = (0..300_u16).map(|number| (number % 251) as u8).collect();
    let mut all = Sha256::new();
    for length in 0..message.len() {
        let whole = Sha256::of(&message[..length]);
        all.update(&whole);
        for piece in [1, 3, 55, 63, 64, 65, 129] {
            let mut hash = Sha256::default();
            message[..length].chunks(piece).for_each(|bytes| hash.update(bytes));
            hash.update(&[]);
            assert_eq!(hash.finish(), whole, "{length} bytes in pieces of {piece}");
        }
    }
    // Computed with Python's hashlib.
    let hash = "fa70b867db0a30acb7218d62945db0df52eb393808b30675ea9aac6b058a9a9d";
    assert_eq!(hex(&all.finish()), hash);
}

#[test]
fn hmac_agrees_with_rfc_4231() {
    let long = [0xaa; 131];
    let counted: Vec<u8> = (1..=25).collect();
    let larger = "This is a test using a larger than block-size key and a larger than \
        block-size data. The key needs to be hashed before being used by the HMAC algorithm.";
    let cases: [(&[u8], &[u8], &str); 7] = [
        (
            &[0x0b; 20],
            b"Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        ),
        (
            b"Jefe",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            &[0xaa; 20],
            &[0xdd; 50],
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
        ),
        (&counted, &[0xcd; 50], "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
        (&[0x0c; 20], b"Test With Truncation", "a3b6167473100ee06e0c796c2955552b"),
        (
            &long,
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
        (
            &long,
            larger.as_bytes(),
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
        ),
    ];
    for (key, message, code) in cases {
        assert!(hex(&hmac(key, message)).starts_with(code), "{code}");
    }
}

#[test]
fn hkdf_agrees_with_rfc_5869() {
    let counted =
        |from: u8, length: u8| (from..=from.saturating_add(length - 1)).collect::<Vec<_>>();
    let secret = extract(&counted(0, 13), &[0x0b; 22]);
    assert_eq!(secret, array("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"));
    let key = array(
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    );
    assert_eq!(expand::<42>(&secret, &counted(0xf0, 10)), key);

    let secret = extract(&counted(0x60, 80), &counted(0, 80));
    assert_eq!(secret, array("06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244"));
    let key = array(
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09
        da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
    );
    assert_eq!(expand::<82>(&secret, &counted(0xb0, 80)), key);

    let secret = extract(&[], &[0x0b; 22]);
    assert_eq!(secret, array("19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04"));
    let key = array(
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
    );
    assert_eq!(expand::<42>(&secret, &[]), key);
}

#[test]
fn secrets_are_the_same_if_all_their_bytes_are() {
    assert!(same(b"", b"") && same(b"abc", b"abc"));
    for other in [&b"abd"[..], b"bbc", b"ab", b"abcd", b""] {
        assert!(!same(b"abc", other));
    }
}

/// Not a proof that they are random: it shows that the sources are used, and that no bytes come twice or stay zero.
#[test]
fn random_bytes_come_once() {
    let from_threads = || {
        let mut bytes = [0; 80];
        fill_from_threads(&mut bytes);
        bytes
    };
    for source in [&from_threads as &dyn Fn() -> [u8; 80], &random::<80>] {
        let words: Vec<u64> = (0..100)
            .flat_map(|_| source().as_chunks().0.to_vec())
            .map(u64::from_be_bytes)
            .collect();
        assert_eq!(words.iter().collect::<HashSet<_>>().len(), 1000);
        let ones: u32 = words.iter().map(|word| word.count_ones()).sum();
        assert!((31_000..33_000).contains(&ones), "{ones} of 64,000 bits are ones");
    }
}
