//! The caller's way: a call opens, the IVR's steps are carried out, the call waits in a queue, hears its place, comes back.

use super::Switch;
use super::audio::Prepared;
use super::settings::Fallback;
use super::turn::{Asked, Timer, Turn};
use crate::acd::request::{Refused, Waiting};
use crate::acd::{Leave, Request};
use crate::call::leg::{Leg, Party, State, Times};
use crate::call::record::QueueVisit;
use crate::call::table::Key;
use crate::call::{Call, Cause, Ending, History, Identity, Origin, Place, Saying, Side, Stage, Then, Timers};
use crate::clock::Duration;
use crate::ids::{AgentId, CallId, PromptId, QueueId, TreeId};
use crate::ivr::session::{self, Language, Step};
use crate::ivr::{Input, Session, spoken, tree};
use crate::media::Command;
use crate::media::command::Announcement;
use crate::sip::dialog::Dialog;

impl Switch {
    /// Answers the caller and puts the call into the table. `None`: the INVITE cannot make a dialog; the port is given back.
    pub(super) fn open_call(
        &mut self,
        asked: &Asked<'_>,
        origin: Origin,
        identity: Identity,
        prepared: Prepared,
        language: Language,
        turn: &mut Turn,
    ) -> Option<Key<Call>> {
        let Prepared { audio, offered } = prepared;
        let stream = audio.stream?;
        let secret = self.seed.bits();
        let Some(mut dialog) = Dialog::answering(&asked.message, "x", asked.flow) else {
            self.ports.put_back(stream);
            return None;
        };
        self.calls.last += 1;
        let id = CallId(self.calls.last);
        let parameters = audio.parameters;
        let mut leg = None;
        let call = self.calls.calls.insert_with(|call| {
            let key = self.calls.legs.insert_with(|key| {
                dialog.local_tag = tag_of(key, secret);
                Leg {
                    call,
                    party: Party::Caller,
                    dialog,
                    state: State::Up,
                    audio,
                    unacknowledged: None,
                    times: Times { answered: Some(turn.now), ..Times::starting(turn.now) },
                    ended: None,
                }
            });
            leg = Some(key);
            new_call(id, origin, identity, key, language, turn)
        });
        let leg = leg?;
        self.calls.by_id.insert(id, call);
        self.calls.enter(call, Stage::Ivr);
        self.calls.by_stream.insert(stream, leg);
        turn.out.media.push(Command::Open { stream, parameters });
        self.accept_leg(leg, asked, offered, turn);
        let longest = self.timers.arm(turn.now + self.settings.limits.call_max, Timer::CallMax(call));
        if let Some(entry) = self.calls.calls.at_mut(call) {
            entry.timers.longest = Some(longest);
        }
        Some(call)
    }

    pub(super) fn enter_tree(&mut self, call: Key<Call>, tree: TreeId, turn: &mut Turn) {
        let mut steps = session::Actions::default();
        let Some(entry) = self.calls.calls.at_mut(call) else { return };
        let wall = self.wall.at(turn.now);
        let session = Session::start(&self.settings.trees, tree, entry.language, wall, turn.now, &mut steps);
        entry.ivr = Some(session);
        self.carry_out(call, steps, turn);
    }

    /// Gives the IVR an input and carries out what it says.
    pub(super) fn ivr_input(&mut self, call: Key<Call>, input: Input, turn: &mut Turn) {
        let mut steps = session::Actions::default();
        let wall = self.wall.at(turn.now);
        let Some(entry) = self.calls.calls.at_mut(call) else { return };
        if entry.stage != Stage::Ivr {
            return;
        }
        let Some(session) = entry.ivr.as_mut() else { return };
        session.handle(&self.settings.trees, input, wall, turn.now, &mut steps);
        entry.language = session.language();
        self.carry_out(call, steps, turn);
    }

    fn carry_out(&mut self, call: Key<Call>, actions: session::Actions, turn: &mut Turn) {
        turn.out.visits.extend_from_slice(&actions.visits);
        for step in actions.steps {
            match step {
                Step::Say(prompts) => self.say(call, announcement(prompts), Then::Ivr, turn),
                Step::Hush => self.hush(call, turn),
                Step::Queue { queue, priority, .. } => self.enter_queue(call, queue, priority, None, turn),
                Step::Agent(agent) => self.transfer_to_agent(call, agent, turn),
                Step::HangUp => self.end_call(call, Cause::EndedInIvr, Side::System, turn),
            }
        }
        self.arm_ivr(call, turn);
    }

