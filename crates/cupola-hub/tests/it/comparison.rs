//! Any runs held against each other.

use std::time::Duration;

use cupola_domain::{
    experiment::{Experiment, Origin},
    ids::{ExperimentId, Ids, RunId},
    metric::Point,
    objective::Direction,
    provenance::Provenance,
    run::Outcome,
};
use cupola_hub::{
    HubError,
    charts::Across,
    comparison::{Compared, DirectionFrom, Overlay, OverlayAsked, Question, Selection, Verdict},
    logged::{LoggedBatch, NewLogged},
};
use serde_json::json;

use crate::support::{TestHub, completed, finish};

fn experiment(hub: &TestHub, name: &str) -> Experiment {
    hub.create_logged_experiment(name, Origin::Workspace, "mlflow", Vec::new(), "ada")
        .unwrap()
}

/// A run with these parameters, whose loss is `values` at steps 0, 1, …
fn logged(hub: &TestHub, of: &Experiment, params: &str, values: &[f64]) -> RunId {
    simulated_or_not(hub, of, params, values, Provenance::Measured)
}

fn simulated_or_not(
    hub: &TestHub,
    of: &Experiment,
    params: &str,
    values: &[f64],
    provenance: Provenance,
) -> RunId {
    let pairs = params.split_whitespace().filter_map(|p| p.split_once('='));
    let new = NewLogged {
        experiment: of.id,
        name: String::new(),
        started_at: None,
        params: pairs.map(|(k, v)| (k.to_owned(), v.to_owned())).collect(),
        tags: vec![("team".to_owned(), "a".to_owned())],
        provenance,
    };
    let run = hub.open_logged_run(new).unwrap().id;
    let start = hub.now().millis();
    let point = |(step, value): (i64, &f64)| Point {
        step,
        time_millis: start + step * 1000,
        value: *value,
    };
    let points: Vec<Point> = (0..).zip(values).map(point).collect();
    let batch = LoggedBatch {
        points: vec![("loss".to_owned(), points)],
        ..LoggedBatch::default()
    };
    hub.log_to_run(run, batch).unwrap();
    hub.close_logged_run(run, Outcome::Completed, None).unwrap();
    hub.world.advance(Duration::from_secs(5));
    run
}

fn whole(id: ExperimentId) -> Selection {
    Selection {
        experiments: vec![id],
        ..Selection::default()
    }
}

fn named(runs: &[RunId]) -> Selection {
    Selection {
        runs: runs.to_vec(),
        ..Selection::default()
    }
}

fn by(column: &str) -> Question {
    Question {
        by: vec![column.parse().unwrap()],
        ..Question::default()
    }
}

/// Two learning rates over four seeds each; the larger is better.
fn study(hub: &TestHub) -> Experiment {
    let of = experiment(hub, "study");
    for (seed, noise) in [(1, 0.0), (2, 0.1), (3, 0.05), (4, -0.05)] {
        for (lr, loss) in [("0.1", 1.0), ("0.01", 2.0)] {
            let params = format!("lr={lr} seed={seed} depth=3");
            logged(hub, &of, &params, &[9.0, loss + noise]);
        }
    }
    of
}

fn verdict(found: &Compared) -> Verdict {
    found.finding.pair.as_ref().unwrap().comparison.verdict
}

#[test]
fn two_groups_of_seeds_are_told_apart() {
    let hub = TestHub::new();
    let of = study(&hub);
    let found = hub.comparison(&whole(of.id), &by("params.lr")).unwrap();
    let labels: Vec<&str> = found
        .grouping
        .groups
        .iter()
        .map(|g| g.label.as_str())
        .collect();
    assert_eq!(labels, ["lr 0.01", "lr 0.1"]);
    assert_eq!(found.metric.as_ref().unwrap().to_string(), "metrics.loss");
    assert_eq!(found.direction_from, DirectionFrom::Name);
    assert_eq!(verdict(&found), Verdict::BBetter);
    assert_eq!(found.finding.groups[1].count, 4);
    assert_eq!(found.runs[found.finding.best.unwrap()].params["lr"], "0.1");

    let upwards = Question {
        direction: Some(Direction::Maximize),
        a: "lr 0.1".to_owned(),
        ..by("params.lr")
    };
    let found = hub.comparison(&whole(of.id), &upwards).unwrap();
    let pair = found.finding.pair.as_ref().unwrap();
    assert_eq!((pair.a, pair.b, verdict(&found)), (1, 0, Verdict::BBetter));
}

