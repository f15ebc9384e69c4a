//! A run from the first step to the report.

use std::collections::VecDeque;
use std::time::Duration;

use crate::config::Config;
use crate::data::{Batch, Corpus};
use crate::events::{Events, Level, Step};
use crate::learner::{Evaluation, Gradient, Learner, Stop};
use crate::model::CharLm;
use crate::ops::math::double;
use crate::plan::Plan;
use crate::report::Report;
use crate::rng::Rng;

/// The stream of random numbers that makes the first weights.
const INIT_STREAM: u64 = 0;
/// Steps that the reported training loss is the mean of.
const LOSS_STEPS: usize = 20;
/// What an evaluation of one window costs, as a part of training on it, until measured.
const EVALUATION_COST: f64 = 0.4;

/// The time since the program started. May be called from any thread.
pub type Clock<'a> = &'a (dyn Fn() -> Duration + Sync);

/// What training ends with.
#[derive(Clone, Debug)]
pub struct Trained {
    /// How it went.
    pub report: Report,
    /// What was learned.
    pub model: CharLm,
}

/// Trains a model as `config` says and reports on it.
///
/// Training ends after `max_steps`, or at 90 % of the time budget on `clock`; a step that
/// the deadline cuts short is dropped. (Only where it is the very first one is what it saw
/// of its batch used, so that there is something to report.) Held-out windows and batches
/// must exist: see [`Corpus::has_windows`].
pub fn train(
    config: &Config,
    corpus: &Corpus,
    clock: Clock<'_>,
    events: &mut Events<'_>,
) -> Trained {
    let threads = config.threads.unwrap_or_else(threads_available);
    let shape = config.shape(corpus.vocab().len());
    let model = CharLm::new(shape, &mut Rng::keyed(config.seed, INIT_STREAM, 0));
    events.log(Level::Info, &introduction(config, corpus, &model, threads));
    let mut run = Run {
        learner: Learner::new(
            model,
            config.batch_size,
            threads,
            single(config.weight_decay),
        ),
        plan: Plan::new(config),
        losses: VecDeque::with_capacity(LOSS_STEPS),
        steps: 0,
        secs_per_window: f64::INFINITY,
        periodic: Batch::default(),
        config,
        corpus,
        clock,
        events,
    };
    run.learn();
    run.report()
}

struct Run<'a, 'e> {
    config: &'a Config,
    corpus: &'a Corpus,
    clock: Clock<'a>,
    events: &'a mut Events<'e>,
    learner: Learner,
    plan: Plan,
    /// Of the last steps, in nats per byte.
    losses: VecDeque<f64>,
    steps: usize,
    /// Time that the evaluation of one window takes.
    secs_per_window: f64,
    /// The windows of every evaluation while training.
    periodic: Batch,
}

impl Run<'_, '_> {
    fn learn(&mut self) {
        // Even if starting up used up the time, there has to be a loss to report.
        while self.losses.is_empty() || !self.plan.is_over((self.clock)(), self.steps) {
            let began = (self.clock)();
            let Some(gradient) = self.look(began) else {
                break;
            };
            self.remember(gradient.loss);
            if !gradient.loss.is_finite() {
                let message = format!(
                    "training loss became {} at step {}: stopped; a lower `lr` may help",
                    gradient.loss, self.steps
                );
                self.events.log(Level::Warning, &message);
                break;
            }
            self.step(gradient, began);
        }
        self.warn_of_missing_steps();
    }

    /// Computes one step's gradient; `None` if the deadline came first.
    fn look(&mut self, began: Duration) -> Option<Gradient> {
        let Config {
            seed,
            batch_size,
            context_length,
            ..
        } = *self.config;
        let batch = self
            .corpus
            .batch(seed, self.steps, batch_size, context_length);
        let (clock, plan) = (self.clock, &self.plan);
        let gradient = self.learner.gradient(&batch, &|| plan.is_time_up(clock()));
        self.pace(began, gradient);
        if gradient.sequences == batch_size {
            return Some(gradient);
        }
        if self.steps > 0 {
            let message = format!(
                "step {} was cut short by the deadline and dropped",
                self.steps
            );
            self.events.log(Level::Info, &message);
            return None;
        }
        let message = format!(
            "the deadline came during the first step: it uses {} of {batch_size} sequences",
            gradient.sequences
        );
        self.events.log(Level::Warning, &message);
        Some(gradient)
    }

    /// Learns from the first step how long an evaluation will take.
    fn pace(&mut self, began: Duration, gradient: Gradient) {
        if self.steps == 0 {
            let secs = (self.clock)().saturating_sub(began).as_secs_f64();
            self.secs_per_window = EVALUATION_COST * secs / double(gradient.sequences);
            let windows = self.plan.periodic_windows(self.secs_per_window);
            self.periodic = self.corpus.held_out(windows, self.config.context_length);
        }
    }

