//! The grader's own primitives, which the secure channel's lab is graded with: the vectors of the RFCs, and the same
//! results as the product's for any input.

use p2p_chat::tls::{chacha20poly1305, hkdf, key_schedule, sha256, x25519};

use crate::crypto;
use crate::driver::dice::Dice;
use crate::tls::{array, bytes, hex};

/// Random bytes.
fn some(dice: &mut Dice, count: usize) -> Vec<u8> {
    (0..count).map(|_| u8::try_from(dice.below(256)).unwrap()).collect()
}

#[test]
fn the_vectors_of_the_rfcs_come_out() {
    let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(hex(&crypto::sha256(b"abc")), hash);
    let scalar = array("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4");
    let point = array("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c");
    let product = "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552";
    assert_eq!(hex(&crypto::x25519(&scalar, &point)), product);
    let key: [u8; 32] = std::array::from_fn(|at| 0x80 + u8::try_from(at).unwrap());
    let nonce = bytes("070000004041424344454647").try_into().unwrap();
    let text =
        b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the \
                 future, sunscreen would be it.";
    let sealed = crypto::seal(&key, &nonce, &bytes("50515253c0c1c2c3c4c5c6c7"), text);
    assert!(hex(&sealed).ends_with("1ae10b594f09e26a7e902ecbd0600691"), "{}", hex(&sealed));
}

#[test]
fn they_are_the_products() {
    let mut dice = Dice::of("grader_tls");
    for length in (0..200).chain([1000, 16_384]) {
        let text = some(&mut dice, length);
        assert_eq!(crypto::sha256(&text), sha256::Sha256::of(&text), "SHA-256 of {length}");
        let key: [u8; 32] = some(&mut dice, 32).try_into().unwrap();
        assert_eq!(crypto::hmac(&key, &text), hkdf::extract(&key, &text), "HMAC of {length}");
        let nonce: [u8; 12] = some(&mut dice, 12).try_into().unwrap();
        let additional = some(&mut dice, length % 40);
        let sealed = crypto::seal(&key, &nonce, &additional, &text);
        let mut theirs = text.clone();
        let tag = chacha20poly1305::seal(&key, &nonce, &additional, &mut theirs);
        assert_eq!(sealed, [theirs, tag.to_vec()].concat(), "sealing {length}");
        assert_eq!(crypto::open(&key, &nonce, &additional, &sealed), Some(text));
        let mut changed = sealed;
        let at = dice.below(changed.len());
        changed[at] ^= 1 << dice.below(8);
        assert_eq!(crypto::open(&key, &nonce, &additional, &changed), None, "byte {at}");
    }
    for _ in 0..20 {
        let [private, public] = [(); 2].map(|()| some(&mut dice, 32).try_into().unwrap());
        assert_eq!(crypto::public_key(&private), x25519::public_key(&private));
        assert_eq!(crypto::x25519(&private, &public), x25519::x25519(&private, &public));
        let context = some(&mut dice, 32);
        let label: [u8; 12] = key_schedule::expand_label(&private, "iv", &context);
        assert_eq!(crypto::expand_label(&private, "iv", &context, 12), label);
    }
}
