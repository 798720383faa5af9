//! The control thread's end of the media workers: commands to them, facts from them. Neither is ever lost: a command that its
//! worker's mailbox has no room for waits here, in order, and goes in a later turn; meanwhile new calls are refused.

use super::inbox::Inbox;
use super::mailbox::{Outgoing, Sender};
use crate::clock::Duration;
use crate::ids::StreamId;
use crate::media::{Command, Fact};

/// Facts taken in one turn at most.
pub const FACTS_TURN_MAX: usize = 256;
/// How long to wait for a worker to make room.
pub const RETRY_AFTER: Duration = Duration::from_millis(1);

/// See the module text.
#[derive(Debug)]
pub struct MediaLink {
    /// By worker.
    workers: Vec<Outgoing<Command>>,
    behind: bool,
    pub facts: Inbox<Fact>,
}

impl MediaLink {
    /// Mailboxes of workers by their id, and the one that all their facts come in.
    pub fn new(mailboxes: Vec<Sender<Command>>, facts: Inbox<Fact>) -> Self {
        Self { workers: mailboxes.into_iter().map(Outgoing::new).collect(), behind: false, facts }
    }

    /// Sends what waits from earlier turns, then `commands`, each to the worker of its stream.
    pub fn send(&mut self, commands: impl Iterator<Item = Command>) {
        for command in commands {
            if let Some(worker) = self.workers.get_mut(usize::from(stream_of(&command).worker.0)) {
                worker.send(command);
            }
        }
        // All of them, whether or not the first is behind.
        self.behind = self.workers.iter_mut().filter_map(|worker| (!worker.flush()).then_some(())).count() > 0;
    }

    /// Whether commands wait for room.
    pub fn is_behind(&self) -> bool {
        self.behind
    }

    /// Commands that had to wait, since start.
    pub fn held_back(&self) -> u64 {
        self.workers.iter().map(|worker| worker.held_back).sum()
    }
}

/// The stream that a command is for, and so its worker. (Both streams of a bridge live in one worker.)
fn stream_of(command: &Command) -> StreamId {
    match *command {
        Command::Open { stream, .. }
        | Command::Change { stream, .. }
        | Command::Music { stream, .. }
        | Command::Say { stream, .. }
        | Command::Hush { stream }
        | Command::Unbridge { stream }
        | Command::SendDigit { stream, .. }
        | Command::Close { stream }
        | Command::Bridge { a: stream, .. } => stream,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::WorkerId;
    use crate::io::mailbox::mailbox;

    #[test]
    fn commands_that_find_no_room_wait_in_order_and_are_not_lost() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        let _inside = runtime.enter();
        let (_, facts) = mailbox(4).unwrap();
        let (sender, worker) = mailbox(4).unwrap();
        let mut link = MediaLink::new(vec![sender], Inbox::new(facts).unwrap());
        let stream = |slot| StreamId { worker: WorkerId(0), slot, generation: 0 };
        let close = |slot| Command::Close { stream: stream(slot) };
        link.send((0..10).map(close));
        assert_eq!((link.is_behind(), link.held_back()), (true, 6));
        let mut heard = Vec::new();
        while heard.len() < 10 {
            heard.extend(std::iter::from_fn(|| worker.pop()));
            link.send(std::iter::empty());
        }
        assert_eq!(heard, (0..10).map(close).collect::<Vec<_>>());
        assert!(!link.is_behind());
        // A command for a worker that there is not is ignored.
        link.send(std::iter::once(Command::Hush { stream: StreamId { worker: WorkerId(9), slot: 0, generation: 0 } }));
    }
}
