//! The server over a real socket on loopback, fed by hand.

use super::*;
use crate::acd::Wish;
use crate::acd::agent::AgentState;
use crate::acd::snapshot::{AgentRow, QueueRow, RouterSnapshot};
use crate::call::Stage;
use crate::clock::{Instant, WallTime};
use crate::gate;
use crate::ids::{AgentId, CallId, QueueId};
use crate::io::publication::{Command, Figures, Publication, VisitCounts};
use crate::switch::snapshot::{CallRow, SwitchSnapshot};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use tokio::sync::mpsc;

struct Fixture {
    server: HttpServer,
    clock: Monotonic,
    publications: mpsc::Sender<Box<Publication>>,
    commands: mpsc::Receiver<Command>,
}

impl Fixture {
    /// A server that has heard nothing yet.
    fn start(token: Option<&str>) -> Self {
        let (publish, publications) = mpsc::channel(4);
        let (send, commands) = mpsc::channel(2);
        let clock = Monotonic::start();
        let settings = Settings {
            address: ([127, 0, 0, 1], 0).into(),
            token: token.map(Into::into),
            names: Names::sample(&["Ann", "Bob"], &["service"], &["1"]),
            clock,
            media: Vec::new(),
            media_ports: 10,
        };
        let server = HttpServer::start(settings, Board { publications, commands: send }).unwrap();
        Self { server, clock, publications: publish, commands }
    }

    fn publish(&self, change: impl FnOnce(&mut Publication)) {
        let mut publication = Publication {
            at: self.clock.now(),
            wall: WallTime::from_micros(1_700_000_000_000_000),
            switch: SwitchSnapshot { ports_free: 10, ..SwitchSnapshot::default() },
            router: RouterSnapshot { queues: vec![queue()], ..RouterSnapshot::default() },
            gate: gate::Counters::default(),
            visits: VisitCounts::new(),
            control: Figures::default(),
            draining: false,
            queue_to_ring: None,
        };
        change(&mut publication);
        self.publications.blocking_send(Box::new(publication)).unwrap();
    }

    /// Status, head and body of the answer to a request with these header lines.
    fn ask(&self, line: &str, headers: &str, body: &str) -> (u16, String, String) {
        let mut stream = TcpStream::connect(self.server.address()).unwrap();
        let length = body.len();
        let head = format!("{line} HTTP/1.1\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), head.to_ascii_lowercase(), body.to_owned())
    }

    fn fetch(&self, path: &str) -> (u16, String) {
        let (status, _, body) = self.ask(&format!("GET {path}"), HOST, "");
        (status, body)
    }

    fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.fetch(path).1).unwrap()
    }

    fn post(&self, number: &str, body: &str) -> (u16, String) {
        let headers = format!("{HOST}Content-Type: application/json\r\n");
        let (status, _, body) = self.ask(&format!("POST /api/agents/{number}/state"), &headers, body);
        (status, body)
    }
}

const HOST: &str = "Host: localhost\r\n";

fn queue() -> QueueRow {
    QueueRow {
        queue: QueueId(0),
        name: "service".into(),
        waiting: 1,
        oldest: None,
        offered: 3,
        answered: 2,
        expected_wait: crate::clock::Duration::ZERO,
        wait_counts: vec![2, 0],
        wait_sum: crate::clock::Duration::from_secs(3),
    }
}

fn call(id: u64, calling: &str) -> CallRow {
    CallRow {
        call: CallId(id),
        calling: calling.into(),
        called: "1000".into(),
        since: Instant::START,
        stage: Stage::Ivr,
        queue: None,
        agent: None,
    }
}

