//! Named faults, and the alert of each: in a ClientHello, in a server's flight, and in records after the handshake.

use p2p_chat::tls::record::TrafficKeys;
use p2p_chat::tls::{Alert, TlsError};

use crate::tls::{
    Hello, Trace, accepted, connected, contents, error, message, record, sealed, vector,
};

/// The usual EncryptedExtensions.
const NO_EXTENSIONS: [u8; 6] = [8, 0, 0, 2, 0, 0];

#[test]
fn the_usual_handshake_is_none_of_them() {
    let trace = Trace::usual();
    let (secured, sent) = connected(&trace.server_flight(&NO_EXTENSIONS));
    assert!(secured.is_ok());
    assert_eq!(sent, trace.client_flights());
    let (secured, sent) = accepted(&trace.client_flights());
    assert!(secured.is_ok());
    let mut keys = TrafficKeys::new(trace.handshake[1]);
    let flight = [&NO_EXTENSIONS[..], &trace.finished[1]].map(|message| (22, message.to_vec()));
    assert_eq!(contents(&sent, &mut keys)[1..], flight);
    assert!(sent.starts_with(&record(22, &trace.server_hello)));
}

/// A server that gets these bytes answers with this alert, in the clear, and with nothing else.
fn refused(bytes: &[u8], alert: Alert) {
    let (result, sent) = accepted(bytes);
    assert_eq!(error(result), TlsError::Found(alert));
    assert_eq!(sent, record(21, &[2, alert.0]));
}

/// A server refuses this ClientHello.
fn hello(change: impl Fn(Hello) -> Hello, alert: Alert) {
    refused(&record(22, &change(Hello::of_client()).message(1)), alert);
}

/// A server refuses this ClientHello, whose last extension is not as usual.
fn loose(change: impl Fn(Hello) -> Hello, alert: Alert) {
    hello(|hello| change(Hello { bound: false, ..hello }), alert);
}

table! { hello:
    without_extensions_it_is_another_version(|hello| Hello { extensions: vec![], bound: false, ..hello }, Alert::PROTOCOL_VERSION);
    without_versions_it_is_another_version(|hello| hello.without(43), Alert::PROTOCOL_VERSION);
    version_1_2_alone(|hello| hello.extension(43, &[2, 3, 3]), Alert::PROTOCOL_VERSION);
    an_odd_list_of_versions(|hello| hello.extension(43, &[3, 3, 4, 3]), Alert::DECODE_ERROR);
    no_versions_in_the_list(|hello| hello.extension(43, &[0]), Alert::DECODE_ERROR);
    bytes_behind_the_versions(|hello| hello.extension(43, &[2, 3, 4, 0]), Alert::DECODE_ERROR);
    another_suite(|hello| Hello { suites: vec![0, 2, 0x13, 1], ..hello }, Alert::HANDSHAKE_FAILURE);
    no_suites(|hello| Hello { suites: vec![0, 0], ..hello }, Alert::DECODE_ERROR);
    an_odd_list_of_suites(|hello| Hello { suites: vec![0, 3, 0x13, 3, 0], ..hello }, Alert::DECODE_ERROR);
    compression(|hello| Hello { compression: vec![2, 1, 0], ..hello }, Alert::ILLEGAL_PARAMETER);
    a_session_that_is_too_long(|hello| Hello { session: vec![0; 33], ..hello }, Alert::DECODE_ERROR);
    bytes_behind_the_extensions(|hello| Hello { tail: vec![0], ..hello }, Alert::DECODE_ERROR);
    no_groups(|hello| hello.without(10), Alert::MISSING_EXTENSION);
    no_public_keys(|hello| hello.without(51), Alert::MISSING_EXTENSION);
    another_group(|hello| hello.extension(10, &[0, 4, 0, 23, 0, 29]).extension(51, &[0, 5, 0, 23, 0, 1, 9]), Alert::HANDSHAKE_FAILURE);
    an_empty_list_of_public_keys(|hello| hello.extension(51, &[0, 0]), Alert::HANDSHAKE_FAILURE);
    a_public_key_of_a_group_that_is_not_supported(|hello| hello.extension(10, &[0, 2, 0, 23]), Alert::ILLEGAL_PARAMETER);
    a_public_key_that_is_too_short(|hello| hello.extension(51, &[0, 5, 0, 29, 0, 1, 9]), Alert::ILLEGAL_PARAMETER);
    a_public_key_that_makes_zero(|hello| hello.extension(51, &[&[0, 36, 0, 29, 0, 32][..], &[0; 32]].concat()), Alert::ILLEGAL_PARAMETER);
    two_public_keys_of_a_group(|hello| hello.extension(51, &[0, 10, 0, 29, 0, 1, 9, 0, 29, 0, 1, 9]), Alert::ILLEGAL_PARAMETER);
    no_modes(|hello| hello.without(45), Alert::MISSING_EXTENSION);
    no_mode_with_a_group(|hello| hello.extension(45, &[1, 0]), Alert::HANDSHAKE_FAILURE);
    another_identity(|hello| hello.extension(41, &Hello::keys(&[b"glass"], &[32])), Alert::UNKNOWN_PSK_IDENTITY);
    an_extension_twice(|mut hello| { hello.extensions.insert(0, (43, vec![2, 3, 4])); hello }, Alert::ILLEGAL_PARAMETER);
    an_unknown_extension_twice(|mut hello| { hello.extensions.splice(0..0, [(999, vec![]), (999, vec![])]); hello }, Alert::ILLEGAL_PARAMETER);
}

