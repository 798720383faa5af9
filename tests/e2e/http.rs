//! Just enough of an HTTP client to ask a server of ours.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

/// Sends a request; returns status and body.
pub fn request(address: Ipv4Addr, method: &str, path: &str, headers: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect((address, 8080)).expect("the HTTP port is open");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout can be set");
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).expect("the request is taken");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("the answer ends");
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").expect("an HTTP answer has a head");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    (status, if chunked { dechunk(body) } else { body.to_owned() })
}

/// The body of a `GET` that must succeed.
pub fn fetch(address: Ipv4Addr, path: &str) -> String {
    let (status, body) = request(address, "GET", path, "", "");
    assert_eq!(status, 200, "GET {path}: {body}");
    body
}

fn dechunk(mut rest: &str) -> String {
    let mut whole = String::new();
    while let Some((size, tail)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        if size == 0 || tail.len() < size {
            break;
        }
        whole.push_str(&tail[..size]);
        rest = tail[size..].trim_start_matches("\r\n");
    }
    whole
}
