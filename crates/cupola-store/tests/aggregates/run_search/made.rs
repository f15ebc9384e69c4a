//! Runs of all kinds in a store, with what is known of each; and queries about them.

use std::{collections::BTreeMap, time::Duration};

use cupola_domain::{
    experiment::{Experiment, Origin},
    ids::{ExperimentId, RunId},
    metric::Point,
    run::{Failure, Lease, Outcome, Run, RunState},
};
use cupola_search::filter::{
    Attribute, Comparison, Field, Filter, Literal, Order, Relation, Statistic, Test,
};
use cupola_store::{
    StoreError, Tx, code, experiments, params,
    run_search::{self, Effort, Page, Query},
    runs, series, tags, tasks,
};
use cupola_testkit::Database;
use proptest::prelude::*;

use super::super::rows::{Sample, at};

/// What is known of a run without asking a database.
pub(super) struct Facts {
    pub(super) run: Run,
    pub(super) experiment: String,
    pub(super) task_number: u32,
    pub(super) seed: i64,
    pub(super) params: BTreeMap<String, String>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) metrics: BTreeMap<String, Vec<f64>>,
}

pub(super) struct Scene {
    sample: Sample,
    pub(super) facts: Vec<Facts>,
    pub(super) other: ExperimentId,
}

impl Scene {
    /// Fifty runs that differ in all that can be asked for.
    pub(super) fn new(database: &Database) -> Self {
        let mut scene = Self::empty(database);
        for number in 0..50 {
            let mut facts = scene.run(number);
            varied(&mut facts, number);
            scene.add(facts);
        }
        scene
    }

    /// Runs with these parameters, and with these values of the metric `m`.
    pub(super) fn with(
        database: &Database,
        params: &[&[(&str, &str)]],
        metrics: &[&[f64]],
    ) -> Self {
        let mut scene = Self::empty(database);
        for (number, params) in params.iter().enumerate() {
            let mut facts = scene.run(number);
            facts.params = owned(params);
            if let Some(values) = metrics.get(number).filter(|values| !values.is_empty()) {
                facts.metrics.insert("m".to_owned(), values.to_vec());
            }
            scene.add(facts);
        }
        scene
    }

    pub(super) fn list(&self, query: &Query, effort: Effort) -> Page {
        let query = query.clone();
        self.read(move |tx| run_search::list(tx, &query, effort))
    }

    pub(super) fn read<T: Send + 'static>(
        &self,
        closure: impl FnOnce(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        self.sample.read(closure)
    }

    pub(super) fn number(&self, id: RunId) -> usize {
        let number = self.facts.iter().position(|facts| facts.run.id == id);
        number.unwrap()
    }

    pub(super) fn delete_family(&self) {
        let id = self.sample.family.id;
        self.sample
            .write(move |tx| experiments::save_deleted(tx, id, at(9)));
    }

    /// The sample without its own runs, with a second experiment.
    fn empty(database: &Database) -> Self {
        let mut sample = Sample::new(database);
        let family = sample.family.clone();
        let other = Experiment {
            id: sample.ids.next(at(1)),
            name: "other".to_owned(),
            origin: Origin::Manual,
            ..family
        };
        let id = other.id;
        sample.write(move |tx| {
            let needs = code::needs_id(tx, &other.needs)?;
            experiments::insert(tx, &other, needs)?;
            while tasks::delete_some(tx, family.id, 10)? > 0 {}
            Ok(())
        });
        Self {
            sample,
            facts: Vec::new(),
            other: id,
        }
    }

    fn run(&mut self, number: usize) -> Facts {
        let made = at(10 + i64::try_from(number).unwrap());
        let sample = &mut self.sample;
        let run = Run {
            id: sample.ids.next(made),
            task: sample.ids.next(made),
            created_at: made,
            ..sample.runs[0].clone()
        };
        Facts {
            run,
            experiment: sample.family.name.clone(),
            task_number: u32::try_from(number).unwrap(),
            seed: i64::try_from(number % 3).unwrap(),
            params: BTreeMap::new(),
            tags: BTreeMap::new(),
            metrics: BTreeMap::new(),
        }
    }

