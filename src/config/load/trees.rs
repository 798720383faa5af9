//! IVR trees: names become nodes, then the whole is checked ([`crate::ivr::check`]).

use super::{Load, in_order};
use crate::config::error::did_you_mean;
use crate::config::file::trees::{CollectFile, LanguageFile, ListenFile, MenuFile, TreeFile, key};
use crate::config::file::{CalendarFile, Name, value};
use crate::ids::{NodeId, QueueId, TreeId};
use crate::ivr::check::{Exit, Problem, check};
use crate::ivr::hours::{Calendar, zone};
use crate::ivr::tree::{Choose, Collect, Door, Hours, Kind, Lines, Listen, Menu, Node, Place, Play, Tree, Trees};
use crate::switch::settings::{Fallback, Queue};

/// A node as the file has it: its name, its level's queue, what it is.
type Defined<'f> = (&'f Name, Option<&'f Name>, Kind);

impl<'a> Load<'a> {
    pub(super) fn give_node_ids(&mut self, tree: usize, file: &'a TreeFile) {
        let kinds = [
            file.menu.keys().collect::<Vec<_>>(),
            file.play.keys().collect(),
            file.collect.keys().collect(),
            file.queue.keys().collect(),
            file.agent.keys().collect(),
            file.hang_up.keys().collect(),
            file.hours.keys().collect(),
            file.language.keys().collect(),
        ];
        let mut names: Vec<&Name> = kinds.into_iter().flatten().collect();
        names.sort_by_key(|name| name.span().start);
        let slots = self.names.nodes.len().max(tree + 1);
        self.names.nodes.resize(slots, Default::default());
        self.nodes.resize(slots, Default::default());
        for name in names {
            let (Some(ids), Some(nodes)) = (self.names.nodes.get_mut(tree), self.nodes.get_mut(tree)) else { return };
            let node = (NodeId(ids.id(name.get_ref())), name.span());
            if nodes.insert(name.get_ref(), node).is_some() {
                self.report.error(name.span(), format!("the tree has another node called `{}`", name.get_ref()));
            }
        }
    }

    pub(super) fn trees(&mut self, queues: &[Queue]) -> Trees {
        let file = self.file;
        let calendars = in_order(&file.calendars).into_iter().map(|(name, file)| self.calendar(name, file)).collect();
        let mut trees: Vec<Tree> =
            self.names.trees.all().iter().map(|name| Tree::new(name, Some(QueueId(0)))).collect();
        for (name, file) in in_order(&file.trees) {
            let Some(&id) = self.trees.get(name.get_ref().as_str()) else { continue };
            if let Some(tree) = trees.get_mut(id.index()) {
                self.tree(id, file, tree);
            }
        }
        for (at, tree) in trees.iter_mut().enumerate() {
            self.fill_places(at, tree);
        }
        let doors = self.names.queues.all().to_vec().iter().map(|name| self.door(name)).collect();
        let trees = Trees { trees, calendars, doors };
        // What could not be resolved would only be reported again.
        if self.report.errors.is_empty() {
            self.check_trees(&trees, queues);
        }
        trees
    }

    fn tree(&mut self, id: TreeId, file: &'a TreeFile, tree: &mut Tree) {
        tree.queue = file.zero.as_ref().and_then(|queue| self.queue(queue));
        tree.priority = file.zero_priority.unwrap_or(0);
        tree.back = file.back.unwrap_or(true);
        tree.repeat = file.repeat.unwrap_or(true);
        tree.root = self.node(id, &file.root);
        self.fill_places(id.index(), tree);
        for (name, zero, kind) in self.defined(id, file) {
            let queue = zero.and_then(|queue| self.queue(queue));
            let at = self.nodes.get(id.index()).and_then(|nodes| nodes.get(name.get_ref().as_str()));
            if let Some(slot) = at.and_then(|(at, _)| tree.nodes.get_mut(at.index())) {
                *slot = Node { name: slot.name.clone(), queue, kind };
            }
        }
    }

    /// One place for every node that ever was in the tree: what is gone leads to the queue of `0`.
    fn fill_places(&self, tree: usize, into: &mut Tree) {
        let names = self.names.nodes.get(tree).map_or(&[][..], |names| names.all());
        let kind = Kind::Queue { queue: into.queue.unwrap_or(QueueId(0)), priority: into.priority };
        for name in names.iter().skip(into.nodes.len()) {
            into.nodes.push(Node { name: name.clone(), queue: None, kind: kind.clone() });
        }
    }

