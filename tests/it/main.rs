//! The tests: both programs as a stranger meets them, as processes and over sockets.
//!
//! They read like a chat: somebody types, somebody else sees. [`support`] is the vocabulary; it speaks the protocol
//! from its own code, written from PROTOCOL.md, so that a mistake in ours is not made twice. No test waits by
//! sleeping: it waits for what must come, and what must not come is shown by something sent after it that is next.

#![allow(
    clippy::unwrap_used,
    clippy::format_collect,
    reason = "a test that cannot go on fails here, and the line says where"
)]

#[allow(
    dead_code,
    clippy::needless_for_each,
    reason = "some of its words are for the grader alone"
)]
#[path = "../grade/driver/mod.rs"]
mod driver;
#[path = "../grade/lab10/crypto.rs"]
mod crypto;
#[macro_use]
mod support;

#[cfg(unix)]
mod browser;
mod client_absence;
mod client_addresses;
mod client_away;
mod client_chats;
mod client_crossing;
mod client_ends;
mod client_files;
mod client_files_hostile;
mod client_files_shown;
mod client_hostile_peers;
mod client_hostile_server;
mod client_impostor;
mod client_identity;
mod client_intruders;
mod client_ipv6;
mod client_lost;
mod client_nameless;
mod client_looks;
mod client_places;
mod client_receipts;
mod client_refused;
mod client_rendezvous;
mod client_return;
mod client_room;
mod client_screen;
mod client_start;
mod client_stuck;
mod client_texts;
mod client_their_answers;
mod client_their_caller;
mod client_their_listener;
mod client_their_server;
mod client_verdict;
mod client_verified;
mod congestion;
mod editor;
mod explain;
mod file_names;
mod file_times;
mod mutants;
mod grader;
#[cfg(unix)]
mod grader_busy;
#[cfg(unix)]
mod grader_apart;
mod grader_tls;
mod handout_bench;
mod handout_class;
mod handout_handin;
#[cfg(unix)]
mod handout_jobs;
mod handout_lazy;
mod handout_limits;
mod handout_marks;
mod handout_oral;
mod handout_points;
mod handout_scanner;
mod handout_score;
mod handout_tree;
#[cfg(unix)]
mod isolation;
#[cfg(target_os = "linux")]
mod isolation_reach;
#[cfg(target_os = "linux")]
mod isolation_users;
mod lab_page;
#[cfg(target_os = "linux")]
mod left_behind;
mod load;
mod measure;
mod host;
mod liveness;
mod hostile_flood;
mod hostile_races;
mod hostile_words;
mod log_faults;
mod log_lines;
mod log_numbers;
#[cfg(unix)]
mod log_others;
mod log_recovery;
mod nat_ladder;
mod nat_path;
mod nat_query;
mod nat_relayed;
#[cfg(target_os = "linux")]
mod nat_home;
#[cfg(target_os = "linux")]
mod nat_kinds;
#[cfg(target_os = "linux")]
mod nat_namespaces;
#[cfg(target_os = "linux")]
mod nat_namespaces_ends;
mod notices;
mod order;
#[cfg(target_os = "linux")]
mod platforms;
#[cfg(target_os = "linux")]
mod prompt_end;
#[cfg(target_os = "linux")]
mod prompt_once;
#[cfg(target_os = "linux")]
mod prompt_screen;
#[cfg(target_os = "linux")]
mod prompt_words;
mod pace;
mod page_client;
mod page_gate;
mod page_streams;
mod parts_link;
mod parts_sockets;
mod raw;
mod readme;
mod reservations;
mod round_trip;
mod said;
mod schema;
mod secure_server;
mod secure;
mod secure_calls;
mod secure_datagrams;
mod secure_middle;
mod send_buffer;
mod server_bounds;
mod server_console;
mod server_crowd;
mod server_dialect;
mod server_directory;
mod server_end;
mod server_errors;
mod server_grammar;
mod server_history;
mod server_keepalive;
mod server_limits;
mod server_moderation;

mod server_rate;
mod server_reflex;
mod server_relay;
mod server_replay;
mod server_return;
mod server_room;
mod server_shares;
mod server_tickets;
mod shares;
#[cfg(unix)]
mod simulation;
mod slots;
mod stubs;
mod timed;
mod times;
mod tls;
mod tls_ciphers;
mod tls_faults;
mod tls_handshake;
mod tls_keys;
mod tls_mutants;
mod tls_peers;
mod tls_programs;
mod tls_reader;
mod tls_records;
mod tls_replay_window;
mod tls_sha256;
mod tls_writer;
#[cfg(target_os = "linux")]
mod two_machines;
mod udp_ends;
mod udp_lossy;
mod udp_messages;
mod udp_moves;
mod udp_places;
mod udp_query;
mod udp_receipts;
mod udp_start;
mod udp_strangers;
mod yesterday;
