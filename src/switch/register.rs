//! REGISTER (RFC 3261 §10) and the agents' own calls to `*6x`.

use super::Switch;
use super::settings::{Reach, Reason};
use super::turn::{Asked, Turn};
use crate::acd::request::Contact;
use crate::acd::{Request, Wish};
use crate::call::{Cause, Identity, Origin};
use crate::ids::{AgentId, Flow};
use crate::sip::Method;
use crate::sip::digest::{Secret, Verdict};
use crate::sip::registrar::Outcome;
use std::sync::Arc;

/// What an agent dials to change their state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Code {
    Wish(Wish),
    /// `*62` with a reason that is not configured.
    UnknownReason,
}

impl Code {
    /// `*61` ready, `*62` + reason code not ready, `*63` log off, `*64` more wrap-up.
    pub(super) fn read(dialled: &str, reasons: &[Reason]) -> Option<Self> {
        match dialled {
            "*61" => Some(Self::Wish(Wish::Ready)),
            "*63" => Some(Self::Wish(Wish::LogOff)),
            "*64" => Some(Self::Wish(Wish::ExtendWrapUp)),
            _ => {
                let code = dialled.strip_prefix("*62")?;
                let reason = reasons.iter().find(|reason| &*reason.code == code);
                Some(reason.map_or(Self::UnknownReason, |reason| Self::Wish(Wish::NotReady(reason.id))))
            }
        }
    }
}

impl Reach {
    pub(super) fn secret(&self) -> Option<&Secret> {
        match self {
            Self::Registers(secret) => Some(secret),
            Self::Fixed { .. } => None,
        }
    }
}

impl Switch {
    pub(super) fn on_register(&mut self, asked: Asked<'_>, turn: &mut Turn) {
        let message = asked.message;
        let record = message.to().and_then(|to| to.parts()).and_then(|uri| uri.user_text().map(String::from));
        let Some(record) = record else { return self.refuse(&asked, 400, "register_malformed", turn) };
        let settings = self.settings.clone();
        let agent = self.directory.agent(&record);
        let secret = agent.and_then(|agent| settings.agent(agent)?.reach.secret());
        let verdict = self.sip.challenger.verify(&message, Method::Register, false, secret, turn.now);
        // The credentials must be those of the address of record: one agent cannot register another's phone.
        let own = self.sip.challenger.claimed_user(&message, false) == Some(record.as_bytes());
        match (verdict, agent) {
            (Verdict::Granted, Some(agent)) if own => self.register(&asked, agent, turn),
            (Verdict::Replay, _) => self.refuse(&asked, 403, "digest_replay", turn),
            (verdict, _) => {
                if verdict == Verdict::Denied || verdict == Verdict::Granted {
                    self.wrong_digest(&asked, 401, turn);
                }
                let challenges = self.sip.challenger.challenges(secret, verdict == Verdict::Stale, turn.now);
                self.answer(&asked, 401, turn, |answer| {
                    for challenge in &challenges {
                        answer.field("WWW-Authenticate", challenge);
                    }
                });
            }
        }
    }

    fn register(&mut self, asked: &Asked<'_>, agent: AgentId, turn: &mut Turn) {
        match self.sip.registrar.register(agent, &asked.message, asked.flow, turn.now) {
            Outcome::Accepted { changed } => {
                let contacts = self.sip.registrar.contact_fields(agent, turn.now);
                let date = self.sip_date(turn);
                self.answer(asked, 200, turn, |answer| {
                    for contact in &contacts {
                        answer.field("Contact", contact);
                    }
                    answer.field("Date", &date);
                });
                if changed {
                    self.tell_reachable(agent, turn);
                }
            }
            Outcome::Refused { status, min_expires } => {
                self.refuse_with(asked, status, "register_refused", turn, |answer| {
                    if let Some(seconds) = min_expires {
                        answer.field("Min-Expires", seconds.to_string());
                    }
                });
            }
        }
    }

    fn sip_date(&self, turn: &Turn) -> String {
        let micros = self.wall.at(turn.now).as_micros();
        let time = jiff::Timestamp::from_microsecond(micros).unwrap_or_default();
        time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    /// Tells the Router where the agent's phone can be rung now.
    pub(super) fn tell_reachable(&mut self, agent: AgentId, turn: &mut Turn) {
        let contacts = self.contacts_of(agent);
        self.request(Request::Reachable { agent, contacts }, turn);
    }

    pub(super) fn contacts_of(&self, agent: AgentId) -> Arc<[Contact]> {
        let fixed = self.settings.agent(agent).and_then(|agent| match &agent.reach {
            Reach::Fixed { uri, address } => {
                let listener = self.settings.listeners.first().map_or(crate::ids::ListenerId(0), |first| first.id);
                Some(Contact { uri: uri.clone(), flow: Flow { listener, peer: *address } })
            }
            Reach::Registers(_) => None,
        });
        let registered = self.sip.registrar.bindings(agent).iter();
        registered.map(|binding| Contact { uri: binding.uri.clone(), flow: binding.flow }).chain(fixed).collect()
    }

    /// Makes agents with fixed contacts known to the Router.
    pub(super) fn announce_fixed(&mut self, turn: &mut Turn) {
        let fixed = self.settings.agents.iter().filter(|agent| matches!(agent.reach, Reach::Fixed { .. }));
        let fixed: Vec<AgentId> = fixed.map(|agent| agent.id).collect();
        for agent in fixed {
            self.tell_reachable(agent, turn);
        }
    }

    /// An agent dialled a code: done at once, confirmed by a short word, then we hang up.
    pub(super) fn on_code(
        &mut self,
        asked: Asked<'_>,
        origin: Origin,
        code: Code,
        identity: Identity,
        turn: &mut Turn,
    ) {
        let (Code::Wish(wish), Origin::Agent(agent)) = (code, origin) else {
            return self.refuse(&asked, 404, "reason_unknown", turn);
        };
        let admitted = self.admit(origin, turn);
        let audio = match admitted.and_then(|()| self.audio_for_invite(&asked, &[])) {
            Ok(audio) => audio,
            Err(refusal) => {
                return self.refuse_with(&asked, refusal.status, refusal.why, turn, |answer| refusal.explain(answer));
            }
        };
        let Some(call) = self.open_call(&asked, origin, identity, audio, crate::ivr::session::Language(0), turn) else {
            return self.refuse(&asked, 400, "malformed", turn);
        };
        self.request(Request::Wish { agent, wish }, turn);
        self.goodbye(call, Cause::EndedInIvr, turn);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ReasonId;

    #[test]
    fn codes_are_read_to_the_letter() {
        let reasons = [Reason { id: ReasonId(0), code: "1".into(), name: "break".into() }];
        let read = |dialled| Code::read(dialled, &reasons);
        assert_eq!(read("*61"), Some(Code::Wish(Wish::Ready)));
        assert_eq!(read("*621"), Some(Code::Wish(Wish::NotReady(ReasonId(0)))));
        assert_eq!(read("*629"), Some(Code::UnknownReason));
        assert_eq!(read("*63"), Some(Code::Wish(Wish::LogOff)));
        assert_eq!(read("*65"), None);
        assert_eq!(read("61"), None);
    }
}
