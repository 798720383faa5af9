//! What the API is asked to do, read from text of anybody: an agent's state, or the end of a call. Every refusal says what would be
//! right.

use super::names::Names;
use crate::acd::Wish;
use crate::ids::CallId;
use serde::Deserialize;

/// Body of `POST /api/agents/{number}/state`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StateAsked {
    state: String,
    reason: Option<String>,
}

/// Why a command is not understood.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CommandError {
    /// Not JSON, or not of the right shape.
    #[error("the body is not {{\"state\": \"…\", \"reason\": \"…\"}}: {0}")]
    Body(String),
    #[error("no such state; there are: ready, not_ready (with a reason), logged_off, extend_wrap_up")]
    State,
    #[error("not_ready takes a reason; there are: {0}")]
    ReasonMissing(String),
    #[error("no such reason; there are: {0}")]
    Reason(String),
    #[error("only not_ready takes a reason")]
    ReasonNotMeant,
}

/// The wish in `body`.
pub fn wish(body: &[u8], names: &Names) -> Result<Wish, CommandError> {
    let asked: StateAsked = serde_json::from_slice(body).map_err(|error| CommandError::Body(error.to_string()))?;
    let wish = match asked.state.as_str() {
        "ready" => Wish::Ready,
        "logged_off" => Wish::LogOff,
        "extend_wrap_up" => Wish::ExtendWrapUp,
        "not_ready" => {
            let code = asked.reason.ok_or_else(|| CommandError::ReasonMissing(reasons(names)))?;
            let reason = names.reasons.iter().find(|reason| *reason.code == *code);
            return Ok(Wish::NotReady(reason.ok_or_else(|| CommandError::Reason(reasons(names)))?.id));
        }
        _ => return Err(CommandError::State),
    };
    if asked.reason.is_some() { Err(CommandError::ReasonNotMeant) } else { Ok(wish) }
}

fn reasons(names: &Names) -> String {
    let shown = names.reasons.iter().map(|reason| format!("{} ({})", reason.code, reason.name));
    let shown: Vec<String> = shown.collect();
    if shown.is_empty() { "none is configured".into() } else { shown.join(", ") }
}

/// The call that is written `c12` or `12`.
pub fn call_id(text: &str) -> Option<CallId> {
    let digits = text.strip_prefix('c').unwrap_or(text);
    let plain = (1..=20).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten().map(CallId)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ReasonId;

    #[test]
    fn states_and_reasons_are_read_and_others_are_told_what_would_be_right() {
        let names = Names::sample(&[], &[], &["1", "2"]);
        let ok = [
            (r#"{"state":"ready"}"#, Wish::Ready),
            (r#"{"state":"logged_off"}"#, Wish::LogOff),
            (r#"{"state":"extend_wrap_up","reason":null}"#, Wish::ExtendWrapUp),
            (r#"{"state":"not_ready","reason":"2"}"#, Wish::NotReady(ReasonId(1))),
        ];
        for (body, expected) in ok {
            assert_eq!(wish(body.as_bytes(), &names), Ok(expected), "{body}");
        }
        let wrong = [
            (r#"{"state":"dancing"}"#, "there are: ready, not_ready"),
            (r#"{"state":"not_ready"}"#, "there are: 1 (1), 2 (2)"),
            (r#"{"state":"not_ready","reason":"9"}"#, "there are: 1 (1), 2 (2)"),
            (r#"{"state":"ready","reason":"1"}"#, "only not_ready"),
            (r#"{"state":"ready","extra":1}"#, "unknown field"),
            (r#"{"state":7}"#, "not {\"state\""),
            ("\u{0}", "not {\"state\""),
            ("", "not {\"state\""),
        ];
        for (body, expected) in wrong {
            let said = wish(body.as_bytes(), &names).expect_err(body).to_string();
            assert!(said.contains(expected), "{body}: {said}");
        }
    }

    #[test]
    fn calls_are_named_with_and_without_their_letter() {
        assert_eq!(call_id("c12"), Some(CallId(12)));
        assert_eq!(call_id("12"), Some(CallId(12)));
        for wrong in ["", "c", "cc1", "-1", "+1", "1.0", "99999999999999999999999", "c99999999999999999999", "１"] {
            assert_eq!(call_id(wrong), None, "{wrong}");
        }
    }
}
