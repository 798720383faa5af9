//! Queues, as the Router and as a caller knows them.

use super::{Load, in_order, time};
use crate::acd::settings::QueueSettings;
use crate::clock::Duration;
use crate::config::file::{ExitFile, Name, QueueFile};
use crate::ids::{PromptId, QueueId, SkillId};
use crate::ivr::tree::Place;
use crate::switch::settings::{Fallback, Queue};
use toml::Spanned;

/// Upper bounds of the wait histogram, seconds, where a queue names none.
const WAIT_BUCKETS: [f64; 10] = [1.0, 3.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 120.0, 300.0];
/// Buckets a histogram may have.
const BUCKETS_MAX: usize = 16;

impl Load<'_> {
    pub(super) fn queues(&mut self) -> (Vec<Queue>, Vec<QueueSettings>) {
        let (mut callers, mut routers) = (Vec::new(), Vec::new());
        for (name, queue) in in_order(&self.file.queues) {
            let id = QueueId(self.names.queues.id(name.get_ref()));
            if name.get_ref().is_empty() || name.get_ref().len() > 64 || name.get_ref().chars().any(char::is_control) {
                self.report
                    .error(name.span(), "a queue's name has 1 to 64 characters, none of them a control character");
            }
            callers.push(self.callers_queue(id, name, queue));
            routers.push(self.routers_queue(id, name, queue));
        }
        for (at, name) in self.names.queues.all().iter().enumerate() {
            if !self.queues.contains_key(&**name) {
                let (id, name): (_, Box<str>) = (QueueId(at as u32), format!("(gone) {name}").into());
                let (music, welcome, fallback) = (None, Vec::new(), Fallback::Goodbye);
                callers.push(Queue { id, name: name.clone(), music, welcome, fallback, star_to_menu: false });
                routers.push(bare_queue(id, &name, 0));
            }
        }
        callers.sort_by_key(|queue| queue.id);
        routers.sort_by_key(|queue| queue.id);
        (callers, routers)
    }

    fn callers_queue(&mut self, id: QueueId, name: &Name, queue: &QueueFile) -> Queue {
        let music = queue.music.as_ref().map(|music| self.sound(music));
        let languages = self.languages.clone();
        let welcome: Vec<Option<PromptId>> = match &queue.welcome {
            Some(prompt) => languages.iter().map(|language| Some(self.prompt(language, prompt))).collect(),
            None => vec![None; languages.len()],
        };
        let fallback = queue.fallback.as_ref().map_or(Fallback::Goodbye, |exit| self.exit(exit));
        let star_to_menu = queue.star_to_menu.unwrap_or(true);
        Queue { id, name: name.get_ref().as_str().into(), music, welcome, fallback, star_to_menu }
    }

    fn exit(&mut self, exit: &Spanned<ExitFile>) -> Fallback {
        match (&exit.get_ref().queue, &exit.get_ref().node) {
            (Some(queue), None) => self.queue(queue).map_or(Fallback::Goodbye, Fallback::Queue),
            (None, Some(node)) => {
                let place = self.place(node);
                place.map_or(Fallback::Goodbye, |Place { tree, node }| Fallback::Node(tree, node))
            }
            _ => {
                let problem = "a fallback is one of { queue = \"name\" } and { node = \"tree/node\" }; without any it is good-bye";
                self.report.error(exit.span(), problem);
                Fallback::Goodbye
            }
        }
    }

    fn routers_queue(&mut self, id: QueueId, name: &Name, queue: &QueueFile) -> QueueSettings {
        let mut requires: Vec<(SkillId, u8)> = Vec::new();
        for (skill, level) in &queue.requires {
            self.check_level(*level.get_ref(), level.span());
            requires.push((SkillId(self.names.skills.id(skill.get_ref())), *level.get_ref()));
        }
        requires.sort_unstable();
        let bare = bare_queue(id, name.get_ref(), 100);
        let wrap_up = queue.wrap_up.map_or(bare.wrap_up, |time| time.0);
        let wrap_up_max = queue.wrap_up_max.as_ref().map_or(bare.wrap_up_max.max(wrap_up), |time| time.get_ref().0);
        if let Some(max) = queue.wrap_up_max.as_ref().filter(|_| wrap_up_max < wrap_up) {
            self.report.error(max.span(), "`wrap_up_max` is not shorter than `wrap_up`");
        }
        let place_every = queue.place.as_ref().and_then(|place| place.every.as_ref());
        if let Some(every) = place_every.filter(|every| every.get_ref().0 < Duration::from_secs(5)) {
            self.report.error(every.span(), "the place is told every 5 s at most");
        }
        let assumed = queue.assumed.as_ref();
        let handling_time = assumed.and_then(|file| file.handling_time).map_or(bare.handling_time, |time| time.0.0);
        let patience = assumed.and_then(|file| file.patience).map_or(bare.patience, |time| time.0.0);
        QueueSettings {
            requires,
            priority: queue.priority.unwrap_or(0),
            waiting_max: queue.waiting_max.unwrap_or(bare.waiting_max),
            wait_max: queue.wait_max.map(|time| time.0),
            refuse_without_agents: queue.refuse_without_agents.unwrap_or(false),
            wrap_up,
            wrap_up_max,
            place_after: queue.place.as_ref().map(|place| place.after.0),
            place_every: place_every.map_or(bare.place_every, |time| time.get_ref().0),
            handling_time,
            patience,
            wait_buckets: self.wait_buckets(queue),
            ..bare
        }
    }

    fn wait_buckets(&mut self, queue: &QueueFile) -> Vec<f64> {
        let Some(written) = &queue.wait_buckets else { return WAIT_BUCKETS.to_vec() };
        let buckets = written.get_ref();
        let rising = buckets.windows(2).all(|pair| matches!(pair, [low, high] if low < high));
        let good = buckets.iter().all(|&bound| bound.is_finite() && bound > 0.0);
        if buckets.is_empty() || buckets.len() > BUCKETS_MAX || !rising || !good {
            let problem = format!("1 to {BUCKETS_MAX} upper bounds in seconds, each above the one before");
            self.report.error(written.span(), problem);
        }
        buckets.clone()
    }
}

/// A queue with every default.
fn bare_queue(id: QueueId, name: &str, waiting_max: u32) -> QueueSettings {
    QueueSettings {
        id,
        name: name.into(),
        requires: Vec::new(),
        priority: 0,
        waiting_max,
        wait_max: None,
        refuse_without_agents: false,
        wrap_up: time(None, 5_000),
        wrap_up_max: time(None, 120_000),
        place_after: None,
        place_every: time(None, 60_000),
        handling_time: time(None, 110_000),
        patience: time(None, 120_000),
        wait_buckets: WAIT_BUCKETS.to_vec(),
    }
}
