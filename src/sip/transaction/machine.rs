//! The words in which the four machines speak: timers, events, effects. Not their execution (see `clients`, `servers`).

/// A timer of RFC 3261 table 4 and RFC 6026 §7. Timer C is a proxy's and does not occur here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Timer {
    /// INVITE request repeated: T1, doubling.
    A,
    /// INVITE without any response: 64 × T1.
    B,
    /// Repeated non-2xx final responses are awaited: 32 s.
    D,
    /// Non-INVITE request repeated: T1 doubling to T2; in Proceeding T2.
    E,
    /// Non-INVITE request without a final response: 64 × T1.
    F,
    /// Non-2xx final response to INVITE repeated: T1 doubling to T2.
    G,
    /// No ACK to it: 64 × T1.
    H,
    /// Repeated ACKs are awaited: T4.
    I,
    /// Repeated non-INVITE requests are awaited: 64 × T1.
    J,
    /// Repeated responses to a non-INVITE request are awaited: T4.
    K,
    /// Repeated INVITEs after a 2xx are awaited: 64 × T1.
    L,
    /// Repeated 2xx, and those of other forks, are awaited: 64 × T1.
    M,
    /// The user has not answered an INVITE: 200 ms, then 100 Trying (§17.2.1).
    Trying,
    /// No final response after our CANCEL: 64 × T1 (§9.1).
    Cancelled,
}

/// What happens to a client transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ClientEvent {
    /// 1xx
    Provisional,
    /// 2xx
    Success,
    /// 300–699
    Failure,
    /// The user wants the INVITE cancelled.
    Cancel,
    Timer(Timer),
    TransportError,
}

/// What happens to a server transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ServerEvent {
    /// The request came again.
    Request,
    Ack,
    /// 1xx from the user
    Provisional,
    /// 2xx from the user
    Success,
    /// 300–699 from the user
    Failure,
    Timer(Timer),
    TransportError,
}

/// What a step asks for, in order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Effect {
    /// Client: the request; server: the last reply.
    Send,
    /// The ACK for a non-2xx final response (§17.1.1.3).
    SendAck,
    /// A CANCEL with a transaction of its own (§9.1).
    SendCancel,
    /// Tell the user of what has come.
    Report,
    /// Tell the user that no final response will come.
    ReportTimeout,
    Start(Timer),
    /// Starts a repeating timer at T2.
    StartSlow(Timer),
    /// Stops all timers.
    Stop,
    /// The bytes to repeat are no longer needed.
    Forget,
}

/// The event that a response with `status` is to its client transaction; `None` if it is no status of a response.
pub(super) const fn response_event(status: u16) -> Option<ClientEvent> {
    match status {
        100..=199 => Some(ClientEvent::Provisional),
        200..=299 => Some(ClientEvent::Success),
        300..=699 => Some(ClientEvent::Failure),
        _ => None,
    }
}

/// The event that the user's response with `status` is to its server transaction.
pub(super) const fn reply_event(status: u16) -> Option<ServerEvent> {
    match status {
        100..=199 => Some(ServerEvent::Provisional),
        200..=299 => Some(ServerEvent::Success),
        300..=699 => Some(ServerEvent::Failure),
        _ => None,
    }
}
