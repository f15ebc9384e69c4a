//! Briefs: from what is wanted to a family of tasks.

mod bounds;

use std::{ops::Range, sync::Arc};

use cupola_domain::{
    brief::{Brief, Draft, Wanted},
    event::Event,
    experiment::{Experiment, Origin},
    field::FieldError,
    ids::{BriefId, ExperimentId, RunId, TaskId},
    resources::Needs,
    run::Run,
    setup::Setup,
    task::Task,
    template::Template,
    text::storable,
    time::Timestamp,
};
use cupola_search::{
    plan::{FIRST_SEED, PlannedTask, plan_range},
    sampler::Sampler,
    space::Space,
};
use cupola_store::{Tx, briefs, code, events, experiments, tasks, verification};
use serde_json::{Map, Value};

use self::bounds::beyond_bounds;
use crate::{
    Analysis, Hub, HubError,
    experiments::task_of,
    families,
    ledger::budgets as ledger,
    transitions::{first_run, insert_run},
};

/// So many tasks are made in one transaction, so that nobody waits long behind it; the campaign loop
/// makes the rest of a larger family.
pub(crate) const TASKS_PER_STEP: u32 = 1_000;

/// A brief with its family.
#[derive(Debug, Clone)]
pub struct BriefRow {
    /// The brief.
    pub brief: Brief,
    /// The family that it made.
    pub family: Experiment,
    /// The best value so far.
    pub best: Option<f64>,
}

/// A brief with what came of it.
#[derive(Debug, Clone)]
pub struct BriefDetail {
    /// The brief.
    pub brief: Brief,
    /// The family that it made.
    pub family: Experiment,
    /// What its results say.
    pub analysis: Arc<Analysis>,
}

impl Hub {
    /// Turns a draft into a brief, its family and its first tasks, in one transaction.
    pub fn submit_brief(&self, draft: &Draft, author: &str) -> Result<BriefDetail, HubError> {
        let (wanted, template, space, sampler) = self.check_draft(draft)?;
        let now = self.now();
        let brief = Brief {
            id: self.next_id(),
            wanted,
            author: author.to_owned(),
            created_at: now,
        };
        let profiles = self.profiles();
        let needs = profiles.find(&brief.wanted.hardware);
        let needs = needs.map(|profile| template.needs.and(&profile.needs));
        let needs = needs
            .map_err(|message| HubError::Invalid(vec![FieldError::new("hardware", message)]))?;
        let family = family_of(&brief, &template, needs, (self.next_id(), now));
        let planner = Planner::new(&brief, &family, space, sampler);
        let first = planner.plan(0..brief.wanted.num_tasks.min(TASKS_PER_STEP), self, now);
        let id = brief.id;
        let people = self.economy().people();
        self.write(move |tx| {
            let needs_id = code::needs_id(tx, &family.needs)?;
            let Template {
                code_hash,
                name,
                command,
                files,
                repeats,
                ..
            } = template.as_ref();
            code::insert(tx, code_hash, name, command, files)?;
            verification::save_repeats(tx, code_hash, repeats.as_ref())?;
            briefs::insert(tx, &brief)?;
            ledger::fund(tx, &brief, (people, now))?;
            experiments::insert(tx, &family, needs_id)?;
            insert_planned(tx, family.id, needs_id, &first)?;
            events::record(tx, Event::BriefChanged(brief.id));
            events::record(tx, Event::ExperimentChanged(family.id));
            Ok(())
        })?;
        self.bus.announce_work();
        self.brief_detail(id)
    }

    /// Reads every field of a draft; all that is wrong is named at once.
    pub fn check_draft(
        &self,
        draft: &Draft,
    ) -> Result<(Wanted, Arc<Template>, Space, Sampler), HubError> {
        let mut errors = Vec::new();
        let profiles = self.profiles();
        let wanted = draft.check(&profiles).map_err(|found| errors.extend(found));
        let sampler = draft.sampler.trim().parse::<Sampler>();
        let sampler = sampler.map_err(|message| {
            errors.push(FieldError::new("sampler", message));
        });
        let template = self.templates.require(draft.template.trim());
        let template = template.and_then(with_objective);
        let template = template.map_err(|error| errors.push(error));
        let space = template.as_ref().map_err(|&()| ()).and_then(|template| {
            space_of(template, &draft.space).map_err(|found| errors.extend(found))
        });
        match (wanted, template, space, sampler) {
            (Ok(mut wanted), Ok(template), Ok(space), Ok(sampler)) if errors.is_empty() => {
                if let Value::Object(full) = space.to_json() {
                    wanted.space = full;
                }
                Ok((wanted, template, space, sampler))
            }
            _ => Err(HubError::Invalid(errors)),
        }
    }

