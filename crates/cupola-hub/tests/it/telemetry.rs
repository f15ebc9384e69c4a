//! Telemetry: samples are taken once and dated by the hub, the fleet is known by heart, and what is
//! known by heart is what the store has.

use std::time::Duration;

use cupola_domain::{
    ids::{RunId, WorkerId},
    metric::Throughput,
    telemetry::{GpuQuantity, Quantity, SAMPLES_MAX, Sample, Values},
};
use cupola_hub::{
    HubError,
    charts::Shown,
    telemetry::{FleetTelemetry, Measure},
    work::Report,
};

use crate::support::{TestHub, TestWorker, completed, finish, start};

const CPU: Quantity = Quantity::CpuPercent;

fn sample(number: i64, age_secs: u64, value: f64) -> Sample {
    Sample {
        number,
        age: Duration::from_secs(age_secs),
        values: Values::from([(CPU, value)]),
    }
}

fn tell(hub: &TestHub, worker: &TestWorker, samples: &[Sample]) -> Result<Duration, HubError> {
    hub.take_telemetry(hub.token, worker.id(), &worker.session, samples.to_vec())
}

/// Seconds since the worker joined, and values.
fn points(hub: &TestHub, worker: WorkerId, name: &str) -> Vec<(i64, f64)> {
    let shown = Shown {
        columns: 1_000,
        ..Shown::default()
    };
    let (points, _) = hub.series_points(worker, name, shown, None).unwrap();
    let joined = hub.worker_detail(worker).unwrap().row.worker.registered_at;
    points
        .iter()
        .map(|point| ((point.time_millis - joined.millis()) / 1000, point.value))
        .collect()
}

#[test]
fn a_sample_is_taken_once_however_often_and_in_whatever_order_it_comes() {
    let hub = TestHub::new();
    let worker = hub.join("w");
    hub.world.advance(Duration::from_secs(10));
    tell(&hub, &worker, &[sample(0, 5, 10.0), sample(1, 0, 20.0)]).unwrap();
    // The same again, older now, and with the next.
    hub.world.advance(Duration::from_secs(5));
    let again = [sample(0, 10, 10.0), sample(1, 5, 20.0), sample(2, 0, 30.0)];
    tell(&hub, &worker, &again).unwrap();
    // The first report was only late.
    tell(&hub, &worker, &[sample(0, 5, 10.0), sample(1, 0, 20.0)]).unwrap();
    let expected = [(5, 10.0), (10, 20.0), (15, 30.0)];
    assert_eq!(points(&hub, worker.id(), "cpu.percent"), expected);
}

#[test]
fn samples_that_were_given_up_leave_a_gap_and_nothing_else() {
    let hub = TestHub::new();
    let worker = hub.join("w");
    hub.world.advance(Duration::from_secs(100));
    tell(&hub, &worker, &[sample(0, 0, 1.0)]).unwrap();
    hub.world.advance(Duration::from_hours(1));
    // In one report they come in any order.
    tell(&hub, &worker, &[sample(701, 0, 3.0), sample(700, 5, 2.0)]).unwrap();
    let expected = [(100, 1.0), (3_695, 2.0), (3_700, 3.0)];
    assert_eq!(points(&hub, worker.id(), "cpu.percent"), expected);
}

#[test]
fn clocks_that_jump_do_not_bring_points_out_of_order() {
    let hub = TestHub::new();
    let worker = hub.join("w");
    hub.world.advance(Duration::from_secs(50));
    tell(&hub, &worker, &[sample(0, 0, 1.0)]).unwrap();
    // The worker's clock jumped between two samples; then the hub's own goes back an hour.
    tell(&hub, &worker, &[sample(1, 3_000, 2.0), sample(2, 0, 3.0)]).unwrap();
    hub.world.jump(-3_600_000);
    tell(&hub, &worker, &[sample(3, 0, 4.0)]).unwrap();
    let read = points(&hub, worker.id(), "cpu.percent");
    assert!(read.is_sorted_by_key(|(at, _)| *at), "{read:?}");
    let values: Vec<f64> = read.iter().map(|(_, value)| *value).collect();
    assert_eq!(values, [1.0, 2.0, 3.0, 4.0]);
}

#[test]
fn a_new_start_of_the_agent_counts_anew_and_the_old_one_is_refused() {
    let hub = TestHub::new();
    let mut worker = hub.join("w");
    hub.world.advance(Duration::from_secs(5));
    tell(&hub, &worker, &[sample(7, 0, 1.0)]).unwrap();
    let before = worker.clone();
    hub.world.advance(Duration::from_secs(5));
    worker.start(&hub);
    tell(&hub, &worker, &[sample(0, 0, 2.0)]).unwrap();
    let late = tell(&hub, &before, &[sample(8, 0, 9.0)]).unwrap_err();
    assert!(matches!(late, HubError::Conflict(_)), "{late:?}");
    let expected = [(5, 1.0), (10, 2.0)];
    assert_eq!(points(&hub, worker.id(), "cpu.percent"), expected);
}

#[test]
fn too_many_samples_at_once_are_refused_and_change_nothing() {
    let hub = TestHub::new();
    let worker = hub.join("w");
    let many: Vec<_> = (0..=SAMPLES_MAX)
        .map(|n| sample(i64::try_from(n).unwrap(), 0, 1.0))
        .collect();
    let refused = tell(&hub, &worker, &many).unwrap_err();
    assert!(matches!(refused, HubError::Invalid(_)), "{refused:?}");
    assert!(hub.fleet().workers.is_empty());
    tell(&hub, &worker, &many[1..]).unwrap();
}

