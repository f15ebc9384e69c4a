//! The snapshot, from what was read: what counts of several things that are known of a model.

use std::collections::HashMap;

use cupola_domain::{
    cost::{Money, Total},
    counts::State,
    model::Stage,
    progress::Progress,
    run::Run,
    time::Timestamp,
    training::{Claim, TrainingModel},
};
use cupola_store::trained::Active;

use super::{
    Basis, ByKey, Estimate, Evaluated, ModelInTraining, RUNS_MAX, Registered, RunInTraining, Said,
    Session, Standing, Training,
    known::{Known, Now, Spent, SpentOnModel},
};
use crate::{models::RegisteredModel, training_models::KnownTraining};

/// Puts together what is known. The session began then, when that had been spent.
pub(super) fn compose(
    known: &Known,
    now: Now,
    (began_at, before): (Timestamp, &Total),
) -> Training {
    let mut active: ByKey<Vec<&Active>> = ByKey::new();
    for one in &now.active {
        if let Some(key) = &one.model {
            active.entry(key.clone()).or_default().push(one);
        }
    }
    let models: Vec<ModelInTraining> = known
        .models
        .iter()
        .map(|about| {
            let runs = active.get(&about.model.key).map_or(&[][..], Vec::as_slice);
            model(about, runs, known, &now.spent)
        })
        .collect();
    let names: HashMap<&str, &str> = models
        .iter()
        .map(|one| (one.model.key.as_str(), one.model.name.as_str()))
        .collect();
    let told = now.active.iter().take(RUNS_MAX);
    let runs = told.map(|one| run(one, known, &now, &names));
    Training {
        at: now.at,
        session: session(&models, &now, began_at, before),
        runs: runs.collect(),
        models,
    }
}

fn model(
    about: &KnownTraining,
    active: &[&Active],
    known: &Known,
    spent: &Spent,
) -> ModelInTraining {
    let newest = known.newest.get(&about.model.key);
    let current = active.first().map(|one| &one.run).or(newest);
    let said = current
        .and_then(|run| known.said.get(&run.id))
        .cloned()
        .unwrap_or_default();
    let claims = Claims::of(about.manual.as_ref(), about.configured.as_ref());
    let on_model = spent.models.get(&about.model.key);
    let Standing {
        status,
        progress,
        cost,
    } = standing(&about.model, claims, current, on_model);
    ModelInTraining {
        status,
        progress,
        cost,
        hours: hours(&about.model, on_model),
        hourly_now: on_model.map_or(Some(Money::default()), |spent| spent.hourly),
        estimate: active
            .iter()
            .filter_map(|one| estimate(&one.run))
            .max_by_key(|end| end.at),
        running: active.iter().map(|one| one.run.id).collect(),
        latest: current.map(|run| run.id),
        reason: current.map(Run::reason).unwrap_or_default(),
        throughput: said.throughput,
        losses: said.losses,
        data: about.data.clone(),
        evaluation: about.evaluation.map(|(score, at)| Evaluated { score, at }),
        registered: about.registered.as_ref().map(registered),
        model: about.model.clone(),
    }
}

/// What is true of a model whose run is `current`: what was measured, else what was said.
pub(super) fn standing(
    model: &TrainingModel,
    claims: Claims<'_>,
    current: Option<&Run>,
    spent: Option<&SpentOnModel>,
) -> Standing {
    Standing {
        status: status(current, claims),
        progress: progress(current, claims),
        cost: cost(model, claims, spent),
    }
}

fn registered(model: &RegisteredModel) -> Registered {
    let version = model.in_use().map(|known| &known.version);
    Registered {
        model: model.known.model.id,
        version: version.map_or(0, |version| version.number),
        stage: version.map_or(Stage::None, |version| version.stage),
        deployment: model.deployment_status(),
    }
}

/// What is said of a model, what a person says first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Claims<'c>([(Option<&'c Claim>, Basis); 2]);

impl<'c> Claims<'c> {
    pub(super) fn of(manual: Option<&'c Claim>, configured: Option<&'c Claim>) -> Self {
        Self([(manual, Basis::Manual), (configured, Basis::Configuration)])
    }

    /// The first that says it.
    fn say<T>(self, what: impl Fn(&Claim) -> Option<T>) -> Option<Said<T>> {
        let mut claims = self.0.into_iter();
        claims.find_map(|(claim, basis)| Some(Said::new(what(claim?)?, basis)))
    }
}

fn some<T>(said: Said<T>) -> Said<Option<T>> {
    Said::new(Some(said.value), said.basis)
}

fn status(run: Option<&Run>, claims: Claims<'_>) -> Said<State> {
    if let Some(run) = run {
        return Said::new(run.state.word(), Basis::Measured);
    }
    let said = claims.say(|claim| claim.status);
    said.unwrap_or(Said::new(State::Pending, Basis::Planned))
}