#[test]
fn what_made_the_difference_is_named_first_and_seeds_are_noise() {
    let hub = TestHub::new();
    let of = study(&hub);
    let found = hub.comparison(&whole(of.id), &Question::default()).unwrap();
    let importance = &found.finding.importance;
    let names: Vec<&str> = importance
        .parameters
        .iter()
        .map(|p| p.parameter.as_str())
        .collect();
    assert_eq!((names, importance.count), (vec!["lr"], 8));
    assert_eq!(found.names.params, ["depth", "lr", "seed"]);
    assert_eq!(
        (found.names.metrics, found.names.tags),
        (vec!["loss".to_owned()], vec!["team".to_owned()])
    );
}

#[test]
fn one_run_in_a_group_needs_another() {
    let hub = TestHub::new();
    let of = experiment(&hub, "pair");
    let runs = [
        logged(&hub, &of, "lr=1", &[1.0]),
        logged(&hub, &of, "lr=2", &[2.0]),
    ];
    let found = hub.comparison(&named(&runs), &by("params.lr")).unwrap();
    let missing = Verdict::Undecided {
        more_seeds: Some(1),
    };
    assert_eq!(verdict(&found), missing);
}

#[test]
fn what_diverged_or_was_made_up_never_counts() {
    let hub = TestHub::new();
    let of = experiment(&hub, "mixed");
    logged(&hub, &of, "lr=1", &[1.0]);
    logged(&hub, &of, "lr=1", &[f64::NAN]);
    simulated_or_not(&hub, &of, "lr=1", &[-9.0], Provenance::Simulated);
    let found = hub.comparison(&whole(of.id), &by("params.lr")).unwrap();
    let finding = &found.finding;
    let counts = (finding.counted, finding.not_finite, finding.not_measured);
    assert_eq!((counts, finding.best), ((1, 1, 1), Some(0)));
    assert_eq!((finding.groups[0].count, finding.pair.is_none()), (1, true));
}

#[test]
fn what_nobody_has_is_no_mistake() {
    let hub = TestHub::new();
    let of = study(&hub);
    let mut ids = Ids::new(9);
    let nobody: RunId = ids.next(hub.now());
    let selection = Selection {
        runs: vec![nobody],
        ..whole(of.id)
    };
    let question = Question {
        metric: Some("metrics.<b>nobody</b>".parse().unwrap()),
        a: "lr 7".to_owned(),
        ..by("tags.nothing")
    };
    let found = hub.comparison(&selection, &question).unwrap();
    assert_eq!(
        (found.missing, found.total, found.runs.len()),
        (vec![nobody], 8, 8)
    );
    assert_eq!(found.grouping.groups[0].label, "no nothing");
    assert_eq!((found.finding.counted, found.finding.pair), (0, None));
    let nothing = hub
        .comparison(&Selection::default(), &Question::default())
        .unwrap();
    assert_eq!((nothing.runs.len(), nothing.metric), (0, None));
}

#[test]
fn too_much_is_refused_and_an_unknown_experiment_not_found() {
    let hub = TestHub::new();
    let mut ids = Ids::new(9);
    let many: Vec<RunId> = (0..1001).map(|_| ids.next(hub.now())).collect();
    match hub.comparison(&named(&many), &Question::default()) {
        Err(HubError::Invalid(errors)) => assert_eq!(errors[0].field, "runs"),
        other => panic!("{other:?}"),
    }
    let found = hub
        .comparison(&named(&many[1..]), &Question::default())
        .unwrap();
    assert_eq!((found.missing.len(), found.total), (1000, 0));
    let nobody = whole(ids.next(hub.now()));
    let refused = hub.comparison(&nobody, &Question::default());
    assert!(matches!(refused, Err(HubError::NotFound { .. })));
}

