//! Loading whole files: the shipped ones, and ones with a fault in them.

use super::{Around, DEFAULT, Epoch, Names, load, picture::picture};
use crate::clock::{Duration, Instant, WallTime};
use crate::config::epoch::PromptSource;
use crate::ids::{AgentId, QueueId};
use crate::ivr::session::{Actions, Input, Language, Session, Step};
use crate::switch::settings::{Fallback, Reach, Target};
use std::path::{Path, PathBuf};

const LOAD: &str = include_str!("../../config/load.toml");

fn shipped() -> Epoch {
    load(DEFAULT, &Around::nothing("config/huntline.toml"), &Names::default())
        .unwrap_or_else(|errors| panic!("{errors:#?}"))
}

/// The errors of the shipped file after a change, as they are printed.
fn errors(from: &str, to: &str) -> Vec<String> {
    assert!(DEFAULT.contains(from), "{from}");
    errors_of(&DEFAULT.replacen(from, to, 1))
}

fn errors_of(text: &str) -> Vec<String> {
    match load(text, &Around::nothing("h.toml"), &Names::default()) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.iter().map(ToString::to_string).collect(),
    }
}

fn line_of(needle: &str) -> usize {
    DEFAULT.lines().position(|line| line.contains(needle)).unwrap() + 1
}

#[test]
fn the_shipped_file_is_what_its_readme_says() {
    let epoch = shipped();
    assert_eq!(epoch.warnings, []);
    assert_eq!(epoch.process.sip, ["127.0.0.1:5060".parse().unwrap()]);
    assert_eq!(epoch.process.http, "127.0.0.1:8080".parse().unwrap());
    assert_eq!(epoch.process.media_ports, (20_000, 31_999));
    let agents: Vec<&str> = epoch.switch.agents.iter().map(|agent| &*agent.number).collect();
    assert_eq!(agents, ["8001", "8002", "8003", "8004", "8005", "8006", "8007", "8008", "8009", "8010"]);
    assert!(epoch.switch.agents.iter().all(|agent| matches!(agent.reach, Reach::Registers(_))));
    let queues: Vec<&str> = epoch.switch.queues.iter().map(|queue| &*queue.name).collect();
    assert_eq!(queues, ["service", "complaints", "business"]);
    assert!(epoch.router.queues.iter().all(|queue| queue.wrap_up == Duration::from_secs(5)));
    assert!(epoch.router.agents.iter().all(|agent| agent.ready_on_register));
    let targets: Vec<_> = epoch.switch.numbers.iter().map(|number| (&*number.number, number.target)).collect();
    assert_eq!(targets, [("1000", Target::Tree(crate::ids::TreeId(0))), ("2000", Target::Queue(QueueId(0)))]);
    let trunk = &epoch.switch.trunks[0];
    assert_eq!((&*trunk.name, trunk.sources[0].prefix), ("local", 8));
    assert_eq!(epoch.switch.queues[1].fallback, Fallback::Queue(QueueId(0)));
    // Every prompt can be interrupted (INTEROP 16).
    let nodes = epoch.switch.trees.trees.iter().flat_map(|tree| &tree.nodes);
    assert!(nodes.filter_map(|node| node.kind.listen()).all(|listen| listen.barge_in));
    assert!(epoch.prompts.iter().all(|source| matches!(source, PromptSource::Embedded(_))));
}

#[test]
fn the_load_file_has_five_hundred_agents_on_one_address() {
    let epoch =
        load(LOAD, &Around::nothing("config/load.toml"), &Names::default()).unwrap_or_else(|e| panic!("{e:#?}"));
    assert_eq!(epoch.warnings, []);
    assert_eq!(epoch.switch.agents.len(), 500);
    let Reach::Fixed { uri, address } = &epoch.switch.agents[499].reach else { panic!("not fixed") };
    assert_eq!((&**uri, address.to_string()), (&b"sip:9500@127.0.0.1:5090"[..], "127.0.0.1:5090".to_string()));
    assert_eq!(epoch.router.queues[0].wrap_up, Duration::ZERO);
    assert_eq!(epoch.router.queues[0].place_after, None);
}

