//! A configuration as a picture in text, for `huntline check-config`. Not the figures of ports and descriptors: those are the shell's.

use super::epoch::Epoch;
use crate::acd::settings::{AgentSettings, QueueSettings};
use crate::clock::Duration;
use crate::ids::{NodeId, QueueId};
use crate::ivr::tree::{Kind, Place, Tree};
use crate::switch::settings::{Fallback, Reach, Target};
use core::fmt::Write;
use std::collections::BTreeSet;

/// Trunks, numbers, queues and trees. What is no longer in use is left out.
pub fn picture(epoch: &Epoch) -> String {
    let mut out = String::new();
    draw(epoch, &mut out).expect("writing to a string cannot fail");
    out
}

fn draw(epoch: &Epoch, out: &mut String) -> core::fmt::Result {
    let process = &epoch.process;
    for address in &process.sip {
        writeln!(out, "SIP    udp {address}")?;
    }
    writeln!(out, "HTTP   {} ({})", process.http, if process.http_token.is_some() { "token" } else { "no token" })?;
    writeln!(out, "media  {} ports {}-{}", process.media_bind, process.media_ports.0, process.media_ports.1)?;
    draw_trunks(epoch, out)?;
    draw_numbers(epoch, out)?;
    draw_queues(epoch, out)?;
    draw_agents(epoch, out)?;
    for tree in epoch.switch.trees.trees.iter().filter(|tree| epoch.names.trees.find(&tree.name).is_some()) {
        writeln!(
            out,
            "\ntree {}   0 → {}",
            tree.name,
            tree.queue.map_or("by level", |queue| queue_name(epoch, queue))
        )?;
        let mut drawing = Drawing { epoch, tree, drawn: BTreeSet::new(), out };
        drawing.node("", "", tree.root)?;
    }
    Ok(())
}

