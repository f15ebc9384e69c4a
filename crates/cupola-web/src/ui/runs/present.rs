//! From runs to what pages show of them.

use cupola_domain::{
    access::{Principal, Role},
    cost::{Basis, Money},
    metric::json_number,
    run::{Run, RunState},
    time::Timestamp,
};
use cupola_hub::{runs::RunDetail, telemetry::RunHardware};

use super::{
    CostFigure, Hardware, Header, Log, Show, curves,
    results::{Listed, OfRun},
};
use crate::ui::{
    components::{Badge, Link},
    format,
    frame::{Frame, Section},
    paths,
    plain::plain,
    present::{family_link, keys, lasting, may, run_badge, running_for, task_link, worker_link},
    tasks::{Attempts, present::attempt},
    verification,
};

/// A run as it is read for its page, with the time of reading.
pub(super) struct Seen {
    pub(super) detail: RunDetail,
    pub(super) now: Timestamp,
    /// The hash of its template's code as it is now, while there is such a template.
    pub(super) template_hash: Option<String>,
}

/// Whether nothing more will come of it.
pub(super) fn is_over(run: &Run) -> bool {
    run.state.word().is_terminal()
}

impl Seen {
    pub(super) fn key(&self) -> String {
        let RunDetail {
            run, experiment, ..
        } = &self.detail;
        keys(format!("run:{}", run.id), run.state.word(), experiment)
    }

    pub(super) fn show(
        &self,
        who: &Principal,
        seq: i64,
        (curves, log, listed): (&curves::Listed, Log, &Listed),
        hardware: &RunHardware,
    ) -> Show {
        let RunDetail {
            run,
            task,
            experiment,
            ..
        } = &self.detail;
        let (family, of) = (family_link(experiment), task_link(task));
        Show {
            frame: Frame::new(
                format!("Run {}", run.id.short()),
                Section::Tasks,
                Some(who.into()),
            )
            .with_curves()
            .under("Tasks", paths::TASKS)
            .under(family.text, family.href)
            .under(of.text, of.href)
            .at(seq),
            header: self.header(who),
            curves: curves.curves(self),
            hardware: self.hardware(hardware),
            log,
            results: listed.results(self.of_run()),
            artifacts: self.artifacts(),
            environment: self.environment(),
            attempts: self.attempts(),
        }
    }

    pub(super) fn hardware(&self, found: &RunHardware) -> Hardware {
        let RunDetail { run, workers, .. } = &self.detail;
        let worker = worker_link(workers, run.worker);
        Hardware::new(run.id, found, worker, is_over(run))
    }

    pub(super) fn header(&self, who: &Principal) -> Header {
        let RunDetail {
            run,
            task,
            experiment,
            workers,
            ..
        } = &self.detail;
        let is_running = running_for(run, self.now).is_some();
        let is_logged = run.is_logged();
        let is_researcher = may(who, Role::Researcher);
        let may_rerun = is_researcher && !is_logged;
        let is_stopped = is_over(run) || matches!(run.state, RunState::Cancelling { .. });
        Header {
            key: self.key(),
            src: paths::run(run.id, "/header"),
            id: run.id.into(),
            badge: run_badge(run),
            name: plain(&run.name),
            is_logged,
            obstacle: self.detail.obstacle.clone(),
            proof: verification::proof(self.detail.proof),
            check: (self.detail.can_be_checked && may(who, Role::Operator))
                .then(|| paths::run(run.id, "/check")),
            levels: if is_running && !is_logged {
                self.levels()
            } else {
                Vec::new()
            },
            overall: self.overall(),
            ends: self.ends().filter(|_| is_running),
            ends_range: self.ends_range(),
            stopping: self.stopping(),
            duration: lasting(run, self.now),
            time_budget: format::duration(task.time_budget),
            cost: self.cost(),
            task: task_link(task),
            family: family_link(experiment),
            attempt: run.attempt,
            worker: worker_link(workers, run.worker),
            code_hash: match run.leased_at {
                Some(_) => run.code_hash.clone(),
                None => String::new(),
            },
            started: run.started_at.into(),
            finished: run.finished_at.into(),
            metric: experiment.metric().to_owned(),
            value: self.value().into(),
            cancellation: (!is_stopped && is_researcher)
                .then(|| Link::new("Cancel", paths::run(run.id, "/cancellation"))),
            retry: (is_over(run) && may_rerun).then(|| paths::run(run.id, "/retry")),
            comparison: format!("{}?experiment={}", paths::COMPARE, experiment.id),
            promotion: (is_researcher && !self.detail.artifacts.is_empty())
                .then(|| paths::run(run.id, "/promotion")),
            clone: may_rerun.then(|| format!("/experiments/new?run={}", run.id)),
        }
    }

    /// What it costs, and how that comes.
    fn cost(&self) -> Option<CostFigure> {
        let cost = self.detail.cost?;
        let money = |amount: Money| format::money(amount, &self.detail.currency);
        let amount = cost
            .cost
            .money
            .map_or_else(|| format::NOTHING.to_owned(), money);
        let price = match (cost.basis, cost.hourly) {
            (Basis::Book, Some(hourly)) => format!("{} an hour", money(hourly)),
            (Basis::Model, Some(hourly)) => {
                format!("{} an hour, the price of its model", money(hourly))
            }
            _ => "no price is known".to_owned(),
        };
        let basis = if cost.is_energy_measured {
            "measured"
        } else {
            "as the price book says"
        };
        let energy = cost.cost.energy_wh;
        let energy = energy.map(|energy| format!("{energy:.1} Wh, {basis}"));
        let carbon = cost.cost.carbon_g.map(|grams| format!("{grams:.1} g CO₂"));
        let parts = [Some(price), energy, carbon].into_iter().flatten();
        Some(CostFigure {
            label: if cost.is_final { "Cost" } else { "Cost so far" },
            amount,
            detail: parts.collect::<Vec<_>>().join(" · "),
        })
    }

    /// The objective, as the task keeps it or as the program has said it so far.
    fn value(&self) -> Option<f64> {
        let RunDetail {
            run,
            task,
            experiment,
            results,
            ..
        } = &self.detail;
        let said = || results.get(experiment.metric()).and_then(json_number);
        let kept = task.value.filter(|_| task.run == run.id);
        kept.or_else(said)
    }

    /// What is said of the run beside its results.
    pub(super) fn of_run(&self) -> OfRun {
        let run = &self.detail.run;
        OfRun {
            id: run.id,
            key: self.key(),
            is_over: is_over(run),
            provenance: Badge::provenance(run.provenance),
        }
    }

    pub(super) fn attempts(&self) -> Attempts {
        let RunDetail {
            run,
            task,
            experiment,
            attempts,
            workers,
            ..
        } = &self.detail;
        Attempts {
            key: keys(format!("task:{}", run.task), task.state.word(), experiment),
            src: paths::run(run.id, "/attempts"),
            rows: attempts
                .iter()
                .map(|one| attempt(one, workers, one.id == run.id, self.now))
                .collect(),
        }
    }
}
