//! Experiments and the counts of their tasks.

use std::collections::HashMap;

use cupola_domain::{
    counts::{Counts, State},
    experiment::{Experiment, Origin},
    ids::{BriefId, ExperimentId},
    objective::{Direction, Objective},
    scheduling::Lane,
    setup::Setup,
    text::storable,
    time::Timestamp,
};

use crate::{Row, StoreError, ToValue, Tx, codec, statement::statements};

statements! {
    INSERT = "INSERT INTO experiment (id, name, origin, brief_id, template, code_hash, metric,
                                      direction, unit, baseline, needs_id, created_at, description,
                                      author, updated_at, config, seed, time_budget_millis,
                                      environment, working_folder, tags, priority, placement,
                                      device_class, lane, owner)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
                      $19, $20, $21, $22, $23, $24, $25, $26)";
    SAVE_EDITED = "UPDATE experiment SET name = $2, template = $3, code_hash = $4, metric = $5,
                          direction = $6, unit = $7, needs_id = $8, description = $9, updated_at = $10,
                          config = $11, seed = $12, time_budget_millis = $13, environment = $14,
                          working_folder = $15, tags = $16, priority = $17
                   WHERE id = $1 AND deleted_at IS NULL";
    FIND = "SELECT experiment.*, needs.body AS needs_body
            FROM experiment JOIN needs ON needs.id = experiment.needs_id
            WHERE experiment.id = $1 AND deleted_at IS NULL";
    FIND_ANY = "SELECT experiment.*, needs.body AS needs_body
                FROM experiment JOIN needs ON needs.id = experiment.needs_id
                WHERE experiment.id = $1";
    FIND_MAKER = "SELECT id, author, brief_id FROM experiment WHERE id = $1";
    FIND_BY_BRIEF = "SELECT experiment.*, needs.body AS needs_body
                     FROM experiment JOIN needs ON needs.id = experiment.needs_id
                     WHERE experiment.brief_id = $1 AND deleted_at IS NULL";
    LIST_FAMILIES = "SELECT experiment.*, needs.body AS needs_body
                     FROM experiment JOIN needs ON needs.id = experiment.needs_id
                     WHERE origin = 'brief' AND deleted_at IS NULL
                     AND ($1 = '' OR LOWER(name) LIKE $2 ESCAPE '\\'
                          OR experiment.id LIKE $2 ESCAPE '\\')
                     ORDER BY experiment.id DESC LIMIT $3 OFFSET $4";
    COUNT_FAMILIES = "SELECT COUNT(*) AS n FROM experiment
                      WHERE origin = 'brief' AND deleted_at IS NULL
                      AND ($1 = '' OR LOWER(name) LIKE $2 ESCAPE '\\' OR id LIKE $2 ESCAPE '\\')";
    COUNT_BY_TEMPLATE = "SELECT template, COUNT(*) AS n FROM experiment WHERE deleted_at IS NULL
                         GROUP BY template";
    SUM_COUNTS = "SELECT COUNT(*) AS n,
                         CAST(COALESCE(SUM(pending), 0) AS BIGINT) AS pending,
                         CAST(COALESCE(SUM(running), 0) AS BIGINT) AS running,
                         CAST(COALESCE(SUM(completed), 0) AS BIGINT) AS completed,
                         CAST(COALESCE(SUM(failed), 0) AS BIGINT) AS failed,
                         CAST(COALESCE(SUM(cancelled), 0) AS BIGINT) AS cancelled
                  FROM experiment WHERE deleted_at IS NULL";
    SAVE_COUNTS = "UPDATE experiment SET pending = pending + $2, running = running + $3,
                          completed = completed + $4, failed = failed + $5,
                          cancelled = cancelled + $6
                   WHERE id = $1";
    SAVE_STOPPED = "UPDATE experiment SET stopped_at = $2 WHERE id = $1 AND stopped_at IS NULL";
    SAVE_RESUMED = "UPDATE experiment SET stopped_at = NULL WHERE id = $1 AND stopped_at IS NOT NULL";
    /// It is there, or can be restored; not where second runs lie.
    IS_WANTED = "SELECT id FROM experiment WHERE id = $1 AND is_check = FALSE
                 AND (deleted_at IS NULL OR is_restorable = TRUE)";
    IS_STOPPED = "SELECT stopped_at FROM experiment WHERE id = $1 AND stopped_at IS NOT NULL";
    LIST_UNPLANNED = "SELECT experiment.id, brief_id FROM experiment
                      JOIN brief ON brief.id = experiment.brief_id
                      WHERE experiment.deleted_at IS NULL AND stopped_at IS NULL
                      AND num_tasks > pending + running + completed + failed + cancelled
                      ORDER BY experiment.id LIMIT 100";
    IS_UNPLANNED = "SELECT experiment.id FROM experiment
                    JOIN brief ON brief.id = experiment.brief_id
                    WHERE experiment.id = $1 AND experiment.deleted_at IS NULL AND stopped_at IS NULL
                    AND num_tasks > pending + running + completed + failed + cancelled";
    SAVE_CLASS = "UPDATE experiment SET device_class = $2
                  WHERE id = $1 AND device_class IS DISTINCT FROM CAST($2 AS TEXT)";
    RELEASE_CLASS = "UPDATE experiment SET device_class = NULL WHERE id = $1 AND device_class IS NOT NULL";
    SAVE_DELETED = "UPDATE experiment SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL";
    LIST_DELETED = "SELECT id, brief_id FROM experiment
                    WHERE deleted_at IS NOT NULL AND is_restorable = FALSE ORDER BY id LIMIT 100";
    DELETE = "DELETE FROM experiment WHERE id = $1";
}