#[test]
fn every_shipped_prompt_is_there() {
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/prompts");
    for source in shipped().prompts {
        let PromptSource::Embedded(below) = source else { panic!("{source:?}") };
        assert!(base.join(&*below).is_file(), "{below} is missing: run config/prompts/render");
    }
}

#[test]
fn a_caller_walks_the_shipped_tree_in_either_language() {
    let epoch = shipped();
    let trees = &epoch.switch.trees;
    let (now, wall) = (Instant::START, WallTime::from_micros(1_790_000_000_000_000));
    for (keys, expected, prompt) in [
        ("0", Some(QueueId(0)), "zh/welcome.wav"),
        ("20", Some(QueueId(1)), "zh/complain.wav"),
        ("310", Some(QueueId(2)), "zh/business_new.wav"),
        ("931", None, "en/business_new.wav"),
        ("98311", Some(QueueId(2)), "zh/business_new.wav"),
    ] {
        let mut out = Actions::default();
        let mut session = Session::start(trees, crate::ids::TreeId(0), Language(0), wall, now, &mut out);
        let mut said = Vec::new();
        for key in keys.bytes() {
            said.append(&mut out.steps);
            session.handle(trees, Input::Digit(key), wall, now, &mut out);
        }
        let queue = out.steps.iter().find_map(|step| match step {
            Step::Queue { queue, .. } => Some(*queue),
            _ => None,
        });
        assert_eq!(queue, expected, "{keys}");
        said.append(&mut out.steps);
        let heard = said.iter().rev().find_map(|step| match step {
            Step::Say(prompts) => Some(epoch.prompts[prompts[0].index()].clone()),
            _ => None,
        });
        assert_eq!(heard, Some(PromptSource::Embedded(prompt.into())), "{keys}");
    }
}

#[test]
fn an_error_names_file_line_key_value_and_what_would_be_right() {
    let line = line_of("wait_max = \"10 min\"");
    assert_eq!(
        errors("wait_max = \"10 min\"", "wait_max = \"10 minutes\""),
        [format!(
            "h.toml:{line}: queues.service.wait_max = \"10 minutes\": invalid value: string \"10 minutes\", expected a time such as \
             \"500 ms\", \"15 s\", \"10 min\" or \"4 h\" (at most 30 days)"
        )]
    );
    let line = line_of("waiting_max = 100");
    assert_eq!(
        errors("waiting_max = 100", "waitng_max = 100"),
        [format!(
            "h.toml:{line}: queues.service.waitng_max = 100: there is no key `waitng_max` here; did you mean `waiting_max`?"
        )]
    );
    let line = line_of("root = \"open\"");
    assert_eq!(
        errors("root = \"open\"", "root = \"opne\""),
        [format!("h.toml:{line}: trees.main.root = \"opne\": there is no node `opne`; did you mean `open`?")]
    );
}

