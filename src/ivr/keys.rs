//! What a key, the end of a prompt, or silence means at each kind of node.

use super::session::{Outcome, Session, Stage, Turn};
use super::tree::{Collect, Kind, Lines, Listen, Menu, Place, Play, Tree};
use crate::ids::NodeId;

impl Session {
    pub(super) fn on_digit(&mut self, digit: u8, turn: &mut Turn<'_>) {
        let trees = turn.trees;
        let (Some(tree), Some(node)) = (trees.tree(self.tree), trees.node(self.place())) else { return };
        if let Kind::Collect(collect) = &node.kind {
            return self.on_collect_digit(digit, collect, tree, turn);
        }
        if digit == b'0' {
            return self.seek_human(true, turn);
        }
        match &node.kind {
            Kind::Menu(menu) if self.hears(&menu.listen) => self.on_menu_key(digit, menu, tree, turn),
            Kind::Choose(choose) if self.hears(&choose.listen) => {
                match choose.keys.iter().find(|&&(key, _)| key == digit) {
                    Some(&(_, language)) => self.choose(choose, language, turn),
                    None => self.on_other_key(digit, &choose.listen, tree, turn),
                }
            }
            Kind::Play(play) if play.barge_in => self.on_play_key(digit, play, tree, turn),
            _ => {}
        }
    }

    /// Whether a key other than `0` counts now.
    fn hears(&self, listen: &Listen) -> bool {
        listen.barge_in || self.stage == Stage::Listening
    }

    fn on_menu_key(&mut self, digit: u8, menu: &Menu, tree: &Tree, turn: &mut Turn<'_>) {
        match menu.keys.iter().find(|&&(key, _)| key == digit) {
            Some(&(_, next)) => {
                self.count(Outcome::Chosen, turn);
                self.enter(Place { tree: self.tree, node: next }, turn);
            }
            None => self.on_other_key(digit, &menu.listen, tree, turn),
        }
    }

    /// `*`, `#`, or a key that means nothing.
    fn on_other_key(&mut self, digit: u8, listen: &Listen, tree: &Tree, turn: &mut Turn<'_>) {
        match digit {
            b'*' if tree.back => self.back(turn),
            b'#' if tree.repeat => self.repeat(turn),
            _ => self.on_invalid(listen, turn),
        }
    }

    /// A key skips what is being said and counts for what comes next: callers who know the tree type ahead.
    fn on_play_key(&mut self, digit: u8, play: &Play, tree: &Tree, turn: &mut Turn<'_>) {
        match digit {
            b'*' if tree.back => self.back(turn),
            b'#' if tree.repeat => self.repeat(turn),
            _ => {
                let before = self.place();
                self.enter(Place { tree: self.tree, node: play.next }, turn);
                if self.stage != Stage::Resting && self.place() != before {
                    self.on_digit(digit, turn);
                }
            }
        }
    }

    fn on_collect_digit(&mut self, digit: u8, collect: &Collect, tree: &Tree, turn: &mut Turn<'_>) {
        let zero_alone = self.entry.reveal() == "0";
        if digit == b'#' && zero_alone {
            return self.seek_human(true, turn);
        }
        if !self.hears(&collect.listen) {
            return self.on_early_collect_digit(digit, collect, turn);
        }
        let started = !self.entry.reveal().is_empty();
        match digit {
            _ if started && collect.terminator == Some(digit) => self.finish_collect(collect, turn),
            b'*' if tree.back => self.back(turn),
            b'#' if tree.repeat => self.repeat(turn),
            b'0'..=b'9' => {
                let room = self.entry.0.len() < usize::from(collect.digits_max);
                if !room || self.entry.0.try_push(char::from(digit)).is_err() {
                    return self.on_invalid(&collect.listen, turn);
                }
                if self.stage == Stage::Saying {
                    turn.hush();
                }
                self.listen_until(turn.now + collect.inter_digit);
                // `0` alone may still become the way to a human: only the pause or `#` can tell.
                let full = self.entry.0.len() >= usize::from(collect.digits_max);
                if full && self.entry.reveal() != "0" {
                    self.finish_collect(collect, turn);
                }
            }
            _ => {}
        }
    }

