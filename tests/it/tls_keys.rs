//! The key schedule against the trace of a simple handshake in RFC 8448, section 3.

use p2p_chat::tls::key_schedule::{
    EarlySecret, derive_secret, expand_label, finished, next_secret,
};
use p2p_chat::tls::sha256::Sha256;
use p2p_chat::tls::x25519::{public_key, shared_secret};

use crate::tls::{array, bytes, hex};

const CLIENT_HELLO: &str = "
    010000c00303cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece7000006130113031302
    010000910000000b0009000006736572766572ff01000100000a00140012001d001700180019010001010102010301
    0400230000003300260024001d002099381de560e4bd43d23d8e435a7dbafeb3c06e51c13cae4d5413691e529aaf2c
    002b0003020304000d0020001e040305030603020308040805080604010501060102010402050206020202002d0002
    0101001c00024001";
const SERVER_HELLO: &str = "
    020000560303a6af06a4121860dc5e6e60249cd34c95930c8ac5cb1434dac155772ed3e2692800130100002e003300
    24001d0020c9828876112095fe66762bdbf7c672e156d6cc253b833df1dd69b1b04e751f0f002b00020304";

/// The transcript after the server's Finished. It has a certificate, which is not repeated here.
const AFTER_FINISHED: &str = "9608102a0f1ccc6db6250b7b7e417b1a000eaada3daae4777a7686c9ff83df13";

#[test]
fn the_keys_of_rfc_8448_come_out() {
    let private = array("b1580eeadf6dd589b8ef4f2d5652578cc810e9980191ec8d058308cea216a21e");
    let public = array("99381de560e4bd43d23d8e435a7dbafeb3c06e51c13cae4d5413691e529aaf2c");
    let own = "c9828876112095fe66762bdbf7c672e156d6cc253b833df1dd69b1b04e751f0f";
    assert_eq!(hex(&public_key(&private)), own);
    let shared = shared_secret(&private, &public).unwrap();
    assert_eq!(hex(&shared), "8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d");

    let transcript = Sha256::of(&[bytes(CLIENT_HELLO), bytes(SERVER_HELLO)].concat());
    let hash = "860c06edc07858ee8e78f0e7428c58edd6b43f2ca3e6e95f02ed063cf0e1cad8";
    assert_eq!(hex(&transcript), hash);
    let handshake = EarlySecret::new(&[0; 32]).handshake(&shared);
    let [client, server] = handshake.traffic(&transcript);
    assert_eq!(hex(&client), "b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21");
    assert_eq!(hex(&server), "b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38");
    assert_eq!(hex(&expand_label::<16>(&server, "key", &[])), "3fce516009c21727d0f2e4e86ee403bc");
    assert_eq!(hex(&expand_label::<12>(&server, "iv", &[])), "5d313eb2671276ee13000b30");
    let finished_key = "008d3b66f816ea559f96b537e885c31fc068bf492c652f01f288a1d8cdc19fc8";
    assert_eq!(hex(&expand_label::<32>(&server, "finished", &[])), finished_key);

    let transcript = array(AFTER_FINISHED);
    let master = handshake.master();
    let [client_data, server_data] = master.traffic(&transcript);
    let (c, s) = (
        "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5",
        "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643",
    );
    assert_eq!((hex(&client_data), hex(&server_data)), (c.to_owned(), s.to_owned()));
    let proof = "a8ec436d677634ae525ac1fcebe11a039ec17694fac6e98527b642f2edd5ce61";
    assert_eq!(hex(&finished(&client, &transcript)), proof);
}

/// Section 4 has a binder, of a key from an earlier connection. Only its label is another one.
#[test]
fn the_binder_of_rfc_8448_comes_out() {
    let early = array("9b2188e9b2fc6d64d71dc329900e20bb41915000f678aa839cbb797cb7d8332c");
    let binder_key = derive_secret(&early, "res binder", &Sha256::of(&[]));
    let key = "69fe131a3bbad5d63c64eebcc30e395b9d8107726a13d074e389dbc8a4e47256";
    assert_eq!(hex(&binder_key), key);
    let hash = array("63224b2e4573f2d3454ca84b9d009a04f6be9e05711a8396473aefa01e924a14");
    let binder = "3add4fb2d8fdf822a0ca3cf7678ef5e88dae990141c5924d57bb6fa31b9e5f9d";
    assert_eq!(hex(&finished(&binder_key, &hash)), binder);
}

/// RFC 8448 has no exporter's output and no KeyUpdate. These are computed with Python's hmac, from the RFC's formulas.
#[test]
fn exporter_binder_and_next_secret_follow_their_formulas() {
    let early = EarlySecret::new(b"0123456789abcdef");
    assert_eq!(
        hex(&early.binder(&[7; 32])),
        "8e54cc1ec143e23897aca763aa3de77a1587195856dec6d04a1a5192370b4135"
    );
    let master = early.handshake(&[5; 32]).master();
    let exporter = master.exporter(&[6; 32]);
    let code: [u8; 32] = exporter.export("EXPERIMENTAL-p2p-chat-code", b"");
    assert_eq!(hex(&code), "27763bc2673223e70b24e37d97a0b29d27305ae9aa2cbe4ebb7d7c4c83c27d57");
    let code: [u8; 50] = exporter.export("EXPERIMENTAL-p2p-chat-code", b"context");
    assert_eq!(
        hex(&code),
        "dc0a0e5b4c9242b95358849159a07274014215ad3f8e54ca3b2e398cfe64db273eae3b6bfa1286ee06c4acd27c17faf4e1b9"
    );
    assert_eq!(
        hex(&next_secret(&[9; 32])),
        "5a61c6f8d21e95851a1edbc9290a7bb1661484bc1da5c8b402e4dea90c5c845e"
    );
    assert_eq!(derive_secret(&[9; 32], "x", &[1; 32]), expand_label(&[9; 32], "x", &[1; 32]));
}
