//! Who may ask what: the token, and two tricks that a page in somebody's browser could try against a server on loopback: a name
//! that resolves to 127.0.0.1 (DNS rebinding), and a form or script that sends commands across sites (CSRF). Also the headers that every
//! answer bears and the time that it may take.

use super::routes::{Refusal, refusal};
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// What one request may take, its body included.
const REQUEST_MAX: Duration = Duration::from_secs(5);
/// Answered for everybody: they tell nothing but yes or no, and probes know no token.
const PROBES: [&str; 2] = ["/healthz", "/readyz"];

/// See the module text.
#[derive(Clone, Debug)]
pub struct Door {
    /// Of the token, so that comparing takes the same time whatever is sent.
    token: Option<Arc<[u8]>>,
}

impl Door {
    pub fn new(token: Option<&str>) -> Self {
        Self { token: token.map(|token| Sha256::digest(token).as_slice().into()) }
    }

    fn admit(&self, path: &str, method: &Method, headers: &HeaderMap) -> Result<(), Refusal> {
        if PROBES.contains(&path) {
            return Ok(());
        }
        let host = text(headers, &header::HOST).unwrap_or_default();
        match &self.token {
            Some(token) if !is_token(token, headers) => {
                return Err((StatusCode::UNAUTHORIZED, "this needs the header `Authorization: Bearer <token>`".into()));
            }
            None if !is_this_machine(host) => {
                return Err((
                    StatusCode::FORBIDDEN,
                    "without a token only requests to an IP address or to localhost are answered".into(),
                ));
            }
            Some(_) | None => {}
        }
        if !(method.is_safe() || comes_from(host, headers)) {
            return Err((StatusCode::FORBIDDEN, "a page of another site may not command this server".into()));
        }
        Ok(())
    }
}

/// Lets a request in or refuses it; every answer gets its headers.
pub async fn guard(State(door): State<Door>, request: Request, next: Next) -> Response {
    let admitted = door.admit(request.uri().path(), request.method(), request.headers());
    let mut response = match admitted {
        Ok(()) => match tokio::time::timeout(REQUEST_MAX, next.run(request)).await {
            Ok(response) => response,
            Err(_) => refusal(StatusCode::REQUEST_TIMEOUT, "the request took too long").into_response(),
        },
        Err((status, why)) => {
            let mut response = refusal(status, &why).into_response();
            if status == StatusCode::UNAUTHORIZED {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            response
        }
    };
    let headers = response.headers_mut();
    for (name, value) in SECURITY {
        headers.entry(name).or_insert(value);
    }
    response
}

const SECURITY: [(HeaderName, HeaderValue); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

fn is_token(expected: &[u8], headers: &HeaderMap) -> bool {
    let sent = text(headers, &header::AUTHORIZATION).unwrap_or_default();
    let Some((scheme, token)) = sent.split_once(' ') else { return false };
    let sent = Sha256::digest(token.trim());
    let different = sent.iter().zip(expected).fold(0, |different, (a, b)| different | (a ^ b));
    scheme.eq_ignore_ascii_case("bearer") && different == 0
}

/// Whether `host` (a Host header) is an address or localhost: names that a stranger's DNS could point here are neither.
fn is_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.parse::<IpAddr>().is_ok() || name.eq_ignore_ascii_case("localhost")
}

/// Whether a command comes from a page of `host` itself, or from no page at all.
fn comes_from(host: &str, headers: &HeaderMap) -> bool {
    let same_site = match text(headers, &HeaderName::from_static("sec-fetch-site")) {
        Some(site) => site == "same-origin" || site == "none",
        None => true,
    };
    let same_origin = match headers.get(header::ORIGIN).map(|origin| origin.to_str()) {
        None => true,
        Some(Ok(origin)) => origin.split_once("://").is_some_and(|(_, from)| from.eq_ignore_ascii_case(host)),
        Some(Err(_)) => false,
    };
    same_site && same_origin
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(of: &[(&'static str, &'static str)]) -> HeaderMap {
        let parts = of.iter().map(|&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        parts.collect()
    }

    fn status(door: &Door, path: &str, method: Method, of: &[(&'static str, &'static str)]) -> u16 {
        door.admit(path, &method, &headers(of)).map_or_else(|(status, _)| status.as_u16(), |()| 200)
    }

    #[test]
    fn with_a_token_nothing_but_the_probes_is_told_to_others() {
        let door = Door::new(Some("0123456789abcdef"));
        let with = |token| [("host", "acd.example"), ("authorization", token)];
        for (token, expected) in [
            ("Bearer 0123456789abcdef", 200),
            ("bearer 0123456789abcdef", 200),
            ("Bearer 0123456789abcdeF", 401),
            ("Bearer 0123456789abcde", 401),
            ("Bearer ", 401),
            ("Basic 0123456789abcdef", 401),
            ("0123456789abcdef", 401),
        ] {
            for path in ["/metrics", "/api/calls", "/", "/healthz/"] {
                assert_eq!(status(&door, path, Method::GET, &with(token)), expected, "{token} {path}");
            }
            assert_eq!(status(&door, "/readyz", Method::GET, &with(token)), 200);
        }
        assert_eq!(status(&door, "/metrics", Method::GET, &[]), 401);
    }

    #[test]
    fn a_foreign_name_for_this_machine_is_not_answered_without_a_token() {
        let door = Door::new(None);
        let hosts = [
            ("127.0.0.1:8080", 200),
            ("127.3.2.1", 200),
            ("[::1]:8080", 200),
            ("localhost:8080", 200),
            ("Localhost", 200),
            ("evil.example:8080", 403),
            ("127.0.0.1.evil.example", 403),
            ("localhost.evil.example", 403),
            ("", 403),
        ];
        for (host, expected) in hosts {
            assert_eq!(status(&door, "/metrics", Method::GET, &[("host", host)]), expected, "{host}");
        }
        assert_eq!(status(&door, "/metrics", Method::GET, &[]), 403);
        assert_eq!(status(&door, "/healthz", Method::GET, &[("host", "evil.example")]), 200);
    }

    #[test]
    fn a_page_of_another_site_commands_nothing() {
        let door = Door::new(None);
        let cases: [(&[(&str, &str)], u16); 7] = [
            (&[("host", "localhost:8080")], 200),
            (&[("host", "localhost:8080"), ("origin", "http://localhost:8080")], 200),
            (&[("host", "localhost:8080"), ("origin", "http://localhost:9000")], 403),
            (&[("host", "localhost:8080"), ("origin", "https://evil.example")], 403),
            (&[("host", "localhost:8080"), ("origin", "null")], 403),
            (&[("host", "localhost:8080"), ("sec-fetch-site", "cross-site")], 403),
            (&[("host", "localhost:8080"), ("sec-fetch-site", "same-origin")], 200),
        ];
        for (of, expected) in cases {
            for method in [Method::POST, Method::DELETE] {
                assert_eq!(status(&door, "/api/agents/8001/state", method, of), expected, "{of:?}");
            }
        }
    }
}