    fn step(&mut self, gradient: Gradient, began: Duration) {
        let loss = gradient.loss;
        let fraction = self
            .plan
            .schedule_fraction(began, (self.clock)(), self.steps);
        let rate = self.config.lr * self.config.lr_schedule.factor(fraction);
        self.learner.update(rate);
        self.steps += 1;
        let now = (self.clock)();
        self.events.step(
            now,
            Step {
                number: self.steps,
                train_loss: loss,
                rate,
                tokens: gradient.sequences * self.config.context_length,
                took: now.saturating_sub(began),
            },
        );
        let fraction = self.plan.fraction(now, self.steps);
        self.events.progress(now, fraction, self.steps);
        if self.plan.is_evaluation_due(now, self.steps) {
            self.evaluate_while_training(loss, rate, fraction);
        }
    }

    fn evaluate_while_training(&mut self, loss: f64, rate: f64, fraction: f64) {
        let (clock, plan) = (self.clock, &self.plan);
        let evaluation = evaluate(
            &mut self.learner,
            &self.periodic,
            clock,
            &mut self.secs_per_window,
            &|| plan.is_time_up(clock()),
        );
        // Part of the windows would not compare with the evaluations before.
        if evaluation.windows == self.periodic.len(self.config.context_length) {
            let val_bpb = evaluation.bits_per_byte();
            self.events.evaluation(self.steps, val_bpb);
            let message = format!(
                "step {:>6}  {:>3.0} %  train_loss {loss:.4}  val_bpb {val_bpb:.4}  lr {rate:.6}",
                self.steps,
                100.0 * fraction
            );
            self.events.log(Level::Info, &message);
        }
    }

    fn remember(&mut self, loss: f64) {
        if self.losses.len() == LOSS_STEPS {
            self.losses.pop_front();
        }
        self.losses.push_back(loss);
    }

    fn warn_of_missing_steps(&mut self) {
        if let Some(max) = self.config.max_steps.filter(|max| self.steps < *max) {
            let message = format!(
                "ended after {} of {max} steps, so this run does not repeat bit by bit",
                self.steps
            );
            self.events.log(Level::Warning, &message);
        }
    }

    fn report(mut self) -> Trained {
        let context = self.config.context_length;
        let planned = self
            .plan
            .final_windows((self.clock)(), self.secs_per_window);
        let windows = self.corpus.held_out(planned, context);
        let (clock, plan) = (self.clock, &self.plan);
        let evaluation = evaluate(
            &mut self.learner,
            &windows,
            clock,
            &mut self.secs_per_window,
            &|| plan.is_budget_up(clock()),
        );
        let message = format!(
            "final evaluation over {} windows of {context} bytes, {} steps completed",
            evaluation.windows, self.steps
        );
        self.events.log(Level::Info, &message);
        let report = Report {
            val_bpb: evaluation.bits_per_byte(),
            train_loss: self.losses.iter().sum::<f64>() / double(self.losses.len()),
            steps_completed: self.steps,
            wall_time_seconds: (self.clock)().as_secs_f64(),
            device_used: "cpu",
            model_params: self.learner.model().params_count(),
        };
        self.events.evaluation(self.steps, report.val_bpb);
        self.events.progress((self.clock)(), 1.0, self.steps);
        self.events.result(&report);
        Trained {
            report,
            model: self.learner.into_model(),
        }
    }
}

/// Evaluates, and measures how long one window takes.
fn evaluate(
    learner: &mut Learner,
    windows: &Batch,
    clock: Clock<'_>,
    secs_per_window: &mut f64,
    stop: Stop<'_>,
) -> Evaluation {
    let started = clock();
    let evaluation = learner.evaluate(windows, stop);
    let secs = clock().saturating_sub(started).as_secs_f64();
    *secs_per_window = secs / double(evaluation.windows);
    evaluation
}

fn introduction(config: &Config, corpus: &Corpus, model: &CharLm, threads: usize) -> String {
    format!(
        "char-lm: {} parameters, {} layers, {} heads, width {}, hidden {}, vocabulary {}, \
         batch {} x {} bytes, seed {}, {threads} threads",
        model.params_count(),
        config.n_layers,
        config.n_heads,
        config.d_model,
        config.d_ff,
        corpus.vocab().len(),
        config.batch_size,
        config.context_length,
        config.seed,
    )
}

