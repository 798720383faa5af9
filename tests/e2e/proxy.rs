//! A caller who comes through Kamailio as an edge proxy: Record-Route, another Via, ACK and BYE along the route.

use super::baresip::{Baresip, Phone};
use super::program::{Program, skip_without, until};
use super::server::{Server, own_address};
use super::sipp::Sipp;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

#[test]
fn a_caller_through_kamailio_reaches_an_agent_and_hangs_up() {
    if skip_without(&["kamailio", "sipp", "baresip"]) {
        return;
    }
    let server = Server::start("proxy", "huntline", |text| text);
    let edge = own_address();
    let phone = Phone { user: "8001", password: Some("demo-8001"), hertz: 1000.0, answer: "auto", codecs: "PCMA" };
    let _agent = Baresip::start(&server.folder, &phone, server.address, 30, &[]).registered();
    let modules =
        ["/usr/lib/x86_64-linux-gnu/kamailio/modules/", "/usr/lib/kamailio/modules/", "/usr/lib64/kamailio/modules/"];
    let modules = modules.iter().find(|path| Path::new(path).is_dir()).unwrap_or(&modules[0]);
    let config = server.folder.0.join("kamailio.cfg");
    let text = format!(
        "debug=2\nlog_stderror=yes\nchildren=1\ndisable_tcp=yes\nlisten=udp:{edge}:5060\nmpath=\"{modules}\"\n\
         loadmodule \"sl\"\nloadmodule \"tm\"\nloadmodule \"rr\"\nloadmodule \"pv\"\nloadmodule \"textops\"\n\
         loadmodule \"siputils\"\nloadmodule \"maxfwd\"\n\
         request_route {{\n  mf_process_maxfwd_header(\"10\");\n  if (has_totag()) {{\n    loose_route();\n\
         \u{20}   t_relay();\n    exit;\n  }}\n  if (is_method(\"INVITE\")) record_route();\n  if (is_method(\"CANCEL\")) {{\n\
         \u{20}   if (t_check_trans()) t_relay();\n    exit;\n  }}\n  $du = \"sip:{}:5060\";\n  t_relay();\n}}\n",
        server.address
    );
    std::fs::write(&config, text).expect("the proxy's configuration");
    let mut command = Command::new("kamailio");
    command.env("PATH", "/usr/sbin:/usr/bin:/bin").args(["-DD", "-E", "-m", "16", "-M", "4", "-f"]).arg(&config);
    command.args(["-Y".as_ref(), server.folder.0.as_os_str()]);
    command.args(["-P".as_ref(), server.folder.0.join("kamailio.pid").as_os_str()]);
    let proxy = Program::start("kamailio", command);
    super::program::until("the proxy listens", Duration::from_secs(15), || {
        let sockets = std::fs::read_to_string("/proc/net/udp").unwrap_or_default();
        let wanted = format!("{:08X}:13C4", u32::from_ne_bytes(edge.octets()));
        sockets.contains(&wanted)
    });
    let call = ["-s", "2000", "-m", "1", "-d", "3000", "-timeout", "30"];
    Sipp::start(&server.folder, "caller", (own_address(), 5070), edge, &call).finish(Duration::from_secs(40));
    until("the call's record", Duration::from_secs(10), || !server.records().is_empty());
    let record = &server.records()[0];
    assert_eq!(record["cause"], "answered", "{record:#}");
    assert_eq!(record["hung_up_first"], "caller");
    proxy.signal(libc::SIGTERM);
    server.assert_idle();
}
