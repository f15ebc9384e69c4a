//! Small numbers for jobs, given in the order in which they are first named.

use std::{collections::HashMap, sync::Arc};

use crate::{model::JobKey, xpm};

/// Both ways.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    by_task: HashMap<Arc<str>, HashMap<Arc<str>, u32>>,
    keys: Vec<(Arc<str>, Arc<str>)>,
}

impl Keys {
    /// The number of a job, a new one if need be; none for what no folder can be called.
    pub(crate) fn slot(&mut self, task: &str, id: &str) -> Option<u32> {
        if let Some(slot) = self.find(task, id) {
            return Some(slot);
        }
        if !xpm::is_name(task) || !xpm::is_name(id) {
            return None;
        }
        let slot = u32::try_from(self.keys.len()).ok()?;
        let task = match self.by_task.get_key_value(task) {
            Some((known, _)) => known.clone(),
            None => Arc::from(task),
        };
        let id = Arc::<str>::from(id);
        self.by_task
            .entry(task.clone())
            .or_default()
            .insert(id.clone(), slot);
        self.keys.push((task, id));
        Some(slot)
    }

    pub(crate) fn find(&self, task: &str, id: &str) -> Option<u32> {
        self.by_task.get(task)?.get(id).copied()
    }

    /// Jobs of whatever task that have this id: one, as good as always.
    pub(crate) fn with_id(&self, id: &str) -> impl Iterator<Item = u32> {
        self.by_task
            .values()
            .filter_map(move |ids| ids.get(id).copied())
    }

    pub(crate) fn of_task(&self, task: &str) -> impl Iterator<Item = (&str, u32)> {
        let ids = self.by_task.get(task).into_iter().flatten();
        ids.map(|(id, slot)| (&**id, *slot))
    }

    pub(crate) fn tasks(&self) -> impl Iterator<Item = &str> {
        self.by_task.keys().map(|task| &**task)
    }

    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    pub(crate) fn task(&self, slot: u32) -> &str {
        &self.keys[slot as usize].0
    }

    pub(crate) fn id(&self, slot: u32) -> &str {
        &self.keys[slot as usize].1
    }

    pub(crate) fn key(&self, slot: u32) -> JobKey {
        JobKey {
            task: self.task(slot).to_owned(),
            id: self.id(slot).to_owned(),
        }
    }
}