#[test]
fn several_errors_are_found_in_one_go() {
    let text = DEFAULT
        .replacen("waiting_max = 100", "waitng_max = 100", 1)
        .replacen("silence = \"60 s\"", "silence = 60", 1)
        .replacen("2000 = { queue = \"service\" }", "2000 = { queue = \"servce\" }", 1);
    let found = errors_of(&text);
    assert_eq!(found.len(), 3, "{found:#?}");
    for part in ["waitng_max", "limits.silence = 60: invalid type: integer `60`", "there is no queue `servce`"] {
        assert!(found.iter().any(|error| error.contains(part)), "{part}: {found:#?}");
    }
    let found = errors_of("[sip]\nlisten = [\n\n[http\nlisten = 5\n");
    assert!(!found.is_empty() && found.iter().all(|error| error.starts_with("h.toml:")), "{found:#?}");
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (from, to, part) in [
        ("listen = [\"127.0.0.1:5060\"]", "listen = [\"192.0.2.1:5060\"]", "has the demo password"),
        ("listen = [\"127.0.0.1:5060\"]", "listen = [\"0.0.0.0:5060\"]", "sip.advertised"),
        ("listen = [\"127.0.0.1:5060\"]", "listen = [\"127.0.0.1:5060\", \"127.0.0.1:5060\"]", "already"),
        ("listen = [\"127.0.0.1:5060\"]", "listen = [\"127.0.0.1:20000\"]", "among the media ports"),
        ("listen = \"127.0.0.1:8080\"", "listen = \"0.0.0.0:8080\"", "needs a `token`"),
        (
            "realm = \"huntline\"",
            "passed_headers = [\"Subject\", \"call-id\"]",
            "call-id is written by Huntline itself",
        ),
        ("realm = \"huntline\"", "passed_headers = [\"Content-Type\"]", "cannot be passed on"),
        ("realm = \"huntline\"", "passed_headers = [\"A\\r\\nB\"]", "a header's full name"),
        ("realm = \"huntline\"", "expires_max = \"10 s\"", "not shorter than `expires_min`"),
        ("realm = \"huntline\"", "t1 = \"0 s\"", "sip.t1 = \"0 s\": invalid value"),
        ("realm = \"huntline\"", "nonces_max = 0", "nonzero"),
        ("listen = \"127.0.0.1:8080\"", "token = \"short\"", "http.token = (hidden): the HTTP token has at least 16"),
        ("say = [\"busy\"]\nnext = \"goodbye\"", "say = [\"busy\"]", "trees.main.play.busy: the key `next` is missing"),
        ("drain = \"30 s\"", "drain = \"30 s\"\ndrain = 5", "duplicate key, in `drain = 5`"),
        ("password = \"demo-8010\"", "password = \"demo-8010", "invalid basic string"),
        ("ports = \"20000-31999\"", "ports = \"20001-31999\"", "first even, last odd"),
        ("number = \"8010\"", "number = \"8009\"", "the agent 8009 is defined twice"),
        ("1000 = { tree = \"main\" }", "8001 = { tree = \"main\" }", "number of an agent already"),
        ("1000 = { tree = \"main\" }", "1000 = { tree = \"mian\" }", "did you mean `main`?"),
        ("1000 = { tree = \"main\" }", "1000 = {}", "one of { tree"),
        ("1000 = { tree = \"main\" }", "\"*61\" = { tree = \"main\" }", "begin with *6"),
        ("requires = { service = 1 }", "requires = { service = 11 }", "from 1 to 10"),
        (
            "skills = { service = 5,",
            "skills = { servise = 5,",
            "no queue requires the skill `servise`; did you mean `service`?",
        ),
        ("password = \"demo-8010\"", "", "exactly one of `password`, `ha1` and `contact`"),
        ("password = \"demo-8010\"", "ha1 = \"xyz\"", "agents[4].ha1 = (hidden): an HA1 has 32"),
        ("password = \"demo-8010\"", "contact = \"sip:8010@desk\"", "literal address"),
        ("say = [\"welcome\"]", "say = [\"../../etc/passwd\"]", "letters, digits"),
        (
            "wait_max = \"10 min\"\n",
            "wait_max = \"10 min\"\nfallback = { queue = \"complaints\" }\n",
            "queue service → queue complaints → queue service: goes in a circle",
        ),
        ("fallback = { node = \"main/busy\" }", "fallback = { node = \"busy\" }", "name tree and node"),
        ("zero = \"service\"\n", "\n", "`0` reaches no queue from here"),
        ("keys = { 1 = \"ask_hours\",", "keys = { 0 = \"goodbye\", 1 = \"ask_hours\",", "bind it to a queue node"),
        ("keys = { 1 = \"ask_hours\",", "keys = { x = \"ask_hours\",", "a key is one of 1 to 9"),
        (
            "next = \"goodbye\" }\nask_charges",
            "next = \"ask_hours\" }\nask_charges",
            "ask_hours → ask_hours: goes in a circle",
        ),
        ("digits_max = 12", "digits_max = 33", "from 1 to 32 digits"),
        ("agent = \"8010\"", "agent = \"8011\"", "there is no agent 8011"),
        ("mon-sun", "mon-sunday", "days such as"),
        ("zone = \"Asia/Shanghai\"", "zone = \"Asia/Atlantis\"", "a time zone such as"),
        ("languages = [\"zh\", \"en\"]", "languages = [\"zh\", \"fr\"]", "begins with `zh` or `en`"),
    ] {
        let found = errors(from, to);
        assert!(found.iter().any(|error| error.contains(part)), "{to}: {part} is not in {found:#?}");
        assert!(!found.iter().any(|error| error.contains("demo-8")), "a password is shown: {found:#?}");
    }
    let named = errors("ports = \"20000-31999\"", "ports = \"20000-5\"");
    assert!(named[0].contains("media.ports = \"20000-5\""), "{named:?}");
}