    /// The latest briefs first, and how many match.
    pub fn list_briefs(
        &self,
        search: &str,
        limit: u32,
        offset: u64,
    ) -> Result<(Vec<BriefRow>, u64), HubError> {
        let search = storable(search.trim()).into_owned();
        let (rows, total) = self.read(move |tx| {
            let offset = i64::try_from(offset).unwrap_or(i64::MAX);
            let (found, total) = briefs::list(tx, &search, i64::from(limit), offset)?;
            let mut rows = Vec::with_capacity(found.len());
            for brief in found {
                let family = family(tx, brief.id)?;
                let best =
                    tasks::find_best(tx, family.id, families::objective(&family)?.direction)?;
                rows.push(BriefRow {
                    brief,
                    family,
                    best: best.map(|(_, value)| value),
                });
            }
            Ok((rows, total))
        })?;
        Ok((rows, total))
    }

    /// What was asked for, without what came of it.
    pub fn find_brief(&self, id: BriefId) -> Result<Option<Brief>, HubError> {
        self.read(move |tx| Ok(briefs::find(tx, id)?))
    }

    /// A brief with what came of it.
    pub fn brief_detail(&self, id: BriefId) -> Result<BriefDetail, HubError> {
        let (brief, family) = self.read(move |tx| Ok((find(tx, id)?, family(tx, id)?)))?;
        let analysis = self.analysis(&family)?;
        Ok(BriefDetail {
            brief,
            family,
            analysis,
        })
    }

    /// Deletes a brief with its family. What still runs is told to stop; the rows go in the
    /// background.
    pub fn delete_brief(&self, id: BriefId) -> Result<(), HubError> {
        let family = self.read(move |tx| {
            find(tx, id)?;
            family(tx, id)
        })?;
        let now = self.now();
        self.stop_experiment(family.id, now, move |tx| {
            find(tx, id)?;
            ledger::close(tx, id, now)?;
            briefs::save_deleted(tx, id, now)?;
            experiments::save_deleted(tx, family.id, now)?;
            events::record(tx, Event::BriefChanged(id));
            Ok(())
        })
    }
}

/// A family is judged by its objective, so a brief's template must have one.
fn with_objective(template: Arc<Template>) -> Result<Arc<Template>, FieldError> {
    if template.objective.is_some() {
        return Ok(template);
    }
    let message = format!(
        "`{}` has no objective to judge a family by; choose a template that has one",
        template.name
    );
    Err(FieldError::new("template", message))
}

/// The template's space with the draft's parameters in their places; a draft may also say what a
/// fixed parameter is.
fn space_of(template: &Template, changed: &Map<String, Value>) -> Result<Space, Vec<FieldError>> {
    let mut space = template.space.clone();
    for (name, value) in changed {
        space.insert(name.clone(), value.clone());
    }
    let mut errors = Vec::new();
    let fields = &template.schema.fields;
    for name in space.keys().filter(|_| !fields.is_empty()) {
        if template.schema.field(name).is_none() {
            let names: Vec<_> = fields
                .iter()
                .map(|field| format!("`{}`", field.name))
                .collect();
            let message = format!(
                "is not a field of `{}`; it has {}",
                template.name,
                names.join(", ")
            );
            errors.push(FieldError::new(format!("space.{name}"), message));
        }
    }
    match Space::parse_json(&Value::Object(space)) {
        Ok(space) => {
            errors.extend(beyond_bounds(
                (&template.schema, &template.space),
                &space,
                changed,
            ));
            if errors.is_empty() {
                Ok(space)
            } else {
                Err(errors)
            }
        }
        Err(found) => {
            errors.extend(found.into_iter().map(|error| {
                let field = match error.field.as_str() {
                    "" => "space".to_owned(),
                    field => format!("space.{field}"),
                };
                FieldError::new(field, error.message)
            }));
            Err(errors)
        }
    }
}

