//! What is wrong with trees: targets that do not exist, levels without a way out, ways that go in a circle without a caller's choice,
//! levels where `0` reaches no queue. Every fault comes with the way a caller would take to it (main → billing → …).
//!
//! The walk goes over `Point`s: a node together with the queue that `0` has been given on the way there, or a queue, whose
//! closed branch and fallback lead on.

use super::tree::{DIGITS_MAX, Kind, Node, Place, Tree, Trees};
use crate::ids::{NodeId, QueueId, TreeId};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Where a queue's fallback leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    Queue(QueueId),
    Node(Place),
    /// The call ends.
    End,
}

/// One fault.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// The node it is about; `None`: it is about queues alone.
    pub at: Option<Place>,
    /// The first queue in a circle.
    pub queue: Option<QueueId>,
    pub problem: Problem,
    /// The names on the way there, the offending one last.
    pub path: Vec<Box<str>>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, thiserror::Error)]
pub enum Problem {
    #[error("leads to a node that does not exist")]
    NoSuchNode,
    #[error("binds `0` to something else than the way to a human")]
    ZeroBound,
    #[error("`0` reaches no queue from here: name a `queue` on this level, on a level above it, or on the tree")]
    ZeroLeadsNowhere,
    #[error("goes in a circle without a caller's choice")]
    Circle,
    #[error("has no key that ever leads to a queue, an agent or a hang-up")]
    NoWayOut,
    #[error("is bound to the same key twice")]
    KeyTwice,
    #[error("takes digits that cannot be: at least 1, at most 32, `digits_min` not above `digits_max`")]
    Digits,
    /// Only a warning: nobody gets there.
    #[error("is never reached")]
    Unreachable,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Point {
    Node(Place, Option<QueueId>),
    Queue(QueueId),
}

impl Point {
    const fn place(&self) -> Option<Place> {
        match *self {
            Self::Node(place, _) => Some(place),
            Self::Queue(_) => None,
        }
    }

    const fn queue(&self) -> Option<QueueId> {
        match *self {
            Self::Node(..) => None,
            Self::Queue(queue) => Some(queue),
        }
    }
}

struct Walk<'a> {
    trees: &'a Trees,
    exits: &'a [Exit],
    /// Every point a caller can get to, with the one before it on a shortest way.
    from: BTreeMap<Point, Option<Point>>,
    faults: Vec<Fault>,
}

/// All faults of `trees`; `exits` are the queues' fallbacks by [`QueueId`]. Names of queues are theirs to add: in paths they stand as
/// `queue N`, or by `queue_names`.
pub fn check(trees: &Trees, exits: &[Exit], queue_names: &[Box<str>]) -> Vec<Fault> {
    let mut walk = Walk { trees, exits, from: BTreeMap::new(), faults: Vec::new() };
    walk.explore();
    walk.check_nodes(queue_names);
    walk.check_circles(queue_names);
    walk.check_ways_out(queue_names);
    walk.check_reached();
    walk.faults
}