    fn add(&mut self, mut facts: Facts) {
        if facts.experiment == "other" {
            facts.run.experiment = self.other;
        }
        let mut task = self.sample.tasks[0].clone();
        task.id = facts.run.task;
        task.run = facts.run.id;
        task.experiment = facts.run.experiment;
        task.number = facts.task_number;
        task.seed = facts.seed;
        let (run, needs) = (facts.run.clone(), self.sample.family.needs.clone());
        let (said, noted) = (pairs(&facts.params), pairs(&facts.tags));
        let metrics = facts.metrics.clone();
        self.sample.write(move |tx| {
            let needs = code::needs_id(tx, &needs)?;
            tasks::insert(tx, &task, needs)?;
            let pending = Run {
                state: RunState::Pending,
                ..run.clone()
            };
            runs::insert(tx, &pending)?;
            runs::save(tx, &run, &RunState::Pending)?;
            params::save(tx, run.id, &said)?;
            tags::save(tx, run.id, &noted)?;
            for (name, values) in &metrics {
                let points = (0..).zip(values).map(|(step, value)| Point {
                    step,
                    time_millis: 0,
                    value: *value,
                });
                let points: Vec<_> = points.collect();
                series::append(tx, run.id, name, &points)?;
            }
            Ok(())
        });
        self.facts.push(facts);
    }
}

/// Values that meet, by small periods that have no common factor.
fn varied(facts: &mut Facts, number: usize) {
    let of = |options: &[&str], by: usize| options[(number / by) % options.len()].to_owned();
    facts.experiment = match number % 7 {
        0 => "other".to_owned(),
        _ => facts.experiment.clone(),
    };
    facts.run.name = of(&["", "Fast run", "slow", "100%_x"], 1);
    let lease = Lease {
        worker: facts.run.id.to_string().parse().unwrap(),
        epoch: 0,
    };
    let started = at(1000 - i64::try_from(number % 11).unwrap());
    let finished = at(2000 + i64::try_from(number % 5).unwrap());
    let ended = |outcome| RunState::Finished {
        outcome,
        finished_at: finished,
    };
    facts.run.state = match number % 6 {
        0 => RunState::Pending,
        1 => RunState::Running {
            lease,
            started_at: started,
        },
        2 => RunState::Lost {
            lease,
            lost_at: finished,
        },
        3 => ended(Outcome::Completed),
        4 => ended(Outcome::Failed(Failure::TimedOut)),
        _ => ended(Outcome::Cancelled),
    };
    if !number.is_multiple_of(6) {
        facts.run.started_at = Some(started);
    }
    if number % 6 > 2 {
        facts.run.finished_at = Some(finished);
        facts.run.wall_time = (number.is_multiple_of(2)).then(|| Duration::from_millis(1500));
    }
    for (key, value) in [
        ("a", of(&["1", "1.0", "adam", "Adam", "-3", "1e2", ""], 1)),
        ("b", of(&["0.5", "x*y[", "0.25"], 3)),
    ] {
        if !(number + key.len()).is_multiple_of(5) {
            facts.params.insert(key.to_owned(), value);
        }
    }
    if !number.is_multiple_of(4) {
        facts.tags.insert("t".to_owned(), of(&["u", "V", "1"], 2));
    }
    let values = [
        0.5,
        f64::NAN,
        -1.0,
        f64::INFINITY,
        0.5,
        f64::NEG_INFINITY,
        7.0,
    ];
    for (name, by) in [("m", 1), ("n", 5)] {
        if !(number + by).is_multiple_of(6) {
            let last = values[(number / by) % values.len()];
            facts.metrics.insert(name.to_owned(), vec![1.0, last]);
        }
    }
}