table! { loose:
    no_key(|hello| hello.without(41), Alert::HANDSHAKE_FAILURE);
    the_key_is_not_the_last(|mut hello| { hello.extensions.push((999, vec![])); hello }, Alert::ILLEGAL_PARAMETER);
    a_wrong_binder(|hello| hello, Alert::DECRYPT_ERROR);
    a_binder_that_is_too_long(|hello| hello.extension(41, &Hello::keys(&[b"class"], &[33])), Alert::DECRYPT_ERROR);
    a_binder_that_is_too_short(|hello| hello.extension(41, &Hello::keys(&[b"class"], &[31])), Alert::DECODE_ERROR);
    more_binders_than_identities(|hello| hello.extension(41, &Hello::keys(&[b"class"], &[32, 32])), Alert::ILLEGAL_PARAMETER);
    more_identities_than_binders(|hello| hello.extension(41, &Hello::keys(&[b"class", b"x"], &[32])), Alert::ILLEGAL_PARAMETER);
    no_identities(|hello| hello.extension(41, &Hello::keys(&[], &[])), Alert::DECODE_ERROR);
    an_empty_identity(|hello| hello.extension(41, &Hello::keys(&[b""], &[32])), Alert::DECODE_ERROR);
    bytes_behind_the_binders(|hello| hello.extension(41, &[Hello::keys(&[b"class"], &[32]), vec![0]].concat()), Alert::DECODE_ERROR);
}

/// Bytes from a client that are no ClientHello in a record.
fn bytes(bytes: &[u8], alert: Alert) {
    refused(bytes, alert);
}

table! { bytes:
    text(b"REGISTER alice\n", Alert::UNEXPECTED_MESSAGE);
    data_first(&record(23, &[0; 40]), Alert::UNEXPECTED_MESSAGE);
    change_cipher_spec_first(&record(20, &[1]), Alert::UNEXPECTED_MESSAGE);
    a_finished_first(&record(22, &message(20, &[0; 32])), Alert::UNEXPECTED_MESSAGE);
    an_empty_record(&record(22, &[]), Alert::UNEXPECTED_MESSAGE);
    an_empty_hello(&record(22, &message(1, &[])), Alert::DECODE_ERROR);
    a_message_that_is_too_long(&record(22, &[1, 1, 0, 0]), Alert::ILLEGAL_PARAMETER);
    a_record_that_is_too_long(&[22, 3, 1, 0x40, 1], Alert::RECORD_OVERFLOW);
    an_empty_alert(&record(21, &[]), Alert::UNEXPECTED_MESSAGE);
    a_long_alert(&record(21, &[1, 0, 1, 0]), Alert::DECODE_ERROR);
    an_alert_inside_of_a_message(&[record(22, &[1, 0, 1, 0]), record(21, &[2, 40])].concat(), Alert::UNEXPECTED_MESSAGE);
    two_hellos_in_a_record(&record(22, &Trace::usual().client_hello.repeat(2)), Alert::UNEXPECTED_MESSAGE);
}

