//! Prompts and music as ready G.711, and where one stream stands in them. Not when frames are due: the Plane's grid decides.
//!
//! Announcements follow each other without a gap, in the middle of a frame if need be. Music fades out over 40 ms before something is
//! said, waits, and fades in again where it stood.

use super::command::{Announcement, Codec};
use crate::ids::PromptId;

/// One prompt or piece of music, 8,000 samples a second.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Prompt {
    pcma: Box<[u8]>,
    pcmu: Box<[u8]>,
}

impl Prompt {
    /// Encodes linear samples in both laws.
    pub fn from_linear(samples: &[i16]) -> Self {
        let encoded = |codec: Codec| samples.iter().map(|&sample| codec.encode(sample)).collect();
        Self { pcma: encoded(Codec::Pcma), pcmu: encoded(Codec::Pcmu) }
    }

    /// The code words of one law.
    pub fn codes(&self, codec: Codec) -> &[u8] {
        match codec {
            Codec::Pcma => &self.pcma,
            Codec::Pcmu => &self.pcmu,
        }
    }
}

/// Every prompt, by [`PromptId`].
#[derive(Clone, Debug, Default)]
pub struct Prompts {
    prompts: Vec<Prompt>,
}

impl Prompts {
    /// Adds a prompt under the next id.
    pub fn push(&mut self, prompt: Prompt) -> PromptId {
        self.prompts.push(prompt);
        PromptId(self.prompts.len() as u32 - 1)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.prompts.len()
    }

    pub fn is_empty(&self) -> bool {
        self.prompts.is_empty()
    }

    /// The code words of a prompt; none of an unknown one.
    pub fn codes(&self, id: PromptId, codec: Codec) -> &[u8] {
        self.prompts.get(id.index()).map_or(&[], |prompt| prompt.codes(codec))
    }
}

/// Samples over which music comes and goes: 40 ms.
const FADE: u32 = 320;

#[derive(Clone, PartialEq, Eq, Debug)]
struct Saying {
    token: u32,
    announcement: Announcement,
    /// Which of them, and how many samples of it were said.
    index: usize,
    position: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Music {
    id: PromptId,
    position: usize,
    /// 0: silent, [`FADE`]: full.
    level: u32,
}

/// What one stream plays.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Playout {
    music: Option<Music>,
    saying: Option<Saying>,
}

/// What filling a frame came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Filled {
    /// False: there is nothing to play.
    pub audio: bool,
    /// This announcement ended with the frame.
    pub said: Option<u32>,
}

impl Playout {
    /// Music from its beginning; the same music goes on where it stands.
    pub fn music(&mut self, music: Option<PromptId>, prompts: &Prompts) {
        if self.music.map(|music| music.id) == music {
            return;
        }
        let level = if self.saying.is_some() { 0 } else { FADE };
        let playable = music.filter(|&id| !prompts.codes(id, Codec::Pcma).is_empty());
        self.music = playable.map(|id| Music { id, position: 0, level });
    }

    /// Says an announcement instead of what is being said.
    pub fn say(&mut self, token: u32, announcement: Announcement) {
        self.saying = Some(Saying { token, announcement, index: 0, position: 0 });
    }

    /// Stops what is being said.
    pub fn hush(&mut self) {
        self.saying = None;
    }

    /// Stops everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Whether there is anything to play.
    pub fn active(&self) -> bool {
        self.saying.is_some() || self.music.is_some()
    }

    /// Appends a frame of `length` samples (bytes); nothing at all if there is nothing to play.
    pub fn fill(&mut self, prompts: &Prompts, codec: Codec, length: usize, out: &mut Vec<u8>) -> Filled {
        let start = out.len();
        let end = start + length;
        let mut said = None;
        while out.len() < end {
            let room = end - out.len();
            match (&mut self.saying, &mut self.music) {
                (Some(_), Some(music)) if music.level > 0 => music.fade_out(prompts, codec, room, out),
                (Some(saying), _) => {
                    saying.say(prompts, codec, room, out);
                    if saying.is_over(prompts) {
                        said = self.saying.take().map(|saying| saying.token);
                    }
                }
                (None, Some(music)) => music.play(prompts, codec, room, out),
                (None, None) if out.len() == start => return Filled { audio: false, said },
                (None, None) => out.resize(end, codec.silence()),
            }
        }
        Filled { audio: true, said }
    }
}

impl Saying {
    /// Appends at most `room` samples of the present prompt.
    fn say(&mut self, prompts: &Prompts, codec: Codec, room: usize, out: &mut Vec<u8>) {
        let Some(&id) = self.announcement.get(self.index) else { return };
        let rest = prompts.codes(id, codec).get(self.position..).unwrap_or(&[]);
        let part = &rest[..room.min(rest.len())];
        out.extend_from_slice(part);
        self.position += part.len();
        if part.len() == rest.len() {
            self.index += 1;
            self.position = 0;
        }
    }

    fn is_over(&self, prompts: &Prompts) -> bool {
        let rest = self.announcement.get(self.index..).unwrap_or(&[]);
        rest.iter().all(|&id| prompts.codes(id, Codec::Pcma).is_empty())
    }
}

impl Music {
    fn fade_out(&mut self, prompts: &Prompts, codec: Codec, room: usize, out: &mut Vec<u8>) {
        let count = room.min(self.level as usize);
        let start = out.len();
        self.copy(prompts, codec, count, out);
        for sample in &mut out[start..] {
            self.level -= 1;
            *sample = scaled(codec, *sample, self.level);
        }
    }

    fn play(&mut self, prompts: &Prompts, codec: Codec, room: usize, out: &mut Vec<u8>) {
        let start = out.len();
        self.copy(prompts, codec, room, out);
        for sample in out[start..].iter_mut().take((FADE - self.level) as usize) {
            *sample = scaled(codec, *sample, self.level);
            self.level += 1;
        }
    }

    /// Appends `count` samples, round and round.
    fn copy(&mut self, prompts: &Prompts, codec: Codec, count: usize, out: &mut Vec<u8>) {
        let codes = prompts.codes(self.id, codec);
        let end = out.len() + count;
        while out.len() < end {
            let rest = codes.get(self.position..).unwrap_or(&[]);
            if codes.is_empty() {
                return out.resize(end, codec.silence());
            }
            let part = &rest[..rest.len().min(end - out.len())];
            out.extend_from_slice(part);
            self.position = if part.len() == rest.len() { 0 } else { self.position + part.len() };
        }
    }
}

fn scaled(codec: Codec, code: u8, level: u32) -> u8 {
    codec.encode((i32::from(codec.decode(code)) * level as i32 / FADE as i32) as i16)
}

#[cfg(test)]
mod tests;