/// Adds an experiment without tasks.
pub fn insert(tx: &mut Tx, experiment: &Experiment, needs_id: i64) -> Result<(), StoreError> {
    let (objective, setup) = (objective_parts(experiment), &experiment.setup);
    let owner = crate::tokens::person_of(tx, &experiment.author)?;
    let lane = Lane::of(&owner, experiment.placement, experiment.id);
    tx.execute_one(
        INSERT,
        &[
            &experiment.id.to_string(),
            &experiment.name,
            &experiment.origin.as_str(),
            &experiment.origin.brief().map(|brief| brief.to_string()),
            &experiment.template,
            &experiment.code_hash,
            &objective.0,
            &objective.1,
            &objective.2,
            &experiment.baseline,
            &needs_id,
            &experiment.created_at.millis(),
            &experiment.description,
            &experiment.author,
            &experiment.updated_at.millis(),
            &codec::object_text(&setup.config),
            &setup.seed,
            &codec::duration_millis(setup.time_budget),
            &codec::texts_text(&setup.environment),
            &setup.working_folder,
            &codec::texts_text(&setup.tags),
            &setup.priority,
            &experiment.placement.as_str(),
            &experiment.device_class,
            &lane.to_string(),
            &owner,
        ],
    )
}

/// Notes the class of the machine that takes an experiment's first task; says whether it was another.
pub fn save_class(tx: &mut Tx, id: ExperimentId, class: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(SAVE_CLASS, &[&id.to_string(), &class])? > 0)
}

/// An experiment keeps to no device class until the next lease. Says whether that is news.
pub fn release_class(tx: &mut Tx, id: ExperimentId) -> Result<bool, StoreError> {
    Ok(tx.execute(RELEASE_CLASS, &[&id.to_string()])? > 0)
}

/// Writes what a person edited of an experiment.
pub fn save_edited(tx: &mut Tx, experiment: &Experiment, needs_id: i64) -> Result<(), StoreError> {
    let (objective, setup) = (objective_parts(experiment), &experiment.setup);
    tx.execute_one(
        SAVE_EDITED,
        &[
            &experiment.id.to_string(),
            &experiment.name,
            &experiment.template,
            &experiment.code_hash,
            &objective.0,
            &objective.1,
            &objective.2,
            &needs_id,
            &experiment.description,
            &experiment.updated_at.millis(),
            &codec::object_text(&setup.config),
            &setup.seed,
            &codec::duration_millis(setup.time_budget),
            &codec::texts_text(&setup.environment),
            &setup.working_folder,
            &codec::texts_text(&setup.tags),
            &setup.priority,
        ],
    )
}

