//! Where calls and legs live: slots with generations, so that an old key never finds a new tenant. Bounded by whoever inserts.

use core::marker::PhantomData;

/// Names one entry of a [`Slots`] table; stale keys find nothing.
pub struct Key<T> {
    slot: u32,
    generation: u32,
    kind: PhantomData<fn() -> T>,
}

impl<T> Key<T> {
    /// Position in the table, below 2³².
    pub fn slot(self) -> u32 {
        self.slot
    }

    /// How often the position had been used before.
    pub fn generation(self) -> u32 {
        self.generation
    }

    /// The key with these parts, as read back from a tag of ours.
    pub fn from_parts(slot: u32, generation: u32) -> Self {
        Self { slot, generation, kind: PhantomData }
    }
}

// Derived traits would ask the same of `T`.
impl<T> Clone for Key<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Key<T> {}
impl<T> PartialEq for Key<T> {
    fn eq(&self, other: &Self) -> bool {
        (self.slot, self.generation) == (other.slot, other.generation)
    }
}
impl<T> Eq for Key<T> {}
impl<T> core::fmt::Debug for Key<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}.{}", self.slot, self.generation)
    }
}

/// A table of `T`s whose slots are used again. Plain values: it can be cloned, and moved to another owner with all keys valid.
#[derive(Clone, Debug)]
pub struct Slots<T> {
    entries: Vec<(u32, Option<T>)>,
    free: Vec<u32>,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slots<T> {
    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len() - self.free.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds what `make` builds, knowing its own key.
    pub fn insert_with(&mut self, make: impl FnOnce(Key<T>) -> T) -> Key<T> {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.entries.push((0, None));
            (self.entries.len() - 1) as u32
        });
        let entry = &mut self.entries[slot as usize];
        let key = Key::from_parts(slot, entry.0);
        entry.1 = Some(make(key));
        key
    }

    /// The entry at `key`.
    pub fn at(&self, key: Key<T>) -> Option<&T> {
        let (generation, entry) = self.entries.get(key.slot as usize)?;
        if *generation == key.generation { entry.as_ref() } else { None }
    }

    /// The entry at `key`, to change.
    pub fn at_mut(&mut self, key: Key<T>) -> Option<&mut T> {
        let (generation, entry) = self.entries.get_mut(key.slot as usize)?;
        if *generation == key.generation { entry.as_mut() } else { None }
    }

    /// Takes the entry at `key` out.
    pub fn remove(&mut self, key: Key<T>) -> Option<T> {
        let (generation, entry) = self.entries.get_mut(key.slot as usize)?;
        if *generation != key.generation {
            return None;
        }
        let taken = entry.take()?;
        *generation = generation.wrapping_add(1);
        self.free.push(key.slot);
        Some(taken)
    }

    /// All entries in order of their slots.
    pub fn iter(&self) -> impl Iterator<Item = (Key<T>, &T)> {
        self.entries.iter().enumerate().filter_map(|(slot, (generation, entry))| {
            entry.as_ref().map(|entry| (Key::from_parts(slot as u32, *generation), entry))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_key_never_finds_a_new_tenant() {
        let mut slots = Slots::default();
        let first = slots.insert_with(|_| "first");
        assert_eq!(slots.remove(first), Some("first"));
        let second = slots.insert_with(|_| "second");
        assert_eq!(second.slot(), first.slot());
        assert_eq!(slots.remove(first), None);
        assert_eq!((slots.at(first), slots.at(second)), (None, Some(&"second")));
        assert_eq!(slots.len(), 1);
    }
}