/// An hour of two workers, one of which has a graphics processor.
fn busy_hub() -> (TestHub, [TestWorker; 2]) {
    let hub = TestHub::new();
    let workers = [hub.join("a"), hub.join("b")];
    measure(&hub, &workers, 0..120);
    (hub, workers)
}

/// Twice a minute each worker tells what it measures.
fn measure(hub: &TestHub, workers: &[TestWorker; 2], numbers: std::ops::Range<u32>) {
    for n in numbers {
        hub.world.advance(Duration::from_secs(30));
        for (at, worker) in workers.iter().enumerate() {
            let mut sample = sample(i64::from(n), 0, f64::from(n % 50));
            if at == 1 {
                let gpu = Quantity::Gpu(0, GpuQuantity::Watts);
                sample
                    .values
                    .extend([(gpu, 200.0), (Quantity::CpuWatts, 50.0)]);
            }
            tell(hub, worker, &[sample]).unwrap();
        }
    }
}

/// What is told of each bucket, as far as another hub could not compute it otherwise.
fn told(fleet: &FleetTelemetry) -> Vec<(i64, u32, Option<f64>, Option<f64>)> {
    let bucket = |bucket: &cupola_hub::telemetry::Bucket| {
        let cpu = bucket.spread(Measure::CpuPercent);
        let rounded = |value: f64| (value * 1e6).round();
        (
            bucket.from.millis(),
            bucket.workers,
            cpu.map(|cpu| rounded(cpu.mean)),
            bucket.watts_of_all().map(rounded),
        )
    };
    fleet.buckets.iter().map(bucket).collect()
}

#[test]
fn a_hub_that_opens_again_knows_the_fleet_as_before() {
    let (mut hub, workers) = busy_hub();
    let before = hub.fleet();
    assert!(before.buckets.len() > 12, "{}", before.buckets.len());
    assert_eq!(before.workers.len(), 2);
    hub.restart();
    let after = hub.fleet();
    assert_eq!(told(&after), told(&before));
    assert_eq!(after.workers, before.workers);
    hub.remove_worker(workers[0].id()).unwrap();
    assert_eq!(hub.fleet().workers.len(), 1);
    hub.restart();
    assert_eq!(hub.fleet().workers.len(), 1);
    assert_eq!(told(&hub.fleet()), told(&before));
}

#[test]
fn energy_is_the_sum_of_what_tells_its_power() {
    let (hub, workers) = busy_hub();
    hub.submit(2);
    let runs = workers.each_ref().map(|worker| {
        let order = worker.take(&hub);
        start(&hub, &order).unwrap();
        order.run.id
    });
    measure(&hub, &workers, 120..180);
    let of = |run: RunId| hub.run_hardware(run).unwrap().watt_hours;
    assert_eq!(of(runs[0]), None, "nothing tells its power");
    let energy = of(runs[1]).unwrap();
    assert!((energy - 125.0).abs() < 1e-6, "{energy}");
    // Nobody measured most of the time.
    hub.world.advance(Duration::from_hours(9));
    assert_eq!(of(runs[1]), None);
}

#[test]
fn a_run_has_what_its_machine_did_meanwhile_and_what_its_program_says_of_its_speed() {
    let hub = TestHub::new();
    hub.submit(1);
    let worker = hub.join("w");
    hub.world.advance(Duration::from_mins(1));
    tell(&hub, &worker, &[sample(0, 0, 99.0)]).unwrap();
    let order = worker.take(&hub);
    let waiting = hub.run_hardware(order.run.id).unwrap();
    assert_eq!((waiting.span, waiting.quantities.len()), (None, 0));
    hub.world.advance(Duration::from_secs(5));
    start(&hub, &order).unwrap();
    for (number, value) in [(1, 20.0), (2, 40.0)] {
        hub.world.advance(Duration::from_secs(5));
        tell(&hub, &worker, &[sample(number, 0, value)]).unwrap();
    }
    let point = |value: f64| cupola_domain::metric::Point {
        step: 1,
        time_millis: hub.now().millis(),
        value,
    };
    let metrics = vec![
        ("eval/samples_per_second".to_owned(), vec![point(9.0)]),
        ("train/tokens_per_second".to_owned(), vec![point(512.5)]),
    ];
    let report = Report {
        metrics,
        ..Report::default()
    };
    hub.take_report(hub.token, order.run.id, order.lease, report)
        .unwrap();
    finish(&hub, &order, completed(1.0)).unwrap();
    hub.world.advance(Duration::from_secs(30));
    tell(&hub, &worker, &[sample(3, 0, 1.0)]).unwrap();

    let found = hub.run_hardware(order.run.id).unwrap();
    assert_eq!(found.worker, Some(worker.id()));
    let [(CPU, cpu)] = found.quantities.as_slice() else {
        panic!("{:?}", found.quantities);
    };
    assert_eq!((cpu.count, cpu.min, cpu.max), (2, 20.0, 40.0));
    assert_eq!(found.watt_hours, None);
    let speed = found.speed.unwrap();
    assert_eq!((speed.of, speed.per_second), (Throughput::Tokens, 512.5));
}