#[test]
fn what_a_server_may_get_beside_the_usual_is_skipped() {
    let hello = Hello::of_client()
        .extension(43, &[4, 3, 4, 3, 3])
        .extension(10, &[0, 4, 0, 23, 0, 29])
        .extension(45, &[2, 0, 1])
        .extension(0xfafa, b"grease")
        .extension(41, &Hello::keys(&[b"other", b"class"], &[32, 32]));
    let suites = vec![0, 6, 0x13, 1, 0xfa, 0xfa, 0x13, 3];
    // Only the usual message's binder is made right, so this goes as far as the first identity that is known.
    let hello = Hello { session: vec![5; 32], suites, version: [3, 1], bound: false, ..hello };
    let (result, _) = accepted(&record(22, &hello.message(1)));
    assert_eq!(error(result), TlsError::Found(Alert::DECRYPT_ERROR));

    let hello = Hello { session: vec![5; 32], bound: true, ..hello }
        .extension(41, &Hello::keys(&[b"class"], &[32]));
    let (result, sent) = accepted(&record(22, &hello.message(1)));
    assert_eq!(error(result), TlsError::Cut);
    let server = Hello { session: vec![5; 32], ..Hello::of_server() };
    let start = [record(22, &server.message(2)), record(20, &[1])].concat();
    assert!(sent.starts_with(&start), "the session, repeated, and a change_cipher_spec");
}

/// A client that gets these bytes fails like this, and sends this alert behind its ClientHello. `keys` are what the
/// alert is protected with.
fn hung_up(bytes: &[u8], alert: Alert, mut keys: TrafficKeys) {
    let (result, sent) = connected(bytes);
    assert_eq!(error(result), TlsError::Found(alert));
    let hello = record(22, &Trace::usual().client_hello);
    let rest = sent.strip_prefix(&hello[..]).unwrap();
    assert_eq!(contents(rest, &mut keys), [(21, vec![2, alert.0])]);
}

/// A client refuses this ServerHello.
fn answer(change: impl Fn(Hello) -> Hello, alert: Alert) {
    let hello = change(Hello::of_server()).message(2);
    hung_up(&record(22, &hello), alert, TrafficKeys::new([0; 32]));
}

/// SHA-256 of "HelloRetryRequest": the random of a ServerHello that is one.
const RETRY: &str = "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c";

table! { answer:
    tls_1_2_with_extensions(|hello| Hello { extensions: vec![], ..hello }, Alert::PROTOCOL_VERSION);
    a_version_that_was_not_offered(|hello| hello.extension(43, &[3, 3]), Alert::ILLEGAL_PARAMETER);
    a_version_with_a_wrong_length(|hello| hello.extension(43, &[3, 4, 0]), Alert::ILLEGAL_PARAMETER);
    a_wrong_old_version(|hello| Hello { version: [3, 4], ..hello }, Alert::ILLEGAL_PARAMETER);
    a_retry(|hello| Hello { random: crate::tls::array(RETRY), ..hello }, Alert::ILLEGAL_PARAMETER);
    a_retry_with_another_group(|hello| Hello { random: crate::tls::array(RETRY), ..hello.extension(51, &[0, 23]).without(41) }, Alert::ILLEGAL_PARAMETER);
    a_session_that_was_not_sent(|hello| Hello { session: vec![1], ..hello }, Alert::ILLEGAL_PARAMETER);
    a_suite_that_was_not_offered(|hello| Hello { suites: vec![0x13, 1], ..hello }, Alert::ILLEGAL_PARAMETER);
    compression_that_was_not_offered(|hello| Hello { compression: vec![1], ..hello }, Alert::ILLEGAL_PARAMETER);
    a_group_that_was_not_offered(|hello| hello.extension(51, &[0, 23, 0, 1, 9]), Alert::ILLEGAL_PARAMETER);
    a_server_key_that_is_too_short(|hello| hello.extension(51, &[0, 29, 0, 1, 9]), Alert::ILLEGAL_PARAMETER);
    a_server_key_that_makes_zero(|hello| hello.extension(51, &[&[0, 29, 0, 32][..], &[0; 32]].concat()), Alert::ILLEGAL_PARAMETER);
    no_server_key(|hello| hello.without(51), Alert::MISSING_EXTENSION);
    a_certificate_instead_of_the_key(|hello| hello.without(41), Alert::MISSING_EXTENSION);
    a_key_that_was_not_offered(|hello| hello.extension(41, &[0, 1]), Alert::ILLEGAL_PARAMETER);
    an_index_with_a_wrong_length(|hello| hello.extension(41, &[0]), Alert::ILLEGAL_PARAMETER);
    an_answer_that_was_not_offered(|hello| hello.extension(16, &[]), Alert::UNSUPPORTED_EXTENSION);
    an_answer_in_a_wrong_place(|hello| hello.extension(10, &[0, 2, 0, 29]), Alert::ILLEGAL_PARAMETER);
    an_answer_twice(|mut hello| { hello.extensions.insert(0, (43, vec![3, 4])); hello }, Alert::ILLEGAL_PARAMETER);
    bytes_behind_the_answers(|hello| Hello { tail: vec![0], ..hello }, Alert::DECODE_ERROR);
}

