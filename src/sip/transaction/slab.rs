//! Slots that are used again, with a generation that tells a stale handle. Bounded, and it gives memory back.

/// Where a value is and which use of the slot it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Place {
    pub(super) slot: u32,
    pub(super) generation: u32,
}

impl Place {
    /// A place that holds nothing and never will.
    pub(super) const NOWHERE: u32 = u32::MAX;
}

#[derive(Clone, Debug)]
enum Slot<T> {
    Free,
    Reserved(u32),
    Taken(u32, T),
}

/// Values by [`Place`].
#[derive(Clone, Debug)]
pub(super) struct Slab<T> {
    slots: Vec<Slot<T>>,
    /// Free slots, last freed on top. May hold slots that are gone or taken since: they are skipped.
    free: Vec<u32>,
    /// Taken and reserved slots.
    used: u32,
    /// Drawn once for the whole slab, not per slot, so that slots can be given back without forgetting generations.
    generation: u32,
    limit: u32,
}

impl<T> Slab<T> {
    /// An empty slab for at most `limit` values.
    pub(super) fn new(limit: usize) -> Self {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX).min(Place::NOWHERE - 1);
        Self { slots: Vec::new(), free: Vec::new(), used: 0, generation: 0, limit }
    }

    /// How many values there are, reserved places included.
    pub(super) fn used(&self) -> u32 {
        self.used
    }

    /// The most values that fit.
    pub(super) fn limit(&self) -> u32 {
        self.limit
    }

    /// Keeps a place for a value to come; `None` when full.
    pub(super) fn reserve(&mut self) -> Option<Place> {
        if self.used >= self.limit {
            return None;
        }
        let slot = loop {
            match self.free.pop() {
                Some(slot) if matches!(self.slots.get(slot as usize), Some(Slot::Free)) => break slot,
                Some(_) => {}
                None => {
                    self.slots.push(Slot::Free);
                    break self.slots.len() as u32 - 1;
                }
            }
        };
        self.used += 1;
        self.generation = self.generation.wrapping_add(1);
        self.slots[slot as usize] = Slot::Reserved(self.generation);
        Some(Place { slot, generation: self.generation })
    }

    /// Puts `value` into a reserved place; false if it is not reserved (any more).
    pub(super) fn fill(&mut self, place: Place, value: T) -> bool {
        let Some(slot) = self.slots.get_mut(place.slot as usize) else { return false };
        if !matches!(slot, Slot::Reserved(generation) if *generation == place.generation) {
            return false;
        }
        *slot = Slot::Taken(place.generation, value);
        true
    }

    /// A new place with `value` in it; `None` when full.
    pub(super) fn insert(&mut self, value: T) -> Option<Place> {
        let place = self.reserve()?;
        self.fill(place, value);
        Some(place)
    }

    /// The value at `place`, if it is still that one.
    pub(super) fn at(&self, place: Place) -> Option<&T> {
        match self.slots.get(place.slot as usize)? {
            Slot::Taken(generation, value) if *generation == place.generation => Some(value),
            _ => None,
        }
    }

    /// The value at `place`, to change.
    pub(super) fn at_mut(&mut self, place: Place) -> Option<&mut T> {
        match self.slots.get_mut(place.slot as usize)? {
            Slot::Taken(generation, value) if *generation == place.generation => Some(value),
            _ => None,
        }
    }

    /// Takes the value at `place` out, or lets go of the reservation, and frees the slot.
    pub(super) fn remove(&mut self, place: Place) -> Option<T> {
        let slot = self.slots.get_mut(place.slot as usize)?;
        match slot {
            Slot::Taken(generation, _) | Slot::Reserved(generation) if *generation == place.generation => {}
            _ => return None,
        }
        let old = core::mem::replace(slot, Slot::Free);
        self.used -= 1;
        self.free.push(place.slot);
        self.give_back();
        match old {
            Slot::Taken(_, value) => Some(value),
            _ => None,
        }
    }

    /// All values, by slot.
    #[cfg(test)]
    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        self.slots.iter().filter_map(|slot| match slot {
            Slot::Taken(_, value) => Some(value),
            _ => None,
        })
    }

    /// Drops free slots at the end, and memory once three quarters of it are unused.
    fn give_back(&mut self) {
        while matches!(self.slots.last(), Some(Slot::Free)) {
            self.slots.pop();
        }
        if self.slots.is_empty() {
            self.free.clear();
        }
        if self.slots.capacity() > SHRINK_ABOVE && self.slots.len() < self.slots.capacity() / 4 {
            self.slots.shrink_to(self.slots.len() * 2);
            self.free.retain(|slot| (*slot as usize) < self.slots.len());
            self.free.shrink_to(self.slots.len() * 2);
        }
    }
}

/// Slots that are kept without asking.
const SHRINK_ABOVE: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_stale_place_finds_nothing_even_after_the_slot_was_given_back() {
        let mut slab = Slab::new(10);
        let first = slab.insert('a').expect("room");
        assert_eq!(slab.remove(first), Some('a'));
        let second = slab.insert('b').expect("room");
        assert_eq!(first.slot, second.slot);
        assert_eq!((slab.at(first), slab.at(second)), (None, Some(&'b')));
        assert_eq!(slab.remove(first), None);
        assert_eq!(slab.used(), 1);
    }

    #[test]
    fn generations_wrap_without_a_fault() {
        let mut slab = Slab::new(10);
        slab.generation = u32::MAX - 1;
        let places: Vec<_> = (0..4).map(|value| slab.insert(value).expect("room")).collect();
        for (value, place) in places.into_iter().enumerate() {
            assert_eq!(slab.remove(place), Some(value));
        }
    }

    #[test]
    fn memory_goes_back_when_the_crowd_has_left() {
        let mut slab = Slab::new(usize::MAX);
        let places: Vec<_> = (0..100_000).map(|value| slab.insert(value).expect("room")).collect();
        for place in places {
            slab.remove(place);
        }
        assert_eq!(slab.used(), 0);
        assert!(slab.slots.capacity() <= SHRINK_ABOVE && slab.free.capacity() <= SHRINK_ABOVE);
    }

    proptest! {
        /// Against a plain list: whatever is inserted, reserved and removed, each place finds its own value or nothing.
        #[test]
        fn behaves_like_a_list(steps in proptest::collection::vec((0u8..4, any::<u16>()), 1..200)) {
            let mut slab = Slab::new(20);
            let mut model: Vec<(Place, Option<u16>)> = Vec::new();
            let mut gone: Vec<Place> = Vec::new();
            for (what, value) in steps {
                let at = value as usize % model.len().max(1);
                match what {
                    0 => if let Some(place) = slab.insert(value) { model.push((place, Some(value))) },
                    1 => if let Some(place) = slab.reserve() { model.push((place, None)) },
                    2 if !model.is_empty() => {
                        let filled = slab.fill(model[at].0, value);
                        prop_assert_eq!(filled, model[at].1.is_none());
                        if filled { model[at].1 = Some(value); }
                    }
                    _ if !model.is_empty() => {
                        let (place, held) = model.remove(at);
                        prop_assert_eq!(slab.remove(place), held);
                        gone.push(place);
                    }
                    _ => {}
                }
                prop_assert_eq!(slab.used() as usize, model.len());
                prop_assert!(slab.used() <= slab.limit());
                for (place, held) in &model { prop_assert_eq!(slab.at(*place), held.as_ref()); }
                for place in &gone { prop_assert_eq!(slab.at(*place), None); }
            }
        }
    }
}