fn owned(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = pairs
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    owned.collect()
}

fn pairs(map: &BTreeMap<String, String>) -> Vec<(String, String)> {
    map.iter().map(|(k, v)| (k.clone(), v.clone())).collect()
}

/// Queries about the scene's runs.
pub(super) fn queries(scene: &Scene) -> impl Strategy<Value = Query> + use<> {
    let other = scene.other;
    let experiments = prop_oneof![3 => Just(vec![]), 1 => Just(vec![other])];
    let order = (field(), any::<bool>()).prop_map(|(field, is_descending)| Order {
        field,
        is_descending,
    });
    (
        experiments,
        prop::option::weighted(0.9, filter()),
        prop::collection::vec(order, 0..3),
        0..12_i64,
        prop_oneof![2 => Just(0_i64), 1 => 0..60_i64],
    )
        .prop_map(|(experiments, filter, order, limit, offset)| Query {
            experiments,
            filter,
            order,
            limit,
            offset,
            ..Query::default()
        })
}

fn field() -> impl Strategy<Value = Field> {
    let statistic = prop::sample::select(vec![Statistic::Last, Statistic::Min, Statistic::Max]);
    let param = prop::sample::select(vec!["a", "b", "none"]);
    let metric = prop::sample::select(vec!["m", "n", "none"]);
    prop_oneof![
        param.prop_map(|key| Field::Param(key.to_owned())),
        (metric, statistic).prop_map(|(name, of)| Field::Metric(name.to_owned(), of)),
        Just(Field::Tag("t".to_owned())),
        prop::sample::select(Attribute::ALL.to_vec()).prop_map(Field::Attribute),
    ]
}

fn literal() -> impl Strategy<Value = Literal> {
    let numbers = vec![0.0, 0.5, 1.0, -1.0, 7.0, 100.0, 1.5, 2.0, 10.0];
    let texts = vec![
        "1",
        "1.0",
        "adam",
        "x*y[",
        "",
        "u",
        "Fast run",
        "slow",
        "other",
        "timed_out",
        "pending",
        "running",
        "completed",
        "failed",
        "cancelled",
    ];
    let times = (0..2100_i32).prop_map(|secs| {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of this century")]
        let millis = at(i64::from(secs)).millis() as f64;
        Literal::Number(millis)
    });
    prop_oneof![
        prop::sample::select(numbers).prop_map(Literal::Number),
        prop::sample::select(texts).prop_map(|text| Literal::Text(text.to_owned())),
        times,
    ]
}

fn test() -> impl Strategy<Value = Test> {
    let relation = prop::sample::select(Relation::ALL.to_vec());
    let patterns = vec!["%", "a%", "%A%", "_dam", "x*%", "%[", "1__", "100%"];
    let parts = vec!["a", "AM", "%", "_", "*", "run"];
    prop_oneof![
        4 => (relation, literal()).prop_map(|(relation, value)| Test::Is(relation, value)),
        2 => prop::collection::vec(literal(), 1..4).prop_map(Test::In),
        1 => prop::sample::select(parts).prop_map(|text| Test::Contains(text.to_owned())),
        1 => (prop::sample::select(patterns), any::<bool>()).prop_map(|(pattern, ignores_case)| {
            Test::Like { pattern: pattern.to_owned(), ignores_case }
        }),
        1 => Just(Test::Missing),
    ]
}

fn filter() -> impl Strategy<Value = Filter> {
    let comparison = (field(), test()).prop_filter_map("types", |(field, test)| {
        Comparison::new(field, test).ok().map(Filter::Compare)
    });
    comparison.prop_recursive(3, 12, 3, |inner| {
        let parts = prop::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            parts.clone().prop_map(Filter::And),
            parts.prop_map(Filter::Or),
            inner.prop_map(|inner| Filter::Not(Box::new(inner))),
        ]
    })
}
