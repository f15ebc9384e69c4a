//! `cupola simulate`: what fraud and checking would cost, and whether anything breaks.

use std::{
    collections::BTreeMap,
    io::{IsTerminal as _, Write as _},
    process::ExitCode,
    time::Instant,
};

use cupola_economy::simulation::{Kind, Progress, Setup, Summary, simulate};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    cli::Simulate,
    exit,
    output::{self, Table},
};

/// What several simulations found together; shares are weighted by what they are shares of.
#[derive(Debug, Default, Serialize)]
struct Found {
    seed: u64,
    seeds: u32,
    workers: u32,
    profile: &'static str,
    tasks: u64,
    accepted: u64,
    failed: u64,
    fake_credit_share: f64,
    fake_credit_share_running: f64,
    wrong_credit_share: f64,
    wrong_result_share: f64,
    overhead: f64,
    credits_released: f64,
    honest_banned: u64,
    banned: BTreeMap<&'static str, u64>,
    counts: Map<String, Value>,
    violations: u64,
    /// The first things that broke, each with its seed.
    broken: Vec<String>,
}

/// Simulates, and fails if an invariant was broken.
pub(crate) fn run(options: &Simulate) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let mut found = Found {
        seed: options.seed,
        seeds: options.seeds,
        workers: options.workers,
        profile: options.profile.as_str(),
        ..Found::default()
    };
    for seed in options.seed..options.seed.saturating_add(u64::from(options.seeds)) {
        let mut setup = Setup::new(seed, options.workers, options.tasks);
        setup.profile = options.profile;
        setup.faults = options.faults;
        if let Some(mix) = &options.mix {
            setup.mix = mix.clone();
        }
        let summary = simulate(&setup, |progress| show(options, seed, progress));
        found.add(seed, &summary);
    }
    clear(options);
    if options.json {
        output::line(&serde_json::to_string(&found)?);
    } else {
        found.print(started.elapsed().as_secs_f64());
    }
    Ok(if found.violations == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(exit::FAILURE)
    })
}

#[expect(
    clippy::cast_precision_loss,
    reason = "weights and sums of shares that are shown with a few digits"
)]
impl Found {
    fn add(&mut self, seed: u64, summary: &Summary) {
        let released = summary.released.micros() as f64 / 1e6;
        let accepted = summary.accepted as f64;
        let (all, tasks) = (self.credits_released, self.accepted as f64);
        let mean = |before: f64, weight: f64, share: f64, of: f64| {
            let sum = before * weight + share * of;
            if weight + of > 0.0 {
                sum / (weight + of)
            } else {
                0.0
            }
        };
        self.fake_credit_share = mean(
            self.fake_credit_share,
            all,
            summary.fake_credit_share,
            released,
        );
        self.fake_credit_share_running = mean(
            self.fake_credit_share_running,
            all,
            summary.fake_credit_share_running,
            released,
        );
        self.wrong_credit_share = mean(
            self.wrong_credit_share,
            all,
            summary.wrong_credit_share,
            released,
        );
        self.wrong_result_share = mean(
            self.wrong_result_share,
            tasks,
            summary.wrong_result_share,
            accepted,
        );
        self.overhead = mean(self.overhead, tasks, summary.overhead, accepted);
        self.credits_released += released;
        self.tasks += summary.tasks;
        self.accepted += summary.accepted;
        self.failed += summary.failed;
        self.honest_banned += summary.honest_banned();
        for (kind, count) in &summary.banned {
            *self.banned.entry(kind.as_str()).or_default() += count;
        }
        for (name, count) in summary.counts.named() {
            let before = self.counts.get(name).and_then(Value::as_u64).unwrap_or(0);
            self.counts.insert(name.to_owned(), (before + count).into());
        }
        self.violations += summary.violations;
        let room = BROKEN_MAX.saturating_sub(self.broken.len());
        let named = summary
            .broken
            .iter()
            .map(|text| format!("seed {seed}: {text}"));
        self.broken.extend(named.take(room));
    }

    fn print(&self, secs: f64) {
        output::fields(&[
            (
                "tasks",
                format!(
                    "{} of {} accepted, {} failed",
                    self.accepted, self.tasks, self.failed
                ),
            ),
            ("fake credits", percent(self.fake_credit_share, 4)),
            (
                "wrong by machine",
                format!("{} of the credits", percent(self.wrong_credit_share, 4)),
            ),
            ("wrong results", percent(self.wrong_result_share, 4)),
            ("overhead", percent(self.overhead, 1)),
            ("credits given", format!("{:.2}", self.credits_released)),
            ("banned", self.banned_words()),
            ("violations", self.violations.to_string()),
            ("took", format!("{secs:.1} s")),
        ]);
        output::line("");
        let mut table = Table::new(&["what happened", "times"]);
        for (name, count) in &self.counts {
            table.row([name.replace('_', " "), count.to_string()]);
        }
        table.print("");
        for text in &self.broken {
            output::line(&output::clean(text));
        }
    }

    fn banned_words(&self) -> String {
        let each = Kind::ALL.iter().filter_map(|kind| {
            let count = self.banned.get(kind.as_str())?;
            Some(format!("{count} {kind}"))
        });
        let words: Vec<String> = each.collect();
        if words.is_empty() {
            "nobody".to_owned()
        } else {
            words.join(", ")
        }
    }
}

/// So many broken invariants are told in words.
const BROKEN_MAX: usize = 20;

fn percent(share: f64, digits: usize) -> String {
    format!("{:.digits$} %", share * 100.0)
}

fn show(options: &Simulate, seed: u64, progress: Progress) {
    if options.json || !std::io::stdout().is_terminal() {
        return;
    }
    let Progress {
        accepted,
        tasks,
        violations,
    } = progress;
    let mut stdout = std::io::stdout().lock();
    let _ = write!(
        stdout,
        "\r\x1b[2Kseed {seed}: {accepted}/{tasks} accepted, {violations} violations"
    );
    let _ = stdout.flush();
}

fn clear(options: &Simulate) {
    if !options.json && std::io::stdout().is_terminal() {
        let mut stdout = std::io::stdout().lock();
        let _ = write!(stdout, "\r\x1b[2K");
    }
}