/// The experiment, unless it was deleted.
pub fn find(tx: &mut Tx, id: ExperimentId) -> Result<Option<Experiment>, StoreError> {
    tx.query_optional(FIND, &[&id.to_string()], experiment)
}

/// The experiment, even if it was deleted: its last runs may still report.
pub fn find_any(tx: &mut Tx, id: ExperimentId) -> Result<Option<Experiment>, StoreError> {
    tx.query_optional(FIND_ANY, &[&id.to_string()], experiment)
}

/// Who made an experiment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Maker {
    /// The name of the token.
    pub author: String,
    /// The brief, where one made it.
    pub brief: Option<BriefId>,
}

/// Who made an experiment, also one in the bin: asked at every lease.
pub fn find_maker(tx: &mut Tx, id: ExperimentId) -> Result<Option<Maker>, StoreError> {
    tx.query_optional(FIND_MAKER, &[&id.to_string()], |row| {
        Ok(Maker {
            author: row.text("author")?,
            brief: codec::optional_parsed(row, "experiment", "brief_id")?,
        })
    })
}

/// The family that a brief made.
pub fn find_by_brief(tx: &mut Tx, brief: BriefId) -> Result<Option<Experiment>, StoreError> {
    tx.query_optional(FIND_BY_BRIEF, &[&brief.to_string()], experiment)
}

/// Families, the latest first; `search` matches name and id.
pub fn list_families(
    tx: &mut Tx,
    search: &str,
    limit: i64,
    offset: i64,
) -> Result<(Vec<Experiment>, u64), StoreError> {
    let pattern = crate::briefs::contains_pattern(search);
    let total = tx.query_one(COUNT_FAMILIES, &[&search, &pattern], |row| {
        codec::count(row, "experiment", "n")
    })?;
    Ok((
        tx.query(
            LIST_FAMILIES,
            &[&search, &pattern, &limit, &offset],
            experiment,
        )?,
        total,
    ))
}

/// What a list of experiments is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// Time of creation.
    #[default]
    Created,
    /// Time of the last edit.
    Updated,
    /// Name, whatever its case.
    Name,
}

/// Which experiments a list shows.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// Families too; otherwise only what no brief made.
    pub with_families: bool,
    /// Only those that came from there, by its word.
    pub origin: Option<&'static str>,
    /// Only those of one template.
    pub template: Option<String>,
    /// Only those in one state.
    pub state: Option<State>,
    /// Only those whose name or id contains this; empty for all.
    pub search: String,
    /// By what.
    pub sort: Sort,
    /// Which way.
    pub descending: bool,
    /// How many at most.
    pub limit: i64,
    /// How many to pass over first.
    pub offset: i64,
}

/// The same word as [`Counts::overall`].
const STATE: &str = "CASE WHEN running > 0
         OR (pending > 0 AND completed + failed + cancelled > 0) THEN 'running'
    WHEN pending > 0 OR completed + failed + cancelled = 0 THEN 'pending'
    WHEN completed > 0 THEN 'completed' WHEN failed > 0 THEN 'failed' ELSE 'cancelled' END";

/// One page of the experiments that `query` lets through, and how many it lets through.
pub fn list(tx: &mut Tx, query: &Query) -> Result<(Vec<Experiment>, u64), StoreError> {
    let (condition, params) = condition(query);
    let mut all: Vec<&dyn ToValue> = params.iter().map(|p| p as &dyn ToValue).collect();
    let counting = format!("SELECT COUNT(*) AS n FROM experiment WHERE {condition}");
    let count = |row: &Row<'_>| codec::count(row, "experiment", "n");
    let total = tx.query_dynamic(&counting, &all, count)?;
    let column = match query.sort {
        Sort::Created => "experiment.id",
        Sort::Updated => "updated_at",
        Sort::Name => "LOWER(name)",
    };
    let way = if query.descending { "DESC" } else { "ASC" };
    let n = params.len();
    let sql = format!(
        "SELECT experiment.*, needs.body AS needs_body FROM experiment
         JOIN needs ON needs.id = experiment.needs_id WHERE {condition}
         ORDER BY {column} {way}, experiment.id {way} LIMIT ${} OFFSET ${}",
        n + 1,
        n + 2,
    );
    all.push(&query.limit);
    all.push(&query.offset);
    let found = tx.query_dynamic(&sql, &all, experiment)?;
    Ok((found, total.into_iter().next().unwrap_or(0)))
}

