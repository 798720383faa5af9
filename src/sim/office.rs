//! A small call centre for tests and scenarios: agents 8001, 8002 …, the number 2000 to the queue `service`, and the number 1000 to a
//! menu before it. Built by hand, without a file; what is tested of the configuration is tested in `config`. Everything in it is
//! public: a test changes what it is about.

use crate::acd;
use crate::clock::Duration;
use crate::config::Epoch;
use crate::gate;
use crate::ids::{AgentId, ListenerId, NodeId, PromptId, QueueId, ReasonId, SkillId, TreeId, TrunkId};
use crate::ivr::session::Language;
use crate::ivr::spoken::{Numbers, Words};
use crate::ivr::tree::{Kind, Lines, Listen, Menu, Tree, Trees};
use crate::sip::digest::Secret;
use crate::switch;
use crate::switch::settings::{Agent, Fallback, Limits, Listener, Number, Queue, Reach, Reason, Spoken, Target, Trunk};
use core::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Where Huntline listens.
pub const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 1)), 5060);
/// Where the trunk is.
pub const TRUNK: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 1, 1)), 5060);
/// Music on hold.
pub const MUSIC: PromptId = PromptId(0);
/// "For service press 1 …"
pub const MENU: PromptId = PromptId(1);
/// "Invalid key."
pub const INVALID: PromptId = PromptId(2);
/// "Please wait."
pub const WELCOME: PromptId = PromptId(3);
/// The queue behind number 2000.
pub const SERVICE: QueueId = QueueId(0);
/// The queue behind key 2 of the menu.
pub const COMPLAINTS: QueueId = QueueId(1);

/// All settings of a small call centre.
#[derive(Clone, Debug)]
pub struct Office {
    pub switch: switch::Settings,
    pub router: acd::Settings,
    pub gate: gate::Settings,
    /// Length of each prompt; the last serves all beyond.
    pub prompts: Vec<Duration>,
}

/// Where the `number`-th agent's phone is (from 0).
pub fn phone_address(number: u32) -> SocketAddr {
    let [_, _, high, low] = (0x0200 + number).to_be_bytes();
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 1, high, low)), 5060)
}

/// The `number`-th agent's number (from 0): 8001 …
pub fn agent_number(number: u32) -> String {
    (8001 + number).to_string()
}

/// What the `number`-th agent's phone registers with.
pub fn password(number: u32) -> String {
    format!("secret-{}", agent_number(number))
}

impl Office {
    /// An office with so many agents, who register; wrap-up 5 s, ring limit 15 s, no announcements of place.
    pub fn new(agents: u32) -> Self {
        let queues = ["service", "complaints"];
        let router = acd::Settings {
            queues: (0..).zip(queues).map(|(id, name)| router_queue(QueueId(id), name)).collect(),
            agents: (0..agents).map(router_agent).collect(),
            ageing_per_second: 1.0,
            provisional_timeout: Duration::from_secs(2),
            repeat_offer_after: Duration::from_secs(30),
            failures_max: 3,
            busy_grace: Duration::from_secs(1),
            busy_retry: Duration::from_millis(500),
            offer_gap: Duration::ZERO,
        };
        let loopback = gate::Network { address: IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), prefix: 8 };
        let gate = gate::Settings {
            trusted: vec![loopback],
            rate: 1000.0,
            burst: 1000.0,
            sources_max: 10_000,
            penalty: Duration::from_secs(10),
        };
        let seconds = |seconds| Duration::from_secs(seconds);
        let prompts = vec![seconds(60), seconds(6), seconds(1), seconds(2), Duration::from_millis(500)];
        Self { switch: switch_settings(agents, &queues), router, gate, prompts }
    }

    /// The office that a configuration describes. Its prompts are taken to last `prompt`, its music a minute.
    pub fn of(epoch: &Epoch, prompt: Duration) -> Self {
        let (switch, router) = ((*epoch.switch).clone(), (*epoch.router).clone());
        Self { switch, router, gate: epoch.gate.clone(), prompts: vec![prompt] }
    }

    /// The settings of one queue, both halves.
    pub fn queue(&mut self, queue: QueueId) -> (&mut Queue, &mut acd::settings::QueueSettings) {
        (&mut self.switch.queues[queue.index()], &mut self.router.queues[queue.index()])
    }
}