    /// Keeps the timer of the caller's place in the tree in step with what the session wants.
    pub(super) fn arm_ivr(&mut self, call: Key<Call>, _turn: &mut Turn) {
        let Some(entry) = self.calls.calls.at_mut(call) else { return };
        self.timers.disarm(&mut entry.timers.ivr);
        let deadline = entry.ivr.as_ref().filter(|_| entry.stage == Stage::Ivr).and_then(Session::next_deadline);
        entry.timers.ivr = deadline.map(|deadline| self.timers.arm(deadline, Timer::Ivr(call)));
    }

    pub(super) fn say(&mut self, call: Key<Call>, announcement: Announcement, then: Then, turn: &mut Turn) {
        let Some(entry) = self.calls.calls.at_mut(call) else { return };
        entry.history.tokens = entry.history.tokens.wrapping_add(1);
        let token = entry.history.tokens;
        entry.saying = Some(Saying { token, then });
        let stream = self.calls.legs.at(entry.caller).and_then(|leg| leg.audio.stream);
        if let Some(stream) = stream {
            turn.out.media.push(Command::Say { stream, token, announcement });
        }
    }

    fn hush(&mut self, call: Key<Call>, turn: &mut Turn) {
        let Some(entry) = self.calls.calls.at_mut(call) else { return };
        entry.saying = None;
        if let Some(stream) = self.calls.legs.at(entry.caller).and_then(|leg| leg.audio.stream) {
            turn.out.media.push(Command::Hush { stream });
        }
    }

    pub(super) fn music(&mut self, call: Key<Call>, music: Option<PromptId>, turn: &mut Turn) {
        let Some(entry) = self.calls.calls.at_mut(call) else { return };
        if entry.history.music == music {
            return;
        }
        entry.history.music = music;
        if let Some(stream) = self.calls.legs.at(entry.caller).and_then(|leg| leg.audio.stream) {
            turn.out.media.push(Command::Music { stream, music });
        }
    }

    pub(super) fn on_said(&mut self, call: Key<Call>, token: u32, turn: &mut Turn) {
        let Some(entry) = self.calls.calls.at_mut(call) else { return };
        let Some(saying) = entry.saying.take_if(|saying| saying.token == token) else { return };
        match saying.then {
            Then::Ivr => self.ivr_input(call, Input::Said, turn),
            Then::Music => {}
            Then::HangUp => self.release_caller(call, turn),
        }
    }

    pub(super) fn caller_digit(&mut self, call: Key<Call>, digit: u8, turn: &mut Turn) {
        let Some(entry) = self.calls.calls.at(call) else { return };
        match entry.stage {
            Stage::Ivr => self.ivr_input(call, Input::Digit(digit), turn),
            Stage::Waiting if digit == b'*' => {
                let queue = entry.place.and_then(|place| self.settings.queues.get(place.queue.index()));
                let back = queue.is_some_and(|queue| queue.star_to_menu);
                let trees = &self.settings.trees;
                if let Some(node) = entry.ivr.as_ref().filter(|_| back).and_then(|session| session.level(trees)) {
                    let id = entry.id;
                    self.request(Request::Withdraw { call: id, why: Leave::Menu }, turn);
                    self.leave_queue(call, "menu", turn);
                    self.return_to(call, Input::Return(node), turn);
                }
            }
            Stage::Waiting | Stage::Ringing | Stage::Talking | Stage::Ending => {}
        }
    }