#[test]
fn zero_bound_to_a_queue_node_is_the_levels_queue() {
    let text = DEFAULT.replacen("keys = { 1 = \"ask_hours\",", "keys = { 0 = \"to_business\", 1 = \"ask_hours\",", 1);
    let epoch = load(&text, &Around::nothing("h.toml"), &Names::default()).unwrap();
    let tree = &epoch.switch.trees.trees[0];
    assert_eq!(tree.nodes[tree.find("ask").unwrap().index()].queue, Some(QueueId(2)));
}

#[test]
fn what_is_allowed_but_hardly_meant_is_a_warning() {
    let text = DEFAULT.replacen("requires = { business = 2 }", "requires = { business = 9 }", 1)
        + "\n[trees.main.hang_up.island]\n";
    let epoch = load(&text, &Around::nothing("h.toml"), &Names::default()).unwrap();
    let warnings: Vec<String> = epoch.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(warnings.len(), 2, "{warnings:#?}");
    assert!(warnings[0].contains("main → island: is never reached"), "{warnings:#?}");
    assert!(
        warnings[1].contains("no agent can serve the queue `business` (it requires { business = 9 })"),
        "{warnings:#?}"
    );
}

#[test]
fn the_calendar_in_the_shipped_files_comment_is_a_good_one() {
    let (before, rest) = DEFAULT.split_once("# [calendars.office]").unwrap();
    let (comment, after) = rest.split_once("\n\n").unwrap();
    let text = format!("{before}[calendars.office]{}\n\n{after}", comment.replace("\n# ", "\n"));
    let epoch =
        load(&text, &Around::nothing("h.toml"), &Names::default()).unwrap_or_else(|errors| panic!("{errors:#?}"));
    assert_eq!(epoch.switch.trees.calendars[1].make_up.len(), 2);
}

#[test]
fn the_fuzz_target_starts_from_a_file_that_loads() {
    let seed = include_str!("../../fuzz/seeds/config/tree.toml");
    let epoch =
        load(seed, &Around::nothing("tree.toml"), &Names::default()).unwrap_or_else(|errors| panic!("{errors:#?}"));
    assert_eq!(epoch.warnings, []);
}

#[test]
fn prompts_come_from_files_first_and_a_missing_one_is_named() {
    let own = PathBuf::from("/etc/huntline/prompts/en/welcome.wav");
    let is_file = |path: &Path| path == own;
    let is_shipped = |name: &str| name != "zh/busy.wav";
    let around = Around {
        base: Path::new("/etc/huntline"),
        is_file: &is_file,
        is_shipped: &is_shipped,
        ..Around::nothing("h.toml")
    };
    let errors = load(DEFAULT, &around, &Names::default()).unwrap_err();
    let line = line_of("say = [\"busy\"]");
    assert_eq!(
        errors.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [format!(
            "h.toml:{line}: trees.main.play.busy.say[1] = \"busy\": the prompt `zh/busy` has no file: there is no \
             /etc/huntline/prompts/zh/busy.wav"
        )]
    );
    let around = Around { is_shipped: &|_| true, ..around };
    let epoch = load(DEFAULT, &around, &Names::default()).unwrap();
    let files: Vec<_> = epoch.prompts.iter().filter(|source| matches!(source, PromptSource::File(_))).collect();
    assert_eq!(files, [&PromptSource::File(own.clone())]);
}

