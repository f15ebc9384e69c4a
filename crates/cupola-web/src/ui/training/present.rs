//! From the snapshot of training to what its pages show.

use std::time::Duration;

use cupola_domain::{cost::Money, metric::Throughput, progress::Progress as Said, time::Timestamp};
use cupola_hub::training::{
    Basis, Estimate, ModelInTraining, RunInTraining, Throughputs, Training,
};
use sha2::{Digest, Sha256};

use super::{
    End, ModelCard, ModelCards, ModelRow, ModelTable, RunRow, RunTable, SaidText, Summary,
};
use crate::ui::{
    components::{Badge, EmptyState, Lasting, Link, Pager, Progress},
    format, paths,
    plain::plain,
    present::{lasting, run_badge},
};

/// Models of one page of the table.
const ROWS: u64 = 25;

/// Models of one page of cards.
const CARDS: u64 = 24;

/// Runs that are shown.
const RUNS: usize = 50;

/// Training, and what it is written with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shown<'t> {
    pub(crate) training: &'t Training,
    /// Of all prices: `USD`.
    pub(crate) currency: &'t str,
}

impl Shown<'_> {
    fn money(self, amount: Money) -> String {
        format::money(amount, self.currency)
    }

    fn hourly(self, amount: Money) -> String {
        format!("{} / h", self.money(amount))
    }

    pub(crate) fn summary(self) -> Summary {
        let session = &self.training.session;
        let others = [
            (session.pending, "pending"),
            (session.failed, "failed"),
            (session.cancelled, "cancelled"),
        ];
        let others = others.iter().filter(|(number, _)| *number > 0);
        let others: Vec<_> = others
            .map(|(number, word)| format!("{number} {word}"))
            .collect();
        Summary {
            cost: session.cost.map_or_else(
                || SaidText::unknown("no machine that is used has a price"),
                |cost| SaidText::measured(self.money(cost)),
            ),
            rate: match session.hourly_now {
                Some(hourly) => format!("{} now", self.hourly(hourly)),
                None => "no machine that runs has a price".to_owned(),
            },
            completed: format::count(session.completed.into()),
            total: format::count(self.training.models.len() as u64),
            in_progress: format::count(session.in_progress.into()),
            others: others.join(", "),
            end: end(session.estimated_end, session.in_progress > 0),
            elapsed: Lasting::clock(self.training.at.since(session.started)),
            started: session.started.into(),
        }
    }

    /// One page of the models.
    fn page<'t>(
        &'t self,
        page: u64,
        per_page: u64,
        path: &str,
    ) -> (u64, &'t [ModelInTraining], Pager) {
        let models = &self.training.models;
        let total = models.len() as u64;
        let page = page.clamp(1, total.div_ceil(per_page).max(1));
        let from = usize::try_from((page - 1) * per_page)
            .unwrap_or(usize::MAX)
            .min(models.len());
        let to = usize::try_from(page * per_page)
            .unwrap_or(usize::MAX)
            .min(models.len());
        let pager = Pager::new(page, per_page, total, |page| format!("{path}?page={page}"));
        (page, &models[from..to], pager)
    }

    pub(crate) fn table(self, page: u64) -> ModelTable {
        let (page, models, pager) = self.page(page, ROWS, paths::TRAINING);
        let total = self.training.models.len() as u64;
        ModelTable {
            src: format!("{}?page={page}", paths::TRAINING_TABLE),
            count: format::counted(total, "model", "models"),
            rows: (0..)
                .zip(models)
                .map(|(at, one)| self.row(one, (page - 1) * ROWS + at))
                .collect(),
            pager,
            empty: (total == 0).then(empty),
        }
    }

    fn row(self, one: &ModelInTraining, place: u64) -> ModelRow {
        let key = plain(&one.model.key);
        ModelRow {
            id: format!("model-{}", hashed(&one.model.key)),
            name: Link::new(plain(&one.model.name), card_address(one, place)),
            key: if one.model.name == one.model.key {
                String::new()
            } else {
                key
            },
            badge: Badge::state(one.status.value, plain(&one.reason)),
            badge_mark: badge_mark(one),
            progress: progress(one),
            progress_mark: progress_mark(one),
            end: end(one.estimate, !one.running.is_empty()),
            hours: hours(one),
            cost: self.cost(one),
            rate: self.rate(one),
            samples: samples(one),
        }
    }

    fn cost(self, one: &ModelInTraining) -> SaidText {
        match one.cost.value {
            Some(cost) => SaidText::known(self.money(cost), one.cost.basis),
            None if one.latest.is_some() => {
                SaidText::unknown("no machine that trained it has a price")
            }
            None => SaidText::unknown("nothing is planned, and nothing was measured"),
        }
    }

    fn rate(self, one: &ModelInTraining) -> SaidText {
        if one.running.is_empty() {
            let planned = one.model.hourly.map(|hourly| self.hourly(hourly));
            return planned.map_or_else(SaidText::nothing, |text| {
                SaidText::known(text, Basis::Planned)
            });
        }
        one.hourly_now.map_or_else(
            || SaidText::unknown("the machine has no price"),
            |hourly| SaidText::measured(self.hourly(hourly)),
        )
    }

    pub(crate) fn cards(self, page: u64) -> ModelCards {
        let (page, models, pager) = self.page(page, CARDS, paths::TRAINING_MODELS);
        ModelCards {
            src: format!("{}?page={page}", paths::TRAINING_CARDS),
            cards: models.iter().map(|one| self.card(one)).collect(),
            pager,
            empty: self.training.models.is_empty().then(empty),
        }
    }

    fn card(self, one: &ModelInTraining) -> ModelCard {
        let latest = one
            .latest
            .map(|run| Link::new("Latest run", paths::run(run, "")));
        ModelCard {
            id: format!("card-{}", hashed(&one.model.key)),
            name: plain(&one.model.name),
            key: plain(&one.model.key),
            description: plain(&one.model.description),
            badge: Badge::state(one.status.value, plain(&one.reason)),
            badge_mark: badge_mark(one),
            progress: progress(one),
            progress_mark: progress_mark(one),
            end: end(one.estimate, !one.running.is_empty()),
            facts: self.facts(one),
            problem: one
                .data
                .as_ref()
                .and_then(|data| data.problem.as_ref())
                .map(|problem| format!("Samples: {}", plain(problem)))
                .unwrap_or_default(),
            links: latest.into_iter().collect(),
        }
    }

    fn facts(self, one: &ModelInTraining) -> Vec<(&'static str, SaidText)> {
        let data = one.data.as_ref();
        let size = data.map(|data| SaidText::measured(format::bytes(data.bytes)));
        let score = one.evaluation.map_or_else(
            || SaidText::unknown("it was not evaluated"),
            |evaluated| SaidText::measured(format::tick(evaluated.score)),
        );
        let mut facts = vec![
            ("Machine hours", hours(one)),
            ("Cost", self.cost(one)),
            ("Rate", self.rate(one)),
            ("Samples", samples(one)),
            ("Score", score),
        ];
        facts.extend(size.map(|size| ("Size of samples", size)));
        facts.extend(speed(&one.throughput).map(|speed| ("Throughput", SaidText::measured(speed))));
        let losses = [
            ("Training loss", &one.losses.training),
            ("Validation loss", &one.losses.validation),
        ];
        for (name, loss) in losses {
            let loss = loss.as_ref().map(|last| format::number(last.value));
            facts.extend(loss.map(|loss| (name, SaidText::measured(loss))));
        }
        if let Some(registered) = &one.registered {
            let version = match registered.version {
                0 => data.and_then(|data| data.version.as_ref()).map_or_else(
                    || "no version".to_owned(),
                    |version| format!("{} of the samples", plain(version)),
                ),
                number => format!("v{number}, stage {}", registered.stage),
            };
            facts.push(("Registry", SaidText::measured(version)));
            facts.push((
                "Deployment",
                SaidText::measured(registered.deployment.to_string()),
            ));
        }
        facts
    }

    pub(crate) fn runs(self) -> RunTable {
        let runs = &self.training.runs;
        let left_out = runs.len().saturating_sub(RUNS);
        RunTable {
            rows: runs
                .iter()
                .take(RUNS)
                .map(|one| self.run_row(one))
                .collect(),
            more: match left_out {
                0 => String::new(),
                number => format!("and {} more", format::count(number as u64)),
            },
        }
    }

    fn run_row(self, one: &RunInTraining) -> RunRow {
        let said = one.run.progress.as_ref();
        let name = match one.run.name.as_str() {
            "" => format!("task {}", one.number),
            name => plain(name),
        };
        RunRow {
            run: one.run.id.into(),
            name,
            experiment: plain(&one.experiment),
            model: one
                .model
                .as_ref()
                .map(|(_, name)| plain(name))
                .unwrap_or_default(),
            worker: one
                .worker
                .as_ref()
                .map(|(id, name)| Link::new(plain(name), paths::worker(*id, ""))),
            badge: run_badge(&one.run),
            progress: Progress::new(said.and_then(Said::fraction), "Progress of the run"),
            message: said
                .map(|said| plain(said.levels.message()))
                .unwrap_or_default(),
            gpu: match (&one.gpu, &one.worker) {
                (Some(gpu), _) => SaidText::measured(plain(gpu)),
                (None, Some(_)) => SaidText::nothing(),
                (None, None) => {
                    SaidText::unknown("a client logs it, on a machine that nobody knows")
                }
            },
            cost: one.cost.map_or_else(
                || SaidText::unknown("the machine has no price"),
                |cost| SaidText::measured(self.money(cost)),
            ),
            rate: one
                .hourly
                .map(|hourly| format!("at {}", self.hourly(hourly)))
                .unwrap_or_default(),
            lasting: lasting(&one.run, self.training.at),
            note: note(one, self.training.at),
        }
    }
}