    fn defined(&mut self, id: TreeId, file: &'a TreeFile) -> Vec<Defined<'a>> {
        let mut nodes: Vec<Defined<'a>> = Vec::new();
        for (name, node) in &file.menu {
            nodes.push((name, self.level_zero(id, node), self.menu(id, file, node)));
        }
        for (name, node) in &file.play {
            let (say, next) = (self.lines(&node.say), self.node(id, &node.next));
            let play = Play { say, barge_in: node.barge_in.unwrap_or(true), next };
            nodes.push((name, node.zero.as_ref(), Kind::Play(play)));
        }
        for (name, node) in &file.collect {
            nodes.push((name, node.zero.as_ref(), self.collect(id, file, node)));
        }
        for (name, node) in &file.queue {
            let queue = self.queue(&node.queue).unwrap_or(QueueId(0));
            nodes.push((name, None, Kind::Queue { queue, priority: node.priority.unwrap_or(0) }));
        }
        for (name, node) in &file.agent {
            let agent = self.agents.get(node.agent.get_ref().as_str()).copied();
            if agent.is_none() {
                let there_is = did_you_mean(node.agent.get_ref(), self.agents.keys().map(|number| &**number));
                self.report.error(node.agent.span(), format!("there is no agent {}{there_is}", node.agent.get_ref()));
            }
            nodes.extend(agent.map(|agent| (name, None, Kind::Agent(agent))));
        }
        for (name, node) in &file.hang_up {
            nodes.push((name, node.zero.as_ref(), Kind::HangUp(self.lines(&node.say))));
        }
        for (name, node) in &file.hours {
            let calendar = Self::find(&mut self.report, &self.calendars, &node.calendar, "calendar").unwrap_or(0);
            let (open, closed) = (self.node(id, &node.open), self.node(id, &node.closed));
            let holiday = node.holiday.as_ref().map_or(closed, |holiday| self.node(id, holiday));
            nodes.push((name, node.zero.as_ref(), Kind::Hours(Hours { calendar, open, closed, holiday })));
        }
        for (name, node) in &file.language {
            nodes.push((name, node.zero.as_ref(), self.language_node(id, file, name, node)));
        }
        nodes
    }

    /// The queue that a menu names for `0`: by `zero`, or by binding the key to a queue node.
    fn level_zero(&mut self, id: TreeId, menu: &'a MenuFile) -> Option<&'a Name> {
        let Some((key, target)) = menu.keys.iter().find(|(key, _)| key.get_ref() == "0") else {
            return menu.zero.as_ref();
        };
        let name = self.names.trees.name(id.index());
        let tree = self.file.trees.iter().find(|(tree, _)| tree.get_ref() == name).map(|(_, tree)| tree);
        let node = tree.and_then(|tree| tree.queue.iter().find(|(name, _)| name.get_ref() == target.get_ref()));
        match (node, &menu.zero) {
            (Some((_, node)), None) => Some(&node.queue),
            (Some((_, node)), Some(zero)) if zero.get_ref() == node.queue.get_ref() => Some(zero),
            _ => {
                let problem = "`0` is the way to a human on every level: bind it to a queue node, or leave it out and name the queue \
                               as `zero`";
                self.report.error(key.span(), problem);
                menu.zero.as_ref()
            }
        }
    }

    fn menu(&mut self, id: TreeId, tree: &TreeFile, node: &MenuFile) -> Kind {
        let mut keys = Vec::new();
        for (name, target) in &node.keys {
            if let Some(key) = self.key(name).filter(|&key| key != b'0') {
                keys.push((key, self.node(id, target)));
            }
        }
        Kind::Menu(Menu { listen: self.listen(id, tree, &node.listen()), keys })
    }

    fn collect(&mut self, id: TreeId, tree: &TreeFile, node: &CollectFile) -> Kind {
        let terminator = match node.terminator.as_ref().map(|written| (written, written.get_ref().as_str())) {
            None | Some((_, "#")) => Some(b'#'),
            Some((_, "*")) => Some(b'*'),
            Some((_, "none")) => None,
            Some((written, _)) => {
                self.report.error(written.span(), "digits end with \"#\", \"*\" or \"none\"");
                None
            }
        };
        let (digits_max, max) = (*node.digits_max.get_ref(), crate::ivr::tree::DIGITS_MAX);
        if digits_max == 0 || usize::from(digits_max) > max {
            self.report.error(node.digits_max.span(), format!("a caller can type from 1 to {max} digits"));
        }
        let digits_min = node.digits_min.as_ref().map_or(1, |min| *min.get_ref());
        if let Some(min) = node.digits_min.as_ref().filter(|_| digits_min == 0 || digits_min > digits_max) {
            self.report.error(min.span(), "`digits_min` is at least 1 and not above `digits_max`");
        }
        let inter_digit = super::lasting(node.inter_digit, 3_000);
        let (listen, next) = (self.listen(id, tree, &node.listen()), self.node(id, &node.next));
        Kind::Collect(Collect { listen, digits_min, digits_max, terminator, inter_digit, next })
    }

    fn language_node(&mut self, id: TreeId, tree: &TreeFile, name: &Name, node: &LanguageFile) -> Kind {
        let next = self.node(id, &node.next);
        if let Some(set) = &node.set {
            if !node.keys.is_empty() || !node.say.0.is_empty() {
                self.report.error(name.span(), "`set` acts at once: it goes without `say` and `keys`");
            }
            return Kind::Speak { language: self.language(set).unwrap_or_default(), next };
        }
        let mut keys = Vec::new();
        for (key, language) in &node.keys {
            let language = self.language(language);
            if let (Some(key), Some(language)) = (self.key(key), language) {
                keys.push((key, language));
            }
        }
        Kind::Choose(Choose { listen: self.listen(id, tree, &node.listen()), keys, next })
    }

    fn listen(&mut self, id: TreeId, tree: &TreeFile, file: &ListenFile<'_>) -> Listen {
        let bare = Listen::default();
        let mut lines =
            |own: Option<&_>, trees: Option<&_>| own.or(trees).map_or(Lines::default(), |say| self.lines(say));
        let invalid = lines(file.invalid, tree.invalid.as_ref());
        let no_input = lines(file.no_input, tree.no_input.as_ref());
        Listen {
            say: self.lines(file.say),
            invalid,
            no_input,
            barge_in: file.barge_in.unwrap_or(true),
            timeout: file.timeout.map_or(bare.timeout, |time| time.0.0),
            invalid_retries: file.invalid_retries.unwrap_or(bare.invalid_retries),
            no_input_retries: file.no_input_retries.unwrap_or(bare.no_input_retries),
            failed: file.failed.map(|node| self.node(id, node)),
        }
    }

    fn key(&mut self, name: &Name) -> Option<u8> {
        let key = key(name.get_ref());
        if key.is_none() {
            self.report.error(name.span(), "a key is one of 1 to 9, *, # and A to D (0 is the way to a human)");
        }
        key
    }

    /// A node of the tree; one that does not exist is reported and stands for the first.
    fn node(&mut self, tree: TreeId, name: &Name) -> NodeId {
        let Some(nodes) = self.nodes.get(tree.index()) else { return NodeId(0) };
        Self::find(&mut self.report, nodes, name, "node").map_or(NodeId(0), |(id, _)| id)
    }

    /// `tree/node`
    pub(super) fn place(&mut self, name: &Name) -> Option<Place> {
        let Some((tree, node)) = name.get_ref().split_once('/') else {
            self.report.error(name.span(), "name tree and node, such as \"main/closed\"");
            return None;
        };
        let (tree, node) = (Name::new(name.span(), tree.to_string()), Name::new(name.span(), node.to_string()));
        let tree = Self::find(&mut self.report, &self.trees, &tree, "tree")?;
        Some(Place { tree, node: self.node(tree, &node) })
    }

    /// A queue's opening hours.
    fn door(&mut self, queue: &str) -> Option<Door> {
        let file = self.file;
        let door =
            file.queues.iter().find(|(name, _)| name.get_ref() == queue).and_then(|(_, file)| file.hours.as_ref())?;
        let calendar = Self::find(&mut self.report, &self.calendars, &door.calendar, "calendar")?;
        Some(Door { calendar, closed: self.place(&door.closed)? })
    }

    fn calendar(&mut self, name: &Name, file: &CalendarFile) -> Calendar {
        let mut calendar = Calendar::always(name.get_ref());
        let written = file.zone.as_ref();
        match zone(written.map_or("Asia/Shanghai", |zone| zone.get_ref())) {
            Some(zone) => calendar.zone = zone,
            None => {
                self.report.error(written.map_or(0..0, |zone| zone.span()), "a time zone such as \"Asia/Shanghai\"")
            }
        }
        calendar.week = Default::default();
        for (days, spans) in &file.week {
            let Some(covered) = value::days(days.get_ref()) else {
                self.report.error(days.span(), "days such as \"mon\", \"mon-fri\" or \"sat,sun\"");
                continue;
            };
            for (day, _) in calendar.week.iter_mut().zip(covered).filter(|&(_, covered)| covered) {
                day.extend(spans.iter().map(|span| span.0));
            }
        }
        calendar.holidays = file.holidays.iter().map(|dates| (dates.0.0, dates.0.1)).collect();
        for (date, like) in &file.make_up_days {
            match date.get_ref().parse() {
                Ok(date) => calendar.make_up.push((date, like.0.0)),
                Err(_) => self.report.error(date.span(), "a date such as \"2026-09-27\""),
            }
        }
        calendar
    }

    fn check_trees(&mut self, trees: &Trees, queues: &[Queue]) {
        let exits = queues.iter().map(|queue| match queue.fallback {
            Fallback::Queue(next) => Exit::Queue(next),
            Fallback::Node(tree, node) => Exit::Node(Place { tree, node }),
            Fallback::Goodbye => Exit::End,
        });
        let exits: Vec<Exit> = exits.collect();
        let names: Vec<Box<str>> = self.names.queues.all().to_vec();
        for fault in check(trees, &exits, &names) {
            let defined = |place: Place| {
                let node = &trees.node(place)?.name;
                self.nodes.get(place.tree.index())?.get(&**node).map(|(_, span)| span.clone())
            };
            let queue = fault.queue.and_then(|queue| names.get(queue.index()));
            let queue = queue.and_then(|name| self.file.queues.keys().find(|key| *key.get_ref() == **name));
            let span = fault.at.and_then(defined).or(queue.map(|name| name.span()));
            let problem = format!("{}: {}", fault.path.join(" → "), fault.problem);
            match (fault.problem, span) {
                (Problem::Unreachable, None) => {}
                (Problem::Unreachable, Some(span)) => self.report.warning(span, problem),
                (_, span) => self.report.error(span.unwrap_or(0..0), problem),
            }
        }
    }
}
