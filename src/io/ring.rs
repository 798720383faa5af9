//! The ring file: an owner's last inputs in a memory-mapped file, so that they survive abort and kill -9. The kernel
//! keeps the pages; nothing is flushed and nothing is waited for. (They do not survive a loss of power.)
//!
//! ```text
//! 0        magic "huntring", then u64 words, little-endian: layout version, length of the preamble, size of the ring,
//!          oldest, head, state (0 running, 1 ended cleanly)
//! 64       preamble: what the inputs were given to (configuration, seed, ports), written once
//! …        the ring, from the next multiple of 4096
//! ```
//! An entry is u32 length, u32 check (its position folded to 32 bits), the bytes, padded to 8. `oldest` and `head` count
//! bytes since the start and never wrap; an entry at count `c` lies at `c mod size` and may run over the end. The writer moves
//! `oldest` before it overwrites and `head` after it has written: whatever moment the process dies at, `oldest..head` is whole.
//!
//! Not the format of the inputs: that is [`crate::sim::replay`]'s.

use memmap2::MmapMut;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::atomic::{Ordering, compiler_fence};

const MAGIC: &[u8; 8] = b"huntring";
const VERSION: u64 = 1;
const HEADER: usize = 64;
const PAGE: usize = 4096;
const ENTRY: usize = 8;

/// Default size of an owner's ring: at 50 calls/s about half a minute, in a quiet centre hours.
pub const SIZE: usize = 8 << 20;

const PREAMBLE_AT: usize = 16;
const SIZE_AT: usize = 24;
const OLDEST_AT: usize = 32;
const HEAD_AT: usize = 40;
const STATE_AT: usize = 48;

/// Why a ring file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("not a ring file of huntline")]
    Magic,
    #[error("ring file of layout {0}; this program reads layout {VERSION}")]
    Version(u64),
    #[error("damaged at byte {0} of the ring")]
    Damaged(u64),
}

/// The writing side; one per owner.
#[derive(Debug)]
pub struct Ring {
    map: MmapMut,
    start: usize,
    size: usize,
    oldest: u64,
    head: u64,
}

impl Ring {
    /// A new ring file at `path` (an old one is replaced) for inputs to what `preamble` describes. `size` is rounded up to whole pages.
    pub fn create(path: &Path, preamble: &[u8], size: usize) -> io::Result<Self> {
        let size = size.max(PAGE).next_multiple_of(PAGE);
        let start = (HEADER + preamble.len()).next_multiple_of(PAGE);
        let mut options = OpenOptions::new();
        // Telephone numbers and digests are in it: for the service's own eyes.
        let file = options.read(true).write(true).create(true).truncate(true).mode(0o600).open(path)?;
        file.set_len((start + size) as u64)?;
        let mut map = map(&file)?;
        map[..8].copy_from_slice(MAGIC);
        map[HEADER..HEADER + preamble.len()].copy_from_slice(preamble);
        let mut ring = Self { map, start, size, oldest: 0, head: 0 };
        for (at, word) in [(8, VERSION), (PREAMBLE_AT, preamble.len() as u64), (SIZE_AT, size as u64)] {
            ring.word(at, word);
        }
        Ok(ring)
    }

    /// Keeps one input; the oldest ones make room. An input of more than half a ring is not kept.
    pub fn push(&mut self, bytes: &[u8]) {
        let length = (ENTRY + bytes.len()).next_multiple_of(8);
        if length > self.size / 2 {
            return;
        }
        while self.head - self.oldest + length as u64 > self.size as u64 {
            let mut header = [0u8; 4];
            self.read(self.oldest, &mut header);
            self.oldest += (ENTRY + u32::from_le_bytes(header) as usize).next_multiple_of(8) as u64;
        }
        self.word(OLDEST_AT, self.oldest);
        compiler_fence(Ordering::Release);
        let mut header = [0u8; ENTRY];
        header[..4].copy_from_slice(&(bytes.len() as u32).to_le_bytes());
        header[4..].copy_from_slice(&check(self.head).to_le_bytes());
        self.write(self.head, &header);
        self.write(self.head + ENTRY as u64, bytes);
        self.head += length as u64;
        compiler_fence(Ordering::Release);
        self.word(HEAD_AT, self.head);
    }

    /// Notes that the owner ended as it should.
    pub fn end(&mut self) {
        self.word(STATE_AT, 1);
    }