fn threads_available() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "single precision is wanted"
)]
fn single(number: f64) -> f32 {
    number as f32
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::corpus;

    const SMALL: &str = r#""n_layers": 2, "n_heads": 2, "d_model": 32, "d_ff": 64,
        "batch_size": 16, "context_length": 32, "lr": 0.01"#;

    fn config(fields: &str) -> Config {
        Config::parse(&format!("{{{SMALL}, {fields}}}"))
            .unwrap()
            .config
    }

    /// A clock that moves on by `millis` whenever it is looked at.
    fn ticking(millis: u64) -> impl Fn() -> Duration + Sync {
        let ticks = AtomicU64::new(0);
        move || Duration::from_millis(millis * ticks.fetch_add(1, Ordering::Relaxed))
    }

    /// The report, what people read, and the events.
    fn run(config: &Config, clock: Clock<'_>) -> (Report, String, String) {
        let corpus = Corpus::from_bytes(&corpus::generate(60_000, 1));
        let (mut people, mut watcher) = (Vec::new(), Vec::new());
        let mut events = Events::new(&mut people, false).with_watcher(&mut watcher);
        let report = train(config, &corpus, clock, &mut events).report;
        drop(events);
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (report, text(people), text(watcher))
    }

    #[test]
    fn it_learns() {
        let (report, ..) = run(&config(r#""max_steps": 150"#), &ticking(1));
        let entropy = corpus::entropy_bits_per_byte();
        assert!(report.val_bpb < 3.0, "{report:?}");
        assert!(report.val_bpb > entropy, "{report:?}");
        assert_eq!(report.steps_completed, 150);
    }

    #[test]
    fn a_run_of_steps_depends_on_neither_time_nor_threads() {
        let first = run(&config(r#""max_steps": 12, "threads": 1"#), &ticking(1)).0;
        let second = run(&config(r#""max_steps": 12, "threads": 3"#), &ticking(977)).0;
        assert_eq!(first.val_bpb.to_bits(), second.val_bpb.to_bits());
        assert_eq!(first.train_loss.to_bits(), second.train_loss.to_bits());
    }

    #[test]
    fn another_seed_is_another_run() {
        let first = run(&config(r#""max_steps": 3, "seed": 1"#), &ticking(1)).0;
        let second = run(&config(r#""max_steps": 3, "seed": 2"#), &ticking(1)).0;
        assert_ne!(first.val_bpb.to_bits(), second.val_bpb.to_bits());
    }

    #[test]
    fn the_budget_ends_a_run_in_time() {
        let (report, ..) = run(&config(r#""time_budget_seconds": 2"#), &ticking(10));
        assert!(report.wall_time_seconds > 1.8, "{report:?}");
        assert!(report.wall_time_seconds < 2.0, "{report:?}");
        assert!(report.steps_completed > 3, "{report:?}");
    }

    #[test]
    fn a_budget_shorter_than_one_step_still_gives_a_report() {
        let (report, _, watcher) = run(&config(r#""time_budget_seconds": 2"#), &ticking(700));
        assert_eq!(report.steps_completed, 1);
        assert!(report.val_bpb.is_finite() && report.train_loss.is_finite());
        assert!(watcher.contains("during the first step"), "{watcher}");
    }

    #[test]
    fn a_budget_that_was_over_at_the_start_still_gives_a_report() {
        let clock = || Duration::from_secs(3);
        let (report, ..) = run(&config(r#""time_budget_seconds": 2"#), &clock);
        assert_eq!(report.steps_completed, 1);
        assert!(report.train_loss.is_finite(), "{report:?}");
    }

    #[test]
    fn steps_that_the_budget_prevented_are_not_hidden() {
        let config = config(r#""time_budget_seconds": 2, "max_steps": 1000"#);
        let (report, _, watcher) = run(&config, &ticking(50));
        assert!(report.steps_completed < 1000);
        let warning = format!("ended after {} of 1000 steps", report.steps_completed);
        assert!(watcher.contains(&warning), "{watcher}");
    }

    #[test]
    fn a_loss_that_explodes_stops_the_run_and_is_reported_as_it_is() {
        let corpus = Corpus::from_bytes(&corpus::generate(60_000, 1));
        let config = Config {
            lr: 1e30,
            ..config(r#""max_steps": 50"#)
        };
        let mut people = Vec::new();
        let clock = ticking(1);
        let report = train(
            &config,
            &corpus,
            &clock,
            &mut Events::new(&mut people, true),
        )
        .report;
        assert!(report.steps_completed < 50);
        assert!(
            !report.train_loss.is_finite() && !report.val_bpb.is_finite(),
            "{report:?}"
        );
        let people = String::from_utf8(people).unwrap();
        assert!(people.contains("a lower `lr` may help"), "{people}");
    }

    #[test]
    fn a_watcher_sees_losses_evaluations_progress_and_results() {
        let config = config(r#""max_steps": 30, "eval_interval": 10"#);
        let (report, _, events) = run(&config, &ticking(100));
        let count = |part: &str| events.lines().filter(|line| line.contains(part)).count();
        assert_eq!(count(r#""values":{"train_loss""#), 30);
        assert_eq!(count(r#""values":{"val_bpb""#), 4);
        assert_eq!(count(r#""type":"progress","fraction":1.0"#), 2);
        let result = format!(
            r#"{{"type":"result","key":"val_bpb","value":{}}}"#,
            report.val_bpb
        );
        assert_eq!(count(&result), 1, "{events}");
        assert_eq!(count(r#""type":"result""#), 6);
    }
}
