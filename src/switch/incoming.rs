//! Requests outside dialogs (RFC 3261 §8.2): who asks, what for, may they. A call begins here.

use super::admission::Full;
use super::send::{ACCEPT, ALLOW, SUPPORTED};
use super::settings::{Number, Target};
use super::turn::{Asked, ServerUser, Turn};
use super::{Switch, directory};
use crate::acd::Request;
use crate::call::record::{CallRecord, Cause, Side};
use crate::call::{Identity, Origin};
use crate::ids::AgentId;
use crate::sip::Method;
use crate::sip::digest::Verdict;
use crate::sip::scan::{Message, Name};
use crate::sip::sdp;
use crate::sip::transaction::ServerTx;
use crate::sip::uri::{Scheme, Uri};
use crate::sip::write::Writer;

/// Who sent a request (INTEROP 1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sender {
    Agent { agent: AgentId, must_prove: bool },
    Trunk(crate::ids::TrunkId),
    Stranger,
}

/// What a dialled number means.
enum Dialled {
    Number(Number),
    Code(super::register::Code),
    Nothing,
}

impl Switch {
    pub(super) fn on_request(&mut self, asked: Asked<'_>, turn: &mut Turn) {
        let message = asked.message;
        // §8.2 asks for the method before anything else.
        let status = match message.method() {
            Some(Method::Invite | Method::Register | Method::Options | Method::Bye | Method::Info) => 0,
            Some(_) => 405,
            None => 501,
        };
        if status != 0 {
            let why = if status == 405 { "method_not_allowed" } else { "method_unknown" };
            return self.refuse_with(&asked, status, why, turn, |answer| {
                answer.field("Allow", ALLOW);
            });
        }
        if !self.understands(&asked, turn) {
            return;
        }
        if message.to().is_some_and(|to| to.tag().is_some()) {
            return self.on_request_in_dialog(asked, turn);
        }
        match message.method() {
            Some(Method::Invite) => self.on_invite(asked, turn),
            Some(Method::Register) => self.on_register(asked, turn),
            Some(Method::Options) => self.on_options(asked, turn),
            _ => self.refuse(&asked, 481, "no_dialog", turn),
        }
    }

    /// §8.2.2, §8.2.3: scheme, required extensions, encoding; refuses what fails.
    fn understands(&mut self, asked: &Asked<'_>, turn: &mut Turn) -> bool {
        let message = &asked.message;
        let scheme = Uri::read(message.request_uri()).map_or(Scheme::Other, |uri| uri.scheme);
        if scheme == Scheme::Other {
            self.refuse(asked, 416, "uri_scheme", turn);
            return false;
        }
        let mut unsupported: Vec<u8> = Vec::new();
        for option in message.elements(Name::Require).chain(message.elements(Name::ProxyRequire)) {
            if !unsupported.is_empty() {
                unsupported.extend_from_slice(b", ");
            }
            unsupported.extend_from_slice(option);
        }
        if !unsupported.is_empty() {
            self.refuse_with(asked, 420, "extension", turn, |answer| {
                answer.field("Unsupported", &unsupported);
            });
            return false;
        }
        let encoded =
            message.field(Name::ContentEncoding).is_some_and(|value| !value.eq_ignore_ascii_case(b"identity"));
        if !message.body().is_empty() && encoded {
            self.refuse_with(asked, 415, "content", turn, |answer| {
                answer.field("Accept-Encoding", "identity");
            });
            return false;
        }
        true
    }

    fn on_options(&mut self, asked: Asked<'_>, turn: &mut Turn) {
        if self.admission.draining {
            return self.refuse_draining(&asked, turn);
        }
        let contact = self.contact(asked.flow);
        self.answer(&asked, 200, turn, |answer| {
            answer.field("Contact", &contact).field("Allow", ALLOW).field("Accept", ACCEPT);
            answer.field("Supported", SUPPORTED).field("Accept-Language", "zh, en");
        });
    }

    fn refuse_draining(&mut self, asked: &Asked<'_>, turn: &mut Turn) {
        let seconds = self.settings.limits.drain.as_secs().clamp(5, 300).to_string();
        self.refuse_with(asked, 503, "draining", turn, |answer| {
            answer.field("Retry-After", &seconds);
        });
    }

    fn on_invite(&mut self, asked: Asked<'_>, turn: &mut Turn) {
        if self.admission.draining {
            return self.refuse_draining(&asked, turn);
        }
        // As a back-to-back user agent we would pass the call on: a request that may go no further ends here.
        if asked.message.number(Name::MaxForwards) == Some(0) {
            return self.refuse(&asked, 483, "max_forwards", turn);
        }
        let sender = self.sender(&asked);
        let origin = match sender {
            Sender::Agent { agent, must_prove } => {
                if must_prove && !self.prove(&asked, agent, turn) {
                    return;
                }
                Origin::Agent(agent)
            }
            Sender::Trunk(trunk) => Origin::Trunk(trunk),
            Sender::Stranger => return self.refuse(&asked, 403, "stranger", turn),
        };
        let identity = self.identity(&asked.message);
        match self.dialled(&identity.called, origin) {
            Dialled::Number(number) => self.on_call(asked, origin, identity, &number, turn),
            Dialled::Code(code) => self.on_code(asked, origin, code, identity, turn),
            Dialled::Nothing => self.refuse_call(&asked, origin, &identity, Refusal::number(), turn),
        }
    }

