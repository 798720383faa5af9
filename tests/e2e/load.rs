//! Calls by the hundred: `config/load.toml`, callers and agents both played by SIPp.

use super::program::until;
use super::server::{Server, own_address};
use super::sipp::Sipp;
use std::time::Duration;

#[test]
fn three_thousand_calls_at_fifty_a_second_all_reach_an_agent_and_leave_nothing() {
    if super::program::skip_without(&["sipp"]) {
        return;
    }
    let calls = 3000;
    let agents = own_address();
    let server = Server::start("load", "load", |text| {
        // The shipped file has its agents at the server's own address, port 5090.
        let own = text.lines().find_map(|line| line.split("@").nth(1)?.split(":5090").next().map(str::to_owned));
        text.replace(&format!("{}:5090", own.expect("agents at port 5090")), &format!("{agents}:5090"))
    });
    let count = calls.to_string();
    let answering = ["-m", &count, "-timeout", "150", "-aa"];
    let answering = Sipp::start(&server.folder, "agent", (agents, 5090), server.address, &answering);
    let calling = ["-s", "2000", "-m", &count, "-r", "50", "-d", "2000", "-timeout", "140"];
    let calling = Sipp::start(&server.folder, "caller", (own_address(), 5070), server.address, &calling);
    calling.finish(Duration::from_secs(170));
    answering.finish(Duration::from_secs(60));
    until("all records", Duration::from_secs(20), || server.records().len() == calls);
    for record in server.records() {
        assert_eq!(record["cause"], "answered", "{record:#}");
        assert!(record["legs"][1]["bridged"].is_number(), "{record:#}");
    }
    // Of some 20,000 messages that we sent; a busy machine may make a peer late, a storm would be thousands.
    let repeated = server.metric("huntline_sip_retransmissions_total{direction=\"sent\"}").unwrap_or(0.0);
    assert!(repeated < 100.0, "{repeated} messages were sent again");
    // Finished transactions wait out 64 × T1 = 32 s.
    until("no call, port or transaction left over", Duration::from_secs(40), || {
        let zero = |name| server.metric(name) == Some(0.0);
        zero("huntline_calls_active") && zero("huntline_sip_transactions") && zero("huntline_media_ports_used")
    });
    server.assert_idle();
}
