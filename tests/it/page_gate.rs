//! The page's server against whatever can reach a port of this machine: who comes in, and what a request may be.

use std::io::Write;
use std::net::Shutdown;

use crate::support::visitor::answer;
use crate::support::{Host, Site};

/// Demands that a request is refused with this status, gets no body, and types nothing.
#[track_caller]
fn refuses(host: &Host, status: u16, request: &str) {
    let answer =
        host.site().gives(request.as_bytes()).unwrap_or_else(|| panic!("silence: {request}"));
    assert_eq!(answer.status, status, "{request}");
    assert_eq!(answer.body, "", "{request}");
    host.has_heard_all();
}

/// A request with these headers and no others.
fn bare(site: &Site, method: &str, path: &str, headers: &str) -> String {
    format!("{method} {}{path} HTTP/1.1\r\n{headers}\r\n", site.path)
}

#[test]
fn page_comes_with_every_header_that_keeps_others_out() {
    let host = Host::start();
    let answer = host.site().asks("GET", "", "");
    assert_eq!(answer.status, 200);
    let expected = [
        "Content-Type: text/html; charset=utf-8",
        "X-Content-Type-Options: nosniff",
        "Cache-Control: no-store",
        "Referrer-Policy: no-referrer",
        "Cross-Origin-Opener-Policy: same-origin",
        "Cross-Origin-Resource-Policy: same-origin",
        "Connection: close",
    ];
    let lines: Vec<&str> = answer.head.lines().collect();
    for line in expected {
        assert!(lines.contains(&line), "no {line}\n{}", answer.head);
    }
    let policy =
        lines.iter().find_map(|line| line.strip_prefix("Content-Security-Policy: ")).unwrap();
    for part in [
        "default-src 'none'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.split("; ").any(|own| own == part), "no {part} in {policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(
        answer.body.len().to_string(),
        lines.iter().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap()
    );
}

#[test]
fn page_has_a_fresh_nonce_each_time_and_nothing_from_outside() {
    let host = Host::start();
    let nonce = |body: &str| body.split("nonce=\"").nth(1).unwrap()[..32].to_owned();
    let (first, second) = (host.site().asks("GET", "", ""), host.site().asks("GET", "", ""));
    assert_ne!(nonce(&first.body), nonce(&second.body));
    for answer in [first, second] {
        let nonce = nonce(&answer.body);
        for kind in ["script", "style"] {
            assert!(
                answer.head.contains(&format!("{kind}-src 'nonce-{nonce}'")),
                "{}",
                answer.head
            );
            assert!(answer.body.contains(&format!("<{kind} nonce=\"{nonce}\">")));
            assert_eq!(answer.body.matches(&format!("<{kind}")).count(), 1, "{kind}");
        }
        for way_out in
            ["http:", "https:", "//cdn", "src=", "@import", "url(", "innerHTML", "eval(", "{nonce}"]
        {
            assert!(!answer.body.contains(way_out), "{way_out} is in the page");
        }
    }
}

#[test]
fn page_without_its_token_is_not_there() {
    let host = Host::start();
    let site = host.site();
    let other = Host::start();
    let token = site.path.trim_matches('/');
    let almost = format!("{}{}", &token[..31], if token.ends_with('0') { '1' } else { '0' });
    let upper = token.to_uppercase();
    let paths = [
        "/".to_owned(),
        "/favicon.ico".to_owned(),
        "/events".to_owned(),
        "/line".to_owned(),
        format!("/{token}"),
        format!("//{token}/"),
        format!("/{almost}/"),
        format!("/{}/", &token[..31]),
        format!("/{token}0/"),
        other.site().path.clone(),
        format!("{}events", other.site().path),
        format!("/?{token}"),
        format!("http://127.0.0.1:{}/{token}/", site.port),
        "*".to_owned(),
    ];
    let port = site.port;
    for path in paths.iter().chain((upper != token).then_some(&format!("/{upper}/"))) {
        for method in ["GET", "POST", "OPTIONS"] {
            let headers = format!(
                "Host: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\nContent-Length: 2\r\n"
            );
            refuses(&host, 404, &format!("{method} {path} HTTP/1.1\r\n{headers}\r\nhi"));
        }
    }
}

#[test]
fn page_has_three_paths_and_a_method_for_each() {
    let host = Host::start();
    let site = host.site();
    for (method, path) in [
        ("HEAD", ""),
        ("OPTIONS", ""),
        ("PUT", "line"),
        ("GET", "line"),
        ("DELETE", "events"),
        ("OPTIONS", "line"),
    ] {
        refuses(&host, 405, &site.head(method, path, ""));
    }
    refuses(&host, 405, &(site.head("POST", "", "Content-Length: 2\r\n") + "hi"));
    for path in ["?", "x", "events/", "events?x", "line/", "../", "%65vents", "?chat=1"] {
        refuses(&host, 404, &site.head("GET", path, ""));
    }
}

#[test]
fn page_is_for_its_own_address_and_not_for_a_name_that_leads_to_it() {
    let host = Host::start();
    let (site, port) = (host.site(), host.site().port);
    let hosts = [
        "evil.example".to_owned(),
        format!("evil.example:{port}"),
        "127.0.0.1".to_owned(),
        format!("127.0.0.1:{}", port ^ 1),
        format!("127.0.0.1:{port}.evil.example"),
        format!("127.0.0.1:0{port}"),
        format!("127.1:{port}"),
        format!("[::1]:{port}"),
        format!("localhost.:{port}"),
        "localhost".to_owned(),
    ];
    for own in &hosts {
        for path in ["", "events"] {
            refuses(&host, 403, &bare(site, "GET", path, &format!("Host: {own}\r\n")));
        }
        let headers = format!("Host: {own}\r\nOrigin: http://{own}\r\nContent-Length: 2\r\n");
        refuses(&host, 403, &(bare(site, "POST", "line", &headers) + "hi"));
    }
    refuses(&host, 400, &bare(site, "GET", "", ""));
    let twice = format!("Host: 127.0.0.1:{port}\r\nHost: 127.0.0.1:{port}\r\n");
    refuses(&host, 400, &bare(site, "GET", "", &twice));
    let local = format!(
        "Host: localhost:{port}\r\nOrigin: http://localhost:{port}\r\nContent-Length: 2\r\n"
    );
    assert_eq!(
        site.gives((bare(site, "POST", "line", &local) + "hi").as_bytes()).unwrap().status,
        204
    );
    assert_eq!(host.hears(), ("hi".to_owned(), None));
}

#[test]
fn page_takes_lines_from_its_own_script_alone() {
    let host = Host::start();
    let (site, port) = (host.site(), host.site().port);
    let request = |headers: &str| {
        site.head("POST", "line", &format!("{headers}Content-Length: 2\r\n")) + "hi"
    };
    let foreign = [
        String::new(),
        "Origin: null\r\n".to_owned(),
        "Origin: http://evil.example\r\n".to_owned(),
        format!("Origin: https://127.0.0.1:{port}\r\n"),
        format!("Origin: http://127.0.0.1:{}\r\n", port ^ 1),
        format!("Origin: http://localhost:{port}\r\n"),
        format!("Origin: http://127.0.0.1:{port}/\r\n"),
        "Origin: http://127.0.0.1\r\n".to_owned(),
        "Sec-Fetch-Site: cross-site\r\n".to_owned(),
        "Sec-Fetch-Site: same-site\r\n".to_owned(),
        "Sec-Fetch-Site: none\r\n".to_owned(),
        "Sec-Fetch-Site: same-origin\r\nOrigin: http://evil.example\r\n".to_owned(),
    ];
    for headers in &foreign {
        refuses(&host, 403, &request(headers));
    }
    let evil = "Origin: http://evil.example\r\n";
    refuses(&host, 403, &site.head("GET", "events", evil));
    for headers in [
        format!("Origin: http://127.0.0.1:{port}\r\n"),
        "Sec-Fetch-Site: same-origin\r\n".to_owned(),
    ] {
        assert_eq!(site.gives(request(&headers).as_bytes()).unwrap().status, 204);
        assert_eq!(host.hears(), ("hi".to_owned(), None));
    }
}

#[test]
fn page_hands_on_lines_of_every_length_and_script() {
    let host = Host::start();
    let longest = "x".repeat(4096);
    for line in
        ["", "hi", " /say  two  spaces ", "é 👋 \u{202e}", "a\tb", "line?chat=1", longest.as_str()]
    {
        assert_eq!(host.site().posts("line", line), 204, "{line}");
        assert_eq!(host.hears(), (line.to_owned(), None));
    }
    assert_eq!(host.site().posts("line?chat=7", "to seven"), 204);
    assert_eq!(host.hears(), ("to seven".to_owned(), Some(7)));
    for path in [
        "line?",
        "line?chat=",
        "line?chat=-1",
        "line?chat=7&chat=8",
        "line?chat=99999999999999999999",
        "line?x=7",
    ] {
        assert_eq!(host.site().posts(path, "x"), 400, "{path}");
    }
    for line in ["two\nlines", "two\rlines", "end\n"] {
        assert_eq!(host.site().posts("line", line), 400, "{line:?}");
    }
    host.has_heard_all();
}

#[test]
fn page_wants_to_know_the_length_of_a_body_once_and_for_all() {
    let host = Host::start();
    let site = host.site();
    let request = |headers: &str, body: &str| {
        site.head("POST", "line", &format!("Sec-Fetch-Site: same-origin\r\n{headers}")) + body
    };
    refuses(&host, 400, &request("", ""));
    refuses(&host, 413, &request("Content-Length: 4097\r\n", ""));
    refuses(&host, 413, &request("Content-Length: 99999999999999999999999999\r\n", ""));
    for bad in ["-1", "+2", "2, 2", "0x2", "", "2 2", "٢"] {
        refuses(&host, 400, &request(&format!("Content-Length: {bad}\r\n"), "hi"));
    }
    refuses(&host, 400, &request("Content-Length: 2\r\nContent-Length: 2\r\n", "hi"));
    refuses(&host, 400, &request("Transfer-Encoding: chunked\r\n", "2\r\nhi\r\n0\r\n\r\n"));
    refuses(
        &host,
        400,
        &request("Content-Length: 2\r\ntransfer-encoding: chunked\r\n", "2\r\nhi\r\n0\r\n\r\n"),
    );
    let mut bytes = request("Content-Length: 2\r\n", "").into_bytes();
    bytes.extend(b"\xff\xfe");
    assert_eq!(site.gives(&bytes).unwrap().status, 400);
    host.has_heard_all();
}

#[test]
fn page_reads_the_grammar_and_nothing_that_resembles_it() {
    let host = Host::start();
    let (site, port) = (host.site(), host.site().port);
    let own = format!("Host: 127.0.0.1:{port}\r\n");
    let path = &site.path;
    for first in [
        format!("GET  {path} HTTP/1.1"),
        format!("GET {path}"),
        format!("GET {path} HTTP/2.0"),
        format!("GET {path} http/1.1"),
        format!(" GET {path} HTTP/1.1"),
        format!("GET {path} x HTTP/1.1"),
        "REGISTER".to_owned(),
        "\u{16}\u{3}\u{1}\u{2}".to_owned(),
        String::new(),
    ] {
        refuses(&host, 400, &format!("{first}\r\n{own}\r\n"));
    }
    for header in ["no colon", "Na me: x", ": x", " folded: x", "Host : x", "é: x"] {
        refuses(&host, 400, &bare(site, "GET", "", &format!("{own}{header}\r\n")));
    }
    assert_eq!(site.asks("GET", "", "Cookie: other=\u{e9}\r\nX:\r\n").status, 200);
}

#[test]
fn page_has_bounds_on_every_part_of_a_request() {
    let host = Host::start();
    let (site, port) = (host.site(), host.site().port);
    let path = |length: usize| "x".repeat(length - "GET  HTTP/1.1".len() - site.path.len());
    refuses(&host, 404, &site.head("GET", &path(1024), ""));
    refuses(&host, 414, &site.head("GET", &path(1025), ""));
    refuses(&host, 414, &"GET /".repeat(200_000));
    let header = |length: usize| format!("X: {}\r\n", "x".repeat(length - "X: \r\n".len()));
    assert_eq!(site.asks("GET", "", &header(4096)).status, 200);
    refuses(&host, 400, &site.head("GET", "", &header(4097)));
    refuses(&host, 400, &site.head("GET", "", &header(1_000_000)));
    let most = "X: x\r\n".repeat(63); // and Host
    assert_eq!(site.asks("GET", "", &most).status, 200);
    refuses(
        &host,
        400,
        &bare(site, "GET", "", &format!("Host: 127.0.0.1:{port}\r\nY: y\r\n{most}")),
    );
    refuses(&host, 400, &site.head("GET", "", &"X: x\r\n".repeat(10_000)));
}

#[test]
fn page_waits_five_seconds_for_a_request_and_is_there_for_others_meanwhile() {
    let host = Host::start();
    let site = host.site();
    let silent = site.connects();
    let mut half = site.connects();
    half.write_all(b"GET / HT").unwrap();
    let mut body = site.connects();
    let head = site.head("POST", "line", "Sec-Fetch-Site: same-origin\r\nContent-Length: 2\r\n");
    body.write_all((head + "h").as_bytes()).unwrap();
    assert_eq!(site.asks("GET", "", "").status, 200);
    assert!(answer(silent).is_none(), "who asks nothing is told nothing");
    for socket in [half, body] {
        assert_eq!(answer(socket).unwrap().status, 408);
    }
    host.has_heard_all();
}

#[test]
fn page_is_not_held_up_by_requests_that_break_off() {
    let host = Host::start();
    let site = host.site();
    let whole =
        site.head("POST", "line", "Sec-Fetch-Site: same-origin\r\nContent-Length: 2\r\n") + "h";
    for cut in (0..=whole.len()).step_by(7) {
        let mut socket = site.connects();
        socket.write_all(&whole.as_bytes()[..cut]).unwrap();
        socket.shutdown(Shutdown::Write).unwrap();
        let status = answer(socket).map(|answer| answer.status);
        assert!(matches!(status, None | Some(400 | 408)), "cut at {cut}: {status:?}");
    }
    assert_eq!(site.asks("GET", "", "").status, 200);
    host.has_heard_all();
}
