//! Ids by name: given at first sight, kept by a reload, never reused in a run. What a new file no longer names keeps its place in
//! the tables (as an entry that nothing leads to).

use std::collections::BTreeMap;

/// One sort of names. The place of a name is its id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameTable {
    names: Vec<Box<str>>,
    by_name: BTreeMap<Box<str>, u32>,
}

impl NameTable {
    /// The id of `name`, given now if it had none.
    pub fn id(&mut self, name: &str) -> u32 {
        if let Some(&id) = self.by_name.get(name) {
            return id;
        }
        let id = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.names.push(name.into());
        self.by_name.insert(name.into(), id);
        id
    }

    pub fn find(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    /// All names by id, also those that are no longer in use.
    pub fn all(&self) -> &[Box<str>] {
        &self.names
    }

    pub fn name(&self, id: usize) -> &str {
        self.names.get(id).map_or("", |name| name)
    }
}

/// All names that have been given ids so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    pub trunks: NameTable,
    pub agents: NameTable,
    pub queues: NameTable,
    pub skills: NameTable,
    pub reasons: NameTable,
    /// `zh/welcome`, `music`.
    pub prompts: NameTable,
    pub trees: NameTable,
    /// Nodes of each tree.
    pub nodes: Vec<NameTable>,
}
