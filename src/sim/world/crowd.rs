//! Phones and the people who hold them.

use super::{Due, World};
use crate::clock::{Duration, Instant};
use crate::seed::Seed;
use crate::sim::agenda::Link;
use crate::sim::media_model::Hearing;
use crate::sim::office;
use crate::sim::people::{Deed, Habit, Manner, Person, Role, SimAgent, Step, When};
use crate::sim::phone::{End, Identity, Phone, SessionId, State, Word};
use crate::sip::digest::Secret;
use crate::switch::settings::Reach;
use core::net::SocketAddr;
use std::collections::BTreeMap;

/// Somebody in a call; index among all who ever were.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct PersonId(pub u32);

/// What an agent does outside calls.
#[derive(Clone, PartialEq, Debug)]
pub enum AgentDeed {
    /// REGISTER for this long; refreshed when four fifths are over.
    Register(Duration),
    /// Takes the registration back.
    Unregister,
    /// Lets the registration run out.
    Forget,
    /// The registration is about to run out: asks for another like it, unless it is to be let run out.
    Refresh(Duration),
    /// Dials a number or a code (`*61`), and does this in the call.
    Dial(String, Vec<Step>),
}

/// How long a registration is asked for.
const EXPIRES: Duration = Duration::from_secs(3600);
/// A phone whose REGISTER fails tries again after this long.
const REGISTER_AGAIN: Duration = Duration::from_secs(5);
/// Transactions that a phone keeps at most.
const TRANSACTIONS_MAX: usize = 200_000;

/// All phones and people.
pub(super) struct Crowd {
    phones: Vec<Phone>,
    /// When each phone is to be woken, as the agenda knows it.
    wakes: Vec<Instant>,
    names: Vec<String>,
    by_address: BTreeMap<SocketAddr, u32>,
    pub(super) people: Vec<Person>,
    pub(super) agents: Vec<SimAgent>,
    by_phone: BTreeMap<u32, u32>,
    by_rtp: BTreeMap<SocketAddr, PersonId>,
    seed: Seed,
    /// Calls that have not begun, and people in calls.
    waiting: usize,
    talking: usize,
    /// Whether phones keep their registrations up.
    pub(super) refreshing: bool,
    /// The last moment at which the scenario wants something to happen.
    pub(super) busy_until: Instant,
    pub(super) turns_at_one_time: u32,
    pub(super) turns: u32,
}

impl Crowd {
    pub(super) fn new(seed: Seed) -> Self {
        Self {
            phones: Vec::new(),
            wakes: Vec::new(),
            names: Vec::new(),
            by_address: BTreeMap::new(),
            people: Vec::new(),
            agents: Vec::new(),
            by_phone: BTreeMap::new(),
            by_rtp: BTreeMap::new(),
            seed,
            waiting: 0,
            talking: 0,
            refreshing: true,
            busy_until: Instant::START,
            turns_at_one_time: 0,
            turns: 0,
        }
    }

    pub(super) fn address(&self, phone: u32) -> SocketAddr {
        self.phones[phone as usize].identity().address
    }

    pub(super) fn at(&self, address: SocketAddr) -> Option<u32> {
        self.by_address.get(&address).copied()
    }

    pub(super) fn name(&self, phone: u32) -> String {
        self.names.get(phone as usize).cloned().unwrap_or_default()
    }

    pub(super) fn is_busy(&self) -> bool {
        self.waiting > 0 || self.talking > 0
    }

    pub(super) fn phone(&mut self, phone: u32) -> &mut Phone {
        &mut self.phones[phone as usize]
    }

    pub(super) fn phones(&self) -> impl Iterator<Item = (&String, &Phone)> {
        self.names.iter().zip(&self.phones)
    }

    fn schedule_times(&mut self, person: PersonId, when: When) -> Vec<(Duration, Deed)> {
        let Self { people, seed, .. } = self;
        let script = people[person.0 as usize].script.iter().filter(|step| step.when == when);
        script.map(|step| (step.after.draw(seed), step.deed)).collect()
    }
}

impl World {
    /// A phone (or trunk) with this name in ladders.
    pub fn add_phone(&mut self, name: &str, address: SocketAddr, user: &str, password: Option<String>) -> u32 {
        let phone = self.crowd.phones.len() as u32;
        let server = self.office.switch.listeners.first().map_or(office::SERVER, |first| first.address);
        let identity = Identity { phone, address, server, user: user.into(), password };
        let timings = self.office.switch.timings;
        let seed = self.crowd.seed.fork();
        self.crowd.phones.push(Phone::new(identity, timings, TRANSACTIONS_MAX, seed));
        self.crowd.wakes.push(Instant::from_micros(u64::MAX));
        self.crowd.names.push(name.into());
        self.crowd.by_address.insert(address, phone);
        phone
    }