/// A client refuses bytes that are no ServerHello in a record.
fn no_answer(bytes: &[u8], alert: Alert) {
    hung_up(bytes, alert, TrafficKeys::new([0; 32]));
}

table! { no_answer:
    a_line(b"ERROR server-full\n", Alert::UNEXPECTED_MESSAGE);
    tls_1_2_without_extensions(&record(22, &message(2, &[&[3, 3][..], &[0; 36]].concat())), Alert::PROTOCOL_VERSION);
    another_message(&record(22, &message(11, &[])), Alert::UNEXPECTED_MESSAGE);
    a_wrong_change_cipher_spec(&record(20, &[2]), Alert::UNEXPECTED_MESSAGE);
    a_long_change_cipher_spec(&record(20, &[1, 1]), Alert::UNEXPECTED_MESSAGE);
    more_behind_the_server_hello(&record(22, &[&Trace::usual().server_hello[..], &NO_EXTENSIONS].concat()), Alert::UNEXPECTED_MESSAGE);
}

/// A client refuses these records after the ServerHello. Each one has a type and content; the content of the type 0 is
/// sent as it is.
fn after_the_hello(rest: &[(u8, &[u8])], alert: Alert) {
    let trace = Trace::usual();
    let mut keys = TrafficKeys::new(trace.handshake[1]);
    let mut bytes = record(22, &trace.server_hello);
    for (kind, content) in rest {
        let record = if *kind == 0 { content.to_vec() } else { sealed(&mut keys, *kind, content) };
        bytes.extend_from_slice(&record);
    }
    hung_up(&bytes, alert, TrafficKeys::new(trace.handshake[0]));
}

table! { after_the_hello:
    a_message_in_the_clear(&[(0, &record(22, &NO_EXTENSIONS))], Alert::UNEXPECTED_MESSAGE);
    a_record_without_a_tag(&[(0, &record(23, &[0; 15]))], Alert::BAD_RECORD_MAC);
    a_record_with_a_wrong_tag(&[(0, &record(23, &[0; 40]))], Alert::BAD_RECORD_MAC);
    a_finished_too_early(&[(22, &message(20, &[0; 32]))], Alert::UNEXPECTED_MESSAGE);
    a_request_for_a_certificate(&[(22, &NO_EXTENSIONS), (22, &message(13, &[0, 0, 0]))], Alert::UNEXPECTED_MESSAGE);
    a_wrong_finished(&[(22, &NO_EXTENSIONS), (22, &message(20, &[0; 32]))], Alert::DECRYPT_ERROR);
    a_short_finished(&[(22, &NO_EXTENSIONS), (22, &message(20, &[0; 31]))], Alert::DECODE_ERROR);
    an_encrypted_extension_that_was_not_offered(&[(22, &message(8, &[0, 4, 0, 16, 0, 0]))], Alert::UNSUPPORTED_EXTENSION);
    an_encrypted_extension_in_a_wrong_place(&[(22, &message(8, &[0, 4, 0, 51, 0, 0]))], Alert::ILLEGAL_PARAMETER);
    an_encrypted_extension_twice(&[(22, &message(8, &[0, 8, 0, 10, 0, 0, 0, 10, 0, 0]))], Alert::ILLEGAL_PARAMETER);
    data_before_the_finished(&[(22, &NO_EXTENSIONS), (23, b"too early")], Alert::UNEXPECTED_MESSAGE);
    a_message_with_something_between(&[(22, &NO_EXTENSIONS[..3]), (0, &record(20, &[1])), (22, &NO_EXTENSIONS[3..])], Alert::UNEXPECTED_MESSAGE);
    an_empty_piece(&[(22, &[]), (22, &NO_EXTENSIONS)], Alert::UNEXPECTED_MESSAGE);
    a_change_cipher_spec_inside(&[(20, &[1])], Alert::UNEXPECTED_MESSAGE);
    a_key_update_in_the_handshake(&[(22, &NO_EXTENSIONS), (22, &message(24, &[0]))], Alert::UNEXPECTED_MESSAGE);
}

