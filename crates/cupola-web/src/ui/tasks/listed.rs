//! The list of all tasks: what is asked for, and what is shown of it.

use std::fmt::Write as _;

use cupola_domain::{
    counts::{Counts, State},
    ids::ExperimentId,
    task::Task,
};
use cupola_hub::{
    Hub, HubError,
    families::FamilyRow,
    tasks::{Filter, Sort, TaskPage},
};

use super::{List, TaskRow};
use crate::{
    params::Params,
    ui::{
        components::{Chip, Chips, Column, EmptyState, Opt, Pager, Sorting, Tone},
        format,
        listing::{self, Order, ROWS, Slice, query, slice},
        paths,
        present::{KIND, family_link, task_badge, worker_link},
    },
};

/// Families to choose from.
pub(super) const FAMILIES_MAX: u32 = 50;

/// What the address of the list asks for.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) search: String,
    pub(super) state: Option<State>,
    pub(super) family: Option<ExperimentId>,
    pub(super) order: Order,
}

impl Asked {
    pub(super) fn read(params: &mut Params) -> Self {
        Self {
            search: listing::search(params),
            state: params.parsed("state"),
            family: params.parsed("family"),
            order: Order::read(params, true),
        }
    }

    pub(super) fn find(&self, hub: &Hub) -> Result<Slice<TaskPage>, HubError> {
        slice(self.order.page, |offset| {
            let page = hub.list_tasks(Filter {
                experiment: self.family,
                state: self.state,
                search: self.search.clone(),
                sort: self.order.sort,
                descending: self.order.is_descending,
                limit: ROWS.into(),
                offset: i64::try_from(offset).unwrap_or(i64::MAX),
            })?;
            let total = page.total;
            Ok((page, total))
        })
    }

    /// The word of the state that is chosen; empty for all.
    pub(super) fn state_word(&self) -> &'static str {
        self.state.map_or("", State::as_str)
    }

    /// The id of the family that is chosen; empty for all.
    fn family_id(&self) -> String {
        self.family.map(|id| id.to_string()).unwrap_or_default()
    }

    fn filters(&self, state: &str) -> String {
        let family = self.family_id();
        query(&[("q", &self.search), ("state", state), ("family", &family)])
    }

    fn sorting(&self) -> Sorting {
        let filters = self.filters(self.state_word());
        self.order.sorting(paths::TASKS, filters)
    }

    /// The families to choose from; the chosen one is always among them.
    pub(super) fn families(&self, rows: &[FamilyRow]) -> Vec<Opt> {
        let chosen = self.family_id();
        let mut options = vec![Opt::new("", "All families", &chosen)];
        options.extend(rows.iter().map(|row| {
            let name = &row.family.name;
            let label = match &row.title {
                Some(title) => format!("{title} ({name})"),
                None => name.clone(),
            };
            Opt::new(row.family.id.to_string(), label, &chosen)
        }));
        if !options.iter().any(|option| option.is_selected) {
            options.push(Opt::new(&chosen, &chosen, &chosen));
        }
        options
    }

    pub(super) fn list(&self, slice: &Slice<TaskPage>) -> List {
        let sorting = self.sorting();
        let order = &self.order;
        let page = slice.page.to_string();
        let mut src = self.filters(self.state_word());
        for (key, value) in [
            ("sort", order.key),
            ("order", order.word()),
            ("page", &page),
        ] {
            let separator = if src.is_empty() { "" } else { "&" };
            let _ = write!(src, "{separator}{key}={value}");
        }
        let rows = slice.found.tasks.iter();
        let rows: Vec<_> = rows.filter_map(|task| row(task, &slice.found)).collect();
        List {
            src: format!("/tasks/list?{src}"),
            chips: Chips {
                chips: self.chips(&slice.found.counts),
                count: self.count(slice.total),
            },
            columns: columns(&sorting),
            empty: rows.is_empty().then(|| self.empty()),
            rows,
            pager: Pager::new(slice.page, ROWS.into(), slice.total, |page| {
                sorting.page(page)
            }),
        }
    }

    fn count(&self, total: u64) -> String {
        let tasks = format::counted(total, "task", "tasks");
        match self.order.sort {
            Sort::Value => format!("{tasks} with a value"),
            Sort::Finished => format!("{tasks} that ended"),
            Sort::Created | Sort::Priority => tasks,
        }
    }

    fn chips(&self, counts: &Counts) -> Vec<Chip> {
        let chip = |state: Option<State>| {
            let mut sorting = self.sorting();
            sorting.query = self.filters(state.map_or("", State::as_str));
            let order = self.order.word();
            Chip {
                word: state.map_or("all", State::as_str),
                tone: state.map_or(Tone::Quiet, Tone::from),
                count: format::count(state.map_or(counts.total(), |state| counts.of(state))),
                href: sorting.address(&format!("sort={}&order={order}", self.order.key)),
                is_current: state == self.state,
            }
        };
        let states = State::ALL.into_iter().map(Some);
        std::iter::once(None).chain(states).map(chip).collect()
    }

    fn empty(&self) -> EmptyState {
        let is_filtered = !self.search.is_empty() || self.state.is_some() || self.family.is_some();
        if is_filtered || self.order.sort != Sort::Created {
            let why = match self.order.sort {
                Sort::Value => "None that matches the filter has a value yet.",
                Sort::Finished => "None that matches the filter has ended yet.",
                Sort::Created | Sort::Priority => "None matches the filter.",
            };
            return EmptyState::new("No tasks here", why).with_action("All tasks", paths::TASKS);
        }
        EmptyState::new("No tasks yet", "Each brief makes a family of them.")
            .with_action("Create brief", paths::NEW_BRIEF)
    }
}

fn columns(sorting: &Sorting) -> Vec<Column> {
    vec![
        Column::plain("Task"),
        Column::plain("State"),
        Column::number("No."),
        Column::plain("Type"),
        Column::plain("Experiment"),
        sorting.column("priority", "Priority", true),
        Column::plain("Worker"),
        sorting.column("value", "Value", true),
        sorting.column("created", "Created", false),
        sorting.column("completed", "Completed", false),
    ]
}

/// A row; none for a task whose family is being deleted.
fn row(task: &Task, page: &TaskPage) -> Option<TaskRow> {
    let family = page.experiments.get(&task.experiment)?;
    Some(TaskRow {
        id: task.id.into(),
        number: task.number,
        kind: KIND,
        family: family_link(family),
        badge: task_badge(task),
        priority: task.priority,
        worker: worker_link(&page.workers, task.shown_worker()),
        metric: family.metric().to_owned(),
        value: task.value.into(),
        created: task.created_at.into(),
        completed: task.finished_at.into(),
    })
}