    /// Lets the call wait in `queue`; the place from an earlier queue is kept (INTEROP 21).
    pub(super) fn enter_queue(
        &mut self,
        call: Key<Call>,
        queue: QueueId,
        priority: i32,
        agent: Option<AgentId>,
        turn: &mut Turn,
    ) {
        let settings = self.settings.clone();
        let Some(entry) = self.calls.calls.at_mut(call) else { return };
        let arrived = entry.place.map_or(turn.now, |place| place.arrived);
        entry.place = Some(Place { queue, priority, arrived, entered: turn.now, agent, offers: 0 });
        let waiting = Waiting { call: entry.id, queue, priority, arrived, agent };
        let language = entry.language;
        self.calls.enter(call, Stage::Waiting);
        self.arm_ivr(call, turn);
        self.request(Request::Enqueue(waiting), turn);
        let Some(queue) = settings.queues.get(queue.index()) else { return };
        self.music(call, queue.music, turn);
        match queue.welcome.get(usize::from(language.0)).copied().flatten() {
            Some(welcome) => self.say(call, announcement([welcome]), Then::Music, turn),
            None => self.hush(call, turn),
        }
    }

    /// Closes the present visit to a queue in the call's history.
    pub(super) fn leave_queue(&mut self, call: Key<Call>, outcome: &str, turn: &mut Turn) {
        let Some(entry) = self.calls.calls.at_mut(call) else { return };
        let Some(place) = entry.place else { return };
        let queue = self.settings.queues.get(place.queue.index());
        entry.history.add_queue(QueueVisit {
            queue: queue.map_or_else(|| "?".into(), |queue| queue.name.clone()),
            entered: self.wall.at(place.entered).as_micros(),
            left: self.wall.at(turn.now).as_micros(),
            outcome: outcome.into(),
            offers: place.offers,
        });
    }

    /// The queue's maximum wait is over, or it does not take the call: the fallback.
    pub(super) fn on_not_served(&mut self, call: CallId, queue: QueueId, why: Option<Refused>, turn: &mut Turn) {
        let id = call;
        let Some(&call) = self.calls.by_id.get(&id) else { return };
        let waits = self.calls.calls.at(call).is_some_and(|entry| {
            entry.stage == Stage::Waiting && entry.place.is_some_and(|place| place.queue == queue)
        });
        if !waits {
            return;
        }
        let (outcome, cause) = match why {
            None => ("timed_out", Cause::TimedOut),
            Some(Refused::Full) => ("full", Cause::QueueFull),
            Some(Refused::NoAgents) => ("no_agents", Cause::NoAgents),
            Some(Refused::UnknownQueue) => ("unknown_queue", Cause::Failed),
        };
        self.leave_queue(call, outcome, turn);
        // The Router has let go of the call, unless we gave it back (an answer that was gone again) while this was on its way.
        self.request(Request::Withdraw { call: id, why: Leave::Ended }, turn);
        let settings = self.settings.clone();
        match settings.queues.get(queue.index()).map(|queue| queue.fallback) {
            Some(Fallback::Queue(next)) => {
                let place = self.calls.calls.at(call).and_then(|entry| entry.place);
                self.enter_open_queue(call, next, place.map_or(0, |place| place.priority), turn);
            }
            Some(Fallback::Node(tree, node)) => self.go_to(call, tree::Place { tree, node }, turn),
            Some(Fallback::Goodbye) | None => self.goodbye(call, cause, turn),
        }
    }

    /// To a node of any tree, also for a caller who came to a queue directly.
    fn go_to(&mut self, call: Key<Call>, place: tree::Place, turn: &mut Turn) {
        if let Some(entry) = self.calls.calls.at_mut(call) {
            let language = entry.language;
            entry.ivr.get_or_insert_with(|| Session::at(place, language));
        }
        self.return_to(call, Input::Go(place), turn);
    }

    /// Back into the tree; the place in the queue is remembered.
    fn return_to(&mut self, call: Key<Call>, input: Input, turn: &mut Turn) {
        self.music(call, None, turn);
        self.calls.enter(call, Stage::Ivr);
        self.ivr_input(call, input, turn);
    }

    /// Transfer to one agent: waits for them in the queue that `0` leads to.
    fn transfer_to_agent(&mut self, call: Key<Call>, agent: AgentId, turn: &mut Turn) {
        let session = self.calls.calls.at(call).and_then(|entry| entry.ivr.as_ref());
        match session.and_then(|session| session.queue_for_zero(&self.settings.trees)) {
            Some(queue) => self.enter_queue(call, queue, 0, Some(agent), turn),
            None => self.end_call(call, Cause::EndedInIvr, Side::System, turn),
        }
    }

