//! REGISTER (RFC 3261 §10.2) with digest. Refreshing is the person's business: the phone says for how long it is registered.

use super::{Phone, Purpose, Word};
use crate::clock::{Duration, Instant};
use crate::sip::Method;
use crate::sip::dialog::Dialog;
use crate::sip::scan::{Message, Name};
use crate::sip::transaction::Outgoing;

/// What a phone remembers of its registration.
#[derive(Debug, Default)]
pub(super) struct Registration {
    /// Call-ID, tag and CSeq go on from one REGISTER to the next (§10.2).
    dialog: Option<Dialog>,
    expires: u32,
    challenged: u8,
}

impl Phone {
    /// Registers for `expires`; zero takes the registration back.
    pub fn register(&mut self, expires: Duration, now: Instant) {
        self.registration.expires = u32::try_from(expires.as_secs()).unwrap_or(u32::MAX);
        self.registration.challenged = 0;
        if self.registration.dialog.is_none() {
            let (tag, number) = (self.tag(), self.seed.bits());
            let call_id = format!("r{number:016x}@{}", self.identity.address.ip());
            let ours = format!("<sip:{}@{}>", self.identity.user, self.identity.server.ip());
            let target = self.registrar();
            let dialog =
                Dialog::calling(&call_id, ours.as_bytes(), &tag, ours.as_bytes(), target.as_bytes(), self.flow());
            self.registration.dialog = Some(dialog);
        }
        self.send_register(None, now);
    }

    fn registrar(&self) -> String {
        format!("sip:{}", self.identity.server)
    }

    fn send_register(&mut self, credentials: Option<String>, now: Instant) {
        let contact = self.contact();
        let Some(dialog) = &mut self.registration.dialog else { return };
        let branch = self.transactions.branch();
        let flow = dialog.flow;
        self.scratch.clear();
        let via = format_args!("SIP/2.0/UDP {};rport;branch={branch}", self.identity.address);
        let mut register = dialog.request(Method::Register, via, &mut self.scratch);
        register.field("Contact", contact);
        register.field_format("Expires", format_args!("{}", self.registration.expires));
        if let Some(credentials) = credentials {
            register.field("Authorization", credentials);
        }
        register.finish();
        let outgoing = Outgoing { branch, method: Method::Register, flow, user: Purpose::Register };
        self.transactions.request(outgoing, &self.scratch, now, &mut self.out);
    }

    pub(super) fn on_register_response(&mut self, response: &Message<'_>, now: Instant) {
        match response.status() {
            0..=199 => {}
            200..=299 => {
                let granted = response.contact().and_then(|contact| contact.parameter("expires"));
                let granted = granted.and_then(|text| core::str::from_utf8(text).ok()?.parse().ok());
                let seconds = granted.unwrap_or(self.registration.expires).min(self.registration.expires);
                self.words.push(Word::Registered(Duration::from_secs(seconds.into())));
            }
            401 if self.registration.challenged < 2 => {
                self.registration.challenged += 1;
                let uri = self.registrar();
                let challenge = response.field(Name::WwwAuthenticate);
                match challenge.and_then(|challenge| self.answer_challenge(challenge, "REGISTER", &uri)) {
                    Some(credentials) => self.send_register(Some(credentials), now),
                    None => self.words.push(Word::NotRegistered(401)),
                }
            }
            status => self.words.push(Word::NotRegistered(status)),
        }
    }
}