fn condition(query: &Query) -> (String, Vec<String>) {
    let mut parts = vec!["deleted_at IS NULL".to_owned()];
    let mut params = Vec::new();
    if !query.with_families {
        parts.push("origin <> 'brief'".to_owned());
    }
    if let Some(origin) = query.origin {
        params.push(origin.to_owned());
        parts.push(format!("origin = ${}", params.len()));
    }
    if let Some(template) = &query.template {
        params.push(storable(template).into_owned());
        parts.push(format!("template = ${}", params.len()));
    }
    if let Some(state) = query.state {
        params.push(state.as_str().to_owned());
        parts.push(format!("{STATE} = ${}", params.len()));
    }
    if !query.search.is_empty() {
        params.push(crate::briefs::contains_pattern(&storable(&query.search)));
        let n = params.len();
        parts.push(format!(
            "(LOWER(name) LIKE ${n} ESCAPE '\\' OR experiment.id LIKE ${n} ESCAPE '\\')"
        ));
    }
    (parts.join(" AND "), params)
}

/// How many experiments and families, those deleted left out, are of each template.
pub fn count_by_template(tx: &mut Tx) -> Result<HashMap<String, u64>, StoreError> {
    let rows = tx.query(COUNT_BY_TEMPLATE, &[], |row| {
        Ok((row.text("template")?, codec::count(row, "experiment", "n")?))
    })?;
    Ok(rows.into_iter().collect())
}

/// How many experiments there are, and the counts of all their tasks.
pub fn sum_counts(tx: &mut Tx) -> Result<(u64, Counts), StoreError> {
    tx.query_one(SUM_COUNTS, &[], |row| {
        Ok((codec::count(row, "experiment", "n")?, counts(row)?))
    })
}

/// Moves one task's weight from one count to another; `None` is outside.
pub fn save_move(
    tx: &mut Tx,
    id: ExperimentId,
    from: Option<State>,
    to: Option<State>,
) -> Result<(), StoreError> {
    let change = |state| i64::from(to == Some(state)) - i64::from(from == Some(state));
    if from == to {
        return Ok(());
    }
    save_changes(tx, id, State::ALL.map(change))
}

/// Adds to the counts, in the order of [`State::ALL`].
pub fn save_changes(tx: &mut Tx, id: ExperimentId, changes: [i64; 5]) -> Result<(), StoreError> {
    let [pending, running, completed, failed, cancelled] = changes;
    let id = id.to_string();
    tx.execute_one(
        SAVE_COUNTS,
        &[&id, &pending, &running, &completed, &failed, &cancelled],
    )
}

/// No further tasks are planned for it.
pub fn save_stopped(tx: &mut Tx, id: ExperimentId, at: Timestamp) -> Result<(), StoreError> {
    tx.execute(SAVE_STOPPED, &[&id.to_string(), &at.millis()])
        .map(drop)
}

/// Tasks are wanted of it again.
pub fn save_resumed(tx: &mut Tx, id: ExperimentId) -> Result<(), StoreError> {
    tx.execute(SAVE_RESUMED, &[&id.to_string()]).map(drop)
}

/// Whether an experiment is there, or may be again: what its tasks say matters.
pub fn is_wanted(tx: &mut Tx, id: ExperimentId) -> Result<bool, StoreError> {
    let found = tx.query_optional(IS_WANTED, &[&id.to_string()], |row| row.text("id"))?;
    Ok(found.is_some())
}

/// Whether somebody stopped it: what has not ended is not wanted any more.
pub fn is_stopped(tx: &mut Tx, id: ExperimentId) -> Result<bool, StoreError> {
    let found = tx.query_optional(IS_STOPPED, &[&id.to_string()], |row| row.i64("stopped_at"))?;
    Ok(found.is_some())
}

/// Families with fewer tasks than their briefs ask for, with those briefs.
pub fn list_unplanned(tx: &mut Tx) -> Result<Vec<(ExperimentId, BriefId)>, StoreError> {
    tx.query(LIST_UNPLANNED, &[], |row| {
        let brief = codec::parsed(row, "experiment", "brief_id")?;
        Ok((codec::parsed(row, "experiment", "id")?, brief))
    })
}