    fn word(&mut self, at: usize, value: u64) {
        self.map[at..at + 8].copy_from_slice(&value.to_le_bytes());
    }

    fn write(&mut self, count: u64, bytes: &[u8]) {
        let at = (count % self.size as u64) as usize;
        let fits = bytes.len().min(self.size - at);
        self.map[self.start + at..self.start + at + fits].copy_from_slice(&bytes[..fits]);
        self.map[self.start..self.start + bytes.len() - fits].copy_from_slice(&bytes[fits..]);
    }

    fn read(&self, count: u64, bytes: &mut [u8]) {
        for (offset, byte) in bytes.iter_mut().enumerate() {
            *byte = self.map[self.start + ((count + offset as u64) % self.size as u64) as usize];
        }
    }
}

fn map(file: &File) -> io::Result<MmapMut> {
    // SAFETY: a mapped file that another process truncates raises SIGBUS. The data directory belongs to this process alone (it
    // holds its lock), and the file was given its length just before.
    unsafe { MmapMut::map_mut(file) }
}

/// Ties an entry to its place, so that bytes of an earlier round are not taken for one.
fn check(count: u64) -> u32 {
    (count ^ (count >> 32)) as u32 ^ 0x5ca1_ab1e
}

/// Whether the owner of the ring file at `path` ended as it should. `None`: there is no such file.
pub fn ended_cleanly(path: &Path) -> Option<bool> {
    let mut header = [0u8; HEADER];
    File::open(path).and_then(|mut file| file.read_exact(&mut header)).ok()?;
    (header[..8] == *MAGIC).then_some(header[STATE_AT] == 1)
}

/// A ring file, read.
#[derive(Debug)]
pub struct Recording {
    pub preamble: Vec<u8>,
    /// Inputs in order.
    pub entries: Vec<Vec<u8>>,
    /// Whether inputs from the start on are here; if not, older ones have been overwritten.
    pub whole: bool,
    /// Whether the owner ended as it should.
    pub ended: bool,
}

impl Recording {
    /// Reads a ring file; everything in it is checked, nothing trusted.
    pub fn read(path: &Path) -> Result<Self, Unreadable> {
        let mut file = Vec::new();
        File::open(path)?.read_to_end(&mut file)?;
        if file.get(..8) != Some(MAGIC) || file.len() < HEADER {
            return Err(Unreadable::Magic);
        }
        let word = |at: usize| u64::from_le_bytes(file[at..at + 8].try_into().expect("eight bytes of the header"));
        if word(8) != VERSION {
            return Err(Unreadable::Version(word(8)));
        }
        let (oldest, head) = (word(OLDEST_AT), word(HEAD_AT));
        let preamble = usize::try_from(word(PREAMBLE_AT)).ok().and_then(|length| HEADER.checked_add(length));
        let preamble = preamble.filter(|&end| end <= file.len()).ok_or(Unreadable::Magic)?;
        let ring = file.get(preamble.next_multiple_of(PAGE)..).ok_or(Unreadable::Magic)?;
        if ring.is_empty()
            || ring.len() as u64 != word(SIZE_AT)
            || head.checked_sub(oldest).is_none_or(|used| used > ring.len() as u64)
        {
            return Err(Unreadable::Damaged(oldest));
        }
        let entries = entries(ring, oldest, head)?;
        Ok(Self { preamble: file[HEADER..preamble].to_vec(), entries, whole: oldest == 0, ended: word(STATE_AT) == 1 })
    }
}

fn entries(ring: &[u8], oldest: u64, head: u64) -> Result<Vec<Vec<u8>>, Unreadable> {
    let read = |count: u64, length: usize| -> Vec<u8> {
        let at = (count % ring.len() as u64) as usize;
        ring[at..].iter().chain(ring).take(length).copied().collect()
    };
    let mut entries = Vec::new();
    let mut count = oldest;
    while count < head {
        let header = read(count, ENTRY);
        let field = |at: usize| u32::from_le_bytes(header[at..at + 4].try_into().expect("four bytes of eight"));
        let length = field(0) as usize;
        let next = count + (ENTRY + length).next_multiple_of(8) as u64;
        if field(4) != check(count) || next > head {
            return Err(Unreadable::Damaged(count));
        }
        entries.push(read(count + ENTRY as u64, length));
        count = next;
    }
    Ok(entries)
}

#[cfg(test)]
#[path = "ring_tests.rs"]
mod tests;