#[test]
fn readiness_follows_the_start_and_the_drain() {
    let fixture = Fixture::start(None);
    // Nothing heard yet: alive, since the process is young, but not ready.
    assert_eq!(fixture.fetch("/healthz").0, 200);
    assert_eq!(fixture.fetch("/readyz"), (503, "starting\n".into()));
    fixture.publish(|_| ());
    assert_eq!(fixture.fetch("/readyz"), (200, "ready\n".into()));
    fixture.publish(|publication| publication.draining = true);
    while fixture.fetch("/readyz").0 == 200 {}
    assert_eq!(fixture.fetch("/readyz"), (503, "draining\n".into()));
    assert_eq!(fixture.fetch("/healthz").0, 200);
}

#[test]
fn rows_come_change_and_go() {
    let fixture = Fixture::start(None);
    let hostile = "\"><script>\r\n\u{0}";
    fixture.publish(|publication| {
        publication.switch.calls = vec![call(2, "8613912345678"), call(1, hostile)];
        publication.router.agents = vec![AgentRow {
            agent: AgentId(1),
            state: AgentState::Talking,
            since: Instant::START,
            call: Some(CallId(2)),
            reachable: true,
        }];
    });
    let calls = fixture.json("/api/calls");
    assert_eq!((&calls[0]["id"], &calls[1]["id"]), (&"c1".into(), &"c2".into()));
    assert_eq!(calls[0]["calling"], "\"><script>\u{fffd}\u{fffd}\u{fffd}");
    let agents = fixture.json("/api/agents");
    assert_eq!((&agents[0]["state"], &agents[1]["state"]), (&"logged_off".into(), &"talking".into()));
    assert_eq!((&agents[1]["call"], &agents[1]["registered"]), (&"c2".into(), &true.into()));
    assert_eq!(fixture.json("/api/queues")[0]["offered"], 3);
    let metrics = fixture.fetch("/metrics").1;
    assert!(!metrics.contains("<script"), "{metrics}");
    for line in [
        "huntline_agents{state=\"talking\"} 1",
        "huntline_agents{state=\"logged_off\"} 1",
        "huntline_queue_wait_seconds_bucket{queue=\"service\",le=\"10\"} 2",
        "huntline_queue_to_ring_seconds_count 0",
        "huntline_media_ports_used 0",
    ] {
        assert!(metrics.contains(&format!("{line}\n")), "{line} is not in\n{metrics}");
    }
    fixture.publish(|publication| {
        publication.switch.gone = vec![CallId(1)];
        publication.router.queues.clear();
    });
    while fixture.json("/api/calls").as_array().unwrap().len() == 2 {}
    assert_eq!(fixture.json("/api/calls")[0]["id"], "c2");
    assert_eq!(fixture.json("/api/queues").as_array().unwrap().len(), 0);
}