fn family_of(
    brief: &Brief,
    template: &Template,
    needs: Needs,
    (id, now): (ExperimentId, Timestamp),
) -> Experiment {
    Experiment {
        id,
        name: format!("campaign-{}", brief.id.short()),
        origin: Origin::Brief(brief.id),
        template: template.name.clone(),
        code_hash: template.code_hash.clone(),
        description: String::new(),
        objective: template.objective.clone(),
        baseline: None,
        needs,
        setup: Setup {
            time_budget: brief.wanted.time_budget,
            ..Setup::default()
        },
        placement: brief.wanted.placement,
        device_class: None,
        counts: cupola_domain::counts::Counts::default(),
        author: brief.author.clone(),
        created_at: now,
        updated_at: now,
    }
}

/// Makes a brief's tasks, always the same ones.
pub(crate) struct Planner {
    brief: Brief,
    family: ExperimentId,
    code_hash: String,
    metric: String,
    space: Space,
    sampler: Sampler,
}

impl Planner {
    pub(crate) fn new(brief: &Brief, family: &Experiment, space: Space, sampler: Sampler) -> Self {
        Self {
            brief: brief.clone(),
            family: family.id,
            code_hash: family.code_hash.clone(),
            metric: family.metric().to_owned(),
            space,
            sampler,
        }
    }

    /// The planner of a stored brief.
    pub(crate) fn of_stored(brief: &Brief, family: &Experiment) -> Result<Self, HubError> {
        let broken = || HubError::Internal(anyhow::anyhow!("brief `{}` cannot be read", brief.id));
        let space = Space::parse_json(&Value::Object(brief.wanted.space.clone()));
        let sampler = brief.wanted.sampler.parse().map_err(|_| broken())?;
        let space = space.map_err(|_| broken())?;
        Ok(Self::new(brief, family, space, sampler))
    }

    /// The tasks with these numbers, each with its first run.
    pub(crate) fn plan(&self, numbers: Range<u32>, hub: &Hub, now: Timestamp) -> Vec<(Task, Run)> {
        let seed = self.brief.wanted.study_seed.unsigned_abs();
        plan_range(&self.space, self.sampler, numbers, seed, FIRST_SEED)
            .into_iter()
            .map(|planned| self.task(planned, hub.next_id(), hub.next_id(), now))
            .collect()
    }

    fn task(&self, planned: PlannedTask, id: TaskId, run: RunId, now: Timestamp) -> (Task, Run) {
        let wanted = &self.brief.wanted;
        let setup = Setup {
            config: planned.config,
            seed: Some(planned.seed),
            time_budget: wanted.time_budget,
            priority: i64::from(wanted.num_tasks) - i64::from(planned.number),
            ..Setup::default()
        };
        let task = Task {
            metric: self.metric.clone(),
            urgency: wanted.priority,
            ..task_of(&setup, self.family, planned.number, (id, run), now)
        };
        let run = first_run(&task, &self.code_hash, now);
        (task, run)
    }
}

/// Adds planned tasks to their family and counts them.
pub(crate) fn insert_planned(
    tx: &mut Tx,
    family: ExperimentId,
    needs_id: i64,
    planned: &[(Task, Run)],
) -> Result<(), HubError> {
    for (task, run) in planned {
        tasks::insert(tx, task, needs_id)?;
        insert_run(tx, task, run)?;
    }
    let added = i64::try_from(planned.len()).unwrap_or(i64::MAX);
    Ok(experiments::save_changes(tx, family, [added, 0, 0, 0, 0])?)
}

pub(crate) fn find(tx: &mut Tx, id: BriefId) -> Result<Brief, HubError> {
    briefs::find(tx, id)?.ok_or_else(|| HubError::not_found("brief", id))
}

fn family(tx: &mut Tx, brief: BriefId) -> Result<Experiment, HubError> {
    experiments::find_by_brief(tx, brief)?.ok_or_else(|| HubError::not_found("brief", brief))
}