#[test]
fn a_run_counts_once_and_its_task_only_by_the_run_that_counts() {
    let hub = TestHub::new();
    let family = hub.submit(2);
    let order = hub.join("w").take(&hub);
    finish(&hub, &order, completed(3.5)).unwrap();
    let selection = Selection {
        runs: vec![order.run.id, order.run.id],
        ..whole(family)
    };
    let found = hub.comparison(&selection, &Question::default()).unwrap();
    assert_eq!((found.runs.len(), found.total), (2, 2));
    assert_eq!(found.metric.as_ref().unwrap().to_string(), "objective");
    assert_eq!(found.direction_from, DirectionFrom::Said);
    assert_eq!((found.finding.best, found.finding.counted), (Some(0), 1));
    assert_eq!(found.runs[0].results["val_bpb"], json!(3.5));
}

#[test]
fn a_filter_chooses_runs_of_one_experiment_or_of_all() {
    let hub = TestHub::new();
    let (of, other) = (study(&hub), experiment(&hub, "other"));
    let elsewhere = logged(&hub, &other, "lr=0.1", &[1.0]);
    let check = |experiments: &[ExperimentId], runs: &[RunId], filter: &str, expected: usize| {
        let selection = Selection {
            runs: runs.to_vec(),
            experiments: experiments.to_vec(),
            filter: cupola_search::filter::Filter::parse(filter).unwrap(),
        };
        let found = hub.comparison(&selection, &Question::default()).unwrap();
        assert_eq!(
            (found.runs.len(), found.total),
            (expected, expected as u64),
            "{filter}"
        );
    };
    check(&[], &[], "params.lr = 0.1", 5);
    check(&[of.id], &[], "params.lr = 0.1", 4);
    check(&[of.id], &[elsewhere], "params.lr = 0.1", 5);
    check(&[], &[elsewhere], "params.lr = 0.1", 5);
    check(&[], &[], "metrics.loss < 0", 0);
}

#[test]
fn of_very_many_runs_the_first_are_compared() {
    let hub = TestHub::new();
    let family = hub.submit(10_500);
    while cupola_hub::loops::campaigns::tick(&hub).unwrap() > 0 {}
    let found = hub.comparison(&whole(family), &by("params.lr_schedule"));
    let found = found.unwrap();
    assert_eq!((found.runs.len(), found.total), (10_000, 10_500));
    let grouped: usize = found.grouping.groups.iter().map(|g| g.members.len()).sum();
    assert_eq!((grouped, found.finding.counted), (10_000, 0));
    let seeds = hub.comparison(&whole(family), &by("seed")).unwrap();
    let counts = (seeds.grouping.groups.len(), seeds.grouping.omitted);
    assert_eq!(counts, (100, 9_900));
    assert_eq!(
        overlay(&hub, &whole(family), OverlayAsked::default()).omitted,
        9_500
    );
}

fn overlay(hub: &TestHub, selection: &Selection, asked: OverlayAsked) -> Overlay {
    hub.overlay(selection, &asked).unwrap()
}

#[test]
fn curves_lie_on_the_same_columns_with_a_band_for_each_group() {
    let hub = TestHub::new();
    let of = study(&hub);
    let asked = OverlayAsked {
        columns: 100,
        by: by("params.lr").by,
        ..OverlayAsked::default()
    };
    let found = overlay(&hub, &whole(of.id), asked);
    assert_eq!((found.series.as_str(), &found.x[..]), ("loss", &[0, 1][..]));
    assert_eq!(
        (found.curves.len(), found.undrawn, found.without),
        (8, 0, 0)
    );
    assert_eq!(found.curves[0].aligned.mean, [Some(9.0), Some(1.0)]);
    let (label, band) = &found.bands[0];
    assert_eq!((label.as_str(), &band.count[..]), ("lr 0.01", &[4, 4][..]));
    assert!((band.mean[1].unwrap() - 2.025).abs() < 1e-12);
    assert!(band.low[1].unwrap() < 2.0 && band.high[1].unwrap() > 2.05);
}

