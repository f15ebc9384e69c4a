//! What the machine of a run did meanwhile.

use askama::Template;
use cupola_domain::{
    ids::{RunId, WorkerId},
    telemetry::{GpuQuantity, Quantity},
    time::Timestamp,
};
use cupola_hub::{series::Summary, telemetry::RunHardware};

use crate::ui::{
    components::{Along, Link, RunCurve, RunCurves, html_safe},
    format, paths,
};

/// What the machine of a run did meanwhile.
#[derive(Debug, Clone, Template)]
#[template(path = "runs/_hardware.html")]
pub struct Hardware {
    /// `run:ID`, and while it runs also what is measured of its worker and said by its program.
    pub key: String,
    /// `/runs/{id}/hardware`.
    pub src: String,
    /// Whether a worker has or had it: else there is nothing to show.
    pub is_shown: bool,
    /// All that was ever measured of it.
    pub worker: Option<Link>,
    /// Name and value.
    pub facts: Vec<(&'static str, String)>,
    /// A chart for each unit that was measured.
    pub charts: Vec<RunCurves>,
    /// What is said where nothing was measured.
    pub nothing: &'static str,
}

html_safe!(Hardware);

/// One chart: its id, what it shows, its unit, and what is on it.
type Group = (
    &'static str,
    &'static str,
    &'static str,
    fn(Quantity) -> bool,
);

const GROUPS: [Group; 5] = [
    ("hardware-use", "Utilisation", "%", |quantity| {
        matches!(
            quantity,
            Quantity::CpuPercent | Quantity::Gpu(_, GpuQuantity::Percent)
        )
    }),
    ("hardware-memory", "Memory", "bytes", |quantity| {
        matches!(
            quantity,
            Quantity::MemoryUsed | Quantity::Gpu(_, GpuQuantity::MemoryUsed)
        )
    }),
    ("hardware-heat", "Temperature", "°C", |quantity| {
        matches!(
            quantity,
            Quantity::CpuCelsius | Quantity::Gpu(_, GpuQuantity::Celsius)
        )
    }),
    ("hardware-power", "Power", "W", Quantity::is_power),
    ("hardware-flow", "Disk and network", "bytes", |quantity| {
        matches!(
            quantity,
            Quantity::DiskRead
                | Quantity::DiskWritten
                | Quantity::NetworkReceived
                | Quantity::NetworkSent
        )
    }),
];

/// Curves of one chart have colours of their own up to here.
const COLOURS: usize = 10;

impl Hardware {
    pub(super) fn new(
        run: RunId,
        found: &RunHardware,
        worker: Option<Link>,
        is_over: bool,
    ) -> Self {
        let key = match found.worker {
            Some(worker) if !is_over => format!("run:{run},telemetry:{worker},metrics:{run}"),
            _ => format!("run:{run}"),
        };
        let charts = found.worker.zip(found.span).map(|(worker, span)| {
            let of = |group: &Group| chart(group, found, worker, span, is_over);
            GROUPS.iter().filter_map(of).collect()
        });
        Self {
            key,
            src: paths::run(run, "/hardware"),
            is_shown: found.worker.is_some(),
            worker: worker.map(|link| Link::new("All that is measured of it", link.href)),
            facts: facts(found),
            charts: charts.unwrap_or_default(),
            nothing: if is_over {
                "Its machine was not measured meanwhile."
            } else {
                "Its machine has not been measured yet."
            },
        }
    }
}

fn facts(found: &RunHardware) -> Vec<(&'static str, String)> {
    let speed = found.speed.as_ref();
    let speed = speed.map(|speed| {
        let unit = speed.of.unit();
        (
            "Throughput",
            format!("{} {unit}", format::number(speed.per_second)),
        )
    });
    let energy = found.watt_hours;
    let energy = energy.map(|energy| {
        (
            "Energy of the machine",
            format!("{} Wh", format::number(energy)),
        )
    });
    speed.into_iter().chain(energy).collect()
}

fn chart(
    (id, name, unit, is_on): &Group,
    found: &RunHardware,
    worker: WorkerId,
    (from, to): (Timestamp, Timestamp),
    is_over: bool,
) -> Option<RunCurves> {
    // A run that goes on is asked for to the end of what there is.
    let end = if is_over {
        format!("&to={}", to.millis())
    } else {
        String::new()
    };
    let charts = paths::worker(worker, &format!("/charts?from={}{end}", from.millis()));
    let quantities = found
        .quantities
        .iter()
        .filter(|(quantity, _)| is_on(*quantity));
    let curves: Vec<RunCurve> = quantities
        .enumerate()
        .map(|(at, (quantity, within))| RunCurve {
            charts: charts.clone(),
            href: paths::worker(worker, "#curves"),
            series: quantity.to_string(),
            label: label(*quantity),
            colour: at % COLOURS,
            is_dashed: at >= COLOURS,
            last: told(within, unit),
            stamp: within.last.time_millis.to_string(),
        })
        .collect();
    (!curves.is_empty()).then(|| RunCurves {
        id,
        name: format!("{name} of the machine"),
        along: Along::Time,
        across_label: "",
        unit,
        curves,
    })
}

/// `mean 34 %, at most 98 %`.
fn told(within: &Summary, unit: &str) -> String {
    let amount = |value: f64| match unit {
        "bytes" => {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "shown with one decimal; what is measured is bounded and not negative"
            )]
            let bytes = value.max(0.0) as u64;
            format::bytes(bytes)
        }
        unit => {
            let rounded: f64 = format!("{value:.1}").parse().unwrap_or(value);
            format!("{} {unit}", format::number(rounded))
        }
    };
    match within.mean() {
        Some(mean) => format!("mean {}, at most {}", amount(mean), amount(within.max)),
        None => String::new(),
    }
}

fn label(quantity: Quantity) -> String {
    match quantity {
        Quantity::CpuPercent | Quantity::CpuCelsius | Quantity::CpuWatts => "CPU".to_owned(),
        Quantity::MemoryUsed => "main memory".to_owned(),
        Quantity::DiskUsed => "disk".to_owned(),
        Quantity::DiskRead => "read per second".to_owned(),
        Quantity::DiskWritten => "written per second".to_owned(),
        Quantity::NetworkReceived => "received per second".to_owned(),
        Quantity::NetworkSent => "sent per second".to_owned(),
        Quantity::Gpu(number, _) => format!("GPU {number}"),
    }
}