    /// As [`Self::enter_queue`], unless the queue is closed now: then its closed branch.
    pub(super) fn enter_open_queue(&mut self, call: Key<Call>, queue: QueueId, priority: i32, turn: &mut Turn) {
        match self.settings.trees.closed(queue, self.wall.at(turn.now)) {
            Some(place) => self.go_to(call, place, turn),
            None => self.enter_queue(call, queue, priority, None, turn),
        }
    }

    /// Says good-bye and ends the call with `cause`.
    pub(super) fn goodbye(&mut self, call: Key<Call>, cause: Cause, turn: &mut Turn) {
        self.music(call, None, turn);
        self.calls.enter(call, Stage::Ending);
        let Some(entry) = self.calls.calls.at_mut(call) else { return };
        entry.ending.get_or_insert(Ending { cause, first: Side::System, at: turn.now });
        self.say_good_bye(call, turn);
    }

    /// Says the last words and hangs up; at once if there are none, or if the caller has put us on hold and would not hear them.
    fn say_good_bye(&mut self, call: Key<Call>, turn: &mut Turn) {
        let Some(entry) = self.calls.calls.at(call) else { return };
        let words = self.settings.spoken.languages.get(usize::from(entry.language.0)).map(|words| words.goodbye);
        let hears = self.calls.legs.at(entry.caller).is_some_and(|leg| !leg.audio.held_by_them);
        match words.filter(|_| hears) {
            Some(goodbye) => self.say(call, announcement([goodbye]), Then::HangUp, turn),
            None => self.release_caller(call, turn),
        }
    }

    /// A caller has put us on hold: last words would never come to their end.
    pub(super) fn skip_good_bye(&mut self, call: Key<Call>, turn: &mut Turn) {
        let Some(entry) = self.calls.calls.at(call) else { return };
        let held = self.calls.legs.at(entry.caller).is_some_and(|leg| leg.audio.held_by_them);
        if held && entry.saying.as_ref().is_some_and(|saying| saying.then == Then::HangUp) {
            self.release_caller(call, turn);
        }
    }

    /// "You are number N, about M minutes."
    pub(super) fn on_place(&mut self, call: CallId, position: u32, expected_wait: Duration, turn: &mut Turn) {
        let Some(&call) = self.calls.by_id.get(&call) else { return };
        let Some(entry) = self.calls.calls.at(call) else { return };
        // Something else is being said (the welcome): the next announcement will do.
        if !matches!(entry.stage, Stage::Waiting) || entry.saying.is_some() {
            return;
        }
        let Some(words) = self.settings.spoken.languages.get(usize::from(entry.language.0)) else { return };
        let mut announcement = spoken::place(words, position);
        let minutes = u32::try_from(expected_wait.as_secs().div_ceil(60)).unwrap_or(spoken::NUMBER_MAX);
        for prompt in spoken::wait(words, minutes) {
            // Full: the rest is left unsaid.
            let _ = announcement.try_push(prompt);
        }
        self.say(call, announcement, Then::Music, turn);
    }
}

fn new_call(id: CallId, origin: Origin, identity: Identity, caller: Key<Leg>, language: Language, turn: &Turn) -> Call {
    Call {
        id,
        origin,
        identity,
        started: turn.now,
        language,
        caller,
        agents: Vec::new(),
        stage: Stage::Ivr,
        ivr: None,
        place: None,
        offer: None,
        saying: None,
        ending: None,
        history: History { answered: Some(turn.now), ..History::default() },
        timers: Timers::default(),
    }
}

/// Our tag of a leg's dialog: where the leg is found, and 64 secret bits that nobody can guess.
pub(super) fn tag_of(leg: Key<Leg>, secret: u64) -> Box<str> {
    format!("h{:x}.{:x}.{secret:016x}", leg.slot(), leg.generation()).into()
}

/// Prompts as an announcement; what is beyond its length is left out.
fn announcement(prompts: impl IntoIterator<Item = PromptId>) -> Announcement {
    prompts.into_iter().take(crate::media::command::PROMPTS_MAX).collect()
}