fn progress(run: Option<&Run>, claims: Claims<'_>) -> Said<Option<f64>> {
    let measured = run.and_then(measured_progress);
    if let Some(measured) = measured {
        return Said::new(Some(measured), Basis::Measured);
    }
    let said = claims.say(|claim| claim.progress).map(some);
    let nothing = match run {
        Some(_) => Said::new(None, Basis::Measured),
        // Nothing was trained, so nothing is done.
        None => Said::new(Some(0.0), Basis::Planned),
    };
    said.unwrap_or(nothing)
}

/// In per cent. What completed is done, whatever its program said last.
fn measured_progress(run: &Run) -> Option<f64> {
    if run.state.word() == State::Completed {
        return Some(100.0);
    }
    let fraction = run.progress.as_ref().and_then(Progress::fraction)?;
    Some(fraction * 100.0)
}

fn cost(
    model: &TrainingModel,
    claims: Claims<'_>,
    spent: Option<&SpentOnModel>,
) -> Said<Option<Money>> {
    if let Some(money) = spent.and_then(|spent| spent.money) {
        return Said::new(Some(money), Basis::Measured);
    }
    let said = claims.say(|claim| claim.total_cost).map(some);
    said.unwrap_or_else(|| Said::new(planned_cost(model), Basis::Planned))
}

/// What a model is planned to cost.
pub(super) fn planned_cost(model: &TrainingModel) -> Option<Money> {
    Money::of(model.planned_hours? * model.hourly?.units())
}

fn hours(model: &TrainingModel, spent: Option<&SpentOnModel>) -> Said<Option<f64>> {
    match spent.filter(|spent| spent.hours > 0.0) {
        Some(spent) => Said::new(Some(spent.hours), Basis::Measured),
        None => Said::new(model.planned_hours, Basis::Planned),
    }
}

fn estimate(run: &Run) -> Option<Estimate> {
    run.progress.as_ref()?.estimate()
}

fn run(one: &Active, known: &Known, now: &Now, names: &HashMap<&str, &str>) -> RunInTraining {
    let said = known.said.get(&one.run.id);
    let worker = one
        .run
        .worker
        .and_then(|id| Some((id, now.workers.get(&id)?)));
    let spent = now.spent.runs.get(&one.run.id).copied().unwrap_or_default();
    let model = one.model.as_ref().map(|key| {
        let name = names.get(key.as_str()).copied().unwrap_or(key);
        (key.clone(), name.to_owned())
    });
    RunInTraining {
        number: one.number,
        experiment: one.experiment.clone(),
        model,
        gpu: worker.and_then(|(_, (_, gpu))| gpu.clone()),
        worker: worker.map(|(id, (name, _))| (id, name.clone())),
        hourly: spent.hourly,
        cost: spent.cost,
        throughput: said.map(|said| said.throughput.clone()).unwrap_or_default(),
        estimate: estimate(&one.run),
        run: one.run.clone(),
    }
}

fn session(models: &[ModelInTraining], now: &Now, started: Timestamp, before: &Total) -> Session {
    let count = |state: State| {
        let of_state = models.iter().filter(|one| one.status.value == state);
        u32::try_from(of_state.count()).unwrap_or(u32::MAX)
    };
    let planned = models.iter().filter_map(|one| one.model.hourly);
    Session {
        started,
        cost: spent_since(&now.spent, before),
        hourly_now: now.spent.hourly,
        planned_hourly: planned.fold(Money::default(), |sum, one| sum + one),
        completed: count(State::Completed),
        in_progress: count(State::Running),
        pending: count(State::Pending),
        failed: count(State::Failed),
        cancelled: count(State::Cancelled),
        estimated_end: last_end(models),
    }
}

/// What was spent since the session began: nothing where nothing ran since then, and nothing that could be
/// said where something ran and none of it has a price. A clock that is set back makes no income.
fn spent_since(spent: &Spent, before: &Total) -> Option<Money> {
    let (all, money) = (&spent.all, spent.all.money);
    let is_known = all.priced > before.priced || money > before.money;
    let is_nothing = all.time <= before.time && spent.is_priced;
    let since = money.micros().saturating_sub(before.money.micros());
    (is_known || is_nothing).then(|| Money::from_micros(since.max(0)))
}

/// The last end of those in progress; none while that is not known of one of them.
fn last_end(models: &[ModelInTraining]) -> Option<Estimate> {
    let running = models.iter().filter(|one| !one.running.is_empty());
    let ends: Option<Vec<Estimate>> = running.map(|one| one.estimate).collect();
    ends?.into_iter().max_by_key(|end| end.at)
}