    /// The trunk over which callers come.
    pub fn add_trunk(&mut self) -> u32 {
        self.add_phone("caller", office::TRUNK, "trunk", None)
    }

    /// The `number`-th agent of the office (from 0) with a phone of their own, which registers at `at` (unless its contact is fixed) and
    /// treats calls by `manners`. Returns the agent's number in the world.
    pub fn add_agent(&mut self, number: u32, at: Instant, manners: Vec<Manner>) -> u32 {
        let settings = &self.office.switch.agents[number as usize];
        match settings.reach {
            Reach::Fixed { address, .. } => {
                let (name, shared) = (settings.number.to_string(), self.crowd.at(address));
                let phone = shared.unwrap_or_else(|| self.add_phone(&name, address, &name, None));
                self.add_holder(phone, manners)
            }
            Reach::Registers(_) => self.add_registering(number, "", office::phone_address(number), at, manners),
        }
    }

    /// A second phone of an agent's: the same user at another address.
    pub fn add_second_phone(&mut self, number: u32, address: SocketAddr, at: Instant, manners: Vec<Manner>) -> u32 {
        self.add_registering(number, "b", address, at, manners)
    }

    fn add_registering(
        &mut self,
        number: u32,
        suffix: &str,
        address: SocketAddr,
        at: Instant,
        manners: Vec<Manner>,
    ) -> u32 {
        let settings = &self.office.switch.agents[number as usize];
        let password = match &settings.reach {
            Reach::Registers(Secret::Password(password)) => Some(password.to_string()),
            _ => None,
        };
        let user = settings.number.to_string();
        let phone = self.add_phone(&format!("{user}{suffix}"), address, &user, password);
        let agent = self.add_holder(phone, manners);
        self.agent_does(at, agent, AgentDeed::Register(EXPIRES));
        agent
    }

    fn add_holder(&mut self, phone: u32, manners: Vec<Manner>) -> u32 {
        let agent = self.crowd.agents.len() as u32;
        let number = self.crowd.phone(phone).identity().user.clone();
        self.crowd.agents.push(SimAgent { phone, number, manners, habit: None, offers: 0, refreshes: true });
        self.crowd.by_phone.insert(phone, agent);
        agent
    }

    /// An agent treats calls by chance from now on.
    pub fn set_habit(&mut self, agent: u32, habit: Habit) {
        self.crowd.agents[agent as usize].habit = Some(habit);
    }

    /// A caller on `trunk` who calls `called` at `at`.
    pub fn add_caller(&mut self, trunk: u32, at: Instant, calling: &str, called: &str, script: Vec<Step>) -> PersonId {
        let person = PersonId(self.crowd.people.len() as u32);
        self.crowd.people.push(Person::new(Role::Caller, trunk, calling, called, script));
        self.crowd.waiting += 1;
        self.agenda.add(at, Link::People, Due::Begin(person));
        person
    }

    /// An agent does something at `at`.
    pub fn agent_does(&mut self, at: Instant, agent: u32, deed: AgentDeed) {
        self.crowd.busy_until = self.crowd.busy_until.max(at);
        self.agent_plans(at, agent, deed);
    }

    fn agent_plans(&mut self, at: Instant, agent: u32, deed: AgentDeed) {
        self.agenda.add(at, Link::People, Due::Agent(agent, deed));
    }

    /// Somebody in a call does something at `at`.
    pub fn person_does(&mut self, at: Instant, person: PersonId, deed: Deed) {
        self.agenda.add(at, Link::People, Due::Deed(person, deed));
    }

    /// Somebody's life in a call so far.
    pub fn person(&self, person: PersonId) -> &Person {
        &self.crowd.people[person.0 as usize]
    }

    /// Everybody who was ever in a call, or is about to be.
    pub fn people(&self) -> &[Person] {
        &self.crowd.people
    }

    /// What somebody hears now.
    pub fn hears(&self, person: PersonId) -> Hearing {
        self.person(person).rtp.map_or(Hearing::Nothing, |rtp| self.media.hears(rtp))
    }

    /// The person whom `person` hears now.
    pub fn hears_whom(&self, person: PersonId) -> Option<&Person> {
        match self.hears(person) {
            Hearing::Party(rtp) => self.crowd.by_rtp.get(&rtp).map(|&other| self.person(other)),
            _ => None,
        }
    }