    /// A prompt that cannot be interrupted runs: only `0`, alone, is heard; a further digit shows that it was not meant so.
    fn on_early_collect_digit(&mut self, digit: u8, collect: &Collect, turn: &mut Turn<'_>) {
        if digit == b'0' && self.entry.reveal().is_empty() && self.entry.0.try_push('0').is_ok() {
            self.deadline = Some(turn.now + collect.inter_digit);
        } else {
            self.entry.0.clear();
            self.deadline = None;
        }
    }

    fn finish_collect(&mut self, collect: &Collect, turn: &mut Turn<'_>) {
        if self.entry.0.len() < usize::from(collect.digits_min) {
            return self.on_invalid(&collect.listen, turn);
        }
        self.count(Outcome::Chosen, turn);
        self.keep_entry();
        self.enter(Place { tree: self.tree, node: collect.next }, turn);
    }

    pub(super) fn on_said(&mut self, turn: &mut Turn<'_>) {
        let trees = turn.trees;
        let Some(node) = trees.node(self.place()) else { return };
        turn.said();
        match &node.kind {
            Kind::Play(play) => self.enter(Place { tree: self.tree, node: play.next }, turn),
            Kind::HangUp(_) => self.hang_up(turn),
            kind => {
                if let Some(listen) = kind.listen() {
                    // A `0` typed during the prompt keeps its own, shorter wait.
                    let deadline = self.deadline.unwrap_or(turn.now + listen.timeout);
                    self.listen_until(deadline);
                }
            }
        }
    }

    pub(super) fn on_deadline(&mut self, turn: &mut Turn<'_>) {
        self.deadline = None;
        let trees = turn.trees;
        let Some(node) = trees.node(self.place()) else { return };
        match &node.kind {
            Kind::Collect(_) if self.entry.reveal() == "0" => self.seek_human(true, turn),
            Kind::Collect(collect) if !self.entry.reveal().is_empty() => self.finish_collect(collect, turn),
            kind => {
                if let Some(listen) = kind.listen() {
                    self.on_no_input(listen, turn);
                }
            }
        }
    }

    fn on_invalid(&mut self, listen: &Listen, turn: &mut Turn<'_>) {
        self.count(Outcome::Invalid, turn);
        self.invalid = self.invalid.saturating_add(1);
        self.again(self.invalid > listen.invalid_retries, &listen.invalid, listen, turn);
    }

    fn on_no_input(&mut self, listen: &Listen, turn: &mut Turn<'_>) {
        self.count(Outcome::NoInput, turn);
        self.no_input = self.no_input.saturating_add(1);
        self.again(self.no_input > listen.no_input_retries, &listen.no_input, listen, turn);
    }

    fn again(&mut self, enough: bool, why: &Lines, listen: &Listen, turn: &mut Turn<'_>) {
        if enough { self.give_up(listen, turn) } else { self.ask(&[why], turn) }
    }

    /// `#`: the same node from its beginning.
    fn repeat(&mut self, turn: &mut Turn<'_>) {
        self.count(Outcome::Repeat, turn);
        self.again_here(turn);
    }

    /// `*`: the level before this one; where there is none, this one again.
    fn back(&mut self, turn: &mut Turn<'_>) {
        self.count(Outcome::Back, turn);
        let (trees, tree) = (turn.trees, self.tree);
        let is_level = |&&node: &&NodeId| trees.node(Place { tree, node }).is_some_and(|node| node.kind.is_level());
        match self.path.iter().rev().skip(1).find(is_level).copied() {
            Some(node) => self.enter(Place { tree, node }, turn),
            None => self.again_here(turn),
        }
    }

    fn again_here(&mut self, turn: &mut Turn<'_>) {
        let is_level = turn.trees.node(self.place()).is_some_and(|node| node.kind.is_level());
        if is_level { self.ask(&[], turn) } else { self.enter(self.place(), turn) }
    }
}
