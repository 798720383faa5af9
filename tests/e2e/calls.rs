//! Calls from end to end: real phones, real digits, and what each side hears.

use super::baresip::{Baresip, Phone};
use super::program::{skip_without, until};
use super::server::{Server, own_address, project};
use super::sipp::Sipp;
use super::sound;
use super::wire::Capture;
use std::time::Duration;

const CALLER_HERTZ: f64 = 440.0;
const AGENT_HERTZ: f64 = 1000.0;

fn agent<'a>(user: &'a str, password: &'a str) -> Phone<'a> {
    Phone { user, password: Some(password), hertz: AGENT_HERTZ, answer: "auto", codecs: "PCMA,PCMU" }
}

fn caller() -> Phone<'static> {
    Phone { user: "13900000000", password: None, hertz: CALLER_HERTZ, answer: "manual", codecs: "PCMA,PCMU" }
}

/// The record of the only finished call.
fn only_record(server: &Server) -> serde_json::Value {
    until("the call's record", Duration::from_secs(10), || !server.records().is_empty());
    let records = server.records();
    assert_eq!(records.len(), 1, "{records:#?}");
    records.into_iter().next().expect("one record")
}

#[test]
fn a_caller_walks_the_menu_presses_zero_and_reaches_an_agent() {
    if skip_without(&["sipp", "baresip"]) {
        return;
    }
    let server = Server::start("zero", "huntline", |text| text);
    let agent = Baresip::start(&server.folder, &agent("8001", "demo-8001"), server.address, 40, &[]);
    let _agent = agent.registered();
    let call = ["-s", "1000", "-m", "1", "-d", "4000", "-timeout", "30"];
    Sipp::start(&server.folder, "caller_menu", (own_address(), 5070), server.address, &call)
        .finish(Duration::from_secs(40));
    let record = only_record(&server);
    assert_eq!(record["cause"], "answered", "{record:#}");
    assert_eq!(record["hung_up_first"], "caller");
    assert_eq!(record["ivr"]["zero_pressed"], true);
    assert_eq!(record["legs"][1]["agent_number"], "8001");
    assert!(server.metric("huntline_queue_to_ring_seconds_count").is_some_and(|count| count >= 1.0));
    server.assert_idle();
}

#[test]
fn caller_and_agent_hear_each_other() {
    if skip_without(&["baresip"]) {
        return;
    }
    let server = Server::start("hear", "huntline", |text| text);
    let agent = agent("8001", "demo-8001");
    let agent = Baresip::start(&server.folder, &agent, server.address, 12, &[]).registered();
    let dial = format!("d sip:2000@{}:5060", server.address);
    let caller = Baresip::start(&server.folder, &caller(), server.address, 9, &[&dial]);
    let (caller, agent) = (caller.heard(Duration::from_secs(20)), agent.heard(Duration::from_secs(20)));
    let (from_agent, from_caller) =
        (sound::seconds_of_tone(&caller, AGENT_HERTZ), sound::seconds_of_tone(&agent, CALLER_HERTZ));
    assert!(from_agent > 4.0, "the caller heard the agent for {from_agent} s of {} s", caller.len() / 8000);
    assert!(from_caller > 4.0, "the agent heard the caller for {from_caller} s of {} s", agent.len() / 8000);
    assert!(sound::seconds_of_tone(&caller, CALLER_HERTZ) < 0.2, "the caller hears an echo");
    assert_eq!(only_record(&server)["cause"], "answered");
}

#[test]
fn a_law_and_mu_law_phones_hear_each_other() {
    if skip_without(&["baresip"]) {
        return;
    }
    let server = Server::start("laws", "huntline", |text| text);
    let agent = Phone { codecs: "PCMU", ..agent("8002", "demo-8002") };
    let agent = Baresip::start(&server.folder, &agent, server.address, 12, &[]).registered();
    let dial = format!("d sip:2000@{}:5060", server.address);
    let caller = Phone { codecs: "PCMA", ..caller() };
    let caller = Baresip::start(&server.folder, &caller, server.address, 9, &[&dial]);
    let (caller, agent) = (caller.heard(Duration::from_secs(20)), agent.heard(Duration::from_secs(20)));
    assert!(sound::seconds_of_tone(&caller, AGENT_HERTZ) > 4.0);
    assert!(sound::seconds_of_tone(&agent, CALLER_HERTZ) > 4.0);
}

#[test]
fn a_caller_to_the_main_number_hears_the_welcome() {
    if skip_without(&["baresip"]) {
        return;
    }
    let server = Server::start("welcome", "huntline", |text| text);
    let dial = format!("d sip:1000@{}:5060", server.address);
    let caller = Baresip::start(&server.folder, &caller(), server.address, 12, &[&dial]);
    let heard = caller.heard(Duration::from_secs(25));
    let likeness = sound::likeness(&heard, &sound::read(&project().join("config/prompts/zh/welcome.wav")));
    assert!(likeness > 0.9, "the welcome is found with a likeness of {likeness}");
    assert_eq!(only_record(&server)["cause"], "abandoned_in_ivr");
}

#[test]
fn a_waiting_caller_hears_the_music_without_a_gap() {
    if skip_without(&["baresip"]) {
        return;
    }
    let server = Server::start("music", "huntline", |text| text);
    let dial = format!("d sip:2000@{}:5060", server.address);
    let caller = Baresip::start(&server.folder, &caller(), server.address, 8, &[&dial]);
    let heard = caller.heard(Duration::from_secs(20));
    let music = sound::read(&project().join("config/prompts/music.wav"));
    let likeness = sound::likeness(&heard, &music[..24_000.min(music.len())]);
    assert!(likeness > 0.9, "the music is found with a likeness of {likeness}");
    assert_eq!(only_record(&server)["cause"], "abandoned_in_queue");
}

#[test]
fn three_callers_reach_three_agents_and_the_wire_shows_no_loss() {
    if skip_without(&["baresip", "sipp", "tshark"]) {
        return;
    }
    let server = Server::start("three", "huntline", |text| text);
    let users = [("8001", "demo-8001"), ("8002", "demo-8002"), ("8003", "demo-8003")];
    let agents = users.iter().map(|(user, password)| {
        Baresip::start(&server.folder, &agent(user, password), server.address, 25, &[]).registered()
    });
    let _agents: Vec<Baresip> = agents.collect();
    let capture = Capture::start(&server.folder, server.address);
    let calls = ["-s", "2000", "-m", "3", "-r", "3", "-d", "9000", "-timeout", "30"];
    let from = (own_address(), 5070);
    Sipp::start(&server.folder, "caller_speaking", from, server.address, &calls).finish(Duration::from_secs(40));
    until("three records", Duration::from_secs(10), || server.records().len() == 3);
    let mut agents: Vec<_> =
        server.records().iter().map(|record| record["legs"][1]["agent_number"].to_string()).collect();
    agents.sort();
    assert_eq!(agents, ["\"8001\"", "\"8002\"", "\"8003\""]);
    let streams = capture.streams(server.address);
    assert_eq!(streams.len(), 6, "one stream of ours to each party: {streams:#?}");
    for stream in streams {
        assert!(stream.packets > 200 && stream.lost == 0 && !stream.problems, "{stream:?}");
    }
}
