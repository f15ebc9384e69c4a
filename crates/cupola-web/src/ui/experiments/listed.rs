//! The list of experiments: what is asked for, and what is shown of it.

use cupola_domain::{
    access::{Principal, Role},
    counts::State,
    field::FieldError,
    run::Run,
};
use cupola_hub::{
    Hub, HubError,
    experiments::{self, ExperimentQuery, ExperimentSort},
};

use super::{ExperimentRow, LastRun, List};
use crate::{
    params::Params,
    ui::{
        components::{Column, EmptyState, Link, Opt, Pager, Sorting, StackedBar},
        format,
        listing::{self, ROWS, Slice, query, slice},
        paths,
        present::{may, progress, run_badge},
    },
};

/// Where experiments come from that this list has.
const ORIGINS: [(&str, &str); 4] = [
    ("manual", "Made by hand"),
    ("file", "From a file"),
    ("workspace", "From a workspace"),
    ("mlflow", "Logged by MLflow"),
];

const SORTS: [(&str, ExperimentSort); 3] = [
    ("created", ExperimentSort::Created),
    ("updated", ExperimentSort::Updated),
    ("name", ExperimentSort::Name),
];

/// What the address of the list asks for.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) search: String,
    state: Option<State>,
    origin: &'static str,
    pub(super) sort: &'static str,
    by: ExperimentSort,
    is_descending: bool,
    page: u64,
}

impl Asked {
    pub(super) fn read(params: &mut Params) -> Self {
        let origin = params.text("origin").to_owned();
        let known = ORIGINS.iter().find(|(word, _)| *word == origin);
        if known.is_none() && !origin.is_empty() {
            let words = ORIGINS.map(|(word, _)| format!("`{word}`")).join(", ");
            let message = format!("is `{origin}`; choose one of {words}");
            params.refuse(FieldError::new("origin", message));
        }
        let sort = params.text("sort").to_owned();
        let found = SORTS.iter().find(|(word, _)| *word == sort);
        if found.is_none() && !sort.is_empty() {
            let message = "choose `created`, `updated` or `name`";
            params.refuse(FieldError::new("sort", message));
        }
        let (sort, by) = *found.unwrap_or(&SORTS[0]);
        Self {
            search: listing::search(params),
            state: params.parsed("state"),
            origin: known.map_or("", |(word, _)| *word),
            sort,
            by,
            is_descending: params.text("order") != "asc",
            page: listing::page(params),
        }
    }

    pub(super) fn find(
        &self,
        hub: &Hub,
    ) -> Result<Slice<Vec<experiments::ExperimentRow>>, HubError> {
        slice(self.page, |offset| {
            hub.list_experiments(&ExperimentQuery {
                origin: Some(self.origin).filter(|origin| !origin.is_empty()),
                state: self.state,
                search: self.search.clone(),
                sort: self.by,
                descending: self.is_descending,
                limit: ROWS.into(),
                offset: i64::try_from(offset).unwrap_or(i64::MAX),
                ..ExperimentQuery::default()
            })
        })
    }

    /// `asc` or `desc`.
    pub(super) fn order(&self) -> &'static str {
        if self.is_descending { "desc" } else { "asc" }
    }

    pub(super) fn states(&self) -> Vec<Opt> {
        let chosen = self.state.map_or("", State::as_str);
        let all = Opt::new("", "All states", chosen);
        let states = State::ALL.into_iter().map(State::as_str);
        let states = states.map(|state| Opt::new(state, state, chosen));
        std::iter::once(all).chain(states).collect()
    }

    pub(super) fn origins(&self) -> Vec<Opt> {
        let all = Opt::new("", "All origins", self.origin);
        let origins = ORIGINS.into_iter();
        let origins = origins.map(|(word, label)| Opt::new(word, label, self.origin));
        std::iter::once(all).chain(origins).collect()
    }

    fn sorting(&self) -> Sorting {
        let state = self.state.map_or("", State::as_str);
        let filters = [
            ("q", self.search.as_str()),
            ("state", state),
            ("origin", self.origin),
        ];
        Sorting {
            path: paths::EXPERIMENTS.to_owned(),
            query: query(&filters),
            key: self.sort.to_owned(),
            is_descending: self.is_descending,
        }
    }

    pub(super) fn list(
        &self,
        slice: &Slice<Vec<experiments::ExperimentRow>>,
        who: &Principal,
    ) -> List {
        let sorting = self.sorting();
        let part = Sorting {
            path: "/experiments/list".to_owned(),
            ..sorting.clone()
        };
        let rows: Vec<_> = slice.found.iter().map(|found| row(found, who)).collect();
        List {
            count: format::counted(slice.total, "experiment", "experiments"),
            src: part.page(slice.page),
            columns: vec![
                sorting.column("name", "Experiment", false),
                Column::plain("Template"),
                Column::plain("Runs"),
                Column::plain("Last run"),
                sorting.column("updated", "Modified", false),
            ],
            empty: rows
                .is_empty()
                .then(|| self.empty(may(who, Role::Researcher))),
            rows,
            pager: Pager::new(slice.page, ROWS.into(), slice.total, |page| {
                sorting.page(page)
            }),
        }
    }

    fn empty(&self, may_make: bool) -> EmptyState {
        let is_filtered =
            !self.search.is_empty() || self.state.is_some() || !self.origin.is_empty();
        if is_filtered {
            return EmptyState::new(
                "No experiment matches",
                "Try a shorter search, or all states.",
            )
            .with_action("All experiments", paths::EXPERIMENTS);
        }
        let empty = EmptyState::new(
            "No experiments yet",
            "An experiment is a template with a configuration: fill in its form, start it as often \
             as you like, compare the runs.",
        );
        if may_make {
            empty.with_action("New experiment", paths::NEW_EXPERIMENT)
        } else {
            empty
        }
    }
}

fn row(found: &experiments::ExperimentRow, who: &Principal) -> ExperimentRow {
    let experiment = &found.experiment;
    ExperimentRow {
        id: experiment.id.to_string(),
        name: Link::new(&experiment.name, paths::experiment(experiment.id, "")),
        template: experiment.template.clone(),
        origin: experiment.origin.as_str(),
        bar: StackedBar::new(&experiment.counts),
        progress: progress(&experiment.counts),
        last: found.last.as_ref().map(last),
        updated: experiment.updated_at.into(),
        may_change: may(who, Role::Researcher),
        may_start: may(who, Role::Researcher) && !experiment.is_logged(),
    }
}

fn last(run: &Run) -> LastRun {
    let at = run.finished_at.or(run.started_at);
    LastRun {
        badge: run_badge(run),
        at: at.unwrap_or(run.created_at).into(),
        href: paths::run(run.id, ""),
    }
}