    pub(super) fn phone_takes(&mut self, phone: u32, bytes: &[u8]) {
        let now = self.now;
        self.crowd.phone(phone).receive(bytes, now);
        self.flush(phone);
    }

    pub(super) fn wake_phone(&mut self, phone: u32) {
        let now = self.now;
        let armed = &mut self.crowd.wakes[phone as usize];
        if *armed != now {
            // Overtaken by an earlier deadline, which has looked after this one.
            return;
        }
        *armed = Instant::from_micros(u64::MAX);
        self.crowd.phone(phone).handle_time(now);
        self.flush(phone);
    }

    /// Sends what a phone wants sent, hears what it says, and sees to it that it is woken.
    pub(super) fn flush(&mut self, phone: u32) {
        loop {
            let mut out = core::mem::take(&mut self.crowd.phone(phone).out);
            for (_, bytes) in out.iter() {
                self.send_to_gate(phone, bytes);
            }
            out.clear();
            self.crowd.phone(phone).out = out;
            let words = core::mem::take(self.crowd.phone(phone).words());
            if words.is_empty() {
                break;
            }
            for word in words {
                self.on_word(phone, word);
            }
        }
        if let Some(deadline) = self.crowd.phone(phone).next_deadline() {
            let deadline = deadline.max(self.now);
            let armed = &mut self.crowd.wakes[phone as usize];
            if deadline < *armed {
                *armed = deadline;
                self.agenda.add(deadline, Link::PhoneTime, Due::Wake(phone));
            }
        }
    }

    fn send_to_gate(&mut self, phone: u32, bytes: &[u8]) {
        let arrivals = self.network.send(phone, true, bytes, self.now);
        if arrivals.is_empty() && self.options.watch.trace {
            self.watching.trace.message(self.now, phone, true, true, bytes);
        }
        for at in arrivals {
            self.agenda.add(at, Link::NetworkIn, Due::ToGate { phone, bytes: bytes.into() });
        }
    }

    fn on_word(&mut self, phone: u32, word: Word) {
        match word {
            Word::Incoming(id) => self.on_incoming(phone, id),
            Word::Progress(..) => {}
            Word::Up(id) => {
                let Some(session) = self.crowd.phone(phone).session(id) else { return };
                let person = PersonId(session.person);
                self.crowd.people[person.0 as usize].up = Some(self.now);
                self.plan(person, When::Up);
            }
            Word::Ended { person, rtp, end } => self.on_ended(PersonId(person), rtp, end),
            Word::Registered(lasting) => {
                let Some(&agent) = self.crowd.by_phone.get(&phone) else { return };
                if !lasting.is_zero() {
                    self.agent_plans(self.now + lasting * 4 / 5, agent, AgentDeed::Refresh(lasting));
                }
            }
            Word::NotRegistered(_) => {
                let Some(&agent) = self.crowd.by_phone.get(&phone) else { return };
                self.agent_plans(self.now + REGISTER_AGAIN, agent, AgentDeed::Refresh(EXPIRES));
            }
        }
    }

    fn on_incoming(&mut self, phone: u32, id: SessionId) {
        let now = self.now;
        let Some(&agent) = self.crowd.by_phone.get(&phone) else {
            return self.crowd.phone(phone).decline(id, 404, now);
        };
        let Crowd { agents, seed, .. } = &mut self.crowd;
        let manner = agents[agent as usize].next_manner(seed);
        let number = self.crowd.agents[agent as usize].number.clone();
        self.crowd.people.push(Person::new(Role::Agent(agent), phone, "", &number, manner));
        self.join_call(PersonId(self.crowd.people.len() as u32 - 1), phone, id);
    }

    pub(super) fn begin_call(&mut self, person: PersonId) {
        let now = self.now;
        self.crowd.waiting -= 1;
        let Person { phone, calling, called, .. } = self.person(person).clone();
        if self.crowd.phone(phone).is_crashed() {
            self.crowd.people[person.0 as usize].ended = Some((now, End::Crashed));
            return;
        }
        let id = self.crowd.phone(phone).call(&calling, &called, person.0, now);
        self.join_call(person, phone, id);
        self.flush(phone);
    }

    fn join_call(&mut self, person: PersonId, phone: u32, id: SessionId) {
        self.crowd.talking += 1;
        self.crowd.phone(phone).assign(id, person.0);
        let rtp = self.crowd.phone(phone).session(id).map(|session| session.rtp);
        self.crowd.by_rtp.extend(rtp.map(|rtp| (rtp, person)));
        let entry = &mut self.crowd.people[person.0 as usize];
        (entry.session, entry.rtp, entry.started) = (Some(id), rtp, self.now);
        self.plan(person, When::Start);
    }