#[test]
fn commands_reach_the_control_thread_and_wrong_ones_are_explained() {
    let mut fixture = Fixture::start(None);
    fixture.publish(|publication| publication.switch.calls = vec![call(7, "1")]);
    assert_eq!(fixture.post("8002", r#"{"state":"ready"}"#).0, 202);
    assert_eq!(fixture.commands.blocking_recv(), Some(Command::Wish { agent: AgentId(1), wish: Wish::Ready }));
    let (status, _, _) = fixture.ask("DELETE /api/calls/c7", HOST, "");
    assert_eq!((status, fixture.commands.blocking_recv()), (202, Some(Command::End { call: CallId(7) })));
    for (number, body, status, said) in [
        ("nobody", r#"{"state":"ready"}"#, 404, "GET /api/agents"),
        ("8001", r#"{"state":"dancing"}"#, 422, "there are: ready"),
        ("8001", r#"{"state":"not_ready","reason":"7"}"#, 422, "there are: 1"),
        ("8001", "{", 400, "the body is not"),
        ("8001", &"x".repeat(20_000), 413, ""),
        ("%00%22", r#"{"state":"ready"}"#, 404, ""),
    ] {
        let (got, explained) = fixture.post(number, body);
        assert_eq!(got, status, "{number} {explained}");
        let explained: Value = serde_json::from_str(&explained).unwrap();
        assert!(explained["error"].as_str().unwrap().contains(said), "{explained}");
    }
    for (line, headers, expected) in [
        ("DELETE /api/calls/c8", HOST, 404),
        ("DELETE /api/calls/x", HOST, 404),
        ("DELETE /api/agents", HOST, 405),
        ("POST /api/agents/8001/state", HOST, 415),
        ("POST /api/agents/8001/state", "Host: localhost\r\nContent-Type: text/plain\r\n", 415),
        ("GET /nothing", HOST, 404),
        ("GET /metrics", "Host: evil.example\r\n", 403),
        ("DELETE /api/calls/c7", "Host: localhost\r\nOrigin: http://evil.example\r\n", 403),
    ] {
        let (status, head, body) = fixture.ask(line, headers, "");
        assert_eq!(status, expected, "{line} {headers}");
        assert!(head.contains("x-content-type-options: nosniff"), "{head}");
        assert!(serde_json::from_str::<Value>(&body).unwrap()["error"].is_string(), "{body}");
    }
    assert!(fixture.commands.try_recv().is_err());
    // The channel holds two.
    let statuses = [0; 3].map(|_| fixture.post("8001", r#"{"state":"ready"}"#).0);
    assert_eq!(statuses, [202, 202, 503]);
    assert!(fixture.fetch("/metrics").1.contains("huntline_internal_queue_full_total{queue=\"http_commands\"} 1\n"));
}

#[test]
fn a_token_is_asked_for() {
    let fixture = Fixture::start(Some("0123456789abcdef"));
    fixture.publish(|_| ());
    let (status, head, _) = fixture.ask("GET /metrics", HOST, "");
    assert!(status == 401 && head.contains("www-authenticate: bearer"), "{head}");
    let token = "Host: acd.example\r\nAuthorization: Bearer 0123456789abcdef\r\n";
    assert_eq!(fixture.ask("GET /metrics", token, "").0, 200);
    assert_eq!(fixture.fetch("/readyz").0, 200);
}

#[test]
fn connections_above_the_limit_are_closed_and_counted() {
    let fixture = Fixture::start(None);
    fixture.publish(|_| ());
    let address = fixture.server.address();
    let idle: Vec<TcpStream> =
        (0..connections::CONNECTIONS_MAX).map(|_| TcpStream::connect(address).unwrap()).collect();
    let mut above = TcpStream::connect(address).unwrap();
    assert!(matches!(above.read(&mut [0]), Ok(0) | Err(_)));
    drop(idle);
    // The closed ones give their places back a moment later.
    let metrics = loop {
        let mut stream = TcpStream::connect(address).unwrap();
        let mut answer = String::new();
        let asked = stream.write_all(format!("GET /metrics HTTP/1.1\r\nConnection: close\r\n{HOST}\r\n").as_bytes());
        if asked.is_ok() && stream.read_to_string(&mut answer).is_ok() && !answer.is_empty() {
            break answer;
        }
    };
    let refused = metrics.lines().find(|line| line.contains("{queue=\"http_connections\"}")).unwrap();
    assert!(!refused.ends_with(" 0"), "{refused}");
}

#[test]
fn a_port_in_use_is_an_error_and_the_end_is_quick() {
    let fixture = Fixture::start(None);
    let (_, publications) = mpsc::channel(1);
    let (commands, _) = mpsc::channel(1);
    let again = Settings {
        address: fixture.server.address(),
        token: None,
        names: Names::default(),
        clock: fixture.clock,
        media: Vec::new(),
        media_ports: 0,
    };
    let refused = HttpServer::start(again, Board { publications, commands }).unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::AddrInUse);
    // A connection that says nothing does not hold up the end.
    let address = fixture.server.address();
    let mut idle = TcpStream::connect(address).unwrap();
    fixture.server.finish();
    assert!(matches!(idle.read(&mut [0]), Ok(0) | Err(_)));
    assert!(TcpStream::connect(address).is_err());
}