    /// INTEROP 1: an agent by its flow, else a trunk by its source, else nobody we know.
    pub(super) fn sender(&self, asked: &Asked<'_>) -> Sender {
        let from = asked.message.from().and_then(|from| from.parts());
        let claimed = from.and_then(|uri| uri.user_text()).unwrap_or_default();
        // Several agents behind one flow (an edge proxy, a phone with several accounts): the one whom From names.
        let named = || {
            self.directory
                .agent(&claimed)
                .filter(|agent| self.sip.registrar.agents_at(asked.flow).any(|at| at == *agent))
        };
        if let Some(agent) = self.sip.registrar.agent_at(asked.flow).or_else(named) {
            return Sender::Agent { agent, must_prove: self.settings.challenge_calls };
        }
        if let Some(agent) = self.directory.fixed(asked.flow.peer, &claimed) {
            return Sender::Agent { agent, must_prove: false };
        }
        directory::trunk_at(&self.settings, asked.flow.peer.ip()).map_or(Sender::Stranger, Sender::Trunk)
    }

    /// Whether an agent's phone has shown that it holds the password (407); challenges if not.
    fn prove(&mut self, asked: &Asked<'_>, agent: AgentId, turn: &mut Turn) -> bool {
        let settings = self.settings.clone();
        let secret = settings.agent(agent).and_then(|agent| agent.reach.secret());
        match self.sip.challenger.verify(&asked.message, Method::Invite, true, secret, turn.now) {
            Verdict::Granted => true,
            Verdict::Replay => {
                self.refuse(asked, 403, "digest_replay", turn);
                false
            }
            verdict => {
                let stale = verdict == Verdict::Stale;
                let challenges = self.sip.challenger.challenges(secret, stale, turn.now);
                if verdict == Verdict::Denied {
                    self.wrong_digest(asked, 407, turn);
                }
                self.answer(asked, 407, turn, |answer| {
                    for challenge in &challenges {
                        answer.field("Proxy-Authenticate", challenge);
                    }
                });
                false
            }
        }
    }

    fn identity(&self, message: &Message<'_>) -> Identity {
        let user = |uri: Option<Uri<'_>>| uri.and_then(|uri| uri.user_text().map(clean)).unwrap_or_default();
        let calling = user(message.from().and_then(|from| from.parts()));
        let passed = self.settings.passed_headers.iter();
        let passed = passed.filter_map(|name| {
            let value = message.all().find(|(_, text, _)| text.eq_ignore_ascii_case(name.as_bytes()))?.2;
            Some((name.clone(), Box::from(value.get(..value.len().min(256))?)))
        });
        Identity {
            calling: if calling.is_empty() { "anonymous".into() } else { calling },
            called: user(Uri::read(message.request_uri())),
            passed: passed.collect(),
        }
    }

    fn dialled(&self, called: &str, origin: Origin) -> Dialled {
        if let Some(number) = self.directory.number(&self.settings, called) {
            return Dialled::Number(number.clone());
        }
        // Agents' codes from a trunk are unknown numbers (INTEROP 1).
        match origin {
            Origin::Agent(_) => {
                super::register::Code::read(called, &self.settings.reasons).map_or(Dialled::Nothing, Dialled::Code)
            }
            Origin::Trunk(_) => Dialled::Nothing,
        }
    }

    fn on_call(&mut self, asked: Asked<'_>, origin: Origin, identity: Identity, number: &Number, turn: &mut Turn) {
        if let Err(refusal) = self.admit(origin, turn) {
            return self.refuse_call(&asked, origin, &identity, refusal, turn);
        }
        let codecs = self.codecs(origin).to_vec();
        let audio = match self.audio_for_invite(&asked, &codecs) {
            Ok(audio) => audio,
            Err(refusal) => {
                self.release_admission(origin);
                return self.refuse_call(&asked, origin, &identity, refusal, turn);
            }
        };
        let Some(call) = self.open_call(&asked, origin, identity.clone(), audio, number.language, turn) else {
            self.release_admission(origin);
            return self.refuse_call(&asked, origin, &identity, Refusal::malformed(), turn);
        };
        if let (Origin::Agent(agent), Some(entry)) = (origin, self.calls.calls.at_mut(call)) {
            entry.history.own_call = true;
            self.own_call(agent, true, turn);
        }
        match number.target {
            Target::Tree(tree) => self.enter_tree(call, tree, turn),
            Target::Queue(queue) => self.enter_open_queue(call, queue, 0, turn),
        }
    }

    pub(super) fn admit(&mut self, origin: Origin, turn: &Turn) -> Result<(), Refusal> {
        if self.calls.calls.len() >= self.settings.limits.calls_max {
            return Err(Refusal::limit("calls_max"));
        }
        let settings = self.settings.clone();
        let Origin::Trunk(trunk) = origin else { return Ok(()) };
        let Some(trunk) = settings.trunks.get(trunk.index()) else { return Err(Refusal::limit("trunk")) };
        self.admission.admit(trunk, turn.now).map_err(|full| match full {
            Full::Calls => Refusal::limit("trunk_calls"),
            Full::PerSecond => Refusal::limit("trunk_calls_per_second"),
        })
    }