/// How fast a run is, and whether it was silent for long.
fn note(one: &RunInTraining, now: Timestamp) -> String {
    let silent = one
        .run
        .progress
        .as_ref()
        .map(|said| now.since(said.said_at));
    let silent = silent.filter(|silent| *silent > SILENCE_MIN);
    let silent = silent.map(|silent| {
        format!(
            "said nothing for {}",
            format::duration(whole_minutes(silent))
        )
    });
    let parts = [speed(&one.throughput), silent];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    parts.join(", ")
}

/// After such a silence a program may hang.
const SILENCE_MIN: Duration = Duration::from_mins(10);

fn whole_minutes(span: Duration) -> Duration {
    Duration::from_secs(span.as_secs() / 60 * 60)
}

/// `512 samples/s, 65 536 tokens/s`.
fn speed(throughput: &Throughputs) -> Option<String> {
    let parts = Throughput::ALL.into_iter().filter_map(|unit| {
        let last = throughput.of(unit)?;
        Some(format!("{} {}", format::number(last.value), unit.unit()))
    });
    let parts: Vec<String> = parts.collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// A state that follows from nothing but that nobody began is none that somebody claims.
fn badge_mark(one: &ModelInTraining) -> SaidText {
    match one.status.basis {
        Basis::Planned => SaidText::measured(""),
        basis => SaidText::known("", basis),
    }
}

fn progress(one: &ModelInTraining) -> Option<Progress> {
    let percent = one.progress.value?;
    Some(Progress::new(
        Some(percent / 100.0),
        format!("Progress of {}", plain(&one.model.name)),
    ))
}

fn progress_mark(one: &ModelInTraining) -> SaidText {
    match (one.progress.value, one.progress.basis) {
        (None, _) => SaidText::unknown("its program does not say how far it is"),
        (_, Basis::Planned) => SaidText::measured(""),
        (_, basis) => SaidText::known("", basis),
    }
}

fn hours(one: &ModelInTraining) -> SaidText {
    match one.hours.value {
        Some(hours) => SaidText::known(spent_hours(hours), one.hours.basis),
        None if one.latest.is_some() => SaidText::unknown("no worker of this hub trained it"),
        None => SaidText::nothing(),
    }
}

/// To a hundredth; what is less than that has taken time all the same.
fn spent_hours(hours: f64) -> String {
    if hours > 0.0 && hours < 0.01 {
        return "< 0.01 h".to_owned();
    }
    format!("{} h", format::tick((hours * 100.0).round() / 100.0))
}

fn samples(one: &ModelInTraining) -> SaidText {
    match one.data.as_ref() {
        None => SaidText::nothing(),
        Some(data) => data.samples.map_or_else(
            || SaidText::unknown("the file could not be read to its end"),
            |samples| SaidText::measured(format::count(samples)),
        ),
    }
}

/// When something that runs, or does not, ends.
fn end(estimate: Option<Estimate>, is_running: bool) -> End {
    End {
        at: estimate.map(|end| end.at.into()),
        range: estimate
            .and_then(|end| end.range)
            .map(|(from, to)| (from.into(), to.into())),
        why: match (estimate, is_running) {
            (None, true) => "too little was measured, or a program does not say how far it is",
            _ => "",
        },
    }
}

/// Where the card of a model is that has so many before it.
fn card_address(one: &ModelInTraining, place: u64) -> String {
    let page = match place / CARDS {
        0 => String::new(),
        before => format!("?page={}", before + 1),
    };
    format!(
        "{}{page}#card-{}",
        paths::TRAINING_MODELS,
        hashed(&one.model.key)
    )
}

/// What stands for a key in ids.
fn hashed(key: &str) -> String {
    cupola_domain::text::hex(&Sha256::digest(key.as_bytes())[..6])
}

fn empty() -> EmptyState {
    EmptyState::new(
        "No models are trained yet",
        "Say in the configuration which models you train, or tag an experiment with `model` and the \
         model's key: its runs then show here.",
    )
    .with_action("Make an experiment", paths::NEW_EXPERIMENT)
    .with_command("cupola up --config examples/afs.toml")
}