    fn on_ended(&mut self, person: PersonId, rtp: SocketAddr, end: End) {
        let Some(entry) = self.crowd.people.get_mut(person.0 as usize) else { return };
        if entry.ended.is_none() {
            entry.ended = Some((self.now, end));
            self.crowd.talking -= 1;
        }
        if self.crowd.by_rtp.get(&rtp) == Some(&person) {
            self.crowd.by_rtp.remove(&rtp);
        }
    }

    /// Puts the steps of somebody's script that count from `when` on the agenda.
    fn plan(&mut self, person: PersonId, when: When) {
        for (after, deed) in self.crowd.schedule_times(person, when) {
            self.agenda.add(self.now + after, Link::People, Due::Deed(person, deed));
        }
    }

    pub(super) fn phone_hears(&mut self, rtp: SocketAddr, hearing: Hearing) {
        let Some(&person) = self.crowd.by_rtp.get(&rtp) else { return };
        let entry = &mut self.crowd.people[person.0 as usize];
        if matches!(hearing, Hearing::Party(_)) && entry.talking.is_none() {
            entry.talking = Some(self.now);
            self.plan(person, When::Talking);
        }
    }

    pub(super) fn act(&mut self, person: PersonId, deed: Deed) {
        let now = self.now;
        let entry = self.person(person);
        let (phone, talking, rtp) = (entry.phone, entry.talking.is_some(), entry.rtp);
        let Some(id) = entry.session.filter(|_| entry.is_in_call()) else { return };
        let device = self.crowd.phone(phone);
        let Some(state) = device.session(id).map(|session| session.state) else { return };
        match deed {
            Deed::Press(digit) => {
                if let Some(rtp) = rtp {
                    self.media.press(rtp, digit);
                    self.carry_out_media();
                }
            }
            Deed::PressByInfo(digit) => device.press_by_info(id, digit, now),
            Deed::GiveUp if talking => {}
            Deed::HangUp | Deed::GiveUp => device.hang_up(id, now),
            Deed::Hold => device.hold(id, true, now),
            Deed::Resume => device.hold(id, false, now),
            Deed::StrayBye => device.bye_from_a_wrong_dialog(id, now),
            Deed::Ring(status) if matches!(state, State::Incoming(_)) => device.ring(id, status, now),
            Deed::Ring(_) => device.ring_after_answer(id),
            Deed::Answer => device.answer(id, now),
            Deed::Decline(status) if matches!(state, State::Incoming(_)) => device.decline(id, status, now),
            Deed::Decline(_) => {}
        }
        self.flush(phone);
    }

    pub(super) fn agent_acts(&mut self, agent: u32, deed: AgentDeed) {
        let now = self.now;
        let Some(entry) = self.crowd.agents.get_mut(agent as usize) else { return };
        let (phone, number) = (entry.phone, entry.number.clone());
        if self.crowd.phone(phone).is_crashed() {
            return;
        }
        match deed {
            AgentDeed::Register(lasting) => self.crowd.phone(phone).register(lasting, now),
            AgentDeed::Refresh(lasting) => {
                if self.crowd.refreshing && self.crowd.agents[agent as usize].refreshes {
                    self.crowd.phone(phone).register(lasting, now);
                }
            }
            AgentDeed::Unregister => {
                self.crowd.agents[agent as usize].refreshes = false;
                self.crowd.phone(phone).register(Duration::ZERO, now);
            }
            AgentDeed::Forget => self.crowd.agents[agent as usize].refreshes = false,
            AgentDeed::Dial(dialled, script) => {
                let person = PersonId(self.crowd.people.len() as u32);
                self.crowd.people.push(Person::new(Role::Dialling(agent), phone, &number, &dialled, script));
                let id = self.crowd.phone(phone).call(&number, &dialled, person.0, now);
                self.join_call(person, phone, id);
            }
        }
        self.flush(phone);
    }

    /// Everybody whose phone this is has lost their call.
    pub(super) fn cut_off(&mut self, phone: u32) {
        let now = self.now;
        let Crowd { people, by_rtp, talking, .. } = &mut self.crowd;
        for (index, person) in (0..).zip(people.iter_mut()).filter(|(_, person)| person.phone == phone) {
            if person.is_in_call() {
                person.ended = Some((now, End::Crashed));
                *talking -= 1;
            }
            if let Some(rtp) = person.rtp.filter(|rtp| by_rtp.get(rtp) == Some(&PersonId(index))) {
                by_rtp.remove(&rtp);
            }
        }
    }
}
