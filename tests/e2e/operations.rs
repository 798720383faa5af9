//! What operations people rely on: figures, the API, an orderly end.

use super::baresip::{Baresip, Phone};
use super::http;
use super::program::until;
use super::server::{Server, own_address};
use super::sipp::Sipp;
use std::time::Duration;

fn phone(user: &'static str, password: &'static str) -> Phone<'static> {
    Phone { user, password: Some(password), hertz: 1000.0, answer: "auto", codecs: "PCMA" }
}

#[test]
fn every_promised_metric_is_there_with_a_help_line() {
    let server = Server::start("metrics", "huntline", |text| text);
    let body = http::fetch(server.address, "/metrics");
    let promised = [
        "huntline_calls_offered_total",
        "huntline_calls_ended_total",
        "huntline_calls_active",
        "huntline_ivr_node_total",
        "huntline_queue_waiting",
        "huntline_queue_oldest_wait_seconds",
        "huntline_queue_wait_seconds",
        "huntline_queue_to_ring_seconds",
        "huntline_agents",
        "huntline_sip_messages_total",
        "huntline_sip_retransmissions_total",
        "huntline_sip_rejected_total",
        "huntline_rtp_packets_total",
        "huntline_rtp_lost_total",
        "huntline_rtp_jitter_seconds",
        "huntline_registrations",
        "huntline_internal_queue_full_total",
        "huntline_invariant_violations",
        "huntline_build_info",
        "process_cpu_seconds_total",
    ];
    for name in promised {
        assert!(body.contains(&format!("# HELP {name} ")), "{name} has no help line in:\n{body}");
    }
    assert_eq!(http::request(server.address, "GET", "/healthz", "", "").0, 200);
    assert_eq!(http::request(server.address, "GET", "/readyz", "", "").0, 200);
    assert_eq!(http::request(server.address, "GET", "/nothing", "", "").0, 404);
}

#[test]
fn an_agent_is_seen_and_moved_by_the_api() {
    if super::program::skip_without(&["baresip"]) {
        return;
    }
    let server = Server::start("api", "huntline", |text| text);
    let _agent = Baresip::start(&server.folder, &phone("8001", "demo-8001"), server.address, 20, &[]).registered();
    let state = |wanted: &str| {
        let body = http::fetch(server.address, "/api/agents");
        let agents: serde_json::Value = serde_json::from_str(&body).expect("JSON");
        let all = agents.as_array().expect("a list").iter();
        all.clone().any(|agent| agent["number"] == "8001" && agent["state"].to_string().contains(wanted))
    };
    until("ready by registering", Duration::from_secs(5), || state("ready"));
    let json = "Content-Type: application/json\r\n";
    let (status, body) =
        http::request(server.address, "POST", "/api/agents/8001/state", json, "{\"state\":\"logged_off\"}");
    assert!(status < 300, "{status}: {body}");
    until("logged off by the API", Duration::from_secs(5), || state("logged_off"));
    let (status, _) = http::request(server.address, "POST", "/api/agents/nobody/state", json, "{\"state\":\"ready\"}");
    assert_eq!(status, 404);
    let (status, _) = http::request(server.address, "POST", "/api/agents/8001/state", json, "{\"state\":\"dancing\"}");
    assert!((400..500).contains(&status), "{status}");
}

#[test]
fn a_terminated_server_lets_calls_finish_and_takes_no_new_ones() {
    if super::program::skip_without(&["baresip", "sipp"]) {
        return;
    }
    let mut server = Server::start("drain", "huntline", |text| text);
    let _agent = Baresip::start(&server.folder, &phone("8001", "demo-8001"), server.address, 30, &[]).registered();
    let call = ["-s", "2000", "-m", "1", "-d", "5000", "-timeout", "30"];
    let talking = Sipp::start(&server.folder, "caller", (own_address(), 5070), server.address, &call);
    until("the call is up", Duration::from_secs(10), || {
        server.metric("huntline_agents{state=\"talking\"}") == Some(1.0)
    });
    server.program.signal(libc::SIGTERM);
    let late = ["-s", "2000", "-m", "1", "-d", "100", "-timeout", "10"];
    let refused = Sipp::start(&server.folder, "caller_refused", (own_address(), 5071), server.address, &late);
    refused.finish(Duration::from_secs(20));
    talking.finish(Duration::from_secs(30));
    let status = server.program.wait(Duration::from_secs(20));
    assert!(status.success(), "{status}");
    assert_eq!(server.records().iter().filter(|record| record["cause"] == "answered").count(), 1);
}