#[test]
fn relative_time_begins_with_each_run_and_a_window_cuts() {
    let hub = TestHub::new();
    let of = study(&hub);
    let asked = OverlayAsked {
        axis: Across::Relative,
        columns: 2000,
        ..OverlayAsked::default()
    };
    let found = overlay(&hub, &whole(of.id), asked);
    assert_eq!((found.x[0], found.x.len()), (0, 600));
    let ends = |curve: &cupola_hub::comparison::Curve| {
        let mean = &curve.aligned.mean;
        (mean[0], mean[599].is_some())
    };
    assert!(found.curves.iter().all(|c| ends(c) == (Some(9.0), true)));
    assert_eq!(found.bands.len(), 1);

    let window = OverlayAsked {
        from: Some(1),
        to: Some(1),
        columns: 100,
        ..OverlayAsked::default()
    };
    assert_eq!(overlay(&hub, &whole(of.id), window).x, [1]);
}

#[test]
fn runs_without_the_series_are_counted() {
    let hub = TestHub::new();
    let of = study(&hub);
    let asked = OverlayAsked {
        series: "nobody has it".to_owned(),
        columns: 10,
        ..OverlayAsked::default()
    };
    let found = overlay(&hub, &whole(of.id), asked);
    assert_eq!((found.without, found.curves.len()), (8, 0));
    let nothing = overlay(&hub, &Selection::default(), OverlayAsked::default());
    assert_eq!((nothing.without, nothing.x.len()), (0, 0));
}

#[test]
fn many_curves_are_all_in_the_band_but_not_all_drawn() {
    let hub = TestHub::new();
    let of = experiment(&hub, "many");
    for seed in 0..120 {
        logged(&hub, &of, &format!("seed={seed}"), &[1.0, f64::from(seed)]);
    }
    let asked = OverlayAsked {
        columns: 10,
        ..OverlayAsked::default()
    };
    let found = overlay(&hub, &whole(of.id), asked);
    assert_eq!((found.curves.len(), found.undrawn), (60, 60));
    assert_eq!(found.bands[0].1.count, [120, 120]);
    assert_eq!(found.bands[0].1.mean[1], Some(59.5));
}

/// What matters in a family is what its page says of each parameter, in the same ranges.
#[test]
fn what_matters_in_a_family_is_what_its_page_says() {
    let hub = TestHub::new();
    let id = hub.submit(40);
    let worker = hub.join("laptop");
    for n in 0..10 {
        let order = worker.take(&hub);
        finish(&hub, &order, completed(f64::from(n * 7 % 11))).unwrap();
    }
    let (metric, found) = hub.importance(id).unwrap();
    assert_eq!((metric.as_str(), found.count), ("val_bpb", 10));
    let detail = hub.family_detail(id).unwrap();
    let shown = detail.analysis.factors.iter();
    let varying: Vec<_> = shown.filter(|one| one.levels.len() > 1).collect();
    assert_eq!(found.parameters.len(), varying.len());
    for factor in varying {
        let mut same = found.parameters.iter();
        let one = same.find(|one| one.parameter == factor.parameter).unwrap();
        assert_eq!(
            (one.levels, one.alone),
            (factor.levels.len(), factor.effect)
        );
    }
    // A continuous one is told by its ranges, though no two runs have the same value.
    let rate = found.parameters.iter().find(|one| one.parameter == "lr");
    assert!(rate.is_some_and(|one| one.alone.is_some()), "{found:?}");
    // Another result is not passed over.
    finish(&hub, &worker.take(&hub), completed(100.0)).unwrap();
    assert_eq!(hub.importance(id).unwrap().1.count, 11);
}

#[test]
fn what_matters_in_runs_that_were_logged_is_said_too() {
    let hub = TestHub::new();
    let of = experiment(&hub, "sweep");
    for n in 0..8 {
        let params = format!("lr={} wd=0.1", n % 2);
        logged(&hub, &of, &params, &[f64::from(n % 2)]);
    }
    let (metric, found) = hub.importance(of.id).unwrap();
    assert_eq!((metric.as_str(), found.parameters.len()), ("loss", 1));
    assert_eq!(found.parameters[0].parameter, "lr");
}