fn draw_trunks(epoch: &Epoch, out: &mut String) -> core::fmt::Result {
    writeln!(out, "\ntrunks")?;
    for trunk in epoch.switch.trunks.iter().filter(|trunk| !trunk.sources.is_empty()) {
        write!(out, "  {:<12} from", trunk.name)?;
        for source in &trunk.sources {
            write!(out, " {}/{}", source.address, source.prefix)?;
        }
        for codec in &trunk.codecs {
            write!(out, " {}", codec.name())?;
        }
        if let Some(calls) = trunk.calls_max {
            write!(out, ", at most {calls} calls")?;
        }
        if let Some(rate) = trunk.calls_per_second_max {
            write!(out, ", at most {rate} calls/s")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn draw_numbers(epoch: &Epoch, out: &mut String) -> core::fmt::Result {
    writeln!(out, "\nnumbers")?;
    for number in &epoch.switch.numbers {
        let target = match number.target {
            Target::Tree(tree) => format!("tree {}", epoch.switch.trees.tree(tree).map_or("", |tree| &tree.name)),
            Target::Queue(queue) => format!("queue {}", queue_name(epoch, queue)),
        };
        writeln!(out, "  {:<12} → {target}", number.number)?;
    }
    Ok(())
}

fn draw_queues(epoch: &Epoch, out: &mut String) -> core::fmt::Result {
    writeln!(out, "\nqueues")?;
    for (queue, callers) in epoch.router.queues.iter().zip(&epoch.switch.queues) {
        if epoch.names.queues.find(&queue.name).is_none() {
            continue;
        }
        let agents = epoch.router.agents.iter().filter(|agent| serves(queue, agent)).count();
        write!(out, "  {:<12} {agents} agents", queue.name)?;
        if !queue.requires.is_empty() {
            let skills = queue
                .requires
                .iter()
                .map(|&(skill, level)| format!("{} ≥ {level}", epoch.names.skills.name(skill.index())));
            write!(out, " with {}", skills.collect::<Vec<_>>().join(", "))?;
        }
        write!(out, "; at most {} waiting", queue.waiting_max)?;
        if let Some(wait) = queue.wait_max {
            write!(out, ", {}", span(wait))?;
        }
        let fallback = match callers.fallback {
            Fallback::Queue(queue) => format!("queue {}", queue_name(epoch, queue)),
            Fallback::Node(tree, node) => place_name(epoch, Place { tree, node }),
            Fallback::Goodbye => "good-bye".to_string(),
        };
        write!(out, ", then {fallback}; wrap-up {}", span(queue.wrap_up))?;
        let trees = &epoch.switch.trees;
        if let Some(door) = trees.doors.get(queue.id.index()).copied().flatten() {
            let calendar = trees.calendars.get(door.calendar).map_or("", |calendar| &calendar.name);
            write!(out, "; outside {calendar}: {}", place_name(epoch, door.closed))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn serves(queue: &QueueSettings, agent: &AgentSettings) -> bool {
    queue.requires.iter().all(|&(skill, level)| agent.skills.iter().any(|&(own, at)| own == skill && at >= level))
}

fn draw_agents(epoch: &Epoch, out: &mut String) -> core::fmt::Result {
    let (mut registering, mut fixed) = (0, 0);
    for agent in &epoch.switch.agents {
        match agent.reach {
            Reach::Registers(_) => registering += 1,
            Reach::Fixed { address, .. } if address.port() != 0 => fixed += 1,
            Reach::Fixed { .. } => {}
        }
    }
    writeln!(out, "\nagents\n  {registering} that register, {fixed} at fixed contacts")
}

struct Drawing<'a> {
    epoch: &'a Epoch,
    tree: &'a Tree,
    drawn: BTreeSet<NodeId>,
    out: &'a mut String,
}

impl Drawing<'_> {
    /// One node and, the first time, everything below it.
    fn node(&mut self, indent: &str, way: &str, at: NodeId) -> core::fmt::Result {
        let Some(node) = self.tree.nodes.get(at.index()) else { return Ok(()) };
        let line = if way.is_empty() { String::new() } else { format!("{way} → ") };
        write!(self.out, "{line}{} {}", node.kind.word(), node.name)?;
        match &node.kind {
            Kind::Queue { queue, priority } => {
                write!(self.out, " ({}", queue_name(self.epoch, *queue))?;
                if *priority != 0 {
                    write!(self.out, ", priority {priority:+}")?;
                }
                write!(self.out, ")")?;
            }
            Kind::Agent(agent) => {
                write!(
                    self.out,
                    " ({})",
                    self.epoch.switch.agents.get(agent.index()).map_or("", |agent| &agent.number)
                )?;
            }
            _ => {}
        }
        if let Some(queue) = node.queue {
            write!(self.out, "   0 → {}", queue_name(self.epoch, queue))?;
        }
        let ways = self.ways(&node.kind);
        if !self.drawn.insert(at) {
            return writeln!(self.out, "{}", if ways.is_empty() { "" } else { " (above)" });
        }
        writeln!(self.out)?;
        let last = ways.len().saturating_sub(1);
        for (number, (way, next)) in ways.into_iter().enumerate() {
            write!(self.out, "{indent}{}", if number == last { "└─ " } else { "├─ " })?;
            let deeper = format!("{indent}{}", if number == last { "   " } else { "│  " });
            // A drawing is no place for endless depth; the check has walked it all.
            if deeper.len() > 512 {
                writeln!(self.out, "…")?;
            } else {
                self.node(&deeper, &way, next)?;
            }
        }
        Ok(())
    }

    /// Ways out of a node, as they are labelled.
    fn ways(&self, kind: &Kind) -> Vec<(String, NodeId)> {
        let calendar = |at: usize| {
            self.epoch.switch.trees.calendars.get(at).map_or(String::new(), |calendar| calendar.name.to_string())
        };
        let mut ways: Vec<(String, NodeId)> = match kind {
            Kind::Menu(menu) => menu.keys.iter().map(|&(key, next)| (char::from(key).to_string(), next)).collect(),
            Kind::Play(play) => vec![("then".into(), play.next)],
            Kind::Collect(collect) => {
                vec![(format!("{} to {} digits", collect.digits_min, collect.digits_max), collect.next)]
            }
            Kind::Choose(choose) => {
                let keys: String = choose.keys.iter().map(|&(key, _)| char::from(key)).collect();
                vec![(format!("one of {keys}"), choose.next)]
            }
            Kind::Speak { next, .. } => vec![("then".into(), *next)],
            Kind::Hours(hours) => {
                let mut ways =
                    vec![(format!("{} open", calendar(hours.calendar)), hours.open), ("closed".into(), hours.closed)];
                if hours.holiday != hours.closed {
                    ways.push(("holiday".into(), hours.holiday));
                }
                ways
            }
            Kind::Queue { .. } | Kind::Agent(_) | Kind::HangUp(_) => Vec::new(),
        };
        if let Some(failed) = kind.listen().and_then(|listen| listen.failed) {
            ways.push(("nothing heard".into(), failed));
        }
        ways
    }
}

fn queue_name(epoch: &Epoch, queue: QueueId) -> &str {
    epoch.names.queues.name(queue.index())
}

fn place_name(epoch: &Epoch, place: Place) -> String {
    let trees = &epoch.switch.trees;
    let tree = trees.tree(place.tree).map_or("", |tree| &tree.name);
    format!("{tree}/{}", trees.node(place).map_or("", |node| &node.name))
}

/// A time in its largest whole unit.
fn span(time: Duration) -> String {
    let ms = time.as_millis();
    match ms {
        0 => "0 s".to_string(),
        _ if ms.is_multiple_of(3_600_000) => format!("{} h", ms / 3_600_000),
        _ if ms.is_multiple_of(60_000) => format!("{} min", ms / 60_000),
        _ if ms.is_multiple_of(1_000) => format!("{} s", ms / 1_000),
        _ => format!("{ms} ms"),
    }
}
