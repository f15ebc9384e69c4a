//! The parts of a family: each stands on its own page and on its brief's.

use cupola_domain::{
    access::{Principal, Role},
    brief::Brief,
    counts::State,
    experiment::Experiment,
    field::FieldError,
    scheduling::Placement,
    task::Task,
};
use cupola_hub::{
    Analysis, Hub, HubError,
    families::FamilyDetail,
    findings::Summary as Numbers,
    tasks::{Filter, TaskPage},
};

use super::{Campaign, Header, Plot, Results, Summary, TaskRow, Tasks, drawn, findings};
use crate::{
    params::Params,
    ui::{
        components::{Column, Link, Measure, Pager, Sorting, StackedBar},
        format,
        listing::{self, Order, ROWS, Slice, slice},
        paths,
        present::{
            better, family_badge, family_link, may, needs, planned, seeds, spending, task_badge,
            worker_link,
        },
    },
};

/// Failed tasks that a plot marks; more of them say no more.
pub(super) const FAILED_MAX: i64 = 1_000;

/// Which page a part stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
    /// The family's own.
    Family,
    /// That of the brief that made it.
    Brief,
}

/// What the address of a page or a part asks for.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(super) on: On,
    pub(super) order: Order,
    pub(super) against: String,
}

impl Asked {
    /// Reads `sort`, `order`, `page` and `against`.
    pub(crate) fn read(params: &mut Params, on: On) -> Self {
        Self {
            on,
            order: Order::read(params, false),
            against: params.text("against").to_owned(),
        }
    }

    /// The same of a part, whose address says in `on` which page it stands on.
    pub(super) fn of_part(params: &mut Params) -> Self {
        let on = match params.text("on") {
            "" => On::Family,
            "brief" => On::Brief,
            _ => {
                params.refuse(FieldError::new("on", "say `brief` or nothing"));
                On::Family
            }
        };
        Self::read(params, on)
    }
}

/// All that the parts show.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    pub(super) detail: FamilyDetail,
    asked: Asked,
    failed: Vec<Task>,
    tasks: Slice<TaskPage>,
}

impl Parts {
    /// Reads what all parts of a page show.
    pub(crate) fn read(hub: &Hub, detail: FamilyDetail, asked: Asked) -> Result<Self, HubError> {
        Ok(Self {
            failed: failed(hub, &detail.family)?,
            tasks: page_of_tasks(hub, &detail.family, &asked)?,
            detail,
            asked,
        })
    }

    pub(super) fn header(&self) -> Header {
        header(&self.detail)
    }

    pub(crate) fn campaign(&self, who: &Principal) -> Campaign {
        campaign(&self.detail, who)
    }

    pub(crate) fn results(&self) -> Results {
        findings::results(&self.detail.family, &self.detail.analysis)
    }

    pub(crate) fn plot(&self) -> Plot {
        drawn::plot(&self.detail, &self.failed, &self.asked)
    }

    pub(crate) fn tasks(&self) -> Tasks {
        tasks(&self.detail, &self.tasks, &self.asked)
    }
}

/// The failed tasks, which no analysis has.
pub(super) fn failed(hub: &Hub, family: &Experiment) -> Result<Vec<Task>, HubError> {
    if family.counts.failed == 0 {
        return Ok(Vec::new());
    }
    let filter = Filter {
        experiment: Some(family.id),
        state: Some(State::Failed),
        limit: FAILED_MAX,
        ..Filter::default()
    };
    Ok(hub.list_tasks(filter)?.tasks)
}

pub(super) fn page_of_tasks(
    hub: &Hub,
    family: &Experiment,
    asked: &Asked,
) -> Result<Slice<TaskPage>, HubError> {
    slice(asked.order.page, |offset| {
        let page = hub.list_tasks(Filter {
            experiment: Some(family.id),
            sort: asked.order.sort,
            descending: asked.order.is_descending,
            limit: ROWS.into(),
            offset: i64::try_from(offset).unwrap_or(i64::MAX),
            ..Filter::default()
        })?;
        let total = page.total;
        Ok((page, total))
    })
}

pub(super) fn key(family: &Experiment) -> String {
    format!("experiment:{}", family.id)
}

/// The page that a part stands on, and what its address says of that.
pub(super) fn place(family: &Experiment, on: On) -> (String, &'static str) {
    match (on, family.origin.brief()) {
        (On::Brief, Some(brief)) => (paths::brief(brief, ""), "brief"),
        _ => (paths::family(family.id, ""), ""),
    }
}

pub(super) fn brief_link(brief: &Brief) -> Link {
    Link::new(&brief.wanted.title, paths::brief(brief.id, ""))
}