#[test]
fn nothing_may_stand_behind_a_finished() {
    let trace = Trace::usual();
    let behind = [&trace.finished[1][..], &message(4, &[0; 20])].concat();
    after_the_hello(&[(22, &NO_EXTENSIONS), (22, &behind)], Alert::UNEXPECTED_MESSAGE);
}

/// A server refuses these records instead of a Finished.
fn instead_of_finished(kind: u8, content: &[u8], alert: Alert) {
    let trace = Trace::usual();
    let mut keys = TrafficKeys::new(trace.handshake[0]);
    let last = if kind == 0 { content.to_vec() } else { sealed(&mut keys, kind, content) };
    let (result, sent) = accepted(&[record(22, &trace.client_hello), last].concat());
    assert_eq!(error(result), TlsError::Found(alert));
    let flight = trace.server_flight(&NO_EXTENSIONS);
    let mut keys = TrafficKeys::new(trace.traffic[1]);
    assert_eq!(contents(&sent[flight.len()..], &mut keys), [(21, vec![2, alert.0])]);
}

table! { instead_of_finished:
    a_finished_in_the_clear(0, &record(22, &Trace::usual().finished[0]), Alert::UNEXPECTED_MESSAGE);
    another_finished(22, &message(20, &[0; 32]), Alert::DECRYPT_ERROR);
    no_finished(22, &message(24, &[0]), Alert::UNEXPECTED_MESSAGE);
    data_instead(23, b"Hello", Alert::UNEXPECTED_MESSAGE);
    another_hello(0, &record(22, &Trace::usual().client_hello), Alert::UNEXPECTED_MESSAGE);
    a_finished_with_more(22, &[&Trace::usual().finished[0][..], &[24, 0, 0, 1, 0]].concat(), Alert::UNEXPECTED_MESSAGE);
    a_record_of_zeros(0, &record(23, &[0; 53]), Alert::BAD_RECORD_MAC);
}

#[test]
fn an_alert_in_the_clear_is_heard_as_long_as_the_other_side_may_have_no_keys() {
    let hello = record(22, &Trace::usual().client_hello);
    let (result, _) = accepted(&[hello, record(21, &[2, 47])].concat());
    assert_eq!(error(result), TlsError::Received(Alert::ILLEGAL_PARAMETER));
}

#[test]
fn alerts_and_ends_in_the_handshake_are_told_apart() {
    for (bytes, expected) in [
        (record(21, &[2, 40]), TlsError::Received(Alert::HANDSHAKE_FAILURE)),
        (record(21, &[1, 115]), TlsError::Received(Alert::UNKNOWN_PSK_IDENTITY)),
        (record(21, &[2, 200]), TlsError::Received(Alert(200))),
        (record(21, &[1, 0]), TlsError::Received(Alert::CLOSE_NOTIFY)),
        (
            [record(21, &[1, 90]), record(21, &[1, 0])].concat(),
            TlsError::Received(Alert::CLOSE_NOTIFY),
        ),
        (record(21, &[1, 90]), TlsError::Cut),
        (vec![], TlsError::Cut),
        (vec![22, 3], TlsError::Cut),
    ] {
        let (result, sent) = connected(&bytes);
        assert_eq!(error(result), expected, "{bytes:?}");
        assert_eq!(
            sent,
            record(22, &Trace::usual().client_hello),
            "nothing is said to who has gone"
        );
    }
    for number in [40, 47, 51, 109, 115] {
        assert!(Alert(number).refuses_key());
    }
    assert!(!Alert::BAD_RECORD_MAC.refuses_key());
    assert_eq!(vector(&[1]), [0, 1, 1]);
}
