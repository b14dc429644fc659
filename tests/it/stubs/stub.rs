//! A program that does no work, in one of the ways that graders have paid for. It stands in for `server`,
//! `client` and `load`; the variable STUB says what it does.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::time::Duration;
use std::{env, process, thread};

/// What becomes of the bytes that come.
fn answer(way: &str, bytes: &[u8]) -> Vec<u8> {
    if way == "echo" {
        return bytes.to_vec();
    }
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    let swaps = [
        ("PING", "PONG"),
        ("REGISTER", "REGACK"),
        ("JOIN\r", "JOINACK\r"),
        ("BRIDGE", "BRIDGEACK"),
        ("INFO\r", "INFOACK\r"),
        ("SAY", "SAID"),
        ("TELL", "TOLD"),
        ("MSG", "ACK"),
    ];
    for (from, to) in swaps {
        text = text.replace(from, to);
    }
    text.into_bytes()
}

fn attend(way: &str, mut stream: TcpStream) {
    let mut buffer = [0; 4096];
    loop {
        if way == "flood" && stream.write_all(&[b'x'; 4096]).is_err() {
            return;
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(_) if way == "crash" => process::exit(1),
            Ok(count) if way == "echo" || way == "swap" => {
                let _ = stream.write_all(&answer(way, &buffer[..count]));
            }
            Ok(_) => {}
        }
    }
}

fn main() {
    let way: &'static str = env::var("STUB").unwrap_or_default().leak();
    let words: Vec<String> = env::args().collect();
    let value = |flag: &str| {
        let place = words.iter().position(|word| word == flag)?;
        words.get(place + 1).cloned()
    };
    if way == "hang" {
        thread::sleep(Duration::from_secs(3600));
    }
    if way == "panic" {
        panic!("not yet implemented");
    }
    let host = value("--host").unwrap_or("127.0.0.1".to_owned());
    let listener = TcpListener::bind((host.as_str(), 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let socket = UdpSocket::bind(address).unwrap();
    match value("--id") {
        Some(name) => println!("{name} running on {address}"),
        None => println!("Server listening on {address}"),
    }
    thread::spawn(move || {
        let mut buffer = [0; 2048];
        while let Ok((count, from)) = socket.recv_from(&mut buffer) {
            let _ = socket.send_to(&answer(way, &buffer[..count]), from);
        }
    });
    // A client goes to its server and does there what it does with everybody.
    if let Some(server) = value("--server").and_then(|server| TcpStream::connect(server).ok()) {
        if way == "echo" || way == "swap" {
            let mut server = server.try_clone().unwrap();
            let name = value("--id").unwrap_or_default();
            let _ = write!(server, "REGISTER\r\nclientID: {name}\r\nIP: 127.0.0.1\r\nPort: {}\r\n\r\n", address.port());
            let _ = write!(server, "JOIN\r\nclientID: {name}\r\n\r\n");
        }
        thread::spawn(move || attend(way, server));
    }
    if way == "flood" {
        thread::spawn(|| while writeln!(std::io::stdout(), "flood").is_ok() {});
    }
    // What is typed is shown.
    thread::spawn(move || {
        let mut line = String::new();
        while std::io::stdin().read_line(&mut line).is_ok_and(|count| count > 0) {
            print!("{line}");
            line.clear();
        }
    });
    for stream in listener.incoming().flatten() {
        thread::spawn(move || attend(way, stream));
    }
}