/// Whether it is a family with fewer tasks than its brief asks for.
pub fn is_unplanned(tx: &mut Tx, id: ExperimentId) -> Result<bool, StoreError> {
    let found = tx.query_optional(IS_UNPLANNED, &[&id.to_string()], |row| row.text("id"))?;
    Ok(found.is_some())
}

/// Hides an experiment; its rows go later.
pub fn save_deleted(tx: &mut Tx, id: ExperimentId, at: Timestamp) -> Result<(), StoreError> {
    tx.execute_one(SAVE_DELETED, &[&id.to_string(), &at.millis()])
}

/// Experiments whose rows are still to go, with their briefs.
pub fn list_deleted(tx: &mut Tx) -> Result<Vec<(ExperimentId, Option<BriefId>)>, StoreError> {
    tx.query(LIST_DELETED, &[], |row| {
        let id = codec::parsed(row, "experiment", "id")?;
        Ok((id, codec::optional_parsed(row, "experiment", "brief_id")?))
    })
}

/// Removes the row for good; its tasks must be gone.
pub fn delete(tx: &mut Tx, id: ExperimentId) -> Result<(), StoreError> {
    let id = id.to_string();
    crate::logged_models::delete_of_experiment(tx, &id)?;
    tx.execute_one(DELETE, &[&id])
}

fn counts(row: &Row<'_>) -> Result<Counts, StoreError> {
    Ok(Counts {
        pending: codec::count(row, "experiment", "pending")?,
        running: codec::count(row, "experiment", "running")?,
        completed: codec::count(row, "experiment", "completed")?,
        failed: codec::count(row, "experiment", "failed")?,
        cancelled: codec::count(row, "experiment", "cancelled")?,
    })
}

pub(crate) fn experiment(row: &Row<'_>) -> Result<Experiment, StoreError> {
    let brief = codec::optional_parsed(row, "experiment", "brief_id")?;
    Ok(Experiment {
        id: codec::parsed(row, "experiment", "id")?,
        name: row.text("name")?,
        description: row.text("description")?,
        origin: Origin::from_parts(&row.text("origin")?, brief)
            .ok_or_else(|| codec::inconsistent("experiment", "origin", row))?,
        template: row.text("template")?,
        code_hash: row.text("code_hash")?,
        objective: objective(row)?,
        baseline: row.optional_f64("baseline")?,
        needs: codec::needs_from_text(&row.text("needs_body")?)
            .ok_or_else(|| codec::inconsistent("experiment", "needs_id", row))?,
        setup: setup(row)?,
        placement: codec::parsed(row, "experiment", "placement")?,
        device_class: row.optional_text("device_class")?,
        counts: counts(row)?,
        author: row.text("author")?,
        created_at: codec::time(row, "created_at")?,
        updated_at: codec::time(row, "updated_at")?,
    })
}

/// Metric, direction and unit; an empty metric says that there is no objective.
fn objective_parts(experiment: &Experiment) -> (&str, &'static str, &str) {
    let nothing = ("", Direction::Minimize.as_str(), "");
    experiment.objective.as_ref().map_or(nothing, |objective| {
        let direction = objective.direction.as_str();
        (&objective.metric, direction, &objective.unit)
    })
}

fn objective(row: &Row<'_>) -> Result<Option<Objective>, StoreError> {
    let metric = row.text("metric")?;
    if metric.is_empty() {
        return Ok(None);
    }
    Ok(Some(Objective {
        metric,
        direction: codec::parsed(row, "experiment", "direction")?,
        unit: row.text("unit")?,
    }))
}

fn setup(row: &Row<'_>) -> Result<Setup, StoreError> {
    Ok(Setup {
        config: codec::object(row, "experiment", "config")?,
        seed: row.optional_i64("seed")?,
        time_budget: codec::millis(row, "experiment", "time_budget_millis")?,
        environment: codec::texts(row, "experiment", "environment")?,
        working_folder: row.optional_text("working_folder")?,
        tags: codec::texts(row, "experiment", "tags")?,
        priority: row.i64("priority")?,
    })
}