fn switch_settings(agents: u32, queues: &[&str]) -> switch::Settings {
    let number = |number: &str, target| Number { number: number.into(), target, language: Language(0) };
    switch::Settings {
        listeners: vec![Listener { id: ListenerId(0), address: SERVER }],
        media_address: SERVER.ip(),
        trunks: vec![Trunk {
            id: TrunkId(0),
            name: "trunk".into(),
            sources: vec![gate::Network { address: TRUNK.ip(), prefix: 32 }],
            codecs: Vec::new(),
            calls_max: None,
            calls_per_second_max: None,
            refusal_status: 480,
        }],
        numbers: vec![
            number("1000", Target::Tree(TreeId(0))),
            number("2000", Target::Queue(SERVICE)),
            number("3000", Target::Queue(COMPLAINTS)),
        ],
        agents: (0..agents).map(switch_agent).collect(),
        queues: (0..)
            .zip(queues)
            .map(|(id, &name)| Queue {
                id: QueueId(id),
                name: name.into(),
                music: Some(MUSIC),
                welcome: vec![None],
                fallback: Fallback::Goodbye,
                star_to_menu: true,
            })
            .collect(),
        reasons: vec![Reason { id: ReasonId(0), code: "1".into(), name: "break".into() }],
        trees: Trees { trees: vec![tree()], ..Trees::default() },
        spoken: Spoken { languages: vec![words()] },
        digest: crate::sip::digest::Settings::default(),
        registrar: crate::sip::registrar::Settings::default(),
        timings: crate::sip::transaction::Timings::default(),
        limits: Limits {
            calls_max: 10_000,
            transactions_max: 200_000,
            silence: Duration::from_secs(60),
            drain: Duration::from_secs(60),
            call_max: Duration::from_secs(4 * 3600),
        },
        challenge_calls: true,
        passed_headers: Vec::new(),
    }
}

fn switch_agent(number: u32) -> Agent {
    Agent {
        id: AgentId(number),
        number: agent_number(number).into(),
        name: format!("Agent {}", agent_number(number)).into(),
        reach: Reach::Registers(Secret::Password(password(number).into())),
    }
}

fn router_queue(id: QueueId, name: &str) -> acd::settings::QueueSettings {
    acd::settings::QueueSettings {
        id,
        name: name.into(),
        requires: Vec::new(),
        priority: 0,
        waiting_max: 1000,
        wait_max: None,
        refuse_without_agents: false,
        wrap_up: Duration::from_secs(5),
        wrap_up_max: Duration::from_secs(120),
        place_after: None,
        place_every: Duration::from_secs(30),
        handling_time: Duration::from_secs(110),
        patience: Duration::from_secs(120),
        wait_buckets: vec![5.0, 20.0, 60.0],
    }
}

fn router_agent(number: u32) -> acd::settings::AgentSettings {
    acd::settings::AgentSettings {
        id: AgentId(number),
        number: agent_number(number).into(),
        name: agent_number(number).into(),
        skills: vec![(SkillId(0), 5)],
        ring_limit: Duration::from_secs(15),
        ready_on_register: true,
    }
}

/// Prompts 4 … 33, half a second each.
fn words() -> Words {
    let said = |number: u32| PromptId(4 + number);
    Words {
        name: "zh".into(),
        digits: core::array::from_fn(|digit| said(digit as u32)),
        numbers: Numbers::Mandarin { ten: said(10), hundred: said(11), thousand: said(12), two: said(13) },
        one_in_digits: said(14),
        place_before: said(15),
        place_after: said(16),
        wait_before: said(17),
        wait_after: said(18),
        wait_after_one: said(18),
        please_wait: said(19),
        goodbye: said(20),
        agent_before: said(21),
        agent_after: said(22),
    }
}

/// `main`: 1 service, 2 complaints, 3 a second menu where 1 is service; 0 from everywhere to service.
fn tree() -> Tree {
    let mut tree = Tree::new("main", Some(SERVICE));
    let listen = || Listen { invalid: Lines::same(&[INVALID]), ..Listen::saying(Lines::same(&[MENU])) };
    let root = tree.name("root");
    let service = tree.add("service", Kind::Queue { queue: SERVICE, priority: 0 });
    let complaints = tree.add("complaints", Kind::Queue { queue: COMPLAINTS, priority: 0 });
    let second = tree.add("second", Kind::Menu(Menu { listen: listen(), keys: vec![(b'1', service)] }));
    let keys: Vec<(u8, NodeId)> = vec![(b'1', service), (b'2', complaints), (b'3', second)];
    tree.set(root, Kind::Menu(Menu { listen: listen(), keys }));
    tree.root = root;
    tree
}