impl Walk<'_> {
    /// Walks everything from the roots and from where queues lead back into trees.
    fn explore(&mut self) {
        let roots = self.trees.trees.iter().enumerate();
        let roots = roots.map(|(at, tree)| Point::Node(Place { tree: TreeId(at as u32), node: tree.root }, None));
        let queues = (0..self.exits.len().max(self.trees.doors.len())).map(|at| Point::Queue(QueueId(at as u32)));
        let mut open: VecDeque<(Point, Option<Point>)> = roots.chain(queues).map(|point| (point, None)).collect();
        while let Some((point, before)) = open.pop_front() {
            if self.from.contains_key(&point) {
                continue;
            }
            self.from.insert(point, before);
            let onward = self.alone(point).into_iter().chain(self.chosen(point));
            open.extend(onward.map(|next| (next, Some(point))));
        }
    }

    fn node(&self, place: Place) -> Option<(&Tree, &Node)> {
        let tree = self.trees.tree(place.tree)?;
        Some((tree, tree.nodes.get(place.node.index())?))
    }

    /// Where a point leads by itself: without a key pressed.
    fn alone(&self, point: Point) -> Vec<Point> {
        let Point::Node(place, inherited) = point else { return self.queue_leads(point) };
        let Some((tree, node)) = self.node(place) else { return Vec::new() };
        let zero = node.queue.or(inherited);
        let to = |node: NodeId| Point::Node(Place { tree: place.tree, node }, zero);
        match &node.kind {
            Kind::Play(play) => vec![to(play.next)],
            Kind::Speak { next, .. } => vec![to(*next)],
            Kind::Hours(hours) => vec![to(hours.open), to(hours.closed), to(hours.holiday)],
            Kind::Queue { queue, .. } => vec![Point::Queue(*queue)],
            Kind::Agent(_) | Kind::HangUp(_) => Vec::new(),
            kind => match kind.listen().and_then(|listen| listen.failed) {
                Some(failed) => vec![to(failed)],
                None => zero.or(tree.queue).map(Point::Queue).into_iter().collect(),
            },
        }
    }

    fn queue_leads(&self, point: Point) -> Vec<Point> {
        let Point::Queue(queue) = point else { return Vec::new() };
        let closed = self.trees.doors.get(queue.index()).copied().flatten();
        let closed = closed.map(|door| Point::Node(door.closed, None));
        let fallback = match self.exits.get(queue.index()) {
            Some(&Exit::Queue(next)) => Some(Point::Queue(next)),
            Some(&Exit::Node(place)) => Some(Point::Node(place, None)),
            Some(Exit::End) | None => None,
        };
        closed.into_iter().chain(fallback).collect()
    }

    /// Where keys lead, `0` apart.
    fn chosen(&self, point: Point) -> Vec<Point> {
        let Point::Node(place, inherited) = point else { return Vec::new() };
        let Some((_, node)) = self.node(place) else { return Vec::new() };
        let zero = node.queue.or(inherited);
        let to = |node: NodeId| Point::Node(Place { tree: place.tree, node }, zero);
        match &node.kind {
            Kind::Menu(menu) => menu.keys.iter().map(|&(_, node)| to(node)).collect(),
            Kind::Collect(collect) => vec![to(collect.next)],
            Kind::Choose(choose) if !choose.keys.is_empty() => vec![to(choose.next)],
            _ => Vec::new(),
        }
    }

    fn check_nodes(&mut self, queue_names: &[Box<str>]) {
        let mut said = BTreeSet::new();
        let points: Vec<Point> = self.from.keys().copied().collect();
        for point in points {
            let Point::Node(place, inherited) = point else { continue };
            let mut problems = Vec::new();
            match self.node(place) {
                None => problems.push(Problem::NoSuchNode),
                Some((tree, node)) => {
                    let silent =
                        matches!(&node.kind, Kind::HangUp(lines) if lines.0.iter().all(|line| line.is_empty()));
                    let heard = matches!(node.kind, Kind::Play(_) | Kind::HangUp(_)) || node.kind.is_level();
                    if heard && !silent && node.queue.or(inherited).or(tree.queue).is_none() {
                        problems.push(Problem::ZeroLeadsNowhere);
                    }
                    problems.extend(own_faults(&node.kind));
                }
            }
            for problem in problems {
                if said.insert((place, problem)) {
                    let path = self.path_to(point, queue_names);
                    self.faults.push(Fault { at: Some(place), queue: None, problem, path });
                }
            }
        }
    }

    /// Depth first over the ways that need no key; a way back to a point still open is a circle.
    fn check_circles(&mut self, queue_names: &[Box<str>]) {
        let mut done: BTreeSet<Point> = BTreeSet::new();
        let starts: Vec<Point> = self.from.keys().copied().collect();
        for start in starts {
            let mut way: Vec<(Point, Vec<Point>)> = vec![(start, self.alone(start))];
            while let Some((point, onward)) = way.last_mut() {
                let point = *point;
                let Some(next) = onward.pop() else {
                    done.insert(point);
                    way.pop();
                    continue;
                };
                if let Some(at) = way.iter().position(|&(open, _)| open == next) {
                    let circle: Vec<Point> = way.iter().skip(at).map(|&(point, _)| point).chain([next]).collect();
                    let path = circle.iter().map(|&point| self.name(point, queue_names)).collect();
                    let (at, queue) = (circle.iter().find_map(Point::place), circle.iter().find_map(Point::queue));
                    self.faults.push(Fault { at, queue, problem: Problem::Circle, path });
                } else if !done.contains(&next) {
                    way.push((next, self.alone(next)));
                }
            }
        }
    }

    /// Every level must lead out by its own keys: to a queue, an agent, or the end. Failing is no way out.
    fn check_ways_out(&mut self, queue_names: &[Box<str>]) {
        let points: Vec<Point> = self.from.keys().copied().collect();
        let ends = |point: &Point| match *point {
            Point::Queue(_) => true,
            Point::Node(place, _) => {
                self.node(place).is_none_or(|(_, node)| matches!(node.kind, Kind::Agent(_) | Kind::HangUp(_)))
            }
        };
        let is_level = |point: Point| matches!(point, Point::Node(place, _) if self.node(place).is_some_and(|(_, node)| node.kind.is_level()));
        let mut out: BTreeSet<Point> = points.iter().copied().filter(ends).collect();
        // Backwards from the ends until nothing is added.
        let mut sources: BTreeMap<Point, Vec<Point>> = BTreeMap::new();
        for &point in &points {
            let onward = if is_level(point) { self.chosen(point) } else { self.alone(point) };
            for next in onward {
                sources.entry(next).or_default().push(point);
            }
        }
        let mut open: Vec<Point> = out.iter().copied().collect();
        while let Some(point) = open.pop() {
            for &source in sources.get(&point).map_or(&[][..], Vec::as_slice) {
                if out.insert(source) {
                    open.push(source);
                }
            }
        }
        let mut said = BTreeSet::new();
        let stuck: Vec<Point> = points.into_iter().filter(|&point| is_level(point) && !out.contains(&point)).collect();
        for point in stuck {
            let Point::Node(place, _) = point else { continue };
            if said.insert(place) {
                let path = self.path_to(point, queue_names);
                self.faults.push(Fault { at: Some(place), queue: None, problem: Problem::NoWayOut, path });
            }
        }
    }

    fn check_reached(&mut self) {
        let reached: BTreeSet<Place> = self.from.keys().filter_map(Point::place).collect();
        for (tree, nodes) in self.trees.trees.iter().enumerate() {
            for (at, node) in nodes.nodes.iter().enumerate() {
                let place = Place { tree: TreeId(tree as u32), node: NodeId(at as u32) };
                if !reached.contains(&place) {
                    let path = vec![nodes.name.clone(), node.name.clone()];
                    self.faults.push(Fault { at: Some(place), queue: None, problem: Problem::Unreachable, path });
                }
            }
        }
    }

    fn path_to(&self, point: Point, queue_names: &[Box<str>]) -> Vec<Box<str>> {
        let mut path = vec![self.name(point, queue_names)];
        let mut at = point;
        while let Some(&Some(before)) = self.from.get(&at) {
            path.push(self.name(before, queue_names));
            at = before;
        }
        path.reverse();
        path
    }

    fn name(&self, point: Point, queue_names: &[Box<str>]) -> Box<str> {
        match point {
            Point::Queue(queue) => match queue_names.get(queue.index()) {
                Some(name) => format!("queue {name}").into(),
                None => format!("queue {}", queue.0).into(),
            },
            Point::Node(place, _) => match self.node(place) {
                Some((_, node)) => node.name.clone(),
                None => format!("node {}", place.node.0).into(),
            },
        }
    }
}

/// What can be seen without looking further.
fn own_faults(kind: &Kind) -> Vec<Problem> {
    let keys: Vec<u8> = match kind {
        Kind::Menu(menu) => menu.keys.iter().map(|&(key, _)| key).collect(),
        Kind::Choose(choose) => choose.keys.iter().map(|&(key, _)| key).collect(),
        _ => Vec::new(),
    };
    let mut faults = Vec::new();
    if keys.contains(&b'0') {
        faults.push(Problem::ZeroBound);
    }
    if keys.iter().collect::<BTreeSet<_>>().len() < keys.len() {
        faults.push(Problem::KeyTwice);
    }
    if let Kind::Collect(collect) = kind {
        let max = usize::from(collect.digits_max);
        if max == 0 || max > DIGITS_MAX || collect.digits_min > collect.digits_max || collect.digits_min == 0 {
            faults.push(Problem::Digits);
        }
        if collect.terminator == Some(b'0') {
            faults.push(Problem::ZeroBound);
        }
    }
    faults
}