#[test]
fn a_reload_keeps_ids_and_gives_new_ones_to_new_names() {
    let before = shipped();
    // `service` is gone, a queue is new, agents 8001–8004 are gone, the nodes stand in another order.
    let text = DEFAULT
        .replacen("[queues.service]", "[queues.alpha]", 1)
        .replace("zero = \"service\"", "zero = \"alpha\"")
        .replace("queue = \"service\"", "queue = \"alpha\"")
        .replacen("number = \"8001\"\ncount = 4", "number = \"7001\"\ncount = 4", 1)
        .replacen("[trees.main.hang_up.goodbye]\nsay = [\"goodbye\"]", "", 1)
        .replacen(
            "[trees.main.hours.open]",
            "[trees.main.hang_up.goodbye]\nsay = [\"goodbye\"]\n\n[trees.main.hours.open]",
            1,
        );
    let after = load(&text, &Around::nothing("h.toml"), &before.names).unwrap_or_else(|errors| panic!("{errors:#?}"));
    let queues: Vec<&str> = after.switch.queues.iter().map(|queue| &*queue.name).collect();
    assert_eq!(queues, ["(gone) service", "complaints", "business", "alpha"]);
    assert!(after.router.queues.iter().enumerate().all(|(at, queue)| queue.id.index() == at));
    assert_eq!(&*after.switch.agents[0].number, "(gone) 8001");
    assert_eq!(after.switch.agents[10].id, AgentId(10));
    assert_eq!(&*after.switch.agents[10].number, "7001");
    let node = |epoch: &Epoch, name| epoch.switch.trees.trees[0].find(name);
    for name in ["open", "welcome", "goodbye", "business_new"] {
        assert_eq!(node(&before, name), node(&after, name), "{name}");
    }
    assert_eq!(before.prompts.len(), after.prompts.len());
}

#[test]
fn threads_follow_the_number_of_processors() {
    for (processors, expected) in [(1, (0, 1)), (2, (0, 1)), (4, (1, 2)), (16, (4, 11)), (256, (4, 59))] {
        let around = Around { processors, ..Around::nothing("h.toml") };
        let threads = load(DEFAULT, &around, &Names::default()).unwrap().process.threads;
        assert_eq!((threads.receivers, threads.media_workers), expected, "{processors}");
    }
}

#[test]
fn the_picture_shows_the_ways_through_the_tree() {
    let drawn = picture(&shipped());
    for part in [
        "SIP    udp 127.0.0.1:5060",
        "  local        from 127.0.0.0/8 PCMA PCMU",
        "  1000         → tree main",
        "  complaints   ",
        "tree main   0 → service",
        "├─ always open → play welcome",
        "│     │  ├─ 1 → play ask_hours",
        "2 → queue to_company (business, priority +60)",
        "menu complain   0 → complaints",
    ] {
        assert!(drawn.contains(part), "{part} is not in\n{drawn}");
    }
}

#[test]
fn no_text_makes_the_loader_fail_otherwise_than_by_an_error() {
    use proptest::prelude::*;
    let lines: Vec<&str> = DEFAULT.lines().collect();
    let strategy = (0..lines.len(), 0..lines.len(), "[a-z0-9=\"{}\\[\\]. ]{0,12}");
    proptest!(ProptestConfig::with_cases(64), |((cut, twice, noise) in strategy)| {
        let mut text: Vec<String> = lines.iter().map(ToString::to_string).collect();
        let kept: String = lines[cut].chars().take(lines[cut].len() / 2).collect();
        text[cut] = kept + &noise;
        text.push(lines[twice].to_string());
        if let Ok(epoch) = load(&text.join("\n"), &Around::nothing("h.toml"), &Names::default()) {
            picture(&epoch);
        }
    });
}
