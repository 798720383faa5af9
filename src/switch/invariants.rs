//! What must hold after every event. Not needed to run: the simulator asks after each event, production at each snapshot.

use super::Switch;
use crate::call::leg::{Party, State};
use crate::call::table::Key;
use crate::call::{Call, Stage};

/// Everything that is wrong, in words; empty when all is well. O(calls + ports).
pub fn check(switch: &Switch) -> Vec<String> {
    let mut wrong = Vec::new();
    let calls = &switch.calls;
    for (key, call) in calls.calls.iter() {
        if calls.by_id.get(&call.id) != Some(&key) {
            wrong.push(format!("{}: not found by its id", call.id));
        }
        check_call(switch, call, &mut wrong);
    }
    if calls.by_id.len() != calls.calls.len() {
        wrong.push(format!("{} ids for {} calls", calls.by_id.len(), calls.calls.len()));
    }
    let mut streams = 0;
    for (key, leg) in calls.legs.iter() {
        let owner = calls.calls.at(leg.call);
        if !owner.is_some_and(|call| call.caller == key || call.agents.contains(&key)) {
            wrong.push(format!("leg {key:?} belongs to no call"));
        }
        if let Some(stream) = leg.audio.stream {
            streams += 1;
            if calls.by_stream.get(&stream) != Some(&key) {
                wrong.push(format!("{stream:?} does not lead to its leg"));
            }
        }
        if !leg.is_open() && leg.audio.stream.is_some() && !leg.audio.closing {
            wrong.push(format!("leg {key:?} is over but its port is not being closed"));
        }
        if leg.unacknowledged.as_ref().is_some_and(|waiting| waiting.timer.is_none()) {
            wrong.push(format!("leg {key:?} waits for an ACK without a timer"));
        }
    }
    if streams != calls.by_stream.len() || switch.ports.free() + streams != switch.ports.capacity() {
        wrong.push(format!(
            "{} ports free and {streams} in use of {} ({} known)",
            switch.ports.free(),
            switch.ports.capacity(),
            calls.by_stream.len()
        ));
    }
    wrong
}

/// The same for the calls that changed, and the totals: O(changed), for production at each snapshot.
pub(super) fn check_changed(switch: &Switch, changed: &[Key<Call>]) -> Vec<String> {
    let mut wrong = Vec::new();
    let calls = &switch.calls;
    for call in changed.iter().filter_map(|&key| calls.calls.at(key)) {
        check_call(switch, call, &mut wrong);
    }
    if calls.by_id.len() != calls.calls.len() {
        wrong.push(format!("{} ids for {} calls", calls.by_id.len(), calls.calls.len()));
    }
    if switch.ports.free() + calls.by_stream.len() != switch.ports.capacity() {
        wrong.push("a port is lost".into());
    }
    wrong
}

fn check_call(switch: &Switch, call: &Call, wrong: &mut Vec<String>) {
    let id = call.id;
    let offer_wanted = matches!(call.stage, Stage::Ringing | Stage::Talking);
    if call.offer.is_some() != offer_wanted {
        wrong.push(format!("{id}: {:?} with offer {:?}", call.stage, call.offer.as_ref().map(|offer| offer.id)));
    }
    if matches!(call.stage, Stage::Waiting | Stage::Ringing | Stage::Talking) && call.place.is_none() {
        wrong.push(format!("{id}: {:?} without a place in a queue", call.stage));
    }
    if (call.stage == Stage::Ending) != call.ending.is_some() {
        wrong.push(format!("{id}: {:?} with ending {:?}", call.stage, call.ending));
    }
    if call.stage == Stage::Ivr && call.timers.ivr.is_none() && call.saying.is_none() {
        wrong.push(format!("{id}: stands in the IVR and nothing will move it"));
    }
    let Some(offer) = &call.offer else { return };
    for &leg in &offer.legs {
        let leg = switch.calls.legs.at(leg);
        let fits = leg.is_some_and(|leg| {
            leg.state != State::Over && matches!(leg.party, Party::Agent { offer: of, .. } if of == offer.id)
        });
        let won = offer.winner.is_some();
        if !fits && !won {
            wrong.push(format!("{id}: {} counts on a phone that is gone", offer.id));
        }
    }
    if offer.legs.is_empty() {
        wrong.push(format!("{id}: {} rings nobody", offer.id));
    }
    if call.stage == Stage::Talking && offer.winner.is_none() {
        wrong.push(format!("{id}: talks to nobody"));
    }
}