pub(super) fn header(detail: &FamilyDetail) -> Header {
    let family = &detail.family;
    Header {
        key: key(family),
        src: paths::family(family.id, "/header"),
        id: family.id.into(),
        name: family.name.clone(),
        badge: family_badge(family),
        brief: detail.brief.as_ref().map(brief_link),
        metric: family.metric().to_owned(),
        direction: better(family.objective.as_ref()),
        baseline: family.baseline.into(),
        needs: needs(&family.needs),
        device_class: device_class(family),
        template: family.template.clone(),
        code_hash: family.code_hash.clone(),
        created: family.created_at.into(),
    }
}

/// What is said of the device class that an experiment's tasks keep to; nothing where they keep to none.
pub(crate) fn device_class(of: &Experiment) -> String {
    match (of.placement, of.kept_class()) {
        (Placement::Anywhere, _) => String::new(),
        (Placement::OneClass, None) => "one: that of the first machine".to_owned(),
        (Placement::OneClass, Some(class)) => class.to_owned(),
    }
}

pub(super) fn campaign(detail: &FamilyDetail, who: &Principal) -> Campaign {
    let FamilyDetail {
        family, analysis, ..
    } = detail;
    let is_over = family.counts.finished() == family.counts.total();
    let cancellation = || {
        let href = paths::family(family.id, "/cancellation");
        Link::new("Cancel what is left", href)
    };
    Campaign {
        key: key(family),
        src: paths::family(family.id, "/campaign"),
        family: family_link(family),
        badge: family_badge(family),
        metric: family.metric().to_owned(),
        direction: better(family.objective.as_ref()),
        bar: StackedBar::new(&family.counts).with_legend(),
        summary: summary(&analysis.summary),
        claimed: analysis.claimed.map(|(check, value)| {
            let value = may(who, Role::Operator).then(|| Measure::from(value));
            (value, paths::check(check, ""))
        }),
        obstacle: detail.obstacle.clone(),
        cost: spending(&detail.spending),
        planned: planned(&detail.spending),
        cancellation: (!is_over && may(who, Role::Researcher)).then(cancellation),
    }
}

fn summary(numbers: &Numbers) -> Summary {
    let left_out = [
        (numbers.excluded_not_finite, "not finite"),
        (numbers.excluded_not_measured, "not measured"),
        (numbers.without_value, "without a value"),
    ];
    let left_out: Vec<_> = left_out
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, why)| format!("{} {why}", format::count(number as u64)))
        .collect();
    Summary {
        best: numbers.best.map(|best| best.value).into(),
        mean: numbers.mean.into(),
        std: numbers.std_population.into(),
        min: numbers.min.into(),
        max: numbers.max.into(),
        median: numbers.median.into(),
        counted: format::count(numbers.counted as u64),
        excluded: left_out.join(", "),
    }
}

pub(super) fn tasks(detail: &FamilyDetail, slice: &Slice<TaskPage>, asked: &Asked) -> Tasks {
    let FamilyDetail {
        family, analysis, ..
    } = detail;
    let (page_path, on) = place(family, asked.on);
    let order = &asked.order;
    let number = slice.page.to_string();
    let query = listing::query(&[
        ("on", on),
        ("sort", order.key),
        ("order", order.word()),
        ("page", &number),
    ]);
    let sorting = order.sorting(page_path, String::new());
    let rows = slice.found.tasks.iter();
    Tasks {
        key: key(family),
        src: format!("{}?{query}", paths::family(family.id, "/tasks")),
        count: format::counted(family.counts.total(), "task", "tasks"),
        metric: family.metric().to_owned(),
        columns: columns(&sorting),
        rows: rows.map(|task| row(task, &slice.found, analysis)).collect(),
        pager: Pager::new(slice.page, ROWS.into(), slice.total, |page| {
            format!("{}#tasks", sorting.page(page))
        }),
    }
}

/// Each leads to the list itself, not to the top of the page that it stands on.
fn columns(sorting: &Sorting) -> Vec<Column> {
    let sorted = |key, label, is_numeric| {
        let mut column = sorting.column(key, label, is_numeric);
        column.href = column.href.map(|href| format!("{href}#tasks"));
        column
    };
    vec![
        sorted("created", "No.", true),
        Column::plain("Task"),
        Column::plain("State"),
        Column::plain("Seeds"),
        Column::number("Time budget"),
        sorted("priority", "Priority", true),
        Column::plain("Worker"),
        sorted("value", "Value", true),
        sorted("completed", "Completed", false),
    ]
}

fn row(task: &Task, page: &TaskPage, analysis: &Analysis) -> TaskRow {
    let best = analysis.summary.best;
    TaskRow {
        number: task.number,
        id: task.id.into(),
        badge: task_badge(task),
        seeds: seeds(task.seed),
        time_budget: format::duration(task.time_budget),
        priority: task.priority,
        worker: worker_link(&page.workers, task.shown_worker()),
        value: task.value.into(),
        is_best: best.is_some_and(|best| best.task == task.id),
        completed: task.finished_at.into(),
    }
}
