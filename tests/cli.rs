//! The program as somebody at a shell meets it: help, version, checking, one clear line for every failure to start, signals.
//! Real processes on free ports of 127.0.0.1; no calls here (those are the end-to-end suite's).
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "a test of real processes")]

use std::io::{BufRead, BufReader, Read};
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

/// Tests run side by side: each has 64 media ports of its own.
static PORTS: AtomicU16 = AtomicU16::new(0);

fn huntline(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_huntline"));
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("the program runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A directory of the test's own, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("huntline-cli-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a temporary directory");
        Self(path)
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).expect("a temporary file");
        path.display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The shipped configuration on free ports, with its data in `folder`. `changes` are (what stands there, what shall).
fn configuration(folder: &Folder, changes: &[(&str, &str)]) -> String {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let mut text = std::fs::read_to_string(config.join("huntline.toml")).expect("the shipped configuration");
    let data = format!("data = \"{}\"", folder.0.join("data").display());
    let prompts = format!("directory = \"{}\"", config.join("prompts").display());
    // Below the ports that the kernel gives out, and apart from another run of these tests.
    let run = (std::process::id() % 8) as u16 * 16;
    let first = 10_000 + 64 * (run + PORTS.fetch_add(1, Ordering::Relaxed));
    let ports = format!("{first}-{}", first + 63);
    let free = [
        ("127.0.0.1:5060", "127.0.0.1:0"),
        ("127.0.0.1:8080", "127.0.0.1:0"),
        ("20000-31999", ports.as_str()),
        ("data = \"data\"", &data),
        ("directory = \"prompts\"", &prompts),
    ];
    for (from, to) in changes.iter().chain(&free) {
        text = text.replace(from, to);
    }
    folder.file("huntline.toml", &text)
}

/// A server that is ready, and the line that said so.
fn serve(configuration: &str) -> (Child, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_huntline"));
    command.args(["serve", "--config", configuration]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut server = command.spawn().expect("the program starts");
    let mut line = String::new();
    BufReader::new(server.stdout.as_mut().expect("piped")).read_line(&mut line).expect("stdout");
    if line.is_empty() {
        let mut why = String::new();
        let _ = server.stderr.take().expect("piped").read_to_string(&mut why);
        panic!("the server did not get ready: {why}");
    }
    (server, line)
}

fn signal(server: &Child, signal: &str) {
    let sent = Command::new("kill").args([signal, &server.id().to_string()]).status().expect("kill runs");
    assert!(sent.success());
}

/// One line on stderr that names `what`, and exit code 1.
fn assert_refused(output: &Output, what: &[&str]) {
    let said = text(&output.stderr);
    let lines: Vec<&str> = said.lines().filter(|line| line.starts_with("huntline: ")).collect();
    assert_eq!((output.status.code(), lines.len()), (Some(1), 1), "{said}");
    for part in what {
        assert!(lines[0].contains(part), "`{part}` is not in: {said}");
    }
}

#[test]
fn help_teaches_with_examples_and_version_is_one_line() {
    let help = text(&huntline(&["--help"]).stdout);
    for part in ["serve", "check-config", "simulate", "replay", "Examples:", "SIGTERM", "HUNTLINE_LOG"] {
        assert!(help.contains(part), "`{part}` is not in the help:\n{help}");
    }
    for command in ["serve", "check-config", "simulate", "replay"] {
        let help = huntline(&[command, "--help"]);
        assert!(help.status.success() && text(&help.stdout).contains("Example"), "{command}");
    }
    assert_eq!(text(&huntline(&["--version"]).stdout), format!("huntline {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn an_unknown_word_is_explained_with_exit_code_2() {
    let output = huntline(&["server"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("serve"), "{}", text(&output.stderr));
}

#[test]
fn the_shipped_configurations_are_correct_and_drawn() {
    for file in ["config/huntline.toml", "config/load.toml"] {
        let output = huntline(&["check-config", file]);
        let said = text(&output.stdout);
        assert!(output.status.success(), "{file}: {}", text(&output.stderr));
        assert!(said.contains(&format!("{file}: correct")) && said.contains("talking calls"), "{said}");
    }
    let said = text(&huntline(&["check-config"]).stdout);
    assert!(said.contains("config/huntline.toml: correct") && said.contains("service"), "{said}");
}

#[test]
fn a_scenario_runs_in_virtual_time_to_the_same_text_each_time() {
    let run = |more: &[&str]| huntline(&[&["simulate", "tests/scenarios/first_call.toml"], more].concat());
    let (first, again) = (run(&["--seed", "7"]), run(&["--seed", "7"]));
    assert!(first.status.success(), "{}", text(&first.stderr));
    assert_eq!(text(&first.stdout), text(&again.stdout));
    assert!(text(&first.stdout).contains("left over: nothing"), "{}", text(&first.stdout));
    assert!(text(&run(&["--ladder", "c1"]).stdout).contains("INVITE"));
    assert_refused(&run(&["--ladder", "c999"]), &["first_call.toml", "c999"]);
    assert_refused(&huntline(&["simulate", "/nowhere.toml"]), &["/nowhere.toml", "No such file"]);
}

#[test]
fn a_wrong_key_is_named_with_file_and_line() {
    let folder = Folder::new("wrong");
    let file = configuration(&folder, &[("[limits]", "[limits]\ncalls_maxx = 7")]);
    let text_of = std::fs::read_to_string(&file).unwrap();
    let line = text_of.lines().position(|line| line.starts_with("calls_maxx")).unwrap() + 1;
    for command in [&["check-config", &file][..], &["serve", "--config", &file]] {
        assert_refused(&huntline(command), &[&format!("{file}:{line}:"), "calls_maxx", "calls_max"]);
    }
    assert_refused(&huntline(&["check-config", "/nowhere.toml"]), &["/nowhere.toml", "No such file"]);
}

#[test]
fn a_port_that_is_taken_is_one_clear_line() {
    let folder = Folder::new("port");
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let file = configuration(&folder, &[("127.0.0.1:5060", &address)]);
    assert_refused(&huntline(&["serve", "--config", &file]), &["SIP udp", &address, "another program"]);
}

#[test]
fn a_data_directory_that_cannot_be_written_is_one_clear_line() {
    let folder = Folder::new("data");
    let inside = folder.file("no-directory", "");
    let file = configuration(&folder, &[("data = \"data\"", &format!("data = \"{inside}\""))]);
    assert_refused(&huntline(&["serve", "--config", &file]), &["data directory", &inside]);
}

#[test]
fn too_few_descriptors_for_one_call_is_one_clear_line() {
    let folder = Folder::new("descriptors");
    let file = configuration(&folder, &[]);
    let command = format!("ulimit -n 200; exec '{}' serve --config '{file}'", env!("CARGO_BIN_EXE_huntline"));
    let output = Command::new("sh").args(["-c", &command]).output().unwrap();
    assert_refused(&output, &["open files", "200"]);
}

/// What the server at `address` answers to an OPTIONS.
fn answer_to_options(phone: &UdpSocket, address: &str) -> String {
    static NUMBER: AtomicU16 = AtomicU16::new(0);
    let (own, number) = (phone.local_addr().unwrap(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let options = format!(
        "OPTIONS sip:{address} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{number};rport\r\nMax-Forwards: 70\r\n\
         From: <sip:probe@{own}>;tag=1\r\nTo: <sip:{address}>\r\nCall-ID: probe-{number}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    );
    phone.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    phone.send_to(options.as_bytes(), address).unwrap();
    let mut answer = [0; 2048];
    let (length, _) = phone.recv_from(&mut answer).expect("an answer to OPTIONS");
    text(&answer[..length])
}

fn bound_address(ready: &str) -> &str {
    ready.split("SIP udp ").nth(1).and_then(|rest| rest.split(' ').next()).expect("the bound address")
}

#[test]
fn a_server_says_when_it_is_ready_answers_and_ends_with_0_on_sigterm() {
    // Control receives by itself, and behind two receiver threads.
    for (threads, folder) in [("auto", Folder::new("serve")), ("2 + 1", Folder::new("receivers"))] {
        let threads = format!("threads = \"{threads}\"");
        let (mut server, line) = serve(&configuration(&folder, &[("threads = \"auto\"", &threads)]));
        assert!(line.contains("room for 1"), "{line}");
        for _ in 0..8 {
            let phone = UdpSocket::bind("127.0.0.1:0").unwrap();
            let answer = answer_to_options(&phone, bound_address(&line));
            assert!(answer.starts_with("SIP/2.0 200"), "{answer}");
        }

        signal(&server, "-TERM");
        assert_eq!(server.wait().unwrap().code(), Some(0));
        let mut log = String::new();
        server.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        assert!(log.contains("draining") && log.contains("ended"), "{log}");

        let ring = folder.0.join("data/ring-control.bin").display().to_string();
        let replay = huntline(&["replay", &ring, "--ladder"]);
        let said = text(&replay.stdout);
        assert!(replay.status.success(), "{}", text(&replay.stderr));
        for part in ["ended as it should", "OPTIONS sip:", "Drain", "8 datagrams sent", "0 in progress"] {
            assert!(said.contains(part), "`{part}` is not in:\n{said}");
        }
    }
}

#[test]
fn a_second_signal_ends_calls_at_once() {
    let folder = Folder::new("second");
    let (mut server, line) = serve(&configuration(&folder, &[]));
    let caller = UdpSocket::bind("127.0.0.1:0").unwrap();
    caller.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let (own, address) = (caller.local_addr().unwrap(), bound_address(&line));
    let sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8\r\n";
    let head = |method: &str, tag: &str| {
        format!(
            "{method} sip:1000@{address} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{method}\r\nMax-Forwards: 70\r\n\
             From: <sip:5551234567@{own}>;tag=1\r\nTo: <sip:1000@{address}>{tag}\r\nCall-ID: second\r\nCSeq: 1 {method}\r\n\
             Contact: <sip:c@{own}>\r\n"
        )
    };
    let body = format!("Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}", sdp.len());
    caller.send_to((head("INVITE", "") + &body).as_bytes(), address).unwrap();
    let hear = || {
        let mut bytes = [0; 4096];
        let (length, _) = caller.recv_from(&mut bytes).expect("something is said");
        text(&bytes[..length])
    };
    let answered = std::iter::repeat_with(hear).find(|heard| heard.starts_with("SIP/2.0 200")).unwrap();
    let tag =
        answered.lines().find(|line| line.starts_with("To:")).and_then(|line| line.split(";tag=").nth(1)).unwrap();
    caller.send_to((head("ACK", &format!(";tag={tag}")) + "Content-Length: 0\r\n\r\n").as_bytes(), address).unwrap();

    signal(&server, "-TERM");
    let phone = UdpSocket::bind("127.0.0.1:0").unwrap();
    // Until the signal has arrived, OPTIONS is answered 200.
    while !answer_to_options(&phone, address).starts_with("SIP/2.0 503") {}
    assert_eq!(server.try_wait().unwrap(), None, "a call is in progress");
    signal(&server, "-TERM");
    assert_eq!(server.wait().unwrap().code(), Some(1));
    assert!(std::iter::repeat_with(hear).take(5).any(|heard| heard.starts_with("BYE ")));
    let day = std::fs::read_dir(folder.0.join("data"))
        .unwrap()
        .flatten()
        .find(|file| file.file_name().to_string_lossy().starts_with("calls-"));
    let records = std::fs::read_to_string(day.expect("a file of records").path()).unwrap();
    assert_eq!(records.lines().count(), 1, "{records}");
}

#[test]
fn the_inputs_of_a_server_that_is_killed_can_be_replayed() {
    let folder = Folder::new("killed");
    let file = configuration(&folder, &[]);
    let (mut server, _) = serve(&file);
    signal(&server, "-KILL");
    server.wait().unwrap();
    let ring = folder.0.join("data/ring-control.bin").display().to_string();
    let said = text(&huntline(&["replay", &ring]).stdout);
    assert!(said.contains("did not end as it should") && said.contains("whole"), "{said}");

    let (mut server, _) = serve(&file);
    signal(&server, "-INT");
    assert_eq!(server.wait().unwrap().code(), Some(0));
    let mut log = String::new();
    server.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(log.contains("ring-control.previous.bin"), "{log}");
}

#[test]
fn a_second_server_on_the_same_data_directory_is_refused() {
    let folder = Folder::new("twice");
    let file = configuration(&folder, &[]);
    let (mut server, _) = serve(&file);
    assert_refused(&huntline(&["serve", "--config", &file]), &["another huntline"]);
    signal(&server, "-TERM");
    server.wait().unwrap();
}