    pub(super) fn release_admission(&mut self, origin: Origin) {
        if let Origin::Trunk(trunk) = origin {
            self.admission.release(trunk);
        }
    }

    fn refuse_call(
        &mut self,
        asked: &Asked<'_>,
        origin: Origin,
        identity: &Identity,
        refusal: Refusal,
        turn: &mut Turn,
    ) {
        let status = match origin {
            Origin::Trunk(trunk) if refusal.is_limit => {
                self.settings.trunks.get(trunk.index()).map_or(refusal.status, |trunk| trunk.refusal_status)
            }
            _ => refusal.status,
        };
        self.refuse_with(asked, status, refusal.why, turn, |answer| {
            refusal.explain(answer);
            if status == 503 {
                answer.field("Retry-After", RETRY_AFTER_S);
            }
        });
        self.calls.last += 1;
        let at = self.wall.at(turn.now).as_micros();
        let record = CallRecord {
            version: 1,
            call: crate::ids::CallId(self.calls.last),
            trunk: self.trunk_name(origin),
            calling: identity.calling.clone(),
            called: identity.called.clone(),
            started: at,
            answered: None,
            ended: at,
            cause: Cause::Refused,
            hung_up_first: Side::System,
            ivr: None,
            queues: Vec::new(),
            legs: Vec::new(),
        };
        self.tally.ended(None, Cause::Refused);
        turn.out.records.push(record);
    }

    pub(super) fn on_cancel(&mut self, invite: Option<(ServerTx, Option<ServerUser>)>, turn: &mut Turn) {
        // Every INVITE is answered in the turn in which it came; a CANCEL that still finds one open is for one we have not
        // understood, and that one ends here (§9.2).
        if let Some((_, Some(leg))) = invite {
            self.caller_gone(leg, turn);
        }
    }

    /// The agent's phone has a call of its own, or one fewer (INTEROP 20).
    pub(super) fn own_call(&mut self, agent: AgentId, begins: bool, turn: &mut Turn) {
        if self.agents.own_calls.len() <= agent.index() {
            self.agents.own_calls.resize(agent.index() + 1, 0);
        }
        let Some(open) = self.agents.own_calls.get_mut(agent.index()) else { return };
        let before = *open;
        *open = if begins { before.saturating_add(1) } else { before.saturating_sub(1) };
        if (before == 0) != (*open == 0) {
            let active = *open > 0;
            self.request(Request::OwnCall { agent, active }, turn);
        }
    }
}

/// How a call is refused.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refusal {
    pub status: u16,
    pub why: &'static str,
    reason: Option<&'static str>,
    warning: Option<&'static str>,
    /// Lack of room: a trunk may have a status of its own for that.
    is_limit: bool,
}

/// Retry-After of a 503 that a trunk has chosen for its refusals, in seconds.
const RETRY_AFTER_S: &str = "5";

impl Refusal {
    const fn new(status: u16, why: &'static str) -> Self {
        Self { status, why, reason: None, warning: None, is_limit: false }
    }

    /// Nobody has this number.
    fn number() -> Self {
        Self { reason: Some("Q.850;cause=1"), ..Self::new(404, "number_unknown") }
    }

    fn malformed() -> Self {
        Self::new(400, "malformed")
    }

    /// INTEROP 7: many SBCs take a whole trunk out of service on 503, so one call is refused by 480.
    pub(super) fn limit(why: &'static str) -> Self {
        Self { reason: Some("Q.850;cause=42"), is_limit: true, ..Self::new(480, why) }
    }

    pub(super) fn media(unusable: sdp::Unusable) -> Self {
        let why = match unusable {
            sdp::Unusable::Syntax => "sdp_syntax",
            sdp::Unusable::TooLarge => "sdp_too_large",
            sdp::Unusable::NothingInCommon => "sdp_nothing_in_common",
            sdp::Unusable::Address => "sdp_address",
        };
        let warning = unusable.warning().map(|code| match code {
            301 => "301 huntline \"Incompatible network address formats\"",
            _ => "305 huntline \"Incompatible media format\"",
        });
        Self { warning, ..Self::new(unusable.status(), why) }
    }

    pub(super) fn content() -> Self {
        Self::new(415, "content")
    }

    /// Writes the fields that say why.
    pub(super) fn explain(&self, answer: &mut Writer<'_>) {
        if let Some(reason) = self.reason {
            answer.field("Reason", reason);
        }
        if let Some(warning) = self.warning {
            answer.field("Warning", warning);
        }
        if self.status == 415 {
            answer.field("Accept", ACCEPT);
        }
    }
}

/// Text that a peer chose, fit for records and other legs: no control characters, at most 64 characters.
fn clean(text: std::borrow::Cow<'_, str>) -> String {
    text.chars().filter(|c| !c.is_control()).take(64).collect()
}
